"""How often a pair is found again in halves of the record: stability selection.

The record is cut into pieces, whole trajectories or blocks of time, and dealt into two halves, again and again; a
forecaster is trained on each half from a seed of its own. A pair's frequency is the share of halves in which it is
among the strongest, as many as the whole record gives.

References
----------
N. Meinshausen, P. Bühlmann, Stability selection, J. R. Stat. Soc. B 72 (2010).
R. Shah, R. Samworth, Variable selection with error control: another look at stability selection, J. R. Stat. Soc. B 75
(2013): both halves of a split.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..windows import Windows

SPLITS = {True: 25, False: 10}
"""Splits into two halves, where the forecaster is solved for, and where it is trained."""

PIECES = 20
"""Blocks that the time of a record of fewer trajectories is cut into, at most; each of at least twice the lag, and
five, windows."""

INTERVAL = 0.9


def halves(windows: Windows, splits: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Return ``2 splits`` masks of windows: both halves of each split, in turn."""
    piece = _pieces(windows)
    number = int(piece.max()) + 1
    masks = []
    for _ in range(splits):
        first = np.isin(piece, rng.permutation(number)[: number // 2])
        masks += [first, ~first]
    return masks


def _pieces(windows: Windows) -> np.ndarray:
    """Return the number of the piece that each window is in: a trajectory, or a block of time of one."""
    labels, which, sizes = np.unique(windows.trajectory, return_inverse=True, return_counts=True)
    if len(labels) >= PIECES:
        return which
    shortest = max(5, 2 * windows.x.shape[1])
    each = max(1, -(-PIECES // len(labels)))
    piece, first = np.empty(len(windows), dtype=int), 0
    for label, size in enumerate(sizes):
        blocks = int(np.clip(size // shortest, 1, each))
        inside = np.flatnonzero(which == label)
        piece[inside] = first + np.arange(size) * blocks // size
        first += blocks
    return piece


class Stability(NamedTuple):
    """What halves of the record agree on, arrays (target, source); see :class:`grngc.evidence.Evidence`."""

    frequency: np.ndarray
    low: np.ndarray
    high: np.ndarray
    lag_frequency: np.ndarray
    sign_frequency: np.ndarray


def stability(
    scores: np.ndarray,
    signed: np.ndarray,
    found: Sequence[tuple[np.ndarray, np.ndarray]],
    *,
    strongest: int,
    among: np.ndarray,
) -> Stability:
    """Count in how many halves pairs are found again.

    Parameters
    ----------
    scores : array (target, source)
        Of the whole record.
    signed : array (target, lag, source)
        The signed parts that they are made of.
    found : sequence of (array, array)
        The same of each half.
    strongest : int
        Pairs that count as found in a half, at most: those with the largest scores, above 0.
    among : bool array (target, source)
        Pairs that are statements.
    """
    share, half_scores = np.zeros(scores.shape), np.stack([each for each, _ in found])
    for each in half_scores:
        values = np.where(among & (each > 0), each, -np.inf)
        cut = np.sort(values, axis=None)[-strongest] if strongest else np.inf
        share += (values >= cut) & np.isfinite(values)
    deviation = half_scores - np.median(half_scores, axis=0)
    low, high = np.quantile(deviation, [(1 - INTERVAL) / 2, (1 + INTERVAL) / 2], axis=0)
    lag, sign = _largest(signed), np.sign(_at(signed, _largest(signed)))
    same_lag = np.mean([_largest(each) == lag for _, each in found], axis=0)
    same_sign = np.mean([np.sign(_at(each, lag)) == sign for _, each in found], axis=0)

    def stated(values: np.ndarray) -> np.ndarray:
        return np.where(among, values, np.nan)

    return Stability(
        stated(share / len(found)), stated(np.maximum(scores + low, 0)), stated(scores + high),
        stated(same_lag), stated(same_sign),
    )  # fmt: skip


def _largest(signed: np.ndarray) -> np.ndarray:
    return np.abs(signed).argmax(axis=1)


def _at(signed: np.ndarray, lag: np.ndarray) -> np.ndarray:
    return np.take_along_axis(signed, lag[:, None], axis=1)[:, 0]
