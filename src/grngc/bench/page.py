"""Tables as text: for a terminal, as Markdown, as CSV; and the page docs/benchmarks.md."""

from collections.abc import Sequence

from ..storage import csv_text
from .figures import METRICS, Line, shown
from .table import Table
from .verdict import RULE, Verdict, sentence, verdicts


def terminal(table: Table, lines: Sequence[Line]) -> str:
    """Return the table for a terminal: one block a metric, then notes and verdicts."""
    parts = [table.title]
    for metric in table.metrics:
        grid = _grid(table, lines, metric)
        widths = [max(len(row[at]) for row in grid) for at in range(len(grid[0]))]
        text = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in grid]
        parts.append("\n".join([METRICS[metric].title, *text]))
    if table.notes:
        parts.append("\n".join(f"- {note}" for note in table.notes))
    if judged := verdicts(table, lines):
        parts.append(verdict_text(table, judged))
    parts += _again(table, lines)
    return "\n\n".join(parts)


def markdown(table: Table, lines: Sequence[Line]) -> str:
    """Return the table as a section of Markdown."""
    parts = [f"## {table.title}", f"All of it: `grngc bench run {table.name}`.", *_again(table, lines)]
    for metric in table.metrics:
        top, *rows = _grid(table, lines, metric)
        rule = ["---", *("---:" for _ in top[1:-3]), "---:", "---:", "---"]
        grid = [[f"**{METRICS[metric].title}**", *top[1:]], rule, *rows]
        parts.append("\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in grid))
    if table.notes:
        parts.append("\n".join(f"- {note}" for note in table.notes))
    labels = {column.name: column.label or column.name for column in table.columns}
    if judged := verdicts(table, lines):
        parts.append("\n".join([_VERDICTS, *(_verdict_row(labels[verdict.column], verdict) for verdict in judged)]))
    return "\n\n".join(parts)


def csv_of(table: Table, lines: Sequence[Line]) -> str:
    """Return every figure of the table, one a line; a missing one has no mean."""
    rows = []
    for line in lines:
        for column in table.columns:
            for metric in table.metrics:
                figure = line.figures[column.name, metric]
                n = len(figure.values) if line.kind != "published" else None
                told = [table.name, column.name, line.label, line.kind, line.chosen, metric]
                rows.append([*told, figure.mean, figure.sd, n, figure.failed])
    return csv_text(("table", "column", "row", "kind", "chosen", "metric", "mean", "sd", "seeds", "failed"), rows)


def verdict_text(table: Table, judged: Sequence[Verdict]) -> str:
    """Return the verdicts, one a line, and the rule they follow."""
    labels = {column.name: column.label or column.name for column in table.columns}
    text = [f"{labels[verdict.column]}: {sentence(verdict)}" for verdict in judged]
    return "\n".join(["The default against the best control and what was published", *text, "", RULE])


def documents(tables: Sequence[tuple[Table, Sequence[Line]]]) -> str:
    """Return docs/benchmarks.md."""
    return "\n\n".join([_HEAD, _stand(tables), *(markdown(table, lines) for table, lines in tables)]) + "\n"


def _stand(tables: Sequence[tuple[Table, Sequence[Line]]]) -> str:
    """Return the verdicts on the papers' data, one line a data set and metric, before all else."""
    found: dict[tuple[str, str], str] = {}
    for table, lines in tables:
        for verdict in verdicts(table, lines) if table.published else []:
            if verdict.metric in table.metrics[:2]:  # the paper's own convention comes first
                found.setdefault((verdict.column, verdict.metric), _verdict_row(verdict.column, verdict))
    return "\n\n".join(["## Where the default stands", "\n".join([_VERDICTS, *found.values()])])


_VERDICTS = "| GRNGC default | ours | best control | | published | |\n|---|---:|---|---|---:|---|"

_HEAD = f"""# Benchmarks

This page is made by `grngc bench docs` from the tables in `benchmarks/` and the results in `benchmarks/results/`; a
test compares the two. Every figure is a mean over seeds, with the standard deviation over seeds (n - 1) behind ±;
*once* under seeds means that neither the data nor the method take one, so that there is nothing to deviate. Truth is
read after the graph is made, by `grngc.metrics.score` alone; lines named *best step* then pick the training step on it,
and show what that is worth. *Chosen* says how the hyper-parameters were chosen; figures *as printed* are the papers'
own, whose hyper-parameters were mostly picked on the truth. *s a run* is the mean wall time of a run, two side by side
on two cores, one thread each.

What is missing is said to be missing. `--results DIR` makes results again beside the committed ones.

{RULE}"""


def _grid(table: Table, lines: Sequence[Line], metric: str) -> list[list[str]]:
    """Cells of one block: label, columns, seeds, seconds a run, how chosen."""
    head = ["", *(column.label or column.name for column in table.columns), "seeds", "s a run", "chosen"]
    grid = [head]
    for line in lines:
        if line.kind == "oracle" and METRICS[metric].place[0] != "metrics":
            continue  # the best step changes areas, neither parameters nor seconds
        figures = [line.figures[column.name, metric] for column in table.columns]
        texts = [shown(figure, METRICS[metric].digits) for figure in figures]
        seconds = "" if line.seconds is None else f"{line.seconds:.1f}" if line.seconds < 100 else f"{line.seconds:.0f}"
        grid.append([line.label, *texts, _seeds(line, metric, table), seconds, line.chosen])
    return grid


def _again(table: Table, lines: Sequence[Line]) -> list[str]:
    """Return how to make a line again and what it costs: the default's, else GRNGC's quickest, if it is all there."""
    ran = [line for line in lines if line.kind in ("grngc", "default") and line.spent and _whole(line)]
    if not ran:
        return []
    line = min(ran, key=lambda line: (line.kind != "default", line.spent))
    command = f'grngc bench run {table.name} --rows "{line.label}" --results again'
    return [f"One row again: `{command}`, about {max(1, round(line.spent / 120))} min on two cores."]


def _whole(line: Line) -> bool:
    return all(len(figure.values) == figure.wanted or figure.instead for figure in line.figures.values())


def _seeds(line: Line, metric: str, table: Table) -> str:
    """How many seeds the line's figures stand on: one number, or several where columns differ."""
    if line.kind == "published":
        return "?"
    figures = [line.figures[column.name, metric] for column in table.columns]
    told = sorted({"once" if figure.certain else str(len(figure.values)) for figure in figures if figure.wanted})
    return "/".join(told)


def _verdict_row(called: str, verdict: Verdict) -> str:
    metric = METRICS[verdict.metric]
    cells = [f"{called}, {metric.title}", shown(verdict.ours, metric.digits)]
    for kind in ("best control", "published"):
        rival = next((each for each in verdict.rivals if each.kind == kind), None)
        theirs = "-" if rival is None else shown(rival.figure, metric.digits)
        label = f"{rival.label} " if rival is not None and kind == "best control" else ""
        cells += [f"{label}{theirs}", "-" if rival is None else f"**{rival.said}**"]
    return "| " + " | ".join(cells) + " |"
