"""What pictures read of results: the graph in them, the edges that are believed, the record of the run."""

import math
from collections.abc import Mapping
from typing import Any

from ..edges import COMMON, Edge
from ..errors import InputError
from ..graph import CausalGraph
from ..group import GroupDiscovery
from ..record import standing_out

SMALLEST = math.ulp(0.0)
"""The least score that is not 0."""


def graph_of(found: Any) -> CausalGraph:
    """Return the graph of results, of a fitted estimator, or the one given."""
    for graph in (found, getattr(found, "graph", None), getattr(found, "graph_", None)):
        if isinstance(graph, CausalGraph):
            return graph
    raise InputError(
        "expected a CausalGraph, or what holds one (Discovery, GroupDiscovery, a fitted estimator); "
        f"got {type(found).__name__}"
    )


def believed(found: Any) -> tuple[list[Edge], str]:
    """Return the edges that results stand for, strongest first, and what they are called.

    Selected ones where that was asked for; otherwise those above the noise floor; with either those required; of a
    group those of more than half of the subjects; of scores alone all that are not 0.
    """
    graph = graph_of(found)
    if isinstance(found, GroupDiscovery):
        common = {(edge.source, edge.target) for edge in found.edges() if (edge.share or 0) > COMMON}
        return [edge for edge in graph.edges() if (edge.source, edge.target) in common], "in most subjects"
    given = " or required" if graph.required is not None else ""
    if graph.evidence is not None:
        return standing_out(graph, math.inf), f"selected{given}"
    floor = _floor(found)
    if floor is not None:
        return standing_out(graph, floor), f"above the noise floor{given}"
    return graph.edges(min_score=SMALLEST), "with a score"


def judged(found: Any) -> bool:
    """Return whether results say of pairs which to believe; scores alone do not."""
    return isinstance(found, GroupDiscovery) or graph_of(found).evidence is not None or _floor(found) is not None


def _floor(found: Any) -> float | None:
    return getattr(found, "noise_floor", getattr(found, "noise_floor_", None))


def record_of(found: Any) -> Mapping[str, Any]:
    """Return the record of a run, as ``run.json`` holds it."""
    record = getattr(found, "record", found)
    if not isinstance(record, Mapping):
        raise InputError(f"expected a Discovery, or the record of a run; got {type(found).__name__}")
    return record
