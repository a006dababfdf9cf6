"""Forecaster and lag from held-out forecasts: the rule on made-up forecasts, then series whose regime is known."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import grngc.task
from grngc.datasets import lorenz96
from grngc.errors import DivergenceError, InputError
from grngc.grngc import GRNGC
from grngc.panel import Panel, as_panel
from grngc.selection import ADDS, BENDS_BETTER, BETTER_LAG, Choice, Forecast, choose
from grngc.windows import Windows, make_windows
from simulated import Bump, autoregression

LAGS = (1, 2, 3, 4, 5)
TIMES = 4000
CLOCK = Panel((np.repeat(np.arange(TIMES, dtype=float)[:, None], 2, axis=1),), ("a", "b"))
A, B, C = np.linalg.qr(np.random.default_rng(0).normal(size=(TIMES, 3)))[0].T * math.sqrt(TIMES)
"""By time: three things a forecast may miss, of unit variance, that have nothing to do with each other."""

Missed = dict[tuple[str, int], np.ndarray | None]


def chosen(missed: Missed, *, longest: int = 5, lags: tuple[int, ...] = LAGS) -> Choice:
    """Choose where each candidate misses what is written down for it (None: it diverges), and no other may be tried."""

    def cut(lag: int) -> Windows:
        if lag > longest:
            raise InputError("too short")
        return make_windows(CLOCK, lag)

    def train(forecaster: str, windows: Windows) -> Forecast:
        off = missed[forecaster, windows.x.shape[1]]
        if off is None:
            raise DivergenceError("ran away")
        return lambda x: x[:, 0] + 1 - off[x[:, 0, 0].astype(int) + 1]

    forecasters = tuple(dict.fromkeys(name for name, _ in missed))
    choice = choose(forecasters, lags, cut, train, np.ones(2, bool))
    tried = [(one["forecaster"], one["lag"]) for one in choice.candidates]
    assert sorted(tried) == sorted(key for key in missed if key[1] <= longest)
    return choice


def both(off: np.ndarray) -> np.ndarray:
    return np.stack([off, off], axis=1)


def linear(*sizes: float) -> Missed:
    """What a straight line misses at each lag: always the same thing, more or less of it."""
    return {("linear", lag): size * both(A) for lag, size in enumerate(sizes, 1)}


def taken(missed: Missed, **options: Any) -> tuple[str, int]:
    choice = chosen(missed, **options)
    return choice.forecaster, choice.lag


class TestTheRule:
    def test_a_lag_is_added_as_long_as_each_saves_clearly(self) -> None:
        clear, little = math.sqrt(1 - BETTER_LAG - 0.01), math.sqrt(1 - BETTER_LAG + 0.01)
        assert taken(linear(*(clear**k for k in LAGS))) == ("linear", 5)
        assert taken(linear(1, clear, 0.99 * clear)) == ("linear", 2)
        assert taken(linear(1, little)) == ("linear", 1)
        assert taken(linear(1, 2)) == ("linear", 1)

    def test_one_that_bends_and_forecasts_better_is_taken(self) -> None:
        assert taken(linear(1, 1) | {("mlp", 1): both(0.8 * A)}) == ("mlp", 1)

    def test_one_that_forecasts_worse_and_adds_is_taken(self) -> None:
        """It knows b, which the straight line misses, and is off by c, which no graph will show."""
        straight = {("linear", lag): both(A + B) for lag in (1, 2)}
        choice = chosen(straight | {("mlp", 1): both(A + 1.5 * C)})
        assert (choice.forecaster, choice.lag) == ("mlp", 1)
        rows = {one["forecaster"]: one for one in choice.candidates}
        assert rows["mlp"]["error"] > 1.2 * rows["linear"]["error"]
        # the best mixture takes var(b) / (var(b) + 2.25 var(c)) of it and saves that share of b's half of the error
        assert rows["mlp"]["adds"] == pytest.approx(0.5 / 3.25, abs=0.06)
        assert "adds" not in rows["linear"]

    def test_one_that_adds_nothing_is_not_taken(self) -> None:
        assert taken(linear(1, 1) | {("mlp", 1): both(A + C)}) == ("linear", 1)  # the same, and noise
        assert taken(linear(1, 1) | {("mlp", 1): both(3 * A)}) == ("linear", 1)
        assert taken(linear(1, 1) | {("mlp", 1): both(A)}) == ("linear", 1)  # the very same
        assert taken(linear(0, 0) | {("mlp", 1): both(A)}) == ("linear", 1)  # there is nothing to add to

    def test_what_is_added_must_be_more_than_a_trifle_and_sure(self) -> None:
        assert taken(linear(1, 1) | {("mlp", 1): both(0.9995 * A)}) == ("linear", 1)
        once = np.zeros(TIMES)
        once[TIMES // 2] = 100.0  # one window that it happens to know
        straight = {("linear", lag): both(A + once) for lag in (1, 2)}
        choice = chosen(straight | {("mlp", 1): both(A)})
        assert choice.candidates[-1]["adds"] > 0.5
        assert choice.forecaster == "linear"

    @pytest.mark.parametrize(("how", "best"), [("everywhere", "mlp"), ("at three times", "linear")])
    def test_surely_is_three_standard_errors(self, how: str, best: str) -> None:
        """What it adds is plenty in both cases; the second time it is 1.7 of them."""
        held = slice(2 * TIMES // 5, 3 * TIMES // 5)  # the middle fold
        knows = np.full(TIMES, 0.1)
        if how == "at three times":
            knows = np.zeros(TIMES)
            knows[held][100::250] = 6.0
        straight = {("linear", lag): both(0.2 * A + knows) for lag in (1, 2)}
        assert taken(straight | {("mlp", 1): both(0.2 * A)}) == (best, 1)

    def test_a_third_is_tried_where_the_second_was_taken_and_stays_where_it_saves_much(self) -> None:
        """``chosen`` fails where another candidate was tried than those written down."""
        bends = linear(1, 1) | {("mlp", 1): both(0.8 * A)}
        much, little = math.sqrt(1 - BENDS_BETTER - 0.02), math.sqrt(1 - BENDS_BETTER + 0.02)
        assert taken(bends | {("kan", 1): both(0.8 * much * A)}) == ("kan", 1)
        choice = chosen(bends | {("kan", 1): both(0.8 * little * A)})
        assert choice.forecaster == "mlp"
        assert choice.candidates[-1]["saves"] == pytest.approx(BENDS_BETTER - 0.02, abs=1e-6)
        assert taken(bends | {("kan", 1): both(3 * A)}) == ("mlp", 1)
        assert taken(bends | {("kan", 1): None}) == ("mlp", 1)  # it diverges

    def test_a_third_is_not_tried_where_a_straight_line_is_enough(self) -> None:
        panel, tried = CLOCK, []

        def train(forecaster: str, windows: Windows) -> Forecast:
            tried.append(forecaster)
            return lambda x: x[:, 0] + 1 - both(A)[x[:, 0, 0].astype(int) + 1]

        choose(("linear", "mlp", "kan"), (1,), lambda lag: make_windows(panel, lag), train, np.ones(2, bool))
        assert set(tried) == {"linear", "mlp"}

    def test_what_a_third_saves_must_be_sure(self) -> None:
        """All of what it saves it saves at one time."""
        once = np.zeros(TIMES)
        once[TIMES // 2] = 100.0
        missed = {("linear", lag): both(2 * A + once) for lag in (1, 2)} | {("mlp", 1): both(A + once)}
        choice = chosen(missed | {("kan", 1): both(A)})
        assert choice.candidates[-1]["saves"] > 0.5
        assert choice.forecaster == "mlp"

    @pytest.mark.parametrize(("n_times", "best"), [(2 + 45, "linear"), (2 + 55, "mlp")])
    def test_few_windows_are_not_sure_of_anything(self, n_times: int, best: str) -> None:
        """Nine windows held out, then eleven; in each the second knows it all."""
        panel = Panel((CLOCK.trajectories[0][:n_times],), ("a", "b"))

        def train(forecaster: str, windows: Windows) -> Forecast:
            return lambda x: x[:, 0] + (1 if forecaster == "mlp" else 2)

        choice = choose(("linear", "mlp"), (1,), lambda lag: make_windows(panel, lag), train, np.ones(2, bool))
        assert choice.candidates[-1]["adds"] == 1
        assert choice.forecaster == best

    def test_the_rows_hold_what_the_lag_was_chosen_by(self) -> None:
        """On the middle fold, the only one with errors of all, two lags look worse."""
        off = np.where((np.arange(TIMES) > 0.4 * TIMES) & (np.arange(TIMES) < 0.6 * TIMES), 1.3, 0.5)
        missed = linear(1, 1, 1) | {(name, lag): both(off * A) for name, lag in (("linear", 2), ("mlp", 1), ("mlp", 2))}
        choice = chosen(missed)
        rows = {(one["forecaster"], one["lag"]): one for one in choice.candidates}
        assert choice.lag == 2
        assert rows["linear", 2]["error"] > rows["linear", 1]["error"]
        assert rows["linear", 2]["saves"] == pytest.approx(1 - 0.8 * 0.25 - 0.2 * 1.69, abs=0.05)
        assert rows["linear", 3]["saves"] < BETTER_LAG
        assert "saves" not in rows["linear", 1]

    def test_it_is_tried_at_one_lag_and_at_those_found(self) -> None:
        """What a straight line needs three lags for may take one that bends."""
        three = linear(1, 0.9, 0.8, 0.8)
        assert taken(three | {("mlp", 1): both(0.6 * A), ("mlp", 3): both(0.59 * A)}) == ("mlp", 1)
        assert taken(three | {("mlp", 1): both(0.6 * A), ("mlp", 3): both(0.4 * A)}) == ("mlp", 3)
        assert taken(three | {("mlp", 1): both(A + B), ("mlp", 3): both(0.9 * A + B)}) == ("linear", 3)

    def test_lags_the_record_is_too_short_for_are_not_taken(self) -> None:
        missed = linear(1, 0.7, 0.1) | {("mlp", 1): both(A + C), ("mlp", 2): both(0.7 * A + C)}
        assert taken(missed, longest=2) == ("linear", 2)

    def test_a_record_too_short_to_hold_any_out_takes_the_simplest(self) -> None:
        choice = chosen(linear(1) | {("mlp", 1): both(0 * A)}, longest=0)
        assert (choice.forecaster, choice.lag, choice.candidates) == ("linear", 1, ())

    def test_what_diverges_is_lost(self) -> None:
        choice = chosen(linear(1, 1) | {("mlp", 1): None})
        assert (choice.forecaster, choice.lag) == ("linear", 1)
        assert math.isnan(choice.candidates[-1]["error"])

    def test_a_single_candidate_is_not_tried(self) -> None:
        def never(*_: Any) -> Any:
            raise AssertionError

        choice = choose(("mlp",), (4,), never, never, np.ones(2, bool))
        assert (choice.forecaster, choice.lag, choice.candidates) == ("mlp", 4, ())

    @pytest.mark.parametrize(("targets", "best"), [([True, False], "mlp"), ([False, True], "linear")])
    def test_exogenous_series_do_not_count(self, targets: list[bool], best: str) -> None:
        off = {"linear": np.stack([A, B], axis=1), "mlp": np.stack([0.5 * A, B + C], axis=1)}

        def train(forecaster: str, windows: Windows) -> Forecast:
            return lambda x: x[:, 0] + 1 - off[forecaster][x[:, 0, 0].astype(int) + 1]

        choice = choose(("linear", "mlp"), (1,), lambda lag: make_windows(CLOCK, lag), train, np.array(targets))
        assert choice.forecaster == best

    def test_candidates_without_a_common_window_are_not_compared(self) -> None:
        """The windows at one lag and those at two are from different trajectories; nobody stumbles."""

        def cut(lag: int) -> Windows:
            windows = make_windows(CLOCK, lag)
            return Windows(windows.x, windows.y, windows.trajectory + lag, windows.time)

        def train(forecaster: str, windows: Windows) -> Forecast:
            return lambda x: x[:, 0] + (1 if forecaster == "mlp" else 2)

        choice = choose(("linear", "mlp"), (1, 2), cut, train, np.ones(2, bool))
        assert choice.lag == 1


def test_an_exact_fit_is_held_against_all_folds_and_another_against_the_middle_one() -> None:
    trained: dict[str, list[int]] = {"linear": [], "mlp": []}

    def train(forecaster: str, windows: Windows) -> Forecast:
        trained[forecaster].append(int(np.setdiff1d(np.arange(1, 101), windows.time).mean().round()))
        return lambda x: x[:, 0]

    clock = Panel((np.arange(101.0)[:, None],), ("a",))
    choose(("linear", "mlp"), (1,), lambda lag: make_windows(clock, lag), train, np.ones(1, bool))
    assert trained == {"linear": [11, 30, 50, 70, 90], "mlp": [50]}  # where the middle of what is held out stands


def test_the_penalty_of_a_trial_is_measured_on_few_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Held-out errors need no finer one; the forecaster that is kept has it as it was asked for."""
    measured: list[tuple[Any, int]] = []
    real = grngc.task.fit_forecaster

    def noted(recipe: Any, *args: Any, **options: Any) -> Any:
        measured.append((recipe.choice, options["penalty_batch"]))
        return real(recipe, *args, **options)

    monkeypatch.setattr(grngc.task, "fit_forecaster", noted)
    x = np.random.default_rng(0).normal(size=(60, 2))
    for asked, tried in ((32, 8), (None, 8), (5, 5)):
        GRNGC(forecaster="mlp", steps=2, penalty_batch=asked).fit(x)
        assert measured[:2] == [("mlp", tried)] * 2
        assert set(measured[2:]) == {("mlp", asked)}
        measured.clear()


