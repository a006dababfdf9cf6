"""The penalised linear forecast, solved exactly: what eq. 14 comes to when the input gradient is a matrix of weights.

References
----------
R. Tibshirani, Regression shrinkage and selection via the lasso, J. R. Stat. Soc. B 58 (1996).
A. Beck, M. Teboulle, A fast iterative shrinkage-thresholding algorithm, SIAM J. Imaging Sci. 2 (2009).
B. O'Donoghue, E. Candès, Adaptive restart for accelerated gradient schemes, Found. Comput. Math. 15 (2015).
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import eigvalsh
from scipy.sparse import csr_array


class Effort(NamedTuple):
    """When a target counts as solved: a step moves none of its coefficients further than this; or after most steps."""

    tolerance: float
    steps: int


EXACT = Effort(1e-7, 20_000)
"""A hundred or two steps are usual."""

ROUGH = Effort(1e-4, 200)
"""Where forecasts are wanted, or the largest of many coefficients: a part in a thousand of it."""

NEARLY = Effort(1e-5, 2_000)
"""Where one solution starts from that of nearly the same weights: its first steps are short, so ROUGH would leave it
where it started."""

BLOCK = 2**18
"""Coefficients solved for at a time: few enough to stay in cache, and their copies in memory."""

SPARSE = 0.03
"""Share of coefficients that differ from 0 below which products leave the others out."""


def penalised_linear(
    x: np.ndarray,
    y: np.ndarray,
    weights: np.ndarray,
    *,
    admitted: np.ndarray,
    norm: str = "l1",
    input_noise: float = 0.0,
    effort: Effort = EXACT,
    start: np.ndarray | None = None,
    covariance: "Covariance | None" = None,
) -> tuple[np.ndarray, int]:
    """Return the coefficients (target, lag, source) that minimise eq. 14 for a linear forecaster, and the steps taken.

    There is no constant: centre x and y where one is meant.

    ``mean over windows (y - B x)^2 + sum weights |B|`` (or ``weights B^2``) for each target, by accelerated proximal
    gradient on all targets at once, restarted where it overshoots; without any weight by least squares.

    Parameters
    ----------
    x, y : array (window, lag, series), (window, series)
    weights : array (target, lag, source)
    admitted : bool array (target, source) or (target, lag, source)
        Which coefficients may differ from 0.
    norm : {"l1", "frobenius"}
    input_noise : float
        Adds its square to the inputs' variances, which is what noise on the inputs does to a linear forecast on
        average.
    effort : Effort
    start : array (target, lag, source), optional
        Coefficients to start from, e.g. those of nearly the same weights; zeros otherwise. The minimum is the same.
    covariance : Covariance, optional
        That of these x and ``input_noise``, where it was made before: for many weights on one x.
    """
    n, lags, p = x.shape
    flat, w = x.reshape(n, lags * p), weights.reshape(p, lags * p)
    open_to = np.tile(admitted, lags) if admitted.ndim == 2 else admitted.reshape(p, lags * p)
    cross = y.T @ flat / n
    if norm == "frobenius" or not w.any():
        gram = flat.T @ flat / n + input_noise**2 * np.eye(lags * p)
        beta = np.zeros((p, lags * p))
        for j in range(p):
            a = np.flatnonzero(open_to[j])
            beta[j, a] = np.linalg.lstsq(gram[np.ix_(a, a)] + np.diag(w[j, a]), cross[j, a], rcond=None)[0]
        return beta.reshape(p, lags, p), 1
    covariance = Covariance(x, input_noise) if covariance is None else covariance
    threshold, steps = np.where(open_to, w / 2, np.inf), 0
    first = np.zeros_like(cross) if start is None else start.reshape(cross.shape) * open_to
    at_once = max(1, BLOCK // (lags * p))
    for rows in (slice(start, start + at_once) for start in range(0, p, at_once)):  # targets know nothing of each other
        cross[rows], taken = _proximal(covariance, cross[rows], threshold[rows], first[rows], effort)
        steps = max(steps, taken)
    return cross.reshape(p, lags, p), steps


def _proximal(
    covariance: "Covariance", cross: np.ndarray, threshold: np.ndarray, start: np.ndarray, effort: Effort
) -> tuple[np.ndarray, int]:
    """Minimise by accelerated proximal gradient, every target (row) by itself: one that is at its minimum leaves.

    ``threshold`` (target, input) is half the weight of a coefficient, infinite for one that may not differ from 0.
    """
    found = np.zeros_like(cross)
    rows, step = np.arange(len(cross)), 1 / covariance.largest
    beta = ahead = start
    momentum, threshold = np.ones((len(cross), 1)), step * threshold
    steps = 0
    for steps in range(1, effort.steps + 1):  # noqa: B007
        moved = covariance.times(ahead)
        moved -= cross
        moved *= -step
        moved += ahead
        moved -= np.clip(moved, -threshold, threshold)
        change, left = moved - beta, ahead - moved
        overshot = (left * change).sum(axis=1, keepdims=True) > 0  # each target on its own
        momentum[overshot] = 1.0
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        going = np.maximum(np.abs(left, out=left).max(axis=1), np.abs(change).max(axis=1)) >= effort.tolerance
        change *= np.where(overshot, 0.0, (momentum - 1) / following)
        ahead, beta, momentum = change, moved, following
        ahead += moved
        if not going.all():
            found[rows[~going]] = beta[~going]
            rows, beta, ahead, momentum = rows[going], beta[going], ahead[going], momentum[going]
            cross, threshold = cross[going], threshold[going]
            if not len(rows):
                break
    found[rows] = beta
    return found, steps


class Covariance:
    """The inputs' covariance (input, input), noise included; of fewer windows than inputs it is never formed."""

    def __init__(self, x: np.ndarray, input_noise: float) -> None:
        flat = x.reshape(len(x), -1)
        n, inputs = flat.shape
        self.flat, self.ridge = flat, input_noise**2
        product = flat @ flat.T if 2 * n < inputs else flat.T @ flat
        product /= n
        top = len(product) - 1
        largest = eigvalsh(product, subset_by_index=[top, top])[0] if np.isfinite(product).all() else np.inf
        self.largest = max(largest + self.ridge, np.finfo(float).tiny)
        self.formed = None if 2 * n < inputs else product

    def times(self, rows: np.ndarray) -> np.ndarray:
        """Return ``rows`` (row, input) times this."""
        factor = csr_array(rows) if np.count_nonzero(rows) < SPARSE * rows.size else rows
        if self.formed is None:
            product = (factor @ self.flat.T) @ self.flat
            product /= len(self.flat)
        else:
            product = factor @ self.formed
        if self.ridge:
            product += self.ridge * rows
        return product


def nearness(
    x: np.ndarray, y: np.ndarray, coefficients: np.ndarray, weights: np.ndarray, *, input_noise: float = 0.0
) -> np.ndarray:
    """Return how near each coefficient is to entering the lasso, (target, lag, source) in [0, 1].

    A coefficient stays at zero while what the other terms leave unexplained covaries with its input by no more than
    half its weight (the optimality condition of the lasso). This is that covariance as a share of half the weight: 1
    where the coefficient has entered. It ranks the coefficients that are exactly zero.

    Parameters
    ----------
    x, y : array (window, lag, series), (window, series)
        Centred.
    coefficients, weights : array (target, lag, source)
    input_noise : float
        As for :func:`penalised_linear`.
    """
    n, lags, p = x.shape
    flat, beta = x.reshape(n, lags * p), coefficients.reshape(p, lags * p)
    covariance = np.abs((y - flat @ beta.T).T @ flat / n - input_noise**2 * beta).reshape(weights.shape)
    share = np.divide(2 * covariance, weights, out=np.zeros_like(covariance), where=weights > 0)
    return np.where(coefficients != 0, 1.0, np.minimum(share, 1.0))
