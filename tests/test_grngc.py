"""The estimator where the graph is known: direction, lag, sign, the lasso when linear. Every parameter is felt."""

from typing import Any

import numpy as np
import pytest
import torch

from grngc.forecasters import FORECASTERS
from grngc.gradients import gradient_scores
from grngc.grngc import GRNGC
from grngc.panel import as_panel
from simulated import CHAIN, QUICK, SMALL, autoregression

LINEAR: dict[str, Any] = {
    "forecaster": "linear", "steps": 800, "batch": None, "learning_rate": 0.03, "input_noise": 0.0,
    "penalise_own_past": True, "scaling": "none",
}  # fmt: skip


def found(model: GRNGC, top: int) -> set[tuple[str, str]]:
    return {(edge.source, edge.target) for edge in model.graph_.edges(top=top)}


LEARNING: dict[str, Any] = {"hidden": 8, "penalty": 0.1, "steps": 150, "learning_rate": 0.01, "batch": 128}


def smallest(forecaster: str) -> dict[str, Any]:
    slow = {"batch": 64} if forecaster in ("lstm", "tcn") else {}
    return {"forecaster": forecaster, "forecaster_options": {"depth": 2} if forecaster == "tcn" else {}} | slow


class TestKnownGraphs:
    @pytest.fixture(autouse=True)
    def _without_a_floor(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It would be another training, and is not on trial here."""
        monkeypatch.setattr("grngc.task.noise_floor", lambda *args, **options: 0.0)

    @pytest.mark.parametrize("forecaster", FORECASTERS)
    @pytest.mark.parametrize("skip", [True, False])
    def test_chain(self, forecaster: str, skip: bool) -> None:
        """0 -> 1 -> 2; its transpose 2 -> 1 -> 0 gives the transposed matrix."""
        model = GRNGC(**LEARNING | smallest(forecaster), skip=skip)
        assert found(model.fit(CHAIN), 2) == {("x1", "x2"), ("x2", "x3")}
        if not skip:
            return
        forth = model.graph_.scores
        back = model.fit(autoregression({(2, 1, 1): 0.8, (1, 0, 1): 0.8}, 600, 3, seed=1)).graph_
        assert {(e.source, e.target) for e in back.edges(top=2)} == {("x3", "x2"), ("x2", "x1")}
        np.testing.assert_allclose(back.scores, forth.T, atol=0.2)

    @pytest.mark.parametrize("forecaster", FORECASTERS)
    def test_lag_and_sign(self, forecaster: str) -> None:
        """One edge at lag 3, negative: index 2, ``lag`` 3, sign -."""
        x = autoregression({(0, 1, 3): -0.8}, 400, 2)
        model = GRNGC(**LEARNING | smallest(forecaster), lag=4).fit(x)
        edge = model.graph_.edges(top=1)[0]
        assert (edge.source, edge.target, edge.lag, edge.sign) == ("x1", "x2", 3, "-")
        assert model.graph_.lag_scores[1, :, 0].argmax() == 2
        assert model.graph_.signs[1, 2, 0] < -0.4

    def test_an_influence_that_changes_its_sign_has_none(self) -> None:
        """x2 follows the square of x1: no linear method sees it, and on average it is neither + nor -."""
        x = np.random.default_rng(0).normal(size=(600, 2))
        x[1:, 1] = 0.1 * x[1:, 1] + x[:-1, 0] ** 2
        model = GRNGC(forecaster="mlp", hidden=32, penalty=0.02, steps=400, learning_rate=0.01, weight_decay=0.0).fit(x)
        edge = model.graph_.edges(top=1)[0]
        assert (edge.source, edge.target, edge.sign) == ("x1", "x2", "±")
        assert model.graph_.scores[0, 1] < 0.1 * edge.score

    def test_graph_is_read_from_the_forecaster_that_is_kept(self) -> None:
        """Eq. 11 over again, from the public parts."""
        model = GRNGC(**QUICK | {"lag": 2}).fit(CHAIN[:60])
        scaled = (CHAIN[:60] - CHAIN[:60].mean(axis=0)) / CHAIN[:60].std(axis=0)
        windows = np.stack([scaled[1:-1], scaled[:-2]], axis=1)
        size, signed, _ = gradient_scores(model.forecaster_, torch.tensor(windows, dtype=torch.float32))
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
    "penalty_batch": 5,
    "penalty_targets": 1,
    "penalty_draw": "stratified",
    "input_noise": 0.2,
    "weight_decay": 5.0,
    "scaling": "per_trajectory",
    "cross_boundary": True,
    "lag_collapse": "max",
    "contemporaneous": True,
    "sources": ["x1", "x2"],
    "forbidden": [("x3", "x1")],
    "required": [("x1", "x3")],
    "never_compared": [["x1"], ["x3"]],
    "random_state": 1,
}
"""For every parameter that changes the graph, a value unlike the base's."""
WITHOUT_EFFECT = {"memory_budget": 1, "device": "auto"}
ON_A_GPU = {"tf32": True}
"""What is refused elsewhere; tests/test_device.py feels it."""
BASE = QUICK | {
    "lag": 2, "skip": True, "penalty_scale": "per_output", "norm": "l1", "penalise_own_past": False,
    "learning_rate": 0.01, "schedule": "cosine", "weight_decay": 1.0, "scaling": "pooled", "cross_boundary": False,
    "lag_collapse": "sum", "contemporaneous": False, "random_state": 0, "device": "cpu", "forecaster_options": None,
    "sources": None, "forbidden": None, "required": None, "never_compared": None,
}  # fmt: skip


def test_every_parameter_is_listed_here() -> None:
    assert set(GRNGC().get_params()) == set(CHANGES) | set(WITHOUT_EFFECT) | set(ON_A_GPU)


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


class TestSnapshots:
    @pytest.mark.parametrize("forecaster", ["mlp", "kan", "lstm"])
    def test_watching_changes_no_bit(self, forecaster: str) -> None:
        """Batches, noise and the linear path: everything that could draw from the generator or be left in a mode."""
        settings = BASE | {"forecaster": forecaster}
        alone = GRNGC(**settings).fit(SMALL)
        watched = GRNGC(**settings).fit(SMALL, snapshot=lambda step, scores: None)
        np.testing.assert_array_equal(watched.graph_.lag_scores, alone.graph_.lag_scores)
        np.testing.assert_array_equal(watched.graph_.signs, alone.graph_.signs)
        assert watched.noise_floor_ == alone.noise_floor_
        assert watched.record_.trace == alone.record_.trace

    @pytest.mark.parametrize("collapse", ["sum", "max"])
    def test_they_are_the_graphs_of_shorter_trainings(self, collapse: str) -> None:
        settings = BASE | {"schedule": "constant", "lag_collapse": collapse}
        seen: list[tuple[int, np.ndarray]] = []
        panel = as_panel(SMALL, exogenous=["x2"])
        model = GRNGC(**settings).fit(panel, snapshot=lambda step, scores: seen.append((step, scores)))
        assert [step for step, _ in seen] == list(range(1, settings["steps"] + 1))
        np.testing.assert_array_equal(seen[-1][1], model.graph_.scores)
        np.testing.assert_array_equal(seen[6][1], GRNGC(**settings | {"steps": 7}).fit(panel).graph_.scores)
        assert not seen[6][1][1].any()