@pytest.mark.parametrize("lengths", [[60], [30, 30, 20], [20] * 7, [12, 60], [15, 30, 20, 20, 20]])
def test_held_out_windows_share_no_point_with_training(lengths: list[int]) -> None:
    marked = [np.stack([np.full(n, r), np.arange(n)], axis=1).astype(float) for r, n in enumerate(lengths)]
    panel = Panel(tuple(marked), ("trajectory", "time"))
    held: set[tuple[str, int]] = set()

    def points(x: np.ndarray) -> set[tuple[float, float]]:
        """The points of windows and the one that follows."""
        ahead = x[:, :1] + np.array([0, 1])
        return {tuple(point) for point in np.concatenate([ahead, x], axis=1).reshape(-1, 2)}

    def train(forecaster: str, windows: Windows) -> Callable[[np.ndarray], np.ndarray]:
        seen = points(windows.x)
        lag = windows.x.shape[1]

        def forecast(x: np.ndarray) -> np.ndarray:
            assert not points(x) & seen
            held.add((forecaster, lag))
            return np.full((len(x), 2), 10.0**-lag)

        return forecast

    choose(("linear", "mlp"), LAGS, lambda lag: make_windows(panel, lag), train, np.ones(2, bool))
    assert ("linear", 1) in held
    assert ("mlp", 1) in held


