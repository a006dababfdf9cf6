"""Uniform cubic B-splines with their derivatives, in few passes over memory: most of what a small KAN costs."""

from typing import Any

import torch
from torch import Tensor


def cubic_basis(x: Tensor, grid_range: tuple[float, float], grid_size: int) -> tuple[Tensor, Tensor]:
    """Return the ``grid_size + 3`` uniform cubic B-splines at ``x`` and their derivatives, both (..., basis).

    With h the width of a grid interval and z the distance to a spline's centre in units of h::

        B(z)   = [(2 - |z|)_+^3 - 4 (1 - |z|)_+^3] / 6
        B'(z)  = -sign(z) [(2 - |z|)_+^2 - 4 (1 - |z|)_+^2] / (2 h)
        B''(z) = [(2 - |z|)_+ - 4 (1 - |z|)_+] / h^2

    which is the Cox-de Boor recursion on the extended uniform knots, without the recursion. Inside the grid the
    functions sum to 1; outside they fade and **three intervals beyond it (``|x| >= 2.2`` for the default grid) all are
    exactly 0**: there only the base function responds.
    """
    low, high = grid_range
    value, slope, _ = _Cubic.apply(x, low, (high - low) / grid_size, grid_size + 3)
    return value, slope


class _Cubic(torch.autograd.Function):
    """Values, slopes and curvatures; the derivative of each is the next, so a backward pass is one product."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, low: float, h: float, n_basis: int) -> tuple[Tensor, Tensor, Tensor]:
        z = _distance(x, low, h, n_basis)
        outer, inner = (2 - z.abs()).relu_(), (1 - z.abs()).relu_()
        outer2, inner2 = outer * outer, inner * inner
        value = torch.sub(outer2 * outer, inner2 * inner, alpha=4).mul_(1 / 6)
        slope = torch.sub(inner2.mul_(4), outer2).mul_(z.sign_()).mul_(1 / (2 * h))
        return value, slope, torch.sub(outer, inner, alpha=4).mul_(1 / h**2)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        x, *ctx.grid = inputs
        ctx.save_for_backward(x, *output[1:])
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(
        ctx: Any, to_value: Tensor | None, to_slope: Tensor | None, to_curvature: Tensor | None
    ) -> tuple[Tensor | None, None, None, None]:
        x, slope, curvature = ctx.saved_tensors
        parts = [each * by for each, by in ((to_value, slope), (to_slope, curvature)) if each is not None]
        if to_curvature is not None:
            parts.append(to_curvature * _third(_distance(x, *ctx.grid), ctx.grid[1]))
        return sum(parts[1:], start=parts[0]).sum(dim=-1), None, None, None


def _distance(x: Tensor, low: float, h: float, n_basis: int) -> Tensor:
    """Return the distance to each spline's centre, in grid intervals."""
    centres = low + h * torch.arange(-1, n_basis - 1, device=x.device, dtype=x.dtype)
    return (x.unsqueeze(-1) - centres) / h


def _third(z: Tensor, h: float) -> Tensor:
    """Return the third derivative, constant between knots."""
    inside = 4 * (z.abs() < 1).to(z.dtype) - (z.abs() < 2).to(z.dtype)
    return z.sign() * inside / h**3
