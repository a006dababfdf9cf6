"""Numbers against statsmodels: without a penalty, the linear forecaster is least squares."""

import numpy as np
import pytest
from statsmodels.tsa.api import VAR

from grngc.grngc import GRNGC
from grngc.panel import as_panel

LAG = 2
SETTINGS = {
    "forecaster": "linear", "lag": LAG, "penalty": 0.0, "input_noise": 0.0, "batch": None,
    "steps": 1500, "learning_rate": 0.05, "schedule": "cosine",
}  # fmt: skip


@pytest.fixture(scope="module")
def series() -> np.ndarray:
    """Return a stable second-order autoregression of three series with means and scales of their own."""
    rng = np.random.default_rng(0)
    first = np.array([[0.5, 0.0, 0.3], [-0.4, 0.4, 0.0], [0.0, 0.3, 0.2]])
    second = np.array([[0.0, -0.3, 0.0], [0.0, 0.1, 0.2], [0.2, 0.0, -0.2]])
    x = rng.normal(size=(400, 3))
    for t in range(LAG, len(x)):
        x[t] += first @ x[t - 1] + second @ x[t - 2]
    return x * [1.0, 3.0, 0.5] + [0.2, -1.0, 0.5]


@pytest.fixture(scope="module")
def reference(series: np.ndarray) -> object:
    return VAR(series).fit(LAG)


def test_coefficients_in_the_datas_own_units(series: np.ndarray, reference: object) -> None:
    graph = GRNGC(**SETTINGS, scaling="none").fit(series).graph_
    coefficients = reference.coefs.transpose(1, 0, 2)  # (lag, target, source) -> (target, lag, source)
    np.testing.assert_allclose(graph.signs, coefficients, atol=2e-4)
    np.testing.assert_allclose(graph.lag_scores, abs(coefficients), atol=2e-4)


def test_standardised_coefficients_and_forecasts(series: np.ndarray, reference: object) -> None:
    model = GRNGC(**SETTINGS).fit(series)
    spread = series.std(axis=0)
    coefficients = reference.coefs.transpose(1, 0, 2) * spread / spread[:, None, None]
    np.testing.assert_allclose(model.graph_.signs, coefficients, atol=2e-4)
    np.testing.assert_allclose(model.graph_.scores, abs(coefficients).sum(axis=1), atol=5e-4)
    np.testing.assert_allclose(model.forecast(5), reference.forecast(series[-LAG:], 5), atol=2e-3)


def test_forecasts_of_differences_are_summed_up(series: np.ndarray, reference: object) -> None:
    """A walk whose steps are the series: its forecast is the last value plus the sum of statsmodels' forecasts."""
    walk = np.concatenate([np.zeros((1, 3)), series.cumsum(axis=0)])
    forecast = GRNGC(**SETTINGS).fit(as_panel(walk, transform="difference")).forecast(4)
    expected = walk[-1] + reference.forecast(series[-LAG:], 4).cumsum(axis=0)
    np.testing.assert_allclose(forecast, expected, atol=5e-3)


def test_each_trajectory_is_continued_from_its_own_end(series: np.ndarray) -> None:
    model = GRNGC(**SETTINGS, scaling="none").fit([series[:150], series[150:]])
    forecasts = model.forecast(2)
    alone = GRNGC(**SETTINGS, scaling="none").fit(series)
    assert forecasts.shape == (2, 2, 3)
    coefficients = model.graph_.signs  # (target, lag, source)
    intercept = model.forecaster_.direct.bias.detach().numpy()
    for forecast, part in zip(forecasts, (series[:150], series[150:]), strict=True):
        one = intercept + coefficients[:, 0] @ part[-1] + coefficients[:, 1] @ part[-2]
        two = intercept + coefficients[:, 0] @ one + coefficients[:, 1] @ part[-1]
        np.testing.assert_allclose(forecast, [one, two], atol=1e-4)
    assert alone.forecast(2).shape == (2, 3)
