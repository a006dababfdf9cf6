"""What series do within one time step: the decision, the joint fit where the answer is known, and its noise floor."""

import math

import numpy as np
import pytest
from scipy.signal import lfilter

import grngc.task
from grngc.contemporaneous import Present, moved_apart, present_coefficients, present_floor, weigh_present
from grngc.datasets import lorenz96, slow_sampling, var
from grngc.discovery import discover
from grngc.errors import InputError
from grngc.grngc import GRNGC
from grngc.metrics import auroc, score
from grngc.panel import Panel, as_panel
from grngc.rules import Rules
from grngc.windows import Windows, make_windows
from simulated import CHAIN, QUICK, autoregression

ALL = Rules.none(np.ones(3, dtype=bool))
FREE = {"norm": "l1", "input_noise": 0.0}


def sudden(n: int = 400, seed: int = 0, coupling: float = 0.8) -> np.ndarray:
    """Return x1, x2, x3 (time, series): x2 follows x1 within the same step, x3 is on its own; no lag at all."""
    x = np.random.default_rng(seed).normal(size=(n, 3))
    x[:, 1] += coupling * x[:, 0]
    return x


def windows_of(x: np.ndarray | list[np.ndarray], lag: int = 1) -> Windows:
    return make_windows(as_panel(x), lag)


def weights(windows: Windows, size: float = 0.2) -> np.ndarray:
    """As of an estimator: own pasts are free."""
    lags, p = windows.x.shape[1:]
    return np.repeat((size * (1 - np.eye(p)))[:, None], lags, axis=1)


class TestDecision:
    def test_the_present_is_used_where_it_alone_tells(self) -> None:
        found = weigh_present(windows_of(sudden()), weights, ALL, **FREE)
        assert found.used
        assert found.present_saves > 0.15
        assert abs(found.pasts_save) < 0.02

    def test_it_is_not_where_the_pasts_tell(self) -> None:
        found = weigh_present(windows_of(CHAIN), weights, ALL, **FREE)
        assert not found.used
        assert found.present_saves < 0.01
        assert found.pasts_save > 0.1

    def test_it_is_not_where_both_tell(self) -> None:
        """The past has a direction and the present none."""
        x = sudden(600)
        x[1:, 2] += 0.8 * x[:-1, 0]
        found = weigh_present(windows_of(x), weights, ALL, **FREE)
        assert not found.used
        assert found.present_saves > 0.05
        assert found.pasts_save > 0.02

    def test_two_in_a_hundred_are_enough_for_the_pasts(self) -> None:
        x = sudden(3000)
        x[1:, 2] += 0.35 * x[:-1, 0]
        found = weigh_present(windows_of(x), weights, ALL, **FREE)
        assert not found.used
        assert 0.025 < found.pasts_save < 0.05

    def test_levels_that_are_held_out_are_not_known(self) -> None:
        """Each series is high in some trajectories, and the other with it: its present tells what no mean may."""
        rng = np.random.default_rng(0)
        parts = [level + 0.5 * rng.normal(size=(20, 2)) for level in (-1.0, 1.0, -2.0, 2.0, 0.0)]
        told: list[int] = []

        def weigh(windows: Windows) -> np.ndarray:
            told.append(len(windows))
            return weights(windows, 0.0)

        found = weigh_present(windows_of(parts), weigh, Rules.none(np.ones(2, bool)), **FREE)
        errors = np.zeros(3)
        for out in range(5):
            known, held = np.concatenate([parts[r] for r in range(5) if r != out]), parts[out]
            first = np.arange(len(known)) % 20 == 0
            for j in range(2):
                for what, columns in enumerate([[j], [0, 1], [0, 1, 3 - j]]):  # pasts, and the other's present
                    fits = []
                    for x, keep in ((known, ~first[1:]), (held, slice(None))):
                        design = np.column_stack([x[:-1], x[1:]])[:, columns]
                        fits.append((np.column_stack([np.ones(len(design)), design])[keep], x[1:, j][keep]))
                    (a, b), (c, d) = fits
                    errors[what] += np.square(d - c @ np.linalg.lstsq(a, b, rcond=None)[0]).sum()
        assert found.pasts_save == pytest.approx(1 - errors[1] / errors[0], rel=1e-6)
        assert found.present_saves == pytest.approx(1 - errors[2] / errors[1], rel=1e-6)
        assert told == [4 * 19] * 5  # what is held out has no part in the penalty either

    def test_only_targets_count(self) -> None:
        """x3 is alone: nothing helps it."""
        found = weigh_present(windows_of(sudden()), weights, Rules.none(np.array([False, False, True])), **FREE)
        assert not found.used
        assert found.present_saves < 0.02

    @pytest.mark.parametrize("n", [4, 6])
    def test_too_short_a_record_decides_nothing(self, n: int) -> None:
        found = weigh_present(windows_of(sudden()[:n]), weights, ALL, **FREE)
        assert not found.used
        assert math.isnan(found.present_saves)
        assert math.isnan(found.pasts_save)

    def test_whole_trajectories_are_held_out(self) -> None:
        found = weigh_present(windows_of([sudden(40, seed) for seed in range(6)]), weights, ALL, **FREE)
        assert found.used

    def test_one_series_has_no_others(self) -> None:
        found = weigh_present(windows_of(sudden()[:, :1]), weights, Rules.none(np.array([True])), **FREE)
        assert (found.used, found.present_saves, found.pasts_save) == (False, 0, 0)


