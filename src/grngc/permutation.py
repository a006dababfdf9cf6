"""Do two groups of subjects differ, and in which of many quantities? By permutation of subjects.

Nothing is assumed of how scores are distributed, and they are far from normal: many are exactly 0. The statistic of a
quantity is the difference of means over a standard deviation that no relabelling changes; for one quantity that orders
relabellings as Student's t does, and over quantities its largest is theirs, of the largest t.

References
----------
T. E. Nichols, A. P. Holmes, Nonparametric permutation tests for functional neuroimaging, Hum. Brain Mapp. 15 (2002).
B. Phipson, G. K. Smyth, Permutation p-values should never be zero, Stat. Appl. Genet. Mol. Biol. 9 (2010).
Y. Benjamini, Y. Hochberg, Controlling the false discovery rate, J. R. Stat. Soc. B 57 (1995).
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.stats import false_discovery_control

from .arguments import check_whole
from .errors import InputError

PERMUTATIONS = 10_000
"""Relabellings that are drawn where there are more; else all of them are gone through."""

CHUNK = 2**22
"""Statistics that are held at a time."""

TIE = 1e-9
"""Statistics, of size 1, that are nearer than this are the same: sums of the same numbers in another order."""


@dataclass(frozen=True, eq=False)
class Permuted:
    """What a permutation test of several quantities gives.

    Attributes
    ----------
    p : array (quantity,)
        Of each quantity by itself, two-sided.
    p_familywise : array (quantity,)
        By the largest statistic of all: the chance that any quantity at all would come so far where none differs.
    q : array (quantity,)
        Benjamini and Hochberg's: the share of false ones to expect among those of at most this q.
    relabellings : int
        That were gone through.
    exact : bool
        Whether these are all there are; otherwise they were drawn.
    smallest : float
        The smallest p that so many subjects, or so few relabellings, can give.
    """

    p: np.ndarray
    p_familywise: np.ndarray
    q: np.ndarray
    relabellings: int
    exact: bool
    smallest: float


def permute(
    a: np.ndarray,
    b: np.ndarray,
    *,
    paired: bool = False,
    permutations: int = PERMUTATIONS,
    random_state: int = 0,
) -> Permuted:
    """Test whether the means of two groups differ, for each quantity and for all together.

    Where nothing tells the groups apart, any subject might have been in either; where they are ``paired``, either
    value of a subject might have come first. All relabellings of that kind are gone through where there are at most
    ``permutations``; then p is the share of those whose statistic is at least as large. Otherwise so many are drawn,
    and p = (found + 1) / (drawn + 1).

    Parameters
    ----------
    a, b : array (subject, quantity)
        Where paired, the same subjects in the same order.
    """
    check_whole("permutations", permutations)
    check_whole("random_state", random_state, least=0)
    if paired and len(a) != len(b):
        raise InputError(f"paired groups have the same subjects; got {len(a)} and {len(b)}")
    there = math.comb(len(a) + len(b), len(b)) if not paired else 2 ** len(a)
    exact = there <= permutations
    values = b - a if paired else np.concatenate([a, b]) - np.concatenate([a, b]).mean(axis=0)
    spread = np.sqrt(np.square(values).mean(axis=0))
    varies = spread > TIE * np.maximum(np.abs(a).max(axis=0), np.abs(b).max(axis=0))
    values = values[:, varies] / spread[varies]
    weights = np.full(len(a), 1 / len(a)) if paired else _weights(np.arange(len(a) + len(b)) >= len(a))
    observed = np.abs(weights @ values)
    alone, of_all, gone_through = np.zeros(varies.sum()), np.zeros(varies.sum()), 0
    rows = max(1, CHUNK // max(values.shape))
    drawn = _drawn(len(a), len(b), paired, rows, permutations, np.random.default_rng(random_state))
    for chosen in _all(len(a), len(b), paired, rows) if exact else drawn:
        found = np.abs((weights * np.where(chosen, 1, -1) if paired else _weights(chosen)) @ values)
        alone += (found >= observed - TIE).sum(axis=0)
        of_all += (found.max(axis=1, initial=0)[:, None] >= observed - TIE).sum(axis=0)
        gone_through += len(chosen)
    added = 0 if exact else 1
    p, p_familywise, q = np.ones((3, len(varies)))
    p[varies] = (alone + added) / (gone_through + added)
    p_familywise[varies] = (of_all + added) / (gone_through + added)
    if varies.any():
        q[varies] = false_discovery_control(p[varies])
    mirrored = paired or len(a) == len(b)  # the other way round is as far out
    smallest = max((1 + mirrored) / there, added / (gone_through + 1))
    return Permuted(p, p_familywise, q, gone_through, exact, smallest)


def _weights(in_b: np.ndarray) -> np.ndarray:
    """Return what turns values of subjects into the difference of means, from who is in B, (..., subject)."""
    n = in_b.sum(axis=-1, keepdims=True)
    return np.where(in_b, 1 / n, -1 / (in_b.shape[-1] - n))


def _all(in_a: int, in_b: int, paired: bool, rows: int) -> Iterator[np.ndarray]:
    """Go through all relabellings, (relabelling, subject): who is in B, or whose values are as they came."""
    if paired:
        every: Iterator[tuple[int, ...]] = itertools.product((False, True), repeat=in_a)
        while part := list(itertools.islice(every, rows)):
            yield np.array(part)
        return
    every = itertools.combinations(range(in_a + in_b), in_b)
    while part := list(itertools.islice(every, rows)):
        chosen = np.zeros((len(part), in_a + in_b), bool)
        np.put_along_axis(chosen, np.array(part), True, axis=1)
        yield chosen


def _drawn(
    in_a: int, in_b: int, paired: bool, rows: int, permutations: int, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """Draw so many relabellings, independently of each other. They do not depend on ``rows``."""
    first = np.arange(in_a + in_b) >= in_a
    for done in range(0, permutations, rows):
        shape = min(rows, permutations - done), in_a if paired else in_a + in_b
        yield rng.random(shape) < 0.5 if paired else rng.permuted(np.broadcast_to(first, shape), axis=1)
