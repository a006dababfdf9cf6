"""Which way a source drives a target: the sign of the networks' derivative by their inputs."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from .networks import ComponentwiseMLP, ComponentwiseRNN

CHUNK = 2**24
"""Numbers of the derivative (target, source x lag, window) held at a time."""


def signed_shares(
    network: ComponentwiseMLP | ComponentwiseRNN,
    x: Tensor,
    counted: Tensor | None = None,
    respond: Callable[[Tensor], Tensor] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return how far the derivatives of forecasts by inputs agree in sign, and in how many windows.

    That of an MLP is of each lag on its own. That of a recurrent network is of the last forecast of a stretch, by a
    shift of a source all through it: its weights do not tell lags apart.

    Parameters
    ----------
    network : ComponentwiseMLP or ComponentwiseRNN
    x : Tensor (window, lag, series) or (window, time, series)
    counted : bool Tensor (window, time), optional
        Where a stretch has inputs; for recurrent networks.
    respond : callable, optional
        From the network's products to its forecasts, where more than the network stands between them.

    Returns
    -------
    shares : array (target, lag, source)
        Mean derivative over mean absolute derivative, in [-1, 1]; 0 where there is none. One lag for recurrent ones.
    constancy : array (target, lag, source)
        Share of windows whose derivative has the sign of the mean; 0 where that is 0.
    """
    with torch.no_grad():
        products = network.project(x)
    forecast = (respond or network.respond)(products.requires_grad_())
    if counted is not None:
        last = counted.sum(dim=1) - 1
        forecast = forecast[torch.arange(len(x), device=x.device), last]
    (by_products,) = torch.autograd.grad(forecast.sum(), products)
    if counted is not None:
        by_products = by_products.sum(dim=2)  # (target, unit, window)
    weights = network.inputs.detach().flatten(2).transpose(1, 2)  # (target, source x lag, unit)
    each = max(1, CHUNK // weights[..., 0].numel())
    total = sizes = rising = falling = torch.zeros_like(weights[..., 0], dtype=torch.float64)
    for part in by_products.split(each, dim=2):
        found = weights @ part
        total, sizes = total + _summed(found), sizes + _summed(found.abs())
        rising, falling = rising + _summed(found > 0), falling + _summed(found < 0)
    shares = torch.where(sizes > 0, total / sizes.clamp_min(torch.finfo(sizes.dtype).tiny), 0.0)
    constancy = torch.where(total > 0, rising, torch.where(total < 0, falling, 0.0)) / len(x)
    return _by_lag(shares, x.shape[2]), _by_lag(constancy, x.shape[2])


def _summed(found: Tensor) -> Tensor:
    return found.sum(dim=2, dtype=torch.float64)


def _by_lag(values: Tensor, n_sources: int) -> np.ndarray:
    """(target, source x lag) -> (target, lag, source)."""
    return values.unflatten(1, (n_sources, -1)).transpose(1, 2).cpu().numpy()