class TestCoefficients:
    def test_without_a_penalty_they_are_those_of_least_squares(self) -> None:
        windows = windows_of(autoregression({(0, 1, 1): 0.5, (1, 2, 2): 0.5}, 200, 3) + sudden(200), lag=2)
        found, _ = present_coefficients(windows, weights(windows, 0.0), ALL, **FREE)
        pasts = windows.x.reshape(len(windows), -1)
        for j in range(3):
            others = [i for i in range(3) if i != j]
            design = np.column_stack([np.ones(len(windows)), windows.y[:, others], pasts])
            expected = np.linalg.lstsq(design, windows.y[:, j], rcond=None)[0][1:3]
            np.testing.assert_allclose(found[j, others], expected, atol=1e-5)
            assert found[j, j] == 0

    def test_the_penalty_takes_half_of_itself_off_and_leaves_zeros_that_are_ranked(self) -> None:
        x = sudden(20_000)
        x = (x - x.mean(axis=0)) / x.std(axis=0)
        found, near = present_coefficients(windows_of(x), weights(windows_of(x), 0.2), ALL, **FREE)
        r = np.corrcoef(x.T)[0, 1]
        np.testing.assert_allclose(found, [[0, r - 0.1, 0], [r - 0.1, 0, 0], [0, 0, 0]], atol=0.01)
        assert near is not None
        assert near[0, 1] == near[1, 0] == 1
        assert (near.diagonal() == 0).all()
        assert 0 < near[2, 0] < 1

    def test_an_exogenous_series_is_a_source_and_no_target(self) -> None:
        windows = windows_of(sudden())
        found, near = present_coefficients(windows, weights(windows), Rules.none(np.array([False, True, True])), **FREE)
        assert found[1, 0] > 0.5
        assert not found[0].any()
        assert near is not None
        assert not near[0].any()

    def test_a_squared_penalty_leaves_nothing_out(self) -> None:
        windows = windows_of(sudden())
        found, near = present_coefficients(windows, weights(windows), ALL, norm="frobenius", input_noise=0.0)
        assert near is None
        assert (found.diagonal() == 0).all()
        assert (found[~np.eye(3, dtype=bool)] != 0).all()


