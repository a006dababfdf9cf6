"""The course of a record for its report: couplings over time, and what was observed beside what was forecast."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..edges import Edge
from ..errors import InputError
from ..graph import CausalGraph

if TYPE_CHECKING:
    from ..window_reader import WindowReader

COURSES = 8
"""Edges, and series, whose course is told: the strongest edges, and the targets that these lead to."""

POINTS = 1000
"""Points of a coupling over time; of more windows each is the mean of a stretch."""

NUMBERS = 40_000
"""Numbers that observed and forecast values may take: of long records there are fewer series, then the last part."""


def coupling_over_time(graph: CausalGraph, edges: Sequence[Edge]) -> dict[str, Any] | None:
    """Return the gradient at the lag of each of the strongest edges, over the windows; None where there is none.

    Also None where it is the same in every window: that of a linear forecaster.
    """
    couplings: list[dict[str, Any]] = []
    first = None
    for edge in [edge for edge in edges if edge.lag > 0][:COURSES]:
        try:
            found = graph.over_time(source=edge.source, target=edge.target, lag=edge.lag)
        except InputError:  # more windows than memory for them
            return None
        gradient = found.gradient[:, 0, 0, 0].astype(float)
        stretch = -(-len(gradient) // POINTS)
        cuts = np.arange(0, len(gradient), stretch)
        if first is None:
            first = {
                "windows_a_point": stretch,
                "time": found.time[cuts],
                "breaks": _breaks(found.trajectory, cuts),
            }
        counts = np.diff([*cuts, len(gradient)])
        couplings.append(
            {
                "source": graph.names.index(edge.source),
                "target": graph.names.index(edge.target),
                "lag": edge.lag,
                "values": _rounded(np.add.reduceat(gradient, cuts) / counts, 4),
                "constant": bool(np.ptp(gradient) <= 1e-6 * np.abs(gradient).max()),
            }
        )
    if first is None or all(one["constant"] for one in couplings):
        return None
    return first | {"edges": couplings}


def observed_and_forecast(reader: "WindowReader", graph: CausalGraph, edges: Sequence[Edge]) -> dict[str, Any] | None:
    """Return what was observed and what was forecast one step ahead, in the panel's units, for the first targets.

    Every value is there, for the download, unless the record is too long for even one series; then its last part.
    """
    windows = reader.windows()
    series = _targets(graph, edges)
    if not series:
        return None
    forecast, (trajectory, time) = reader.forecast(windows), reader.places(windows)
    kept = slice(-min(len(time), NUMBERS // 2), None)
    series = series[: max(1, NUMBERS // (2 * len(time[kept])))]
    panel = reader.panel
    observed = np.array(
        [panel.trajectories[r][t, series] for r, t in zip(trajectory[kept], time[kept], strict=True)], dtype=float
    ).reshape(-1, len(series))
    errors = observed - forecast[kept][:, series]
    spread = observed.std(axis=0)
    return {
        "series": series,
        "left_out": len(time) - len(time[kept]),
        "trajectory": [panel.labels[r] for r in trajectory[kept][_starts(trajectory[kept])]],
        "breaks": _starts(trajectory[kept]),
        "time": time[kept],
        "observed": [_rounded(observed[:, k], 9) for k in range(len(series))],
        "forecast": [_rounded(forecast[kept][:, j], 6) for j in series],
        "unexplained": _rounded((errors**2).mean(axis=0) / np.where(spread > 0, spread, 1) ** 2, 4),
    }


def _targets(graph: CausalGraph, edges: Sequence[Edge]) -> list[int]:
    """Return the places of the first series that edges lead to, then of others that are forecast."""
    place = {name: i for i, name in enumerate(graph.names)}
    led_to = dict.fromkeys(place[edge.target] for edge in edges)
    others = dict.fromkeys(place[name] for name in graph.names if name not in graph.exogenous)
    return list(led_to | others)[:COURSES]


def _breaks(labels: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    """Return the points at which another trajectory begins, the first among them."""
    return np.unique(np.searchsorted(cuts, _starts(labels)))


def _starts(labels: np.ndarray) -> np.ndarray:
    changed = np.array([a != b for a, b in zip(labels[1:], labels[:-1], strict=True)], dtype=bool)
    return np.concatenate([[0], np.flatnonzero(changed) + 1]).astype(int)


def _rounded(values: np.ndarray, digits: int) -> list[float]:
    return [float(f"{value:.{digits}g}") for value in values.tolist()]
