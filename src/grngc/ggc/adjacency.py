"""The graph that GGC is given: how large series are together, eq. 1, brought to one size."""

from collections.abc import Callable

import numpy as np


def _to_unit_interval(values: np.ndarray) -> np.ndarray:
    low, span = values.min(axis=0), np.ptp(values, axis=0)
    return (values - low) / np.where(span > 0, span, 1)


def _to_unit_variance(values: np.ndarray) -> np.ndarray:
    spread = values.std(axis=0)
    return (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1)


VALUES: dict[str, Callable[[np.ndarray], np.ndarray]] = {"minmax": _to_unit_interval, "zscore": _to_unit_variance}
"""What N of eq. 1 holds, (time, series): each series from 0 to 1, so that no edge is negative, or its z-scores."""


def _root_of_sums(matrix: np.ndarray) -> np.ndarray:
    root = np.sqrt(_inverse(np.abs(matrix).sum(axis=1)))
    return root[:, None] * matrix * root


def _sums(matrix: np.ndarray) -> np.ndarray:
    return _inverse(np.abs(matrix).sum(axis=1))[:, None] * matrix


def _largest(matrix: np.ndarray) -> np.ndarray:
    return matrix * _inverse(np.abs(matrix).max())


def _root_of_own(matrix: np.ndarray) -> np.ndarray:
    root = np.sqrt(_inverse(matrix.diagonal()))
    return root[:, None] * matrix * root


NORMALISATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "sym": _root_of_sums,
    "row": _sums,
    "max": _largest,
    "cosine": _root_of_own,
}
"""``sym``: D^-1/2 A D^-1/2 with D the row sums, its largest eigenvalue 1 where A is not negative. ``row``: rows add up
to 1. ``max``: the largest entry is 1. ``cosine``: the diagonal is 1."""


def adjacency(
    values: np.ndarray, *, of: str = "minmax", normalisation: str = "sym", diagonal: bool = True
) -> np.ndarray:
    """Return A = N'N / T (eq. 1), normalised, (series, series).

    Parameters
    ----------
    values : array (time, series)
        Points of all trajectories; those at which a series is missing are left out.
    of : {"minmax", "zscore"}
        See :data:`VALUES`.
    normalisation : {"sym", "row", "max", "cosine"}
        See :data:`NORMALISATIONS`. A series that is 0 throughout has no edges.
    diagonal : bool
        Whether series have an edge to themselves; taken out before the normalisation otherwise (not with ``cosine``,
        whose unit the diagonal is: there it is taken out after it).
    """
    scaled = VALUES[of](values[np.isfinite(values).all(axis=1)])
    matrix = scaled.T @ scaled / len(scaled)
    others = ~np.eye(len(matrix), dtype=bool) | diagonal
    if normalisation != "cosine":
        matrix = matrix * others
    return NORMALISATIONS[normalisation](matrix) * others


def _inverse(sizes: np.ndarray) -> np.ndarray:
    return np.divide(1, sizes, out=np.zeros_like(sizes), where=sizes > 0)
