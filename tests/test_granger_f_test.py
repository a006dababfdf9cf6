"""The F-test beside statsmodels, beside a plain regression for a panel, and where p is too small for a number."""

import mpmath
import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.tsa.stattools import grangercausalitytests

from grngc import as_panel
from grngc.baselines import GrangerFTest
from grngc.baselines.granger_f_test import UNDERFLOW, _surprise
from grngc.datasets import simulate_var, var_coefficients
from grngc.errors import InputError

LONG = simulate_var(var_coefficients(4, 2, density=0.4, random_state=3), 400, random_state=3)
SHORT = [LONG[:40] + 1.0, LONG[100:130], LONG[200:260]]
OFF_DIAGONAL = [(j, i) for j in range(4) for i in range(4) if i != j]


@pytest.mark.parametrize("lag", [1, 3])
def test_one_trajectory_is_statsmodels(lag: int) -> None:
    model = GrangerFTest(lag=lag).fit(LONG)
    for j, i in OFF_DIAGONAL:
        statistic, p_value, _, _ = grangercausalitytests(LONG[:, [j, i]], maxlag=[lag])[lag][0]["ssr_ftest"]
        assert model.f_statistics_[j, i] == pytest.approx(statistic, rel=1e-9)
        assert model.p_values_[j, i] == pytest.approx(p_value, rel=1e-9)
        assert model.graph_.scores[j, i] == pytest.approx(-np.log10(p_value), abs=1e-9)


def test_a_panel_is_one_regression_over_its_windows() -> None:
    """Joint test, each lag's t-test and its sign, and the own past against the constant."""
    lag = 2
    graph = GrangerFTest(lag=lag).fit(SHORT).graph_
    y = np.concatenate([x[lag:] for x in SHORT])
    past = np.concatenate([np.stack([x[1:-1], x[:-2]], axis=1) for x in SHORT])  # (window, lag, source)
    for j, i in OFF_DIAGONAL:
        design = sm.add_constant(np.concatenate([past[:, :, j], past[:, :, i]], axis=1))
        fit = sm.OLS(y[:, j], design).fit()
        assert 10 ** -graph.scores[j, i] == pytest.approx(fit.f_test(np.eye(5)[3:]).pvalue, rel=1e-9)
        np.testing.assert_allclose(10 ** -graph.lag_scores[j, :, i], fit.pvalues[3:], rtol=1e-9)
        np.testing.assert_array_equal(np.sign(graph.signs[j, :, i]), np.sign(fit.params[3:]))
        alone = sm.OLS(y[:, j], sm.add_constant(past[:, :, j])).fit()
        assert 10 ** -graph.scores[j, j] == pytest.approx(alone.f_pvalue, rel=1e-9)
        np.testing.assert_allclose(10 ** -graph.lag_scores[j, :, j], alone.pvalues[1:], rtol=1e-9)
    np.testing.assert_array_equal(abs(graph.signs), graph.lag_scores)


def test_without_a_coupling_p_is_uniform() -> None:
    noise = np.random.default_rng(0).normal(size=(30, 21, 40))
    p_values = np.sort(GrangerFTest(lag=2).fit(noise).p_values_.ravel())
    assert abs(p_values - np.linspace(0, 1, p_values.size)).max() < 0.05


@pytest.mark.parametrize("share", [0.9, 0.5, 1e-3, 1e-15])
@pytest.mark.parametrize(("tested", "free"), [(1, 30), (2, 500), (3, 961), (5, 40_000)])
def test_p_too_small_for_a_number_has_its_logarithm(share: float, tested: int, free: int) -> None:
    with mpmath.workdps(40):
        p_value = mpmath.betainc(mpmath.mpf(free) / 2, mpmath.mpf(tested) / 2, 0, mpmath.mpf(share), regularized=True)
        expected = float(-mpmath.log10(p_value))
    assert _surprise(np.array([share]), tested, np.array(free))[0] == pytest.approx(expected, rel=1e-9)


