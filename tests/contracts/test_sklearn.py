"""scikit-learn's own checks of every method but GRNGC (see ``test_grngc_sklearn.py``); none is expected to fail."""

from collections.abc import Callable

from sklearn.base import BaseEstimator
from sklearn.utils.estimator_checks import parametrize_with_checks

from grngc.methods import METHODS


@parametrize_with_checks([method() for name, method in METHODS.items() if name != "grngc"])
def test_estimator(estimator: BaseEstimator, check: Callable) -> None:
    check(estimator)
