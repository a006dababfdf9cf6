"""How easily series that have nothing to do with each other within one time step would move together as much.

Where a graph has a contemporaneous part (:mod:`grngc.contemporaneous`), each pair's present values are compared beside
all pasts and the present of all others: their partial covariance, standardised, is standard normal where there is none.
The statistic has no direction; both ordered pairs get the same p-value.
"""

import numpy as np
from scipy.stats import norm

from ..windows import Windows
from .pairs import spread
from .surrogates import RIDGE


def test_present(windows: Windows, turned: np.ndarray) -> np.ndarray:
    """Return p-values (series, series) of moving together within one time step; 1 on the diagonal.

    Parameters
    ----------
    windows : Windows
        Scaled.
    turned : int array (surrogate, window, series)
        Where each series' part is taken from in surrogates.
    """
    n, p = windows.y.shape
    every = np.concatenate([windows.y, windows.x.reshape(n, -1)], axis=1)
    every = every - every.mean(axis=0)
    every = every / np.maximum(np.sqrt(np.square(every).mean(axis=0)), np.finfo(float).tiny)
    covariance = every.T @ every / n
    ridge = RIDGE * every.shape[1] / n
    size = np.linalg.eigvalsh(covariance)
    free = np.sqrt(max(1.0, n - float((size / (size + ridge)).sum())) / n)  # residuals are smaller than errors
    precision = np.linalg.inv(covariance + ridge * np.eye(len(covariance)))
    turned_by_pair = [np.tile(np.arange(n)[:, None], p), *turned]
    found = np.zeros((len(turned_by_pair), p, p))
    own = every @ precision[:, :p]
    for i in range(p):
        a, b, c = precision[i, i], precision[i, :p], precision.diagonal()[:p]
        scale = np.where(np.arange(p) == i, 1.0, a * c - b**2)
        here = (c * own[:, [i]] - b * own) / scale  # of i, given all but each j's present
        there = (a * own - b * own[:, [i]]) / scale  # of each j, given all but i's
        for draw, order in enumerate(turned_by_pair):
            products = here * np.take_along_axis(there, order, axis=0)
            squares = np.sqrt(np.maximum(np.square(products).sum(axis=0), np.finfo(float).tiny))
            found[draw, i] = products.sum(axis=0) / squares * (free if draw == 0 else 1.0)
    between = ~np.eye(p, dtype=bool)
    wider = spread(norm.isf(norm.sf(np.abs(found[1:][:, between])) * 2))
    return np.where(between, 2 * norm.sf(np.abs(found[0]) / wider), 1.0)
