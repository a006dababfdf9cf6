"""What a network is judged by beside the penalty on its inputs: squared errors, and a ridge on what follows."""

from collections.abc import Iterable

import torch
from torch import Tensor

from .optimisers import Parameters


def squared_error(forecast: Tensor, wanted: Tensor, counted: Tensor | None = None) -> Tensor:
    """Return the mean squared error of each target (target,).

    Parameters
    ----------
    forecast, wanted : Tensor (..., target)
    counted : bool Tensor (...), optional
        Forecasts that count; None: all.
    """
    missed = (forecast - wanted).square().flatten(0, -2)
    if counted is None:
        return missed.mean(dim=0)
    weights = counted.flatten().to(missed.dtype)
    return weights @ missed / weights.sum()


def squared_size(parameters: Parameters, names: Iterable[str]) -> Tensor:
    """Return the sum of the squares of the parameters named, for each target (target,)."""
    return torch.stack([parameters[name].square().reshape(len(parameters[name]), -1).sum(dim=1) for name in names]).sum(
        dim=0
    )
