"""Compute one cell: data by name, fit, score. Runs in a worker; nothing of it is kept but the row it returns."""

import os
import resource
import statistics
import time
import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np

from ..checkpoints import Checkpoints
from ..dataset import Dataset
from ..datasets import digest, load
from ..environment import revision, versions
from ..errors import CheckpointWarning, InputError, InputWarning
from ..graph import CausalGraph
from ..grngc import GRNGC
from ..methods import METHODS
from ..metrics import score
from ..record import standing_out
from ..training import Progress, Record
from .cells import FLOORS, LATER, Cell
from .decisions import decided, decides

EVERY = 10
"""Steps between points of the kept curve."""

WATCHED = 5
"""Steps between the graphs that the best is picked from: reading each of them costs more than training. (Rows without
``oracle.every`` were picked from every step.)"""

TIMED_STEPS = 10
"""Steps of the short fit that times a step where the long one was watched."""


def data_digest(cell: Cell) -> str:
    """Return the digest of the cell's data; :class:`InputError` where the data are not there."""
    return digest(load(cell.dataset, **cell.options))


def compute(cell: Cell, data: str, kept: Checkpoints | None = None) -> dict[str, Any]:
    """Return the cell's row: who it is, what came out, what it took.

    Parameters
    ----------
    cell : Cell
    data : str
        Digest of its data.
    kept : Checkpoints, optional
        Where a long fit keeps its state, to go on from after a kill. Not used where the folder above is not there: on
        a machine that does not share the disk.

    Raises
    ------
    InputError
        The data here are not those of the digest ``data``.
    Exception
        Whatever loading or fitting raises: the cell has failed.
    """
    start = time.monotonic()
    _reset_peak()
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always", InputWarning)
        warnings.simplefilter("ignore", CheckpointWarning)  # a safety copy: the row is the same without
        dataset = load(cell.dataset, **cell.options)
        if (found := digest(dataset)) != data:
            raise InputError(f"{cell.dataset}: the data changed while running: digest {found[:12]}, was {data[:12]}")
        kept = kept if kept is not None and os.path.isdir(kept.folder.parent) else None
        values = _floor(cell, dataset) if cell.method in FLOORS else _fitted(cell, dataset, kept)
    told = sorted({" ".join(str(each.message).split()) for each in seen if issubclass(each.category, InputWarning)})
    return describe(cell, data) | _plain(values) | {
        "status": "ok",
        "warnings": told,
        "wall_seconds": round(time.monotonic() - start + (kept.before if kept is not None else 0.0), 3),
        "peak_memory": _peak(),
        "versions": _versions(),
    }  # fmt: skip


def failed(cell: Cell, data: str, error: BaseException) -> dict[str, Any]:
    """Return the row of a cell that raised."""
    message = " ".join(f"{type(error).__name__}: {error}".split())
    return describe(cell, data) | {"status": "failed", "error": message[:500], "versions": _versions()}


def _versions() -> dict[str, str]:
    """Return the versions of what is installed, and the commit of grngc's own code where it runs from a checkout."""
    found = versions() | {"revision": revision()}
    return {name: version for name, version in found.items() if version is not None}


def describe(cell: Cell, data: str) -> dict[str, Any]:
    """Return what a row says of who it is."""
    return {
        "key": cell.key(data),
        "dataset": cell.dataset,
        "options": dict(cell.options),
        "data": data,
        "method": cell.method,
        "parameters": dict(cell.parameters),
        "seed": cell.seed,
    }


def _floor(cell: Cell, dataset: Dataset) -> dict[str, Any]:
    found: dict[str, Any] = {"metrics": FLOORS[cell.method](dataset)}
    return found | ({"decision": decided(cell.method, None, dataset)} if decides(cell.method) else {})


