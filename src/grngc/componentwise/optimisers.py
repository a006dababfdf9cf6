"""Steps that a proximal descent may take: ISTA, GISTA and Adam, each target's by itself.

References
----------
A. Tank, I. Covert, N. Foti, A. Shojaie, E. Fox, Neural Granger causality, IEEE TPAMI 44 (2022), section 4.
P. Gong, C. Zhang, Z. Lu, J. Huang, J. Ye, A general iterative shrinkage and thresholding algorithm for non-convex
regularized optimization problems (GIST), ICML 2013: the line search.
D. P. Kingma, J. Ba, Adam: a method for stochastic optimization, ICLR 2015.
"""

import math
from collections.abc import Callable, Mapping
from typing import Protocol

import torch
from torch import Tensor

from ..penalties import Penalty
from ..training import SCHEDULES

Parameters = dict[str, Tensor]
"""Name -> (target, ...); a part of the targets has the same names and fewer rows."""

Smooth = Callable[[Parameters, Tensor], Tensor]
"""Parameters of some targets, and which targets they are (indices) -> the smooth part of each one's loss (target,)."""

REMEMBERED = 10
"""The line search compares a step with the worst of so many losses before it: now and then one may rise."""
SUFFICIENT = 0.5
"""Of the decrease that a step of this length would be worth, the share that it must reach."""
SHORTER = 0.8
"""What a rejected step is shortened by."""
LEAST_STEP = 1e-8
"""A target stops where even so short a step is rejected."""

MEMORY, SQUARE_MEMORY, ROUNDING = 0.9, 0.999, 1e-8
"""Adam's constants."""


class Course:
    """The targets that still move: which, their parameters, and what the optimiser keeps of each."""

    def __init__(self, parameters: Parameters, smooth: Smooth, penalty: Penalty, penalised: str) -> None:
        self.parameters = parameters
        self.smooth, self.penalty, self.penalised = smooth, penalty, penalised
        self.targets = torch.arange(len(parameters[penalised]), device=parameters[penalised].device)
        self.kept: dict[str, Parameters] = {}  # what the optimiser remembers, rows as the parameters

    def stop(self, ended: Tensor) -> None:
        """Leave out the rows of the mask."""
        going = (~ended).nonzero().flatten()
        self.targets = self.targets[going]
        self.parameters = rows(self.parameters, going)
        self.kept = {name: rows(each, going) for name, each in self.kept.items()}

    def gradient(self) -> tuple[Tensor, Parameters]:
        """Return the smooth losses (target,) and their gradient."""
        leaves = {name: each.detach().requires_grad_() for name, each in self.parameters.items()}
        losses = self.smooth(leaves, self.targets)
        found = torch.autograd.grad(losses.sum(), list(leaves.values()), materialize_grads=True)
        return losses.detach(), dict(zip(leaves, found, strict=True))

    def cost(self) -> Tensor:
        """Return the penalty (target,)."""
        return self.penalty.value(self.parameters[self.penalised], self.targets)


def rows(parameters: Mapping[str, Tensor], chosen: Tensor) -> Parameters:
    """Return the parameters of some targets."""
    return {name: each[chosen] for name, each in parameters.items()}


def _beside(values: Tensor, like: Tensor) -> Tensor:
    """Return values (target,) so that they multiply rows."""
    return values.reshape(-1, *[1] * (like.ndim - 1))


def _proximal_step(course: Course, direction: Parameters, lengths: Tensor, chosen: Tensor | None = None) -> Parameters:
    """Go ``lengths`` (target,) along the negative direction, then shrink; for all targets, or the chosen ones."""
    before, targets = course.parameters, course.targets
    if chosen is not None:
        before, direction, targets = rows(before, chosen), rows(direction, chosen), targets[chosen]
    after = {name: each - _beside(lengths, each) * direction[name] for name, each in before.items()}
    name = course.penalised
    after[name] = course.penalty.shrunk(after[name], lengths[:, None], targets)
    return after


class Optimiser(Protocol):
    """A way to move, made for one descent."""

    def step(self, course: Course, losses: Tensor, gradient: Parameters, share: float) -> Tensor | None:
        """Replace the parameters of the course.

        Parameters
        ----------
        course : Course
        losses : Tensor (target,)
            Smooth losses of its parameters.
        gradient : dict of Tensor (target, ...)
            Of these losses.
        share : float
            Of all steps, those that were made.

        Returns
        -------
        bool Tensor (target,), optional
            Targets for which no step was found.
        """
        ...


