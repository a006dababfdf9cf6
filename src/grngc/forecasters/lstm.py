"""LSTM forecaster: reads each window on its own, oldest step first, and forecasts from the last hidden state."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from .layers import check_layers


class LSTM(nn.Module):
    """Forecaster that runs an LSTM through each window from a zero state.

    Parameters
    ----------
    n_series, n_lags : int
    n_targets : int, optional
        Forecasts to make; None: one for each series.
    hidden : int
        Width of the state.
    depth : int
        Number of stacked LSTM layers.
    """

    def __init__(
        self, n_series: int, n_lags: int, *, n_targets: int | None = None, hidden: int = 64, depth: int = 1
    ) -> None:
        super().__init__()
        check_layers(hidden, depth)
        self.recurrent = nn.LSTM(n_series, int(hidden), num_layers=int(depth), batch_first=True)
        self.head = nn.Linear(hidden, n_targets or n_series)

    def forward(self, x: Tensor) -> Tensor:
        """Forecast (window, series) from (window, lag, series)."""
        with _without_cudnn():
            states, _ = self.recurrent(x.flip(1))
        return self.head(states[:, -1])


@contextmanager
def _without_cudnn() -> Iterator[None]:
    """Leave cuDNN aside: it has no double backward for recurrent nets, and the penalty is a derivative of a derivative.

    Not ``torch.backends.cudnn.flags``: that reads and sets the precision of products too.
    """
    before = torch.backends.cudnn.enabled
    torch.backends.cudnn.enabled = False
    try:
        yield
    finally:
        torch.backends.cudnn.enabled = before
