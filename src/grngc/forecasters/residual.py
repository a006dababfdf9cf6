"""Residual multi-layer perceptron of JRNGC, with its input gradient in closed form."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, relu

from ..arguments import check_whole
from ..errors import InputError
from ..factors import FactoredJacobian


class ResidualMLP(nn.Module):
    """Forecaster ``Linear - blocks - Linear`` on the flattened window; without blocks it is linear, of rank ``hidden``.

    A block is ``LayerNorm(dropout(Linear(relu(Linear(z)))) + Linear(z))``, normalised over the units of each window on
    its own. The first layer and the first of each block have their weights normalised (a length and a direction for
    each unit). From the description of JRNGC in W. Zhou et al., Jacobian Regularizer-based Neural Granger Causality,
    ICML 2024, and its published settings.

    Parameters
    ----------
    n_series, n_lags : int
    n_targets : int, optional
        Forecasts to make; None: one for each series.
    hidden : int
        Units of every layer.
    depth : int
        Number of blocks; 0: none.
    dropout : float
        Share of a block's outputs that is set to 0 while training; its input gradient is always the one without.
    """

    def __init__(
        self,
        n_series: int,
        n_lags: int,
        *,
        n_targets: int | None = None,
        hidden: int = 64,
        depth: int = 1,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        check_whole("hidden", hidden)
        check_whole("depth", depth, 0)
        if not 0 <= dropout < 1:
            raise InputError(f"dropout must be a number of at least 0 and below 1; got {dropout!r}")
        self.dropout = dropout
        self.enter = _Normalised(n_series * n_lags, hidden)
        self.blocks: Sequence[_Block] = nn.ModuleList(_Block(hidden, dropout) for _ in range(depth))  # type: ignore[assignment]
        self.head = nn.Linear(hidden, n_targets or n_series)

    def forward(self, x: Tensor) -> Tensor:
        """Forecast (window, series) from (window, lag, series)."""
        hidden = self.enter(x.flatten(1))
        for block in self.blocks:
            hidden = block(hidden)
        return self.head(hidden)

    def jacobian(self, x: Tensor) -> tuple[Tensor, FactoredJacobian]:
        """Return the forecast and its gradient: the blocks' own, multiplied from the last to the first.

        Each is a normalisation's, ``(1 - 1 1' / H - z z' / H) / deviation`` times its gains, times the sum of the
        linear path and the bent one, so that no (window, unit, unit) array is formed.
        """
        flat = x.flatten(1)
        hidden, passed = self.enter(flat), []
        for block in self.blocks:
            hidden, kept = block.passed(hidden)
            passed.append(kept)
        forecast = self(x) if self.training and self.dropout else self.head(hidden)
        if not self.blocks:
            nothing = x.new_zeros(len(x), self.head.out_features, 1)
            direct = self.head.weight @ self.enter.weight
            return forecast, FactoredJacobian(nothing, x.new_zeros(1, flat.shape[1]), direct)
        left = self.head.weight.unsqueeze(0)
        for block, kept in zip(reversed(self.blocks), reversed(passed), strict=True):
            left = block.pulled_back(left, *kept)
        return forecast, FactoredJacobian(left, self.enter.weight)


class _Normalised(nn.Module):
    """A linear layer whose weights are a length and a direction for each unit (torch's own cannot be pickled)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        start = nn.Linear(inputs, outputs)
        self.direction, self.bias = start.weight, start.bias
        self.length = nn.Parameter(start.weight.detach().norm(dim=1, keepdim=True))

    @property
    def weight(self) -> Tensor:
        return self.direction * (self.length / self.direction.norm(dim=1, keepdim=True))

    def forward(self, x: Tensor) -> Tensor:
        return linear(x, self.weight, self.bias)


class _Block(nn.Module):
    def __init__(self, hidden: int, dropout: float) -> None:
        super().__init__()
        self.inner = _Normalised(hidden, hidden)
        self.outer = nn.Linear(hidden, hidden)
        self.beside = nn.Linear(hidden, hidden)
        self.drop = nn.Dropout(dropout)
        self.norm = nn.LayerNorm(hidden)

    def forward(self, hidden: Tensor) -> Tensor:
        return self.norm(self.drop(self.outer(relu(self.inner(hidden)))) + self.beside(hidden))

    def passed(self, hidden: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor, Tensor]]:
        """Return what follows without dropout, and the slopes, normalised sums and inverse deviations it came by."""
        bent = self.inner(hidden)
        total = self.outer(relu(bent)) + self.beside(hidden)
        centred = total - total.mean(dim=1, keepdim=True)
        inverse = torch.rsqrt(centred.square().mean(dim=1, keepdim=True) + self.norm.eps)
        normal = centred * inverse
        return normal * self.norm.weight + self.norm.bias, ((bent > 0).to(bent.dtype), normal, inverse)

    def pulled_back(self, left: Tensor, slope: Tensor, normal: Tensor, inverse: Tensor) -> Tensor:
        """Return ``left`` (window, target, unit) times the block's gradient in each window."""
        left = left * self.norm.weight
        along = (left * normal.unsqueeze(1)).mean(dim=2, keepdim=True)
        left = (left - left.mean(dim=2, keepdim=True) - along * normal.unsqueeze(1)) * inverse.unsqueeze(1)
        return left @ self.beside.weight + ((left @ self.outer.weight) * slope.unsqueeze(1)) @ self.inner.weight
