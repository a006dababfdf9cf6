"""The input gradient of a forecaster in blocks: targets that read some of the series only, with factors of their own.

Outside the blocks the gradient is exactly 0, and nothing is computed there; see docs/decisions/0017.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from .factors import FactoredJacobian, product_norm

Index = tuple[Tensor, Tensor, Tensor]
"""Into an array (target, lag, source); the three broadcast to the shape of a piece without its windows."""


class RowByRow(NamedTuple):
    """The gradient of forecasts (window, target) towards a leaf (window, lag, source): a backward pass a target."""

    forecast: Tensor
    x: Tensor

    def of(self, targets: Tensor) -> "RowByRow":
        """Return the gradient of some targets, by position."""
        with torch.enable_grad():
            return RowByRow(self.forecast[:, targets], self.x)

    def rows(self) -> Iterator[Tensor]:
        """Yield the gradient of each target, (window, lag, source)."""
        differentiable = torch.is_grad_enabled()
        for j in range(self.forecast.shape[1]):
            with torch.enable_grad():
                found = row(self.forecast, self.x, j, differentiable)
            yield found


class Block(NamedTuple):
    """Some targets' gradient towards some sources at all lags; zero towards all others.

    Attributes
    ----------
    targets : tuple of int
        Rows of the whole gradient.
    sources : Tensor (source,)
    gradient : FactoredJacobian or RowByRow
        An input of the factors is a pair (lag, source), source counted among ``sources``.
    """

    targets: tuple[int, ...]
    sources: Tensor
    gradient: FactoredJacobian | RowByRow


class OwnBlock(NamedTuple):
    """Targets' gradient towards their own past, added to the other blocks'.

    Attributes
    ----------
    targets : tuple of int
        Rows of the whole gradient.
    sources : Tensor (target,)
        What series each is.
    gradient : Tensor (window, target, lag)
    """

    targets: tuple[int, ...]
    sources: Tensor
    gradient: Tensor


class BlockJacobian(NamedTuple):
    """An input gradient (window, target, input) in blocks that do not overlap.

    Attributes
    ----------
    blocks : tuple of Block
    own : OwnBlock, optional
    shape : (int, int, int, int)
        Of the gradient: window, target, lag, source.
    """

    blocks: tuple[Block, ...]
    own: OwnBlock | None
    shape: tuple[int, int, int, int]

    def of(self, targets: Tensor) -> "BlockJacobian":
        """Return the gradient of some targets, by position."""
        place = {j: r for r, j in enumerate(targets.tolist())}

        def kept(block: Block | OwnBlock) -> tuple[tuple[int, ...], Tensor]:
            there = [n for n, j in enumerate(block.targets) if j in place]
            return tuple(place[block.targets[n]] for n in there), torch.tensor(there, device=targets.device)

        blocks = []
        for block in self.blocks:
            rows, some = kept(block)
            if rows:
                blocks.append(Block(rows, block.sources, block.gradient.of(some)))
        own = self.own
        if own is not None:
            rows, some = kept(own)
            own = OwnBlock(rows, own.sources[some], own.gradient[:, some]) if rows else None
        return BlockJacobian(tuple(blocks), own, (self.shape[0], len(place), *self.shape[2:]))

    def formed(self) -> Tensor:
        """Return the gradient (window, target, input), zeros and all."""
        pieces = list(self.pieces())
        whole = pieces[0][1].new_zeros(self.shape)
        windows = torch.arange(len(whole), device=whole.device).view(-1, 1, 1, 1)
        for index, piece in pieces:
            whole = whole.index_put((windows, *index), piece)
        return whole.flatten(2)

    def norm(self, weights: Tensor, norm: str) -> Tensor:
        """Return the sum of ``weights * |gradient|`` (``norm="l1"``), or of its square.

        Parameters
        ----------
        weights : Tensor (target, lag, source)
        """
        total = weights.new_zeros(())
        for block in self.blocks:
            weight = weights[_index(block, self.shape[2])]
            if isinstance(block.gradient, FactoredJacobian):
                total = total + product_norm(block.gradient, weight.flatten(1), norm)
            else:
                for each, row in zip(weight, block.gradient.rows(), strict=True):
                    total = total + (sized(row, norm) * each).sum()
        if self.own is not None:
            weight = weights[_own_index(self.own, self.shape[2])].squeeze(2)
            total = total + (sized(self.own.gradient, norm) * weight).sum()
        return total

    def pieces(self) -> Iterator[tuple[Index, Tensor]]:
        """Yield where a piece stands, and the piece (window, target, lag, source); it can be differentiated."""
        lags = self.shape[2]
        for block in self.blocks:
            rows, lag, sources = _index(block, lags)
            if isinstance(block.gradient, RowByRow):
                for n, piece in enumerate(block.gradient.rows()):
                    yield (rows[n : n + 1], lag, sources), piece.unsqueeze(1)
            else:
                yield (rows, lag, sources), block.gradient.formed().unflatten(2, (lags, -1))
        if self.own is not None:
            yield _own_index(self.own, lags), self.own.gradient.unsqueeze(3)


def row(forecast: Tensor, x: Tensor, target: int, differentiable: bool = True) -> Tensor:
    """Return eq. 10 for one target, (window, lag, source); zeros where the forecast does not depend on the input."""
    summed = forecast[:, target].sum()
    (found,) = torch.autograd.grad(summed, x, create_graph=differentiable, retain_graph=True, materialize_grads=True)
    return found


def sized(gradient: Tensor, norm: str) -> Tensor:
    """Return what the penalty sums."""
    return gradient.abs() if norm == "l1" else gradient.square()


def _index(block: Block, lags: int) -> Index:
    device = block.sources.device
    rows = torch.tensor(block.targets, device=device)
    return rows.view(-1, 1, 1), torch.arange(lags, device=device).view(1, -1, 1), block.sources.view(1, 1, -1)


def _own_index(own: OwnBlock, lags: int) -> Index:
    device = own.sources.device
    rows = torch.tensor(own.targets, device=device)
    return rows.view(-1, 1, 1), torch.arange(lags, device=device).view(1, -1, 1), own.sources.view(-1, 1, 1)
