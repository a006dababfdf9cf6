"""The estimator: direction, lag, sign, the lasso it is when linear, determinism, divergence, forecasts, refusals."""

import pickle
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.base import clone
from torch import Tensor, nn

import grngc.grngc
from grngc.errors import DivergenceError, InputError
from grngc.forecasters import FORECASTERS, build_forecaster, load_forecaster
from grngc.gradients import bytes_per_window, gradient_scores
from grngc.grngc import GRNGC
from grngc.panel import as_panel
from grngc.training import Progress

QUICK: dict[str, Any] = {"forecaster": "mlp", "hidden": 6, "steps": 30, "batch": 32, "penalty": 0.1, "input_noise": 0.1}
LINEAR: dict[str, Any] = {
    "forecaster": "linear", "steps": 800, "batch": None, "learning_rate": 0.03, "input_noise": 0.0,
    "penalise_own_past": True, "scaling": "none",
}  # fmt: skip


def autoregression(
    coefficients: dict[tuple[int, int, int], float], n_times: int, n_series: int, seed: int = 0
) -> np.ndarray:
    """Return series (time, series) driven by white noise and by ``{(source, target, lag): coefficient}``."""
    x = np.random.default_rng(seed).normal(size=(n_times, n_series))
    for t in range(max(lag for _, _, lag in coefficients), n_times):
        for (source, target, lag), value in coefficients.items():
            x[t, target] += value * x[t - lag, source]
    return x


CHAIN = autoregression({(0, 1, 1): 0.8, (1, 2, 1): 0.8}, 600, 3)
SMALL = [CHAIN[:40], CHAIN[100:160] + np.array([0.0, 2.0, 0.0])]  # two trajectories, of different length and level


def found(model: GRNGC, top: int) -> set[tuple[str, str]]:
    return {(edge.source, edge.target) for edge in model.graph_.edges(top=top)}


LEARNING: dict[str, Any] = {"hidden": 8, "penalty": 0.1, "steps": 150, "learning_rate": 0.01, "batch": 128}


def smallest(forecaster: str) -> dict[str, Any]:
    return {"forecaster": forecaster, "forecaster_options": {"depth": 2} if forecaster == "tcn" else {}}


class TestKnownGraphs:
    @pytest.mark.parametrize("forecaster", FORECASTERS)
    @pytest.mark.parametrize("skip", [True, False])
    def test_chain(self, forecaster: str, skip: bool) -> None:
        """0 -> 1 -> 2; its transpose 2 -> 1 -> 0 gives the transposed matrix."""
        model = GRNGC(**LEARNING, **smallest(forecaster), skip=skip)
        assert found(model.fit(CHAIN), 2) == {("x1", "x2"), ("x2", "x3")}
        forth = model.graph_.scores
        back = model.fit(autoregression({(2, 1, 1): 0.8, (1, 0, 1): 0.8}, 600, 3, seed=1)).graph_
        assert {(e.source, e.target) for e in back.edges(top=2)} == {("x3", "x2"), ("x2", "x1")}
        np.testing.assert_allclose(back.scores, forth.T, atol=0.2)

    @pytest.mark.parametrize("forecaster", FORECASTERS)
    def test_lag_and_sign(self, forecaster: str) -> None:
        """One edge at lag 3, negative: index 2, ``lag`` 3, sign -."""
        x = autoregression({(0, 1, 3): -0.8}, 400, 2)
        model = GRNGC(**LEARNING, **smallest(forecaster), lag=4).fit(x)
        edge = model.graph_.edges(top=1)[0]
        assert (edge.source, edge.target, edge.lag, edge.sign) == ("x1", "x2", 3, "-")
        assert model.graph_.lag_scores[1, :, 0].argmax() == 2
        assert model.graph_.signs[1, 2, 0] < -0.4

    def test_an_effect_that_changes_its_sign_has_none(self) -> None:
        """x2 follows the square of x1: no linear method sees it, and on average it is neither + nor -."""
        x = np.random.default_rng(0).normal(size=(600, 2))
        x[1:, 1] = 0.1 * x[1:, 1] + x[:-1, 0] ** 2
        model = GRNGC(forecaster="mlp", hidden=32, penalty=0.02, steps=400, learning_rate=0.01, weight_decay=0.0).fit(x)
        edge = model.graph_.edges(top=1)[0]
        assert (edge.source, edge.target, edge.sign) == ("x1", "x2", "±")
        assert model.graph_.scores[0, 1] < 0.1 * edge.score

    def test_graph_is_read_from_the_forecaster_that_is_kept(self) -> None:
        """Eq. 11 over again, from the public parts."""
        model = GRNGC(**QUICK, lag=2).fit(CHAIN[:60])
        scaled = (CHAIN[:60] - CHAIN[:60].mean(axis=0)) / CHAIN[:60].std(axis=0)
        windows = np.stack([scaled[1:-1], scaled[:-2]], axis=1)
        size, signed = gradient_scores(model.forecaster_, torch.tensor(windows, dtype=torch.float32))
        np.testing.assert_allclose(model.graph_.lag_scores, size, rtol=1e-5)
        np.testing.assert_allclose(model.graph_.signs, signed, rtol=1e-4, atol=1e-7)


