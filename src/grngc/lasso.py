"""The penalised linear forecast, solved exactly: what eq. 14 comes to when the input gradient is a matrix of weights.

References
----------
R. Tibshirani, Regression shrinkage and selection via the lasso, J. R. Stat. Soc. B 58 (1996).
A. Beck, M. Teboulle, A fast iterative shrinkage-thresholding algorithm, SIAM J. Imaging Sci. 2 (2009).
B. O'Donoghue, E. Candès, Adaptive restart for accelerated gradient schemes, Found. Comput. Math. 15 (2015).
"""

from collections.abc import Sequence
from copy import copy
from typing import NamedTuple

import numpy as np
from scipy.linalg import eigvalsh
from scipy.sparse import csr_array

from .partition import Part


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
    parts: Sequence[Part] = (),
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
    parts : sequence of Part
        Targets by the sources they may read, where some may not read all (``admitted`` says so too): where that is
        less work, each part is solved for on its own sources, and its targets' own pasts beside them, from zeros.
    """
    n, lags, p = x.shape
    flat, w = x.reshape(n, lags * p), weights.reshape(p, lags * p)
    open_to = np.tile(admitted, lags) if admitted.ndim == 2 else admitted.reshape(p, lags * p)
    if norm == "frobenius" or not w.any():
        cross = y.T @ flat / n
        gram = flat.T @ flat / n + input_noise**2 * np.eye(lags * p)
        beta = np.zeros((p, lags * p))
        for j in range(p):
            a = np.flatnonzero(open_to[j])
            beta[j, a] = np.linalg.lstsq(gram[np.ix_(a, a)] + np.diag(w[j, a]), cross[j, a], rcond=None)[0]
        return beta.reshape(p, lags, p), 1
    threshold = np.where(open_to, w / 2, np.inf)
    if not parts or sum(len(part.sources) ** 2 for part in parts) >= p**2:
        covariance = Covariance(x, input_noise) if covariance is None else covariance
        first = None if start is None else start.reshape(p, lags * p) * open_to
        found, steps = _solved(covariance, y.T @ flat / n, threshold, effort, first)
        return found.reshape(p, lags, p), steps
    found, steps = np.zeros((p, lags * p)), 0
    columns = np.arange(lags * p).reshape(lags, p)
    for part in parts:
        shared = columns[:, list(part.sources)].flatten()
        inputs = flat.take(shared, axis=1)
        covariance = Covariance(inputs, input_noise)
        if inside := part.inside:
            at = np.array(inside)[:, None], shared
            found[at], taken = _solved(covariance, y.take(inside, axis=1).T @ inputs / n, threshold[at], effort)
            steps = max(steps, taken)
        if beside := part.beside:
            joint = _Beside(covariance, inputs, x.take(beside, axis=2), input_noise)
            own = columns.T[list(beside)]  # (target, lag)
            at = np.array(beside)[:, None], np.hstack([np.tile(shared, (len(beside), 1)), own])
            found[at], taken = _solved(joint, joint.cross(y.take(beside, axis=1)), threshold[at], effort)
            steps = max(steps, taken)
    return found.reshape(p, lags, p), steps


def _solved(
    covariance: "Covariance | _Beside",
    cross: np.ndarray,
    threshold: np.ndarray,
    effort: Effort,
    first: np.ndarray | None = None,
) -> tuple[np.ndarray, int]:
    """Put the coefficients in the place of ``cross`` (target, input), some targets at a time; with the most steps."""
    at_once, steps = max(1, BLOCK // max(1, cross.shape[1])), 0
    for start in range(0, len(cross), at_once):  # targets know nothing of each other
        rows = slice(start, start + at_once)
        beginning = np.zeros_like(cross[rows]) if first is None else first[rows]
        cross[rows], taken = _proximal(covariance.of(rows), cross[rows], threshold[rows], beginning, effort)
        steps = max(steps, taken)
    return cross, steps


def _proximal(
    covariance: "Covariance | _Beside", cross: np.ndarray, threshold: np.ndarray, start: np.ndarray, effort: Effort
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
            cross, threshold, covariance = cross[going], threshold[going], covariance.of(going)
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
        if top < 0:
            largest = 0.0  # targets that may read their own pasts only
        else:
            largest = eigvalsh(product, subset_by_index=[top, top])[0] if np.isfinite(product).all() else np.inf
        self.largest = max(largest + self.ridge, np.finfo(float).tiny)
        self.formed = None if 2 * n < inputs else product

    def of(self, rows: slice | np.ndarray) -> "Covariance":
        """Return the covariance of some targets' inputs: it is one for all."""
        return self

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


class _Beside:
    """The covariance of each target's inputs where these are some that targets share, then its own past (lag,).

    A matrix for each target would be mostly copies of one block: that block is kept once.
    """

    def __init__(self, shared: Covariance, flat: np.ndarray, own: np.ndarray, input_noise: float) -> None:
        n, lags, targets = own.shape
        self.shared, self.flat, self.own = shared, flat, own
        self.between = (own.reshape(n, -1).T @ flat / n).reshape(lags, targets, -1).transpose(1, 0, 2)
        by_target = own.transpose(2, 1, 0)
        self.owns = by_target @ by_target.transpose(0, 2, 1) / n + input_noise**2 * np.eye(lags)
        finite = np.isfinite(self.owns).all()
        # of a positive matrix in blocks no eigenvalue is above the sum of the blocks' largest
        self.largest = shared.largest + (np.linalg.eigvalsh(self.owns).max() if finite else np.inf)

    def cross(self, y: np.ndarray) -> np.ndarray:
        """Return the covariance (target, input) of ``y`` (window, target) with each target's inputs."""
        return np.hstack([y.T @ self.flat, np.einsum("nt,nlt->tl", y, self.own)]) / len(y)

    def of(self, rows: slice | np.ndarray) -> "_Beside":
        """Return the covariance of some targets' inputs."""
        some = copy(self)
        some.between, some.owns = self.between[rows], self.owns[rows]
        return some

    def times(self, rows: np.ndarray) -> np.ndarray:
        """Return ``rows`` (target, input) times each target's own."""
        a, b = np.split(rows, [self.between.shape[2]], axis=1)
        shared = self.shared.times(a) + (b[:, None] @ self.between)[:, 0]
        return np.concatenate([shared, (self.between @ a[:, :, None] + self.owns @ b[:, :, None])[:, :, 0]], axis=1)


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
