"""What is held out when forecasts are judged: whole trajectories, or blocks of time."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from .errors import InputError
from .panel import Panel
from .windows import Windows

FOLDS = 5

ALIKE = 1.25
"""Trajectories count as equally long where the longest has at most so many times the windows of the shortest."""

TOO_MUCH = 2 / 3
"""A trajectory with more than this share of all windows is not held out whole: what is left would be too little."""

Fold = tuple[np.ndarray, np.ndarray]
"""Bool masks (window,) of what is trained on and what is held out."""


def folds(windows: Windows) -> Iterator[Fold]:
    """Yield what is trained on and what is held out, at most ``FOLDS`` times; the middle one may stand for all.

    Whole trajectories are held out together: neighbours where all are about equally long, otherwise dealt so that folds
    have about as many windows each, in whatever order they came. Of a single one, and of one that outweighs all others,
    blocks of time are, and windows that share a point with the block are neither trained on nor held out.

    Raises :class:`InputError` where a single trajectory has too few windows to hold any out.
    """
    trajectories, counts = np.unique(windows.trajectory, return_counts=True)
    if len(trajectories) == 1:
        yield from _blocks(windows)
        return
    longest = windows.trajectory == trajectories[counts.argmax()]
    if counts.max() <= ALIKE * counts.min():
        groups = np.array_split(trajectories, min(FOLDS, len(trajectories)))
    elif longest.mean() > TOO_MUCH and len(windows.subset(longest)) >= _shortest(windows):
        blocks = list(_blocks(windows.subset(longest)))
        others = np.unique(windows.trajectory[~longest], return_counts=True)
        for (seen, unseen), group in zip(blocks, _dealt(*others, len(blocks)), strict=True):
            test = np.isin(windows.trajectory, group)
            train = ~test
            train[longest], test[longest] = seen, unseen
            yield train, test
        return
    else:
        groups = _dealt(trajectories, counts, max(2, min(FOLDS, counts.sum() // counts.max())))
    for group in groups:
        test = np.isin(windows.trajectory, group)
        yield ~test, test


def held_apart(panel: Panel) -> tuple[Panel, Panel]:
    """Return what is trained on and what is held out: every fifth trajectory, of few the middle one, of two the ends.

    For forecasters that read stretches of trajectories, and so have no windows to deal to folds. Either part may be too
    short to cut anything from.
    """
    n = panel.n_trajectories
    if n > 2:
        period = min(FOLDS, n)
        out = np.arange(n) % period == period // 2
        return _some(panel, ~out), _some(panel, out)
    ends = [len(values) - len(values) // FOLDS for values in panel.trajectories]
    before = tuple(values[:end] for values, end in zip(panel.trajectories, ends, strict=True))
    after = tuple(values[end:] for values, end in zip(panel.trajectories, ends, strict=True))
    return replace(panel, trajectories=before), replace(panel, trajectories=after)


def _some(panel: Panel, chosen: np.ndarray) -> Panel:
    kept = np.flatnonzero(chosen)
    return replace(
        panel,
        trajectories=tuple(panel.trajectories[r] for r in kept),
        labels=tuple(panel.labels[r] for r in kept),
    )


def _shortest(windows: Windows) -> int:
    """Return the fewest windows of one trajectory that two blocks of time can be cut from."""
    return 2 * (windows.x.shape[1] + 2)


def _blocks(windows: Windows) -> Iterator[Fold]:
    """Yield folds of the windows of one trajectory, in order of time."""
    lag, shortest = windows.x.shape[1], _shortest(windows)
    if len(windows) < shortest:
        raise InputError(
            f"holding out a part of the record needs at least {shortest} windows at lag {lag}; it has {len(windows)}: "
            "choose a smaller lag, or give what cross-validation would choose"
        )
    for block in np.array_split(windows.time, min(FOLDS, len(windows) // (lag + 2))):
        test = np.isin(windows.time, block)
        train = (windows.time < block[0] - lag) | (windows.time > block[-1] + lag)
        yield train, test


def _dealt(trajectories: np.ndarray, counts: np.ndarray, n_groups: int) -> list[np.ndarray]:
    """Deal trajectories to groups, each to the one with the fewest windows yet, the longest first.

    Groups come by size, the largest first: so the middle one has a middling size, or of two the smaller one.
    """
    groups: list[list[int]] = [[] for _ in range(n_groups)]
    sizes = [0] * n_groups
    for at in np.argsort(-counts, kind="stable"):
        least = sizes.index(min(sizes))
        groups[least].append(trajectories[at])
        sizes[least] += counts[at]
    return [np.array(groups[at]) for at in sorted(range(n_groups), key=lambda group: -sizes[group])]
