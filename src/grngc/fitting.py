"""Fit one forecaster to windows by eq. 8-14, and read its input gradient: by Adam, or exactly where it is linear."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .batches import Batch, Batches
from .checkpoints import Checkpoint
from .device import computing_on
from .errors import InputError
from .forecasters import Recipe, build_forecaster, curved_parameters
from .gradients import gradient_penalty, gradient_scores, reads_sequence, windows_at_once
from .lasso import EXACT, nearness, penalised_linear
from .rules import Rules
from .runtime import seeded
from .training import Progress, Record, minimise
from .windows import Windows


@dataclass(frozen=True, eq=False)
class Fitted:
    """A trained forecaster and what was read from it.

    Attributes
    ----------
    forecaster : Module
        In evaluation mode.
    record : Record
    lag_scores : array (target, lag, source)
        Mean absolute input gradient, eq. 11; rows of exogenous series are 0.
    signs : array (target, lag, source)
        Mean signed input gradient.
    nearness : array (target, lag, source), optional
        How near a score of exactly 0 is to being one; see :func:`grngc.lasso.nearness`. Only where the fit is exact.
    sign_constancy : array (target, lag, source), optional
        Share of windows in which the gradient has the sign of its mean.
    """

    forecaster: nn.Module
    record: Record
    lag_scores: np.ndarray
    signs: np.ndarray
    nearness: np.ndarray | None = None
    sign_constancy: np.ndarray | None = None

    def forecast(self, x: np.ndarray) -> np.ndarray:
        """Return the forecasts (window, series) of scaled windows (window, lag, series)."""
        return forecast_of(self.forecaster, x)


def forecast_of(forecaster: nn.Module, x: np.ndarray) -> np.ndarray:
    """Return the forecasts (window, series) of scaled windows (window, lag, series) by a trained forecaster."""
    like = next(forecaster.parameters())
    with torch.no_grad(), computing_on(like.device):
        return forecaster(torch.tensor(x, dtype=like.dtype, device=like.device)).cpu().numpy()


def fit_forecaster(
    recipe: Recipe,
    windows: Windows,
    weights: np.ndarray,
    rules: Rules,
    *,
    norm: str,
    steps: int,
    batch: int | None,
    penalty_batch: int | None,
    penalty_targets: int | None,
    penalty_draw: str,
    learning_rate: float,
    schedule: str,
    input_noise: float,
    weight_decay: float,
    seed: int,
    device: torch.device,
    memory_budget: int,
    start: Mapping[str, Tensor] | None = None,
    progress: Callable[[Progress], None] | None = None,
    snapshot: Callable[[int, np.ndarray], None] | None = None,
    snapshot_every: int = 1,
    checkpoint: Checkpoint | None = None,
) -> Fitted:
    """Build a fresh forecaster, train it and read its gradient; see :class:`grngc.GRNGC` for the parameters.

    The linear forecaster is not trained but solved for: batches, steps and rates mean nothing to it.

    Parameters
    ----------
    recipe : Recipe
    windows : Windows
        Scaled.
    weights : array (target, lag, source)
        Weight of each gradient entry in the penalty, beside the squared error averaged over targets.
    rules : Rules
        What is exogenous is neither forecast nor scored; what is forbidden is no input (``recipe.parts``).
    start : mapping of tensors, optional
        State of a forecaster of this recipe to go on from; a fresh one otherwise.
    """
    targets = rules.targets
    if recipe.choice == "linear":
        with seeded(seed, device):  # building one draws numbers, though none of them stays
            return _solve(recipe, windows, weights, rules, norm, input_noise, device, progress, snapshot)
    x = torch.tensor(windows.x, dtype=torch.float32, device=device)
    y = torch.tensor(windows.y, dtype=torch.float32, device=device)
    weight, wanted = torch.tensor(weights, dtype=torch.float32, device=device), torch.tensor(targets, device=device)
    with seeded(seed, device) as generator:
        forecaster = build_forecaster(recipe).to(device)
        if start is not None:
            forecaster.load_state_dict(start)
        if reads_sequence(forecaster):
            _check_sequence(windows, batch, penalty_batch)
        chunk = windows_at_once(forecaster, x, memory_budget)

        among = wanted.nonzero().flatten()  # exogenous targets have no penalty, and what they miss is not judged

        def error_of(missed: Tensor) -> Tensor:
            # by position: a mask would make the host wait for the device at every step
            return (missed if len(among) == missed.shape[1] else missed[:, among]).square().mean()

        def objective(batch: Batch) -> Tensor:
            parts = torch.zeros(2, device=device)
            inputs, outputs, some, penalised = batch
            n, share = len(inputs), 1.0 if some is None else len(some) / len(among)
            m = n if penalised is None else penalised
            for part, truth in zip(inputs[:m].split(chunk), outputs[:m].split(chunk), strict=True):
                forecast, size = gradient_penalty(forecaster, part, weight, norm=norm, targets=some)  # eq. 11-13
                error = error_of(forecast - truth)  # eq. 8, the target read as x_t
                error, size = error * (len(part) / n), size * (len(part) / m / share)
                (error + size).backward()  # eq. 14
                parts += torch.stack([error.detach(), size.detach()])
            for part, truth in zip(inputs[m:].split(chunk), outputs[m:].split(chunk), strict=True):
                if len(part):
                    error = error_of(forecaster(part) - truth) * (len(part) / n)
                    error.backward()
                    parts[0] += error.detach()
            return parts

        reading: list[np.ndarray] = []

        def read() -> np.ndarray:
            found = gradient_scores(forecaster.eval(), x, memory_budget=memory_budget)  # eq. 11
            forecaster.train()
            reading[:] = [part.cpu().numpy() * targets[:, None, None] for part in found]
            return reading[0]

        record = minimise(
            forecaster.train(),
            objective,
            Batches(
                x, y, batch, input_noise, generator, among, penalty_targets, penalty_batch, penalty_draw == "stratified"
            ),
            steps=steps,
            learning_rate=learning_rate,
            schedule=schedule,
            weight_decay=weight_decay,
            decayed=curved_parameters(forecaster),
            mean_error=float(error_of(y - y.mean(dim=0))),
            scores=read,
            progress=progress,
            snapshot=snapshot,
            snapshot_every=snapshot_every,
            checkpoint=checkpoint,
        )
    return Fitted(forecaster.eval(), record, reading[0], reading[1], sign_constancy=reading[2])


def _solve(
    recipe: Recipe,
    windows: Windows,
    weights: np.ndarray,
    rules: Rules,
    norm: str,
    input_noise: float,
    device: torch.device,
    progress: Callable[[Progress], None] | None,
    snapshot: Callable[[int, np.ndarray], None] | None,
) -> Fitted:
    """Return the linear forecaster at the minimum of eq. 14."""
    start, targets = time.monotonic(), rules.targets
    weights = weights * targets.sum()  # beside each target's own squared error, not their mean
    admitted = rules.allowed & targets[:, None]
    x_mean, y_mean = windows.x.mean(axis=0), windows.y.mean(axis=0)
    x, y = windows.x - x_mean, windows.y - y_mean
    told: dict[str, Any] = {"admitted": admitted, "norm": norm, "input_noise": input_noise, "parts": rules.parts}
    found, steps = penalised_linear(x, y, weights, effort=EXACT, **told)
    forecaster = build_forecaster(recipe)
    with torch.no_grad():
        forecaster.direct.weight.copy_(torch.tensor(found).flatten(1))  # type: ignore[union-attr,operator]
        forecaster.direct.bias.copy_(torch.tensor(y_mean - np.einsum("jli,li->j", found, x_mean)))  # type: ignore[union-attr,operator]
    size = np.abs(found)
    error = np.square(y - np.einsum("jli,nli->nj", found, x))[:, targets].mean() + input_noise**2 * (
        np.square(found).sum() / targets.sum()
    )
    cost = float((weights * (size if norm == "l1" else np.square(size))).sum() / targets.sum())
    trace = ({"step": steps, "loss": error + cost, "forecast_error": error, "penalty": cost},)
    record = Record.solved(steps, trace, steps < EXACT.steps, time.monotonic() - start)
    if progress is not None:
        progress(Progress(steps, steps, error + cost, error, cost, 0.0))
    if snapshot is not None:
        snapshot(steps, size)
    near = nearness(x, y, found, weights, input_noise=input_noise) * admitted[:, None] if norm == "l1" else None
    return Fitted(forecaster.to(device).eval(), record, size, found, near, np.sign(size))


def _check_sequence(windows: Windows, batch: int | None, penalty_batch: int | None) -> None:
    """Refuse what cannot be read as one sequence."""
    for name, value in (("batch", batch), ("penalty_batch", penalty_batch)):
        if value is not None and value < len(windows):
            raise InputError(
                f"this forecaster reads the whole record at every step; got {name}={value}: pass {name}=None"
            )
    joined = len(np.unique(windows.trajectory)) == 1
    if not joined or (np.diff(windows.time) != 1).any():
        came = "a record with missing values" if joined else f"{len(np.unique(windows.trajectory))} trajectories"
        remedy = "choose forecaster='tcn'" if joined else "pass cross_boundary=True to join them end to end"
        raise InputError(f"this forecaster reads one unbroken sequence; got {came}: {remedy}")
