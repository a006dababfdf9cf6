"""What is told of a run: which edges stand out, what may be concluded, and all of it as plain data for ``run.json``."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .floor import FEWEST_WINDOWS
from .graph import CausalGraph, Edge
from .panel import Panel
from .training import ENOUGH_REACH, SETTLED


def standing_out(graph: CausalGraph, floor: float) -> list[Edge]:
    """Return the pairs of two series whose score is above the floor, strongest first."""
    return [edge for edge in graph.edges(min_score=floor) if edge.score > floor]


def conclude(graph: CausalGraph, floor: float, edges: Sequence[Edge], training: Mapping[str, Any], windows: int) -> str:
    """Say in plain words what the scores allow to say, from a training on so many windows."""
    largest = graph.edges(top=1)
    if edges:
        pairs, first = len(graph.names) * (len(graph.names) - len(graph.exogenous)), edges[0]
        pairs -= len(graph.names) - len(graph.exogenous)  # own past
        verb = "stands out:" if len(edges) == 1 else "stand out, most of all"
        text = f"{len(edges)} of {pairs} ordered pairs {verb} {_pair(first)} (lag {first.lag}, {first.sign})."
        text += _together(graph, edges)
    elif largest and math.isnan(floor):
        text = (
            "Nothing can be told from chance: there is no noise floor for a forecaster that reads the record as one "
            "sequence. Only the order of these scores may be compared with a known graph."
        )
    elif largest and math.isinf(floor) and windows >= FEWEST_WINDOWS:
        text = (
            "Nothing can be told from chance: on unrelated series like these training diverges, so there is no noise "
            "floor. Lower the learning rate (--learning-rate), or raise the penalty (--penalty)."
        )
    elif largest and math.isinf(floor):
        text = (
            f"Too few windows to tell anything from chance: at least {FEWEST_WINDOWS} are needed. "
            "Read no graph from these scores."
        )
    elif largest:
        text = (
            "Nothing stands out: no series drives another by more than unrelated series seem to. Read no graph from "
            f"these scores: the largest is {largest[0].score:.3g} ({_pair(largest[0])}), the noise floor {floor:.3g}."
        )
    else:
        text = "Nothing stands out: there is one series only, and no other to drive it."
    if not training["converged"]:
        text += f" {_unsettled(training)} before trusting them."
    return text


def _unsettled(training: Mapping[str, Any]) -> str:
    """Say why the scores are not final, and what to do."""
    if training["exact"]:
        return (
            f"The linear fit was not at its minimum after {training['steps']} iterations: some series are nearly sums "
            "of others. Leave such series out (--columns), or raise penalty (--penalty) or input_noise,"
        )
    why = f"its second half still moved the scores by {training['score_change']:.0%} (limit {SETTLED:.0%})"
    if training["reach"] < ENOUGH_REACH:
        why = f"{training['steps']} steps at this learning rate are too few to get anywhere"
    return f"Training had not converged: {why}. Raise steps (--steps, now {training['steps']})"


def describe(panel: Panel) -> dict[str, Any]:
    """Return what was fitted, for the record."""
    return {
        "origin": panel.origin,
        "sha256": panel.digest(),
        "series": panel.names,
        "trajectories": [
            {"label": label, "times": len(values)}
            for label, values in zip(panel.labels, panel.trajectories, strict=True)
        ],
        "times": panel.n_times,
        "exogenous": panel.exogenous,
        "transforms": panel.transform_steps,
        "missing": panel.missing,
        "notes": panel.notes,
    }


def _pair(edge: Edge) -> str:
    return f"{edge.source} and {edge.target}" if edge.lag == 0 else f"{edge.source} -> {edge.target}"


def _together(graph: CausalGraph, edges: Sequence[Edge]) -> str:
    """Say what edges at lag 0 are."""
    n = sum(edge.lag == 0 for edge in edges)
    if n == 0:
        return ""
    which = "They" if n == len(edges) else f"{n} of them (lag 0)"
    unknown = any(edge.lag == 0 and edge.source not in graph.exogenous for edge in edges)
    return f" {which} move together within one time step" + unknown * " (direction unknown: sampled too slowly?)" + "."


def plain(value: Any) -> Any:
    """Return a value as JSON knows it: tuples as lists, NumPy's numbers as Python's, NaN as None, functions by name."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()  # a file name need not be text
    if value is None or isinstance(value, bool | int | float):
        return value
    return f"{value.__module__}.{value.__qualname__}" if hasattr(value, "__qualname__") else repr(value)
