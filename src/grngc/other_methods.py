"""``discover`` by a method other than GRNGC: a graph, and what stands out of it by surrogates of the method itself."""

import inspect
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone

from .arguments import check_whole
from .chance import FEWEST_SURROGATES, ONE_IN, floor_of, largest_by_chance
from .device import described
from .diagnostics import diagnose
from .environment import processors, versions
from .errors import InputError
from .floor import FEWEST_WINDOWS
from .methods import about
from .panel import Panel
from .reading import Read
from .record import conclude_by, describe, plain, standing_out
from .results import FORMAT_VERSION, Discovery
from .runtime import limited_threads
from .scaling import Scaling
from .training import Progress
from .windows import Windows, make_windows

SURROGATES, OF_TRAINED = 10, 5
"""How many are fitted where nothing else is asked for: where a fit is a computation, and where it is a training."""

WORTH_WORKERS = 20.0
"""Seconds that all surrogates take, from which starting processes for them pays."""

WORTH_TELLING = 2.0
"""Seconds that all surrogates take, from which their progress is told."""


def discover_by(
    read: Read,
    method: str,
    estimator: BaseEstimator,
    *,
    surrogates: int | None = None,
    random_state: int = 0,
    places: Mapping[str, Any] | None = None,
    threads: int = 1,
    progress: Callable[[Progress], None] | None = None,
) -> Discovery:
    """Find a graph in data that were read.

    Parameters
    ----------
    read : Read
    method : str
        The estimator's name in ``METHODS``.
    estimator : BaseEstimator
        Not fitted.
    surrogates : int, optional
        Fits on unrelated series, for the noise floor; 0: none, and nothing stands out. None: ``SURROGATES``, or
        ``OF_TRAINED`` where the method trains.
    random_state : int
        Of the surrogates.
    places : mapping, optional
        ``workers, executor, address`` of :func:`grngc.execution.run`, for surrogates.
    threads : int
    progress : callable, optional
    """
    check_surrogates(surrogates)
    panel, before = read.panel, time.monotonic()
    given = {"progress": progress} if "progress" in inspect.signature(estimator.fit).parameters else {}
    with limited_threads(threads):
        graph = estimator.fit(panel, **given).graph_
        fitted_in, begin = time.monotonic() - before, time.monotonic()
        trained = getattr(estimator, "record_", None)
        wanted = (SURROGATES if trained is None else OF_TRAINED) if surrogates is None else int(surrogates)
        windows = _windows(estimator, panel)
        settings, chosen = estimator.get_params(deep=False), _chosen(estimator)
        largest = None
        if wanted and len(windows) >= FEWEST_WINDOWS:
            largest = largest_by_chance(
                clone(estimator).set_params(**chosen), panel, wanted, random_state=random_state,
                progress=progress if fitted_in * wanted > WORTH_TELLING else None,
                places=_worthwhile(places or {}, fitted_in * wanted),
            )  # fmt: skip
        judged_in = time.monotonic() - begin
    floor = np.inf if largest is None else floor_of(largest)
    usual = type(estimator)().get_params(deep=False)
    by_lag = "lag" in settings
    edges = standing_out(graph, floor)
    chance = {"surrogates": wanted, "false_alarm_one_in": ONE_IN, "largest": largest}
    training = _course(trained, fitted_in)
    record = {
        "format_version": FORMAT_VERSION,
        "conclusion": conclude_by(method, graph, floor, edges, chance, len(windows), training, by_lag),
        "trustworthy": bool(edges),
        "converged": training["converged"],
        "noise_floor": floor,
        "edges_above_noise_floor": len(edges),
        "method": method,
        "reference": about(method).reference,
        "chance": chance,
        "confidence": None,
        "configuration_name": "default",
        "configuration": settings,
        "options": {name: value for name, value in settings.items() if value != usual[name]},
        "choice": {"lag": graph.n_lags if by_lag else None, "same_time": graph.contemporaneous is not None} | chosen,
        "seed": random_state,
        "device": described(estimator.device_) if hasattr(estimator, "device_") else "cpu",
        "data": describe(panel) | {"windows": len(windows)},
        "warnings": read.warnings,
        "diagnostics": [asdict(one) for one in diagnose(panel, windows)],
        "versions": versions(),
        "threads": threads,
        "timings": {
            "started": read.started.isoformat(timespec="seconds"),
            "seconds_reading": read.seconds,
            "seconds_fitting": fitted_in,
            "seconds_surrogates": judged_in,
            "seconds": read.seconds + time.monotonic() - before,
        },
        "training": training,
    }
    return Discovery(graph, plain(record), floor, bool(edges), estimator, getattr(estimator, "reader_", None))


def check_surrogates(surrogates: Any) -> None:
    """Refuse what is no number of surrogates that a floor can be told from, nor 0."""
    if surrogates is None:
        return
    check_whole("surrogates", surrogates, least=0)
    if 0 < surrogates < FEWEST_SURROGATES:
        raise InputError(f"surrogates must be at least {FEWEST_SURROGATES}, or 0 for none; got {surrogates}")


def _windows(estimator: BaseEstimator, panel: Panel) -> Windows:
    """Return the windows that a method with its number of lags sees: of one lag, where it has none."""
    lag = getattr(estimator, "lag_", getattr(estimator, "lag", 1))
    return make_windows(Scaling.of(panel, "pooled").apply(panel), lag if isinstance(lag, int) else 1)


def _worthwhile(places: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    """Return where surrogates are fitted, empty for this process, from the seconds that all take."""
    workers, address = places.get("workers"), places.get("address")
    if workers is None and address is None:
        workers = processors() if seconds > WORTH_WORKERS else 1
    return {} if workers == 1 and address is None else {**places, "workers": workers}


def _course(trained: Any, seconds: float) -> dict[str, Any]:
    """Return the course of training; of a method that computes its scores, that it did."""
    if trained is not None:
        return trained.to_dict()
    return {"steps": 0, "seconds": seconds, "converged": True, "exact": True, "trace": []}


def _chosen(estimator: BaseEstimator) -> dict[str, Any]:
    """Return what a fit chose where a parameter, such as ``"auto"``, left it to it: surrogates are given the same."""
    left = [name for name, value in estimator.get_params(deep=False).items() if isinstance(value, str)]
    found = {name: getattr(estimator, f"{name}_", None) for name in left}
    return {name: value for name, value in found.items() if isinstance(value, str | int | float)}
