"""Linear forecaster (a vector autoregression) and the linear path beside any other forecaster."""

from typing import Any

from torch import Tensor, nn

from ..factors import FactoredJacobian
from ..gradients import reads_sequence


class Linear(nn.Module):
    """Vector autoregression: every series is a weighted sum of all series at all lags, plus a constant.

    Its input gradient is its weight, so the penalty of eq. 12-13 is the lasso.
    """

    def __init__(self, n_series: int, n_lags: int, *, n_targets: int | None = None) -> None:
        super().__init__()
        self.direct = nn.Linear(n_series * n_lags, n_targets or n_series)
        nn.init.zeros_(self.direct.weight)
        nn.init.zeros_(self.direct.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Forecast (window, series) from (window, lag, series)."""
        return self.direct(x.flatten(1))

    def jacobian(self, x: Tensor) -> tuple[Tensor, FactoredJacobian]:
        """Return the forecast and its gradient, the same in every window."""
        nothing = x.new_zeros(len(x), self.direct.out_features, 1)
        return self(x), FactoredJacobian(nothing, x.new_zeros(1, self.direct.in_features), self.direct.weight)


class LinearSkip(nn.Module):
    """A linear path beside a non-linear forecaster; the forecast is their sum.

    The last layer of the non-linear part (its ``head``, where it has one) starts at zero, so training starts from
    the empty graph, finds the linear couplings first and bends them only where that forecasts better.
    """

    def __init__(self, bent: nn.Module, n_series: int, n_lags: int, *, n_targets: int | None = None) -> None:
        super().__init__()
        self.bent = bent
        self.straight = Linear(n_series, n_lags, n_targets=n_targets)
        self.reads_sequence = reads_sequence(bent)
        head: Any = getattr(bent, "head", None)
        if hasattr(head, "zero_"):
            head.zero_()
        elif isinstance(head, nn.Linear):
            nn.init.zeros_(head.weight)
            nn.init.zeros_(head.bias)
        if hasattr(bent, "jacobian"):
            self.jacobian = self._jacobian

    def forward(self, x: Tensor) -> Tensor:
        """Forecast (window, series) from (window, lag, series)."""
        return self.bent(x) + self.straight(x)

    def _jacobian(self, x: Tensor) -> tuple[Tensor, FactoredJacobian]:
        forecast, factors = self.bent.jacobian(x)  # type: ignore[operator]
        weight = self.straight.direct.weight
        direct = weight if factors.direct is None else weight + factors.direct
        return forecast + self.straight(x), factors._replace(direct=direct)


def curved_parameters(forecaster: nn.Module) -> list[nn.Parameter]:
    """Return the parameters that bend the forecast: all but those of a linear path."""
    if hasattr(forecaster, "curved_parameters"):
        return forecaster.curved_parameters()  # type: ignore[operator]
    if isinstance(forecaster, Linear):
        return []
    return list((forecaster.bent if isinstance(forecaster, LinearSkip) else forecaster).parameters())
