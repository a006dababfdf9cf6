"""Small series with known drivers, and quick settings to fit them."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

QUICK: dict[str, Any] = {
    "forecaster": "mlp", "lag": 1, "hidden": 6, "steps": 30, "batch": 32, "penalty": 0.1, "input_noise": 0.1,
}  # fmt: skip


def autoregression(
    coefficients: dict[tuple[int, int, int], float], n_times: int, n_series: int, seed: int = 0
) -> np.ndarray:
    """Return series (time, series) driven by white noise and by ``{(source, target, lag): coefficient}``."""
    x = np.random.default_rng(seed).normal(size=(n_times, n_series))
    for t in range(max(lag for _, _, lag in coefficients), n_times):
        for (source, target, lag), value in coefficients.items():
            x[t, target] += value * x[t - lag, source]
    return x


CHAIN = autoregression({(0, 1, 1): 0.8, (1, 2, 1): 0.8}, 600, 3)
SMALL = [CHAIN[:40], CHAIN[100:160] + np.array([0.0, 2.0, 0.0])]  # two trajectories, of different length and level


class Bump(nn.Module):
    """A module of a user's own: no jacobian, no head, so the generic path."""

    def __init__(self, n_series: int, n_lags: int) -> None:
        super().__init__()
        self.inner, self.outer = nn.Linear(n_series * n_lags, 4), nn.Linear(4, n_series)

    def forward(self, x: Tensor) -> Tensor:
        return self.outer(torch.exp(-self.inner(x.flatten(1)).square()))