class TestLasso:
    """The linear forecaster on an orthonormal design, where the answer is known in closed form."""

    @staticmethod
    def orthonormal(n_series: int = 3) -> tuple[list[np.ndarray], np.ndarray]:
        """Return 64 trajectories of two points: orthonormal inputs, and outputs with known coefficients of them."""
        rng = np.random.default_rng(0)
        design, _ = np.linalg.qr(np.column_stack([np.ones(64), rng.normal(size=(64, 2 * n_series))]))
        design *= 8.0  # columns of mean square 1, orthogonal to each other and to the constant
        weight = np.array([[0.9, -0.3, 0.1], [0.2, 0.0, -0.6], [-0.05, 0.5, 0.4]])[:n_series, :n_series]
        after = design[:, 1 : n_series + 1] @ weight.T + 0.3 * design[:, n_series + 1 :]
        return [np.stack(pair) for pair in zip(design[:, 1 : n_series + 1], after, strict=True)], weight

    @pytest.mark.parametrize("penalty", [0.0, 0.2, 0.7])
    def test_l1_shrinks_by_half_the_penalty(self, penalty: float) -> None:
        panel, weight = self.orthonormal()
        expected = np.sign(weight) * np.maximum(abs(weight) - penalty / 2, 0)
        found = GRNGC(**LINEAR, penalty=penalty).fit(panel).graph_.signs[:, 0]
        np.testing.assert_allclose(found, expected, atol=2e-3)

    def test_the_code_scale_shrinks_by_half_the_penalty_times_targets(self) -> None:
        panel, weight = self.orthonormal()
        expected = np.sign(weight) * np.maximum(abs(weight) - 0.3 / 2, 0)
        found = GRNGC(**LINEAR, penalty=0.1, penalty_scale="code").fit(panel).graph_.signs[:, 0]
        np.testing.assert_allclose(found, expected, atol=2e-3)

    def test_frobenius_divides_by_one_plus_the_penalty(self) -> None:
        panel, weight = self.orthonormal()
        found = GRNGC(**LINEAR, penalty=0.5, norm="frobenius").fit(panel).graph_.signs[:, 0]
        np.testing.assert_allclose(found, weight / 1.5, atol=2e-3)

    def test_the_own_past_can_be_free(self) -> None:
        panel, weight = self.orthonormal()
        settings = LINEAR | {"penalise_own_past": False}
        shrunk = np.sign(weight) * np.maximum(abs(weight) - 0.1, 0)
        expected = np.where(np.eye(3) == 1, weight, shrunk)
        found = GRNGC(**settings, penalty=0.2).fit(panel).graph_.signs[:, 0]
        np.testing.assert_allclose(found, expected, atol=2e-3)

    def test_exogenous_rows_are_zero_and_the_other_rows_stay(self) -> None:
        """The loss is a sum over targets: leaving one out moves no other."""
        panel, _ = self.orthonormal()
        every = GRNGC(**LINEAR, penalty=0.2).fit(panel).graph_
        some = GRNGC(**LINEAR, penalty=0.2).fit(as_panel(panel, exogenous=["x2"])).graph_
        assert not some.lag_scores[1].any()
        assert not some.signs[1].any()
        np.testing.assert_allclose(some.signs[[0, 2]], every.signs[[0, 2]], atol=2e-3)
        assert {edge.target for edge in some.edges()} == {"x1", "x3"}


