"""Temporal convolutional forecaster: dilated causal convolutions over the lags of each window."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from ..errors import InputError
from .layers import check_layers


class _Block(nn.Module):
    """Two dilated causal convolutions with ReLU, and a 1x1 path beside them."""

    def __init__(self, n_inputs: int, n_outputs: int, kernel: int, dilation: int) -> None:
        super().__init__()
        self.pad = nn.ConstantPad1d((dilation * (kernel - 1), 0), 0.0)
        self.first = nn.Conv1d(n_inputs, n_outputs, kernel, dilation=dilation)
        self.second = nn.Conv1d(n_outputs, n_outputs, kernel, dilation=dilation)
        self.beside = nn.Conv1d(n_inputs, n_outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        hidden = torch.relu(self.first(self.pad(x)))
        hidden = torch.relu(self.second(self.pad(hidden)))
        return torch.relu(hidden + self.beside(x))


def residual_blocks(n_series: int, hidden: int, depth: int, kernel: int) -> nn.Sequential:
    """Return blocks from (sequence, series, time) to (sequence, hidden, time), their dilations 1, 2, 4, ..."""
    if kernel < 1:
        raise InputError(f"kernel must be at least 1; got {kernel}")
    check_layers(hidden, depth)
    widths = [n_series, *[hidden] * depth]
    return nn.Sequential(*(_Block(a, b, kernel, 2**level) for level, (a, b) in enumerate(pairwise(widths))))


class TCN(nn.Module):
    """Forecaster of residual blocks with dilations 1, 2, 4, ..., read at the most recent step.

    Parameters
    ----------
    n_series, n_lags : int
    n_targets : int, optional
        Forecasts to make; None: one for each series.
    hidden : int
        Width of every block.
    depth : int
        Number of blocks.
    kernel : int
        Kernel size, in steps.
    """

    def __init__(
        self,
        n_series: int,
        n_lags: int,
        *,
        n_targets: int | None = None,
        hidden: int = 64,
        depth: int = 3,
        kernel: int = 3,
    ) -> None:
        super().__init__()
        self.blocks = residual_blocks(n_series, hidden, depth, kernel)
        self.head = nn.Linear(hidden, n_targets or n_series)

    def forward(self, x: Tensor) -> Tensor:
        """Forecast (window, series) from (window, lag, series)."""
        oldest_first = x.flip(1).mT  # (window, series, lag)
        return self.head(self.blocks(oldest_first)[:, :, -1])
