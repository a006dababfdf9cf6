"""From data to a graph a person can judge: all that ``grngc discover`` does, in one call."""

import inspect
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from .arguments import check_whole, listed, nearest
from .checkpoints import Checkpoints, cleared
from .confidence import Assessment, assess, check_rate
from .configurations import parameters_of
from .device import described
from .diagnostics import Diagnostic, diagnose
from .environment import processors, versions
from .errors import InputError
from .execution import check_executor
from .grngc import GRNGC
from .methods import METHODS
from .other_methods import check_surrogates, discover_by
from .panel import as_panel
from .reading import Read, read_data
from .record import conclude, describe, found_beside, path_told, plain, standing_out
from .results import FORMAT_VERSION, Discovery
from .runtime import limited_threads
from .training import Progress

FDR = 0.1

WORTH_WORKERS = 1.0
"""Seconds of one training from which some thirty of them are worth starting processes for."""


def discover(
    X: Any,
    *,
    method: str = "grngc",
    configuration: str = "default",
    confidence: bool | None = None,
    fdr: float | None = None,
    surrogates: int | None = None,
    threads: int = 1,
    workers: int | None = None,
    executor: str = "local",
    address: str | None = None,
    progress: Callable[[Progress], None] | None = None,
    checkpoint: Checkpoints | Path | str | None = None,
    **options: Any,
) -> Discovery:
    """Find which series drives which.

    Parameters
    ----------
    X : path, Panel, or anything :func:`grngc.as_panel` takes
        A path is read by :func:`grngc.read_panel`.
    method : str
        A name in ``grngc.methods.METHODS``. All but ``"grngc"`` give their graph and a noise floor from surrogates
        of their own (:mod:`grngc.chance`), above which edges stand out; no ``confidence``, no ``checkpoint``.
    configuration : str
        A name in ``grngc.configurations.CONFIGURATIONS``: the parameters of GRNGC to start from.
    confidence : bool, optional
        Say how sure each edge is (:mod:`grngc.confidence`), and select edges by that. Without it edges are those whose
        score is above the noise floor, and a trained forecaster is trained once instead of some thirty times. None:
        where the method is GRNGC, whose own it is.
    fdr : float, optional
        Share of the selected edges that may be wrong, on average; None: 0.1. Of GRNGC.
    surrogates : int, optional
        Of methods other than GRNGC: how often the method is fitted on unrelated series, for the noise floor. None: 10,
        or 5 where the method trains; 0: no floor, and nothing stands out.
    threads : int
        Threads to compute with, inside this call. More than one pay off for hundreds of series on idle processors;
        on busy ones they wait for each other and take many times as long. The graph may differ in its last digits.
    workers, executor, address
        Where forecasters are trained on parts of the record for ``confidence``, or on surrogates, as in
        :func:`grngc.execution.run`.
        ``workers=None``: all processors where that pays. The result does not depend on it.
    progress : callable, optional
        Called about a hundred times a training, once where the forecaster is solved for, with a
        :class:`~grngc.training.Progress`, which says what for.
    checkpoint : path or Checkpoints, optional
        Folder for the state of a long run, so that it goes on after a kill; see :meth:`grngc.GRNGC.fit`.
    **options
        Of :func:`grngc.as_panel` (``trajectory``, ``transform``, ...) and of the method's estimator, such as
        :class:`grngc.GRNGC` (``lag``, ``forecaster``, ``penalty``, ...); these go before what ``configuration`` says.
        ``random_state`` is also that of surrogates.

    Returns
    -------
    Discovery

    Raises
    ------
    InputError
        The data or an option cannot be used.
    DivergenceError
        Training ran away; there is no graph.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=(300, 2))
    >>> x[1:, 1] += 0.8 * x[:-1, 0]  # the first series drives the second
    >>> discover(x, names=["rain", "river"], steps=200).record["conclusion"]
    '1 of 2 ordered pairs stands out: rain -> river (lag 1, +).'
    """
    of_data, of_estimator = sorted_options(options, method)
    check_executor(executor, address)
    if workers is not None:
        check_whole("workers", workers)
    places = {"workers": workers, "executor": executor, "address": address}
    if method != "grngc":
        _check_others(method, configuration=configuration, confidence=confidence, fdr=fdr, checkpoint=checkpoint)
        check_surrogates(surrogates)
        estimator, seed = _estimator_of(method, of_estimator)
        return discover_by(
            read_data(X, of_data), method, estimator, surrogates=surrogates, random_state=seed,
            places=places, threads=threads, progress=progress,
        )  # fmt: skip
    if surrogates is not None:
        raise InputError("surrogates= is for methods other than grngc, whose floor and confidence have their own")
    read = read_data(X, of_data)
    parameters = parameters_of(configuration, of_estimator)
    fdr = FDR if fdr is None else fdr
    check_rate(fdr)
    return discover_in(
        read, configuration, parameters, fdr=None if confidence is False else fdr, places=places,
        threads=threads, progress=progress, checkpoint=checkpoint,
    )  # fmt: skip


