"""What is known beforehand is kept while fitting: forbidden is exactly zero, required is spared and always listed."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.base import clone
from torch import Tensor, nn

from grngc import CausalGraph, Discovery, GroupDiscovery, compare, discover, discover_group
from grngc.blocks import BlockJacobian
from grngc.errors import InputError
from grngc.forecasters import (
    FORECASTERS,
    Recipe,
    build_forecaster,
    curved_parameters,
    load_forecaster,
    save_forecaster,
)
from grngc.forecasters.masked import Masked, OwnPasts
from grngc.gradients import gradient_over_time, gradient_penalty, gradient_scores, input_gradient
from grngc.grngc import GRNGC
from grngc.lasso import penalised_linear
from grngc.panel import as_panel
from grngc.partition import partition
from simulated import QUICK, Bump, autoregression

X = autoregression({(0, 1, 1): 0.8, (1, 2, 1): 0.8, (3, 3, 1): 0.5, (2, 4, 2): 0.6}, 300, 5)
RULES: dict[str, dict[str, Any]] = {
    "sources": {"sources": ["x1", "x4"]},
    "one pair": {"forbidden": [("x1", "x2")]},
    "no source": {"forbidden": [("*", "x1"), ("*", "x4")]},
    "groups": {"never_compared": [["x1", "x2"], ["x3"]]},
    "several": {"sources": ["x1", "x2", "x3"], "forbidden": [("x1", "*")], "required": [("x2", "x3")]},
}
TRAINED: list[Any] = [*(name for name in FORECASTERS if name != "linear"), Bump]


class Persistent(nn.Module):
    """A user's module that adds its forecast to the last value: each series keeps one place on both sides."""

    def __init__(self, n_series: int, n_lags: int) -> None:
        super().__init__()
        self.change = nn.Linear(n_series * n_lags, n_series)

    def forward(self, x: Tensor) -> Tensor:
        return x[:, 0] + self.change(x.flatten(1)).tanh()


def masks(rules: dict[str, Any], **more: Any) -> tuple[np.ndarray, GRNGC]:
    model = GRNGC(**QUICK | {"steps": 12, "lag": 2} | more, **rules)
    if model.forecaster == "linear" or callable(model.forecaster):
        model.set_params(hidden="auto")
    model.fit(X)
    assert model.rules_.forbidden is not None
    return model.rules_.forbidden, model


@pytest.mark.parametrize("rules", RULES.values(), ids=RULES)
@pytest.mark.parametrize("forecaster", [*FORECASTERS, Bump, Persistent], ids=lambda f: getattr(f, "__name__", f))
def test_forbidden_is_exactly_zero_in_scores_and_gradients(forecaster: Any, rules: dict[str, Any]) -> None:
    forbidden, model = masks(rules, forecaster=forecaster)
    graph = model.graph_
    assert not graph.scores[forbidden].any()
    assert not graph.lag_scores.transpose(0, 2, 1)[forbidden].any()
    assert graph.nearness is None or not graph.nearness[forbidden].any()
    x = torch.randn(6, 2, 5)
    leaf = x.clone().requires_grad_()
    forecast = model.forecaster_(leaf)
    for j in range(5):  # by autograd, whatever is stated in closed form
        (row,) = torch.autograd.grad(forecast[:, j].sum(), leaf, retain_graph=True)
        assert not row[:, :, torch.tensor(forbidden[j])].any()
        assert row[:, :, j].any()  # the own past is always read
    moved = x.clone()
    moved[:, :, 0] += 1.0  # and by the forecasts themselves
    same = (model.forecaster_(moved) == model.forecaster_(x)).all(dim=0).numpy()
    assert same[forbidden[:, 0]].all()
    assert np.isfinite(model.noise_floor_)
    allowed = ~forbidden & ~np.eye(5, dtype=bool)
    assert forecaster == "linear" or (graph.scores[allowed] > 0).all()


