"""The terms of GGC's loss beside the squared error (eq. 4), each one number a target.

``sizes`` (target, source) are the norms of each source's input weights, which GGC's scores are.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..penalties import soft_threshold, source_sizes

LEAST = 1e-8
"""Added to every size where logarithms of them are taken."""

KL_NORMS = ("sum", "softmax")
"""How distance correlations and sizes become shares that add up to 1 for each target."""
KL_FROM = ("distance_correlation", "scores")
"""Which of the two the divergence is an average over: KL(distance correlation || scores), or the other way round."""

MARGIN = 1.0
"""R of eq. 4."""


def shares(values: Tensor, how: str) -> Tensor:
    """Return rows that add up to 1: of (target, source) numbers of at least 0 (``sum``), or of any (``softmax``)."""
    if how == "softmax":
        return torch.softmax(values, dim=1)
    return (values + LEAST) / (values + LEAST).sum(dim=1, keepdim=True)


def kl_divergence(p: Tensor, q: Tensor) -> Tensor:
    """Return ``sum_j p_j (log p_j - log q_j)`` of shares (target, source): at least 0, and 0 where they are equal."""
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum(dim=1)


def triplet(forecast: Tensor, truth: Tensor, other: Tensor) -> Tensor:
    """Return the mean over windows of ``max(|forecast - truth| - |forecast - other| + 1, 0)`` (target,).

    All are (window, time, target); the norms are Euclidean, over the steps of a window. ``other`` is the window of
    another series, which the forecast is to be farther from than from its own.
    """
    near = torch.linalg.vector_norm(forecast - truth, dim=1)
    far = torch.linalg.vector_norm(forecast - other, dim=1)
    return (near - far + MARGIN).clamp_min(0).mean(dim=0)


@dataclass(frozen=True, eq=False)
class PulledGroupLasso:
    """``level * sum_j size_j - sum_j pull_j log size_j`` of weights (target, unit, source), and its proximal step.

    The first sum is the group lasso. The second is what of ``kl_weight * KL(p || shares)`` depends on each source
    alone, ``pull = kl_weight * p``; the rest, ``kl_weight * log(sum_j size_j)``, is smooth. Its slope grows without
    bound where weights near 0, so that steps along the gradient would throw them out again; the proximal step is exact
    instead. The size becomes the positive root of ``size^2 - (before - step level) size - step pull = 0``: with a pull
    no source is left out, and one that helps no forecast is held where the two sums balance.

    Attributes
    ----------
    level : float
    pull : Tensor (target, source)
    """

    level: float
    pull: Tensor

    def value(self, weights: Tensor, targets: Tensor) -> Tensor:
        """Return both sums (target,); ``targets`` are rows of ``pull``."""
        sizes = source_sizes(weights)[..., 0]
        return self.level * sizes.sum(dim=1) - torch.xlogy(self.pull[targets], sizes + LEAST).sum(dim=1)

    def shrunk(self, weights: Tensor, step: Tensor, targets: Tensor) -> Tensor:
        """Return the weights after a proximal step of size ``step``: (target, 1) or (target, source)."""
        sizes, pull = source_sizes(weights)[..., 0], step * self.pull[targets]
        left = sizes - step * self.level
        root = (left.square() + 4 * pull).sqrt()
        # of the two ways to write the root, the one that does not subtract nearly equal numbers
        size = torch.where(
            left > 0, (left + root) / 2, 2 * pull / (root - left).clamp_min(torch.finfo(left.dtype).tiny)
        )
        pulled = size / sizes.clamp_min(torch.finfo(left.dtype).tiny)
        factors = torch.where(pull > 0, pulled, soft_threshold(sizes, (step * self.level).expand_as(sizes)))
        return weights * factors[:, None]
