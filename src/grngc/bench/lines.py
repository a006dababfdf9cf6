"""From rows to the lines of a table: a figure for each of its rows, columns and metrics, and what was published."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, median
from typing import Any

from ..errors import InputError
from .cells import FLOORS, cells_of, data_name, identity
from .decisions import FIGURES, decides, rule_of
from .figures import METRICS, Figure
from .results import Rows
from .table import Column, Row, Table, check_known

CONTROLS = frozenset({*FLOORS, "correlation", "lagged_correlation", "ridge_var", "granger_f_test"})
"""Methods without a network: what any other must beat."""

OURS = ("default", "grngc", "method")
"""Kinds of lines whose networks were trained here."""

ORACLE = "oracle"
"""How hyper-parameters were chosen, where the truth was looked at."""


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
