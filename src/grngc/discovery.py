"""From data to a graph a person can judge: all that ``grngc discover`` does, in one call."""

import inspect
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from .arguments import check_whole, nearest
from .checkpoints import Checkpoints, cleared
from .confidence import Assessment, assess, check_rate
from .configurations import parameters_of
from .datasets.files import read_panel
from .device import described
from .diagnostics import Diagnostic, diagnose
from .environment import processors, versions
from .errors import InputError, InputWarning
from .execution import check_executor
from .grngc import GRNGC
from .panel import Panel, as_panel
from .record import conclude, describe, found_beside, path_told, plain, standing_out
from .results import FORMAT_VERSION, Discovery
from .training import Progress

MOST_THREADS = 1024

WORTH_WORKERS = 1.0
"""Seconds of one training from which some thirty of them are worth starting processes for."""


def discover(
    X: Any,
    *,
    configuration: str = "default",
    confidence: bool = True,
    fdr: float = 0.1,
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
    configuration : str
        A name in ``grngc.configurations.CONFIGURATIONS``: the parameters to start from.
    confidence : bool
        Say how sure each edge is (:mod:`grngc.confidence`), and select edges by that. Without it edges are those whose
        score is above the noise floor, and a trained forecaster is trained once instead of some thirty times.
    fdr : float
        Share of the selected edges that may be wrong, on average.
    threads : int
        Threads to compute with, inside this call. More than one pay off for hundreds of series on idle processors;
        on busy ones they wait for each other and take many times as long. The graph may differ in its last digits.
    workers, executor, address
        Where forecasters are trained on parts of the record for ``confidence``, as in :func:`grngc.execution.run`.
        ``workers=None``: all processors where that pays. The result does not depend on it.
    progress : callable, optional
        Called about a hundred times a training, once where the forecaster is solved for, with a
        :class:`~grngc.training.Progress`, which says what for.
    checkpoint : path or Checkpoints, optional
        Folder for the state of a long run, so that it goes on after a kill; see :meth:`grngc.GRNGC.fit`.
    **options
        Of :func:`grngc.as_panel` (``trajectory``, ``transform``, ...) and of :class:`grngc.GRNGC` (``lag``,
        ``forecaster``, ``penalty``, ...); these go before what ``configuration`` says.

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
    of_data, of_estimator = sorted_options(options)
    read = read_data(X, of_data)
    parameters = parameters_of(configuration, of_estimator)
    check_rate(fdr)
    check_executor(executor, address)
    if workers is not None:
        check_whole("workers", workers)
    places = {"workers": workers, "executor": executor, "address": address}
    return discover_in(
        read, configuration, parameters, fdr=fdr if confidence else None, places=places,
        threads=threads, progress=progress, checkpoint=checkpoint,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Read:
    """Data as they were read: the panel, the warnings it gave, and when and in how many seconds that was."""

    panel: Panel
    warnings: list[str]
    started: datetime
    seconds: float


def read_data(X: Any, options: Mapping[str, Any]) -> Read:
    """Read a file, or check data; options of :func:`grngc.as_panel`."""
    started, clock = datetime.now(UTC), time.monotonic()
    with _warnings_noted() as noted:
        panel = (read_panel if isinstance(X, str | Path) else as_panel)(X, **options)
    return Read(panel, noted, started, time.monotonic() - clock)


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
    with _threads(threads):
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


def sorted_options(options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Tell the options of the data from those of the estimator; refuse others, with the nearest known."""
    of_data = set(inspect.signature(as_panel).parameters) - {"X"}
    of_estimator = set(GRNGC().get_params())
    for name in options:
        if name not in of_data | of_estimator:
            raise InputError(f"no option {name!r}{nearest(name, sorted(of_data | of_estimator))}")
    return (
        {name: value for name, value in options.items() if name in of_data},
        {name: value for name, value in options.items() if name in of_estimator},
    )


@contextmanager
def _warnings_noted() -> Iterator[list[str]]:
    """Collect the texts of input warnings for the record, and pass all warnings on."""
    texts: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", InputWarning)
        yield texts
    for warning in caught:
        if issubclass(warning.category, InputWarning):
            texts.append(str(warning.message))
        warnings.warn(warning.message, warning.category, stacklevel=5)


@contextmanager
def _threads(threads: int) -> Iterator[None]:
    """Let torch and the linear algebra below NumPy compute with so many threads inside the block only."""
    check_whole("threads", threads)
    if threads > MOST_THREADS:
        raise InputError(f"threads must be at most {MOST_THREADS}; got {threads}")
    before = torch.get_num_threads()
    with threadpool_limits(int(threads)):
        torch.set_num_threads(int(threads))
        try:
            yield
        finally:
            torch.set_num_threads(before)