@pytest.mark.parametrize("skip", [True, False])
@pytest.mark.parametrize("choice", TRAINED, ids=lambda f: getattr(f, "__name__", f))
@pytest.mark.usefixtures("float64")
class TestForecasters:
    """The contract of tests/contracts/test_forecasters.py, in parts."""

    ALLOWED = np.array([[1, 1, 0, 0, 0], [1, 1, 0, 0, 0], [1, 1, 1, 0, 0], [0, 0, 1, 1, 1], [0, 0, 0, 0, 1]], bool)
    TARGETS = np.array([True, True, True, True, False])

    def recipe(self, choice: Any, skip: bool, **options: Any) -> Recipe:
        options = {} if callable(choice) else {"hidden": 8} | options
        return Recipe(choice, 5, 2, options, skip, partition(self.ALLOWED, self.TARGETS))

    def trained(self, choice: Any, skip: bool) -> nn.Module:
        forecaster = build_forecaster(self.recipe(choice, skip))
        optimiser = torch.optim.Adam(forecaster.parameters(), lr=0.01)
        for update in (True, True, False):
            optimiser.zero_grad()
            forecast, penalty = gradient_penalty(forecaster, torch.randn(9, 2, 5), torch.full((5, 2, 5), 0.1))
            ((forecast[:, :4] - torch.randn(9, 4)).square().mean() + penalty).backward()
            if update:
                optimiser.step()
        return forecaster

    def test_gradient_is_each_windows_jacobian(self, choice: Any, skip: bool) -> None:
        forecaster, x = self.trained(choice, skip), torch.randn(4, 2, 5)
        forecast, found = input_gradient(forecaster, x)
        torch.testing.assert_close(forecast, forecaster(x))
        assert not forecast[:, 4].any()  # exogenous
        for window, each in zip(x, found, strict=True):
            known = torch.autograd.functional.jacobian(lambda w: forecaster(w[None])[0], window)
            torch.testing.assert_close(each, known, rtol=1e-9, atol=1e-12)
        size, signed, _ = gradient_scores(forecaster, x)
        over_time = gradient_over_time(forecaster, x, targets=[3, 1], lags=[1], sources=[0, 2])
        torch.testing.assert_close(over_time, found[:, [3, 1]][:, :, [1]][:, :, :, [0, 2]])
        torch.testing.assert_close(size, found.abs().mean(0))
        torch.testing.assert_close(signed, found.mean(0))
        with torch.no_grad():
            torch.testing.assert_close(gradient_scores(forecaster, x)[0], size)

    @pytest.mark.parametrize("norm", ["l1", "frobenius"])
    def test_penalty_and_its_derivative_are_those_of_the_loop(self, choice: Any, skip: bool, norm: str) -> None:
        forecaster, x = self.trained(choice, skip), torch.randn(4, 2, 5)
        weights = torch.rand(5, 2, 5)
        for targets in (None, torch.tensor([3, 0]), torch.tensor([2])):
            found = []
            for method in ("auto", "loop"):
                forecaster.zero_grad()
                _, penalty = gradient_penalty(forecaster, x, weights, norm=norm, method=method, targets=targets)
                penalty.backward()
                derivatives = [torch.zeros_like(q) if q.grad is None else q.grad for q in forecaster.parameters()]
                found.append((penalty, [each.clone() for each in derivatives]))
            torch.testing.assert_close(found[0][0], found[1][0])
            for mine, loops in zip(found[0][1], found[1][1], strict=True):
                torch.testing.assert_close(mine, loops)

    def test_every_parameter_feels_the_loss(self, choice: Any, skip: bool) -> None:
        forecaster = self.trained(choice, skip)
        deaf = [name for name, q in forecaster.named_parameters() if q.grad is None or not q.grad.any()]
        assert not deaf

    def test_comes_back_from_a_file(self, choice: Any, skip: bool, tmp_path: Path) -> None:
        forecaster, x = self.trained(choice, skip), torch.randn(4, 2, 5)
        path = save_forecaster(tmp_path / "f", forecaster, self.recipe(choice, skip))
        again = load_forecaster(path, factory=choice if callable(choice) else None)
        assert torch.equal(again(x), forecaster(x))


def test_closed_forms_stay_closed_and_nothing_is_computed_outside() -> None:
    allowed = np.zeros((30, 30), dtype=bool)
    allowed[:, :4] = True
    parts = partition(allowed, np.ones(30, dtype=bool))
    for name in ("mlp", "kan"):
        forecaster: Any = build_forecaster(Recipe(name, 30, 2, {"hidden": 5}, True, parts))
        _, jacobian = forecaster.jacobian(torch.randn(3, 2, 30))
        assert isinstance(jacobian, BlockJacobian)
        (block,) = jacobian.blocks
        assert block.gradient.direct.shape == (30, 4 * 2)
        assert jacobian.own.gradient.shape == (3, 26, 2)
        assert not forecaster.row_by_row
        whole = build_forecaster(Recipe(name, 30, 2, {"hidden": 5}, True))
        assert sum(q.numel() for q in forecaster.parameters()) < sum(q.numel() for q in whole.parameters())


