"""A page of plain text about a run, a group or a comparison, from its record; nothing is computed here."""

from collections.abc import Collection, Mapping, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from .facts import facts_by_place, group_facts_by_place, small, title_of
from .labels import columns_of, filled, printable, shortened, told_apart

if TYPE_CHECKING:
    from .edges import Edge, EdgeChange, GroupEdge

WIDTH = 78
MEANING = "An edge says that the past of its source helps to forecast its target, not what an intervention would do."

VALUE = 20
"""Characters a fact of the left column may take."""


def summarise(record: Mapping[str, Any], edges: "Sequence[Edge]", top: int) -> str:
    """Return the page: data and configuration side by side, training, the strongest edges, the conclusion.

    Parameters
    ----------
    record : mapping
        As in ``run.json``.
    edges : sequence of Edge
        Those that stand out, strongest first.
    top : int
        How many of them to show.
    """
    page = _head(title_of(record), record, _facts(*facts_by_place(record))) + _warnings(record)
    if edges and top > 0:
        required = _required(record)
        shown = [edge for n, edge in enumerate(edges) if n < top or edge[:2] in required]
        by_lag = record["choice"].get("lag") is not None
        page += [*_table(shown, required, record["data"]["series"], by_lag=by_lag), "=" * WIDTH]
        if len(edges) > len(shown):
            also = " above the noise floor" if edges[0].q is None else " selected"
            also += " or required" * bool(required)
            page.append(f"The {len(shown)} strongest of {len(edges)} pairs{also}.")
    return _ended(page, record, any(edge.lag > 0 for edge in edges))


def summarise_group(record: Mapping[str, Any], edges: "Sequence[GroupEdge]", top: int) -> str:
    """Return the page about several subjects: who they are, the pairs that they have in common, the conclusion.

    Parameters
    ----------
    record : mapping
        As in ``group.json``.
    edges : sequence of GroupEdge
        Those that stand out in more than half of the subjects, those of most subjects first.
    top : int
        How many of them to show.
    """
    page = _head("Granger-causal graphs of a group (GRNGC)", record, _facts(*group_facts_by_place(record)))
    if edges and top > 0:
        names = _shown(edges[:top], record["data"]["series"], most=16)
        page += [f"{_heading(names)}{'lag':>5}{'mean':>9}{'sd':>9}{'subjects':>11}{'sign':>6}"]
        page += ["-" * WIDTH]
        for edge in edges[:top]:
            sd = "-" if edge.sd is None else f"{edge.sd:.4f}"
            subjects = f"{round((edge.share or 0) * edge.n_subjects)}/{edge.n_subjects}"
            page.append(
                f"{_arrow(edge, '->' if edge.lag else '--', names)}"
                f"{edge.lag:>5}{edge.mean_score:>9.4f}{sd:>9}{subjects:>11}{edge.sign:>6}"
            )
        page.append("=" * WIDTH)
        if len(edges) > top:
            page.append(f"The first {top} of {len(edges)} pairs that stand out in more than half of the subjects.")
    return _ended(page, record, any(edge.lag > 0 for edge in edges))


def summarise_comparison(record: Mapping[str, Any], edges: "Sequence[EdgeChange]", top: int) -> str:
    """Return the page about two graphs or groups, A and B: the pairs that differ most clearly, the conclusion.

    Parameters
    ----------
    record : mapping
        Of a :class:`grngc.comparison.Comparison`.
    edges : sequence of EdgeChange
        Clearest first.
    top : int
        How many of them to show.
    """
    sides = {side: record[side.lower()] for side in ("A", "B")}
    subjects = {side: "" if told["subjects"] is None else f" ({len(told['subjects'])} subjects)"
                for side, told in sides.items()}  # fmt: skip
    facts = [line for side, told in sides.items() for line in _fact(side, f"{told['label']}{subjects[side]}")]
    method = record.get("method", "grngc")
    title = "Two Granger-causal graphs compared (GRNGC)" if method == "grngc" else f"Two graphs by {method} compared"
    page = _head(title, record, facts)
    if edges and top > 0:
        names, tested = _shown(edges[:top], record["series"], most=16), record["test"] is not None
        head = f"{'':<9}{_heading(names)}{'A':>8}{'B':>8}"
        page += [head + f"{'in A':>7}{'in B':>7}{'p (fwe)':>9}" * tested, "-" * WIDTH]
        for edge in edges[:top]:
            shares = f"{edge.share_a:>7.0%}{edge.share_b:>7.0%}"
            p = "-" if edge.p_familywise is None else f"{edge.p_familywise:.2g}"
            page.append(
                f"{edge.status:<9}{_arrow(edge, '->', names)}"
                f"{edge.score_a:>8.3f}{edge.score_b:>8.3f}{f'{shares}{p:>9}' * tested}"
            )
        page.append("=" * WIDTH)
        if len(edges) > top:
            page.append(f"The first {top} of {len(edges)} pairs that stand out on either side.")
    return _ended(page, record, False)


