"""The input gradient: every way to it gives the same numbers, in pieces of any size, and they are the known ones."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from unittest.mock import patch

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from grngc import factors
from grngc.forecasters import KAN, LSTM, MLP, TCN, Linear, LinearSkip
from grngc.gradients import bytes_per_window, gradient_penalty, gradient_scores, input_gradient

pytestmark = pytest.mark.usefixtures("float64")

TIGHT = {"rtol": 1e-9, "atol": 1e-9}


@st.composite
def tasks(draw: st.DrawFn) -> tuple[nn.Module, Tensor, Tensor]:
    """Draw a forecaster with arbitrary parameters, windows (window, lag, series) and penalty weights."""
    whole = lambda most: draw(st.integers(1, most))  # noqa: E731
    n_series, n_lags, n_windows = whole(4), whole(3), whole(6)
    size: dict[str, Any] = {"hidden": whole(5), "depth": whole(3)}
    kind = draw(st.sampled_from(["kan", "mlp", "lstm", "tcn", "linear"]))
    torch.manual_seed(draw(st.integers(0, 2**16)))
    if kind == "kan":
        grid = {"grid_range": draw(st.sampled_from([(-1, 1), (-3, 2)])), "grid_size": whole(6)}
        base = {"base": draw(st.sampled_from(["identity", "silu"])), "scaler": draw(st.booleans())}
        forecaster = KAN(n_series, n_lags, **size, **grid, **base)
    elif kind == "mlp":
        activation = draw(st.sampled_from(["relu", "tanh", "silu", "gelu"]))
        forecaster = MLP(n_series, n_lags, **size, activation=activation)
    else:
        forecaster = {"lstm": LSTM, "tcn": TCN}[kind](n_series, n_lags, **size) if kind != "linear" else None
        forecaster = forecaster or Linear(n_series, n_lags)
    if draw(st.booleans()):
        forecaster = LinearSkip(forecaster, n_series, n_lags)
    with torch.no_grad():
        for parameter in forecaster.parameters():
            parameter.normal_(std=0.7)
    weights = torch.rand(n_series, n_lags, n_series) * (torch.rand(n_series, n_lags, n_series) < 0.7)
    return forecaster, 1.5 * torch.randn(n_windows, n_lags, n_series), weights


def methods(forecaster: nn.Module) -> list[str]:
    """Return the ways to a forecaster's gradient; torch cannot vmap an LSTM in float64 on the CPU."""
    closed = ["closed"] if hasattr(forecaster, "jacobian") else []
    vmap = [] if any(isinstance(m, LSTM) for m in forecaster.modules()) else ["vmap"]
    return ["loop", *closed, *vmap]


@settings(max_examples=75)
@given(tasks())
def test_all_methods_give_the_same_gradient(task: tuple) -> None:
    forecaster, x, _ = task
    known = input_gradient(forecaster, x, method="loop")
    for method in ["auto", *methods(forecaster)]:
        torch.testing.assert_close(input_gradient(forecaster, x, method=method), known, **TIGHT)


@settings(max_examples=75)
@given(tasks(), st.sampled_from(["l1", "frobenius"]), st.sampled_from([1, 40, 200, 2**20]))
def test_all_methods_give_the_same_penalty_and_parameter_gradients(task: tuple, norm: str, slab: int) -> None:
    forecaster, x, weights = task
    _, whole = input_gradient(forecaster, x, method="loop")
    size = whole.abs() if norm == "l1" else whole.square()
    known = (size * weights).sum(dim=(1, 2, 3)).mean()
    expected = torch.autograd.grad(known, tuple(forecaster.parameters()), allow_unused=True, materialize_grads=True)
    for method in ["auto", *methods(forecaster)]:
        with patch.object(factors, "SLAB_BYTES", slab):
            forecast, penalty = gradient_penalty(forecaster, x, weights, norm=norm, method=method)
            found = torch.autograd.grad(
                penalty, tuple(forecaster.parameters()), allow_unused=True, materialize_grads=True
            )
        torch.testing.assert_close(
            (penalty, found), (known, expected), msg=lambda m, way=method: f"{way}: {m}", **TIGHT
        )
        torch.testing.assert_close(forecast, forecaster(x), **TIGHT)


