"""The gradient before it is averaged: its means are the scores, its axes have names, its size is bounded."""

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from grngc import GRNGC, CausalGraph, Discovery, InputError, as_panel, discover
from grngc.forecasters import LSTM, MLP
from grngc.gradients import gradient_over_time, gradient_scores, input_gradient
from grngc.over_time import OverTime
from simulated import CHAIN, QUICK, SMALL, Bump

FORECASTERS: dict[str, dict[str, Any]] = {
    "linear": {"forecaster": "linear"},
    "mlp": {},
    "kan": {"forecaster": "kan", "hidden": 3},
    "lstm": {"forecaster": "lstm", "hidden": 3},
    "sequence_tcn": {
        "forecaster": "sequence_tcn", "cross_boundary": True, "batch": None, "penalty_batch": None, "hidden": "auto",
        "skip": False, "lag": 1,
    },
    "own module": {"forecaster": Bump, "skip": False},
}  # fmt: skip


@pytest.fixture(scope="module", params=FORECASTERS)
def fitted(request: pytest.FixtureRequest) -> GRNGC:
    options = QUICK | {"lag": 2, "steps": 8, "hidden": 4} | FORECASTERS[request.param]
    return GRNGC(**options).fit(as_panel(SMALL, names=["a", "b", "c"]))


def test_its_means_are_the_scores_the_signs_and_their_constancy(fitted: GRNGC) -> None:
    graph = fitted.graph_
    found = graph.over_time()
    assert found.gradient.shape == (fitted.n_windows_, *graph.lag_scores.shape)
    gradient = found.gradient.astype(float)
    close = {"rtol": 1e-5, "atol": 1e-6}
    np.testing.assert_allclose(np.abs(gradient).mean(axis=0), graph.lag_scores, **close)
    np.testing.assert_allclose(gradient.mean(axis=0), graph.signs, **close)
    alike = (np.sign(gradient) == np.sign(graph.signs)) & (graph.signs != 0)
    clear = (np.abs(gradient).min(axis=0) > 1e-6) & (np.abs(graph.signs) > 1e-6)
    assert clear.any()
    assert graph.sign_constancy is not None
    np.testing.assert_allclose(graph.sign_constancy[clear], alike.mean(axis=0)[clear], atol=1e-12)


def test_a_linear_coupling_is_always_of_one_sign(fitted: GRNGC) -> None:
    if fitted.forecaster != "linear":
        return
    np.testing.assert_array_equal(fitted.graph_.sign_constancy, fitted.graph_.lag_scores > 0)
    gradient = fitted.graph_.over_time().gradient
    assert (gradient == gradient[:1]).all()


def test_parts_are_those_of_the_whole_in_the_order_asked_for(fitted: GRNGC) -> None:
    graph = fitted.graph_
    whole, last = graph.over_time(), graph.n_lags - 1
    part = graph.over_time(source=["c", "a"], target="b", lag=graph.n_lags)
    assert part.axes["target"] == ["b"]
    assert (part.targets, part.lags, part.sources) == (("b",), (last + 1,), ("c", "a"))
    np.testing.assert_allclose(part.gradient, whole.gradient[:, [1]][:, :, [last]][..., [2, 0]], rtol=1e-5, atol=1e-7)
    np.testing.assert_array_equal(part.between("a", "b"), part.gradient[:, 0, :, 1])
    np.testing.assert_array_equal(part.time, whole.time)


def test_windows_are_named_by_trajectory_and_time() -> None:
    first, second = (len(x) for x in SMALL)
    inside = GRNGC(**QUICK | {"lag": 2, "steps": 1}).fit(SMALL).graph_.over_time()
    assert inside.trajectory.tolist() == ["1"] * (first - 2) + ["2"] * (second - 2)
    assert inside.time.tolist() == [*range(2, first), *range(2, second)]
    across = GRNGC(**QUICK | {"lag": 2, "steps": 1, "cross_boundary": True}).fit(SMALL).graph_.over_time()
    assert across.trajectory.tolist() == ["1"] * (first - 2) + ["2"] * second
    assert across.time.tolist() == [*range(2, first), *range(second)]
    assert list(across.axes) == ["window", "target", "lag", "source"]
    assert across.axes["window"][0] == ("1", 2)
    assert [len(labels) for labels in across.axes.values()] == list(across.gradient.shape)


