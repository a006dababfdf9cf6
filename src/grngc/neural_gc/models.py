"""The networks of one model on one set of examples: what they are, and their descent at any penalty."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.func import functional_call

from ..componentwise.losses import squared_error, squared_size
from ..componentwise.networks import ComponentwiseMLP, ComponentwiseRNN
from ..componentwise.optimisers import Parameters
from ..componentwise.proximal import Descent, descend
from ..panel import Panel
from ..penalties import GroupPenalty
from ..training import Progress

Network = ComponentwiseMLP | ComponentwiseRNN


@dataclass(frozen=True, eq=False)
class Examples:
    """What forecasts are made from, and what they should be.

    Attributes
    ----------
    x : array (window, lag, series) or (window, time, series)
        Scaled.
    y : array (window, target) or (window, time, target)
    counted : bool array (window, time), optional
        Where stretches have steps; None: everywhere.
    """

    x: np.ndarray
    y: np.ndarray
    counted: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.x)

    @property
    def n_forecasts(self) -> int:
        """Steps that each target is forecast."""
        return len(self.x) if self.counted is None else int(self.counted.sum())


@dataclass(frozen=True, eq=False)
class Model:
    """One of the three models, told everything but the data.

    Attributes
    ----------
    build : callable
        Number of series and of targets -> fresh networks.
    examples : callable
        Scaled panel -> examples.
    numbers : callable
        Panel -> about how many float32 a fit holds at its peak.
    n_lags : int
        Lags that input weights tell apart.
    norm : str
        Of the penalty.
    ridged : sequence of str
        Parameters that the ridge is on.
    remedy : str
        What to lower where memory is short.
    """

    build: Callable[[int, int], Network]
    examples: Callable[[Panel], Examples]
    numbers: Callable[[Panel], int]
    n_lags: int
    norm: str
    ridged: Sequence[str]
    remedy: str


class Descents:
    """Descents of one model on one set of examples, at any penalty."""

    def __init__(self, model: Model, panel: Panel, examples: Examples, given: Mapping[str, Any], device: torch.device):
        self.model, self.given, self.examples = model, given, examples
        self.x, self.y = (torch.tensor(each, dtype=torch.float32, device=device) for each in (examples.x, examples.y))
        self.counted = None if examples.counted is None else torch.tensor(examples.counted, device=device)
        self.among = torch.tensor(np.flatnonzero(panel.targets), device=device)
        self.network = model.build(panel.n_series, len(self.among)).to(device)

    def errors(self, parameters: Parameters, targets: Tensor | None = None) -> Tensor:
        """Return the mean squared error of each target (target,)."""
        forecast = functional_call(self.network, parameters, (self.x,))
        all_of_them = targets is None or len(targets) == self.y.shape[-1]
        return squared_error(forecast, self.y if all_of_them else self.y[..., targets], self.counted)

    def descend(
        self,
        penalty: float,
        steps: int,
        *,
        start: Parameters | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> Descent:
        """Minimise squared error + ridge + penalty of each target, from ``start`` or the networks as they are drawn."""
        start = dict(self.network.named_parameters()) if start is None else start
        ridge, held = self.given["ridge"], [name for name in start if name.partition(".")[0] in self.model.ridged]
        level = torch.full((len(self.among), self.x.shape[-1]), float(penalty), device=self.x.device)
        if not self.given["penalise_own_past"]:
            level[torch.arange(len(self.among)), self.among] = 0
        return descend(
            start,
            lambda some, targets: self.errors(some, targets) + ridge * squared_size(some, held),
            GroupPenalty(self.model.norm, level),
            optimiser=self.given["optimiser"],
            learning_rate=float(self.given["learning_rate"]),
            steps=steps,
            check_every=int(self.given["check_every"]),
            progress=progress,
        )