@pytest.mark.parametrize("forecaster", ["kan", "mlp"])
def test_code_and_per_output_scales_give_the_same_bits(forecaster: str) -> None:
    """penalty_per_output = n_targets * penalty_code; exogenous series are no targets."""
    settings = QUICK | {"forecaster": forecaster}
    for exogenous in ((), ("x1",)):
        panel = as_panel(SMALL, exogenous=exogenous)
        n_targets = 3 - len(exogenous)
        code = GRNGC(**settings | {"penalty": 0.05}, penalty_scale="code").fit(panel).graph_
        per_output = GRNGC(**settings | {"penalty": n_targets * 0.05}, penalty_scale="per_output").fit(panel).graph_
        np.testing.assert_array_equal(code.scores, per_output.scores)


CHANGES: dict[str, Any] = {
    "forecaster": "kan",
    "lag": 1,
    "hidden": 7,
    "forecaster_options": {"activation": "tanh"},
    "skip": False,
    "penalty": 0.3,
    "penalty_scale": "code",
    "norm": "frobenius",
    "penalise_own_past": True,
    "learning_rate": 0.02,
    "schedule": "constant",
    "steps": 31,
    "batch": 33,
    "input_noise": 0.2,
    "weight_decay": 5.0,
    "scaling": "per_trajectory",
    "cross_boundary": True,
    "lag_collapse": "max",
    "random_state": 1,
}
"""For every parameter that changes the graph, a value unlike the base's."""
WITHOUT_EFFECT = {"memory_budget": 1, "device": "auto"}
BASE = QUICK | {
    "lag": 2, "skip": True, "penalty_scale": "per_output", "norm": "l1", "penalise_own_past": False,
    "learning_rate": 0.01, "schedule": "cosine", "weight_decay": 1.0, "scaling": "pooled", "cross_boundary": False,
    "lag_collapse": "sum", "random_state": 0, "device": "cpu", "forecaster_options": None,
}  # fmt: skip


def test_every_parameter_is_listed_here() -> None:
    assert set(GRNGC().get_params()) == set(CHANGES) | set(WITHOUT_EFFECT)


@pytest.fixture(scope="module")
def base() -> np.ndarray:
    return GRNGC(**BASE).fit(SMALL).graph_.scores


@pytest.mark.parametrize("name", CHANGES)
def test_every_parameter_is_felt(name: str, base: np.ndarray) -> None:
    changed = GRNGC(**BASE | {name: CHANGES[name]}).fit(SMALL).graph_.scores
    assert abs(changed - base).max() > 1e-4


