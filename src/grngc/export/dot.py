"""DOT, the language of Graphviz."""

import re
from collections.abc import Sequence

from ..edges import Edge
from ..graph import CausalGraph


def dot(graph: CausalGraph, edges: Sequence[Edge]) -> bytes:
    """Return a ``digraph`` whose ids are names. Two series that move together at lag 0 have one line without a head.

    That line tells the stronger of its two records, which are of one association.
    """
    lines = ["digraph grngc {"]
    for name in graph.names:
        lines.append(f"  {_quoted(name)} [label={_label(name)}, exogenous={str(name in graph.exogenous).lower()}];")
    together: set[frozenset[str]] = set()
    for edge in edges:
        pair = frozenset((edge.source, edge.target))
        if edge.lag == 0 and pair in together:
            continue
        about = {"label": f"lag {edge.lag}, {edge.sign}", "score": edge.score, "lag": edge.lag, "sign": edge.sign}
        about |= {"frequency": edge.frequency, "p": edge.p, "q": edge.q}
        about["selected"] = None if edge.selected is None else str(edge.selected).lower()
        if edge.lag == 0:
            together.add(pair)
            about["dir"] = "none"
        told = ", ".join(f'{name}="{value}"' for name, value in about.items() if value is not None)
        lines.append(f"  {_quoted(edge.source)} -> {_quoted(edge.target)} [{told}];")
    return "\n".join([*lines, "}", ""]).encode()


def _quoted(name: str) -> str:
    """Return a name as an id: between quotes only a quote is escaped, and a backslash is itself."""
    return '"' + name.replace('"', '\\"') + '"'


def _label(name: str) -> str:
    """Return a name as a label, where Graphviz reads escapes, backslash N among them, and the entities of HTML."""
    plain = re.sub(r"&(?=#?\w+;)", "&amp;", name)
    return _quoted(plain.replace("\\", "\\\\").replace("\n", "\\n"))