def test_the_logarithm_takes_over_without_a_step() -> None:
    """On both sides of the change: with two lags p is kept^(free / 2) exactly."""
    free = 2000
    kept = (UNDERFLOW * 10.0 ** np.array([0.3, 0.1, -0.1, -0.3])) ** (2 / free)
    np.testing.assert_allclose(_surprise(kept, 2, np.array(free)), -free / 2 * np.log10(kept), rtol=1e-9)


def test_strong_pairs_are_ranked_not_tied() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20_000, 3))
    x[1:, 0] = x[:-1, 1] + 0.3 * x[:-1, 2] + 0.2 * x[1:, 0]
    model = GrangerFTest().fit(x)
    assert model.p_values_[0, 1] == 0
    assert model.graph_.scores[0, 1] > model.graph_.scores[0, 2] > 300
    assert np.isfinite(model.graph_.scores).all()


def test_a_forecast_without_error_has_a_finite_score() -> None:
    x = np.random.default_rng(0).normal(size=(100, 2))
    x[1:, 1] = x[:-1, 0]
    graph = GrangerFTest().fit(x).graph_
    assert np.isfinite(graph.scores).all()
    assert graph.scores[1, 0] > 500 > 10 > graph.scores[0, 1]


def test_what_tells_nothing_scores_nothing() -> None:
    """A past that is constant, a copy of the target, and a series that its own past explains to the last digit."""
    driver = np.random.default_rng(0).normal(size=101)
    driven = np.r_[0, 0.8 * driver[:-1]] + 0.1 * np.random.default_rng(1).normal(size=101)
    x = np.stack([driver, driven, 3 * driven - 1, np.r_[np.full(100, 7.0), 8.0], (-1.0) ** np.arange(101)], axis=1)
    model = GrangerFTest(lag=2).fit(x)
    scores = model.graph_.scores
    assert not scores[:, 3].any()
    assert scores[1, 2] == scores[2, 1] == 0
    assert not np.delete(scores[4], 4).any()
    assert scores[1, 0] == pytest.approx(scores[2, 0])
    assert scores[1, 0] > 20
    assert model.p_values_[1, 2] == 1
    assert model.f_statistics_[1, 2] == 0


def test_collinear_lags_are_tested_together_with_the_freedom_they_have() -> None:
    """A source of period three: its lags say no more than two of them do, and a third costs no freedom."""
    switch = np.tile([1.0, -1.0, 2.0], 80)
    target = np.r_[0, 0.5 * switch[:-1]] + np.random.default_rng(0).normal(size=240)
    graph = GrangerFTest(lag=4).fit(np.stack([target, switch], axis=1)).graph_
    past = np.stack([target[4 - k : -k] for k in range(1, 5)] + [switch[4 - k : -k] for k in (1, 2)], axis=1)
    fit = sm.OLS(target[4:], sm.add_constant(past)).fit()
    assert 10 ** -graph.scores[0, 1] == pytest.approx(fit.f_test(np.eye(7)[5:]).pvalue, rel=1e-9)
    assert np.isfinite(graph.lag_scores).all()


def test_too_few_windows_are_refused() -> None:
    with pytest.raises(InputError, match="at lag 2 needs at least 6 windows; the data have 5"):
        GrangerFTest(lag=2).fit(LONG[:7])
    assert np.isfinite(GrangerFTest(lag=2).fit(LONG[:8]).graph_.scores).all()
    with pytest.raises(InputError, match="lag"):
        GrangerFTest(lag=0).fit(LONG)


def test_exogenous_series_are_sources_only() -> None:
    model = GrangerFTest().fit(as_panel(LONG, exogenous=["x2"]))
    others = GrangerFTest().fit(LONG)
    assert not model.graph_.scores[1].any()
    assert (model.p_values_[1] == 1).all()
    np.testing.assert_array_equal(np.delete(model.graph_.scores, 1, axis=0), np.delete(others.graph_.scores, 1, axis=0))