class TestFloor:
    @staticmethod
    def marked(lengths: list[int], p: int = 5) -> Windows:
        """Return windows of lag 2 whose values say which trajectory and time they are from."""
        return windows_of([np.tile(1000.0 * r + np.arange(n)[:, None], p) for r, n in enumerate(lengths)], lag=2)

    @pytest.mark.parametrize("lengths", [[60], [40, 60], [20] * 30, [20] * 3, [20, 60, 40], [20, 21] * 10])
    def test_series_stay_in_step_with_their_own_past_and_it_is_told_with_which_others(self, lengths: list[int]) -> None:
        windows = self.marked(lengths)
        made, in_step = moved_apart(windows, np.random.default_rng(0))
        np.testing.assert_array_equal(made.x[:, 0], made.y - 1)
        np.testing.assert_array_equal(made.x[:, 1], made.y - 2)
        np.testing.assert_array_equal(np.sort(made.y, axis=0), np.sort(windows.y, axis=0))
        np.testing.assert_allclose(in_step, (made.y[:, :, None] == made.y[:, None, :]).mean(axis=0), atol=1e-12)
        pairs = in_step[np.triu_indices(5, 1)]
        assert (pairs < 1e-9).sum() == (8 if len(lengths) == 3 else 10)  # five series take three turns

    @pytest.mark.parametrize("lengths", [[20] * 30, [20] * 3, [15, 18, 20] * 3 + [20]])
    def test_a_transient_of_all_trajectories_stays_one(self, lengths: list[int]) -> None:
        windows = self.marked(lengths)
        made, _ = moved_apart(windows, np.random.default_rng(0))
        np.testing.assert_array_equal(made.y % 1000, windows.y % 1000)

    @pytest.mark.parametrize("n_trajectories", [1, 3, 4])
    def test_couplings_do_not_raise_it(self, n_trajectories: int) -> None:
        """In any number of trajectories the true pairs are found."""
        parts = [np.hstack([sudden(100, r + 10 * block) for block in range(5)]) for r in range(n_trajectories)]
        model = GRNGC(forecaster="linear", lag=1, contemporaneous=True).fit(parts)
        above = {tuple(sorted(edge[:2])) for edge in model.graph_.edges(min_score=model.noise_floor_)}
        assert {("x1", "x2"), ("x4", "x5"), ("x7", "x8"), ("x10", "x11"), ("x13", "x14")} <= above
        assert len(above) <= 7

    def test_the_level_of_a_series_does_not_matter(self) -> None:
        windows = windows_of(np.random.default_rng(0).normal(size=(100, 3)), lag=2)
        moved = Windows(windows.x + 50.0, windows.y + 50.0, windows.trajectory, windows.time)
        told = {"collapse": lambda lags: lags.sum(axis=1), "random_state": 0, "norm": "l1", "input_noise": 0.3}
        floors = [present_floor(each, weights(windows, 0.02), ALL, **told) for each in (windows, moved)]
        assert floors[0] > 0.03
        assert floors[1] == pytest.approx(floors[0], rel=1e-6)

    @pytest.mark.parametrize("own", [0.0, 0.9])
    def test_unrelated_series_stay_below_it_and_are_not_looked_at_for_their_present(self, own: float) -> None:
        alarms = 0
        for seed in range(5):
            noise = np.random.default_rng(seed).normal(size=(300, 15))
            x = lfilter([1], [1, -own], noise, axis=0)[100:]
            assert not GRNGC(forecaster="linear", lag=1).fit(x).present_.used
            model = GRNGC(forecaster="linear", lag=1, contemporaneous=True).fit(x)
            alarms += model.graph_.edges(top=1)[0].score > model.noise_floor_
        assert alarms <= 1

    def test_it_depends_on_scores_being_sums_and_on_how_lags_are_collapsed(self) -> None:
        windows = windows_of(np.random.default_rng(0).normal(size=(100, 3)), lag=3)
        floors = [
            present_floor(windows, weights(windows, 0.02), ALL, collapse=collapse, random_state=0, **FREE)
            for collapse in (lambda lags: lags.max(axis=1), lambda lags: lags.sum(axis=1))
        ]
        assert 0.03 < floors[0] < floors[1]

    def test_too_few_windows_and_no_pairs(self) -> None:
        few = windows_of(sudden()[:8])
        told = {"collapse": lambda lags: lags.sum(axis=1), "random_state": 0, **FREE}
        assert present_floor(few, weights(few), ALL, **told) == math.inf
        alone = windows_of(sudden()[:, :1])
        assert present_floor(alone, weights(alone), Rules.none(np.array([True])), **told) == 0.03


