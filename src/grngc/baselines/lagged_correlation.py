"""Absolute cross-correlation of the past with the present: the simplest method with a direction."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from ..estimators import forget, remember_series
from ..graph import CausalGraph
from ..panel import as_panel
from ..scaling import Scaling
from ..windows import make_windows


class LaggedCorrelation(BaseEstimator):
    """Score *source* drives *target* by ``|corr(source at t - k, target at t)|``, the largest over the lags k.

    The covariance over all windows, which stay inside their trajectory, in units of each series' standard deviation
    over all points: the usual estimate of the cross-correlation function.

    Parameters
    ----------
    lag : int
        Longest lag looked at.

    Attributes
    ----------
    graph_ : CausalGraph
        Resolved by lag; its ``signs`` are those of the correlation. Rows of exogenous series are zero.
    n_features_in_ : int
    feature_names_in_ : array of str
        Only after a fit on a panel or a data frame.
    """

    def __init__(self, *, lag: int = 1) -> None:
        self.lag = lag

    def fit(self, X: Any, y: None = None) -> "LaggedCorrelation":
        """Measure the correlations.

        Parameters
        ----------
        X : Panel or anything :func:`grngc.as_panel` takes
        y : ignored
            Present by scikit-learn's convention.
        """
        forget(self)
        panel = as_panel(X)
        windows = make_windows(Scaling.of(panel, "pooled").apply(panel), self.lag)
        # (window, target) with (window, lag, source) -> (target, lag, source)
        signed = np.tensordot(windows.y, windows.x, axes=(0, 0)) / len(windows) * panel.targets[:, None, None]
        size = np.abs(signed)
        self.graph_ = CausalGraph(size.max(axis=1), panel.names, size, signed, exogenous=panel.exogenous)
        remember_series(self, X, panel)
        return self
