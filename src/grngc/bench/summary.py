"""What the report of benchmarks says, as plain data: every table as figures, and one sentence about each."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ..environment import versions
from ..record import plain
from .figures import METRICS, Figure, shown
from .lines import Line
from .page import made_again, seconds_said, seeds_said
from .table import Table
from .verdict import RULE, Verdict, sentence, standings, verdicts

DATA_VERSION = 1
"""Of the data in a page."""

SAID = ("better", "equal within noise", "worse", "not known yet")
"""What may be said of the default, in the order in which it is counted."""

AGAINST = {"best control": "the best control", "published": "what was published"}

READING = {
    "Figures": "Mean over seeds ± standard deviation over seeds (n - 1). A hollow mark: some of the seeds that the "
    "table asks for are missing. Parameters, seconds and memory on a logarithmic scale.",
    "The line": "Through all dots of a column, at the default's mean.",
    "Seeds": "Once: neither the data nor the method take a seed. 5, the same: five seeds gave the very same answer.",
    "Cost": "s a run: median wall time of a run, two side by side on two cores, one thread each; of the quickest and "
    "the slowest column where they are far apart. Parameters: of the forecaster. MB: the most that the process held, "
    "Python and its libraries (about 300 MB) among it.",
    "Chosen": "Below each method: how its hyper-parameters were chosen. Of published figures that is mostly not said.",
    "Better or worse": RULE,
}


def summarise_tables(tables: Sequence[tuple[Table, Sequence[Line]]], n_results: int) -> dict[str, Any]:
    """Return all that the report says of tables.

    Parameters
    ----------
    tables : sequence of (Table, sequence of Line)
        Lines are those of :func:`grngc.bench.lines.lines_of`.
    n_results : int
        Rows that they were made from, and others of the same folder.

    Returns
    -------
    dict
        ``head`` (a sentence for each table, notes, what is missing) and ``data``, what the page draws: figures of each
        line by metric and column. Every value is plain JSON.
    """
    missing = sum((Counter(_missing(lines)) for _, lines in tables), Counter())
    conclusion, *also = _conclusion(tables)
    head = {
        "conclusion": conclusion,
        "also": " ".join(also),
        "results": f"{n_results:,}",
        "missing": _missing_said(missing),
        "tables": [_head(table, lines) for table, lines in tables],
        "reading": READING,
        "versions": {name: version for name, version in versions().items() if version is not None},
    }
    data = {"version": DATA_VERSION, "tables": [_drawn(table, lines) for table, lines in tables]}
    return {"head": head, "data": plain(data)}


def _head(table: Table, lines: Sequence[Line]) -> dict[str, Any]:
    labels = {column.name: column.label or column.name for column in table.columns}
    again = " ".join(made_again(table, lines)).replace("`", "")
    return {
        "title": table.title,
        "sentence": told(table, lines),
        "missing": _missing_said(_missing(lines)),
        "notes": table.notes,
        "verdicts": [f"{labels[verdict.column]}: {sentence(verdict)}" for verdict in verdicts(table, lines)],
        "again": f"All of it: grngc bench run {table.name}. {again}",
    }


def told(table: Table, lines: Sequence[Line]) -> str:
    """Say in one sentence how the default stands in a table; where nothing is judged, which of ours has most."""
    judged = verdicts(table, lines)
    metrics = [metric for metric in table.metrics if any(verdict.metric == metric for verdict in judged)][:2]
    judged = [verdict for verdict in judged if verdict.metric in metrics]
    if not judged:
        return _most(table, lines)
    if len(table.columns) == 1:
        return f"The default: {'. '.join(sentence(verdict) for verdict in judged)}."
    return _standing(judged, "columns")


def _standing(judged: Sequence[Verdict], what: str) -> str:
    """Return a sentence for each metric: how often the default is better, equal or worse, against whom."""
    sentences: list[str] = []
    for metric in dict.fromkeys(verdict.metric for verdict in judged):
        of_metric = [verdict for verdict in judged if verdict.metric == metric]
        counts = {called: _counted(of_metric, kind, what) for kind, called in AGAINST.items()}
        beside = [f"beside {called}: {counted}" for called, counted in counts.items() if counted]
        whose = "Its" if sentences else "The default's"
        sentences.append(f"{whose} {METRICS[metric].title}, {'; '.join(beside)}.")
    return " ".join(sentences)


def _counted(judged: Sequence[Verdict], kind: str, what: str) -> str:
    """Return ``better in 3 of 5 columns, worse in 2``, or nothing where there is no such rival."""
    counts = Counter(rival.said for verdict in judged for rival in verdict.rivals if rival.kind == kind)
    parts = [f"{said} in {counts[said]}" for said in SAID if counts[said]]
    if not parts:
        return ""
    parts[0] += f" of {counts.total()} {what}"
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if parts[1:] else parts)


def _most(table: Table, lines: Sequence[Line]) -> str:
    """Say which of our own lines has the best figure most often, where none is judged."""
    metric = next((name for name in table.metrics if METRICS[name].is_share), None)
    if metric is None:
        return "Nothing here is judged: no figure in it says how well a graph was found."
    ours = [line for line in lines if line.kind in ("default", "grngc", "control")]
    digits, first = METRICS[metric].digits, Counter[str]()
    columns = 0
    for column in table.columns:
        means = {line.label: round(mean, digits) for line in ours
                 if (mean := line.figures[column.name, metric].mean) is not None}  # fmt: skip
        columns += bool(means)
        first.update(label for label, mean in means.items() if mean == max(means.values()))
    title = METRICS[metric].title
    if not first:
        return f"No {title} is there yet."
    label, n = first.most_common(1)[0]
    tied = [each for each, count in first.items() if count == n]
    also = f" (so have {len(tied) - 1} others)" if len(tied) > 1 else ""
    default = next((line.label for line in ours if line.kind == "default"), None)
    text = f"Highest {title} of our own lines: {label} in {n} of {columns} columns{also}"
    if default not in (None, label):
        text += f", {default} in {first[str(default)]}"
    return f"{text}. The default is not judged here: there is no control and no published figure beside it."


def _conclusion(tables: Sequence[tuple[Table, Sequence[Line]]]) -> list[str]:
    """Say where the default stands on the papers' data, a sentence for each metric."""
    found = standings(tables)
    metrics = dict.fromkeys(verdict.metric for verdict in found)
    said = [_standing([verdict for verdict in found if verdict.metric == metric], "data sets") for metric in metrics]
    return said or ["No table here judges the default against controls and published figures."]