def discover_in(
    read: Read,
    configuration: str,
    parameters: Mapping[str, Any],
    *,
    fdr: float | None = None,
    places: Mapping[str, Any] | None = None,
    threads: int = 1,
    progress: Callable[[Progress], None] | None = None,
    checkpoint: Checkpoints | Path | str | None = None,
) -> Discovery:
    """Find which series drives which in data that were read; ``parameters`` of GRNGC, which has that name.

    Without ``fdr`` nothing is said of how sure edges are.
    """
    estimator, panel, before = GRNGC(**parameters), read.panel, time.monotonic()
    kept = Checkpoints(checkpoint) if isinstance(checkpoint, Path | str) else checkpoint
    with limited_threads(threads):
        estimator.fit(panel, progress=progress, checkpoint=kept)
        path = path_told(estimator)
        fitted_in = time.monotonic() - before
        diagnostics, begin = _diagnosed(estimator), time.monotonic()
        assessed, sure = (None, None) if fdr is None else _assessed(estimator, fdr, places or {}, progress, kept)
        assessed_in = time.monotonic() - begin
    if kept is not None:
        fitted_in += kept.before
        if kept is not checkpoint:
            cleared(kept)
    graph, floor, training = estimator.graph_, estimator.noise_floor_, estimator.record_.to_dict()
    if assessed is not None:
        graph = replace(graph, evidence=assessed.evidence)
    edges = standing_out(graph, floor)
    required = np.zeros_like(graph.pairs()) if graph.required is None else graph.required
    found = found_beside(graph, edges)
    record = {
        "format_version": FORMAT_VERSION,
        "conclusion": conclude(
            graph, floor, edges, training, estimator.n_windows_, None if assessed is None else assessed.fdr
        ),
        "trustworthy": bool(found),
        "converged": training["converged"],
        "noise_floor": floor,
        "edges_above_noise_floor": int((graph.above(floor) & ~required).sum()),
        "method": "grngc",
        "confidence": sure,
        "configuration_name": configuration,
        "configuration": estimator.get_params(deep=False),
        "choice": {
            "forecaster": estimator.choice_.forecaster,
            "lag": estimator.choice_.lag,
            "hidden": estimator.recipe_.options.get("hidden"),
            "penalty": estimator.penalty_,
            "candidates": estimator.choice_.candidates,
            "contemporaneous": asdict(estimator.present_),
        },
        "penalty_path": path,
        "rules": estimator.rules_.told(),
        "seed": estimator.random_state,
        "device": described(estimator.device_),
        "data": describe(panel) | {"windows": estimator.n_windows_},
        "warnings": read.warnings,
        "diagnostics": [asdict(one) for one in diagnostics],
        "versions": versions(),
        "threads": threads,
        "timings": {
            "started": read.started.isoformat(timespec="seconds"),
            "seconds_reading": read.seconds,
            "seconds_choosing": estimator.choice_.seconds,
            "seconds_fitting": fitted_in,  # with candidates, noise floor, what came before a kill
            "seconds_confidence": assessed_in,
            "seconds": read.seconds + time.monotonic() - before,
        },
        "training": training,
    }
    return Discovery(graph, plain(record), floor, bool(found), estimator, estimator.reader_)


def _assessed(
    estimator: GRNGC,
    fdr: float,
    places: Mapping[str, Any],
    progress: Callable[[Progress], None] | None,
    checkpoints: Checkpoints | None,
) -> tuple[Assessment | None, dict[str, Any]]:
    """Return how sure the edges are, None where that cannot be said, and what the record tells of it."""
    workers = places.get("workers")
    if workers is None and places.get("address") is None:
        workers = processors() if estimator.record_.seconds > WORTH_WORKERS else 1
    there = dict(places) | {"workers": workers}
    alone = workers == 1 and places.get("address") is None
    try:
        found = assess(estimator, fdr=fdr, places={} if alone else there, progress=progress, checkpoints=checkpoints)
    except InputError as error:
        return None, {"skipped": str(error)}
    names, gain = estimator.graph_.names, found.gain
    gained = {name: {"saves": saves, "p": p} for name, saves, p in zip(names, gain.saves, gain.p, strict=True)}
    return found, {
        "fdr": found.fdr,
        "tested": int(np.isfinite(found.evidence.p).sum()),
        "selected": int(found.evidence.selected.sum()),
        **found.told,
        "forecast_gain": {"saves": gain.saves_in_all, "p": gain.p_in_all, "targets": gained},
    }


def _diagnosed(estimator: GRNGC) -> list[Diagnostic]:
    """Return what makes the graph of a fit hard to trust."""
    reader = estimator.reader_
    windows = reader.windows()
    return diagnose(estimator.panel_, windows, reader.errors(windows), present_used=estimator.present_.used)


def sorted_options(options: Mapping[str, Any], method: str = "grngc") -> tuple[dict[str, Any], dict[str, Any]]:
    """Tell the options of the data from those of the method's estimator; refuse others, with the nearest known."""
    if not isinstance(method, str) or method not in METHODS:
        raise InputError(f"no method {method!r}{nearest(str(method), METHODS)}")
    of_data = set(inspect.signature(as_panel).parameters) - {"X"}
    own = list(METHODS[method]().get_params(deep=False))
    known = {*own, "random_state"}
    for name in options:
        if name in of_data | known:
            continue
        if method == "grngc":
            raise InputError(f"no option {name!r}{nearest(name, sorted(of_data | known))}")
        raise InputError(f"{method} has no option {name!r}; it has {listed(own, 40) or 'none'}, and those of the data")
    return (
        {name: value for name, value in options.items() if name in of_data},
        {name: value for name, value in options.items() if name in known},
    )


def _check_others(method: str, **asked: Any) -> None:
    """Refuse what GRNGC alone offers."""
    for name, nothing in {"configuration": "default", "confidence": False, "fdr": None, "checkpoint": None}.items():
        if asked[name] is not None and asked[name] != nothing:
            raise InputError(f"{name}= is GRNGC's own: {method} has none; leave it out, or take method='grngc'")


def _estimator_of(method: str, parameters: Mapping[str, Any]) -> tuple[BaseEstimator, int]:
    """Return the method's estimator, and the seed: also of a method that draws nothing, for its surrogates."""
    seed = parameters.get("random_state", 0)
    check_whole("random_state", seed, least=0)
    known = METHODS[method]().get_params(deep=False)
    return METHODS[method](**{name: value for name, value in parameters.items() if name in known}), int(seed)
