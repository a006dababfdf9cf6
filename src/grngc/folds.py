"""What is held out when forecasts are judged: whole trajectories, or blocks of time."""

from collections.abc import Iterator

import numpy as np

from .errors import InputError
from .windows import Windows

FOLDS = 5


def folds(windows: Windows) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield bool masks (window,) of what is trained on and what is held out, at most ``FOLDS`` times.

    Whole trajectories are held out together. Of a single one, blocks of time are, and windows that share a point with
    the block are neither trained on nor held out.

    Raises :class:`InputError` where a single trajectory has too few windows to hold any out.
    """
    trajectories = np.unique(windows.trajectory)
    if len(trajectories) > 1:
        for group in np.array_split(trajectories, min(FOLDS, len(trajectories))):
            test = np.isin(windows.trajectory, group)
            yield ~test, test
        return
    lag = windows.x.shape[1]
    shortest = 2 * (lag + 2)
    if len(windows) < shortest:
        raise InputError(
            f"holding out a part of the record needs at least {shortest} windows at lag {lag}; it has {len(windows)}: "
            "choose a smaller lag, or give what cross-validation would choose"
        )
    for block in np.array_split(windows.time, min(FOLDS, len(windows) // (lag + 2))):
        test = np.isin(windows.time, block)
        train = (windows.time < block[0] - lag) | (windows.time > block[-1] + lag)
        yield train, test
