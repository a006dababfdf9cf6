"""GRNGC: Granger causality from the penalised input gradient of one forecaster for all series.

References
----------
GRNGC: gradient regularisation-based neural Granger causality, arXiv 2507.11178. Equation numbers are that paper's;
docs/equations.md says which function is which equation, and docs/decisions how ambiguous ones are read.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from torch import Tensor, nn

from .errors import InputError
from .forecasters import FORECASTERS, LinearSkip
from .gradients import bytes_per_window, gradient_penalty, gradient_scores, windows_within
from .graph import CausalGraph
from .panel import Panel, as_panel
from .runtime import MEMORY_BUDGET, resolve_device, seeded
from .scaling import Scaling
from .training import Progress, minimise
from .windows import make_windows

COLLAPSES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "sum": lambda lag_scores: lag_scores.sum(axis=1),
    "max": lambda lag_scores: lag_scores.max(axis=1),
    "l2": lambda lag_scores: np.sqrt((lag_scores**2).sum(axis=1)),
}
"""(target, lag, source) -> (target, source)."""


class GRNGC(BaseEstimator):
    def __init__(
        self,
        *,
        forecaster: str | Callable[[int, int], nn.Module] = "mlp",
        lag: int = 1,
        hidden: int = 64,
        forecaster_options: dict[str, Any] | None = None,
        skip: bool = True,
        penalty: float = 0.2,
        penalty_scale: str = "per_output",
        norm: str = "l1",
        penalise_own_past: bool = False,
        learning_rate: float = 3e-3,
        schedule: str = "cosine",
        steps: int = 1000,
        batch: int | None = 256,
        input_noise: float = 0.0,
        scaling: str = "pooled",
        cross_boundary: bool = False,
        lag_collapse: str = "sum",
        random_state: int = 0,
        device: str = "cpu",
        memory_budget: int = MEMORY_BUDGET,
    ) -> None:
        self.forecaster = forecaster
        self.lag = lag
        self.hidden = hidden
        self.forecaster_options = forecaster_options
        self.skip = skip
        self.penalty = penalty
        self.penalty_scale = penalty_scale
        self.norm = norm
        self.penalise_own_past = penalise_own_past
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.steps = steps
        self.batch = batch
        self.input_noise = input_noise
        self.scaling = scaling
        self.cross_boundary = cross_boundary
        self.lag_collapse = lag_collapse
        self.random_state = random_state
        self.device = device
        self.memory_budget = memory_budget

    def fit(self, X: Any, y: None = None, *, progress: Callable[[Progress], None] | None = None) -> "GRNGC":
        panel = as_panel(X)
        scaling = Scaling.of(panel, self.scaling)
        windows = make_windows(scaling.apply(panel), self.lag, cross_boundary=self.cross_boundary)
        device = resolve_device(self.device)
        inputs = torch.tensor(windows.x, dtype=torch.float32, device=device)
        outputs = torch.tensor(windows.y, dtype=torch.float32, device=device)
        targets = torch.tensor(panel.targets, device=device)
        weights = self._weights(panel.targets).to(inputs)
        with seeded(self.random_state) as generator:
            forecaster = self._build(panel.n_series).to(device)
            chunk = windows_within(self.memory_budget, bytes_per_window(forecaster, inputs))

            def objective(x: Tensor, y: Tensor) -> tuple[float, float]:
                error = penalty = 0.0
                for part, truth in zip(x.split(chunk), y.split(chunk), strict=True):
                    share = len(part) / len(x)
                    forecast, size = gradient_penalty(forecaster, part, weights, norm=self.norm)  # eq. 11-13
                    miss = (forecast - truth)[:, targets].square().mean()  # eq. 8
                    ((miss + size) * share).backward()  # eq. 14
                    error, penalty = error + share * float(miss.detach()), penalty + share * float(size.detach())
                return error, penalty

            def scores() -> np.ndarray:
                return gradient_scores(forecaster, inputs, memory_budget=self.memory_budget)[0].cpu().numpy()

            self.record_ = minimise(
                forecaster, objective, inputs, outputs, steps=self.steps, batch=self.batch,
                learning_rate=self.learning_rate, schedule=self.schedule, input_noise=self.input_noise,
                generator=generator, scores=scores, progress=progress,
            )  # fmt: skip
        size, signed = gradient_scores(forecaster, inputs, memory_budget=self.memory_budget)
        lag_scores = size.cpu().numpy() * panel.targets[:, None, None]
        signs = signed.cpu().numpy() * panel.targets[:, None, None]
        self.graph_ = CausalGraph(
            COLLAPSES[self.lag_collapse](lag_scores), panel.names, lag_scores, signs, exogenous=panel.exogenous
        )
        self.forecaster_ = forecaster
        return self

    def _weights(self, targets: np.ndarray) -> Tensor:
        p = len(targets)
        free = np.zeros((p, p)) if self.penalise_own_past else np.eye(p)
        scale = self.penalty / (targets.sum() if self.penalty_scale == "per_output" else 1)
        weights = scale * targets[:, None] * (1 - free)
        return torch.tensor(weights[:, None, :].repeat(self.lag, axis=1))

    def _build(self, n_series: int) -> nn.Module:
        if callable(self.forecaster):
            module = self.forecaster(n_series, self.lag)
        else:
            options = {} if self.forecaster == "linear" else {"hidden": self.hidden}
            module = FORECASTERS[self.forecaster](n_series, self.lag, **options | (self.forecaster_options or {}))
        return LinearSkip(module, n_series, self.lag) if self.skip and self.forecaster != "linear" else module
