"""The penalty of a component-wise model, picked by forecasts of what was held out; truth plays no part.

What suits depends on how much of a series can be forecast at all: 0.02 on a Lorenz-96 record that is nearly
deterministic, ten times that on a noisy autoregression, so no formula of lengths and numbers of series does for both
(docs/decisions/0022-component-wise-models.md).
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from ..componentwise.optimisers import Parameters
from ..errors import InputError
from ..folds import held_apart
from ..panel import Panel
from ..parameters import automatic_penalty
from ..training import Progress
from .models import Descents, Model

MULTIPLES = (0.15, 0.3, 0.6, 1.2, 2.4, 4.8)
"""Penalties tried, as multiples of the rate at which chance correlations shrink
(:func:`grngc.parameters.automatic_penalty`). Each goes on from the one before, so from dense networks to sparse ones: a
network that reads nothing has lost its later layers too, and finds no way back."""

PATH_STEPS = 4
"""Each of them is given so many times fewer steps than the fit."""

TINY = 1e-12
"""A squared error below which forecasts are exact, whatever their logarithm."""


def chosen_penalty(
    model: Model,
    scaled: Panel,
    n_forecasts: int,
    given: Mapping[str, Any],
    device: torch.device,
    progress: Callable[[Progress], None] | None,
) -> tuple[float, dict[float, float], Parameters | None]:
    """Return the penalty picked, of each tried the squared error on what was held out, and where its descent ended.

    The fit goes on from there: networks that are drawn afresh may lose at once what these, coming from a smaller
    penalty, have kept. Where too little is left to hold out, the middle one is taken, without errors and start.
    Errors are geometric means over targets: one network that runs away does not decide for all.
    """
    rate = automatic_penalty(scaled.n_series * model.n_lags, n_forecasts)
    try:
        known, unknown = held_apart(scaled)
        learning, judging = (Descents(model, part, model.examples(part), given, device) for part in (known, unknown))
    except InputError:
        return rate * MULTIPLES[len(MULTIPLES) // 2], {}, None
    steps, start = -(-int(given["steps"]) // PATH_STEPS), None
    missed: dict[float, np.ndarray] = {}
    ends: dict[float, Parameters] = {}
    for penalty in (rate * multiple for multiple in MULTIPLES):
        start, missed[penalty] = _tried(learning, judging, penalty, steps, start, progress)
        ends[penalty] = start
    chosen = picked(missed)
    return chosen, {penalty: float(np.exp(each.mean())) for penalty, each in missed.items()}, ends[chosen]


def picked(missed: Mapping[float, np.ndarray]) -> float:
    """Return the largest penalty that misses no more than the best, but for one standard error over targets.

    Parameters
    ----------
    missed : mapping from penalty to array (target,)
        Logarithms of the squared errors held out.
    """
    best = missed[min(missed, key=lambda penalty: missed[penalty].mean())]
    worse = {penalty: each - best for penalty, each in missed.items()}
    return max(
        penalty
        for penalty, each in worse.items()
        if each.mean() <= each.std(ddof=min(1, len(each) - 1)) / len(each) ** 0.5
    )


def _tried(
    learning: Descents,
    judging: Descents,
    penalty: float,
    steps: int,
    start: Parameters | None,
    progress: Callable[[Progress], None] | None,
) -> tuple[Parameters, np.ndarray]:
    """Return where a descent at this penalty ended, and the logarithms of what its forecasts miss (target,)."""
    doing = f"trying penalty {penalty:.3g}"
    heard = None if progress is None else lambda now: progress(now._replace(doing=doing))
    found = learning.descend(penalty, steps, start=start, progress=heard).parameters
    with torch.no_grad():
        return found, judging.errors(found).clamp_min(TINY).log().cpu().numpy().astype(float)
