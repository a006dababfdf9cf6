"""The squared norm of the input gradient from random projections: one backward pass each, however many targets."""

import torch
from torch import Tensor, nn


def draw_directions(count: int, windows: int, targets: Tensor, generator: torch.Generator) -> Tensor:
    """Return unit vectors (projection, window, series), each of any direction among those of the targets.

    Parameters
    ----------
    targets : bool Tensor (series,)
        The other entries are 0.
    generator : torch.Generator
        Of the CPU, so that a seed means the same on every device.
    """
    drawn = torch.randn(count, windows, len(targets), generator=generator).to(targets.device) * targets
    return drawn / drawn.norm(dim=2, keepdim=True)


def projected_penalty(forecaster: nn.Module, x: Tensor, directions: Tensor, n_targets: int) -> Tensor:
    """Return ``d * mean over projections v and windows of |v' J|^2``, whose expectation is the mean of ``|J|_F^2``.

    J is the (target, lag and source) input gradient of a window, d the number of targets, v uniform on the unit sphere
    of the targets: E[d |J' v|^2] = |J|_F^2 (JRNGC's JF; J. Hoffman et al., arXiv 1908.02729). What
    :func:`grngc.gradients.gradient_penalty` gives with ``norm="frobenius"`` and weights of 1, at the cost of one
    backward pass a projection instead of one a target. There is no such estimate of the sum of absolute values.

    Parameters
    ----------
    x : Tensor (window, lag, series)
    directions : Tensor (projection, window, series)
        As :func:`draw_directions` draws them.
    n_targets : int
        d, of how many entries a direction has numbers.
    """
    x = x.detach().requires_grad_()
    forecast = forecaster(x)
    total = forecast.new_zeros(())
    for direction in directions:
        (found,) = torch.autograd.grad(forecast, x, direction, create_graph=True)
        total = total + found.square().sum()
    return n_targets * total / (len(x) * len(directions))