def test_windows_with_gaps_are_left_out_and_labels_are_the_datas() -> None:
    x = CHAIN[:30].copy()
    x[10, 0] = np.nan
    found = GRNGC(**QUICK | {"steps": 1}).fit(as_panel(x, missing="drop")).graph_.over_time()
    assert found.time.tolist() == [t for t in range(1, 30) if t not in (10, 11)]


def test_exogenous_series_are_sources_only() -> None:
    graph = GRNGC(**QUICK | {"steps": 1}).fit(as_panel(CHAIN[:50], exogenous="x1")).graph_
    found = graph.over_time()
    assert (found.targets, found.sources) == (("x2", "x3"), ("x1", "x2", "x3"))
    with pytest.raises(InputError, match="no target 'x1'"):
        graph.over_time(target="x1")


def test_a_frame_has_a_row_for_each_entry() -> None:
    found = GRNGC(**QUICK | {"steps": 3}).fit(SMALL).graph_.over_time(target="x2")
    frame = found.to_frame()
    assert list(frame.columns) == ["trajectory", "time", "source", "target", "lag", "gradient"]
    assert len(frame) == found.gradient.size
    row = frame[(frame.trajectory == "2") & (frame.time == 7) & (frame.source == "x3")]
    assert row.gradient.tolist() == [found.between("x3", "x2")[len(SMALL[0]) - 1 + 6, 0]]


