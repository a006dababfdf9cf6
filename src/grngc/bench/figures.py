"""From rows to the figures of a table: mean, deviation and number of seeds for each row, column and metric."""

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, median, stdev
from typing import Any

from ..errors import InputError
from .cells import FLOORS, cells_of, data_name, identity
from .decisions import FIGURES, decides, rule_of
from .results import Rows
from .table import Column, Row, Table, check_known


@dataclass(frozen=True)
class Metric:
    """A figure of a row.

    Attributes
    ----------
    title : str
    place : tuple of str
        Where it is in the row.
    digits : int
        Shown after the point.
    least : bool
        A time: of several runs the least counts, which other work on the machine disturbed least.
    beside : str
        The metric that is shown behind a stroke, for this one says nothing without it.
    """

    title: str
    place: tuple[str, ...]
    digits: int = 3
    least: bool = False
    beside: str = ""

    @property
    def is_share(self) -> bool:
        """Whether it ends at 1 and more is better; otherwise it is a count or a time, of which less is."""
        return self.digits == 3


_VIEWS = {"": "", "_full": ", full matrix", "_off_diagonal": ", without own past"}
_YES_OR_NO = {
    f"{kind}{view}": Metric(f"{title}{where}", ("decision", f"{kind}{view}"), beside=beside and f"{beside}{view}")
    for view, where in _VIEWS.items()
    for kind, title, beside in (
        ("accuracy", "Accuracy / that of the empty graph", "empty_accuracy"),
        ("balanced_accuracy", "Balanced accuracy", ""),
        ("mcc", "MCC", ""),
        ("empty_accuracy", "Accuracy of the empty graph", ""),
    )
}

METRICS: dict[str, Metric] = {
    "auroc": Metric("AUROC", ("metrics", "auroc")),
    "auprc": Metric("AUPRC", ("metrics", "auprc")),
    "auroc_full": Metric("AUROC, full matrix", ("metrics", "auroc_full")),
    "auprc_full": Metric("AUPRC, full matrix", ("metrics", "auprc_full")),
    "auroc_off_diagonal": Metric("AUROC, without own past", ("metrics", "auroc_off_diagonal")),
    "auprc_off_diagonal": Metric("AUPRC, without own past", ("metrics", "auprc_off_diagonal")),
    "auroc_per_target": Metric("AUROC, sources ranked within each target", ("per_target", "auroc")),
    "auprc_per_target": Metric("AUPRC, sources ranked within each target", ("per_target", "auprc")),
    "auroc_scores_only": Metric("AUROC, pairs left out tied", ("scores_only", "auroc")),
    "auprc_scores_only": Metric("AUPRC, pairs left out tied", ("scores_only", "auprc")),
    **_YES_OR_NO,
    "n_parameters": Metric("Parameters of the forecaster", ("n_parameters",), 0),
    "seconds_per_step": Metric("Seconds a training step, the least of the runs", ("seconds_per_step",), 4, least=True),
    "wall_seconds": Metric("Seconds a run, the least of them", ("wall_seconds",), 1, least=True),
}

CONTROLS = frozenset({*FLOORS, "correlation", "lagged_correlation", "ridge_var", "granger_f_test"})
"""Methods without a network: what any other must beat."""

OURS = ("default", "grngc", "method")
"""Kinds of lines whose networks were trained here."""

ORACLE = "oracle"
"""How hyper-parameters were chosen, where the truth was looked at."""


@dataclass(frozen=True)
class Figure:
    """One entry of a table.

    Attributes
    ----------
    values : dict
        Seed (None: any) -> value, the mean over the column's data sets.
    wanted : int
        Seeds that the table asks for.
    failed : int
        Of those, the ones with a failed cell.
    printed_sd : float, optional
        Of published figures.
    sd_over : str
        What a printed deviation is over: ``runs``, or ``networks`` of the column's mean, which says nothing of runs.
    instead : str
        What to show where nothing is run here.
    least : bool
        The least value counts, not the mean.
    beside : float, optional
        The figure of ``Metric.beside`` on the same data.
    """

    values: Mapping[int | None, float]
    wanted: int = 0
    failed: int = 0
    printed_sd: float | None = None
    sd_over: str = "runs"
    instead: str = ""
    least: bool = False
    beside: float | None = None

    @property
    def mean(self) -> float | None:
        """Mean over seeds (of times the least); None where there is nothing."""
        if not self.values:
            return None
        return min(self.values.values()) if self.least else fmean(self.values.values())

    @property
    def sd(self) -> float | None:
        """Standard deviation over seeds (n - 1), None for fewer than two, and for runs that are the same."""
        if self.printed_sd is not None:
            return self.printed_sd
        return stdev(self.values.values()) if len(self.values) > 1 and not (self.same or self.least) else None

    @property
    def same(self) -> bool:
        """Whether every seed gave the very same: the seed is not felt, and several runs are one."""
        return len(self.values) > 1 and len(set(self.values.values())) == 1

    @property
    def whole(self) -> bool:
        """Whether nothing that the table asks for is missing or failed."""
        return len(self.values) == self.wanted or bool(self.instead) or (not self.wanted and bool(self.values))

    @property
    def certain(self) -> bool:
        """Whether one run is all there is: neither data nor method take a seed."""
        return list(self.values) == [None]


