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
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from .lasso import penalised_linear
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
"""Trajectories needed to exchange their pasts; fewer are rolled around."""


def noise_floor(
    windows: Windows,
    weights: np.ndarray,
    targets: np.ndarray,
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
        Standardised, as the forecaster was trained on.
    weights : array (target, lag, source)
        The penalty's weight of each entry, per output; 0 where free.
    targets : bool array (series,)
        False where exogenous.
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
    p = windows.y.shape[1]
    own = np.eye(p, dtype=bool)
    between = np.logical_and(~own, targets[:, None])
    if not between.any():
        return ADAM_FLOOR
    rng = np.random.default_rng(random_state)

    def fit(x: np.ndarray, y: np.ndarray, admitted: np.ndarray) -> np.ndarray:
        return penalised_linear(x, y, weights, admitted=admitted, norm=norm, input_noise=input_noise)[0]

    def top(x: np.ndarray, y: np.ndarray) -> float:
        return float(collapse(np.abs(fit(x, y, np.ones_like(own))))[between].max())

    own_past = fit(windows.x, windows.y, own)
    unexplained = replace(windows, y=windows.y - np.einsum("jli,nli->nj", own_past, windows.x))

    def surrogate() -> Windows:
        return replace(unexplained, x=windows.x[other_times(windows, rng)])

    chance = np.median([top(made.x, made.y) for made in (surrogate() for _ in range(SURROGATES))])
    linear = top(windows.x, windows.y)
    scale = min(1.0, scores[between].max() / linear) if linear > 0 else 1.0
    floor = float(ADAM_FLOOR + MARGIN * chance * scale)
    if np.median(scores[between]) <= ADAM_FLOOR:
        return floor
    return max(floor, MARGIN * float(collapse(refit(surrogate()))[between].max()))


def other_times(windows: Windows, rng: np.random.Generator) -> np.ndarray:
    """Return, for every window, another one whose past it is given: all sources move together, away from all targets.

    Several trajectories of one length exchange their pasts, so that a transient shared by all experiments stays shared
    (shifting short transients would break it and make chance look small). Otherwise the past is rolled around within
    each trajectory, by at least a tenth of it. Moving the sources together keeps what they share with each other and
    leaves no pair of a source and a target in step.
    """
    groups = [np.flatnonzero(windows.trajectory == r) for r in np.unique(windows.trajectory)]
    order = np.arange(len(windows))
    if len(groups) >= MIN_EXCHANGED and len({len(group) for group in groups}) == 1:
        circle = rng.permutation(len(groups))
        for here, there in zip(circle, np.roll(circle, 1), strict=True):
            order[groups[here]] = groups[there]
    else:
        for group in groups:
            least = -(-len(group) // 10)
            order[group] = np.roll(group, rng.integers(least, max(least, len(group) - least) + 1))
    return order
