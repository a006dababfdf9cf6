"""Is the default better than the best control, and than what was published? One line for each data set and metric."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .figures import METRICS, Figure, Line, shown
from .table import Table

RULE = (
    "Better or worse means a difference of more than two standard errors, and of more than 0.001, which is what "
    "printed figures are rounded to. Where both sides ran on the same seeds the standard error is that of the "
    "differences seed by seed; else those of both sides are added in quadrature. A published deviation counts as one "
    "of five runs; a published figure without one counts as exact. How far a score depends on the one record that was "
    "measured is in none of this."
)

LEAST = 0.001
PUBLISHED_RUNS = 5


@dataclass(frozen=True)
class Verdict:
    """The default beside one other line, in one column and metric.

    Attributes
    ----------
    column, metric : str
    ours, other : Figure
    other_label : str
    against : {"best control", "published"}
    said : {"better", "equal within noise", "worse", "not known yet"}
    """

    column: str
    metric: str
    ours: Figure
    other: Figure
    other_label: str
    against: str
    said: str


def verdicts(table: Table, lines: Sequence[Line]) -> list[Verdict]:
    """Return the default's verdicts, column by column; none for a table without a default row."""
    default = next((line for line in lines if line.kind == "default"), None)
    if default is None:
        return []
    found = []
    for column in table.columns:
        for metric in table.metrics:
            place = (column.name, metric)
            if METRICS[metric].place[0] != "metrics":
                continue
            ours = default.figures[place]
            controls = [line for line in lines if line.kind == "control" and line.figures[place].mean is not None]
            best = max(controls, key=lambda line: line.figures[place].mean or 0.0, default=None)
            claims = [line for line in lines if line.kind == "published" and line.label == f"{table.claim}, as printed"]
            for against, line in (("best control", best), ("published", claims[0] if claims else None)):
                if line is not None and line.figures[place].mean is not None:
                    other = line.figures[place]
                    found.append(Verdict(column.name, metric, ours, other, line.label, against, compare(ours, other)))
    return found


def compare(ours: Figure, other: Figure) -> str:
    """Say how ``ours`` stands against ``other`` by :data:`RULE`."""
    if ours.mean is None or other.mean is None or len(ours.values) < ours.wanted:
        return "not known yet"
    if len(ours.values) < 2 and not ours.certain:
        return "not known yet"
    difference = ours.mean - other.mean
    if abs(difference) <= max(2 * _error_of_difference(ours, other), LEAST):
        return "equal within noise"
    return "better" if difference > 0 else "worse"


def _error_of_difference(ours: Figure, other: Figure) -> float:
    if ours.values.keys() == other.values.keys() and len(ours.values) > 1:
        differences = [ours.values[seed] - other.values[seed] for seed in ours.values]
        mean = sum(differences) / len(differences)
        spread = math.sqrt(sum((each - mean) ** 2 for each in differences) / (len(differences) - 1))
        return spread / math.sqrt(len(differences))
    return math.hypot(_standard_error(ours), _standard_error(other))


def _standard_error(figure: Figure) -> float:
    n = PUBLISHED_RUNS if figure.printed_sd is not None else len(figure.values)
    return (figure.sd or 0.0) / math.sqrt(n)


def sentence(verdict: Verdict) -> str:
    """Return one line for people."""
    metric = METRICS[verdict.metric]
    ours, other = (shown(figure, metric.digits) for figure in (verdict.ours, verdict.other))
    label = (
        verdict.other_label if verdict.against == "best control" else verdict.other_label.removesuffix(", as printed")
    )
    return f"{metric.title} {ours}: {verdict.said}; {verdict.against} {label} {other}"
