"""What scikit-learn expects an estimator to remember of the data it was fitted to."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from ..panel import Panel


def remember_series(estimator: BaseEstimator, X: Any, panel: Panel) -> None:
    """Set ``n_features_in_``, and ``feature_names_in_`` where ``X`` named its series."""
    estimator.n_features_in_ = panel.n_series
    if isinstance(X, Panel) or hasattr(X, "columns"):
        estimator.feature_names_in_ = np.array(panel.names, dtype=object)
    elif hasattr(estimator, "feature_names_in_"):
        del estimator.feature_names_in_
