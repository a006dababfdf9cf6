"""Graphs as files of other programs: Gephi, Cytoscape, networkx, igraph, Graphviz, tigramite, spreadsheets, arrays.

``FORMATS`` is the one list. Every format holds names letter for letter, and what it cannot hold is refused by name. An
arrow runs from source to target in all of them; only ``npz`` is [target, source], as grngc's own arrays are.
"""

import math
from collections.abc import Callable, Sequence
from numbers import Real
from pathlib import Path
from typing import NamedTuple

from ..arguments import check_choice, check_whole
from ..edges import Edge
from ..errors import InputError
from ..folders import check_file_to_write
from ..graph import CausalGraph
from ..record import standing_out
from ..results import FORECASTER, RECORD, Discovery
from ..storage import write_atomically
from .arrays import npz, tigramite, tigramite_arrays
from .dot import dot
from .names import NO_ARRAY, NO_CSV, NO_DOT, NO_JSON, NO_XML, first_unfit
from .networks import cytoscape, gexf, graphml
from .table import csv, name_of_cell

__all__ = ["FORMATS", "chosen", "content", "name_of_cell", "tigramite_arrays", "write"]

OWN = ("edges.csv", "graph.npz", FORECASTER, RECORD)
"""What grngc reads again, and does not write anything else over."""


class Format(NamedTuple):
    """How a file is called, what makes its bytes of a graph and edges of it, and what no name in it may hold."""

    title: str
    suffix: str
    make: Callable[[CausalGraph, Sequence[Edge]], bytes]
    unfit: str


FORMATS: dict[str, Format] = {
    "graphml": Format("GraphML", ".graphml", graphml, NO_XML),
    "gexf": Format("GEXF", ".gexf", gexf, NO_XML),
    "cytoscape": Format("Cytoscape JSON", ".cyjs", cytoscape, NO_JSON),
    "dot": Format("DOT", ".dot", dot, NO_DOT),
    "csv": Format("CSV", ".csv", csv, NO_CSV),
    "tigramite": Format("an array", ".tigramite.npz", tigramite, NO_ARRAY),
    "npz": Format("an array", ".npz", npz, NO_ARRAY),
}
"""Name -> how its files are called, what makes them, and what names cannot be in them."""


def chosen(
    found: Discovery | CausalGraph, *, every_pair: bool = False, min_score: float = 0.0, top: int | None = None
) -> list[Edge]:
    """Return the edges to export, strongest first, one for each ordered pair of two series.

    Parameters
    ----------
    found : Discovery or CausalGraph
        Of a Discovery those that stand out. A graph alone has no noise floor: those that are selected where it has
        evidence, otherwise those whose score is above 0.
    every_pair : bool
        All pairs instead, whatever their score.
    min_score : float
        Of these, those of at least this score.
    top : int, optional
        Of these, the strongest so many.
    """
    if isinstance(min_score, bool) or not isinstance(min_score, Real) or not 0 <= min_score < math.inf:
        raise InputError(f"min_score (--min-score) is a number of at least 0; got {min_score!r}")
    if top is not None:
        check_whole("top (--top)", top, least=0)
    graph = _graph(found)
    if every_pair:
        return graph.edges(top=top, min_score=min_score)
    edges = found.standing_out() if isinstance(found, Discovery) else standing_out(graph, 0.0)
    return [edge for edge in edges if edge.score >= min_score][:top]


def content(found: Discovery | CausalGraph, to: str, edges: Sequence[Edge] | None = None) -> bytes:
    """Return the bytes of a file in the format ``to``, a name in ``FORMATS``.

    Parameters
    ----------
    found : Discovery or CausalGraph
        All its series are in the file, but in ``csv``, which lists edges.
    to : str
    edges : sequence of Edge, optional
        At most one for each ordered pair of its series; by default those of :func:`chosen`.

    Raises
    ------
    InputError
        A series has a name that the format cannot hold; names are never changed.
    """
    check_choice("to (--to)", to, FORMATS)
    graph = _graph(found)
    edges = chosen(found) if edges is None else edges
    pairs = {(edge.source, edge.target) for edge in edges}
    if len(pairs) < len(edges) or not {name for pair in pairs for name in pair} <= set(graph.names):
        raise InputError("edges= takes one for each ordered pair of the graph's series, as graph.edges() has them")
    if odd := first_unfit(graph.names, FORMATS[to].unfit):
        others = [other for other, each in FORMATS.items() if not first_unfit(graph.names, each.unfit)]
        also = f", or export to {' or '.join(others)}" if others else ""
        raise InputError(f"{odd.place}: {FORMATS[to].title} cannot hold {odd.what}: rename it in the data{also}")
    return FORMATS[to].make(graph, edges)


def write(
    found: Discovery | CausalGraph,
    path: Path | str,
    to: str,
    edges: Sequence[Edge] | None = None,
    *,
    overwrite: bool = False,
) -> Path:
    """Write a graph to a file for other programs, whole or not at all, and return its path.

    Parameters
    ----------
    found, to, edges
        As of :func:`content`.
    path : path
        Its folder must be there. A file that is there is refused unless ``overwrite``, one of grngc's own results
        always.

    Examples
    --------
    >>> import tempfile, networkx
    >>> graph = CausalGraph([[0, 0], [0.8, 0]], ("rain", "river"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write(graph, f"{folder}/rivers.graphml", "graphml")
    ...     list(networkx.read_graphml(path).edges)
    [('rain', 'river')]
    """
    path = Path(path)
    check_file_to_write(path, overwrite)
    if path.name in OWN and (path.parent / RECORD).exists():
        raise InputError(f"{path}: is one of the results themselves, which are never replaced: choose another")
    made = content(found, to, edges)
    try:
        return write_atomically(path, made)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from error


def _graph(found: Discovery | CausalGraph) -> CausalGraph:
    if not isinstance(found, Discovery | CausalGraph):
        raise InputError(f"a Discovery or a CausalGraph is exported; got {type(found).__name__}")
    return found.graph if isinstance(found, Discovery) else found