def _fitted(cell: Cell, dataset: Dataset, kept: Checkpoints | None) -> dict[str, Any]:
    kind = METHODS[cell.method]
    known = kind().get_params(deep=False)
    given = {name: value for name, value in LATER.items() if name in known} | dict(cell.parameters)
    if "random_state" in known:
        given["random_state"] = cell.seed
    estimator, clock, seen = kind(**given), _Clock(), dict[int, np.ndarray]()
    offered: dict[str, Any] = {"progress": clock, "checkpoint": kept}
    if cell.watched:
        offered["snapshot"] = lambda step, scores: seen.update({step: scores.astype(np.float32)})
        offered["snapshot_every"] = WATCHED
    taken = signature(estimator.fit).parameters
    estimator.fit(dataset.panel, **{name: value for name, value in offered.items() if name in taken})
    if cell.watched:
        clock = _Clock()
        kind(**given | {"steps": min(TIMED_STEPS, estimator.steps)}).fit(dataset.panel, progress=clock)
    found = _areas(estimator.graph_, dataset) | _training(estimator, clock)
    if decides(cell.method):
        found["decision"] = decided(cell.method, estimator, dataset)
    if isinstance(estimator, GRNGC):
        found |= {"oracle": _oracle(seen, dataset) if cell.watched else None} | _choices(estimator)
    return found


def _training(estimator: Any, clock: "_Clock") -> dict[str, Any]:
    """Return what a trained method took, as far as it tells: see the attributes of :class:`grngc.GRNGC`."""
    found: dict[str, Any] = {}
    if (forecaster := getattr(estimator, "forecaster_", getattr(estimator, "network_", None))) is not None:
        found["n_parameters"] = sum(parameter.numel() for parameter in forecaster.parameters())
    if (windows := getattr(estimator, "n_windows_", None)) is not None:
        found["n_windows"] = windows
    if (record := getattr(estimator, "record_", None)) is not None:
        found |= {
            "steps": record.steps,
            "seconds_per_step": _seconds_per_step(clock, record),
            "converged": bool(record.converged),
            "score_change": record.score_change,
            "forecast_error": record.trace[-1]["forecast_error"],
        }
    return found


def _choices(estimator: GRNGC) -> dict[str, Any]:
    """Return what GRNGC chose for itself, and how many pairs stand out."""
    above = standing_out(estimator.graph_, estimator.noise_floor_)
    return {
        "chosen": {
            "forecaster": getattr(estimator.choice_.forecaster, "__qualname__", estimator.choice_.forecaster),
            "lag": estimator.choice_.lag,
            "penalty": estimator.penalty_,
            "candidates": list(estimator.choice_.candidates),
            "contemporaneous": asdict(estimator.present_),
        },
        "noise_floor": estimator.noise_floor_,
        "above_floor": len(above),
    }


def _seconds_per_step(clock: "_Clock", record: Record) -> float | None:
    """Return what the clock says; where too little was left to train after a kill, the mean of the whole training."""
    timed = clock.seconds_per_step()
    return record.seconds / record.steps if timed is None and not record.exact else timed


def _areas(graph: CausalGraph, dataset: Dataset) -> dict[str, Any]:
    found = {"metrics": score(graph, dataset), "per_target": score(graph, dataset, per_target=True)}
    if graph.nearness is not None:
        found["scores_only"] = score(replace(graph, nearness=None), dataset)
    return found


def _oracle(seen: Mapping[int, np.ndarray], dataset: Dataset) -> dict[str, Any]:
    """Return the step with the best AUROC of those seen, all its areas, and AUROC and AUPRC along the way."""
    found = {step: score(scores, dataset) for step, scores in seen.items()}
    best = max(found, key=lambda step: found[step]["auroc"])
    shown = [step for step in found if step % EVERY == 0 or step in (min(found), max(found))]
    curve = [[step, round(found[step]["auroc"], 4), round(found[step]["auprc"], 4)] for step in shown]
    return {"step": best, "every": WATCHED, "metrics": found[best], "curve": curve}


class _Clock:
    """A ``progress`` callback that times steps."""

    def __init__(self) -> None:
        self.times: list[tuple[int, float]] = []

    def __call__(self, now: Progress) -> None:
        if now.doing == "training":  # not the trials before it, nor the floor after it
            self.times.append((now.step, time.monotonic()))

    def seconds_per_step(self) -> float | None:
        """Return the median, which a reading half-way does not move; None for fewer than two calls."""
        pairs = zip(self.times, self.times[1:], strict=False)
        each = [(then - before) / (at - since) for (since, before), (at, then) in pairs]
        return statistics.median(each) if each else None


def _plain(value: Any) -> Any:
    """Return JSON's kinds of values; infinity and NaN, which it has not, are None."""
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _reset_peak() -> None:
    """Set the high-water mark of this process's memory to now, where the system can (Linux)."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak() -> int:
    """Return the most memory this process held since then, in bytes."""
    with suppress(OSError):
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
