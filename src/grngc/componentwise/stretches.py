"""Stretches of trajectories for recurrent networks: inputs, and at each of them what follows a step later.

Time runs forwards here, the oldest step first, as a recurrent network reads it; lags are :mod:`grngc.windows`'.
"""

from dataclasses import dataclass

import numpy as np

from ..arguments import check_whole
from ..checks import say
from ..errors import InputError
from ..panel import Panel


@dataclass(frozen=True, eq=False)
class Stretches:
    """Parts of trajectories, each read from a fresh state.

    Attributes
    ----------
    x, y : array (window, time, series)
        Inputs and, at the same index, what follows one step later. 0 behind the end of a short one.
    counted : bool array (window, time)
        Where there are any; never behind the end.
    """

    x: np.ndarray
    y: np.ndarray
    counted: np.ndarray

    def __len__(self) -> int:
        return len(self.x)


def make_stretches(panel: Panel, context: int, *, stride: int | None = None) -> Stretches:
    """Cut stretches of ``context`` steps, inside a trajectory and free of missing values.

    Parameters
    ----------
    panel : Panel
    context : int
        Longest past that a forecast sees.
    stride : int, optional
        Steps from the start of one stretch to that of the next, at most ``context``. None: ``context``, so that every
        step is forecast once, from one to ``context`` steps of its past. 1: all stretches there are, as published;
        most steps are then forecast ``context`` times.

    Raises
    ------
    InputError
        No two consecutive points are free of missing values.
    """
    check_whole("context", context)
    stride = context if stride is None else stride
    check_whole("stride", stride)
    if stride > context:
        raise InputError(f"stride must be at most the context, or steps are left out; got {stride} for {context}")
    cut = [part for values in panel.trajectories for run in _runs(values) for part in _cut(run, context, stride)]
    if not cut:
        raise InputError(say(panel.origin, "no two consecutive points are free of missing values: choose fewer series"))
    longest = max(len(part) - 1 for part in cut)
    x = np.zeros((len(cut), longest, panel.n_series))
    y, counted = np.zeros_like(x), np.zeros(x.shape[:2], dtype=bool)
    for at, part in enumerate(cut):
        n = len(part) - 1
        x[at, :n], y[at, :n], counted[at, :n] = part[:-1], part[1:], True
    return Stretches(x, y, counted)


def _runs(values: np.ndarray) -> list[np.ndarray]:
    """Return the parts (time, series) between missing values."""
    whole = np.isfinite(values).all(axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], whole, [False]]).astype(int)))
    return [values[start:end] for start, end in edges.reshape(-1, 2)]


def _cut(run: np.ndarray, context: int, stride: int) -> list[np.ndarray]:
    """Return parts of at most ``context + 1`` points of which every step is in one."""
    steps = len(run) - 1
    if steps < 1:
        return []
    starts = list(range(0, max(steps - context, 0) + 1, stride))
    if starts[-1] + context < steps:
        starts.append(starts[-1] + stride)
    return [run[start : start + context + 1] for start in starts]
