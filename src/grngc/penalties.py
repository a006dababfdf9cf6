"""Group penalties on the input weights of component-wise models, and their proximal steps, which set groups to 0.

Weights are (target, unit, source) or (target, unit, source, lag); index 0 of the lag axis is lag 1. Every group lies
inside one source of one target, so what a proximal step multiplies the weights by depends on their size per source and
lag alone.

References
----------
A. Tank, I. Covert, N. Foti, A. Shojaie, E. Fox, Neural Granger causality, IEEE TPAMI 44 (2022), section 3.2: the three.
R. Jenatton, J. Mairal, G. Obozinski, F. Bach, Proximal methods for hierarchical sparse coding, JMLR 12 (2011): a
proximal step of nested groups is one of each group, the inner ones first.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from .arguments import check_choice


class Norm(NamedTuple):
    """A sum of group norms, both parts told the size of the weights (target, source, lag).

    ``value`` returns it, (target, source). ``factors`` returns what a proximal step at a level (target, source)
    multiplies them by, (target, source, lag).
    """

    value: Callable[[Tensor], Tensor]
    factors: Callable[[Tensor, Tensor], Tensor]


def soft_threshold(size: Tensor, level: Tensor) -> Tensor:
    """Return what the proximal step of a group norm multiplies a group of this size by: ``max(0, 1 - level / size)``.

    Written so that a group at or below the level is exactly 0, also where both are 0.
    """
    least = torch.finfo(size.dtype).tiny
    return (size - level).clamp_min(0) / torch.maximum(size, level).clamp_min(least)


def _norm(sizes: Tensor) -> Tensor:
    return sizes.square().sum(dim=-1).sqrt()


def _group(sizes: Tensor, level: Tensor) -> Tensor:
    return soft_threshold(_norm(sizes), level)[..., None].expand_as(sizes)


def _sparse_group(sizes: Tensor, level: Tensor) -> Tensor:
    inner = soft_threshold(sizes, level[..., None])
    return inner * _group(inner * sizes, level)


def _tails(sizes: Tensor) -> Tensor:
    """Return the norms of the oldest 1, 2, ... lags, at the index of the youngest of them."""
    return sizes.square().flip(-1).cumsum(dim=-1).flip(-1).sqrt()


def _hierarchical(sizes: Tensor, level: Tensor) -> Tensor:
    factors = torch.ones_like(sizes)
    older = torch.zeros_like(sizes[..., 0])  # squared size of the lags older than this one, as they have become
    for lag in reversed(range(sizes.shape[-1])):
        total = older + sizes[..., lag].square()
        factor = soft_threshold(total.sqrt(), level)
        factors[..., lag:] *= factor[..., None]
        older = total * factor.square()
    return factors


NORMS: dict[str, Norm] = {
    "GL": Norm(_norm, _group),
    "GSGL": Norm(lambda sizes: _norm(sizes) + sizes.sum(dim=-1), _sparse_group),
    "H": Norm(lambda sizes: _tails(sizes).sum(dim=-1), _hierarchical),
}
"""Name -> norm. ``GL``: all lags of a source are one group. ``GSGL``: that, and each lag on its own. ``H``: for every m
the oldest m lags, so that the longest lags are shrunk most. On weights without lags GL and H are the same, and GSGL
twice that."""


def source_sizes(weights: Tensor) -> Tensor:
    """Return the norm of the weights of each source and lag, (target, source, lag); one lag where there is none."""
    sizes = weights.square().sum(dim=1).sqrt()
    return sizes[..., None] if weights.ndim == 3 else sizes


class Penalty(Protocol):
    """What a proximal descent needs of a penalty on weights (target, unit, source) or (target, unit, source, lag)."""

    def value(self, weights: Tensor, targets: Tensor) -> Tensor:
        """Return it (target,), on the weights of these targets."""
        ...

    def shrunk(self, weights: Tensor, step: Tensor, targets: Tensor) -> Tensor:
        """Return the weights after a proximal step of size ``step``: (target, 1) or (target, source)."""
        ...


@dataclass(frozen=True, eq=False)
class GroupPenalty:
    """``sum over sources of level[target, source] * norm(weights[target, :, source])``, and its proximal step.

    Attributes
    ----------
    norm : {"GL", "GSGL", "H"}
    level : Tensor (target, source)
        Weight of each source's groups beside the target's own loss; 0 spares it.
    """

    norm: str
    level: Tensor

    def __post_init__(self) -> None:
        check_choice("penalty norm", self.norm, NORMS)

    def value(self, weights: Tensor, targets: Tensor) -> Tensor:
        """Return the penalty (target,) on the weights of these targets, which are indices into ``level``."""
        return (self.level[targets] * NORMS[self.norm].value(source_sizes(weights))).sum(dim=-1)

    def shrunk(self, weights: Tensor, step: Tensor, targets: Tensor) -> Tensor:
        """Return the weights after a proximal step of size ``step``: (target, 1) or (target, source)."""
        factors = NORMS[self.norm].factors(source_sizes(weights), step * self.level[targets])
        return weights * (factors[:, None] if weights.ndim == 4 else factors[:, None, :, 0])