class TestEstimator:
    def test_what_moves_together_is_found_and_has_lag_0_and_both_directions(self) -> None:
        model = GRNGC().fit(-sudden() * [1, -1, 1])
        assert model.present_.used
        edges = model.graph_.edges(min_score=model.noise_floor_)
        assert {(edge.source, edge.target, edge.lag, edge.sign) for edge in edges} == {
            ("x1", "x2", 0, "-"),
            ("x2", "x1", 0, "-"),
        }
        graph = model.graph_
        assert graph.contemporaneous is not None
        np.testing.assert_allclose(graph.scores, graph.lag_scores.sum(axis=1) + abs(graph.contemporaneous))

    def test_the_nearest_of_past_and_present_is_the_nearness(self) -> None:
        with_it, without = (
            GRNGC(forecaster="linear", lag=1, penalty=0.3, contemporaneous=how).fit(sudden()).graph_.nearness
            for how in (True, False)
        )
        assert with_it is not None
        assert without is not None
        assert with_it[0, 1] == with_it[1, 0] == 1 > without[1, 0]
        assert (with_it >= without).all()

    @pytest.mark.parametrize(("of_lags", "of_sums"), [(0.4, 0.6), (0.6, 0.4)])
    def test_the_floor_is_the_larger_of_two(
        self, of_lags: float, of_sums: float, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(grngc.task, "noise_floor", lambda *args, **options: of_lags)
        monkeypatch.setattr(grngc.task, "present_floor", lambda *args, **options: of_sums)
        settings = {"forecaster": "linear", "lag": 1}
        assert GRNGC(**settings, contemporaneous=True).fit(sudden()).noise_floor_ == 0.6
        assert GRNGC(**settings, contemporaneous=False).fit(sudden()).noise_floor_ == of_lags

    @pytest.mark.parametrize("dataset", [var(10, 300), lorenz96(8, 300)], ids=["var", "lorenz96"])
    def test_where_lags_tell_the_graph_is_as_without(self, dataset) -> None:  # type: ignore[no-untyped-def]
        settings = {"forecaster": "linear"}
        found, without = (GRNGC(**settings, contemporaneous=how).fit(dataset.panel) for how in ("auto", False))
        assert not found.present_.used
        assert found.present_.pasts_save > 0.02
        assert found.graph_.contemporaneous is None
        np.testing.assert_array_equal(found.graph_.scores, without.graph_.scores)
        assert found.noise_floor_ == without.noise_floor_
        assert without.present_ == Present(False) or math.isnan(without.present_.present_saves)

    def test_slow_sampling(self) -> None:
        """Off the diagonal: lags alone tell little, the present nearly all; nothing false among what stands out."""
        areas = {"auto": [], False: []}  # type: ignore[var-annotated]
        for seed in range(4):
            made = slow_sampling(random_state=seed)
            for how, found in areas.items():
                model = GRNGC(forecaster="linear", lag=1, contemporaneous=how).fit(made.panel)
                assert model.present_.used == (how == "auto")
                found.append(score(model.graph_, made)["auroc_off_diagonal"])
                if how == "auto":
                    either = made.truth | made.truth.T
                    above = (model.graph_.scores > model.noise_floor_) & ~np.eye(15, dtype=bool)
                    assert above.sum() >= 5
                    assert either[above].mean() > 0.8
        assert np.mean(areas["auto"]) > 0.9
        assert np.mean(areas[False]) < 0.7

    def test_a_forecaster_that_bends_is_joined_by_it_only_when_told_to(self) -> None:
        x = sudden(120)
        left = GRNGC(**QUICK).fit(x)
        assert not left.present_.used
        assert math.isnan(left.present_.present_saves)
        asked, straight = (
            GRNGC(**QUICK | {"forecaster": name}, contemporaneous=True).fit(x) for name in ("mlp", "linear")
        )
        assert asked.present_.used
        np.testing.assert_array_equal(asked.graph_.lag_scores, left.graph_.lag_scores)
        np.testing.assert_array_equal(asked.graph_.contemporaneous, straight.graph_.contemporaneous)
        assert asked.noise_floor_ >= left.noise_floor_

    def test_forecasts_are_of_the_lagged_forecaster_alone(self) -> None:
        with_it, without = (GRNGC(forecaster="linear", contemporaneous=how).fit(sudden()) for how in (True, False))
        np.testing.assert_array_equal(with_it.forecast(3), without.forecast(3))

    def test_snapshots_hold_it_too(self) -> None:
        seen: list[np.ndarray] = []
        model = GRNGC(**QUICK, contemporaneous=True).fit(sudden(120), snapshot=lambda step, scores: seen.append(scores))
        np.testing.assert_array_equal(seen[-1], model.graph_.scores)

    def test_gaps_trajectories_and_exogenous_series(self) -> None:
        parts = [sudden(90, seed) for seed in range(4)]
        parts[1][20:25, 2] = np.nan
        panel = as_panel(parts, exogenous=["x1"], missing="drop")
        model = GRNGC().fit(panel)
        assert model.present_.used
        edges = model.graph_.edges(min_score=model.noise_floor_)
        assert [edge[:3] for edge in edges] == [("x1", "x2", 0)]
        assert not model.graph_.scores[0].any()

    def test_levels_of_trajectories_move_together_unless_each_is_scaled(self) -> None:
        """Two unrelated series that are both high in one subject and low in another."""
        rng = np.random.default_rng(0)
        parts = [rng.normal(size=(60, 2)) * 0.3 + level for level in rng.normal(size=8)]
        pooled, each = (
            GRNGC(forecaster="linear", lag=1, contemporaneous=True, scaling=scaling).fit(parts).graph_.contemporaneous
            for scaling in ("pooled", "per_trajectory")
        )
        assert pooled is not None
        assert each is not None
        assert pooled[0, 1] > 0.2
        assert abs(each).max() < 0.05

    def test_one_window_and_one_series(self) -> None:
        short = GRNGC(forecaster="linear", lag=1, contemporaneous=True).fit(sudden()[:9])
        assert short.present_.used
        assert short.noise_floor_ == math.inf
        alone = GRNGC(lag=1, contemporaneous=True).fit(sudden()[:, :1])
        assert alone.graph_.edges(by_lag=True) == []
        assert alone.noise_floor_ == 0.03

    def test_both_scales_of_the_penalty_mean_the_same(self) -> None:
        settings = {"forecaster": "linear", "contemporaneous": True}
        code = GRNGC(**settings, penalty=0.1, penalty_scale="code").fit(sudden()).graph_
        per_output = GRNGC(**settings, penalty=0.3).fit(sudden()).graph_
        np.testing.assert_allclose(code.scores, per_output.scores, rtol=1e-9)

    @pytest.mark.parametrize("value", ["always", 1, None])
    def test_other_values_are_refused(self, value: object) -> None:
        with pytest.raises(InputError, match="contemporaneous must be True, False or 'auto'; got"):
            GRNGC(contemporaneous=value).fit(CHAIN)  # type: ignore[arg-type]


class TestRecord:
    def test_the_decision_and_what_it_rests_on_are_told(self) -> None:
        found = discover(sudden(), names=["rain", "wet", "moon"], confidence=False)
        told = found.record["choice"]["contemporaneous"]
        assert told == {
            "used": True,
            "present_saves": found.estimator.present_.present_saves,
            "pasts_save": found.estimator.present_.pasts_save,
        }
        page = found.summary()
        assert (
            f"Same step:      counts; held-out error saved by the others: present {told['present_saves']:.1%}" in page
        )
        assert "--  wet" in page
        assert "->  wet" not in page
        assert "direction unknown" in found.record["conclusion"]
        assert "the past of its source" not in page  # it is not so here
        rows = [line.split(",") for line in found.edges_csv().splitlines()[1:]]
        assert sorted({row[2] for row in rows}) == ["0", "1"]
        assert len(rows) == 9 + 6

    def test_where_it_is_left_out_that_is_told_too(self) -> None:
        assert "Same step:      left out; held-out" in discover(CHAIN, forecaster="linear").summary()
        assert "Same step" not in discover(CHAIN, forecaster="linear", contemporaneous=False).summary()


def test_netsim_sim3(data) -> None:  # type: ignore[no-untyped-def]
    """fMRI every three seconds: the case it was made for."""
    from grngc.datasets import load

    made = load("netsim/sim3", data, subject=1)
    model = GRNGC(forecaster="linear").fit(Panel(made.panel.trajectories, made.panel.names))
    assert model.present_.used
    off = ~np.eye(15, dtype=bool)
    assert auroc(model.graph_.scores, made.truth, off) > 0.85
    assert auroc(model.graph_.lag_scores.sum(axis=1), made.truth, off) < 0.7
