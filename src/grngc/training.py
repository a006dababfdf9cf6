"""The one training loop, and the record it leaves."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn

import numpy as np
import torch
from torch import Tensor, nn

from .arguments import check_choice
from .batches import Batch, Batches
from .checkpoints import Checkpoint
from .errors import DivergenceError
from .floor import ADAM_FLOOR

SETTLED = 0.15
"""Training has converged when its second half moved the scores by less than this share of their sum, those aside that
mean nothing before and after (``ADAM_FLOOR``) ..."""

ENOUGH_REACH = 1.0
"""... and Adam, which moves a parameter by about the learning rate a step, could move one this far in all: a score of
one standard deviation per standard deviation. A handful of steps that go nowhere have not settled."""

LEAST_PER_TARGET = 0.1
"""A target's scores count as at least this much in that share: changes of nothing by nothing are not judged."""

RAN_AWAY = 3.0
"""Training has diverged when the forecast error ends above this multiple of the error of forecasting the mean."""


def _cosine(done: float) -> float:
    return (1 + math.cos(math.pi * done)) / 2


SCHEDULES: dict[str, Callable[[float], float]] = {"cosine": _cosine, "constant": lambda done: 1.0}
"""Learning rate as a share of its start, from the share of steps done."""


class Progress(NamedTuple):
    """Where a training stands, handed to the ``progress`` callback about a hundred times.

    ``doing`` tells the trainings of one fit apart: ``trying mlp, lag 2`` on a part of the record, ``training``, and
    ``training for the noise floor``.
    """

    step: int
    steps: int
    loss: float
    forecast_error: float
    penalty: float
    seconds_left: float
    doing: str = "training"


