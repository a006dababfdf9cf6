"""How series move: like a random walk, along a line, smoothly from step to step, or the same as another.

Trajectories are arrays (time, series), with NaN in gaps.
"""

import math
from collections.abc import Sequence

import numpy as np

from .unit_roots import centred, course

UNIT_ROOT, MOST_UNIT_ROOT = 0.55, 20.0
"""A series moves like a random walk where Dickey and Fuller's ``n (1 - rho)`` is below ``UNIT_ROOT sqrt(n)``, and below
the most: three of four random walks of 200 points are, 19 of 20 of a thousand, an autoregression of 0.9 hardly ever."""

STATIONARY = 25.0
"""The same around a line, above which a series that follows the line is taken to return to it."""

TREND_SHARE, TREND_T = 0.5, 6.0
"""Share of a series' variance along a straight line, and the slope over its standard error, that make a trend."""

ALIKE = 0.999
"""Correlation of two series, and of their steps, from which on they are one."""

SMOOTH = 0.95
"""Autocorrelation of a series' steps from which on each repeats the one before."""

REPEATED = 0.5
"""Autocorrelation of steps some way apart below which they no longer repeat each other."""


def slow(trajectories: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Tell trends from random walks: of a series that follows a line, what is left around it is looked at.

    Returns
    -------
    share, returns : array (series,)
        Of variance on a line; ``n (1 - rho)`` about what the series was held against, line or level.
    trending, walking : bool array (series,)
    """
    share, t, level, line = (
        np.median(values, axis=0) for values in zip(*(course(values) for values in trajectories), strict=True)
    )
    following = (share > TREND_SHARE) & (np.abs(t) > TREND_T)
    n = float(np.median([len(values) for values in trajectories]))
    walking = np.where(following, line < STATIONARY, level < min(UNIT_ROOT * math.sqrt(n), MOST_UNIT_ROOT))
    return share, np.where(following, line, level), following & ~walking, walking


def smooth(trajectories: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray, int | None]:
    """Tell steps that repeat the step before, as those of a smooth curve do and a random walk's do not.

    Returns
    -------
    again : array (series,)
        Autocorrelation of steps.
    found : bool array (series,)
        Series of which it is that of a smooth curve.
    every : int or None
        Steps apart that no longer repeat each other; None where no more than half of the series are smooth.
    """
    steps = [centred(np.diff(values, axis=0)) for values in trajectories]
    total = np.maximum(sum(np.square(each).sum(axis=0) for each in steps), 1e-300)

    def repeated(k: int) -> np.ndarray:
        return sum((each[k:] * each[: len(each) - k]).sum(axis=0) for each in steps) / total

    again = repeated(1)
    found = again > SMOOTH
    if found.sum() <= len(found) / 2:
        return again, found, None
    last = min(len(each) for each in steps) // 2
    return again, found, next((k for k in range(2, last) if np.median(repeated(k)[found]) < REPEATED), last)


def same(trajectories: Sequence[np.ndarray]) -> np.ndarray:
    """Mask (series, series) of those that are one, in levels and in steps."""
    steps = np.concatenate([np.diff(values, axis=0) for values in trajectories])
    return (np.abs(correlation(np.concatenate(trajectories))) > ALIKE) & (np.abs(correlation(steps)) > ALIKE)


def correlation(values: np.ndarray) -> np.ndarray:
    """Return the correlations (series, series), gaps at the mean."""
    level = centred(values)
    size = np.sqrt(np.square(level).sum(axis=0))
    level = level / np.where(size > 0, size, 1)
    return level.T @ level
