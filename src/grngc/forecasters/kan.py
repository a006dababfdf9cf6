"""Kolmogorov-Arnold forecaster (eq. 3-7 of arXiv 2507.11178), with its input gradient in closed form.

References
----------
Z. Liu et al., KAN: Kolmogorov-Arnold Networks, arXiv 2404.19756.
"""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from ..arguments import check_choice
from ..errors import InputError
from ..factors import Factor, FactoredJacobian, Modulated, formed
from .layers import check_layers
from .splines import cubic_basis


def _silu(x: Tensor) -> tuple[Tensor, Tensor]:
    gate = torch.sigmoid(x)
    return x * gate, gate * (1 + x * (1 - gate))


def _identity(x: Tensor) -> tuple[Tensor, Tensor]:
    return x, torch.ones_like(x)


BASES: dict[str, Callable[[Tensor], tuple[Tensor, Tensor]]] = {"silu": _silu, "identity": _identity}
"""Base functions with their derivatives. The paper's eq. 4 says silu, its authors' code uses identity."""


class KANLayer(nn.Module):
    """One layer: every (output, input) pair has its own function of one number, and the outputs sum them.

        y_o = sum_i [ base_weight[o, i] beta(x_i) + scaler[o, i] sum_m spline_weight[o, i, m] B_m(x_i) ]

    Parameters
    ----------
    n_inputs, n_outputs : int
    base : {"identity", "silu"}
    grid_range : (float, float)
        Where the splines live. **Standardise the series first**: see :func:`~grngc.forecasters.splines.cubic_basis`.
    grid_size : int
        Number of grid intervals.
    scaler : bool
        Whether each function has a scale of its own beside its spline weights.
    """

    def __init__(
        self,
        n_inputs: int,
        n_outputs: int,
        *,
        base: str = "identity",
        grid_range: tuple[float, float] = (-1.0, 1.0),
        grid_size: int = 5,
        scaler: bool = True,
    ) -> None:
        super().__init__()
        check_choice("base", base, BASES)
        if not grid_range[0] < grid_range[1] or grid_size < 1:
            raise InputError(f"a grid needs low < high and at least one interval; got {grid_range}, {grid_size}")
        self.base, self.grid_range, self.grid_size = BASES[base], (grid_range[0], grid_range[1]), grid_size
        bound = 1 / math.sqrt(n_inputs)
        self.base_weight = nn.Parameter(torch.empty(n_outputs, n_inputs).uniform_(-bound, bound))
        self.spline_weight = nn.Parameter(self._small_splines(n_outputs, n_inputs))
        self.scaler = nn.Parameter(torch.empty(n_outputs, n_inputs).uniform_(-bound, bound)) if scaler else None

    def _small_splines(self, n_outputs: int, n_inputs: int) -> Tensor:
        """Return spline weights of least norm that pass through small noise at the grid points."""
        points = torch.linspace(*self.grid_range, self.grid_size + 1, dtype=torch.float64)
        noise = (torch.rand(len(points), n_outputs * n_inputs, dtype=torch.float64) - 0.5) * 0.1 / self.grid_size
        basis, _ = cubic_basis(points, self.grid_range, self.grid_size)
        weights = torch.linalg.pinv(basis) @ noise
        return weights.T.reshape(n_outputs, n_inputs, -1).to(torch.get_default_dtype())

    def _features(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return base and splines of every input beside each other, and their slopes: (window, input, 1 + basis)."""
        value, slope = cubic_basis(x, self.grid_range, self.grid_size)
        base, base_slope = self.base(x)
        return torch.cat([base.unsqueeze(-1), value], -1), torch.cat([base_slope.unsqueeze(-1), slope], -1)

    def _weights(self) -> Tensor:
        """Return (output, input, 1 + basis), in the order of the features."""
        spline = self.spline_weight if self.scaler is None else self.spline_weight * self.scaler.unsqueeze(-1)
        return torch.cat([self.base_weight.unsqueeze(-1), spline], -1)

    def zero_(self) -> None:
        """Make every function zero, such that it still learns: weights times a scaler of zero never would."""
        with torch.no_grad():
            self.base_weight.zero_()
            self.spline_weight.zero_()

    def forward(self, x: Tensor) -> Tensor:
        """Map (window, input) to (window, output)."""
        return self._features(x)[0].flatten(1) @ self._weights().flatten(1).T

    def jacobian(self, x: Tensor) -> tuple[Tensor, Modulated]:
        """Return the output (window, output) and its gradient, a factor (window, output, input)."""
        values, slopes = self._features(x)
        weights = self._weights()
        return values.flatten(1) @ weights.flatten(1).T, Modulated(slopes, weights)


class KAN(nn.Module):
    """Forecaster of KAN layers, ``lag * series`` to ``hidden`` to ``series`` wide, by default one hidden layer of 64.

    Parameters
    ----------
    n_series, n_lags : int
    n_targets : int, optional
        Forecasts to make; None: one for each series.
    hidden : int
        Width of the hidden layers.
    depth : int
        Number of hidden layers.
    base, grid_range, grid_size, scaler
        See :class:`KANLayer`. Every layer uses the same grid.
    """

    def __init__(
        self,
        n_series: int,
        n_lags: int,
        *,
        n_targets: int | None = None,
        hidden: int = 64,
        depth: int = 1,
        base: str = "identity",
        grid_range: tuple[float, float] = (-1.0, 1.0),
        grid_size: int = 5,
        scaler: bool = True,
    ) -> None:
        super().__init__()
        check_layers(hidden, depth)
        widths = [n_series * n_lags, *[hidden] * depth, n_targets or n_series]
        options = {"base": base, "grid_range": grid_range, "grid_size": grid_size, "scaler": scaler}
        layers = [KANLayer(a, b, **options) for a, b in pairwise(widths)]  # type: ignore[arg-type]
        self.layers: Sequence[KANLayer] = nn.ModuleList(layers)  # type: ignore[assignment]

    @property
    def head(self) -> nn.Module:
        """The last layer."""
        return self.layers[-1]

    def forward(self, x: Tensor) -> Tensor:
        """Forecast (window, series) from (window, lag, series)."""
        hidden = x.flatten(1)
        for layer in self.layers:
            hidden = layer(hidden)
        return hidden

    def jacobian(self, x: Tensor) -> tuple[Tensor, FactoredJacobian]:
        """Return the forecast and its gradient: the product of the layers' own gradients."""
        hidden, right = self.layers[0].jacobian(x.flatten(1))
        left: Factor
        hidden, left = self.layers[1].jacobian(hidden)
        for layer in self.layers[2:]:
            hidden, step = layer.jacobian(hidden)
            left = step.formed() @ formed(left)
        return hidden, FactoredJacobian(left, right)
