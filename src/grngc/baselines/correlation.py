"""Absolute correlation at the same time: the control that any claim about direction must beat."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from ..checks import say
from ..errors import InputError
from ..estimators import forget, remember_series
from ..graph import CausalGraph
from ..panel import Panel, as_panel
from ..scaling import Scaling


class Correlation(BaseEstimator):
    """Score pairs by absolute Pearson correlation at lag 0, all points of all trajectories together.

    The scores are symmetric, so they say nothing about direction: edges are at lag 0, where two series move together.
    Each series correlates with itself at 1, which ranks the diagonal first; where a data
    set scores the diagonal that is the perfect answer, and elsewhere it does not count.

    Attributes
    ----------
    graph_ : CausalGraph
        ``contemporaneous`` holds the correlations, with their signs. Rows of exogenous series are zero.
    n_features_in_ : int
    feature_names_in_ : array of str
        Only after a fit on a panel or a data frame.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=(200, 2))
    >>> x[:, 1] -= x[:, 0]
    >>> Correlation().fit(x).graph_.edges(top=1)[0].sign
    '-'
    """

    def fit(self, X: Any, y: None = None) -> "Correlation":
        """Measure the correlations.

        Parameters
        ----------
        X : Panel or anything :func:`grngc.as_panel` takes
            With ``missing="drop"``, points in time at which any series is missing are left out.
        y : ignored
            Present by scikit-learn's convention.
        """
        forget(self)
        panel = as_panel(X)
        points = np.concatenate(panel.trajectories)
        known = points[np.isfinite(points).all(axis=1)]
        if not len(known):
            raise InputError(say(panel.origin, "no point in time is free of missing values: choose fewer series"))
        whole = Panel((known,), panel.names)
        (values,) = Scaling.of(whole, "pooled").apply(whole).trajectories
        signed = values.T @ values / len(values)
        # ties between a pair's two directions are exact, so that rounding cannot break them
        signed = (signed + signed.T) / 2 * panel.targets[:, None]
        past, between = np.zeros_like(signed)[:, None], signed * ~np.eye(len(signed), dtype=bool)
        self.graph_ = CausalGraph(np.abs(signed), panel.names, past, exogenous=panel.exogenous, contemporaneous=between)
        remember_series(self, X, panel)
        return self