@settings(max_examples=40)
@given(tasks(), st.data(), st.sampled_from(["l1", "frobenius"]), st.sampled_from([1, 200, 2**20]))
def test_the_penalty_of_some_targets_is_their_share(task: tuple, data: st.DataObject, norm: str, slab: int) -> None:
    forecaster, x, weights = task
    n_series = x.shape[2]
    chosen = torch.tensor(sorted(data.draw(st.sets(st.integers(0, n_series - 1), min_size=1))))
    others = torch.ones(n_series, dtype=torch.bool).index_fill(0, chosen, False)
    alone = weights.clone()
    alone[others] = 0
    known = torch.autograd.grad(
        gradient_penalty(forecaster, x, alone, norm=norm, method="loop")[1],
        tuple(forecaster.parameters()), allow_unused=True, materialize_grads=True,
    )  # fmt: skip
    for method in ["auto", *methods(forecaster)]:
        with patch.object(factors, "SLAB_BYTES", slab):
            forecast, penalty = gradient_penalty(forecaster, x, weights, norm=norm, method=method, targets=chosen)
            found = torch.autograd.grad(
                penalty, tuple(forecaster.parameters()), allow_unused=True, materialize_grads=True
            )
        torch.testing.assert_close(found, known, **TIGHT)
        torch.testing.assert_close(forecast, forecaster(x), **TIGHT)


@settings(max_examples=40)
@given(tasks(), st.sampled_from([1, 2_000, 20_000]))
def test_scores_are_the_mean_gradient_whatever_the_chunk(task: tuple, budget: int) -> None:
    forecaster, x, _ = task
    _, whole = input_gradient(forecaster, x, method="loop")
    found = gradient_scores(forecaster, x, memory_budget=budget)
    torch.testing.assert_close(found[:2], (whole.abs().mean(dim=0), whole.mean(dim=0)), **TIGHT)
    alike = (whole.sign() == whole.mean(dim=0).sign()).double().mean(dim=0)
    known = torch.minimum(whole.abs().amin(dim=0), found.signed.abs()) > 1e-12  # elsewhere rounding decides on signs
    torch.testing.assert_close(found.constancy[known], alike[known], **TIGHT)
    assert ((found.constancy >= 0) & (found.constancy <= 1)).all()


def test_the_absolute_value_comes_before_the_mean() -> None:
    """sin' averages to nothing over a period; its absolute value to 2 / pi."""
    x = torch.arange(1000).reshape(-1, 1, 1) * (2 * math.pi / 1000)
    size, signed, _ = gradient_scores(Sine(), x)
    assert float(size) == pytest.approx(2 / math.pi, abs=1e-5)
    assert float(signed) == pytest.approx(0, abs=1e-12)


class Sine(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.sin(x[:, 0])


def test_gradient_of_a_linear_forecaster_is_its_weight() -> None:
    linear = Linear(3, 2)
    nn.init.normal_(linear.direct.weight)
    x = torch.randn(7, 2, 3)
    weight = linear.direct.weight.reshape(3, 2, 3)  # (target, lag, source)
    torch.testing.assert_close(input_gradient(linear, x)[1], weight.expand(7, 3, 2, 3))
    weights = torch.rand(3, 2, 3)
    torch.testing.assert_close(gradient_penalty(linear, x, weights)[1], (weights * weight.abs()).sum())


def test_penalty_of_a_two_layer_linear_net_is_the_sum_of_its_product() -> None:
    """A ReLU net whose units are all on: the penalty is sum |W2 W1| and does not see the windows."""
    mlp = MLP(3, 2, hidden=5, activation="relu")
    nn.init.constant_(mlp.layers[0].bias, 100)
    product = mlp.head.weight @ mlp.layers[0].weight
    penalty = gradient_penalty(mlp, torch.randn(7, 2, 3), torch.ones(3, 2, 3))[1]
    torch.testing.assert_close(penalty, product.abs().sum())


def test_series_as_leaf_would_cancel_lags_of_opposite_sign() -> None:
    """methods.md 3.3: x_t = x_{t-1} - x_{t-2} + ...: window by window both lags show, series by series nothing does."""
    linear = Linear(1, 2)
    with torch.no_grad():
        linear.direct.weight[:] = torch.tensor([[1.0, -1.0]])
    series = torch.randn(50, requires_grad=True)
    windows = torch.stack([series[1:-1], series[:-2]], dim=1).unsqueeze(2)  # (window, lag, series); index 0 is lag 1
    (tied,) = torch.autograd.grad(linear(windows).sum(), series)
    torch.testing.assert_close(tied[1:-2], torch.zeros(47))
    torch.testing.assert_close(gradient_scores(linear, windows)[0].flatten(), torch.ones(2))


class Largest(TorchDispatchMode):
    """Remember the size of the largest tensor that any operation returned."""

    bytes = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, Tensor):
                self.bytes = max(self.bytes, leaf.untyped_storage().nbytes())
        return result


