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

JUDGED = ("auroc", "auprc", "auroc_off_diagonal", "auprc_off_diagonal")
"""Metrics that a verdict is given for: the data set's own entries, and pairs of two different series."""

LEAST = 0.001
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
            controls = [line for line in lines if line.kind == "control" and line.figures[place].values]
            if controls:
                best = max(controls, key=lambda line: line.figures[place].mean or 0.0)
                rivals.append(_rival("best control", best.label, ours, best.figures[place]))
            for line in lines:
                if line.kind == "published" and line.method == table.claim and line.figures[place].values:
                    rivals.append(_rival("published", line.method, ours, line.figures[place]))
            found.append(Verdict(column.name, metric, ours, tuple(rivals)))
    return found


def _rival(kind: str, label: str, ours: Figure, theirs: Figure) -> Rival:
    return Rival(kind, label, theirs, compare(ours, theirs))


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
