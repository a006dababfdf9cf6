"""Tables as text: for a terminal, as Markdown, as CSV; and the page docs/benchmarks.md."""

import textwrap
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from ..storage import csv_text
from .claims import CLAIM_RULE, Claim, claim_sentence, claims, reasons
from .decisions import FIGURES
from .figures import METRICS, Figure, shown
from .lines import OURS, Line
from .table import Table
from .verdict import RULE, Verdict, sentence, standings, verdicts


def terminal(table: Table, lines: Sequence[Line], width: int = 100) -> str:
    """Return the table for a terminal: one block a metric, then how parameters were chosen, notes and verdicts.

    Sentences are wrapped at ``width``; the blocks are as wide as they are.
    """
    parts = [table.title]
    for metric in table.metrics:
        if not (grid := _grid(table, lines, metric)):
            continue
        grid = [row[:-1] for row in grid]  # how parameters were chosen is said once, below
        widths = [max(len(row[at]) for row in grid) for at in range(len(grid[0]))]
        text = ["  ".join(cell.ljust(size) for cell, size in zip(row, widths, strict=True)).rstrip() for row in grid]
        parts.append("\n".join([METRICS[metric].title, *text]))
    chosen = [f"- {line.label}: {line.chosen}" for line in lines if line.kind != "published"]
    parts.append(_wrapped(["How hyper-parameters were chosen", *chosen], width))
    if rules := _rules(table, lines):
        parts.append(_wrapped(["Which pairs are edges", *(f"- {rule}" for rule in rules)], width))
    if table.notes:
        parts.append(_wrapped([f"- {note}" for note in table.notes], width))
    if judged := verdicts(table, lines):
        parts.append(verdict_text(table, judged, width))
    if claimed := claims(table, lines):
        parts.append(claim_text(table, claimed, width))
    return "\n\n".join([*parts, *made_again(table, lines)])


def markdown(table: Table, lines: Sequence[Line]) -> str:
    """Return the table as a section of Markdown."""
    parts = [f"## {table.title}", f"All of it: `grngc bench run {table.name}`.", *made_again(table, lines)]
    for metric in table.metrics:
        if not (grid := _grid(table, lines, metric)):
            continue
        top, *rows = grid
        rule = ["---", *("---:" for _ in top[1:-3]), "---:", "---:", "---"]
        grid = [[f"**{METRICS[metric].title}**", *top[1:]], rule, *rows]
        parts.append("\n".join("| " + " | ".join(map(_cell, row)) + " |" for row in grid))
    if notes := [*table.notes, *_rules(table, lines)]:
        parts.append("\n".join(f"- {note}" for note in notes))
    labels = {column.name: column.label or column.name for column in table.columns}
    if judged := verdicts(table, lines):
        parts.append("\n".join([_VERDICTS, *(_verdict_row(labels[verdict.column], verdict) for verdict in judged)]))
    if claimed := claims(table, lines):
        parts.append("\n".join([_CLAIMS, *(_claim_row(labels[claim.column], claim) for claim in claimed)]))
        parts += ["\n".join(f"- {why}" for why in found)] if (found := reasons(table, claimed)) else []
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


def verdict_text(table: Table, judged: Sequence[Verdict], width: int = 100) -> str:
    """Return the verdicts, one each, and the rule they follow, wrapped at ``width``."""
    labels = {column.name: column.label or column.name for column in table.columns}
    text = [f"{labels[verdict.column]}: {sentence(verdict)}" for verdict in judged]
    return _wrapped(["The default against the best control and what was published", *text, "", RULE], width)


def claim_text(table: Table, found: Sequence[Claim], width: int = 100) -> str:
    """Return what became of the published figures, one each, why some may not come out, and the rule, wrapped."""
    labels = {column.name: column.label or column.name for column in table.columns}
    text = [f"{labels[claim.column]}: {claim_sentence(claim)}" for claim in found]
    why = reasons(table, found)
    return _wrapped(
        ["What was published, and what came out", *text, *(["", *why] if why else []), "", CLAIM_RULE], width
    )


def _rules(table: Table, lines: Sequence[Line]) -> list[str]:
    """Return which pairs the rows take for edges, one sentence a rule; nothing where the table does not count edges."""
    if FIGURES.isdisjoint(table.metrics):
        return []
    labels: dict[str, list[str]] = {}
    for line in lines:
        if line.rule and line.kind != "oracle":
            labels.setdefault(line.rule, []).append(line.label)
    told = [f"An edge is a pair whose {rule}: {', '.join(each)}." for rule, each in labels.items()]
    return [
        *told,
        "A row that is not in the blocks of accuracy, balanced accuracy and MCC ranks pairs only.",
    ]


def _wrapped(sentences: Sequence[str], width: int) -> str:
    """Return sentences, a line each, those that are longer broken between words and indented."""
    fill = partial(textwrap.fill, width=max(width, 40), subsequent_indent="  ", break_long_words=False)
    return "\n".join(fill(sentence, break_on_hyphens=False) for sentence in sentences)


def documents(tables: Sequence[tuple[Table, Sequence[Line]]]) -> str:
    """Return docs/benchmarks.md."""
    return "\n\n".join([_HEAD, _stand(tables), *(markdown(table, lines) for table, lines in tables)]) + "\n"


