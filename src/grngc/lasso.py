"""The penalised linear forecast, solved exactly: what eq. 14 comes to when the input gradient is a matrix of weights.

References
----------
R. Tibshirani, Regression shrinkage and selection via the lasso, J. R. Stat. Soc. B 58 (1996).
A. Beck, M. Teboulle, A fast iterative shrinkage-thresholding algorithm, SIAM J. Imaging Sci. 2 (2009).
B. O'Donoghue, E. Candès, Adaptive restart for accelerated gradient schemes, Found. Comput. Math. 15 (2015).
"""

import numpy as np

TOLERANCE = 1e-7
"""A step that moves no coefficient further than this is the last."""


def penalised_linear(
    x: np.ndarray,
    y: np.ndarray,
    weights: np.ndarray,
    *,
    admitted: np.ndarray,
    norm: str = "l1",
    input_noise: float = 0.0,
    iterations: int = 200,
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
    iterations : int
        At most so many steps; see ``TOLERANCE``.
    """
    n, lags, p = x.shape
    flat, w = x.reshape(n, lags * p), weights.reshape(p, lags * p)
    open_to = np.tile(admitted, lags) if admitted.ndim == 2 else admitted.reshape(p, lags * p)
    gram = flat.T @ flat / n + input_noise**2 * np.eye(lags * p)
    cross = y.T @ flat / n
    if norm == "frobenius" or not w.any():
        beta = np.zeros((p, lags * p))
        for j in range(p):
            a = np.flatnonzero(open_to[j])
            beta[j, a] = np.linalg.lstsq(gram[np.ix_(a, a)] + np.diag(w[j, a]), cross[j, a], rcond=None)[0]
        return beta.reshape(p, lags, p), 1
    step = 1 / max(np.linalg.norm(gram, 2), np.finfo(float).tiny)
    beta = ahead = np.zeros((p, lags * p))
    momentum = np.ones((p, 1))
    steps = 0
    for steps in range(1, iterations + 1):  # noqa: B007
        moved = ahead - step * (ahead @ gram - cross)
        moved = open_to * np.sign(moved) * np.maximum(np.abs(moved) - step * w / 2, 0)
        change = moved - beta
        overshot = ((ahead - moved) * change).sum(axis=1, keepdims=True) > 0  # each target on its own
        momentum = np.where(overshot, 1.0, momentum)
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = moved + np.where(overshot, 0.0, (momentum - 1) / following) * change
        beta, momentum = moved, following
        if np.abs(change).max() < TOLERANCE:
            break
    return beta.reshape(p, lags, p), steps


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
