"""LSTM forecaster: reads each window on its own, oldest step first, and forecasts from the last hidden state."""

import torch
from torch import Tensor, nn

from .layers import check_layers


class LSTM(nn.Module):
    """Forecaster that runs an LSTM through each window from a zero state.

    Parameters
    ----------
    n_series, n_lags : int
    hidden : int
        Width of the state.
    depth : int
        Number of stacked LSTM layers.
    """

    def __init__(self, n_series: int, n_lags: int, *, hidden: int = 64, depth: int = 1) -> None:
        super().__init__()
        check_layers(hidden, depth)
        self.recurrent = nn.LSTM(n_series, int(hidden), num_layers=int(depth), batch_first=True)
        self.head = nn.Linear(hidden, n_series)

    def forward(self, x: Tensor) -> Tensor:
        """Forecast (window, series) from (window, lag, series)."""
        # cuDNN has no double backward for recurrent nets, and the penalty is a derivative of a derivative
        with torch.backends.cudnn.flags(enabled=False):
            states, _ = self.recurrent(x.flip(1))
        return self.head(states[:, -1])
