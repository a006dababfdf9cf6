"""The pairwise Granger F-test: the control that econometricians know."""

from typing import Any, NamedTuple

import numpy as np
from scipy.special import betainc, betaln
from sklearn.base import BaseEstimator

from ..errors import InputError
from ..estimators import forget, remember_series
from ..graph import CausalGraph
from ..panel import as_panel
from ..scaling import Scaling
from ..windows import make_windows

UNDERFLOW = 1e-290
"""Probabilities below are told by a series for their logarithm: as numbers they would soon be ties at 0."""


class GrangerFTest(BaseEstimator):
    """Score *source* drives *target* by -log10 of the p-value of Granger's F-test, one pair at a time.

    Two least squares regressions of the target over all windows, which stay inside their trajectory: on a constant
    and its own ``lag`` past values, and on these and the source's. With the sums of squared residuals RSS_r and
    RSS_u over N windows,

        F = ((RSS_r - RSS_u) / lag) / (RSS_u / (N - 2 lag - 1)),   F(lag, N - 2 lag - 1) without a coupling.

    For one trajectory this is the ``ssr_ftest`` of statsmodels' ``grangercausalitytests``. All trajectories share
    the coefficients and the constant. A series' influence on itself is tested by its own lags against the constant
    alone. Each lag on its own is tested with the source's other lags left in (Student's t, as an F). The other
    series are not conditioned on, so whatever drives both shows as an edge.

    Parameters
    ----------
    lag : int
        Past values of the target and of the source in the regression.

    Attributes
    ----------
    graph_ : CausalGraph
        ``scores``: -log10 p of the joint test; also where p is too small for a number. ``lag_scores``: -log10 p of
        each lag; ``signs``: the same with the sign of the coefficient. Rows of exogenous series are zero.
    f_statistics_, p_values_ : array (target, source)
        Of the joint test; rows of exogenous series are 0 and 1.
    n_features_in_ : int
    feature_names_in_ : array of str
        Only after a fit on a panel or a data frame.

    References
    ----------
    C. W. J. Granger, Investigating causal relations by econometric models and cross-spectral methods, Econometrica
    37 (1969).
    J. D. Hamilton, Time Series Analysis, Princeton University Press (1994), section 11.2.
    """

    def __init__(self, *, lag: int = 1) -> None:
        self.lag = lag

    def fit(self, X: Any, y: None = None) -> "GrangerFTest":
        """Test every pair.

        Parameters
        ----------
        X : Panel or anything :func:`grngc.as_panel` takes
        y : ignored
            Present by scikit-learn's convention.
        """
        forget(self)
        panel = as_panel(X)
        windows = make_windows(Scaling.of(panel, "pooled").apply(panel), self.lag)
        n, needed = len(windows), 2 * self.lag + 2
        if n < needed:
            raise InputError(
                f"an F-test at lag {self.lag} needs at least {needed} windows; the data have {n}: choose a smaller lag "
                "or bring longer trajectories"
            )
        past = np.moveaxis(windows.x - windows.x.mean(axis=0), 2, 0)  # (source, window, lag)
        following = windows.y - windows.y.mean(axis=0)
        p, level, size = panel.n_series, np.linalg.norm(windows.x, axis=(0, 1)), np.linalg.norm(windows.y, axis=0)
        self.f_statistics_, self.p_values_ = np.zeros((p, p)), np.ones((p, p))
        scores, lag_scores, signs = np.zeros((p, p)), np.zeros((p, self.lag, p)), np.zeros((p, self.lag, p))
        for j in np.flatnonzero(panel.targets):
            own = _axes(past[j], level[j])
            unexplained = following[:, j] - own @ (own.T @ following[:, j])
            others = past - own @ (own.T @ past)
            tests = _tests(others, level, unexplained, size[j], n - 1 - own.shape[1])
            alone = _tests(past[j : j + 1], level[j : j + 1], following[:, j], size[j], n - 1)
            for all_pairs, own_past in zip(tests, alone, strict=True):
                all_pairs[j] = own_past[0]
            scores[j], lag_scores[j], signs[j] = tests.joint, tests.by_lag.T, tests.signed.T
            self.f_statistics_[j], self.p_values_[j] = tests.statistic, 10**-tests.joint
        self.graph_ = CausalGraph(scores, panel.names, lag_scores, signs, exogenous=panel.exogenous)
        remember_series(self, X, panel)
        return self