def _ended(page: list[str], record: Mapping[str, Any], has_arrows: bool) -> str:
    """Return the page with its conclusion and, where there are arrows, what they mean."""
    page = page + wrap(printable(record["conclusion"]), WIDTH) + (wrap(MEANING, WIDTH) if has_arrows else [])
    return "\n".join(printable(line) for line in page) + "\n"


def _head(title: str, record: Mapping[str, Any], facts: Sequence[str]) -> list[str]:
    version = f"grngc {record['versions']['grngc']}"
    return [f"{title}{version:>{WIDTH - len(title)}}", "=" * WIDTH, *facts, "=" * WIDTH]


def _columns(left: Mapping[str, Any], right: Mapping[str, Any]) -> list[str]:
    """Two columns: data on the left and configuration on the right."""
    return [
        f"{a + ':':<16}{shortened(str(b), VALUE):<{VALUE}}   {c + ':':<16}{shortened(str(d), VALUE)}"
        for (a, b), (c, d) in zip(left.items(), right.items(), strict=True)
    ]


def _facts(left: Mapping[str, Any], right: Mapping[str, Any], long: Mapping[str, str]) -> list[str]:
    """Two columns, data on the left and configuration on the right; then the facts that may need a whole line."""
    return [*_columns(left, right), *(line for name, text in long.items() if text for line in _fact(name, text))]


def _required(record: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return the pairs (source, target) that were required."""
    return {(source, target) for source, target in (record.get("rules") or {}).get("required", ())}


def _fact(name: str, text: str) -> list[str]:
    return wrap(printable(text), WIDTH, initial_indent=f"{name + ':':<16}", subsequent_indent=" " * 16)


def _warnings(record: Mapping[str, Any]) -> list[str]:
    """Return what reading the data warned of, and what :mod:`grngc.diagnostics` did; records of before have less."""
    texts = [*record.get("warnings", ()), *(one["text"] for one in record.get("diagnostics", ()))]
    lines = [
        line for text in texts for line in wrap(printable(text), WIDTH, initial_indent="- ", subsequent_indent="  ")
    ]
    return ["Warnings:", *lines, "=" * WIDTH] if lines else []


def _table(
    edges: "Sequence[Edge]", required: Collection[tuple[str, str]], series: Sequence[str], *, by_lag: bool
) -> list[str]:
    """Return the rows of edges; of a method that does not tell lags apart none is shown."""
    sure = edges[0].q is not None
    names = _shown(edges, series, most=16 if sure else 24)
    rows = []
    for edge in edges:
        lag = edge.lag if by_lag or not edge.lag else "-"
        row = f"{_arrow(edge, '->' if edge.lag else '--', names)}{lag:>5}{edge.score:>9.4f}"
        row += f"{edge.sign:>5}"
        if edge.q is not None and edge.frequency is not None:
            row += f"{edge.frequency:>8.0%}{small(edge.q):>9}"
        rows.append(row + "  required" * (edge[:2] in required))
    head = f"{_heading(names)}{'lag':>5}{'score':>9}{'sign':>5}"
    return [head + f"{'halves':>8}{'q':>9}" * sure, "-" * WIDTH, *rows]


def _shown(edges: "Sequence[Edge | GroupEdge | EdgeChange]", series: Sequence[str], most: int) -> dict[str, str]:
    """Return the names in edges as a column shows them, all of one width; ``series`` are all there are."""
    named = dict.fromkeys(name for edge in edges for name in edge[:2])
    known = told_apart(dict.fromkeys([*series, *named]), most)
    used = {name: known[name] for name in named}
    width = max(6, *map(columns_of, used.values()))
    return {name: filled(text, width) for name, text in used.items()}


def _arrow(edge: "Edge | GroupEdge | EdgeChange", arrow: str, names: Mapping[str, str]) -> str:
    return f"{names[edge.source]}  {arrow}  {names[edge.target]}"


def _heading(names: Mapping[str, str]) -> str:
    width = columns_of(next(iter(names.values())))
    return f"{'source':<{width}}  ->  {'target':<{width}}"