def _missing(lines: Sequence[Line]) -> dict[str, int]:
    """Count the runs that lines ask for, those that are missing, and those that failed."""
    counts = {"wanted": 0, "missing": 0, "failed": 0}
    for line in lines:
        if line.kind in ("oracle", "published"):  # the same runs again, or none of ours
            continue
        for column in {column for column, _ in line.figures}:
            here = [figure for (name, _), figure in line.figures.items() if name == column]
            wanted, failed = max(figure.wanted for figure in here), max(figure.failed for figure in here)
            there = max(len(figure.values) for figure in here)
            counts["wanted"] += wanted
            counts["failed"] += failed
            counts["missing"] += max(0, wanted - there - failed)
    return counts


def _missing_said(counts: "dict[str, int] | Counter[str]") -> str:
    parts = [f"{counts[what]:,} {what}" for what in ("missing", "failed") if counts[what]]
    return f"{' and '.join(parts)} of {counts['wanted']:,} runs: their places say so.".capitalize() if parts else ""


def _drawn(table: Table, lines: Sequence[Line]) -> dict[str, Any]:
    """Return what the page draws of a table."""
    judged = verdicts(table, lines)
    return {
        "name": table.name,
        "columns": [column.label or column.name for column in table.columns],
        "column_names": [column.name for column in table.columns],
        "metrics": [
            {"name": name, "title": METRICS[name].title, "more_is_better": METRICS[name].is_share}
            for name in table.metrics
        ],
        "lines": [_line(table, line) for line in lines],
        "verdicts": [_rivals(table, judged, metric) for metric in table.metrics],
    }


def _line(table: Table, line: Line) -> dict[str, Any]:
    figures = [[line.figures[column.name, metric] for column in table.columns] for metric in table.metrics]
    return {
        "label": line.label,
        "kind": line.kind,
        "chosen": line.chosen,
        "seeds": seeds_said(figures[0], line.kind),
        "seconds": _cost(line.seconds, seconds_said(line.seconds)),
        "parameters": _cost(line.parameters, _from_to(line.parameters)),
        "memory": _cost(line.memory, _from_to([value / 1e6 for value in line.memory])),
        "figures": [
            [_figure(figure, METRICS[metric].digits) for figure in row]
            for metric, row in zip(table.metrics, figures, strict=True)
        ],
    }


def _figure(figure: Figure, digits: int) -> dict[str, Any]:
    return {
        "mean": figure.mean,
        "sd": figure.sd,
        "said": shown(figure, digits),
        "whole": figure.whole,
        "nothing": figure.mean is None and (figure.instead == "-" or not figure.wanted),
        "runs": len(figure.values) if figure.wanted else None,
        "failed": figure.failed,
    }


def _cost(values: Sequence[float], said: str) -> dict[str, Any] | None:
    return {"least": min(values), "said": said} if values else None


def _from_to(values: Sequence[float]) -> str:
    if not values:
        return ""
    low, high = f"{min(values):,.0f}", f"{max(values):,.0f}"
    return low if low == high else f"{low} to {high}"


def _rivals(table: Table, judged: Sequence[Verdict], metric: str) -> dict[str, list[dict[str, str] | None]]:
    """Return what is said of the default in each column, against each kind of rival."""
    found: dict[str, list[dict[str, str] | None]] = {}
    for kind, against in AGAINST.items():
        row: list[dict[str, str] | None] = []
        for column in table.columns:
            rival = next(
                (
                    each
                    for verdict in judged
                    if (verdict.column, verdict.metric) == (column.name, metric)
                    for each in verdict.rivals
                    if each.kind == kind
                ),
                None,
            )
            of = "" if rival is None else f"{rival.label} {shown(rival.figure, METRICS[metric].digits)}"
            row.append(None if rival is None else {"said": rival.said, "of": of})
        if any(row):
            found[f"The default against {against}"] = row
    return found
