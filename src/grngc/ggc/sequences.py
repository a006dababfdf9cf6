"""What GGC trains on: windows of consecutive steps, and the same windows one step later."""

from dataclasses import dataclass

import numpy as np

from ..arguments import check_whole
from ..errors import InputError
from ..panel import Panel
from ..windows import make_windows

LONGEST = 20
"""Steps of a window where nothing else is said, unless there are fewer series."""


@dataclass(frozen=True, eq=False)
class Sequences:
    """Windows in order of time, the oldest step first.

    Attributes
    ----------
    x : array (window, time, series)
        What is known.
    y : array (window, time, series)
        The same one step later.
    trajectory, time : int arrays (window,)
        Where the last step of ``y`` stands in the panel.
    """

    x: np.ndarray
    y: np.ndarray
    trajectory: np.ndarray
    time: np.ndarray

    def __len__(self) -> int:
        return len(self.x)

    def subset(self, chosen: np.ndarray) -> "Sequences":
        """Return the windows of a mask or of indices."""
        return Sequences(self.x[chosen], self.y[chosen], self.trajectory[chosen], self.time[chosen])

    def n_forecast(self) -> int:
        """Return how many different steps are forecast: windows overlap."""
        ends = np.stack([self.trajectory, self.time], axis=1)[:, None]
        steps = ends - [[[0, back] for back in range(self.x.shape[1])]]
        return len(np.unique(steps.reshape(-1, 2), axis=0))


def cut_sequences(panel: Panel, window: int, *, stride: int = 1, cross_boundary: bool = False) -> Sequences:
    """Cut every ``stride``-th window of a trajectory; windows that hold a missing value are left out.

    Trajectories that are too short for a window give none; where all are, and where every window has a gap, it is an
    :class:`InputError`.
    """
    check_whole("stride", stride)
    cut = make_windows(panel, window, cross_boundary=cross_boundary, called="window")
    past = cut.x[:, ::-1].copy()
    found = Sequences(past, np.concatenate([past[:, 1:], cut.y[:, None]], axis=1), cut.trajectory, cut.time)
    return found if stride == 1 else found.subset((cut.time - window) % stride == 0)


def default_window(panel: Panel, longest: int) -> int:
    """Return p, the number of series, as the paper has it, but no more than 20 steps, nor than fit: at least 1.

    ``longest`` is the number of points of the longest trajectory that may be cut.
    """
    return max(1, min(panel.n_series, LONGEST, longest - 1))


def joined_length(panel: Panel, cross_boundary: bool) -> int:
    """Return the number of points of the longest trajectory, or of all joined."""
    lengths = [len(values) for values in panel.trajectories]
    return sum(lengths) if cross_boundary else max(lengths)


def check_window(window: int | None) -> None:
    """Refuse what is neither a whole number from 1 nor None."""
    if window is not None:
        try:
            check_whole("window", window)
        except InputError as error:
            raise InputError(f"{error}; or None: as many steps as series, at most {LONGEST}") from None
