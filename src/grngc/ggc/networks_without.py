"""The networks that GGC-LOO compares: one on all series, and one without each, side by side."""

import numpy as np
import torch
from torch import Tensor, nn

from ..componentwise.losses import squared_size
from ..componentwise.networks import ComponentwiseRNN
from ..componentwise.signs import signed_shares
from ..runtime import MEMORY_BUDGET
from .network import graph_layer


class NetworksWithout(nn.Module):
    """The network of all series, and one without each: (window, time, series) -> (network, window, time, target).

    All begin at the same weights. What a network is without enters it nowhere: the input weights and the row and column
    of its graph are 0. The leading axis of every parameter is the network.
    """

    def __init__(
        self,
        n_series: int,
        n_targets: int,
        adjacency: Tensor | None,
        graph_activation: str = "none",
        *,
        cell: str = "lstm",
        activation: str = "tanh",
    ) -> None:
        super().__init__()
        count = n_series + 1
        self.recurrent = ComponentwiseRNN(n_series, hidden=n_series, cell=cell, activation=activation, n_targets=count)
        head = nn.Linear(n_series, n_targets)
        self.head = nn.Parameter(head.weight.detach().repeat(count, 1, 1))
        self.head_bias = nn.Parameter(head.bias.detach().repeat(count, 1))
        for name, parameter in self.recurrent.named_parameters():
            parameter.requires_grad_(not name.startswith("readout"))  # head is read out from instead
            parameter.data = parameter.data[:1].repeat(count, *[1] * (parameter.ndim - 1))
        seen = torch.cat([torch.ones(1, n_series), 1 - torch.eye(n_series)])  # (network, series)
        self.recurrent.inputs.data *= seen[:, None]
        self.recurrent.inputs.register_hook(lambda gradient: gradient * seen[:, None])  # so they stay 0
        self.units = self.recurrent.inputs.shape[:2].numel()
        self.between = self.of_all = None
        if adjacency is not None:
            self.between = graph_layer(adjacency * seen[:, :, None] * seen[:, None], graph_activation)
            self.of_all = graph_layer(adjacency, graph_activation)

    def forward(self, x: Tensor) -> Tensor:
        """Forecast every target at every step by every network."""
        states = torch.stack(self.recurrent.states(self.recurrent.project(x))).permute(
            1, 3, 0, 2
        )  # (network, window, time, hidden)
        if self.between is not None:
            states = self.between(states)
        return states @ self.head.transpose(1, 2)[:, None] + self.head_bias[:, None, None]

    def squares(self) -> Tensor:
        """Return the sum of the squares of recurrent and read-out weights (network,)."""
        return squared_size({"recurrent": self.recurrent.recurrent, "head": self.head}, ["recurrent", "head"])

    def errors(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the mean squared error of the last forecast of windows (network, target); y is (window, target)."""
        chunk = max(1, MEMORY_BUDGET // (4 * 4 * x.shape[1] * self.units))
        with torch.no_grad():
            parts = zip(x.split(chunk), y.split(chunk), strict=True)
            return torch.cat([self(past)[:, :, -1] - wanted for past, wanted in parts], dim=1).square().mean(dim=1)

    def signs_of_all(self, x: Tensor) -> tuple[np.ndarray, np.ndarray]:
        """Return :func:`~grngc.componentwise.signs.signed_shares` of the network of all series."""
        first, targets = self.recurrent, self.head.shape[1]
        # it as one network a target, alike but for what they read out
        alike = ComponentwiseRNN(first.inputs.shape[2], hidden=self.head.shape[2], cell=first.cell, n_targets=targets)
        alike.activation = first.activation
        parameters = {name: each.detach()[:1] for name, each in first.named_parameters()}
        parameters |= {"readout": self.head.detach()[:1], "readout_bias": self.head_bias.detach()[:1]}
        rows = {
            name: each[0] if name.startswith("readout") else each.expand(targets, *each.shape[1:])
            for name, each in parameters.items()
        }
        alike.load_state_dict(rows)
        every = torch.ones(x.shape[:2], dtype=torch.bool)
        return signed_shares(alike, x, every, lambda products: alike.respond(products, None, self.of_all))
