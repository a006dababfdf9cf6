"""Forecasters trained again on parts of the record, side by side where training takes time."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from ..checkpoints import Checkpoints
from ..errors import DivergenceError
from ..execution import Job, run
from ..fitting import forecast_of
from ..forecasters import Recipe, build_forecaster
from ..task import Task
from ..training import Progress
from ..windows import Windows

DOING = "fitting parts of the record"
"""What progress is told."""

Key = tuple[str, int]


class Refit(NamedTuple):
    """A trained forecaster, and its scores and signs (target, lag, source), in float32: there are dozens of them."""

    forecaster: nn.Module
    lag_scores: np.ndarray
    signs: np.ndarray

    def forecast(self, x: np.ndarray) -> np.ndarray:
        """Return the forecasts (window, series) of scaled windows (window, lag, series)."""
        return forecast_of(self.forecaster, x)


@dataclass(frozen=True, eq=False)
class Refits:
    """What is trained again, and where.

    Attributes
    ----------
    task : Task
    recipe : Recipe
    windows : Windows
        All of the record's.
    places : mapping
        ``workers, executor, address`` of :func:`grngc.execution.run`; empty: in this process, one after the other.
    progress : callable, optional
        Told once for each part that has ended.
    checkpoints : Checkpoints, optional
        What was trained is kept there, so that after a kill only the rest is trained again.
    """

    task: Task
    recipe: Recipe
    windows: Windows
    places: Mapping[str, Any] = field(default_factory=dict)
    progress: Callable[[Progress], None] | None = None
    checkpoints: Checkpoints | None = None

    def on(self, parts: Mapping[Key, np.ndarray]) -> dict[Key, Refit | None]:
        """Return what was trained on each part (a mask of windows), each from a seed of its own.

        None where training diverged.
        """
        task = replace(self.task, progress=None, checkpoints=None)
        solved = self.recipe.choice == "linear"
        found: dict[Key, Refit | None] = {}
        jobs = []
        for number, (key, mask) in enumerate(parts.items()):
            state = None if solved else self._kept(number)
            if state is not None:
                found[key] = _refit(self.recipe, state, task)
                continue
            arguments = (task, self.recipe, self.windows.subset(mask), task.given["random_state"] + 1 + number)
            jobs.append(Job((number, key), _states if not solved else _solve, arguments))
        begin, before = time.monotonic(), len(found)
        for (number, key), outcome in _run(jobs, {} if solved or self.task.device.type != "cpu" else self.places):
            if isinstance(outcome, BaseException):
                raise outcome
            if not solved:
                self._keep(number, outcome)
                outcome = _refit(self.recipe, outcome, task)
            found[key] = outcome
            if self.progress is not None:
                left = (time.monotonic() - begin) / (len(found) - before) * (len(parts) - len(found))
                self.progress(Progress(len(found), len(parts), math.nan, math.nan, math.nan, left, DOING))
        return {key: found[key] for key in parts}

    def _kept(self, number: int) -> dict[str, Any] | None:
        if self.checkpoints is None or not self.checkpoints.usable:
            return None
        try:
            return self.checkpoints.read(_file(number))
        except (OSError, ValueError):
            return None  # not there, or of no use: it is trained again

    def _keep(self, number: int, state: Mapping[str, Any]) -> None:
        if self.checkpoints is None or not self.checkpoints.usable:
            return
        try:
            self.checkpoints.write(_file(number), state)
        except OSError as error:
            self.checkpoints.tell(error)


def _file(number: int) -> str:
    return f"confidence-{number:03d}.pt"


def _run(jobs: list[Job], places: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Run jobs in this process, where what a job raises is raised, or where it was said, where that is its outcome."""
    if places and len(jobs) > 1:
        yield from run(jobs, **places)
        return
    for job in jobs:
        yield job.key, job.function(*job.arguments)


def _solve(task: Task, recipe: Recipe, windows: Windows, seed: int) -> Refit:
    fitted = replace(task, given=dict(task.given) | {"random_state": seed}).fit(recipe, windows)
    return Refit(fitted.forecaster, fitted.lag_scores.astype(np.float32), fitted.signs.astype(np.float32))


def _states(task: Task, recipe: Recipe, windows: Windows, seed: int) -> dict[str, Any]:
    """Train in a worker, and return what can be sent and kept: tensors and plain values."""
    try:
        found = _solve(task, recipe, windows, seed)
    except DivergenceError:
        return {"diverged": True}
    state = {name: value.detach().cpu() for name, value in found.forecaster.state_dict().items()}
    arrays = {"lag_scores": torch.tensor(found.lag_scores), "signs": torch.tensor(found.signs)}
    return {"diverged": False, "state": state, **arrays}


def _refit(recipe: Recipe, state: Mapping[str, Any], task: Task) -> Refit | None:
    if state["diverged"]:
        return None
    with torch.random.fork_rng(devices=[]):
        forecaster = build_forecaster(recipe)
    forecaster.load_state_dict(state["state"])
    return Refit(forecaster.to(task.device).eval(), state["lag_scores"].numpy(), state["signs"].numpy())