def _stand(tables: Sequence[tuple[Table, Sequence[Line]]]) -> str:
    """Return the verdicts on the papers' data, one line a data set and metric, before all else."""
    rows = [_verdict_row(verdict.column, verdict) for verdict in standings(tables)]
    return "\n\n".join(["## Where the default stands", "\n".join([_VERDICTS, *rows])])


_CLAIMS = "| published figure | as printed | empty graph | ours | |\n|---|---:|---:|---:|---|"

_VERDICTS = "| GRNGC default | ours | best control | | published | |\n|---|---:|---|---|---:|---|"

_HEAD = f"""# Benchmarks

This page is made by `grngc bench docs` from the tables in `benchmarks/` and the results in `benchmarks/results/`; a
test compares the two. Every figure is a mean over seeds, with the standard deviation over seeds (n - 1) behind ±.
Under seeds, *once* means that neither the data nor the method take one, and *5, the same* that five seeds gave the very
same: the method's answer is exact and does not feel its seed. Truth is read after the graph is made, by
`grngc.metrics.score` alone; lines named *best step* then pick the training step on it (out of every fifth; out of all
for the published KAN on DREAM), and show what that is worth.
*Chosen* says how the hyper-parameters were chosen; figures *as printed* are the paper's own for each method in its
table, whose hyper-parameters were mostly picked on the truth. *s a run* is the median wall time of a run, two side by
side on two cores, one thread each; of the quickest and the slowest column where they are far apart.

What is missing is said to be missing. `--results DIR` makes results again beside the committed ones.

{RULE}

{CLAIM_RULE}"""


def _grid(table: Table, lines: Sequence[Line], metric: str) -> list[list[str]]:
    """Cells of one block: label, columns, seeds, seconds a run, how chosen; empty where no line has the metric."""
    grid = []
    for line in lines:
        figures = [line.figures[column.name, metric] for column in table.columns]
        nothing = all(figure.mean is None and (figure.instead == "-" or not figure.wanted) for figure in figures)
        if nothing and (line.kind in ("oracle", "published") or metric in FIGURES):
            continue
        texts = [shown(figure, METRICS[metric].digits) for figure in figures]
        grid.append([line.label, *texts, seeds_said(figures, line.kind), seconds_said(line.seconds), line.chosen])
    head = ["", *(column.label or column.name for column in table.columns), "seeds", "s a run", "chosen"]
    return [head, *grid] if grid else []


def seconds_said(seconds: Sequence[float]) -> str:
    """Return the seconds a run takes, of the quickest and the slowest column where they are more than twice apart."""
    if not seconds:
        return ""
    low, high = (f"{each:.1f}" if each < 100 else f"{each:.0f}" for each in (min(seconds), max(seconds)))
    return f"{low} to {high}" if max(seconds) > 2 * min(seconds) and max(seconds) >= 1 else high


def made_again(table: Table, lines: Sequence[Line]) -> list[str]:
    """Return how to make a line again and what it costs: the default's, else the quickest network's."""
    ran = [
        line for line in lines if line.kind in OURS and line.spent and all(each.whole for each in line.figures.values())
    ]
    if not ran:
        return []
    line = min(ran, key=lambda line: (line.kind != "default", line.spent))
    command = f'grngc bench run {table.name} --rows "{line.label}" --results again'
    return [f"One row again: `{command}`, about {max(1, round(line.spent / 120))} min on two cores."]


def seeds_said(figures: Sequence[Figure], kind: str) -> str:
    """How many seeds a line's figures stand on: one number, or several where columns differ."""
    if kind == "published":
        return "?"
    told = {"once" if figure.certain else str(len(figure.values)) for figure in figures if figure.wanted}
    same = all(figure.same for figure in figures if figure.wanted and figure.values)
    return "/".join(sorted(told)) + (", the same" if same and told - {"0", "once"} else "")


def _verdict_row(called: str, verdict: Verdict) -> str:
    metric = METRICS[verdict.metric]
    cells = [f"{called}, {metric.title}", shown(verdict.ours, metric.digits)]
    for kind in ("best control", "published"):
        rival = next((each for each in verdict.rivals if each.kind == kind), None)
        theirs = "-" if rival is None else shown(rival.figure, metric.digits)
        label = f"{rival.label} " if rival is not None and kind == "best control" else ""
        cells += [f"{label}{theirs}", "-" if rival is None else f"**{rival.said}**"]
    return "| " + " | ".join(map(_cell, cells)) + " |"


def _claim_row(called: str, claim: Claim) -> str:
    metric = METRICS[claim.metric]
    beside = claim.printed.beside
    printed, ours = (shown(replace(each, beside=None), metric.digits) for each in (claim.printed, claim.ours))
    title = f"{called}, {claim.method}, {metric.title.partition(' / ')[0]}"
    empty = "-" if beside is None else f"{beside:.{metric.digits}f}"
    return "| " + " | ".join(map(_cell, [title, printed, empty, ours, f"**{claim.said}**"])) + " |"


def _cell(text: str) -> str:
    """Return text as a cell of a table in Markdown: no cell of its own begins in it, and no element of HTML."""
    return text.replace("|", "\\|").replace("<", "&lt;")
