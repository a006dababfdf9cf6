"""What GGC adds to component-wise recurrent networks: the graph layer, and where training begins."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.func import functional_call

from ..componentwise.networks import CELLS, ComponentwiseRNN

GRAPH_ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {"none": lambda states: states, "relu": torch.relu}
"""What follows the graph layer. With ``none`` it does not change what the network can be: see :func:`graph_layer`."""

INITIAL = ("hidden_state", "input_weights", "both", "none")
"""What begins at the distance correlations: the hidden state before the first step, the input weights, or neither."""


def graph_layer(adjacency: Tensor, activation: str = "none") -> Callable[[Tensor], Tensor]:
    """Return eq. 3, ``h_i <- sum_j A_ij h_j`` at every step, on hidden states (target, window, time, hidden).

    ``adjacency`` is (hidden, hidden), or (target, hidden, hidden) where each target has its own. The layer has no
    weights. A linear read-out follows, and ``w'(A h) = (A'w)'h``: for an invertible A it is another way to write the
    read-out's weights, so that without an activation it can change how training goes, not what can be forecast.
    """
    columns = (adjacency if adjacency.ndim == 2 else adjacency[:, None]).transpose(-1, -2)
    follow = GRAPH_ACTIVATIONS[activation]
    return lambda states: follow(states @ columns)


def weights_from(correlation: Tensor, cell: str, n_targets: int) -> Tensor:
    """Return input weights (target, gates x hidden, source) that are the distance correlations in every gate.

    Over the root of the number of series, so that what enters a unit has the size of an input.
    """
    block = correlation / len(correlation) ** 0.5
    return block.repeat(CELLS[cell], 1).expand(n_targets, -1, -1).clone()


def call(network: ComponentwiseRNN, parameters: Mapping[str, Tensor], *given: object) -> Tensor:
    """Return the forecasts (window, time, target) of the network with these parameters, of all targets or some."""
    return functional_call(network, dict(parameters), given)