class Ista:
    """A step of constant length down the gradient, then the proximal step."""

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = learning_rate

    def step(self, course: Course, losses: Tensor, gradient: Parameters, share: float) -> Tensor | None:
        """Move every target by a step of the one length."""
        course.parameters = _proximal_step(course, gradient, losses.new_full(losses.shape, self.learning_rate))
        return None


class Gista:
    """The same with a line search: a step must take the loss below the worst of the last ones, by enough."""

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = learning_rate

    def step(self, course: Course, losses: Tensor, gradient: Parameters, share: float) -> Tensor | None:
        """Move each target by the first length that is accepted; those that have none stay, and are returned."""
        totals = losses + course.cost()
        if "search" not in course.kept:
            course.kept["search"] = {
                "length": torch.full_like(totals, self.learning_rate),
                "last": torch.full((len(totals), REMEMBERED), -math.inf, dtype=totals.dtype, device=totals.device),
            }
        kept = course.kept["search"]
        kept["last"] = torch.cat([kept["last"][:, 1:], totals[:, None]], dim=1)
        lengths, worst = kept["length"].clone(), kept["last"].amax(dim=1)
        found = {name: each.clone() for name, each in course.parameters.items()}
        open_ = torch.arange(len(totals), device=totals.device)
        while len(open_):
            tried = _proximal_step(course, gradient, lengths[open_], open_)
            moved = sum(
                (tried[name] - course.parameters[name][open_]).square().reshape(len(open_), -1).sum(dim=1)
                for name in tried
            )
            targets = course.targets[open_]
            with torch.no_grad():
                total = course.smooth(tried, targets)
            total = total + course.penalty.value(tried[course.penalised], targets)
            accepted = worst[open_] - total > SUFFICIENT / (2 * lengths[open_]) * moved
            for name, each in found.items():
                each[open_[accepted]] = tried[name][accepted]
            open_ = open_[~accepted]
            lengths[open_] *= SHORTER
            open_ = open_[lengths[open_] >= LEAST_STEP]
        course.parameters = found
        kept["length"] = (kept["length"] * lengths).sqrt()
        return lengths < LEAST_STEP


class Adam:
    """Adam along a cosine, with one length of step for all input weights of a source, then the proximal step.

    One length for all weights of a source: in that metric the groups, which lie inside a source, have the same proximal
    step in closed form, and a group stays at 0 exactly where its gradient is at most its level, as it should.
    """

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = learning_rate
        self.steps = 0

    def step(self, course: Course, losses: Tensor, gradient: Parameters, share: float) -> Tensor | None:
        """Move every target by its step of Adam."""
        name = course.penalised
        if not course.kept:
            squares = {each: torch.zeros_like(found) for each, found in gradient.items()}
            squares[name] = torch.zeros_like(_by_source(gradient[name]))
            course.kept = {"mean": {each: torch.zeros_like(found) for each, found in gradient.items()}}
            course.kept["square"] = squares
        self.steps += 1
        rate = self.learning_rate * SCHEDULES["cosine"](share)
        first, second = 1 - MEMORY**self.steps, 1 - SQUARE_MEMORY**self.steps
        after = {}
        for each, found in gradient.items():
            mean, square = course.kept["mean"][each], course.kept["square"][each]
            mean.lerp_(found, 1 - MEMORY)
            square.lerp_(_by_source(found) if each == name else found.square(), 1 - SQUARE_MEMORY)
            length = rate / first / ((square / second).sqrt() + ROUNDING)
            after[each] = course.parameters[each] - length * mean
            if each == name:
                reach = length.flatten(1) * first
                after[each] = course.penalty.shrunk(after[each], reach, course.targets)
        course.parameters = after
        return None


def _by_source(gradient: Tensor) -> Tensor:
    """Return the mean square of each source's entries, shaped to go beside (target, unit, source) or with lags."""
    among = [dim for dim in range(1, gradient.ndim) if dim != 2]
    return gradient.square().mean(dim=among, keepdim=True)


OPTIMISERS: dict[str, Callable[[float], Optimiser]] = {"ista": Ista, "gista": Gista, "adam": Adam}
"""``ista``: steps of one length. ``gista``: a line search. ``adam``: Adam's steps, for graphs within few of them."""