@dataclass(frozen=True)
class Line:
    """One line of a table: a row of it, its oracle, or a published method.

    Attributes
    ----------
    label, chosen : str
    kind : {"control", "method", "grngc", "default", "oracle", "published"}
        ``method``: another network's than GRNGC's.
    figures : dict
        (column name, metric) -> Figure.
    seconds : tuple of float
        Median seconds a run, of each column that has been run.
    parameters, memory : tuple of float
        Median number of the forecaster's parameters, and of the most bytes that a process held, of each such column.
    spent : float
        Wall time of all its cells that are there, each once, in seconds.
    method : str
        Of a published line: the paper's name for it.
    rule : str
        Which of its pairs are edges; see ``grngc.bench.decisions.rule_of``.
    """

    label: str
    chosen: str
    kind: str
    figures: Mapping[tuple[str, str], Figure]
    seconds: tuple[float, ...] = ()
    parameters: tuple[float, ...] = ()
    memory: tuple[float, ...] = ()
    spent: float = 0.0
    method: str = ""
    rule: str = ""


def lines_of(table: Table, there: Rows, published: Path) -> list[Line]:
    """Return all lines of a table: its rows, each followed by its oracle where asked for, then what was published."""
    for metric in table.metrics:
        check_known(f"{table.name}: metric", metric, METRICS)
    by_identity = _by_identity(there)
    found = []
    for row in table.rows:
        if row.method in CONTROLS:
            kind = "control"
        elif row.method != "grngc":
            kind = "method"
        else:
            kind = "default" if _is_default(row) else "grngc"
        found.append(_line(table, row, kind, by_identity))
        if row.oracle:
            found.append(_line(table, row, "oracle", by_identity))
    found += _published(table, published)
    beside = _beside(table, by_identity)
    return [replace(line, figures=_with(beside, line.figures)) for line in found] if beside else found


def _beside(table: Table, there: Mapping[str, Mapping[str, Any]]) -> dict[tuple[str, str], float]:
    """Return what is shown beside a metric in each column: a figure of the data, which any row that has it tells."""
    found: dict[tuple[str, str], float] = {}
    for metric in table.metrics:
        for column in table.columns if METRICS[metric].beside else ():
            told = (_figure(_rows(table, row, column, there), METRICS[metric].beside, "", "") for row in table.rows)
            known = next((figure.mean for figure in told if figure.mean is not None), None)
            if known is not None:
                found[column.name, metric] = known
    return found


def _with(
    beside: Mapping[tuple[str, str], float], figures: Mapping[tuple[str, str], Figure]
) -> dict[tuple[str, str], Figure]:
    return {place: replace(figure, beside=beside.get(place)) for place, figure in figures.items()}


def _is_default(row: Row) -> bool:
    return row.configuration in (None, "default") and not row.parameters and row.columns != []


def _by_identity(there: Rows) -> dict[str, Mapping[str, Any]]:
    """Rows by what their cell is, whatever the digest of its data: pages are made where the data may be absent."""
    return {identity(row): row for _, row in sorted(there.items(), reverse=True)}


