"""JRNGC: both regularisers against what is known of them, its parameters, and where it is GRNGC by another name."""

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.base import clone
from torch import nn

from grngc import GRNGC, InputError, memory
from grngc.datasets import load, simulate_var
from grngc.forecasters import Recipe, ResidualMLP, build_forecaster
from grngc.gradients import gradient_penalty, input_gradient
from grngc.jrngc import JRNGC, later
from grngc.metrics import score
from grngc.projections import draw_directions, projected_penalty
from grngc.windows import make_windows

QUICK: dict[str, Any] = {"lag": 2, "hidden": 8, "depth": 1, "steps": 20, "learning_rate": 0.01}
DATA = simulate_var(np.array([[[0.6, 0, 0], [0.8, 0.3, 0], [0, 0, 0.3]]]), 120, random_state=1)


def trained(depth: int) -> nn.Module:
    torch.manual_seed(0)
    forecaster = ResidualMLP(4, 2, hidden=6, depth=depth, dropout=0.3)
    with torch.no_grad():
        for each in forecaster.parameters():
            each += 0.3 * torch.randn_like(each)
    return forecaster.eval()


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("depth", [0, 1, 3])
def test_projections_are_unbiased_for_the_squared_norm(depth: int) -> None:
    forecaster, generator = trained(depth), torch.Generator().manual_seed(0)
    x = torch.randn(7, 2, 4)
    targets = torch.tensor([True, True, False, True])
    exact = input_gradient(forecaster, x)[1][:, targets].square().sum() / len(x)
    directions = draw_directions(1000, len(x), targets, generator)
    torch.testing.assert_close(directions.norm(dim=2), torch.ones(1000, len(x)))
    assert not directions[:, :, 2].any()
    estimates = torch.stack([projected_penalty(forecaster, x, each[None], 3) for each in directions]).detach()
    error = estimates.std() / len(estimates) ** 0.5
    assert abs(estimates.mean() - exact) < 4 * error < 0.1 * exact
    together = projected_penalty(forecaster, x, directions[:50], 3)
    torch.testing.assert_close(together.detach(), estimates[:50].mean())


@pytest.mark.usefixtures("float64")
def test_without_blocks_the_penalty_is_that_of_the_product_of_the_weights() -> None:
    forecaster = trained(0)
    x, weights = torch.randn(5, 2, 4), torch.rand(4, 2, 4)
    product = (forecaster.head.weight @ forecaster.enter.weight).unflatten(1, (2, 4))  # type: ignore[operator,union-attr]
    found = gradient_penalty(forecaster, x, weights)[1]
    torch.testing.assert_close(found, (weights * product.abs()).sum())
    ones = torch.eye(4)[:, None].expand(4, len(x), 4)  # every axis once: exact, whatever the forecaster
    torch.testing.assert_close(projected_penalty(forecaster, x, ones, 4), product.square().sum())


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("depth", [0, 1, 4])
def test_the_closed_form_is_autograds_for_any_depth_and_leaves_dropout_out(depth: int) -> None:
    forecaster, x = trained(depth), torch.randn(6, 2, 4)
    forecast, closed = input_gradient(forecaster, x, method="closed")
    loop = input_gradient(forecaster, x, method="loop")
    torch.testing.assert_close(forecast, loop[0])
    torch.testing.assert_close(closed, loop[1])
    dropped, training = input_gradient(forecaster.train(), x, method="closed")
    torch.testing.assert_close(training, closed)
    assert torch.equal(dropped, forecast) is (depth == 0)


def test_a_first_layer_of_normalised_weights_has_a_length_for_each_unit() -> None:
    names = dict(ResidualMLP(4, 2, hidden=6, depth=5).named_parameters())
    assert names["enter.length"].shape == (6, 1)
    assert sum(p.numel() for p in ResidualMLP(100, 5, hidden=100, depth=5).parameters()) == 213_300  # methods.md, 4.1


