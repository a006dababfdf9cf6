"""The input gradient of a forecaster: the heart. The penalty and the graph both read it.

One array is meant everywhere, ``(window, target, lag, source)``: how the forecast of *target* in that window moves
with *source* at that lag (eq. 9-10 of arXiv 2507.11178). Windows are independent rows of one leaf tensor, so the
gradient of a sum over windows holds each window's own Jacobian exactly (docs/decisions/0002).

Two ways lead to it. A forecaster that offers ``jacobian(x)`` states it in closed form as a product of factors; any
other module goes through autograd, one backward pass a target. Both give the same numbers; see docs/equations.md.

The one exception is a forecaster that reads the windows as one sequence (:func:`reads_sequence`): there the same sum
adds up what a step does to all later forecasts, and the windows stay together.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from .arguments import check_choice
from .errors import InputError
from .runtime import MEMORY_BUDGET

SLAB_BYTES = 2**20
"""Size of the piece of the product that is formed, read and dropped at a time: small enough to stay in cache."""

NORMS = ("l1", "frobenius")

PEAK_OVER_KEPT = 3.2
"""Peak memory of a step over what autograd keeps for it, both without parameters (benchmarks/penalty_cost.py)."""


class FactoredJacobian(NamedTuple):
    """The input gradient of a forecaster as ``left @ right + direct``.

    ``left`` is (window, target, hidden); ``right`` (window, hidden, input), or (hidden, input) where all windows
    share it; ``direct`` (target, input) or None. An *input* is a pair (lag, source), flattened in this order.
    """

    left: Tensor
    right: Tensor
    direct: Tensor | None = None


def input_gradient(
    forecaster: nn.Module, x: Tensor, *, method: str = "auto", differentiable: bool = True
) -> tuple[Tensor, Tensor]:
    """Return the forecast (window, series) and its gradient (window, target, lag, source).

    Parameters
    ----------
    forecaster : Module
        Maps (window, lag, series) to (window, series), each window on its own.
    x : Tensor (window, lag, series)
        Neither changed nor given a gradient.
    method : {"auto", "closed", "loop", "vmap"}
        ``closed``: the forecaster's ``jacobian``; ``loop``: autograd, one backward pass a target (what the papers
        do); ``vmap``: ``torch.func.vmap(jacrev)``. ``auto`` takes the closed form where there is one, else the loop.
    differentiable : bool
        Keep what a derivative with respect to the parameters needs.
    """
    with torch.set_grad_enabled(differentiable):
        return WAYS[_resolve(forecaster, method)](forecaster, x.detach(), differentiable)


def reads_sequence(forecaster: nn.Module) -> bool:
    """Return whether the window axis is time to a forecaster: its windows may be neither cut, shuffled nor sampled."""
    return bool(getattr(forecaster, "reads_sequence", False))


def _resolve(forecaster: nn.Module, method: str) -> str:
    if method == "auto":
        return "closed" if hasattr(forecaster, "jacobian") else "loop"
    check_choice("method", method, ("auto", *WAYS))
    if method == "vmap" and reads_sequence(forecaster):
        raise InputError("method='vmap' takes windows one by one and this forecaster reads a sequence: use 'loop'")
    return method


def _closed(forecaster: nn.Module, x: Tensor, differentiable: bool) -> tuple[Tensor, Tensor]:
    forecast, factors = forecaster.jacobian(x)  # type: ignore[operator]
    product = factors.left @ factors.right
    if factors.direct is not None:
        product = product + factors.direct
    return forecast, product.unflatten(2, x.shape[1:])


def _loop(forecaster: nn.Module, x: Tensor, differentiable: bool) -> tuple[Tensor, Tensor]:
    with torch.enable_grad():
        x = x.requires_grad_()
        forecast = forecaster(x)
        rows = [_row(forecast, x, j, differentiable) for j in range(forecast.shape[1])]
    return forecast, torch.stack(rows, dim=1)


def _row(forecast: Tensor, x: Tensor, target: int, differentiable: bool = True) -> Tensor:
    """Return eq. 10 for one target, (window, lag, source); zeros where the forecast does not depend on the input."""
    summed = forecast[:, target].sum()
    (row,) = torch.autograd.grad(summed, x, create_graph=differentiable, retain_graph=True, materialize_grads=True)
    return row


def _vmap(forecaster: nn.Module, x: Tensor, differentiable: bool) -> tuple[Tensor, Tensor]:
    def one(window: Tensor) -> tuple[Tensor, Tensor]:
        forecast = forecaster(window[None])[0]
        return forecast, forecast

    gradient, forecast = torch.func.vmap(torch.func.jacrev(one, has_aux=True))(x)
    return forecast, gradient


WAYS: dict[str, Callable[[nn.Module, Tensor, bool], tuple[Tensor, Tensor]]] = {
    "closed": _closed,
    "loop": _loop,
    "vmap": _vmap,
}


def gradient_penalty(
    forecaster: nn.Module, x: Tensor, weights: Tensor, *, norm: str = "l1", method: str = "auto"
) -> tuple[Tensor, Tensor]:
    """Return the forecast (window, series) and the penalty of eq. 11-13, from one forward pass.

    The penalty is ``sum over (target, lag, source) of weights * mean over windows of |gradient|`` (``norm="l1"``),
    or of the squared gradient (``norm="frobenius"``). In closed form the (window, target, lag, source) array is
    never whole in memory: pieces of about a megabyte are formed, turned into the penalty and its derivative with
    respect to the factors, and dropped.

    Parameters
    ----------
    weights : Tensor (target, lag, source)
        0 leaves an entry free, as for the own past or an exogenous target.
    """
    check_choice("norm", norm, NORMS)
    method = _resolve(forecaster, method)
    if method == "closed":
        forecast, factors = forecaster.jacobian(x.detach())  # type: ignore[operator]
        total = _ProductNorm.apply(factors.left, factors.right, factors.direct, weights.flatten(1), norm)
    elif method == "loop":
        x = x.detach().requires_grad_()
        forecast = forecaster(x)
        total = forecast.new_zeros(())
        for j in range(forecast.shape[1]):
            total = total + (_size(_row(forecast, x, j), norm) * weights[j]).sum()
    else:
        forecast, gradient = input_gradient(forecaster, x, method=method)
        total = (_size(gradient, norm) * weights).sum()
    return forecast, total / len(x)


def _size(gradient: Tensor, norm: str) -> Tensor:
    return gradient.abs() if norm == "l1" else gradient.square()


class _ProductNorm(torch.autograd.Function):
    """Sum of ``weights * |left @ right + direct|`` (or of its square) over windows, without the product in memory.

    The derivative with respect to the factors is taken while a piece of the product is at hand, so the product is
    formed once and nothing is recomputed: three matrix products in all, the least that an exact step needs.
    """

    @staticmethod
    def forward(ctx: Any, left: Tensor, right: Tensor, direct: Tensor | None, weights: Tensor, norm: str) -> Tensor:
        wanted = ctx.needs_input_grad
        d_left = torch.empty_like(left) if wanted[0] else None
        d_right = torch.zeros_like(right) if wanted[1] else None
        d_direct = torch.zeros_like(direct) if direct is not None and wanted[2] else None
        total = left.new_zeros(())
        for windows, targets, piece in _products(FactoredJacobian(left, right, direct), SLAB_BYTES):
            a, b = left[windows, targets], right if right.ndim == 2 else right[windows]
            slope = piece.sign() if norm == "l1" else piece.clone()
            slope *= weights[targets]
            total += torch.dot(piece.flatten(), slope.flatten())
            if norm == "frobenius":
                slope *= 2
            if d_left is not None:
                d_left[windows, targets] = slope @ b.mT
            if d_right is not None and right.ndim == 2:
                d_right.addmm_(a.flatten(0, 1).T, slope.flatten(0, 1))
            elif d_right is not None:
                d_right[windows] += a.mT @ slope
            if d_direct is not None:
                d_direct[targets] += slope.sum(dim=0)
        ctx.save_for_backward(d_left, d_right, d_direct)
        return total

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        if torch.is_grad_enabled():
            raise RuntimeError("the closed-form penalty can be differentiated once; method='loop' again and again")
        return *(None if d is None else d * upstream for d in ctx.saved_tensors), None, None


def _products(factors: FactoredJacobian, slab: int) -> Iterator[tuple[slice, slice, Tensor]]:
    """Yield the product in pieces (window, target, input) of about ``slab`` bytes, with the windows and targets."""
    left, right, direct = factors
    n_windows, n_targets, _ = left.shape
    rows = max(1, slab // (right.shape[-1] * left.element_size()))
    window_step, target_step = max(1, rows // n_targets), min(n_targets, rows)
    for w in range(0, n_windows, window_step):
        windows = slice(w, w + window_step)
        for j in range(0, n_targets, target_step):
            targets = slice(j, j + target_step)
            piece = left[windows, targets] @ (right if right.ndim == 2 else right[windows])
            if direct is not None:
                piece += direct[targets]
            yield windows, targets, piece


def gradient_scores(
    forecaster: nn.Module, x: Tensor, *, method: str = "auto", memory_budget: int = MEMORY_BUDGET
) -> tuple[Tensor, Tensor]:
    """Return eq. 11 and its signed twin: mean over windows of |gradient| and of the gradient, (target, lag, source).

    The absolute value is taken in each window, before the mean. Float64. Windows are chunked within the budget, and
    targets within that, so the whole (window, target, lag, source) array is never there; the chunk changes no more
    than rounding.
    """
    chunk = windows_at_once(forecaster, x, memory_budget, method=method)
    size = x.new_zeros((x.shape[2], *x.shape[1:]), dtype=torch.float64)
    signed = torch.zeros_like(size)
    for part in x.split(chunk):
        for targets, piece in _pieces(
            forecaster, part, _resolve(forecaster, method), min(SLAB_BYTES, memory_budget // 4)
        ):
            signed[targets] += piece.sum(dim=0, dtype=torch.float64)
            size[targets] += piece.abs_().sum(dim=0, dtype=torch.float64)
    return size / len(x), signed / len(x)


def _pieces(forecaster: nn.Module, x: Tensor, method: str, slab: int) -> Iterator[tuple[slice, Tensor]]:
    """Yield the gradient, without a graph, in pieces (window, target, lag, source), with the targets each holds."""
    if method == "closed":
        with torch.no_grad():
            _, factors = forecaster.jacobian(x)  # type: ignore[operator]
            for _, targets, piece in _products(factors, slab):
                yield targets, piece.unflatten(2, x.shape[1:])
    elif method == "loop":
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            forecast = forecaster(x)
        for j in range(forecast.shape[1]):
            yield slice(j, j + 1), _row(forecast, x, j, differentiable=False).unsqueeze(1)
    else:
        yield slice(None), input_gradient(forecaster, x, method=method, differentiable=False)[1]


def windows_at_once(forecaster: nn.Module, x: Tensor, memory_budget: int, *, method: str = "auto") -> int:
    """Return how many windows may be handled together: within the budget, at least one; all of a sequence."""
    if reads_sequence(forecaster):
        return len(x)
    return max(1, memory_budget // max(1, bytes_per_window(forecaster, x, method=method)))


def bytes_per_window(forecaster: nn.Module, x: Tensor, *, method: str = "auto") -> int:
    """Return the bytes that each window of :func:`gradient_penalty` takes at its peak, measured on two windows.

    What autograd keeps for one window is what two keep less what one keeps: parameters, kept either way, drop out.
    The peak is ``PEAK_OVER_KEPT`` times that: factors beside their derivatives, and the copies that products make.
    """
    two = x[:1].detach().repeat(2, 1, 1)
    kept = _kept_bytes(forecaster, two, method) - _kept_bytes(forecaster, two[:1], method)
    return math.ceil(PEAK_OVER_KEPT * kept)


def _kept_bytes(forecaster: nn.Module, x: Tensor, method: str) -> int:
    kept: dict[int, torch.UntypedStorage] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage
        return tensor

    def size() -> int:
        return sum(storage.nbytes() for storage in kept.values())

    p = x.shape[2]
    with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        if _resolve(forecaster, method) == "closed":
            weights = x.new_ones(p, *x.shape[1:])
            gradient_penalty(forecaster, x, weights, method=method)
            return size()
        leaf = x.detach().requires_grad_()
        forecast = forecaster(leaf)
        forward = size()
        _row(forecast, leaf, 0).abs().sum()
        return forward + p * (size() - forward)
