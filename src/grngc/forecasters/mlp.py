"""Multi-layer perceptron forecaster, with its input gradient in closed form."""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from ..arguments import check_choice
from ..factors import Factor, FactoredJacobian, Modulated, formed
from .layers import check_layers


def _relu(z: Tensor) -> tuple[Tensor, Tensor]:
    return torch.relu(z), (z > 0).to(z.dtype)


def _tanh(z: Tensor) -> tuple[Tensor, Tensor]:
    value = torch.tanh(z)
    return value, 1 - value.square()


def _silu(z: Tensor) -> tuple[Tensor, Tensor]:
    gate = torch.sigmoid(z)
    return z * gate, gate * (1 + z * (1 - gate))


def _gelu(z: Tensor) -> tuple[Tensor, Tensor]:
    below = 0.5 * (1 + torch.erf(z / math.sqrt(2)))
    density = torch.exp(-z.square() / 2) / math.sqrt(2 * math.pi)
    return z * below, below + z * density


ACTIVATIONS: dict[str, Callable[[Tensor], tuple[Tensor, Tensor]]] = {
    "relu": _relu,
    "tanh": _tanh,
    "silu": _silu,
    "gelu": _gelu,
}
"""Activations with their derivatives."""


class MLP(nn.Module):
    """Forecaster of linear layers with an activation between them, on the flattened window.

    Parameters
    ----------
    n_series, n_lags : int
    n_targets : int, optional
        Forecasts to make; None: one for each series.
    hidden : int
        Width of the hidden layers.
    depth : int
        Number of hidden layers, at least 1.
    activation : {"silu", "tanh", "relu", "gelu"}
    """

    def __init__(
        self,
        n_series: int,
        n_lags: int,
        *,
        n_targets: int | None = None,
        hidden: int = 64,
        depth: int = 1,
        activation: str = "silu",
    ) -> None:
        super().__init__()
        check_choice("activation", activation, ACTIVATIONS)
        check_layers(hidden, depth)
        widths = [n_series * n_lags, *[hidden] * depth]
        self.activation = ACTIVATIONS[activation]
        self.layers: Sequence[nn.Linear] = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))  # type: ignore[assignment]
        self.head = nn.Linear(hidden, n_targets or n_series)

    def forward(self, x: Tensor) -> Tensor:
        """Forecast (window, series) from (window, lag, series)."""
        hidden = x.flatten(1)
        for layer in self.layers:
            hidden, _ = self.activation(layer(hidden))
        return self.head(hidden)

    def jacobian(self, x: Tensor) -> tuple[Tensor, FactoredJacobian]:
        """Return the forecast and its gradient ``W_head D_L W_L ... D_1 W_1``, D the activation's slopes."""
        hidden, slopes = x.flatten(1), []
        for layer in self.layers:
            hidden, slope = self.activation(layer(hidden))
            slopes.append(slope)
        left: Factor = Modulated(slopes[-1].unsqueeze(2), self.head.weight.unsqueeze(2))
        for layer, slope in zip(reversed(self.layers[1:]), reversed(slopes[:-1]), strict=True):
            left = (formed(left) @ layer.weight) * slope.unsqueeze(1)
        return self.head(hidden), FactoredJacobian(left, self.layers[0].weight)