class TestRegimes:
    def test_a_sparse_var_wants_a_straight_line_and_one_lag(self) -> None:
        x = autoregression({(0, 1, 1): 0.6, (1, 2, 1): 0.6, (2, 3, 1): -0.6, (4, 4, 1): 0.5}, 400, 5)
        model = GRNGC().fit(x)
        assert (model.choice_.forecaster, model.choice_.lag) == ("linear", 1)
        assert {(edge.source, edge.target) for edge in model.graph_.edges(top=3)} == {
            ("x1", "x2"),
            ("x2", "x3"),
            ("x3", "x4"),
        }
        assert model.recipe_.options == {}
        assert model.record_.exact

    def test_dynamics_of_second_order_want_two_lags(self) -> None:
        own = {(i, i, 1): 1.2 for i in range(3)} | {(i, i, 2): -0.7 for i in range(3)}
        model = GRNGC().fit(autoregression(own | {(0, 1, 2): 0.8}, 400, 3))
        assert (model.choice_.forecaster, model.choice_.lag) == ("linear", 2)
        edge = model.graph_.edges(top=1)[0]
        assert (edge.source, edge.target, edge.lag) == ("x1", "x2", 2)
        assert model.forecast(2).shape == (2, 3)

    def test_chaos_wants_a_forecaster_that_bends(self) -> None:
        dataset = lorenz96(10, 300, 40.0)
        model = GRNGC(steps=300).fit(dataset.panel)
        rows = {one["forecaster"]: one for one in model.choice_.candidates if one["lag"] == model.choice_.lag}
        assert rows["mlp"]["adds"] > 10 * ADDS
        assert rows["kan"]["saves"] < BENDS_BETTER
        assert model.choice_.forecaster == "mlp"
        assert model.recipe_.options == {"hidden": 64}

    def test_a_curve_for_each_source_wants_a_kan(self) -> None:
        """Waves and bumps of one series: what an MLP bends roughly, splines bend at once."""
        x = np.random.default_rng(0).normal(size=(500, 8)) * [0.8, *[0.05] * 7]
        first = x[:-1, 0]
        x[1:, 1:4] += np.stack([np.exp(-6 * (first - at) ** 2) for at in (-0.7, 0.0, 0.7)], axis=1)
        x[1:, 4:] += np.stack([np.sin(4 * first + at) for at in (0.0, 1.0, 2.0, 3.0)], axis=1)
        model = GRNGC(steps=300).fit(x)
        assert [one["forecaster"] for one in model.choice_.candidates][-1] == "kan"
        assert model.choice_.forecaster == "kan"
        drivers = {edge.target for edge in model.graph_.edges(top=7) if edge.source == "x1"}
        assert drivers == {f"x{n}" for n in range(2, 9)}
        assert model.choice_.seconds > 0

    def test_a_kan_that_would_not_fit_in_memory_is_not_tried_and_refuses_nothing(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def check(demand: Any) -> None:
            if demand.recipe.choice == "kan":
                raise InputError("take about 5 TiB")

        monkeypatch.setattr(grngc.task, "check_memory", check)
        x = lorenz96(8, 250, 10.0).panel
        choice = GRNGC(lag=1, steps=200).fit(x).choice_
        assert choice.forecaster == "mlp"
        assert {one["forecaster"] for one in choice.candidates} == {"linear", "mlp"}
        with pytest.raises(InputError, match="5 TiB"):
            GRNGC(lag=1, forecaster="kan").fit(x)

    def test_the_same_seed_chooses_by_the_same_errors(self) -> None:
        x = autoregression({(0, 1, 1): 0.8}, 120, 3)
        first, second, other = (GRNGC(steps=50, random_state=seed).fit(x).choice_ for seed in (0, 0, 1))
        assert first.candidates == second.candidates
        assert first.candidates != other.candidates  # the MLP's
        assert (first.forecaster, first.lag) == (second.forecaster, second.lag)

    def test_a_forecaster_of_the_users_own_gets_its_lag(self) -> None:
        x = autoregression({(0, 0, 2): 0.9, (1, 1, 2): 0.9}, 300, 2)
        model = GRNGC(forecaster=Bump, steps=200).fit(x)
        assert {one["forecaster"] for one in model.choice_.candidates} == {Bump}
        assert [one["lag"] for one in model.choice_.candidates] == [1, 2, 3]
        assert model.choice_.lag == model.recipe_.n_lags == model.graph_.n_lags == 2

    def test_a_lag_that_is_given_stays_and_so_does_a_forecaster(self) -> None:
        x = autoregression({(0, 1, 1): 0.8}, 100, 3)
        model = GRNGC(lag=2, steps=50).fit(x)
        assert [(one["forecaster"], one["lag"]) for one in model.choice_.candidates] == [("linear", 2), ("mlp", 2)]
        assert model.choice_.lag == 2
        model = GRNGC(forecaster="linear").fit(x)
        assert {one["forecaster"] for one in model.choice_.candidates} == {"linear"}
        assert GRNGC(forecaster="linear", lag=np.int64(2)).fit(x).choice_.candidates == ()

    def test_a_short_record_takes_the_simplest(self) -> None:
        choice = GRNGC().fit(np.random.default_rng(0).normal(size=(5, 3))).choice_
        assert (choice.forecaster, choice.lag, choice.candidates) == ("linear", 1, ())

    def test_a_trial_that_runs_away_does_not_end_the_fit(self) -> None:
        """An MLP at a learning rate of a million; the exact linear fit has no learning rate."""
        model = GRNGC(learning_rate=1e6, steps=20).fit(autoregression({(0, 1, 1): 0.8}, 100, 3))
        assert model.choice_.forecaster == "linear"
        assert math.isnan(model.choice_.candidates[-1]["error"])

    def test_choosing_leaves_the_callers_random_state(self) -> None:
        before = torch.get_rng_state()
        GRNGC(steps=5).fit(as_panel(np.random.default_rng(0).normal(size=(60, 3))))
        assert torch.equal(torch.get_rng_state(), before)