@pytest.mark.parametrize("name", WITHOUT_EFFECT)
def test_where_it_is_computed_does_not_matter(name: str, base: np.ndarray) -> None:
    changed = GRNGC(**BASE | {name: WITHOUT_EFFECT[name]}).fit(SMALL).graph_.scores
    np.testing.assert_allclose(changed, base, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("collapse", ["sum", "max", "l2"])
def test_lag_collapse(collapse: str) -> None:
    graph = GRNGC(**BASE | {"lag_collapse": collapse}).fit(SMALL).graph_
    order = {"sum": 1, "max": np.inf, "l2": 2}[collapse]
    np.testing.assert_allclose(graph.scores, np.linalg.norm(graph.lag_scores, ord=order, axis=1))


class Bump(nn.Module):
    """A module of a user's own: no jacobian, no head, so the generic path."""

    def __init__(self, n_series: int, n_lags: int) -> None:
        super().__init__()
        self.inner, self.outer = nn.Linear(n_series * n_lags, 4), nn.Linear(4, n_series)

    def forward(self, x: Tensor) -> Tensor:
        return self.outer(torch.exp(-self.inner(x.flatten(1)).square()))


class Dropped(Bump):
    """... with a dropout, which behaves otherwise once training is over."""

    def forward(self, x: Tensor) -> Tensor:
        return self.outer(nn.functional.dropout(self.inner(x.flatten(1)), 0.5, self.training))


@contextmanager
def nothing_global_changes() -> Iterator[None]:
    def state() -> list[object]:
        numbers = [random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()]  # noqa: NPY002
        return [*numbers, torch.get_default_dtype(), torch.get_num_threads(), torch.is_grad_enabled(), np.geterr()]

    before = state()
    yield
    assert state() == before


class TestRepeatable:
    @pytest.mark.parametrize("forecaster", [*FORECASTERS, Bump])
    def test_same_seed_same_bits_other_seed_other_graph(self, forecaster: Any) -> None:
        settings = QUICK | {"forecaster": forecaster, "batch": 16}
        with nothing_global_changes():
            first, second, other = (GRNGC(**settings, random_state=seed).fit(SMALL).graph_ for seed in (3, 3, 4))
        np.testing.assert_array_equal(first.lag_scores, second.lag_scores)
        np.testing.assert_array_equal(first.signs, second.signs)
        assert (first.scores != other.scores).any()

    def test_refit_is_a_fresh_fit(self) -> None:
        model = GRNGC(**QUICK)
        parameters = model.get_params()
        model.fit(CHAIN[:50, :2])
        again = model.fit(SMALL).graph_
        assert model.get_params() == parameters
        np.testing.assert_array_equal(again.scores, clone(model).fit(SMALL).graph_.scores)
        assert model.n_features_in_ == 3
        assert model.panel_.n_trajectories == 2

    def test_pickle_keeps_graph_and_forecaster(self) -> None:
        for forecaster in (*FORECASTERS, Bump):
            model = GRNGC(**QUICK | {"forecaster": forecaster}).fit(SMALL)
            again = pickle.loads(pickle.dumps(model))
            np.testing.assert_array_equal(again.graph_.scores, model.graph_.scores)
            np.testing.assert_array_equal(again.forecast(3), model.forecast(3))

    def test_the_callers_data_are_left_alone(self) -> None:
        x = CHAIN[:60].copy()
        model = GRNGC(**QUICK).fit(x)
        np.testing.assert_array_equal(x, CHAIN[:60])
        assert x.flags.writeable
        x[:] = 0
        np.testing.assert_array_equal(model.panel_.trajectories[0], CHAIN[:60])

    def test_names_belong_to_the_data(self) -> None:
        import pandas as pd

        model = GRNGC(**QUICK).fit(pd.DataFrame(CHAIN[:60], columns=["a", "b", "c"]))
        assert model.feature_names_in_.tolist() == ["a", "b", "c"] == list(model.graph_.names)
        assert not hasattr(model.fit(CHAIN[:60]), "feature_names_in_")

    def test_torchs_default_dtype_does_not_matter(self, float64: None) -> None:
        graph = GRNGC(**QUICK).fit(SMALL).graph_
        torch.set_default_dtype(torch.float32)
        np.testing.assert_allclose(graph.scores, GRNGC(**QUICK).fit(SMALL).graph_.scores, atol=1e-4)

    @pytest.mark.parametrize("forecaster", ["mlp", "lstm"])
    def test_fits_where_gradients_are_off(self, forecaster: str) -> None:
        model = GRNGC(**QUICK | {"forecaster": forecaster})
        expected = model.fit(SMALL).graph_.scores
        with torch.no_grad():
            np.testing.assert_array_equal(model.fit(SMALL).graph_.scores, expected)

    def test_a_trained_forecaster_is_out_of_training(self) -> None:
        """Dropout would make the graph and every forecast a draw, from the caller's random state."""
        model = GRNGC(**QUICK | {"forecaster": Dropped}, skip=False).fit(SMALL)
        with nothing_global_changes():
            np.testing.assert_array_equal(model.forecast(), model.forecast())
        forecaster = model.forecaster_.eval()
        weight = forecaster.outer.weight @ forecaster.inner.weight
        np.testing.assert_allclose(model.graph_.signs[:, 0], weight.detach(), atol=1e-6)

    def test_parameters_may_change_after_fit(self) -> None:
        """What was fitted does not hang on what would be fitted next."""
        model = GRNGC(**QUICK, lag=2).fit(SMALL)
        before = model.forecast(2)
        model.set_params(lag=3)
        np.testing.assert_array_equal(model.forecast(2), before)


class Broken(Bump):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) * torch.nan


