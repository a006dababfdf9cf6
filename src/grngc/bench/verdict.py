"""Is the default better than the best control, and than what was published? One line for each data set and metric."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import stdev

from scipy.special import stdtrit

from .figures import METRICS, Figure, shown
from .lines import Line
from .table import Table

RULE = (
    "Better or worse means a difference of more than 0.01 that is also beyond the 95 % interval of Student's t over "
    "seeds: of the differences seed by seed where both sides ran on the same seeds, else of both sides, Welch's. A "
    "published deviation over runs counts as one of five runs; a published figure without one counts as exact, and so "
    "does a result that is the same for every seed. Less than 0.01 is not judged, because another record of the same "
    "system would change more: with 200 true edges among 9,900 pairs the standard error of an AUROC of 0.73 is 0.02. "
    "The best control is picked on the truth, column by column, from all of them."
)

JUDGED = ("auroc", "auprc", "auroc_off_diagonal", "auprc_off_diagonal")
"""Metrics that a verdict is given for: the data set's own entries, and pairs of two different series."""

LEAST = 0.01
LEVEL = 0.95
PUBLISHED_RUNS = 5


@dataclass(frozen=True)
class Rival:
    """What the default is compared with, and how it does.

    Attributes
    ----------
    kind : {"best control", "published"}
    label : str
    figure : Figure
    said : {"better", "equal within noise", "worse", "not known yet"}
        Of the default.
    """

    kind: str
    label: str
    figure: Figure
    said: str


@dataclass(frozen=True)
class Verdict:
    """The default in one column and metric.

    Attributes
    ----------
    column, metric : str
    ours : Figure
    rivals : tuple of Rival
        The best control and the published claim, where there are any.
    """

    column: str
    metric: str
    ours: Figure
    rivals: tuple[Rival, ...]


def verdicts(table: Table, lines: Sequence[Line]) -> list[Verdict]:
    """Return the default's verdicts, column by column; none for a table without a default row."""
    default = next((line for line in lines if line.kind == "default"), None)
    if default is None:
        return []
    found = []
    for column in table.columns:
        for metric in table.metrics:
            if metric not in JUDGED:
                continue
            place = (column.name, metric)
            ours, rivals = default.figures[place], []
            controls = [line for line in lines if line.kind == "control" and line.figures[place].wanted]
            if any(line.figures[place].values for line in controls):
                best = max(controls, key=lambda line: line.figures[place].mean or 0.0)
                known = all(line.figures[place].whole for line in controls)
                rivals.append(_rival("best control", best.label, ours, best.figures[place], known))
            for line in lines:
                if line.kind == "published" and line.method == table.claim and line.figures[place].values:
                    rivals.append(_rival("published", line.method, ours, line.figures[place]))
            if rivals:
                found.append(Verdict(column.name, metric, ours, tuple(rivals)))
    return found


def standings(tables: Sequence[tuple[Table, Sequence[Line]]]) -> list[Verdict]:
    """Return the verdicts on the papers' data, one for each data set and metric, by the paper's own convention."""
    found: dict[tuple[str, str], Verdict] = {}
    for table, lines in tables:
        for verdict in verdicts(table, lines) if table.published else []:
            if verdict.metric not in table.metrics[:2]:  # the paper's own convention comes first
                continue
            place = (verdict.column, verdict.metric)
            if place not in found or len(verdict.rivals) > len(found[place].rivals):  # another paper's table knows more
                found[place] = verdict
    return list(found.values())


def _rival(kind: str, label: str, ours: Figure, theirs: Figure, known: bool = True) -> Rival:
    return Rival(kind, label, theirs, compare(ours, theirs) if known else "not known yet")


def compare(ours: Figure, other: Figure) -> str:
    """Say how ``ours`` stands against ``other`` by :data:`RULE`."""
    if ours.mean is None or other.mean is None or not (ours.whole and other.whole):
        return "not known yet"
    if len(ours.values) < 2 and not ours.certain:
        return "not known yet"
    difference = ours.mean - other.mean
    if abs(difference) <= max(_half_interval(ours, other), LEAST):
        return "equal within noise"
    return "better" if difference > 0 else "worse"


def _half_interval(ours: Figure, other: Figure) -> float:
    """Half the length of the interval of the difference of two means."""
    if ours.values.keys() == other.values.keys() and len(ours.values) > 1:
        differences = [ours.values[seed] - other.values[seed] for seed in ours.values]
        return _quantile(len(differences) - 1) * stdev(differences) / math.sqrt(len(differences))
    sides = [_variance_of_mean(figure) for figure in (ours, other)]
    variance = sum(variance for variance, _ in sides)
    if variance == 0:
        return 0.0
    freedom = variance**2 / sum(each**2 / free for each, free in sides if free)  # Welch and Satterthwaite
    return _quantile(freedom) * math.sqrt(variance)


def _quantile(freedom: float) -> float:
    return float(stdtrit(freedom, (1 + LEVEL) / 2))


def _variance_of_mean(figure: Figure) -> tuple[float, int]:
    """Return the variance of a figure's mean and its degrees of freedom; 0 where it counts as exact."""
    n = len(figure.values)
    if figure.printed_sd is not None:
        n = PUBLISHED_RUNS if figure.sd_over == "runs" else 1
    return ((figure.sd or 0.0) ** 2 / n, n - 1) if n > 1 else (0.0, 0)


def sentence(verdict: Verdict) -> str:
    """Return one line for people."""
    metric = METRICS[verdict.metric]
    parts = [f"{metric.title} {shown(verdict.ours, metric.digits)}"]
    for rival in verdict.rivals:
        theirs = shown(rival.figure, metric.digits)
        parts.append(f"{_AGAINST[rival.said]} the {_CALLED[rival.kind]} ({rival.label} {theirs})")
    return "; ".join(parts)


_AGAINST = {
    "better": "better than",
    "equal within noise": "equal within noise to",
    "worse": "worse than",
    "not known yet": "not known yet against",
}
_CALLED = {"best control": "best control", "published": "published figure"}
