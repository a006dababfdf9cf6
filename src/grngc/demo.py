"""Two results that anyone can make at once: one where the truth is known, one on a real record."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from .baselines import Correlation, LaggedCorrelation, RidgeVAR
from .dataset import Dataset
from .datasets.lorenz96 import lorenz96
from .datasets.macro import us_macro
from .discovery import discover
from .metrics import chance, score
from .results import Discovery
from .training import Progress

CONTROLS = {"ridge VAR": RidgeVAR, "lagged correlation": LaggedCorrelation, "correlation": Correlation}


class Row(NamedTuple):
    """What one method earned, with the keys of :func:`grngc.metrics.score`, and the seconds it took."""

    method: str
    score: dict[str, float]
    seconds: float


def simulated(
    seed: int = 0, progress: Callable[[Progress], None] | None = None, **options: Any
) -> tuple[Dataset, Discovery, list[Row]]:
    """Find the graph of a simulated Lorenz-96 (10 series, 500 points, forcing 10), and compare it with the truth.

    Where the truth is known nobody need ask how sure an edge is, so that is left out. ``options`` are those of
    :func:`grngc.discover`.

    Returns
    -------
    dataset : Dataset
    found : Discovery
    rows : list of Row
        GRNGC, plain controls, and what knowing nothing earns.
    """
    dataset = lorenz96(n_series=10, n_times=500, forcing=10.0, random_state=seed)
    panel = replace(dataset.panel, origin=f"simulated, {dataset.name}")
    started = time.monotonic()
    found = discover(panel, progress=progress, random_state=seed, confidence=False, **options)
    rows = [Row("GRNGC", score(found.graph, dataset), time.monotonic() - started)]
    for name, control in CONTROLS.items():
        started = time.monotonic()
        graph = control().fit(panel).graph_
        rows.append(Row(name, score(graph, dataset), time.monotonic() - started))
    return dataset, found, [*rows, Row("chance", chance(dataset), 0.0)]


def measured(seed: int = 0, progress: Callable[[Progress], None] | None = None, **options: Any) -> Discovery:
    """Find what drives what in the US economy, 1959 to 2009, quarter by quarter: growth rates and changes of rates."""
    panel = replace(us_macro(), origin="US macroeconomic record of statsmodels, 1959 to 2009, quarterly")
    return discover(panel, progress=progress, random_state=seed, **options)
