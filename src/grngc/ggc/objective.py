"""What GGC minimises (eq. 4): its terms put together, those in the proximal step apart from the smooth ones."""

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ..componentwise.graphs import graph_of
from ..componentwise.losses import squared_size
from ..componentwise.networks import ComponentwiseRNN
from ..componentwise.optimisers import Parameters
from ..componentwise.signs import signed_shares
from ..graph import CausalGraph
from ..panel import Panel
from ..penalties import source_sizes
from . import losses
from .network import call, graph_layer
from .sequences import Sequences

if TYPE_CHECKING:
    from .estimator import GGC


class Objective:
    """Eq. 4 for one fit, told its data as tensors; ``chosen`` everywhere are rows among the targets."""

    def __init__(
        self,
        options: "GGC",
        penalty: float,
        sequences: Sequences,
        matrix: np.ndarray,
        correlation: np.ndarray,
        targets: np.ndarray,
        generator: torch.Generator,
    ) -> None:
        self.options, self.level = options, penalty
        self.x, self.correlation = torch.tensor(sequences.x).float(), torch.tensor(correlation).float()
        self.truth = torch.tensor(sequences.y[..., targets]).float()
        self.between = (
            graph_layer(torch.tensor(matrix).float(), options.graph_activation) if options.graph_layer else None
        )
        self.toward = self.correlation[targets]  # (target, source)
        self.start = self.toward if options.initial in ("hidden_state", "both") else None
        self.shares = losses.shares(self.toward, options.kl_norm)
        others = np.array([_other(correlation, target, options.negative, generator) for target in targets])
        self.other = torch.tensor(sequences.y[..., others]).float() if len(correlation) > 1 else None

    def pulled(self) -> bool:
        """Whether the divergence has its part in the proximal step: where its slope grows without bound."""
        return (self.options.kl_norm, self.options.kl_from) == ("sum", "distance_correlation")

    def penalty(self) -> losses.PulledGroupLasso:
        """Return what the proximal step is of."""
        level = self.level if self.options.penalty_norm == "group_lasso" else 0.0
        pull = self.options.kl_weight * self.shares if self.pulled() else torch.zeros_like(self.shares)
        return losses.PulledGroupLasso(level, pull)

    def smooth(self, network: ComponentwiseRNN, parameters: Parameters, chosen: Tensor) -> Tensor:
        """Return all of eq. 4 that is not in the penalty, and the ridge (target,)."""
        options = self.options
        start = None if self.start is None else self.start[chosen]
        forecast = call(network, parameters, self.x, start, self.between)
        truth = self.truth[..., chosen]
        squared = (forecast - truth).square().mean(dim=0)
        loss = squared.mean(dim=0) if options.error == "mean" else squared.sum(dim=0)
        if options.triplet_weight and self.other is not None:
            loss = loss + options.triplet_weight * losses.triplet(forecast, truth, self.other[..., chosen])
        loss = loss + options.ridge * squared_size(parameters, ["recurrent", "readout"])
        if options.penalty_norm == "ridge_squared":
            loss = loss + self.level * squared_size(parameters, ["inputs"])
        return loss + options.kl_weight * self._divergence(parameters["inputs"], chosen) if options.kl_weight else loss

    def _divergence(self, inputs: Tensor, chosen: Tensor) -> Tensor:
        sizes = torch.linalg.vector_norm(inputs, dim=1)  # its slope at 0 is 0: what is left out stays out
        shares = self.shares[chosen]
        if self.pulled():  # the part of sum_j p_j log(sum of sizes / size_j) that is not in the proximal step
            return (sizes + losses.LEAST).sum(dim=1).log() + torch.xlogy(shares, shares).sum(dim=1)
        pair = shares, losses.shares(sizes, self.options.kl_norm)
        return losses.kl_divergence(*(pair if self.options.kl_from == "distance_correlation" else pair[::-1]))

    def read(self, network: ComponentwiseRNN, panel: Panel) -> CausalGraph:
        """Return the graph: norms of input weights, and signs of mean gradients."""
        every = torch.ones(self.x.shape[:2], dtype=torch.bool)
        shares, constancy = signed_shares(
            network, self.x, every, lambda products: network.respond(products, self.start, self.between)
        )
        sizes = source_sizes(network.inputs.detach())
        return graph_of(panel, sizes.transpose(1, 2).double().numpy(), shares, constancy)


def _other(correlation: np.ndarray, target: int, how: str, generator: torch.Generator) -> int:
    """Return the series that a target's forecasts are to be far from; itself where there is no other."""
    others = np.delete(np.arange(len(correlation)), target)
    if not len(others):
        return target
    if how == "random":
        return int(others[torch.randint(len(others), (), generator=generator)])
    return int(others[correlation[target, others].argmin()])
