"""Distance correlation of every pair of series: how far they depend on each other, straight or bent, without direction.

Reference
---------
G. J. Székely, M. L. Rizzo, N. K. Bakirov, Measuring and testing dependence by correlation of distances, Ann. Stat. 35
(2007), definitions 4 and 5: the (biased) V-statistic. Eq. 2 of GGC.
"""

from collections.abc import Sequence

import numpy as np

MOST_TIMES = 2000
"""Longer records are thinned out evenly to so many points: the cost grows with their square."""
CHUNK = 2**21
"""Bytes of distances that are centred at a time: they stay in the processor's cache."""


def distance_correlation(values: np.ndarray) -> np.ndarray:
    """Return the distance correlation of every pair of series, (series, series), from 0 to 1.

    Parameters
    ----------
    values : array (time, series)
        Points in any order: time plays no part. Points at which a series is missing are left out.

    Returns
    -------
    array (series, series)
        Symmetric; 1 on the diagonal, and between series that differ by a factor and a constant. 0 for a series that
        does not vary, its diagonal too (eq. 2).
    """
    return correlation_of(distance_covariance(values))


def within_trajectories(trajectories: Sequence[np.ndarray]) -> np.ndarray:
    """Return the same from distances inside each trajectory (time, series) alone: covariances are averaged, by length.

    What all series share because trajectories differ in level is left out.
    """
    whole = [part[np.isfinite(part).all(axis=1)] for part in trajectories]
    found = [distance_covariance(part) * len(part) for part in whole if len(part)]
    return correlation_of(np.sum(found, axis=0))


def distance_covariance(values: np.ndarray) -> np.ndarray:
    """Return the squared distance covariance V^2 of every pair, (series, series), of values (time, series).

    The mean over all pairs of points of the product of two series' doubly centred distances. No array of all distances
    is formed: some rows of it at a time are centred and added up.
    """
    columns = values[np.isfinite(values).all(axis=1)].T.astype(float)  # (series, time)
    if columns.shape[1] > MOST_TIMES:
        columns = columns[:, np.linspace(0, columns.shape[1] - 1, MOST_TIMES).round().astype(int)]
    p, n = columns.shape
    if n == 0:
        return np.zeros((p, p))
    means = np.stack([_mean_distances(column) for column in columns])  # (series, time)
    overall = means.mean(axis=1)
    found, rows = np.zeros((p, p)), max(1, CHUNK // (8 * p * n))
    for at in range(0, n, rows):
        near = slice(at, at + rows)
        distances = np.abs(columns[:, near, None] - columns[:, None])
        distances -= means[:, near, None]
        distances -= means[:, None]
        distances += overall[:, None, None]
        flat = distances.reshape(p, -1)
        found += flat @ flat.T
    return found / n**2


def correlation_of(covariance: np.ndarray) -> np.ndarray:
    """Return sqrt(V^2(x, y) / sqrt(V^2(x, x) V^2(y, y))), 0 where a series does not vary (eq. 2 and its root)."""
    own = np.sqrt(np.maximum(covariance.diagonal(), 0))
    size = np.outer(own, own)
    share = np.divide(covariance, size, out=np.zeros_like(covariance), where=size > 0)
    found = np.sqrt(np.clip(share, 0, 1))
    np.fill_diagonal(found, own > 0)
    return found


def _mean_distances(column: np.ndarray) -> np.ndarray:
    """Return the mean distance of every point to all points, (time,), without forming them: of sorted points, those
    before one are nearer by what they add up to."""
    order = np.argsort(column, kind="stable")
    ordered = column[order] - column[order[len(order) // 2]]  # near 0: sums of large numbers would cost digits
    n, before = len(ordered), np.cumsum(ordered)
    found = np.empty(n)
    at = np.arange(1, n + 1)
    found[order] = (ordered * (2 * at - n) + before[-1] - 2 * before) / n
    return found
