"""Lag windows of a panel. The one place where the order of lags is turned: index 0 of every lag axis is lag 1."""

from dataclasses import dataclass

import numpy as np

from .arguments import check_whole
from .checks import say
from .errors import InputError
from .panel import Panel


@dataclass(frozen=True, eq=False)
class Windows:
    """The forecasting task of eq. 7-8: what is known, and what follows.

    Attributes
    ----------
    x : array (window, lag, series)
        The past; ``x[:, 0]`` is the most recent step.
    y : array (window, series)
        The step that follows, x_t.
    trajectory, time : int arrays (window,)
        Where ``y`` stands in the panel; with ``cross_boundary``, in all trajectories joined into one.
    """

    x: np.ndarray
    y: np.ndarray
    trajectory: np.ndarray
    time: np.ndarray

    def __len__(self) -> int:
        return len(self.y)

    def subset(self, chosen: np.ndarray) -> "Windows":
        """Return the windows of a mask or of indices."""
        return Windows(self.x[chosen], self.y[chosen], self.trajectory[chosen], self.time[chosen])


def make_windows(panel: Panel, lag: int, *, cross_boundary: bool = False, called: str = "lag") -> Windows:
    """Cut every window of ``lag`` steps and the step after it.

    Windows stay inside their trajectory. ``cross_boundary=True`` joins the trajectories end to end first, as much
    published code does (GRNGC's among it): it adds windows in which the end of one experiment "predicts" the start
    of the next. Windows that hold a missing value are left out.

    Raises :class:`InputError` when no window is left; ``called`` is the parameter's name in it.
    """
    check_whole(called, lag)
    parts = [np.concatenate(panel.trajectories)] if cross_boundary else panel.trajectories
    cut = [_cut(part, lag, index) for index, part in enumerate(parts) if len(part) > lag]
    if not cut:
        longest = max(len(part) for part in parts)
        needed = f"a {called} of {lag} needs at least {lag + 1} points in one trajectory"
        remedy = f"choose a smaller {called} or bring longer trajectories"
        raise InputError(say(panel.origin, f"{needed}; the longest has n_samples = {longest}: {remedy}"))
    x, y, trajectory, time = (np.concatenate(arrays) for arrays in zip(*cut, strict=True))
    whole = np.isfinite(x).all(axis=(1, 2)) & np.isfinite(y).all(axis=1)
    if not whole.any():
        gaps = f"no window of {lag + 1} consecutive points is free of missing values"
        raise InputError(say(panel.origin, f"{gaps}: choose a smaller {called} or fewer series"))
    return Windows(x[whole], y[whole], trajectory[whole], time[whole])


def _cut(values: np.ndarray, lag: int, index: int) -> tuple[np.ndarray, ...]:
    count = len(values) - lag
    past = np.stack([values[lag - 1 - k : lag - 1 - k + count] for k in range(lag)], axis=1)
    return past, values[lag:], np.full(count, index), np.arange(lag, len(values))
