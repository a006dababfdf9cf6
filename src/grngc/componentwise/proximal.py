"""Proximal descent on component-wise models: every target its own problem, its own step and its own stop.

Reference
---------
A. Tank, I. Covert, N. Foti, A. Shojaie, E. Fox, Neural Granger causality, IEEE TPAMI 44 (2022), section 4.
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
from ..training import LEAST_PER_TARGET, Progress, Record
from .optimisers import OPTIMISERS, Course, Parameters, Smooth, rows

PATIENCE = 5
"""A target stops after so many checks that did not find it better, and keeps its best parameters."""


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
        See ``grngc.componentwise.optimisers.Smooth``. A target's loss may depend on its own parameters only.
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
    course = Course({name: each.detach() for name, each in parameters.items()}, smooth, penalty, penalised)
    best = {name: each.clone() for name, each in course.parameters.items()}
    count, like = len(course.targets), best[penalised]
    least, waited = like.new_full((count,), math.inf), torch.zeros(count, dtype=torch.long, device=like.device)
    ended, parts = torch.full_like(waited, steps), like.new_zeros(2, count)  # smooth loss and penalty of the best
    trace: list[dict[str, float]] = []
    begun, half, update = time.monotonic(), _scores(best[penalised]), OPTIMISERS[optimiser](learning_rate)

    def compare(step: int, losses: Tensor, judged: Tensor | None = None) -> None:
        """Keep the best of the targets that still move, or of those in the mask ``judged`` alone."""
        among = torch.arange(len(losses), device=losses.device) if judged is None else judged.nonzero().flatten()
        losses, cost, targets = losses[among], course.cost()[among], course.targets[among]
        total = losses + cost
        if not bool(torch.isfinite(total).all()):
            raise DivergenceError(
                f"training diverged: the loss of {int((~torch.isfinite(total)).sum())} of {count} targets is not "
                f"finite at step {step} of {steps}; no graph was made. Lower the learning rate (now {learning_rate:g})"
            )
        better = total < least[targets]
        for name, each in best.items():
            each[targets[better]] = course.parameters[name][among[better]]
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
                compare(step + 1, smooth(course.parameters, course.targets), stuck)
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
