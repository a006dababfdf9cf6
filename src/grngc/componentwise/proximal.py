"""Proximal descent on component-wise models: every target its own problem, its own step and its own stop.

References
----------
A. Tank, I. Covert, N. Foti, A. Shojaie, E. Fox, Neural Granger causality, IEEE TPAMI 44 (2022), section 4.
P. Gong, C. Zhang, Z. Lu, J. Huang, J. Ye, A general iterative shrinkage and thresholding algorithm for non-convex
regularized optimization problems (GIST), ICML 2013: the line search.
D. P. Kingma, J. Ba, Adam: a method for stochastic optimization, ICLR 2015.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from ..arguments import check_choice
from ..errors import DivergenceError
from ..floor import ADAM_FLOOR
from ..penalties import Penalty, source_sizes
from ..training import LEAST_PER_TARGET, SCHEDULES, Progress, Record

Parameters = dict[str, Tensor]
"""Name -> (target, ...); a part of the targets has the same names and fewer rows."""

Smooth = Callable[[Parameters, Tensor], Tensor]
"""Parameters of some targets, and which targets they are (indices) -> the smooth part of each one's loss (target,)."""

PATIENCE = 5
"""A target stops after so many checks that did not find it better, and keeps its best parameters."""

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


@dataclass(frozen=True, eq=False)
class Descent:
    """Where a descent ended.

    Attributes
    ----------
    parameters : dict of Tensor (target, ...)
        The best seen of each target.
    losses : Tensor (target,)
        Smooth loss and penalty of these.
    steps : Tensor (target,)
        Steps made until a target stopped.
    record : Record
    """

    parameters: Parameters
    losses: Tensor
    steps: Tensor
    record: Record


class _Course:
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


def _proximal_step(course: _Course, direction: Parameters, lengths: Tensor, chosen: Tensor | None = None) -> Parameters:
    """Go ``lengths`` (target,) along the negative direction, then shrink; for all targets, or the chosen ones."""
    before, targets = course.parameters, course.targets
    if chosen is not None:
        before, direction, targets = rows(before, chosen), rows(direction, chosen), targets[chosen]
    after = {name: each - _beside(lengths, each) * direction[name] for name, each in before.items()}
    name = course.penalised
    after[name] = course.penalty.shrunk(after[name], lengths[:, None], targets)
    return after


class _Ista:
    """A step of constant length down the gradient, then the proximal step."""

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = learning_rate

    def step(self, course: _Course, losses: Tensor, gradient: Parameters, share: float) -> Tensor | None:
        course.parameters = _proximal_step(course, gradient, losses.new_full(losses.shape, self.learning_rate))
        return None


class _Gista:
    """The same with a line search: a step must take the loss below the worst of the last ones, by enough."""

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = learning_rate

    def step(self, course: _Course, losses: Tensor, gradient: Parameters, share: float) -> Tensor | None:
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


class _Adam:
    """Adam along a cosine, with one length of step for all input weights of a source, then the proximal step.

    One length for all weights of a source: in that metric the groups, which lie inside a source, have the same proximal
    step in closed form, and a group stays at 0 exactly where its gradient is at most its level, as it should.
    """

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = learning_rate
        self.steps = 0

    def step(self, course: _Course, losses: Tensor, gradient: Parameters, share: float) -> Tensor | None:
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


OPTIMISERS: dict[str, Callable[[float], _Ista | _Gista | _Adam]] = {"ista": _Ista, "gista": _Gista, "adam": _Adam}
"""``ista``: steps of one length. ``gista``: a line search. ``adam``: Adam's steps, for graphs within few of them."""