def test_which_coupling_acts_when() -> None:
    """x drives y while the sign of a gate is positive, and not otherwise."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1500, 3))
    x[:, 2] = np.sign(np.sin(np.arange(1500) / 8)) + 0.1 * rng.normal(size=1500)
    x[1:, 1] = 1.5 * x[:-1, 0] * (x[:-1, 2] > 0) + 0.3 * rng.normal(size=1499)
    graph = discover(x, names=["x", "y", "gate"], forecaster="mlp", lag=1, steps=300, confidence=False).graph
    found = graph.over_time(source="x", target="y")
    gated = x[found.time - 1, 2] > 0
    gradient = np.abs(found.between("x", "y")[:, 0])
    assert gradient[gated].mean() > 4 * gradient[~gated].mean()
    assert graph.edges(top=1)[0][:2] == ("x", "y")


def test_the_sign_of_a_coupling_may_change_and_the_constancy_says_so() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1000, 2))
    x[1:, 1] = np.abs(x[:-1, 0]) + 0.2 * rng.normal(size=999)
    edge = GRNGC(forecaster="mlp", lag=1, steps=300).fit(x).graph_.edges(top=1)[0]
    assert (edge.source, edge.target, edge.sign) == ("x1", "x2", "±")
    assert 0.4 < edge.sign_constancy < 0.65  # type: ignore[operator]


@pytest.mark.parametrize("make", [lambda: MLP(3, 2, hidden=4), lambda: LSTM(3, 2, hidden=4), lambda: Bump(3, 2)])
@pytest.mark.parametrize("budget", [1, 5000, 2**20])
def test_any_chunk_gives_each_window_its_own_gradient(float64: None, make: Any, budget: int) -> None:
    forecaster, x = make(), torch.randn(17, 2, 3)
    _, whole = input_gradient(forecaster, x, method="loop")
    for method in ("auto", "loop", "vmap"):
        if method == "vmap" and isinstance(forecaster, LSTM):
            continue
        chosen: dict[str, Any] = {"targets": [2, 0], "lags": [1], "sources": [0, 1]}
        found = gradient_over_time(forecaster, x, **chosen, method=method, memory_budget=budget)
        torch.testing.assert_close(found, whole.detach()[:, [2, 0]][:, :, [1]][..., [0, 1]], rtol=1e-9, atol=1e-12)
    size = gradient_scores(forecaster, x, memory_budget=budget).size
    torch.testing.assert_close(size, whole.abs().mean(dim=0).detach(), rtol=1e-9, atol=1e-12)


class TestRefused:
    graph = GRNGC(**QUICK | {"steps": 1}).fit(CHAIN[:50]).graph_

    def test_more_than_the_budget_before_it_is_computed(self) -> None:
        with pytest.raises(
            InputError, match=r"of 49 windows, 3 targets, 1 lag and 3 sources takes 1.7 KiB, .*or raise"
        ):
            self.graph.over_time(memory_budget=1000)
        assert self.graph.over_time(source="x1", memory_budget=1000).gradient.nbytes == 49 * 3 * 4

    @pytest.mark.parametrize(
        ("asked", "says"),
        [
            ({"source": "x9"}, "no source 'x9'; there are 'x1', 'x2', 'x3'"),
            ({"target": []}, "target= names no series"),
            ({"lag": 0}, "lag is a whole number from 1 to 1, or several; got 0"),
            ({"lag": [1, 2]}, "lag is a whole number"),
            ({"lag": []}, "lag is a whole number"),
        ],
    )
    def test_what_is_not_there(self, asked: dict[str, Any], says: str) -> None:
        with pytest.raises(InputError, match=says):
            self.graph.over_time(**asked)

    def test_a_pair_that_was_not_asked_for(self) -> None:
        with pytest.raises(InputError, match="no 'x1' -> 'x3' here"):
            self.graph.over_time(target="x2").between("x1", "x3")

    def test_a_graph_without_forecaster(self, tmp_path: Path) -> None:
        loaded = CausalGraph.load(self.graph.save(tmp_path / "graph.npz"))
        with pytest.raises(InputError, match=r"needs the forecaster and the data, .*Discovery\.load"):
            loaded.over_time()

    def test_labels_that_do_not_fit(self) -> None:
        with pytest.raises(InputError, match=r"is \(2, 1, 1, 1\); got \(2, 1, 1, 2\)"):
            OverTime(np.zeros((2, 1, 1, 2)), np.array(["1", "1"]), np.arange(2), ("a",), (1,), ("b",))


class TestFromFiles:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        discover(SMALL, **QUICK | {"steps": 5, "confidence": False}).save(tmp_path / "run")
        return tmp_path / "run"

    def test_it_is_read_again_with_the_data(self, folder: Path) -> None:
        before = discover(SMALL, **QUICK | {"steps": 5, "confidence": False}).graph.over_time()
        graph = Discovery.load(folder, as_panel(SMALL)).graph
        np.testing.assert_allclose(graph.over_time().gradient, before.gradient, rtol=1e-6)
        np.testing.assert_array_equal(graph.sign_constancy, CausalGraph.load(folder / "graph.npz").sign_constancy)

    def test_other_data_are_refused(self, folder: Path) -> None:
        with pytest.raises(InputError, match=r"not the data of this run \(SHA-256 "):
            Discovery.load(folder, as_panel(CHAIN))
        with pytest.raises(InputError, match="data is a Panel"):
            Discovery.load(folder, CHAIN)  # type: ignore[arg-type]

    def test_a_module_of_ones_own_is_refused(self, tmp_path: Path) -> None:
        discover(SMALL, **QUICK | {"steps": 2, "forecaster": Bump, "confidence": False}).save(tmp_path / "own")
        with pytest.raises(InputError, match="made by a factory of your own"):
            Discovery.load(tmp_path / "own", as_panel(SMALL))

    def test_a_linear_run_too(self, tmp_path: Path) -> None:
        discover(CHAIN, forecaster="linear", lag=2).save(tmp_path / "linear")
        found = Discovery.load(tmp_path / "linear", as_panel(CHAIN))
        np.testing.assert_allclose(found.graph.over_time().gradient[5], found.graph.signs, atol=1e-6)


def test_it_travels_and_can_be_left_behind() -> None:
    found = discover(SMALL, **QUICK | {"steps": 2, "confidence": False})
    again = pickle.loads(pickle.dumps(found.graph))
    np.testing.assert_array_equal(again.over_time().gradient, found.graph.over_time().gradient)
    kept = replace(found.graph, exogenous=())
    np.testing.assert_array_equal(kept.over_time().gradient, again.over_time().gradient)
    alone = found.without_forecaster()
    assert (alone.estimator, alone.graph.read_over_time) == (None, None)


def test_global_state_and_the_forecaster_are_as_they_were() -> None:
    model = GRNGC(**QUICK | {"steps": 2}).fit(SMALL)
    before = [parameter.clone() for parameter in model.forecaster_.parameters()]
    state = torch.random.get_rng_state()
    model.graph_.over_time()
    assert torch.equal(state, torch.random.get_rng_state())
    for parameter, was in zip(model.forecaster_.parameters(), before, strict=True):
        assert torch.equal(parameter, was)
        assert parameter.grad is None or not parameter.grad.isnan().any()
