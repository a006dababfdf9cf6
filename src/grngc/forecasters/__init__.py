"""Forecasters: any ``torch.nn.Module`` from (window, lag, series) to (window, series) that keeps this contract.

* Index 0 of the lag axis is lag 1, the most recent step.
* Each window is treated on its own: no BatchNorm, no state from one window to the next. Otherwise the gradient of a
  sum over windows is not each window's own.
* Twice differentiable almost everywhere: the penalty is a derivative, and training differentiates it.
* It *may* offer ``jacobian(x) -> (forecast, FactoredJacobian)``, a closed form; then the fast path uses it.
* It *may* name its last layer ``head``; beside a linear path that layer starts at zero.

Named ones take ``n_targets``, fewer forecasts than series, so that targets with equal rules share one that reads the
sources these may have and no others (:class:`~grngc.forecasters.masked.Masked`).

``SequenceTCN`` alone is exempt: it reads the whole record as one sequence, says so by ``reads_sequence = True``, and
exists for the published configurations.

There is no base class; ``tests/contracts/test_forecasters.py`` is the contract in executable form.
"""

from .build import (
    FORECASTERS,
    SEQUENCE_FORECASTERS,
    ForecasterChoice,
    Recipe,
    build_forecaster,
    load_forecaster,
    save_forecaster,
)
from .kan import KAN
from .linear import Linear, LinearSkip, curved_parameters
from .lstm import LSTM
from .mlp import MLP
from .residual import ResidualMLP
from .sequence_tcn import SequenceTCN
from .tcn import TCN

__all__ = [
    "FORECASTERS",
    "KAN",
    "LSTM",
    "MLP",
    "SEQUENCE_FORECASTERS",
    "TCN",
    "ForecasterChoice",
    "Linear",
    "LinearSkip",
    "Recipe",
    "ResidualMLP",
    "SequenceTCN",
    "build_forecaster",
    "curved_parameters",
    "load_forecaster",
    "save_forecaster",
]