def test_own_pasts_bend_and_their_lines_are_not_decayed() -> None:
    after = np.eye(3, k=-1, dtype=bool)  # each is driven by the one before
    forecaster = build_forecaster(Recipe("mlp", 3, 1, {"hidden": 4}, True, partition(after, np.ones(3, bool))))
    assert isinstance(forecaster, Masked)
    names = {id(q): name for name, q in forecaster.named_parameters()}
    curved = {names[id(q)] for q in curved_parameters(forecaster)}
    assert not any("straight" in name or name == "own.bias" for name in curved)
    assert {name for name in names.values() if ".bent." in name} <= curved
    own = OwnPasts([1], 2)
    with torch.no_grad():
        own.outer.fill_(1.0)
    x = torch.randn(5, 2, 3)
    assert own(2 * x).sub(2 * own(x)).abs().max() > 1e-3


def test_a_sequence_forecaster_is_refused() -> None:
    with pytest.raises(InputError, match="can be forbidden no series: choose tcn instead"):
        GRNGC(forecaster="sequence_tcn", lag=1, hidden=4, steps=3, **RULES["one pair"]).fit(X)


class TestLinear:
    @pytest.mark.parametrize(("p", "sources", "lags"), [(12, 3, 2), (20, 0, 1), (6, 5, 3), (60, 20, 3)])
    def test_short_inputs_give_the_minimum_of_long_ones(self, p: int, sources: int, lags: int) -> None:
        """Inputs left out, and own pasts beside, against the same coefficients held at 0."""
        rng = np.random.default_rng(0)
        for n in (25, 300):
            x = rng.normal(size=(n, lags, p))
            y = 0.3 * x[:, 0] @ rng.normal(size=(p, p)) + rng.normal(size=(n, p))
            allowed = np.eye(p, dtype=bool)
            allowed[:, :sources] = True
            allowed[: p // 2, -1] = True  # a second part
            weights = np.full((p, lags, p), 0.2) * ~np.eye(p, dtype=bool)[:, None]
            told: dict[str, Any] = {"admitted": allowed, "input_noise": 0.3}
            held, _ = penalised_linear(x, y, weights, **told)
            left_out, _ = penalised_linear(x, y, weights, parts=partition(allowed, np.ones(p, dtype=bool)), **told)
            np.testing.assert_allclose(left_out, held, atol=3e-5)
            assert not left_out.transpose(0, 2, 1)[~allowed].any()

    def test_required_is_not_shrunk(self) -> None:
        """Two series, one driver: the coefficient is that of least squares."""
        x = autoregression({(0, 1, 1): 0.3}, 400, 2)
        told: dict[str, Any] = {"forecaster": "linear", "lag": 1, "input_noise": 0.0, "penalty": 0.2}
        required = GRNGC(**told, required=[("x1", "x2")]).fit(x)
        free = GRNGC(**told | {"penalty": 0.0}).fit(x)
        penalised = GRNGC(**told).fit(x)
        assert required.graph_.scores[1, 0] == pytest.approx(free.graph_.scores[1, 0], rel=1e-5)
        assert penalised.graph_.scores[1, 0] < 0.8 * free.graph_.scores[1, 0]
        assert required.graph_.scores[0, 1] == penalised.graph_.scores[0, 1]

    def test_the_penalty_counts_the_inputs_that_are_there(self) -> None:
        few = GRNGC(forecaster="linear", lag=1, sources=["x1"]).fit(X)
        assert few.penalty_ == pytest.approx(1.5 * np.sqrt(np.log(2) / few.n_windows_))


class TestSameStep:
    def test_forbidden_is_so_within_a_step_and_the_other_way_round_is_not(self) -> None:
        rng = np.random.default_rng(0)
        shared = rng.normal(size=(400, 1))
        x = shared + 0.5 * rng.normal(size=(400, 3))
        model = GRNGC(forecaster="linear", lag=1, contemporaneous=True, forbidden=[("x1", "x2")]).fit(x)
        graph = model.graph_
        assert graph.contemporaneous is not None
        assert graph.scores[1, 0] == graph.contemporaneous[1, 0] == 0
        assert graph.contemporaneous[0, 1] > 0.1

    def test_a_direction_is_known_where_the_other_is_forbidden(self) -> None:
        rng = np.random.default_rng(0)
        shared = rng.normal(size=(400, 1))
        x = shared + 0.5 * rng.normal(size=(400, 2))
        told: dict[str, Any] = {"forecaster": "linear", "lag": 1, "contemporaneous": True}
        assert "direction unknown" in discover(x, **told).record["conclusion"]
        known = discover(x, forbidden=[("x1", "x2")], **told).record["conclusion"]
        assert "move together within one time step." in known


class TestRequired:
    @pytest.mark.parametrize("forecaster", ["linear", "mlp", "tcn"])
    def test_is_listed_whatever_its_score_and_proves_nothing(self, forecaster: str) -> None:
        noise = np.random.default_rng(1).normal(size=(300, 4))
        settings = {"forecaster": forecaster, "lag": 1, "steps": 100, "learning_rate": 0.02, "confidence": False}
        if forecaster != "linear":
            settings["hidden"] = 4
        found = discover(noise, required=[("x2", "x3")], **settings)
        assert [edge[:2] for edge in found.standing_out()] == [("x2", "x3")]
        assert found.graph.above(np.inf)[2, 1]
        assert not found.trustworthy
        assert found.record["edges_above_noise_floor"] == 0
        assert "required" in found.summary(top=1)
        assert "Required, and in the graph whatever the score: x2 -> x3." in found.record["conclusion"]

    def test_stays_in_the_summary_when_the_top_is_short(self) -> None:
        found = discover(X, required=[("x5", "x1")], forecaster="linear", lag=2)
        rows = [line for line in found.summary(top=1).splitlines() if " -> " in line and line.startswith("x")]
        assert len(rows) == 2
        assert rows[1].endswith("required")
        assert "2 strongest of" in found.summary(top=1)

    def test_does_not_raise_the_floor(self) -> None:
        told: dict[str, Any] = {"forecaster": "linear", "lag": 1}
        noise = np.random.default_rng(2).normal(size=(60, 6))
        pairs = [(f"x{i}", "x1") for i in range(2, 7)]
        floors = [GRNGC(**told, required=pairs).fit(noise).noise_floor_, GRNGC(**told).fit(noise).noise_floor_]
        assert floors[0] == pytest.approx(floors[1], rel=0.2)


class TestRecord:
    def test_rules_are_in_the_record_the_summary_and_the_files(self, tmp_path: Path) -> None:
        rules = RULES["several"]
        found = discover(X, forecaster="linear", lag=1, **rules)
        kept = found.record["configuration"]
        assert {name: kept[name] for name in rules} == {
            "sources": ["x1", "x2", "x3"], "forbidden": [["x1", "*"]], "required": [["x2", "x3"]],
        }  # fmt: skip
        assert found.record["rules"] == {
            "sources": ["x1", "x2", "x3"],
            "forbidden_pairs": 12,
            "required": [["x2", "x3"]],
        }
        said = " ".join(found.summary().split())
        assert "Rules: 3 of 5 series may drive others; 12 pairs forbidden in all; 1 required" in said
        found.save(tmp_path / "out")
        again = Discovery.load(tmp_path / "out")
        np.testing.assert_array_equal(again.graph.forbidden, found.graph.forbidden)
        np.testing.assert_array_equal(again.graph.required, found.graph.required)
        assert again.summary() == found.summary()
        assert again.standing_out() == found.standing_out()

    def test_forbidden_pairs_are_no_statements(self) -> None:
        graph = discover(X, forecaster="linear", lag=1, **RULES["one pair"]).graph
        assert ("x1", "x2") not in {edge[:2] for edge in graph.edges(own_past=True, by_lag=True)}
        assert len(graph.edges()) == 19
        assert graph.ranking()[1, 0] == -1

    def test_a_graph_checks_its_masks(self) -> None:
        scores, mask = np.ones((2, 2)), np.array([[False, True], [False, False]])
        with pytest.raises(InputError, match="the scores of forbidden pairs are 0"):
            CausalGraph(scores, ("a", "b"), forbidden=mask)
        with pytest.raises(InputError, match=r"required is a \(2, 2\) array of True and False"):
            CausalGraph(scores, ("a", "b"), required=mask[:1])
        assert CausalGraph(scores, ("a", "b"), required=np.zeros((2, 2), bool)).required is None

    def test_without_rules_nothing_is_said(self) -> None:
        found = discover(X, forecaster="linear", lag=1)
        assert (found.record["rules"], found.graph.forbidden, found.graph.required) == (None, None, None)
        assert "Rules" not in found.summary()

    def test_parameters_can_be_cloned_and_are_left_alone(self) -> None:
        model = GRNGC(forecaster="linear", lag=1, **RULES["several"])
        again = clone(model)
        assert {name: again.get_params()[name] for name in RULES["several"]} == RULES["several"]
        before = again.get_params()
        np.testing.assert_array_equal(again.fit(X).graph_.scores, model.fit(X).graph_.scores)
        assert again.get_params() == before


class TestTogetherWithOthers:
    def test_exogenous_series_are_sources(self) -> None:
        panel = as_panel(X, exogenous=["x4"])
        model = GRNGC(**QUICK | {"steps": 12}, sources=["x1", "x4"]).fit(panel)
        assert not model.graph_.scores[3].any()
        assert (model.graph_.scores[[1, 2, 4]][:, [0, 3]] > 0).all()
        assert model.forecast(2, exogenous=np.zeros((2, 1))).shape == (2, 5)

    def test_subjects_share_rules(self, tmp_path: Path) -> None:
        records = {"ann": X[:150], "bob": X[150:]}
        told: dict[str, Any] = {"forecaster": "linear", "lag": 1, "workers": 1}
        rules: dict[str, Any] = {"forbidden": [("x1", "x2")], "required": [("x5", "x1")]}
        found = discover_group(records, folder=tmp_path / "g", **rules, **told)
        for group in (found, GroupDiscovery.load(tmp_path / "g")):
            assert not group.scores[:, 1, 0].any()
            assert group.share[0, 4] == 1
            assert ("x1", "x2") not in {edge[:2] for edge in group.edges()}
            assert ("x5", "x1") in {edge[:2] for edge in group.edges() if edge.share == 1}
        with pytest.raises(InputError, match=r"^no series 'x9' for forbidden="):
            discover_group(records, forbidden=[("x9", "x2")], **told)

    def test_graphs_of_other_rules_compare(self) -> None:
        told: dict[str, Any] = {"forecaster": "linear", "lag": 1}
        ruled, free = discover(X, **RULES["one pair"], **told), discover(X, **told)
        for one, other, status in ((ruled, free, "gained"), (free, ruled, "lost")):
            (edge,) = [each for each in compare(one, other).edges if each[:2] == ("x1", "x2")]
            assert edge.status == status

    def test_auto_chooses_under_rules(self) -> None:
        model = GRNGC(steps=30, sources=["x1", "x2", "x3"]).fit(X)
        assert model.choice_.candidates
        assert not model.graph_.scores[model.rules_.forbidden].any()


@settings(max_examples=15)
@given(allowed=arrays(bool, (4, 4)), forecaster=st.sampled_from(["linear", "mlp"]))
def test_any_rules_give_exact_zeros(allowed: np.ndarray, forecaster: str) -> None:
    names = [f"x{i + 1}" for i in range(4)]
    pairs = [(names[i], names[j]) for i, j in itertools.permutations(range(4), 2) if not allowed[j, i]]
    model = GRNGC(
        forecaster=forecaster, lag=1, steps=3, hidden=3 if forecaster == "mlp" else "auto", forbidden=pairs,
        contemporaneous=forecaster == "linear",
    )  # fmt: skip
    if len(pairs) == 12:
        with pytest.raises(InputError, match="no pair"):
            model.fit(X[:80, :4])
        return
    scores = model.fit(X[:80, :4]).graph_.scores
    for source, target in pairs:
        assert scores[names.index(target), names.index(source)] == 0
    if forecaster == "mlp":
        assert (scores[(allowed | np.eye(4, dtype=bool))] > 0).all()
