"""What scikit-learn expects every estimator to forget before a fit, and to remember after it."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from .panel import Panel


def forget(estimator: BaseEstimator) -> None:
    """Remove what an earlier fit left, so that one that fails leaves no graph of other data behind."""
    for attribute in [name for name in vars(estimator) if name.endswith("_")]:
        delattr(estimator, attribute)


def remember_series(estimator: BaseEstimator, X: Any, panel: Panel) -> None:
    """Set ``n_features_in_``, and ``feature_names_in_`` where ``X`` named its series."""
    estimator.n_features_in_ = panel.n_series
    if isinstance(X, Panel) or hasattr(X, "columns"):
        estimator.feature_names_in_ = np.array(panel.names, dtype=object)
