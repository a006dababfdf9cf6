"""The estimator in use: repeatable and alone, divergence, forecasts, files, what it refuses."""

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

import grngc.fitting
import grngc.task
from grngc.errors import DivergenceError, InputError
from grngc.forecasters import FORECASTERS, Recipe, build_forecaster, load_forecaster
from grngc.gradients import bytes_per_window
from grngc.grngc import GRNGC
from grngc.panel import as_panel
from grngc.training import Progress
from simulated import CHAIN, QUICK, SMALL, Bump


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
        assert (first.scores != other.scores).any() == (forecaster != "linear")  # it has one minimum, and is at it

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
        model = GRNGC(**QUICK | {"lag": 2}).fit(SMALL)
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

    def test_on_a_surrogate_it_costs_the_floor_and_not_the_graph(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def ran_away(windows: Any, *args: Any, refit: Callable, **options: Any) -> float:
            monkeypatch.setattr(grngc.task, "fit_forecaster", diverging)
            refit(windows)
            raise AssertionError

        def diverging(*args: Any, **options: Any) -> None:
            raise DivergenceError("ran away")

        expected = GRNGC(**QUICK).fit(SMALL).graph_
        monkeypatch.setattr(grngc.task, "noise_floor", ran_away)
        model = GRNGC(**QUICK).fit(SMALL)
        assert model.noise_floor_ == np.inf
        np.testing.assert_array_equal(model.graph_.scores, expected.scores)
        assert model.forecast().shape == (2, 1, 3)

    def test_a_fit_that_is_broken_off_leaves_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Ctrl-C while the floor is made."""

        def broken_off(*args: Any, **options: Any) -> float:
            raise KeyboardInterrupt

        monkeypatch.setattr(grngc.task, "noise_floor", broken_off)
        model = GRNGC(**QUICK)
        with pytest.raises(KeyboardInterrupt):
            model.fit(SMALL)
        assert not [name for name in vars(model) if name.endswith("_")]

    def test_exogenous_series_do_not_count(self) -> None:
        """Quiet ones beside a loud target: its error is that of its mean, no divergence. Loud ones hide none."""
        x = np.random.default_rng(0).normal(size=(200, 5)) * [10, 0.1, 0.1, 0.1, 0.1]
        quiet = as_panel(x, exogenous=["x2", "x3", "x4", "x5"])
        GRNGC(**QUICK, scaling="none").fit(quiet)
        loud = as_panel(x[:, :2], exogenous=["x1"])
        with pytest.raises(DivergenceError, match=r"ended at 0\.\d+, the mean alone gives 0\.0089"):
            GRNGC(**QUICK | {"forecaster": Bump, "learning_rate": 1.0}, schedule="constant", scaling="none").fit(loud)

    @pytest.mark.filterwarnings("ignore:.*transposed")
    def test_one_window_is_enough_to_fit(self) -> None:
        """It has no spread around its mean; an error near nothing is no divergence."""
        GRNGC(forecaster="mlp", lag=1, steps=200).fit([[1.0, 2.0], [3.0, 5.0]])


def test_windows_are_cut_to_the_memory_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each update reads its batch in parts of as many windows as the budget holds."""
    parts: list[int] = []
    real = grngc.fitting.gradient_penalty

    def counted(forecaster: nn.Module, x: Tensor, *args: Any, **options: Any) -> tuple[Tensor, Tensor]:
        parts.append(len(x))
        return real(forecaster, x, *args, **options)

    monkeypatch.setattr(grngc.fitting, "gradient_penalty", counted)
    each = bytes_per_window(build_forecaster(Recipe("mlp", 3, 1, {"hidden": 6}, True)), torch.randn(2, 1, 3))
    for n_windows, expected in ((1, [1] * 32), (10, [10, 10, 10, 2]), (100, [32])):
        parts.clear()
        GRNGC(**QUICK | {"steps": 1}, penalty_batch=None, memory_budget=n_windows * each).fit(SMALL)
        assert parts == expected


def test_progress_is_heard_and_kept() -> None:
    heard: list[Progress] = []
    model = GRNGC(**QUICK | {"steps": 300}).fit(SMALL, progress=heard.append)
    assert {p.doing for p in heard} <= {"training", "training for the noise floor"}
    heard = [p for p in heard if p.doing == "training"]
    assert [p.step for p in heard] == list(range(3, 301, 3))
    assert heard[-1].seconds_left == 0 < heard[0].seconds_left
    assert heard[-1].loss == pytest.approx(heard[-1].forecast_error + heard[-1].penalty)
    assert heard[-1].forecast_error < heard[0].forecast_error
    record = model.record_.to_dict()
    assert [row["loss"] for row in record["trace"]] == [p.loss for p in heard]
    assert record["steps"] == 300
    assert 0 <= record["score_change"] < 1
    assert record["converged"] == (record["score_change"] < 0.15 and record["reach"] >= 1)
    assert not record["exact"]


def test_what_is_tried_is_heard_too() -> None:
    """Most of the time may go into it."""
    heard: list[Progress] = []
    model = GRNGC(steps=100, batch=32, hidden=6).fit(SMALL, progress=heard.append)
    doing = list(dict.fromkeys(p.doing for p in heard))
    tried = [f"trying {one['forecaster']}, lag {one['lag']}" for one in model.choice_.candidates]
    assert doing[: len(tried)] == tried
    assert {"trying linear, lag 1", "trying mlp, lag 1"} <= set(tried)
    assert set(doing[len(tried) :]) <= {"training", "training for the noise floor"}
    assert all(1 <= p.step <= p.steps for p in heard)


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
        with pytest.raises(InputError, match=r"future of x1 is needed: pass exogenous= of shape \(2, 1\)"):
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
        model = GRNGC(**QUICK | {"lag": 3}).fit([CHAIN[:40], CHAIN[:2]])
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
    model = GRNGC(**QUICK | {"forecaster": forecaster, "lag": 2}).fit(SMALL)
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
        ({"schedule": ["cosine"]}, r"schedule \['cosine'\] is not known; choose one of cosine, constant"),
        (
            {"forecaster": ["mlp"]},
            r"forecaster \['mlp'\] is not known; choose one of kan, linear, lstm",
        ),
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
        ({"tf32": True}, "tf32 rounds on a GPU only, and this fit runs on cpu: leave it out, or give device='cuda'"),
        ({"tf32": 1}, "tf32 must be True or False; got 1"),
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
