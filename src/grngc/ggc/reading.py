"""From trained networks to a graph: how forecasts depend on each source, and rows of targets as a graph of all series."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ..componentwise.networks import ComponentwiseRNN
from ..graph import CausalGraph
from ..panel import Panel


def mean_gradient(
    network: ComponentwiseRNN,
    x: Tensor,
    forecast: Callable[[Tensor], Tensor],
    *,
    memory_budget: int,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return how the last forecast of a window depends on each source, whatever the step: three (target, source).

    The gradient of the forecast by a source is summed over the steps of the window. Returned are its mean over windows,
    the mean of its absolute value, and the share of windows that agree with the sign of the mean, 0 where that is 0.

    Parameters
    ----------
    network : ComponentwiseRNN
    x : Tensor (window, time, series)
    forecast : callable
        Products of the network's ``project`` -> (window, time, target).
    memory_budget : int
        Bytes that the products of one chunk may take.
    """
    units = network.inputs.shape[0] * network.inputs.shape[1]
    chunk = max(1, memory_budget // (4 * 4 * x.shape[1] * units))
    found = []
    for at in range(0, len(x), chunk):
        products = network.project(x[at : at + chunk]).detach().requires_grad_()
        (gradient,) = torch.autograd.grad(forecast(products)[:, -1].sum(), products)
        by_unit = gradient.sum(dim=2).transpose(1, 2)  # (target, window, unit): all steps together
        found.append((by_unit @ network.inputs.detach()).transpose(0, 1))  # (window, target, source)
    each = torch.cat(found)
    mean = each.mean(dim=0)
    agree = ((each.sign() == mean.sign()) & (mean != 0)).to(each).mean(dim=0)
    return mean, each.abs().mean(dim=0), agree


def graph_of(
    panel: Panel, scores: Tensor, signs: Tensor, agree: Tensor, nearness: Tensor | None = None
) -> CausalGraph:
    """Return a graph of one lag from rows of targets (target, source); those of exogenous series are zero."""

    def of_all(rows: Tensor) -> np.ndarray:
        full = np.zeros((panel.n_series, panel.n_series))
        full[panel.targets] = rows.double().numpy()
        return full

    size = of_all(scores)
    return CausalGraph(
        size,
        panel.names,
        size[:, None],
        of_all(signs)[:, None],
        exogenous=panel.exogenous,
        sign_constancy=of_all(agree).clip(0, 1)[:, None],
        nearness=None if nearness is None else of_all(nearness),
    )
