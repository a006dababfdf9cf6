"""The noise floor of a graph: the score that series with the same dynamics but no coupling stay below.

Adam on an L1 term leaves small values, not zeros, and short records correlate by chance, so a graph always has a
strongest edge. The floor answers whether it means anything. Couplings are broken by surrogates that keep each
series' own dynamics, and the penalised *linear* forecast, whose exact minimiser costs milliseconds, is made on each:
the largest score between series there is what chance gives. See docs/equations.md and decision 0008.

References
----------
T. Schreiber, A. Schmitz, Surrogate time series, Physica D 142 (2000).
A. Beck, M. Teboulle, A fast iterative shrinkage-thresholding algorithm, SIAM J. Imaging Sci. 2 (2009).
"""

from collections.abc import Callable

import numpy as np

from .windows import Windows

ADAM_FLOOR = 0.03
"""Scores that mean nothing however long the record, in standard deviations per standard deviation."""

SURROGATES = 20

MARGIN = 1.25
"""Over the median of the surrogates' largest scores; with ``ADAM_FLOOR`` added, about their 95 % quantile where tails
are light. The quantile itself hangs on one or two surrogates, and on the outliers of heavy-tailed series."""

MIN_PERMUTED = 5
"""Trajectories needed to permute them: four have too few arrangements, and are shifted instead."""


def noise_floor(
    windows: Windows,
    weights: np.ndarray,
    targets: np.ndarray,
    *,
    norm: str,
    collapse: Callable[[np.ndarray], np.ndarray],
    input_noise: float,
    largest: float,
    random_state: int,
) -> float:
    """Return the floor, in units of scores.

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
    largest : float
        Largest score between two series in the graph. A forecaster that bends may show smaller gradients than the
        linear forecast of the same data; the floor is brought to its scale, never raised.
    random_state : int
    """
    p = windows.y.shape[1]
    between = np.logical_and(~np.eye(p, dtype=bool), targets[:, None])
    if not between.any():
        return ADAM_FLOOR
    rng = np.random.default_rng(random_state)

    def top(x: np.ndarray, y: np.ndarray) -> float:
        fitted = np.abs(penalised_linear(x, y, weights, norm=norm, input_noise=input_noise))
        return float(collapse(fitted)[between].max())

    chance = np.median([top(*break_couplings(windows, rng)) for _ in range(SURROGATES)])
    linear = top(windows.x, windows.y)
    scale = min(1.0, largest / linear) if linear > 0 else 1.0
    return ADAM_FLOOR + MARGIN * float(chance) * scale


def break_couplings(windows: Windows, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y in which every series keeps its own windows whole, but meets other times of the others.

    Many trajectories of one length: each series takes its trajectories in another order, so that a transient shared
    by all experiments stays shared. Otherwise: each series is rolled around within its trajectories by a shift of its
    own.
    """
    x, y = windows.x.copy(), windows.y.copy()
    groups = [np.flatnonzero(windows.trajectory == r) for r in np.unique(windows.trajectory)]
    permute = len(groups) >= MIN_PERMUTED and len({len(group) for group in groups}) == 1
    for i in range(y.shape[1]):
        if permute:
            order = np.concatenate([groups[r] for r in rng.permutation(len(groups))])
        else:
            order = np.concatenate([np.roll(group, rng.integers(len(group))) for group in groups])
        x[:, :, i], y[:, i] = windows.x[order, :, i], windows.y[order, i]
    return x, y


def penalised_linear(
    x: np.ndarray,
    y: np.ndarray,
    weights: np.ndarray,
    *,
    norm: str = "l1",
    input_noise: float = 0.0,
    iterations: int = 200,
) -> np.ndarray:
    """Return the coefficients (target, lag, source) that minimise eq. 14 for a linear forecaster without constant.

    ``mean over windows (y - B x)^2 + sum weights |B|`` (or ``weights B^2``) for each target, by accelerated proximal
    gradient on all targets at once. ``input_noise`` adds its square to the inputs' variances, which is what noise on
    the inputs does to a linear forecast on average.
    """
    n, lags, p = x.shape
    flat, w = x.reshape(n, lags * p), weights.reshape(p, lags * p)
    gram = flat.T @ flat / n + input_noise**2 * np.eye(lags * p)
    cross = y.T @ flat / n
    if norm == "frobenius":
        rows = [np.linalg.lstsq(gram + np.diag(w[j]), cross[j], rcond=None)[0] for j in range(p)]
        return np.stack(rows).reshape(p, lags, p)
    step = 1 / max(np.linalg.norm(gram, 2), np.finfo(float).tiny)
    beta = ahead = np.zeros((p, lags * p))
    momentum = 1.0
    for _ in range(iterations):
        moved = ahead - step * (ahead @ gram - cross)
        moved = np.sign(moved) * np.maximum(np.abs(moved) - step * w / 2, 0)
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = moved + (momentum - 1) / following * (moved - beta)
        beta, momentum = moved, following
    return beta.reshape(p, lags, p)