class TestDivergence:
    @pytest.mark.parametrize("change", [{"learning_rate": 1e6, "forecaster": "kan"}, {"forecaster": Broken}])
    @pytest.mark.parametrize("skip", [True, False])
    def test_leaves_no_graph(self, change: dict, skip: bool) -> None:
        model = GRNGC(**QUICK | change, skip=skip)
        with nothing_global_changes(), pytest.raises(DivergenceError, match="no graph was made"):
            model.fit(SMALL)
        assert not hasattr(model, "graph_")

    def test_leaves_no_graph_of_other_data_either(self) -> None:
        model = GRNGC(**QUICK).fit(SMALL)
        with pytest.raises(DivergenceError):
            model.set_params(forecaster=Broken).fit(CHAIN)
        assert not hasattr(model, "graph_")

    def test_exogenous_series_do_not_count(self) -> None:
        """Two quiet exogenous series beside a loud target: its error is that of its mean, no divergence."""
        x = np.random.default_rng(0).normal(size=(200, 5)) * [10, 0.1, 0.1, 0.1, 0.1]
        panel = as_panel(x, exogenous=["x2", "x3", "x4", "x5"])
        GRNGC(**QUICK | {"forecaster": "linear"}, scaling="none").fit(panel)

    @pytest.mark.filterwarnings("ignore:.*transposed")
    def test_one_window_is_enough_to_fit(self) -> None:
        """It has no spread around its mean; an error near nothing is no divergence."""
        GRNGC(lag=1, steps=200).fit([[1.0, 2.0], [3.0, 5.0]])


