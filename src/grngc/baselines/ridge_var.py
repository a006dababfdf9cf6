"""A linear vector autoregression with a ridge penalty: the control that any claim of non-linearity must beat."""

from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal

import numpy as np
from sklearn.base import BaseEstimator

from ..errors import InputError
from ..estimators import forget, remember_series
from ..folds import folds
from ..graph import CausalGraph
from ..panel import as_panel
from ..scaling import Scaling
from ..windows import Windows, make_windows

ALPHAS = np.logspace(-6, 2, 33)
"""Penalties that cross-validation chooses from, in windows: from almost none to almost nothing but."""


class RidgeVAR(BaseEstimator):
    """Score *source* drives *target* by the absolute coefficient of a ridge regression on the past of all series.

    With standardised series, windows x, and targets y, both centred, the coefficients are
    (x'x + ``alpha`` N)^-1 x'y, N the number of windows; the score is the largest over the lags.

    Parameters
    ----------
    lag : int
        Lags in the regression.
    alpha : float or "cv"
        Penalty as a multiple of the number of windows, so that its weight does not depend on the length of the record.
        "cv" takes the value of ``ALPHAS`` with the least squared error of one-step forecasts, held out by groups of
        whole trajectories, or by blocks of time where there is one trajectory; one value for all targets, so that
        their coefficients can be ranked together. Truth plays no part.

    Attributes
    ----------
    graph_ : CausalGraph
        Resolved by lag; ``signs`` are the coefficients. Rows of exogenous series are zero.
    coefficients_ : array (target, lag, source)
        In standard deviations of the target per standard deviation of the source.
    alpha_ : float
        The penalty used.
    n_features_in_ : int
    feature_names_in_ : array of str
        Only after a fit on a panel or a data frame.
    """

    def __init__(self, *, lag: int = 1, alpha: float | Literal["cv"] = "cv") -> None:
        self.lag = lag
        self.alpha = alpha

    def fit(self, X: Any, y: None = None) -> "RidgeVAR":
        """Choose the penalty and fit the coefficients.

        Parameters
        ----------
        X : Panel or anything :func:`grngc.as_panel` takes
        y : ignored
            Present by scikit-learn's convention.
        """
        forget(self)
        if self.alpha != "cv" and not (isinstance(self.alpha, Real) and self.alpha >= 0):
            raise InputError(f'alpha must be "cv" or a number of at least 0; got {self.alpha!r}')
        panel = as_panel(X)
        windows = make_windows(Scaling.of(panel, "pooled").apply(panel), self.lag)
        past = windows.x.reshape(len(windows), -1)  # (window, lag x source)
        known = windows.y[:, panel.targets]
        self.alpha_ = float(_choose_alpha(past, known, windows) if self.alpha == "cv" else self.alpha)
        self.coefficients_ = np.zeros((panel.n_series, self.lag, panel.n_series))
        fitted = _solve(past, known).coefficients(self.alpha_)
        self.coefficients_[panel.targets] = fitted.T.reshape(-1, self.lag, panel.n_series)
        size = np.abs(self.coefficients_)
        self.graph_ = CausalGraph(size.max(axis=1), panel.names, size, self.coefficients_, exogenous=panel.exogenous)
        remember_series(self, X, panel)
        return self


@dataclass(frozen=True, eq=False)
class _Path:
    """A regression solved for every penalty at once: one eigendecomposition of the covariance serves them all.

    ``variances`` and ``axes`` (lag x source, axis) are those of the centred past, ``on_axes`` (axis, target) its
    covariance with the targets.
    """

    past_mean: np.ndarray
    known_mean: np.ndarray
    variances: np.ndarray
    axes: np.ndarray
    on_axes: np.ndarray

    def coefficients(self, alpha: float) -> np.ndarray:
        """Return (lag x source, target); directions without variance get none."""
        floor = self.variances.max() * len(self.variances) * np.finfo(float).eps
        spread = self.variances + alpha
        inverse = np.divide(1, spread, out=np.zeros_like(spread), where=spread > floor)
        return self.axes @ (inverse[:, None] * self.on_axes)

    def forecast(self, past: np.ndarray, alpha: float) -> np.ndarray:
        """Return (window, target)."""
        return (past - self.past_mean) @ self.coefficients(alpha) + self.known_mean


def _solve(past: np.ndarray, known: np.ndarray) -> _Path:
    """Regress the targets (window, target) on the past (window, lag x source)."""
    past_mean, known_mean = past.mean(axis=0), known.mean(axis=0)
    centred = past - past_mean
    variances, axes = np.linalg.eigh(centred.T @ centred / len(past))
    on_axes = axes.T @ (centred.T @ (known - known_mean)) / len(past)
    return _Path(past_mean, known_mean, np.maximum(variances, 0), axes, on_axes)


def _choose_alpha(past: np.ndarray, known: np.ndarray, windows: Windows) -> float:
    """Return the penalty with the least squared error of forecasts on held-out windows; the larger one of equals."""
    errors = np.zeros(len(ALPHAS))
    for train, test in folds(windows):
        path = _solve(past[train], known[train])
        errors += [np.square(path.forecast(past[test], alpha) - known[test]).sum() for alpha in ALPHAS]
    return ALPHAS[len(ALPHAS) - 1 - np.argmin(errors[::-1])]
