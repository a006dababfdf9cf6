"""scikit-learn's own checks of every method but GRNGC (see ``test_grngc_sklearn.py``); none is expected to fail."""

from collections.abc import Callable
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.utils.estimator_checks import parametrize_with_checks

from grngc.methods import METHODS

QUICK: dict[str, dict[str, Any]] = {
    "jrngc": {"hidden": 3, "depth": 1, "steps": 2},
    "cmlp": {"hidden": 3, "steps": 8},
    "clstm": {"hidden": 3, "steps": 8},
    "crnn": {"hidden": 3, "steps": 8},
    "ggc": {"steps": 2},
    "ggc_loo": {"steps": 2},
}
"""What is checked is how estimators behave, not what they find."""


@parametrize_with_checks([method(**QUICK.get(name, {})) for name, method in METHODS.items() if name != "grngc"])
def test_estimator(estimator: BaseEstimator, check: Callable) -> None:
    check(estimator)
