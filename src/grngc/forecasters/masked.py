"""A forecaster in parts, each of which reads only the sources that its targets may have (docs/decisions/0017).

What a target may not read is no input of its part: there is no path, and the input gradient is exactly 0.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ..blocks import Block, BlockJacobian, OwnBlock, RowByRow
from ..partition import Part
from .linear import curved_parameters
from .mlp import ACTIVATIONS

OWN_WIDTH = 8
"""Hidden units that bend what a target takes from its own past, where that is no input of its part."""


class Masked(nn.Module):
    """Forecaster of parts side by side; a target that is none of its part's sources has a path of its own past beside.

    The paths are added. Series that are in no part, exogenous ones, are forecast as 0.

    Parameters
    ----------
    n_series, n_lags : int
    parts : sequence of Part
    build : callable
        Part -> its forecaster, from (window, lag, sources of the part) to (window, targets of the part).
    """

    def __init__(self, n_series: int, n_lags: int, parts: Sequence[Part], build: Callable[[Part], nn.Module]) -> None:
        super().__init__()
        self.n_series = n_series
        reading = [part for part in parts if part.sources]  # the others' targets have their own pasts only
        self.parts: Sequence[_Reading] = nn.ModuleList(_Reading(part, build(part)) for part in reading)  # type: ignore[assignment]
        beside = [j for part in parts for j in part.beside]
        self.own = OwnPasts(beside, n_lags) if beside else None

    def forward(self, x: Tensor) -> Tensor:
        """Forecast (window, series) from (window, lag, series)."""
        return self._put_together(x, [part.network(part.read(x)) for part in self.parts])

    def jacobian(self, x: Tensor) -> tuple[Tensor, BlockJacobian]:
        """Return the forecast and its gradient: of each part in closed form, or else by a backward pass a target."""
        forecasts, blocks = [], []
        for part in self.parts:
            network: Any = part.network
            gradient: Any
            if hasattr(network, "jacobian"):
                forecast, gradient = network.jacobian(part.read(x))
            else:
                with torch.enable_grad():
                    leaf = part.read(x).detach().requires_grad_()
                    forecast = network(leaf)
                gradient = RowByRow(forecast, leaf)
            forecasts.append(forecast)
            blocks.append(Block(part.members, part.sources, gradient))
        own = None if self.own is None else OwnBlock(self.own.members, self.own.series, self.own.gradient(x))
        shape = len(x), self.n_series, x.shape[1], self.n_series
        return self._put_together(x, forecasts), BlockJacobian(tuple(blocks), own, shape)

    @property
    def row_by_row(self) -> bool:
        """Whether a part has no closed form."""
        return not all(hasattr(part.network, "jacobian") for part in self.parts)

    def curved_parameters(self) -> list[nn.Parameter]:
        """Return the parameters that bend the forecast."""
        bending = [each for part in self.parts for each in curved_parameters(part.network)]
        return bending if self.own is None else [*bending, *self.own.curved_parameters()]

    def _put_together(self, x: Tensor, forecasts: Sequence[Tensor]) -> Tensor:
        forecast = x.new_zeros(len(x), self.n_series)
        for part, theirs in zip(self.parts, forecasts, strict=True):
            forecast = forecast.index_add(1, part.targets, theirs)
        return forecast if self.own is None else forecast.index_add(1, self.own.series, self.own(x))


class _Reading(nn.Module):
    """A part's forecaster, with the sources it reads and the targets it is for."""

    sources: Tensor
    targets: Tensor

    def __init__(self, part: Part, network: nn.Module) -> None:
        super().__init__()
        self.network, self.members = network, part.targets
        self.register_buffer("sources", torch.tensor(part.sources), persistent=False)
        self.register_buffer("targets", torch.tensor(part.targets), persistent=False)

    def read(self, x: Tensor) -> Tensor:
        """Return the part's inputs, (window, lag, sources of the part)."""
        return x.index_select(2, self.sources)


class OwnPasts(nn.Module):
    """What each of some targets takes from its own past alone: a line, and a few hidden units that bend it.

    All start at zero, so training starts from a forecast without it.

    Parameters
    ----------
    series : sequence of int
        The targets.
    n_lags : int
    """

    series: Tensor

    def __init__(self, series: Sequence[int], n_lags: int) -> None:
        super().__init__()
        self.members = tuple(series)
        self.register_buffer("series", torch.tensor(self.members), persistent=False)
        n = len(self.members)
        bound = n_lags**-0.5
        self.straight, self.bias = nn.Parameter(torch.zeros(n, n_lags)), nn.Parameter(torch.zeros(n))
        self.inner = nn.Parameter(torch.empty(n, OWN_WIDTH, n_lags).uniform_(-bound, bound))
        self.inner_bias = nn.Parameter(torch.empty(n, OWN_WIDTH).uniform_(-bound, bound))
        self.outer = nn.Parameter(torch.zeros(n, OWN_WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        """Map (window, lag, series) to (window, target)."""
        past = self._past(x)
        bent, _ = self._units(past)
        return (past * self.straight).sum(2) + (bent * self.outer).sum(2) + self.bias

    def gradient(self, x: Tensor) -> Tensor:
        """Return how each target's forecast moves with its own past, (window, target, lag)."""
        _, slopes = self._units(self._past(x))
        return self.straight + torch.einsum("nth,thl->ntl", slopes * self.outer, self.inner)

    def curved_parameters(self) -> list[nn.Parameter]:
        """Return the parameters that bend the forecast."""
        return [self.inner, self.inner_bias, self.outer]

    def _past(self, x: Tensor) -> Tensor:
        return x.index_select(2, self.series).mT  # (window, target, lag)

    def _units(self, past: Tensor) -> tuple[Tensor, Tensor]:
        """Return the hidden units (window, target, unit) and their slopes."""
        return ACTIVATIONS["silu"](torch.einsum("ntl,thl->nth", past, self.inner) + self.inner_bias)


class Padded(nn.Module):
    """A module with as many forecasts as inputs, as a part with more sources than targets, or other ones.

    Series that are not among the sources come as zeros, and forecasts that are not asked for are dropped: each series
    keeps one place on both sides, for a module may add its forecast to the last value.

    Parameters
    ----------
    module : Module
        Of ``len(part.sources) + len(part.beside)`` series: the sources, then the targets that are none.
    part : Part
    """

    places: Tensor

    def __init__(self, module: nn.Module, part: Part) -> None:
        super().__init__()
        self.module, self.beside = module, len(part.beside)
        order = [*part.sources, *part.beside]
        self.register_buffer("places", torch.tensor([order.index(j) for j in part.targets]), persistent=False)

    @property
    def head(self) -> Any:
        """The module's last layer, if it names one."""
        return getattr(self.module, "head", None)

    def forward(self, x: Tensor) -> Tensor:
        """Forecast (window, targets of the part) from (window, lag, sources of the part)."""
        nothing = x.new_zeros(*x.shape[:2], self.beside)
        return self.module(torch.cat([x, nothing], dim=2)).index_select(1, self.places)
