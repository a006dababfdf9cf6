"""A graph in a notebook: a small table of its strongest edges."""

import math
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from .labels import told_apart

if TYPE_CHECKING:
    from .edges import Edge
    from .graph import CausalGraph

ROWS = 10
LONGEST = 60
"""Characters of a name that are shown."""

NO_FORMULA = "tex2jax_ignore mathjax_ignore"
"""Notebooks take text between two ``$`` for a formula, except in elements of these classes."""


def graph_html(graph: "CausalGraph") -> str:
    """Return HTML without script, style sheet or colour of its own, so that it fits a light page and a dark one.

    Selected edges come first where there was a selection; without one the strongest are shown.
    """
    edges, evidence, pairs = graph.edges(top=ROWS), graph.evidence, int(graph.pairs().sum())
    counted = f"{len(graph.names)} series, {graph.n_lags} lag{'s' * (graph.n_lags != 1)}, {pairs} ordered pairs"
    if evidence is not None:
        least = graph.scores[evidence.selected].min(initial=np.inf)
        first = [edge for edge in graph.edges(min_score=least) if edge.selected]
        edges = [*first, *(edge for edge in edges if not edge.selected)]
        counted += f", {int(evidence.selected.sum()) or 'none'} selected"
    columns = ["source", "", "target", "lag", "sign", "score"]
    columns += ["q", "found again", "selected"] if evidence is not None else []
    head = "".join(f"<th>{column}</th>" for column in columns)
    names = told_apart(graph.names, LONGEST)
    rows = "".join(f"<tr>{_cells(edge, names, evidence is not None)}</tr>" for edge in edges[:ROWS])
    more = f"<div>and {pairs - ROWS} more: <code>graph.to_frame()</code></div>" if pairs > ROWS else ""
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>" if edges else ""
    return f'<div class="{NO_FORMULA}"><div><b>CausalGraph</b>: {counted}</div>{table}{more}</div>'


def _cells(edge: "Edge", names: Mapping[str, str], sure: bool) -> str:
    cells = [_name(names[edge.source]), "→" if edge.lag else "and", _name(names[edge.target])]
    cells += [str(edge.lag), escape(edge.sign), f"{edge.score:.3g}"]
    if sure:
        cells += [_number(edge.q, ".2g"), _number(edge.frequency, ".0%"), "yes" if edge.selected else "no"]
    return "".join(f"<td>{cell}</td>" for cell in cells)


def _name(shown: str) -> str:
    return f"<bdi>{escape(shown)}</bdi>"


def _number(value: float | None, form: str) -> str:
    return "" if value is None or math.isnan(value) else format(value, form)
