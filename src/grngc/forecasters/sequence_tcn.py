"""The authors' TCN, which reads the whole record as one sequence: for their published settings only."""

from torch import Tensor, nn

from ..errors import InputError
from .tcn import residual_blocks


class SequenceTCN(nn.Module):
    """Forecaster of the blocks of :class:`TCN` over the whole record: row t - 1 of the input forecasts row t.

    It is exempt from the contract of forecasters: a forecast depends on all earlier windows within its reach, 28 steps
    with three blocks, so the window axis is time and may be neither cut nor shuffled (``reads_sequence``). The
    gradient of a target's forecasts summed over time (eq. 9-10) is then no longer each window's own. With respect to
    the input of one step it adds up, sign by sign, what that step does to all later forecasts; influences of opposite
    signs cancel. That is what the authors penalise and read, and what is reproduced here.

    Parameters
    ----------
    n_series : int
    n_lags : int
        1: earlier steps are reached through the sequence.
    hidden : int
        Width of every block.
    depth : int
        Number of blocks.
    kernel : int
        Kernel size, in steps.
    """

    reads_sequence = True

    def __init__(self, n_series: int, n_lags: int, *, hidden: int = 128, depth: int = 3, kernel: int = 3) -> None:
        super().__init__()
        if n_lags != 1:
            raise InputError(f"sequence_tcn reaches the past through the sequence and needs lag=1; got {n_lags}")
        self.blocks = residual_blocks(n_series, hidden, depth, kernel)
        self.head = nn.Linear(hidden, n_series)

    def forward(self, x: Tensor) -> Tensor:
        """Forecast (time, series) from (time, 1, series)."""
        sequence = x[:, 0].T[None]  # (1, series, time)
        return self.head(self.blocks(sequence)[0].T)