@contextmanager
def largest() -> Iterator[Largest]:
    with Largest() as mode:
        yield mode


@pytest.mark.parametrize("build", [partial(KAN, hidden=2), partial(MLP, hidden=2), Linear])
@pytest.mark.parametrize("skip", [False, True])
def test_the_product_is_never_whole_in_memory(build: Callable, skip: bool) -> None:
    forecaster = build(40, 1)
    forecaster = LinearSkip(forecaster, 40, 1) if skip else forecaster
    x = torch.randn(200, 1, 40)
    whole = 200 * 40 * 40 * 8
    with patch.object(factors, "SLAB_BYTES", whole // 10), largest() as seen:
        gradient_penalty(forecaster, x, torch.ones(40, 1, 40))[1].backward()
    assert whole // 20 < seen.bytes < whole // 3


@pytest.mark.parametrize("build", [KAN, MLP, LSTM, TCN], ids=lambda build: build.__name__)
def test_scores_stay_within_the_memory_budget(build: type) -> None:
    forecaster, x = build(20, 2, hidden=4), torch.randn(200, 2, 20)
    whole = 200 * 20 * 40 * 8
    with largest() as seen:
        gradient_scores(forecaster, x, memory_budget=whole // 2)
    assert whole // 50 < seen.bytes <= whole // 2


def test_bytes_per_window_do_not_count_parameters() -> None:
    """Twice the windows keep twice the bytes; ten times the width, with few windows, is mostly parameters."""
    x = torch.randn(1, 1, 3)
    narrow, wide = (bytes_per_window(MLP(3, 1, hidden=width), x) for width in (10, 100))
    assert 5 * narrow < wide < 12 * narrow


def test_the_callers_windows_and_forecaster_are_left_alone() -> None:
    forecaster, x = LSTM(2, 2, hidden=3).eval(), torch.randn(5, 2, 2)
    before = x.clone()
    for method in ("loop", "auto"):
        input_gradient(forecaster, x, method=method)
        gradient_penalty(forecaster, x, torch.ones(2, 2, 2), method=method)
        gradient_scores(forecaster, x, method=method)
    assert torch.equal(x, before)
    assert not x.requires_grad
    assert x.grad is None
    assert not forecaster.training
    assert all(p.grad is None and p.requires_grad for p in forecaster.parameters())


def test_scores_keep_no_graph() -> None:
    for tensor in gradient_scores(MLP(2, 1), torch.randn(5, 1, 2)):
        assert not tensor.requires_grad


def test_a_second_derivative_of_the_penalty_is_refused_not_wrong() -> None:
    """The fast penalty holds its first derivative ready; a derivative of that would silently miss terms."""
    forecaster = MLP(2, 1, hidden=3)
    penalty = gradient_penalty(forecaster, torch.randn(5, 1, 2), torch.ones(2, 1, 2), norm="frobenius")[1]
    weight = forecaster.layers[0].weight
    with pytest.raises(RuntimeError, match="once"):
        torch.autograd.grad(torch.autograd.grad(penalty, weight, create_graph=True)[0].sum(), weight)


@pytest.mark.parametrize("change", [{"method": "fast"}, {"norm": "l2"}])
def test_unknown_names_are_refused(change: dict) -> None:
    with pytest.raises(ValueError, match=next(iter(change.values()))):
        gradient_penalty(Linear(2, 1), torch.randn(3, 1, 2), torch.ones(2, 1, 2), **change)
