"""Train one forecaster on windows by eq. 8-14, and read its input gradient."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from .errors import InputError
from .forecasters import Recipe, build_forecaster, curved_parameters
from .gradients import gradient_penalty, gradient_scores, reads_sequence, windows_at_once
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
    """

    forecaster: nn.Module
    record: Record
    lag_scores: np.ndarray
    signs: np.ndarray


def fit_forecaster(
    recipe: Recipe,
    windows: Windows,
    weights: np.ndarray,
    targets: np.ndarray,
    *,
    norm: str,
    steps: int,
    batch: int | None,
    learning_rate: float,
    schedule: str,
    input_noise: float,
    weight_decay: float,
    seed: int,
    device: torch.device,
    memory_budget: int,
    progress: Callable[[Progress], None] | None = None,
    snapshot: Callable[[int, np.ndarray], None] | None = None,
) -> Fitted:
    """Build a fresh forecaster, train it and read its gradient; see :class:`grngc.GRNGC` for the parameters.

    Parameters
    ----------
    recipe : Recipe
    windows : Windows
        Standardised.
    weights : array (target, lag, source)
        Weight of each gradient entry in the penalty, beside the squared error averaged over targets.
    targets : bool array (series,)
        False where exogenous: neither forecast nor scored.
    """
    x = torch.tensor(windows.x, dtype=torch.float32, device=device)
    y = torch.tensor(windows.y, dtype=torch.float32, device=device)
    weight, wanted = torch.tensor(weights).to(x), torch.tensor(targets, device=device)
    with seeded(seed, device) as generator:
        forecaster = build_forecaster(recipe).to(device)
        if reads_sequence(forecaster):
            _check_sequence(windows, batch)
        chunk = windows_at_once(forecaster, x, memory_budget)

        def objective(inputs: Tensor, outputs: Tensor) -> tuple[float, float]:
            parts = torch.zeros(2, device=device)
            for part, truth in zip(inputs.split(chunk), outputs.split(chunk), strict=True):
                share = len(part) / len(inputs)
                forecast, size = gradient_penalty(forecaster, part, weight, norm=norm)  # eq. 11-13
                error = (forecast - truth)[:, wanted].square().mean()  # eq. 8, the target read as x_t
                ((error + size) * share).backward()  # eq. 14
                parts += share * torch.stack([error.detach(), size.detach()])
            return tuple(parts.tolist())  # one wait for the device, not two

        reading: list[np.ndarray] = []

        def read() -> np.ndarray:
            found = gradient_scores(forecaster.eval(), x, memory_budget=memory_budget)  # eq. 11
            forecaster.train()
            reading[:] = [part.cpu().numpy() * targets[:, None, None] for part in found]
            return reading[0]

        record = minimise(
            forecaster.train(),
            objective,
            x,
            y,
            steps=steps,
            batch=batch,
            learning_rate=learning_rate,
            schedule=schedule,
            input_noise=input_noise,
            weight_decay=weight_decay,
            decayed=curved_parameters(forecaster),
            generator=generator,
            scores=read,
            progress=progress,
            snapshot=snapshot,
        )
    return Fitted(forecaster.eval(), record, reading[0], reading[1])


def _check_sequence(windows: Windows, batch: int | None) -> None:
    """Refuse what cannot be read as one sequence."""
    if batch is not None and batch < len(windows):
        raise InputError(f"this forecaster reads the whole record at every step; got batch={batch}: pass batch=None")
    joined = len(np.unique(windows.trajectory)) == 1
    if not joined or (np.diff(windows.time) != 1).any():
        came = "a record with missing values" if joined else f"{len(np.unique(windows.trajectory))} trajectories"
        remedy = "choose forecaster='tcn'" if joined else "pass cross_boundary=True to join them end to end"
        raise InputError(f"this forecaster reads one unbroken sequence; got {came}: {remedy}")
