"""What network programs read: GraphML, GEXF, Cytoscape JSON. networkx writes them; names were checked before.

Their readers take no line without direction beside arrows (networkx refuses the file): at lag 0 there is an arrow, with
``directed`` False on it.
"""

import io
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..edges import Edge
from ..graph import CausalGraph

if TYPE_CHECKING:
    import networkx


def graphml(graph: CausalGraph, edges: Sequence[Edge]) -> bytes:
    """Return GraphML. A series' name is its id and its ``label``."""
    from networkx.readwrite.graphml import GraphMLWriter

    writer, file = GraphMLWriter(prettyprint=True), io.BytesIO()
    writer.add_graph_element(_labelled(graph, edges))
    truths = {key.get("id") for key in writer.xml.iter("key") if key.get("attr.type") == "boolean"}
    for told in writer.xml.iter("data"):
        if told.get("key") in truths:
            told.text = told.text.lower()  # as XML has it, not Python
    writer.dump(file)
    return file.getvalue().replace(b"\r", b"&#13;")  # what a reader would take for a line break; only names hold it


def gexf(graph: CausalGraph, edges: Sequence[Edge]) -> bytes:
    """Return GEXF 1.2. A series' name is its id and its label, the score also the weight, which Gephi lays out by."""
    from networkx.readwrite.gexf import GEXFWriter

    network, file = _labelled(graph, edges), io.BytesIO()
    for *_, about in network.edges(data=True):
        if about["score"] > 0:  # Gephi takes no weight of 0
            about["weight"] = about["score"]
    writer = GEXFWriter(network)
    del writer.xml.find("meta").attrib["lastmodifieddate"]  # the same results give the same bytes
    writer.write(file)
    return file.getvalue()


def cytoscape(graph: CausalGraph, edges: Sequence[Edge]) -> bytes:
    """Return the JSON of Cytoscape and cytoscape.js. A series' name is its ``id``, ``name`` and ``label``."""
    from networkx import cytoscape_data

    made = cytoscape_data(_labelled(graph, edges))
    made["data"] = {"name": "grngc"}
    return json.dumps(made, indent=1, allow_nan=False).encode()


def _labelled(graph: CausalGraph, edges: Sequence[Edge]) -> "networkx.DiGraph":
    network = graph.to_networkx(edges=edges)
    for name, about in network.nodes(data=True):
        about["label"] = name
    return network
