"""The input gradient as a product of factors, and its norm with the derivative, formed a piece at a time.

See docs/equations.md and docs/decisions/0007.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor

SLAB_BYTES = 2**20
"""Size of the largest array formed, read and dropped at a time on the CPU: small enough to stay in cache."""

GPU_SLAB_BYTES = 2**26
"""The same on a GPU, where every piece costs some ten launches of 5 to 10 µs each, whatever its size: large enough that
these are little beside the products (at 64 hidden units 6 GFLOP, a tenth of a millisecond and more), small enough that
the four arrays of a piece that live at once fit beside anything. To be tuned by benchmarks/device.py, which times
several."""


class Modulated(NamedTuple):
    """A factor (window, row, column) whose windows differ by how much each column responds, stated without forming it.

        M[n, r, c] = sum over b of slopes[n, c, b] * weights[r, c, b]

    A layer of activations has one slope a unit, one of splines a slope for each basis function. Formed, the factor
    is ``rows / basis`` times larger than ``slopes``.

    Attributes
    ----------
    slopes : Tensor (window, column, basis)
    weights : Tensor (row, column, basis)
    """

    slopes: Tensor
    weights: Tensor

    def formed(self) -> Tensor:
        """Return the factor, (window, row, column)."""
        return torch.einsum("ncb,rcb->nrc", self.slopes, self.weights)


def slab_bytes(device: torch.device) -> int:
    """Return the size of the pieces that suit a device."""
    return GPU_SLAB_BYTES if device.type == "cuda" else SLAB_BYTES


Factor = Tensor | Modulated
TensorOrNone = TypeVar("TensorOrNone", Tensor, Tensor | None)


class FactoredJacobian(NamedTuple):
    """The input gradient of a forecaster as ``left @ right + direct``.

    ``left`` is (window, target, hidden); ``right`` (window, hidden, input), or a tensor (hidden, input) that all
    windows share; ``direct`` (target, input) or None. An *input* is a pair (lag, source), flattened in this order.
    """

    left: Factor
    right: Factor
    direct: Tensor | None = None

    def of(self, targets: Tensor) -> "FactoredJacobian":
        """Return the gradient of some targets, by position."""
        if isinstance(self.left, Modulated):
            left: Factor = self.left._replace(weights=self.left.weights[targets])
        else:
            left = self.left[:, targets]
        return FactoredJacobian(left, self.right, rows(self.direct, targets))

    def formed(self) -> Tensor:
        """Return the gradient (window, target, input)."""
        product = formed(self.left) @ formed(self.right)
        return product if self.direct is None else product + self.direct


def rows(tensor: TensorOrNone, targets: Tensor | None) -> TensorOrNone:
    """Return the rows of ``targets``, all of them for None; None has none."""
    return tensor if tensor is None or targets is None else tensor[targets]


def formed(factor: Factor) -> Tensor:
    """Return a factor as one tensor."""
    return factor.formed() if isinstance(factor, Modulated) else factor


def product_norm(factors: FactoredJacobian, weights: Tensor, norm: str) -> Tensor:
    """Return the sum of ``weights * |gradient|`` (``norm="l1"``), or of its square, over windows, targets and inputs.

    Parameters
    ----------
    weights : Tensor (target, input)
    """
    left, right, direct = factors
    return _ProductNorm.apply(*_tensors(left), *_tensors(right), direct, weights, norm)


def products(factors: FactoredJacobian, slab: int) -> Iterator[tuple[slice, slice, Tensor]]:
    """Yield the gradient in pieces (window, target, input) of about ``slab`` bytes, with the windows and targets."""
    left, right = _side(*_tensors(factors.left)), _side(*_tensors(factors.right))
    for windows in _slabs(left, right, slab // _tensors(factors.left)[0].element_size()):
        a, b = left.form(windows), right.form(windows)
        for targets in _target_slabs(a, b, slab):
            piece = a[:, targets] @ b
            if factors.direct is not None:
                piece += factors.direct[targets]
            yield slice(windows.start, windows.start + len(piece)), targets, piece


class _ProductNorm(torch.autograd.Function):
    """The norm, without the product or a modulated factor in memory.

    The derivative with respect to the factors is taken while a piece of the product is at hand, so the product is
    formed once and nothing is recomputed: three matrix products in all, the least that an exact step needs.
    """

    @staticmethod
    def forward(
        ctx: Any,
        left: Tensor,
        left_weights: Tensor | None,
        right: Tensor,
        right_weights: Tensor | None,
        direct: Tensor | None,
        weights: Tensor,
        norm: str,
    ) -> Tensor:
        sides = _side(left, left_weights), _side(right, right_weights)
        d_direct = None if direct is None else torch.zeros_like(direct)
        total, slab = left.new_zeros(()), slab_bytes(left.device)
        for windows in _slabs(*sides, slab // left.element_size()):
            a, b = (side.form(windows) for side in sides)
            pieces = []
            for targets in _target_slabs(a, b, slab):
                piece = a[:, targets] @ b
                if direct is not None:
                    piece += direct[targets]
                slope = piece.sign() if norm == "l1" else piece.clone()
                slope *= weights[targets]
                total += torch.dot(piece.flatten(), slope.flatten())
                if norm == "frobenius":
                    slope *= 2
                if d_direct is not None:
                    d_direct[targets] += slope.sum(dim=0)
                pieces.append(sides[0].towards(slope, b.mT))
                sides[1].add(windows, sides[1].towards(a[:, targets].mT, slope))
            sides[0].add(windows, pieces[0] if len(pieces) == 1 else torch.cat(pieces, dim=1))
        ctx.save_for_backward(*sides[0].gradients(), *sides[1].gradients(), d_direct)
        return total

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        if torch.is_grad_enabled():
            raise RuntimeError("the closed-form penalty can be differentiated once; method='loop' again and again")
        return *(None if d is None else d * upstream for d in ctx.saved_tensors), None, None


class _Plain:
    """A factor that is one tensor, for every window or shared by all, and its derivative."""

    def __init__(self, factor: Tensor) -> None:
        self.factor, self.shared = factor, factor.ndim == 2
        self.shape = (None if self.shared else len(factor), factor.shape[-2], factor.shape[-1])
        self.derivative = torch.zeros_like(factor)

    def form(self, windows: slice) -> Tensor:
        return self.factor if self.shared else self.factor[windows]

    def towards(self, a: Tensor, b: Tensor) -> Tensor:
        """Return ``a @ b``, a derivative of this factor, as ``add`` likes it; of a shared one summed over windows."""
        return a.mT.flatten(0, 1).T @ b.flatten(0, 1) if self.shared else a @ b

    def add(self, windows: slice, derivative: Tensor) -> None:
        if self.shared:
            self.derivative += derivative
        else:
            self.derivative[windows] += derivative

    def gradients(self) -> tuple[Tensor, None]:
        return self.derivative, None


class _OneSlope:
    """A modulated factor with one slope a column: its rows are scaled."""

    def __init__(self, slopes: Tensor, weights: Tensor) -> None:
        self.slopes, self.weights = slopes.squeeze(2), weights.squeeze(2)
        self.shape = (len(slopes), *weights.shape[:2])
        self.d_slopes, self.d_weights = torch.zeros_like(self.slopes), torch.zeros_like(self.weights)

    def form(self, windows: slice) -> Tensor:
        return self.weights * self.slopes[windows].unsqueeze(1)

    def towards(self, a: Tensor, b: Tensor) -> Tensor:
        return a @ b

    def add(self, windows: slice, derivative: Tensor) -> None:
        self.d_slopes[windows] += (derivative * self.weights).sum(dim=1)
        self.d_weights += (derivative * self.slopes[windows].unsqueeze(1)).sum(dim=0)

    def gradients(self) -> tuple[Tensor, Tensor]:
        return self.d_slopes.unsqueeze(2), self.d_weights.unsqueeze(2)


class _ManySlopes:
    """A modulated factor with several slopes a column: one matrix product a column, so columns come first in memory.

    A formed factor and its derivative are therefore stored (column, window, row) and (window, column, row), and only
    looked at as (window, row, column): matrix products read either without a copy.
    """

    def __init__(self, slopes: Tensor, weights: Tensor) -> None:
        self.slopes, self.weights = slopes.transpose(0, 1).contiguous(), weights.permute(1, 2, 0).contiguous()
        self.shape = (len(slopes), *weights.shape[:2])
        self.d_slopes, self.d_weights = torch.zeros_like(self.slopes), torch.zeros_like(self.weights)

    def form(self, windows: slice) -> Tensor:
        return torch.bmm(self.slopes[:, windows], self.weights).permute(1, 2, 0)

    def towards(self, a: Tensor, b: Tensor) -> Tensor:
        return (b.mT @ a.mT).mT

    def add(self, windows: slice, derivative: Tensor) -> None:
        by_column = derivative.permute(2, 0, 1)  # (column, window, row)
        self.d_slopes[:, windows] += torch.bmm(by_column, self.weights.mT)
        self.d_weights.baddbmm_(self.slopes[:, windows].mT, by_column)

    def gradients(self) -> tuple[Tensor, Tensor]:
        return self.d_slopes.transpose(0, 1), self.d_weights.permute(2, 0, 1)


_Side = _Plain | _OneSlope | _ManySlopes


def _side(factor: Tensor, weights: Tensor | None) -> _Side:
    if weights is None:
        return _Plain(factor)
    return _OneSlope(factor, weights) if factor.shape[2] == 1 else _ManySlopes(factor, weights)


def _tensors(factor: Factor) -> tuple[Tensor, Tensor | None]:
    return (factor.slopes, factor.weights) if isinstance(factor, Modulated) else (factor, None)


def _slabs(left: _Side, right: _Side, numbers: int) -> Iterator[slice]:
    """Yield the windows whose factors and product are formed at a time, none larger than so many ``numbers``."""
    n_windows, n_targets, hidden = left.shape
    n_inputs = right.shape[2]
    largest = max(n_targets * n_inputs, n_targets * hidden, 0 if right.shape[0] is None else hidden * n_inputs)
    step = max(1, numbers // largest)
    for start in range(0, n_windows or 0, step):
        yield slice(start, start + step)


def _target_slabs(a: Tensor, b: Tensor, slab: int) -> Iterator[slice]:
    """Yield the targets whose product with the sources is formed at a time, for the windows of ``a``."""
    n_windows, n_targets, _ = a.shape
    step = max(1, slab // (n_windows * b.shape[-1] * a.element_size()))
    for start in range(0, n_targets, step):
        yield slice(start, start + step)
