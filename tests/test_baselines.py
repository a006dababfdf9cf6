import numpy as np
import pytest
from sklearn.linear_model import Ridge
from statsmodels.tsa.api import VAR

from grngc import as_panel
from grngc.baselines import Correlation, LaggedCorrelation, RidgeVAR
from grngc.baselines.ridge_var import ALPHAS
from grngc.datasets import simulate_var, var_coefficients
from grngc.errors import InputError

COEFFICIENTS = var_coefficients(4, 2, density=0.4, random_state=3)
LONG = simulate_var(COEFFICIENTS, 4000, random_state=3)
SHORT = [LONG[:40], LONG[100:130], LONG[200:260]]


def standard(x: np.ndarray) -> np.ndarray:
    return (x - x.mean(axis=0)) / x.std(axis=0)


# ---- correlation -----------------------------------------------------------------------------------------------------


def test_correlation_is_pearsons_over_all_trajectories() -> None:
    graph = Correlation().fit(SHORT).graph_
    expected = np.corrcoef(np.concatenate(SHORT).T)
    np.testing.assert_allclose(graph.scores, np.abs(expected), atol=1e-12)
    np.testing.assert_allclose(graph.contemporaneous, expected - np.eye(4), atol=1e-12)
    assert {edge.lag for edge in graph.edges()} == {0}  # no direction
    np.testing.assert_array_equal(graph.scores, graph.scores.T)  # exactly: ties must not be broken by rounding


def test_correlation_leaves_points_with_gaps_out() -> None:
    x = LONG[:50].copy()
    x[7, 2] = np.nan
    graph = Correlation().fit(as_panel(x, missing="drop")).graph_
    np.testing.assert_allclose(graph.scores, np.abs(np.corrcoef(np.delete(x, 7, axis=0).T)), atol=1e-12)


def test_correlation_without_a_whole_point_is_refused() -> None:
    x = LONG[:6, :2].copy()
    x[::2, 0] = x[1::2, 1] = np.nan
    with pytest.raises(InputError, match="no point in time is free of missing values: choose fewer series"):
        Correlation().fit(as_panel(x, missing="drop"))


def test_lagged_correlation_is_the_cross_correlation_function() -> None:
    graph = LaggedCorrelation(lag=2).fit(LONG).graph_
    z = standard(LONG)
    expected = np.stack([z[2:].T @ z[1:-1], z[2:].T @ z[:-2]], axis=1) / (len(z) - 2)
    np.testing.assert_allclose(graph.signs, expected, atol=1e-12)
    np.testing.assert_allclose(graph.scores, np.abs(expected).max(axis=1))


# ---- ridge VAR -------------------------------------------------------------------------------------------------------


def test_ridge_var_without_penalty_is_statsmodels_var() -> None:
    model = RidgeVAR(lag=2, alpha=0).fit(LONG)
    unit = LONG.std(axis=0)
    found = np.moveaxis(model.coefficients_, 1, 0) * unit[:, None] / unit
    np.testing.assert_allclose(found, VAR(LONG).fit(2).coefs, atol=1e-9)
    np.testing.assert_allclose(found, COEFFICIENTS, atol=0.08)
    np.testing.assert_array_equal(model.graph_.scores, np.abs(model.coefficients_).max(axis=1))


def test_ridge_var_is_scikit_learns_ridge() -> None:
    z = standard(LONG[:60])
    expected = Ridge(alpha=0.3 * 59).fit(z[:-1], z[1:]).coef_
    np.testing.assert_allclose(RidgeVAR(alpha=0.3).fit(LONG[:60]).coefficients_[:, 0], expected, atol=1e-10)


def test_the_penalty_counts_per_window() -> None:
    once, twice = RidgeVAR(alpha=0.5).fit(SHORT), RidgeVAR(alpha=0.5).fit(SHORT + SHORT)
    np.testing.assert_allclose(once.coefficients_, twice.coefficients_, atol=1e-12)


def test_more_lags_than_windows_have_a_solution() -> None:
    model = RidgeVAR(lag=5, alpha=0).fit(LONG[:20])
    assert np.isfinite(model.graph_.scores).all()


def test_cross_validation_trusts_clear_data_and_shrinks_noise() -> None:
    assert RidgeVAR(lag=2).fit(LONG).alpha_ < 0.02
    noise = np.random.default_rng(0).normal(size=(60, 8))
    assert RidgeVAR().fit(noise).alpha_ >= 1
    assert RidgeVAR().fit(noise.reshape(4, 15, 8)).alpha_ in ALPHAS


def test_ridge_var_refuses_what_cannot_be() -> None:
    with pytest.raises(InputError, match="alpha must be"):
        RidgeVAR(alpha=-1).fit(LONG)
    with pytest.raises(InputError, match="alpha must be"):
        RidgeVAR(alpha="best").fit(LONG)
    with pytest.raises(InputError, match="at least 10 windows at lag 3; it has 5"):
        RidgeVAR(lag=3).fit(LONG[:8])
    assert RidgeVAR(lag=3, alpha=0.1).fit(LONG[:8]).alpha_ == 0.1


# ---- all -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", [Correlation, LaggedCorrelation, RidgeVAR])
def test_exogenous_series_are_sources_only(method: type) -> None:
    panel = as_panel(LONG, exogenous=["x2"])
    graph = method().fit(panel).graph_
    assert not graph.scores[1].any()
    assert not graph.signs[1].any()
    assert graph.scores[0, 1] > 0
    others = method().fit(LONG).graph_.scores
    if method is not RidgeVAR:  # its penalty is chosen for the targets alone
        np.testing.assert_allclose(np.delete(graph.scores, 1, axis=0), np.delete(others, 1, axis=0))