def on_other_data(there: Rows) -> list[str]:
    """Return one line for each cell that has results on more than one version of its data; the first key is shown."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for _, row in sorted(there.items()):
        groups.setdefault(identity(row), []).append(row)
    return [
        f"{data_name(first['dataset'], first['options'])}, {first['method']}: results on {1 + len(others)} versions of "
        "the data"
        for first, *others in groups.values()
        if others
    ]


def _line(table: Table, row: Row, kind: str, there: Mapping[str, Mapping[str, Any]]) -> Line:
    figures: dict[tuple[str, str], Figure] = {}
    costs: dict[str, list[float]] = {"seconds": [], "parameters": [], "memory": []}
    spent: dict[str, float] = {}
    for column in table.columns:
        rows = _rows(table, row, column, there)
        ran = [each for group in rows.values() for each in group if each and each["status"] == "ok"]
        if ran and kind != "oracle":
            costs["seconds"].append(median(_seconds(each) for each in ran))
            for cost, name in (("parameters", "n_parameters"), ("memory", "peak_memory")):
                if known := [each[name] for each in ran if each.get(name)]:
                    costs[cost].append(median(known))
            spent |= {each["key"]: each["wall_seconds"] for each in ran}
        for metric in table.metrics:
            if metric in FIGURES and not decides(row.method):
                figures[column.name, metric] = Figure({}, instead="-")
            else:
                figures[column.name, metric] = _figure(rows, metric, kind, row.elsewhere)
    label = f"{row.label}, best step" if kind == "oracle" else row.label
    chosen = ORACLE if kind == "oracle" else row.chosen
    seconds, parameters, memory = (tuple(values) for values in costs.values())
    return Line(
        label, chosen, kind, figures, seconds, parameters, memory, sum(spent.values()), rule=rule_of(row.method)
    )


def _rows(
    table: Table, row: Row, column: Column, there: Mapping[str, Mapping[str, Any]]
) -> dict[int | None, list[Mapping[str, Any] | None]]:
    """Return what was found for a place in the table: for each seed a row, or none, for each data set."""
    places = cells_of(table, row, column)
    return {seed: [there.get(cell.identity) for cell in cells] for seed, cells in places.items()}


def _seconds(row: Mapping[str, Any]) -> float:
    """Return the seconds of a run; without the readings of the graph at every step, where it was watched."""
    if row.get("oracle") and row.get("seconds_per_step"):
        return float(row["seconds_per_step"] * row["parameters"]["steps"])
    return float(row["wall_seconds"])


def _figure(
    rows: Mapping[int | None, Sequence[Mapping[str, Any] | None]], metric: str, kind: str, elsewhere: str
) -> Figure:
    if not rows:
        return Figure({}, instead=elsewhere)
    values, failed = {}, 0
    for seed, group in rows.items():
        failed += any(row is not None and row["status"] == "failed" for row in group)
        each = [_value(row, metric, kind) for row in group]
        if None not in each:
            values[seed] = fmean(value for value in each if value is not None)
    # a row that never has such a figure (parameters of a correlation) is no gap
    told = [row for group in rows.values() for row in group if row is not None and row["status"] == "ok"]
    lacks = METRICS[metric].place[0] == "decision" and any(_undecided(row) for row in told)  # made before there was one
    never = told and not values and not lacks and all(_value(row, metric, kind) is None for row in told)
    nothing = "-" if never else ""
    return Figure(values, len(rows), failed, instead=nothing, least=METRICS[metric].least)


def _undecided(row: Mapping[str, Any]) -> bool:
    return decides(row["method"]) and "decision" not in row


def _value(row: Mapping[str, Any] | None, metric: str, kind: str) -> float | None:
    if row is None or row["status"] != "ok":
        return None
    place = METRICS[metric].place
    if kind == "oracle" and place[0] != "metrics":
        return None  # the best step changes areas, neither parameters nor seconds
    value: Any = row.get("oracle") if kind == "oracle" else row
    for name in place:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _published(table: Table, path: Path) -> list[Line]:
    """The paper's figures, one line a method."""
    if table.published is None:
        return []
    printed: dict[tuple[str, str, str], Figure] = {}
    try:
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if row["table"] == table.published:
                    place = (row["method"], row["dataset"], row["metric"])
                    printed.setdefault(place, _printed(row))
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise InputError(f"{path}: no table of published figures ({error})") from error
    missing, found = Figure({}, instead="-"), []
    for method in dict.fromkeys(method for method, _, _ in printed):
        figures = {
            (column.name, metric): printed.get((method, column.name, metric), missing)
            for column in table.columns
            for metric in table.metrics
        }
        if any(figure.values for figure in figures.values()):
            found.append(Line(f"{method}, as printed", "not said", "published", figures, method=method))
    return found


def _printed(row: Mapping[str, str]) -> Figure:
    sd = float(row["sd"]) if row["sd"] else None
    return Figure({None: float(row["mean"])}, printed_sd=sd, sd_over=row["sd_over"] or "runs")


def shown(figure: Figure, digits: int) -> str:
    """Return ``0.712 ± 0.003``, ``0.712 / 0.878`` with what stands beside it; what is missing is said to be missing."""
    if figure.mean is None:
        return figure.instead or ("failed" if figure.failed else "missing")
    text = f"{figure.mean:,.{digits}f}" if digits == 0 else f"{figure.mean:.{digits}f}"
    if figure.sd is not None and not math.isnan(figure.sd):
        text += f" ± {figure.sd:.{digits}f}"
    if figure.beside is not None:
        text += f" / {figure.beside:.{digits}f}"
    if not figure.wanted or len(figure.values) == figure.wanted:
        return text
    failed = f", {figure.failed} failed" if figure.failed else ""
    return f"{text} ({len(figure.values)} of {figure.wanted} seeds{failed})"
