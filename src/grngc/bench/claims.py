"""Does a published figure come out again? One verdict for each that a row of ours stands for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .decisions import FIGURES
from .figures import METRICS, Figure, shown
from .lines import Line
from .table import Row, Table, check_known
from .verdict import compare

CLAIM_RULE = (
    "A published figure is reproduced where ours is equal to it within noise, exceeded where ours is better. An "
    "accuracy printed no higher than that of the graph without any edge is not a meaningful number, whatever ours is: "
    "who finds nothing at all earns as much. Where a row is run on one seed only, a difference of more than 0.01 "
    "decides."
)


@dataclass(frozen=True)
class Claim:
    """A published figure, and what became of it.

    Attributes
    ----------
    column, metric, method : str
        The paper's method.
    printed, ours : Figure
    label : str
        Of our row.
    said : {"reproduced", "exceeded", "not reproduced", "not a meaningful number", "not known yet"}
    """

    column: str
    metric: str
    method: str
    printed: Figure
    ours: Figure
    label: str
    said: str


def claims(table: Table, lines: Sequence[Line]) -> list[Claim]:
    """Return a verdict on every published figure of the methods that rows of ours stand for, method by method."""
    published = {line.method: line for line in lines if line.kind == "published"}
    found = []
    for row in claiming(table):
        check_known(f"{table.name}: row {row.label!r}: published method", row.reproduces or "", published)
        line = next(line for line in lines if line.label == row.label)
        for metric in table.metrics:
            for column in table.columns:
                printed, ours = (each.figures[column.name, metric] for each in (published[row.reproduces or ""], line))
                if printed.mean is not None:
                    said = _said(metric, ours, printed)
                    found.append(Claim(column.name, metric, row.reproduces or "", printed, ours, row.label, said))
    return found


def claiming(table: Table) -> list[Row]:
    """Return the rows that stand for a published method."""
    return [row for row in table.rows if row.reproduces is not None]


def _said(metric: str, ours: Figure, printed: Figure) -> str:
    if metric in FIGURES and printed.beside is not None and (printed.mean or 0.0) <= printed.beside:
        return "not a meaningful number"
    if ours.wanted == 1:  # all runs that are asked for: taken as exact, which RULE refuses of one seed out of five
        ours = replace(ours, values={} if ours.mean is None else {None: ours.mean})
    return _CALLED[compare(ours, printed)]


_CALLED = {
    "better": "exceeded",
    "equal within noise": "reproduced",
    "worse": "not reproduced",
    "not known yet": "not known yet",
}


def claim_sentence(claim: Claim) -> str:
    """Return one line for people, without the column's name."""
    metric = METRICS[claim.metric]
    title = metric.title.partition(" / ")[0]
    printed, ours = (shown(replace(each, beside=None), metric.digits) for each in (claim.printed, claim.ours))
    beside = claim.printed.beside
    empty = "" if beside is None else f", the empty graph has {beside:.{metric.digits}f}"
    return f"{title} of {claim.method} printed {printed}{empty}; {claim.label} here {ours}: {claim.said}"


def reasons(table: Table, found: Sequence[Claim]) -> list[str]:
    """Return, for each row with a figure that was not reproduced, why that may be."""
    missed = {claim.label for claim in found if claim.said == "not reproduced"}
    return [
        f"Why {row.label} may fall short of {row.reproduces} as printed: {row.differs}"
        for row in claiming(table)
        if row.label in missed and row.differs
    ]
