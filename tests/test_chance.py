import numpy as np
import pytest
from sklearn.base import BaseEstimator

from grngc import CausalGraph, DivergenceError, as_panel
from grngc.baselines import LaggedCorrelation, RidgeVAR
from grngc.chance import APART, floor_of, largest_by_chance, reach, shares, shifted
from grngc.datasets import simulate_var
from grngc.training import Progress

RNG = np.random.default_rng


def walkers(seed: int, times: int = 200, series: int = 5) -> np.ndarray:
    """Unrelated autoregressions."""
    return simulate_var(np.eye(series)[None] * 0.7, times, random_state=seed)


class Runaway(BaseEstimator):
    def fit(self, X: object) -> "Runaway":
        raise DivergenceError("far away")


class Whose(BaseEstimator):
    """Scores are all 1: their largest says whether there was a pair to look at."""

    def fit(self, X: object) -> "Whose":
        panel = as_panel(X)
        self.graph_ = CausalGraph(np.ones((panel.n_series, panel.n_series)), panel.names)
        return self


@pytest.mark.parametrize("n", [2, 5, 9])
def test_shares_are_apart_and_reach_all_round(n: int) -> None:
    drawn = np.array([shares(n, RNG(seed)) for seed in range(400)])
    between = np.abs(drawn[:, :1] - drawn[:, 1:])
    between = np.minimum(between, 1 - between)
    assert between.min() > APART - 1e-9
    assert between.max() > 0.45
    assert len(np.unique(drawn.round(9), axis=0)) == 400


def test_many_series_are_as_far_apart_as_there_is_room_for() -> None:
    drawn = np.sort(shares(40, RNG(0)))
    np.testing.assert_allclose(np.diff(drawn), 1 / 40, atol=1e-9)


def test_a_lone_trajectory_is_rolled_each_series_by_its_own() -> None:
    x = np.arange(100.0)[:, None] + 1000 * np.arange(4)
    moved, apart = shifted(as_panel(x), RNG(0))
    (values,) = moved.trajectories
    by = (x[0] - values[0]) % 100
    for i in range(4):
        np.testing.assert_array_equal(values[:, i], np.roll(x[:, i], int(by[i])))
    between = np.abs(by[:, None] - by) % 100
    assert (np.minimum(between, 100 - between)[~np.eye(4, dtype=bool)] >= 10).all()
    np.testing.assert_array_equal(apart, ~np.eye(4, dtype=bool))


def test_experiments_change_places_and_time_stays() -> None:
    x = [np.stack([np.arange(8.0) + 100 * r + 10_000 * i for i in range(3)], axis=1) for r in range(12)]
    moved, apart = shifted(as_panel(x), RNG(1))
    values = np.stack(moved.trajectories)  # (trajectory, time, series)
    np.testing.assert_array_equal(values % 100, np.stack(x) % 100)  # a transient all share stays shared
    taken = (values[:, 0] - 10_000 * np.arange(3)) // 100  # (trajectory, series): whose it is now
    for i, j in np.argwhere(apart):
        assert (taken[:, i] != taken[:, j]).all()
    assert apart.sum() == 6
    np.testing.assert_array_equal(np.sort(taken, axis=0), np.repeat(np.arange(12)[:, None], 3, axis=1))


def test_gaps_stay_where_they_are() -> None:
    x = walkers(0)
    x[20:30, 1] = np.nan
    moved, _ = shifted(as_panel(x, missing="drop"), RNG(0))
    (values,) = moved.trajectories
    whole = np.isfinite(x).all(axis=1)
    np.testing.assert_array_equal(values[~whole], x[~whole])
    assert np.isfinite(values[whole]).all()
    np.testing.assert_array_equal(np.sort(values[whole], axis=0), np.sort(x[whole], axis=0))


def test_pairs_that_are_not_apart_do_not_count() -> None:
    x = walkers(0, 60, 30)  # thirty series of sixty points: neighbours are moved by two points
    _, apart = shifted(as_panel(x), RNG(0))
    assert 0.7 < apart.sum() / (30 * 29) < 0.95
    np.testing.assert_array_equal(apart, apart.T)


def test_a_surrogate_keeps_dynamics_and_loses_couplings() -> None:
    x = simulate_var(np.array([[[0.6, 0], [0.8, 0.3]]]), 1000, random_state=0)
    panel = as_panel(x)
    own, between = [], []
    for seed in range(5):
        graph = RidgeVAR(alpha=0.0).fit(shifted(panel, RNG(seed))[0]).graph_
        own.append(graph.scores[0, 0])
        between.append(graph.scores[1, 0])
    assert RidgeVAR(alpha=0.0).fit(panel).graph_.scores[1, 0] > 5 * max(between)
    assert min(own) > 0.5


def test_reach_is_that_of_one_more_draw() -> None:
    rng = RNG(7)
    for n in (5, 20):
        draws = rng.gumbel(size=(40_000, n + 1))
        seen, new = draws[:, :n], draws[:, n]
        beyond = (new > seen.mean(axis=1) + reach(n) * seen.std(axis=1, ddof=1)).mean()
        assert beyond == pytest.approx(0.05, abs=0.005)
    assert reach(3) > reach(5) > reach(20) > 1.866  # that of a Gumbel distribution which is known


def test_the_floor_has_the_units_of_scores() -> None:
    largest = RNG(0).gumbel(size=20)
    assert floor_of(3 * largest + 2) == pytest.approx(3 * floor_of(largest) + 2)
    assert floor_of(np.zeros(5)) == 0  # a method whose scores are exactly 0 without a coupling: any other stands out
    assert floor_of(np.array([0.1, np.inf, 0.2])) == np.inf


def test_a_method_that_diverges_on_surrogates_has_no_floor() -> None:
    found = largest_by_chance(Runaway(), as_panel(walkers(0)), 3)
    assert np.isinf(found).all()


def test_progress_and_seeds() -> None:
    told: list[Progress] = []
    panel = as_panel(walkers(0))
    first = largest_by_chance(LaggedCorrelation(), panel, 4, progress=told.append)
    assert [(now.step, now.steps, now.doing) for now in told] == [(n, 4, "fitting surrogates") for n in (1, 2, 3, 4)]
    np.testing.assert_array_equal(first, largest_by_chance(LaggedCorrelation(), panel, 4))
    other = largest_by_chance(LaggedCorrelation(), panel, 4, random_state=1)
    assert not np.isclose(first, other).any()


def test_the_largest_is_of_pairs_of_two_series() -> None:
    assert largest_by_chance(Whose(), as_panel(walkers(0)), 3).tolist() == [1, 1, 1]
    alone = as_panel(walkers(0, series=1))
    assert largest_by_chance(Whose(), alone, 3).tolist() == [0, 0, 0]


@pytest.mark.usefixtures("here")
def test_workers_change_nothing() -> None:
    panel = as_panel(walkers(0))
    found = largest_by_chance(LaggedCorrelation(), panel, 4, places={"workers": 2, "executor": "local"})
    np.testing.assert_array_equal(found, largest_by_chance(LaggedCorrelation(), panel, 4))


@pytest.mark.parametrize("estimator", [LaggedCorrelation(), RidgeVAR(alpha=0.01)], ids=str)
def test_unrelated_series_hardly_ever_stand_out(estimator: BaseEstimator) -> None:
    alarms = 0
    for seed in range(40):
        panel = as_panel(walkers(seed))
        floor = floor_of(largest_by_chance(estimator, panel, 5))
        alarms += estimator.fit(panel).graph_.above(floor).any()
    assert alarms <= 7  # of 40; at a rate of 1 in 15, more come once in a hundred times
