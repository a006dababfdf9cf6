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
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from .arguments import check_choice
from .blocks import BlockJacobian, row, sized
from .errors import InputError
from .factors import product_norm, products, rows, slab_bytes
from .runtime import MEMORY_BUDGET

NORMS = ("l1", "frobenius")

PEAK_OVER_KEPT = 3.2
"""Peak memory of a step over what autograd keeps for it, both without parameters (benchmarks/penalty_cost.py)."""


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


def offers_closed_form(forecaster: nn.Module) -> bool:
    """Return whether a forecaster states its input gradient as factors, or leaves it to a loop of backward passes."""
    return hasattr(forecaster, "jacobian") and not getattr(forecaster, "row_by_row", False)


def _resolve(forecaster: nn.Module, method: str) -> str:
    if method == "auto":
        return "closed" if hasattr(forecaster, "jacobian") else "loop"
    check_choice("method", method, ("auto", *WAYS))
    if method == "vmap" and reads_sequence(forecaster):
        raise InputError("method='vmap' takes windows one by one and this forecaster reads a sequence: use 'loop'")
    return method


def _closed(forecaster: nn.Module, x: Tensor, differentiable: bool) -> tuple[Tensor, Tensor]:
    forecast, factors = forecaster.jacobian(x)  # type: ignore[operator]
    return forecast, factors.formed().unflatten(2, x.shape[1:])