def descend(
    parameters: Mapping[str, Tensor],
    smooth: Smooth,
    penalty: Penalty,
    *,
    penalised: str = "inputs",
    optimiser: str = "ista",
    learning_rate: float,
    steps: int,
    check_every: int = 50,
    progress: Callable[[Progress], None] | None = None,
) -> Descent:
    """Minimise, for every target, its smooth loss plus its penalty.

    Parameters
    ----------
    parameters : mapping of Tensor (target, ...)
        Where to begin; not changed.
    smooth : callable
        See :data:`Smooth`. A target's loss may depend on its own parameters only.
    penalty : Penalty
        On the parameter named ``penalised``, (target, unit, source) or (target, unit, source, lag).
    optimiser : {"ista", "gista", "adam"}
    learning_rate : float
        Length of a step (``ista``), of the first one tried (``gista``), or Adam's rate at the start.
    steps : int
        At most so many, of every target.
    check_every : int
        Steps between comparisons of each target's loss with its best. A target stops after ``PATIENCE`` of them
        that found nothing better.
    progress : callable, optional
        Called at every comparison.

    Raises
    ------
    DivergenceError
        A loss is not finite.
    """
    check_choice("optimiser", optimiser, OPTIMISERS)
    course = _Course({name: each.detach() for name, each in parameters.items()}, smooth, penalty, penalised)
    best = {name: each.clone() for name, each in course.parameters.items()}
    count, like = len(course.targets), best[penalised]
    least, waited = like.new_full((count,), math.inf), torch.zeros(count, dtype=torch.long, device=like.device)
    ended, parts = torch.full_like(waited, steps), like.new_zeros(2, count)  # smooth loss and penalty of the best
    trace: list[dict[str, float]] = []
    begun, half, update = time.monotonic(), _scores(best[penalised]), OPTIMISERS[optimiser](learning_rate)

    def compare(step: int, losses: Tensor) -> None:
        cost, targets = course.cost(), course.targets
        total = losses + cost
        if not bool(torch.isfinite(total).all()):
            raise DivergenceError(
                f"training diverged: the loss of {int((~torch.isfinite(total)).sum())} of {count} targets is not "
                f"finite at step {step} of {steps}; no graph was made. Lower the learning rate (now {learning_rate:g})"
            )
        better = total < least[targets]
        for name, each in best.items():
            each[targets[better]] = course.parameters[name][better]
        least[targets[better]] = total[better]
        parts[:, targets[better]] = torch.stack([losses, cost])[:, better]
        waited[targets] = torch.where(better, 0, waited[targets] + 1)
        error, size = parts.mean(dim=1).tolist()
        trace.append({"step": step, "loss": error + size, "forecast_error": error, "penalty": size})
        if progress is not None:
            left = (time.monotonic() - begun) / max(step, 1) * (steps - step)
            progress(Progress(step, steps, error + size, error, size, left))

    step = 0
    for step in range(steps):
        if step == math.ceil(steps / 2):
            half = _scores(best[penalised])
        losses, gradient = course.gradient()
        if step % check_every == 0:
            compare(step, losses)
            out = waited[course.targets] >= PATIENCE
            if bool(out.any()):
                ended[course.targets[out]] = step
                gradient, losses = rows(gradient, (~out).nonzero().flatten()), losses[~out]
                course.stop(out)
                if not len(course.targets):
                    break
        stuck = update.step(course, losses, gradient, step / steps)
        if stuck is not None and bool(stuck.any()):
            with torch.no_grad():
                compare(step + 1, smooth(course.parameters, course.targets))
            ended[course.targets[stuck]] = step + 1
            course.stop(stuck)
            if not len(course.targets):
                break
    if len(course.targets):
        with torch.no_grad():
            compare(steps, smooth(course.parameters, course.targets))
    done, found = _scores(best[penalised]), int(ended.max())
    moved = (done - half).abs()[torch.maximum(done, half) > ADAM_FLOOR].sum()
    change = float(moved / done.sum().clamp_min(LEAST_PER_TARGET * count))
    if found < steps:  # every target stopped by itself
        change = 0.0
    record = Record(found, tuple(trace), change, learning_rate * found, time.monotonic() - begun)
    return Descent(best, least, ended, record)


def _scores(weights: Tensor) -> Tensor:
    return source_sizes(weights).square().sum(dim=-1).sqrt()