def test_windows_are_cut_to_the_memory_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each update reads its batch in parts of as many windows as the budget holds."""
    parts: list[int] = []
    real = grngc.grngc.gradient_penalty

    def counted(forecaster: nn.Module, x: Tensor, *args: Any, **options: Any) -> tuple[Tensor, Tensor]:
        parts.append(len(x))
        return real(forecaster, x, *args, **options)

    monkeypatch.setattr(grngc.grngc, "gradient_penalty", counted)
    each = bytes_per_window(build_forecaster("mlp", 3, 1, options={"hidden": 6}, skip=True), torch.randn(2, 1, 3))
    for n_windows, expected in ((1, [1] * 32), (10, [10, 10, 10, 2]), (100, [32])):
        parts.clear()
        GRNGC(**QUICK | {"steps": 1}, memory_budget=n_windows * each).fit(SMALL)
        assert parts == expected


def test_progress_is_heard_and_kept() -> None:
    heard: list[Progress] = []
    model = GRNGC(**QUICK | {"steps": 300}).fit(SMALL, progress=heard.append)
    assert [p.step for p in heard] == list(range(3, 301, 3))
    assert heard[-1].seconds_left == 0 < heard[0].seconds_left
    assert heard[-1].loss == pytest.approx(heard[-1].forecast_error + heard[-1].penalty)
    assert heard[-1].forecast_error < heard[0].forecast_error
    record = model.record_.to_dict()
    assert [row["loss"] for row in record["trace"]] == [p.loss for p in heard]
    assert record["steps"] == 300
    assert 0 <= record["score_change"] < 1
    assert record["converged"] == (record["score_change"] < 0.1)


class TestForecast:
    def test_transforms_are_undone(self) -> None:
        """Log of a geometric walk: the forecast stays positive and starts from the last value."""
        growing = np.exp(np.cumsum(0.01 + 0.01 * CHAIN, axis=0))
        forecast = GRNGC(**QUICK).fit(as_panel(growing, transform=["log", "difference"])).forecast(3)
        assert forecast.shape == (3, 3)
        np.testing.assert_allclose(forecast[0], growing[-1], rtol=0.05)

    def test_the_future_of_exogenous_series_is_given(self) -> None:
        panel = as_panel(CHAIN[:200], exogenous=["x1"])
        model = GRNGC(forecaster="linear", penalty=0.0, steps=400, learning_rate=0.03, input_noise=0.0).fit(panel)
        with pytest.raises(InputError, match=r"future of x1 is needed: pass exogenous=\(2, 1\)"):
            model.forecast(2)
        with pytest.raises(InputError, match=r"shape \(2, 1\) or \(1, 2, 1\); got \(3, 1\)"):
            model.forecast(2, exogenous=np.ones((3, 1)))
        forecast = model.forecast(2, exogenous=[[5.0], [7.0]])
        np.testing.assert_allclose(forecast[:, 0], [5, 7], rtol=1e-6)
        assert forecast[1, 1] == pytest.approx(0.8 * 5, abs=0.6)  # x2 follows the x1 that was given
        np.testing.assert_array_equal(model.forecast(2, exogenous=[[[5.0], [7.0]]]), forecast)

    @pytest.mark.parametrize("steps", [0, -1, 1.5, True, None])
    def test_steps_are_counted(self, steps: Any) -> None:
        with pytest.raises(InputError, match="steps must be a whole number of at least 1"):
            GRNGC(**QUICK).fit(SMALL).forecast(steps)

    def test_a_trajectory_too_short_to_continue(self) -> None:
        """It was of no use to fit, which is no fault; there is nothing to forecast it from, which must be said."""
        model = GRNGC(**QUICK, lag=3).fit([CHAIN[:40], CHAIN[:2]])
        with pytest.raises(InputError, match="trajectory"):
            model.forecast()

    def test_gaps_at_the_end(self) -> None:
        x = CHAIN[:50].copy()
        x[-1, 0] = np.nan
        model = GRNGC(**QUICK).fit(as_panel(x, missing="drop"))
        with pytest.raises(InputError, match="missing values"):
            model.forecast()


@pytest.mark.parametrize("forecaster", [*FORECASTERS, Bump])
def test_a_saved_forecaster_forecasts_the_same(forecaster: Any, tmp_path: Path) -> None:
    model = GRNGC(**QUICK | {"forecaster": forecaster}, lag=2).fit(SMALL)
    again = load_forecaster(model.save_forecaster(tmp_path / "f.safetensors"), factory=Bump)
    x = torch.randn(4, 2, 3)
    assert torch.equal(again(x), model.forecaster_(x))


@pytest.mark.parametrize("forecaster", ["mlp", "lstm"])
def test_numpys_whole_numbers_are_whole_numbers(forecaster: str, tmp_path: Path) -> None:
    """As they come out of np.arange in a search over settings."""
    whole = {"lag": 2, "hidden": 5, "steps": 20, "batch": 16, "random_state": 3}
    model = GRNGC(**QUICK | {"forecaster": forecaster} | {k: np.int64(v) for k, v in whole.items()}).fit(SMALL)
    plain = GRNGC(**QUICK | {"forecaster": forecaster} | whole).fit(SMALL)
    np.testing.assert_array_equal(model.graph_.scores, plain.graph_.scores)
    load_forecaster(model.save_forecaster(tmp_path / "f.safetensors"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lag": 0}, "lag must be a whole number of at least 1; got 0"),
        ({"lag": 60}, "lag of 60 needs at least 61 points in one trajectory"),
        ({"hidden": 0}, "hidden must be a whole number of at least 1; got 0"),
        ({"steps": 1.5}, r"steps must be a whole number of at least 1; got 1\.5"),
        ({"batch": 0}, "batch must be a whole number of at least 1; got 0"),
        ({"batch": True}, "batch must be a whole number"),
        ({"memory_budget": 0}, "memory_budget must be a whole number"),
        ({"random_state": None}, "random_state must be a whole number of at least 0; got None"),
        ({"random_state": -1}, "random_state must be a whole number of at least 0; got -1"),
        ({"random_state": 2**64}, "random_state"),
        ({"penalty": -0.1}, r"penalty must be a finite number of at least 0; got -0\.1"),
        ({"penalty": float("nan")}, "penalty must be a finite number"),
        ({"input_noise": float("inf")}, "input_noise must be a finite number"),
        ({"weight_decay": "1"}, "weight_decay must be a finite number of at least 0; got '1'"),
        ({"learning_rate": None}, "learning_rate must be a finite number"),
        ({"norm": "l2"}, "norm 'l2' is not known; choose one of l1, frobenius"),
        ({"penalty_scale": "paper"}, "penalty_scale 'paper' is not known; choose one of per_output, code"),
        ({"scaling": "minmax"}, "scaling 'minmax' is not known; choose one of pooled, per_trajectory, none"),
        ({"schedule": None}, "schedule None is not known; choose one of cosine, constant"),
        ({"lag_collapse": "mean"}, "lag_collapse 'mean' is not known; choose one of sum, max, l2"),
        ({"forecaster": "transformer"}, "forecaster 'transformer' is not known"),
        ({"forecaster": nn.Linear(3, 3)}, "factory"),
        ({"forecaster_options": {"width": 3}}, "'mlp' has no option 'width'"),
        ({"forecaster_options": ["width"]}, "forecaster_options"),
        ({"skip": "no"}, "skip must be True or False; got 'no'"),
        ({"penalise_own_past": None}, "penalise_own_past must be True or False"),
        ({"cross_boundary": 2}, "cross_boundary must be True or False"),
        ({"device": "gpu"}, "device 'gpu' cannot be used here: .*; try device='cpu'"),
        ({"device": "cuda:99"}, "device 'cuda:99' cannot be used here"),
        ({"device": None}, "device None"),
        ({"device": "meta"}, "device 'meta'"),
    ],
    ids=lambda value: "" if isinstance(value, str) else "-".join(f"{k}={str(v)[:12]}" for k, v in value.items()),
)
def test_what_cannot_be_used_is_refused(change: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        GRNGC(**QUICK | change).fit(SMALL)


@pytest.mark.parametrize("call", [GRNGC.forecast, lambda m: m.save_forecaster("f")], ids=["forecast", "save"])
def test_not_yet_fitted(call: Callable) -> None:
    with pytest.raises(ValueError, match="not fitted yet"):
        call(GRNGC())


@pytest.mark.gpu
@pytest.mark.parametrize("forecaster", FORECASTERS)
def test_a_gpu_gives_the_same_graph_and_keeps_its_random_state(forecaster: str) -> None:
    if not torch.cuda.is_available():
        pytest.skip("no GPU here")
    settings = QUICK | {"forecaster": forecaster, "steps": 100}
    before = torch.cuda.get_rng_state()
    there = GRNGC(**settings, device="cuda").fit(SMALL)
    assert torch.equal(torch.cuda.get_rng_state(), before)
    np.testing.assert_allclose(there.graph_.scores, GRNGC(**settings).fit(SMALL).graph_.scores, atol=0.01)
    assert there.forecast(2).shape == (2, 2, 3)
