"""The noise floor of a graph: the score that series with the same dynamics but no coupling stay below.

Adam on an L1 term leaves small values, not zeros, and short records correlate by chance, so a graph always has a
strongest edge. The floor answers whether it means anything. Surrogates give every target what its own past leaves
unexplained, and the other series' pasts from other times; the penalised *linear* forecast, whose exact minimiser is
cheap (0.03 s for 100 series), is made on each: its largest coefficient between series is what chance gives. See
docs/equations.md and decision 0008.

References
----------
T. Schreiber, A. Schmitz, Surrogate time series, Physica D 142 (2000).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .lasso import ROUGH, penalised_linear
from .partition import Part
from .rules import Rules
from .windows import Windows

ADAM_FLOOR = 0.03
"""Scores that mean nothing however long the record, in standard deviations per standard deviation."""

FEWEST_WINDOWS = 10
"""Below these nothing can be told from chance, and other times to compare with hardly exist."""

SURROGATES = 20

MARGIN = 1.25
"""Over the median of the surrogates' largest scores; with ``ADAM_FLOOR`` added, about their 95 % quantile where tails
are light. The quantile itself hangs on one or two surrogates, and on the outliers of heavy-tailed series."""

MIN_EXCHANGED = 3
"""Trajectories needed at a time to exchange their pasts; where they are fewer, pasts are rolled around."""


def noise_floor(
    windows: Windows,
    weights: np.ndarray,
    rules: Rules,
    *,
    norm: str,
    collapse: Callable[[np.ndarray], np.ndarray],
    input_noise: float,
    scores: np.ndarray,
    refit: Callable[[Windows], np.ndarray],
    random_state: int,
) -> float:
    """Return the floor, in units of scores; infinite where there are too few windows to judge anything.

    Parameters
    ----------
    windows : Windows
        As the forecaster was trained on. Their means do not matter.
    weights : array (target, lag, source)
        The penalty's weight of each entry, per output; 0 where free.
    rules : Rules
        Pairs that are forbidden or required are left out: of the ones nothing is asked, of the others nothing is to be
        found, and the penalty does not hold them down.
    norm : {"l1", "frobenius"}
    collapse : callable
        (target, lag, source) -> (target, source), as for the graph.
    input_noise : float
        As in training: it shrinks a linear forecast like a ridge.
    scores : array (target, source)
        The graph's. A forecaster that bends may show smaller gradients than the linear forecast of the same data; the
        floor is brought to its scale, never raised.
    refit : callable
        Trains a fresh forecaster of the same kind on other windows and returns its scores (target, lag, source).
        Called once, and only where half of all pairs have a score above ``ADAM_FLOOR``: either the couplings are
        dense, or a forecaster with too few windows finds a little of everything everywhere, which the linear
        surrogates cannot show.
    random_state : int
    """
    if len(windows) < FEWEST_WINDOWS:
        return math.inf
    own = np.eye(windows.y.shape[1], dtype=bool)
    between = rules.pairs & ~rules.required
    if not between.any():
        return ADAM_FLOOR
    rng = np.random.default_rng(random_state)

    def fit(task: Windows, admitted: np.ndarray, parts: Sequence[Part]) -> np.ndarray:
        task = centred(task)
        told: dict[str, Any] = {"norm": norm, "input_noise": input_noise, "effort": ROUGH, "parts": parts}
        return penalised_linear(task.x, task.y, weights, admitted=admitted, **told)[0]

    def top(task: Windows) -> float:
        return float(collapse(np.abs(fit(task, rules.allowed, rules.parts)))[between].max())

    explained = np.einsum("jli,nli->nj", fit(windows, own, ()), centred(windows).x)
    unexplained = replace(windows, y=windows.y - explained)

    def surrogate() -> Windows:
        return replace(unexplained, x=windows.x[other_times(windows, rng)])

    chance = np.median([top(surrogate()) for _ in range(SURROGATES)])
    linear = top(windows)
    scale = min(1.0, scores[between].max() / linear) if linear > 0 else 1.0
    floor = float(ADAM_FLOOR + MARGIN * chance * scale)
    if np.median(scores[between]) <= ADAM_FLOOR:
        return floor
    return max(floor, MARGIN * float(collapse(refit(surrogate()))[between].max()))


def centred(windows: Windows) -> Windows:
    """Return windows of mean 0, as a fit without a constant needs them."""
    return replace(windows, x=windows.x - windows.x.mean(axis=0), y=windows.y - windows.y.mean(axis=0))


def other_times(windows: Windows, rng: np.random.Generator) -> np.ndarray:
    """Return, for every window, another one whose past it is given: all sources move together, away from all targets.

    Trajectories exchange their pasts at the same time (:func:`rings`); what has no partner is rolled around within its
    trajectory, by at least a tenth of it. Moving the sources together keeps what they share with each other and leaves
    no pair of a source and a target in step.
    """
    found = rings(windows, rng)
    by = np.ones(len(windows), dtype=int)
    for ring in found.alone:
        by[ring] = roll(ring, rng)
    return found.turned(by)


def roll(ring: np.ndarray, rng: np.random.Generator, columns: int | None = None) -> np.ndarray | int:
    """Return by how much a trajectory's windows are rolled around, at least a tenth of it either way; one a column."""
    least = -(-len(ring) // 10)
    return rng.integers(least, max(least, len(ring) - least) + 1, columns)


@dataclass(frozen=True, eq=False)
class Rings:
    """Windows in rings, within each of which they may change places: every window is in one.

    Attributes
    ----------
    order : int array (window,)
        The windows, one ring after the other.
    start, size : int arrays (window,)
        Of the ring each one of ``order`` is in.
    together : list of int array
        Places in ``order``, one array for each ring size: windows of different trajectories at one time.
    alone : list of int array
        Places in ``order`` of each ring of windows of one trajectory.
    """

    order: np.ndarray
    start: np.ndarray
    size: np.ndarray
    together: list[np.ndarray]
    alone: list[np.ndarray]

    def turned(self, by: np.ndarray) -> np.ndarray:
        """Return for every window the one so many places before it in its ring; ``by`` (window, ...) as ``order``."""
        shape = (-1,) + (1,) * (by.ndim - 1)
        place = (np.arange(len(self.order)) - self.start).reshape(shape)
        turned = np.empty(by.shape, dtype=int)
        turned[self.order] = self.order[self.start.reshape(shape) + (place - by) % self.size.reshape(shape)]
        return turned


def rings(windows: Windows, rng: np.random.Generator) -> Rings:
    """Put together what may be exchanged: windows of one time, else windows of one trajectory.

    Windows at a time that three or more trajectories have form a ring, in one random order of the trajectories, so that
    a transient shared by all experiments stays shared: shifting short transients would break it and make chance look
    small. The other windows form a ring for each trajectory, in order of time; a lone one keeps its past.
    """
    trajectories, which = np.unique(windows.trajectory, return_inverse=True)
    _, when, partners = np.unique(windows.time, return_inverse=True, return_counts=True)
    shared = partners[when] >= MIN_EXCHANGED
    place = np.argsort(rng.permutation(len(trajectories))) if shared.any() else np.arange(len(trajectories))
    ring = np.where(shared, when, len(partners) + which)  # the rings of trajectories come last
    order = np.lexsort((windows.time, place[which], ring))
    _, start, size = np.unique(ring[order], return_index=True, return_counts=True)
    starts, sizes = np.repeat(start, size), np.repeat(size, size)
    first_alone = int(shared.sum())
    together = [np.flatnonzero(sizes[:first_alone] == m) for m in np.unique(sizes[:first_alone])]
    alone = [np.arange(a, a + n) for a, n in zip(start, size, strict=True) if a >= first_alone]
    return Rings(order, starts, sizes, together, alone)