@dataclass(frozen=True)
class Record:
    """What training did.

    Attributes
    ----------
    steps : int
    trace : tuple of dict
        About a hundred rows ``step, loss, forecast_error, penalty``, each the mean since the row before.
    score_change : float
        Sum of the absolute changes of the scores over the second half of the steps, as a share of their sum; pairs
        that are below ``ADAM_FLOOR`` before and after are jitter of the optimiser, and left out.
    reach : float
        Sum of the learning rates of all steps.
    seconds : float
    exact : bool
        Whether the forecaster was solved for: converged then means at the minimum, whatever steps were asked for.
    """

    steps: int
    trace: tuple[dict[str, float], ...]
    score_change: float
    reach: float
    seconds: float
    exact: bool = False

    @classmethod
    def solved(cls, steps: int, trace: tuple[dict[str, float], ...], settled: bool, seconds: float) -> "Record":
        """Return the record of a fit that was solved for: settled, or stopped at its last step."""
        return cls(steps, trace, 0.0 if settled else 1.0, ENOUGH_REACH, seconds, exact=True)

    @property
    def converged(self) -> bool:
        """Whether the scores had settled when training ended."""
        return self.score_change < SETTLED and self.reach >= ENOUGH_REACH

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, fit for JSON."""
        return {
            "steps": self.steps,
            "seconds": self.seconds,
            "score_change": self.score_change,
            "reach": self.reach,
            "converged": self.converged,
            "exact": self.exact,
            "trace": list(self.trace),
        }


def minimise(
    forecaster: nn.Module,
    objective: Callable[[Batch], Tensor],
    batches: Batches,
    *,
    steps: int,
    learning_rate: float,
    schedule: str,
    weight_decay: float,
    decayed: Sequence[nn.Parameter],
    mean_error: float,
    scores: Callable[[], np.ndarray],
    progress: Callable[[Progress], None] | None = None,
    snapshot: Callable[[int, np.ndarray], None] | None = None,
    snapshot_every: int = 1,
    checkpoint: Checkpoint | None = None,
) -> Record:
    """Train ``forecaster`` in place by Adam, with decoupled weight decay (AdamW) where asked for.

    Parameters
    ----------
    objective : callable
        Adds the gradient of the loss on a batch to the parameters and returns ``forecast_error, weighted penalty`` as
        one tensor; the loss is their sum. It is read about a hundred times in all: between readings a GPU is never
        waited for.
    batches : Batches
    steps : int
        Number of updates.
    schedule : {"cosine", "constant"}
    weight_decay : float
        Decoupled decay, in units of the learning rate, of the ``decayed`` parameters; the others have none.
    decayed : sequence of Parameter
    mean_error : float
        The forecast error, as ``objective`` returns it, of forecasting every target's mean.
    scores : callable
        The scores as they stand; read half-way and at the end, to tell whether they had settled.
    progress : callable, optional
    snapshot : callable, optional
        Handed the step and the scores after every ``snapshot_every`` updates and after the last; a reading each.
    checkpoint : Checkpoint, optional
        Where the state is kept from time to time, and gone on from.

    Raises
    ------
    DivergenceError
        The loss is not finite, or the forecasts ended worse than no forecast.
    """
    check_choice("schedule", schedule, SCHEDULES)
    kept = {id(q) for q in decayed}
    groups = [
        {"params": list(decayed), "weight_decay": weight_decay},
        {"params": [q for q in forecaster.parameters() if id(q) not in kept], "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW([group for group in groups if group["params"]], lr=learning_rate)
    rate = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: SCHEDULES[schedule](step / steps))
    course = _Course(forecaster, optimiser, rate, batches)
    if checkpoint is not None and (state := checkpoint.load()) is not None:
        course.load_state_dict(state)
    every = max(1, steps // 100)

    def fail(step: int, loss: float) -> NoReturn:
        raise DivergenceError(_message(f"the loss became {loss} at step {step} of {steps}", learning_rate))

    while course.step < steps:
        optimiser.zero_grad()
        course.unread.append(objective(next(batches)))
        course.step += 1
        step, trace = course.step, course.trace
        optimiser.step()
        rate.step()
        if snapshot is not None and (step % snapshot_every == 0 or step == steps):
            course.read_losses(fail)
            snapshot(step, scores())
        if step == math.ceil(steps / 2):
            course.before = scores()
        if step % every == 0 or step == steps:
            course.read_losses(fail)
            error, penalty = (float(part) for part in course.sums / (step - (trace[-1]["step"] if trace else 0)))
            trace.append({"step": step, "loss": error + penalty, "forecast_error": error, "penalty": penalty})
            course.sums[:] = 0
            if progress is not None:
                left = course.seconds() / step * (steps - step)
                progress(Progress(step, steps, error + penalty, error, penalty, left))
        if checkpoint is not None and checkpoint.due(ended=step == steps):
            course.read_losses(fail)
            checkpoint.save(course.state_dict())
    trace, before = course.trace, course.before
    after = scores()
    if not np.isfinite(after).all():
        raise DivergenceError(_message("the input gradient is not finite after the last step", learning_rate))
    if trace[-1]["forecast_error"] > RAN_AWAY * max(mean_error, course.first):
        worse = f"the forecast error ended at {trace[-1]['forecast_error']:.3g}, the mean alone gives {mean_error:.3g}"
        raise DivergenceError(_message(worse, learning_rate))
    moved = np.abs(after - before)[np.maximum(after, before) > ADAM_FLOOR].sum()
    change = float(moved / max(after.sum(), LEAST_PER_TARGET * len(after)))
    reach = learning_rate * sum(SCHEDULES[schedule](step / steps) for step in range(steps))
    return Record(steps, tuple(trace), change, reach, course.seconds())


class _Course:
    """All that a training has come to, which a checkpoint keeps: going on from it gives the bits of not stopping."""

    def __init__(
        self,
        forecaster: nn.Module,
        optimiser: torch.optim.Optimizer,
        rate: torch.optim.lr_scheduler.LRScheduler,
        batches: Batches,
    ) -> None:
        self.parts: dict[str, Any] = {"forecaster": forecaster, "optimiser": optimiser}
        self.parts |= {"rate": rate, "batches": batches}
        self.step, self.first = 0, 0.0
        self.sums, self.before = np.zeros(2), np.empty(0)
        self.unread: list[Tensor] = []
        self.device = batches.x.device
        self.trace: list[dict[str, float]] = []
        self.spent, self.start = 0.0, time.monotonic()

    def seconds(self) -> float:
        """Return the time trained, that before a stop too."""
        return self.spent + time.monotonic() - self.start

    def read_losses(self, fail: Callable[[int, float], NoReturn]) -> None:
        """Wait for the losses of the steps since the last reading, and add them up; the first not finite fails."""
        losses = np.array(torch.stack(self.unread).tolist()) if self.unread else np.empty((0, 2))
        self.unread.clear()
        for step, parts in enumerate(losses, start=self.step - len(losses) + 1):
            self.first = self.first if step > 1 else float(parts[0])
            if not np.isfinite(parts).all():
                fail(step, float(parts.sum()))
            self.sums += parts

    def state_dict(self) -> dict[str, Any]:
        """Return tensors and plain values, all losses read."""
        return {name: part.state_dict() for name, part in self.parts.items()} | {
            "step": self.step,
            "first": self.first,
            "sums": torch.tensor(self.sums),
            "before": torch.tensor(self.before),
            "trace": self.trace,
            "seconds": self.seconds(),
            "drawn": torch.get_rng_state(),
            "drawn_on_gpu": torch.cuda.get_rng_state(self.device) if self.device.type == "cuda" else None,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where ``state`` was taken."""
        for name, part in self.parts.items():
            part.load_state_dict(state[name])
        self.step, self.first, self.trace = state["step"], state["first"], state["trace"]
        self.sums, self.before = state["sums"].numpy(), state["before"].numpy()
        self.spent = state["seconds"]
        torch.set_rng_state(state["drawn"])
        if state["drawn_on_gpu"] is not None:
            torch.cuda.set_rng_state(state["drawn_on_gpu"], self.device)


def _message(what: str, learning_rate: float) -> str:
    return (
        f"training diverged: {what}; no graph was made. Lower the learning rate (now {learning_rate:g}) or the penalty"
    )
