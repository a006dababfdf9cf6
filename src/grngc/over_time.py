"""The gradient before it is averaged: which couplings act when."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .arguments import nearest
from .errors import InputError

if TYPE_CHECKING:
    import pandas


MOST_OVER_TIME = 2**30
"""Bytes that a gradient over time may take where nothing else is said."""


@dataclass(frozen=True, eq=False)
class OverTime:
    """The input gradient of every window (eq. 10), of which a graph's scores are the mean size.

    A window's gradient says how the forecast of *target* at that moment moves with *source* some steps before, the rest
    of the past as it was. It changes from window to window only with that past: the forecaster is one function for the
    whole record, so a coupling that is switched by something no series shows is averaged over, not followed.

    Attributes
    ----------
    gradient : array (window, target, lag, source)
        In the units of :attr:`grngc.CausalGraph.scores`. For ``linear`` the same in every window.
    trajectory : array of str (window,)
        Label of the trajectory in which the window's target step stands.
    time : int array (window,)
        That step, counted from 0 in its trajectory as it was fitted: differences and the like take the first points
        off. Windows with missing values are left out.
    targets, sources : tuple of str
        Series, the order of their axes.
    lags : tuple of int
        Steps back, the order of the lag axis; 1 is the most recent.

    Examples
    --------
    ``mean(|gradient|)`` over windows is ``lag_scores``, and the mean of the gradient is ``signs``. A labelled array for
    those who have xarray: ``xarray.DataArray(found.gradient, found.axes)``.
    """

    gradient: np.ndarray
    trajectory: np.ndarray
    time: np.ndarray
    targets: tuple[str, ...]
    lags: tuple[int, ...]
    sources: tuple[str, ...]

    def __post_init__(self) -> None:
        shape = (len(self.time), len(self.targets), len(self.lags), len(self.sources))
        if self.gradient.shape != shape or len(self.trajectory) != len(self.time):
            raise InputError(f"a gradient over time of these labels is {shape}; got {self.gradient.shape}")

    @property
    def axes(self) -> dict[str, list]:
        """The axes of ``gradient`` in order, by name, with their labels; windows by (trajectory, time)."""
        windows = list(zip(self.trajectory.tolist(), self.time.tolist(), strict=True))
        return {"window": windows, "target": [*self.targets], "lag": [*self.lags], "source": [*self.sources]}

    def between(self, source: str, target: str) -> np.ndarray:
        """Return the gradient of one ordered pair, (window, lag)."""
        if source not in self.sources or target not in self.targets:
            raise InputError(f"no {source!r} -> {target!r} here: sources are {self.sources}, targets {self.targets}")
        return self.gradient[:, self.targets.index(target), :, self.sources.index(source)]

    def to_frame(self) -> "pandas.DataFrame":
        """Return a row for each window, target, lag and source: trajectory, time, source, target, lag, gradient."""
        import pandas as pd

        n, j, k, i = (index.ravel() for index in np.indices(self.gradient.shape))
        return pd.DataFrame(
            {
                "trajectory": self.trajectory[n],
                "time": self.time[n],
                "source": np.array(self.sources, dtype=object)[i],
                "target": np.array(self.targets, dtype=object)[j],
                "lag": np.array(self.lags)[k],
                "gradient": self.gradient.ravel(),
            }
        )


def chosen_series(which: str, asked: str | Sequence[str] | None, known: Sequence[str]) -> tuple[str, ...]:
    """Return the series that were asked for, all for None; refuse none, and others than are there."""
    names = tuple(known) if asked is None else (asked,) if isinstance(asked, str) else tuple(asked)
    for name in names:
        place_of(which, name, known)
    if not names:
        raise InputError(f"{which}= names no series: leave it out for all of them")
    return names


def place_of(which: str, name: str, known: Sequence[str]) -> int:
    """Return the place of a series among those there are; refuse what is none."""
    if name not in known:
        raise InputError(f"no {which} {name!r}{nearest(str(name), known)}")
    return known.index(name)


def chosen_lags(asked: int | Sequence[int] | None, n_lags: int) -> tuple[int, ...]:
    """Return the lags that were asked for, all for None; refuse none, and others than were read."""
    known = range(1, n_lags + 1)
    lags = known if asked is None else np.atleast_1d(asked).tolist()
    if not lags or not set(lags) <= set(known):
        raise InputError(f"lag is a whole number from 1 to {n_lags}, or several; got {asked!r}")
    return tuple(lags)