class _Tests(NamedTuple):
    """-log10 p and F of all lags together (source,); -log10 p of each lag, and with its sign (source, lag)."""

    joint: np.ndarray
    statistic: np.ndarray
    by_lag: np.ndarray
    signed: np.ndarray


def _tests(past: np.ndarray, level: np.ndarray, unexplained: np.ndarray, size: float, free: int) -> _Tests:
    """Regress what is unexplained of a target (window,) on every source's past (source, window, lag).

    Both with what is known already taken out of them (Frisch, Waugh, Lovell: the residuals are those of the whole
    regression). ``level`` (source,) and ``size`` are the norms of pasts and target before that: what is left is
    rounding where it is that much smaller, and rounding explains nothing. ``free`` are the degrees of freedom left.
    """
    left, spread, right = np.linalg.svd(past, full_matrices=False)
    real = spread > _rounding(past) * level[:, None]
    inverse = np.divide(1, spread, out=np.zeros_like(spread), where=real)
    on_axes = np.einsum("snr,n->sr", left, unexplained) * real
    rank = real.sum(axis=1)
    total = unexplained @ unexplained
    if np.sqrt(total) <= _rounding(past) * size:
        total, on_axes = 1.0, np.zeros_like(on_axes)
    freedom = free - rank
    residual = np.maximum(total - np.square(on_axes).sum(axis=1), np.finfo(float).eps * total)
    coefficients = np.einsum("srl,sr->sl", right, inverse * on_axes)
    variances = np.einsum("srl,sr->sl", np.square(right), np.square(inverse))
    by_one = np.divide(np.square(coefficients), variances, out=np.zeros_like(variances), where=variances > 0)
    by_lag = _surprise(residual[:, None] / (residual[:, None] + by_one), 1, freedom[:, None])
    statistic = (total / residual - 1) * freedom / np.maximum(rank, 1)
    return _Tests(_surprise(residual / total, rank, freedom), statistic, by_lag, by_lag * np.sign(coefficients))


def _axes(past: np.ndarray, level: float) -> np.ndarray:
    """Return orthonormal axes (window, rank) of one series' past (window, lag)."""
    left, spread, _ = np.linalg.svd(past, full_matrices=False)
    return left[:, spread > _rounding(past) * level]


def _rounding(past: np.ndarray) -> float:
    return past.shape[-2] * np.finfo(float).eps


def _surprise(kept: np.ndarray, tested: np.ndarray | int, free: np.ndarray) -> np.ndarray:
    """Return -log10 p of an F-test that leaves the share ``kept`` of the squared residuals; 0 where nothing is tested.

    P(F(m, f) > F) is the regularised incomplete beta function I_kept(f / 2, m / 2). Where it underflows, its
    logarithm comes from ``x^a (1 - x)^b / (a B(a, b)) * sum_n prod_{i<n} x (a + b + i) / (a + 1 + i)``.
    """
    x, m, f = np.broadcast_arrays(kept, tested, free)
    a, b = f / 2, np.maximum(m, 1) / 2
    probability = np.where(m > 0, betainc(a, b, x), 1.0)
    found = -np.log10(np.maximum(probability, UNDERFLOW))
    tiny = probability < UNDERFLOW
    x, a, b = x[tiny], a[tiny], b[tiny]
    term, total, i = np.ones_like(x), np.ones_like(x), 0
    while (term > np.finfo(float).eps * total).any():
        term = term * x * (a + b + i) / (a + 1 + i)
        total, i = total + term, i + 1
    logarithm = a * np.log(x) + b * np.log1p(-x) - np.log(a) - betaln(a, b) + np.log(total)
    found[tiny] = -logarithm / np.log(10)
    return np.maximum(found, 0.0)
