"""Results of subjects made by hand: graphs whose scores are known, with the records that go with them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from grngc import CausalGraph, Discovery, GroupDiscovery
from grngc.environment import versions
from grngc.group import group_of

NAMES = ("rain", "river", "mud")


def discovery(graph: CausalGraph, floor: float = 0.1, *, windows: int = 100, **settings: Any) -> Discovery:
    """Return results as :func:`grngc.discover` would give them, in all that is read of them."""
    edges = int(graph.above(floor).sum())
    record = {
        "format_version": 1, "conclusion": "", "trustworthy": edges > 0, "converged": True,
        "noise_floor": floor if np.isfinite(floor) else None, "edges_above_noise_floor": edges,
        "configuration_name": "default", "seed": 0, "threads": 1, "warnings": [], "versions": versions(),
        "configuration": {"forecaster": "linear", "lag": graph.n_lags, "penalty": "auto", "random_state": 0} | settings,
        "choice": {"forecaster": "linear", "lag": graph.n_lags, "penalty": 0.1, "contemporaneous": {"used": False}},
        "data": {
            "origin": "", "sha256": str(graph.scores.sum()), "series": list(graph.names), "times": windows + 1,
            "trajectories": [{"label": "1", "times": windows + 1}], "exogenous": list(graph.exogenous),
            "transforms": {}, "missing": "refuse", "windows": windows,
        },
        "training": {"converged": True},
    }  # fmt: skip
    return Discovery(graph, record, floor, edges > 0)


def graph(scores: Any, names: tuple[str, ...] = NAMES, signs: Any = None) -> CausalGraph:
    """Return a graph of one lag whose signs are positive, or those given."""
    values = np.array(scores, dtype=float)
    signed = values if signs is None else values * np.array(signs)
    return CausalGraph(values, names, values[:, None], signed[:, None])


def group(scores: np.ndarray, floor: float = 0.1, *, prefix: str = "s", **more: Any) -> GroupDiscovery:
    """Return a group from scores (subject, target, source)."""
    names = tuple(f"x{n + 1}" for n in range(scores.shape[1]))
    subjects = {f"{prefix}{n}": discovery(graph(each, names), floor, **more) for n, each in enumerate(scores)}
    return group_of(subjects, {}, {})


def edge_of(found: Any, source: str, target: str) -> Any:
    """Return the one edge of a pair."""
    (edge,) = [each for each in found if (each.source, each.target) == (source, target)]
    return edge


def csv_rows(text: str) -> list[Mapping[str, str]]:
    """Return the rows of a table."""
    import csv

    return list(csv.DictReader(text.splitlines()))