def test_grngc_with_the_same_forecaster_has_the_same_penalty() -> None:
    """``norm="l1"``, ``both_windows=False`` and d times GRNGC's weight on the code's scale: one loss, one graph.

    Batches of all windows, no noise, no decay, no linear path, and the same steps from the same start.
    """
    given = {"lag": 2, "steps": 15, "learning_rate": 0.01, "schedule": "cosine", "batch": None, "random_state": 3}
    theirs = JRNGC(**given, hidden=8, depth=2, dropout=0.0, norm="l1", penalty=0.3, both_windows=False).fit(DATA)
    ours = GRNGC(
        **given, forecaster="residual", hidden=8, forecaster_options={"depth": 2}, penalty=0.1, penalty_scale="code",
        skip=False, input_noise=0.0, weight_decay=0.0, penalise_own_past=True, penalty_batch=None,
        contemporaneous=False, lag_collapse="max",
    ).fit(DATA)  # fmt: skip
    np.testing.assert_allclose(theirs.graph_.scores, ours.graph_.scores, rtol=1e-4)
    first, second = theirs.record_.trace[0], ours.record_.trace[0]
    assert first["penalty"] == pytest.approx(second["penalty"], rel=1e-5)
    assert first["forecast_error"] == pytest.approx(second["forecast_error"], rel=1e-5)


def test_the_penalty_of_a_step_is_half_the_squared_norm_on_windows_and_later_windows() -> None:
    windows = make_windows(_scaled(), 2)
    x, y = (torch.tensor(part, dtype=torch.float32) for part in (windows.x, windows.y))
    moved = later(x, y)
    torch.testing.assert_close(moved[:-1], x[1:])
    told: list[Any] = []
    given = QUICK | {"steps": 1, "dropout": 0.0, "batch": None, "penalty": 0.6, "projections": None}
    JRNGC(**given).fit(DATA, progress=told.append)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        start = build_forecaster(Recipe("residual", 3, 2, {"hidden": 8, "depth": 1, "dropout": 0.0}, False))
    both = input_gradient(start, torch.cat([x, moved]))[1].square().sum() / (2 * len(x))
    assert told[0].penalty == pytest.approx(0.6 / 3 / 2 * both.item(), rel=1e-4)


def _scaled() -> Any:
    from grngc import as_panel
    from grngc.scaling import Scaling

    panel = as_panel(DATA)
    return Scaling.of(panel, "pooled").apply(panel)


CHANGES: list[dict[str, Any]] = [
    {"lag": 3}, {"hidden": 9}, {"depth": 2}, {"dropout": 0.0}, {"norm": "l1"}, {"projections": 2},
    {"projections": None}, {"penalty": 0.5}, {"both_windows": False}, {"learning_rate": 0.02}, {"schedule": "constant"},
    {"steps": 21}, {"batch": 20}, {"scaling": "none"}, {"random_state": 1},
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_each_parameter_is_felt(change: dict[str, Any]) -> None:
    given = QUICK | {"penalty": 0.2}
    before = JRNGC(**given).fit(DATA).graph_.scores
    after = JRNGC(**given | change).fit(DATA).graph_.scores
    assert not np.allclose(before, after, rtol=1e-6)
    assert {name for each in CHANGES for name in each} == set(JRNGC().get_params()) - {"device", "memory_budget"}


def test_a_small_budget_changes_no_more_than_rounding() -> None:
    given = QUICK | {"norm": "l1", "dropout": 0.0}
    whole, chunked = (JRNGC(**given, memory_budget=size).fit(DATA).graph_ for size in (2**28, 2**14))
    np.testing.assert_allclose(whole.scores, chunked.scores, rtol=1e-3)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"norm": "l2"}, "norm 'l2' is not known; choose one of l1, frobenius"),
        ({"depth": -1}, "depth must be a whole number of at least 0; got -1"),
        ({"projections": 0}, "projections must be a whole number of at least 1; got 0"),
        ({"penalty": -1.0}, "penalty must be a finite number of at least 0; got -1.0"),
        ({"dropout": 1.0}, "dropout must be a number of at least 0 and below 1; got 1.0"),
        ({"both_windows": 1}, "both_windows must be True or False; got 1"),
    ],
)
def test_what_a_parameter_may_not_be_is_said(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        JRNGC(**QUICK | wrong).fit(DATA)


def test_a_fit_that_would_not_fit_in_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available", lambda device: 2**20)
    with pytest.raises(InputError, match=r"3 series in 118 windows, with residual and lag 2, take about .* of memory"):
        JRNGC(**QUICK).fit(DATA)


def test_lorenz_96_is_found() -> None:
    data = load("lorenz96", n_series=5, n_times=200)
    small = JRNGC(lag=2, hidden=32, depth=1, dropout=0.0, learning_rate=0.01, steps=200, batch=64)
    assert score(small.fit(data.panel).graph_, data)["auroc_off_diagonal"] > 0.9
    assert small.device_ == torch.device("cpu")  # what the record of a run says
    assert clone(small).get_params() == small.get_params()