def _loop(forecaster: nn.Module, x: Tensor, differentiable: bool) -> tuple[Tensor, Tensor]:
    with torch.enable_grad():
        x = x.requires_grad_()
        forecast = forecaster(x)
        rows = [row(forecast, x, j, differentiable) for j in range(forecast.shape[1])]
    return forecast, torch.stack(rows, dim=1)


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
    forecaster: nn.Module,
    x: Tensor,
    weights: Tensor,
    *,
    norm: str = "l1",
    method: str = "auto",
    targets: Tensor | None = None,
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
    targets : Tensor (position,), optional
        Targets to sum over; None: all. Of a loop of backward passes only theirs are made.
    """
    check_choice("norm", norm, NORMS)
    method = _resolve(forecaster, method)
    if method == "closed":
        forecast, factors = forecaster.jacobian(x.detach())  # type: ignore[operator]
        wanted = factors if targets is None else factors.of(targets)
        if isinstance(wanted, BlockJacobian):
            total = wanted.norm(rows(weights, targets), norm)
        else:
            total = product_norm(wanted, rows(weights, targets).flatten(1), norm)
    elif method == "loop":
        x = x.detach().requires_grad_()
        forecast = forecaster(x)
        total = forecast.new_zeros(())
        for j in range(forecast.shape[1]) if targets is None else targets.tolist():
            total = total + (sized(row(forecast, x, j), norm) * weights[j]).sum()
    else:
        forecast, gradient = input_gradient(forecaster, x, method=method)
        total = (sized(rows(gradient.transpose(0, 1), targets), norm) * rows(weights, targets).unsqueeze(1)).sum()
    return forecast, total / len(x)


class GradientScores(NamedTuple):
    """What is read of the gradient over all windows; each (target, lag, source), float64.

    ``size``: the mean of ``|gradient|``, eq. 11, the absolute value taken in each window. ``signed``: the mean of the
    gradient. ``constancy``: the share of windows in which the gradient has the sign of ``signed``, 0 where that is 0.
    """

    size: Tensor
    signed: Tensor
    constancy: Tensor


def gradient_scores(
    forecaster: nn.Module, x: Tensor, *, method: str = "auto", memory_budget: int = MEMORY_BUDGET
) -> GradientScores:
    """Return eq. 11, its signed twin, and how constant the sign is over windows, all from one pass.

    Windows are chunked within the budget, and targets within that, so the whole (window, target, lag, source) array is
    never there; the chunk changes no more than rounding.
    """
    size = x.new_zeros((x.shape[2], *x.shape[1:]), dtype=torch.float64)
    signed, balance, moved = (torch.zeros_like(size) for _ in range(3))
    for _, targets, piece in _chunks(forecaster, x, method, memory_budget):
        signed[targets] += piece.sum(dim=0, dtype=torch.float64)
        signs = piece.sign()
        size[targets] += piece.abs_().sum(dim=0, dtype=torch.float64)
        balance[targets] += signs.sum(dim=0)  # positive less negative windows
        moved[targets] += signs.abs_().sum(dim=0)
    alike = torch.where(signed == 0, 0.0, (moved + balance * signed.sign()) / 2)
    return GradientScores(size / len(x), signed / len(x), alike / len(x))


def gradient_over_time(
    forecaster: nn.Module,
    x: Tensor,
    *,
    targets: Sequence[int],
    lags: Sequence[int],
    sources: Sequence[int],
    method: str = "auto",
    memory_budget: int = MEMORY_BUDGET,
) -> Tensor:
    """Return the gradient of each window, as :func:`gradient_scores` reads it, before any mean.

    Parameters
    ----------
    targets, lags, sources : sequence of int
        Positions on the axes of the result, in their order. Only theirs are kept, and of a loop of backward passes
        only the targets' made.

    Returns
    -------
    Tensor (window, target, lag, source)
        On the CPU, in the precision of ``x``.
    """
    found = torch.empty(len(x), len(targets), len(lags), len(sources), dtype=x.dtype)
    chosen = [torch.tensor(list(positions), device=x.device) for positions in (targets, lags, sources)]
    for windows, rows_, piece in _chunks(forecaster, x, method, memory_budget, chosen[0]):
        found[windows, rows_] = piece.index_select(2, chosen[1]).index_select(3, chosen[2]).cpu()
    return found


def _chunks(
    forecaster: nn.Module, x: Tensor, method: str, memory_budget: int, targets: Tensor | None = None
) -> Iterator[tuple[slice, slice, Tensor]]:
    """Yield the gradient, without a graph, in pieces (window, target, lag, source), and where each stands.

    Positions of targets are those among ``targets``, which are all where None.
    """
    chunk = windows_at_once(forecaster, x, memory_budget, method=method)
    way, slab = _resolve(forecaster, method), min(slab_bytes(x.device), memory_budget // 4)
    for start in range(0, len(x), chunk):
        for windows, some, piece in _pieces(forecaster, x[start : start + chunk], way, slab, targets):
            yield slice(start + windows.start, start + windows.stop), some, piece


def _pieces(
    forecaster: nn.Module, x: Tensor, method: str, slab: int, targets: Tensor | None
) -> Iterator[tuple[slice, slice, Tensor]]:
    every = slice(0, len(x))
    if method == "closed":
        with torch.no_grad():
            if isinstance(forecaster.jacobian(x[:1])[1], BlockJacobian):  # type: ignore[operator]
                yield from _of_blocks(forecaster, x, slab, targets)
                return
            _, factors = forecaster.jacobian(x)  # type: ignore[operator]
            for windows, some, piece in products(factors if targets is None else factors.of(targets), slab):
                yield windows, some, piece.unflatten(2, x.shape[1:])
    elif method == "loop":
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            forecast = forecaster(x)
        for n, j in enumerate(range(forecast.shape[1]) if targets is None else targets.tolist()):
            yield every, slice(n, n + 1), row(forecast, x, j, differentiable=False).unsqueeze(1)
    else:
        gradient = input_gradient(forecaster, x, method=method, differentiable=False)[1]
        yield every, slice(None), gradient if targets is None else gradient[:, targets]


def _of_blocks(
    forecaster: nn.Module, x: Tensor, slab: int, targets: Tensor | None
) -> Iterator[tuple[slice, slice, Tensor]]:
    """Yield a gradient in blocks with the zeros between them, a few windows at a time."""
    whole = x.shape[1] * x.shape[2] ** 2 * x.element_size()
    step = max(1, slab // whole) if offers_closed_form(forecaster) else len(x)  # a backward pass is dear, whatever long
    for start in range(0, len(x), step):
        _, factors = forecaster.jacobian(x[start : start + step])  # type: ignore[operator]
        piece = (factors if targets is None else factors.of(targets)).formed().unflatten(2, x.shape[1:])
        yield slice(start, start + len(piece)), slice(None), piece


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
        kept[storage._cdata] = storage  # not its address: tensors without numbers have none
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
        row(forecast, leaf, 0).abs().sum()
        return forward + p * (size() - forward)
