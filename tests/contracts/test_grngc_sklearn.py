"""scikit-learn's own checks of an estimator, none expected to fail."""

from collections.abc import Callable

from sklearn.utils.estimator_checks import parametrize_with_checks

from grngc.grngc import GRNGC


@parametrize_with_checks([GRNGC(forecaster="mlp", hidden=3, steps=3)])
def test_grngc(estimator: GRNGC, check: Callable) -> None:
    check(estimator)
