"""Which forecaster and how many lags: decided by the error of forecasts on windows held out. Truth plays no part.

The simpler choice stays unless the other forecasts clearly better: gene networks of twenty points a trajectory want
the linear forecaster, chaotic series the one that bends, and both say so in their held-out errors (docs/ablation.md).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import DivergenceError, InputError
from .folds import folds
from .windows import Windows

CANDIDATES = ("linear", "mlp")
"""Forecasters that ``"auto"`` chooses from, the simpler first."""

LONGEST_LAG = 5

BETTER_FORECASTER = 0.02
"""Share of the held-out error that the forecaster that bends must save to be taken."""

BETTER_LAG = 0.07
"""Share of the held-out error that one more lag must save to be taken: every lag is p more chances to be wrong."""

Forecast = Callable[[np.ndarray], np.ndarray]
"""(window, lag, series) -> (window, series)."""


@dataclass(frozen=True, eq=False)
class Choice:
    """What was chosen, and from what.

    Attributes
    ----------
    forecaster : str or callable
    lag : int
    candidates : tuple of dict
        One row a candidate tried, ``forecaster, lag, error``: mean squared error of standardised one-step forecasts on
        the held-out windows that all of them forecast; NaN where training diverged. Empty where there was nothing to
        choose, or too short a record to hold any of it out.
    """

    forecaster: Any
    lag: int
    candidates: tuple[dict[str, Any], ...] = ()


def called(forecaster: Any) -> str:
    """Return what a forecaster is called: its name, or that of its factory."""
    return forecaster if isinstance(forecaster, str) else getattr(forecaster, "__qualname__", repr(forecaster))


@dataclass(frozen=True, eq=False)
class _Trial:
    """A candidate, and its squared errors by where (trajectory, time) the forecast point stands."""

    forecaster: Any
    lag: int
    errors: dict[tuple[int, int], float]


def choose(
    forecasters: Sequence[Any],
    lags: Sequence[int],
    cut: Callable[[int], Windows],
    train: Callable[[Any, Windows], Forecast],
    targets: np.ndarray,
) -> Choice:
    """Return the simplest forecaster and the fewest lags that no other beats clearly.

    The first forecaster takes one more lag as long as that pays off. Each other one is tried at the fewest lags and at
    those that were found (what a straight line needs two lags for may take one that bends); where it forecasts
    clearly better it is taken.

    Parameters
    ----------
    forecasters : sequence
        The simpler first.
    lags : sequence of int
        Rising by one.
    cut : callable
        lag -> windows; may raise :class:`InputError` where the record is too short for it.
    train : callable
        (forecaster, windows) -> forecast of a fresh forecaster trained on them.
    targets : bool array (series,)
    """
    if len(forecasters) == len(lags) == 1:
        return Choice(forecasters[0], lags[0])
    trials: list[_Trial] = []

    def attempt(forecaster: Any, lag: int) -> _Trial | None:
        try:
            trials.append(_Trial(forecaster, lag, _held_out(forecaster, cut(lag), train, targets)))
        except InputError:
            return None  # too short a record to hold any of it out at this lag
        except DivergenceError:
            trials.append(_Trial(forecaster, lag, {}))
            return None
        return trials[-1]

    best = _grow(forecasters[0], lags, attempt)
    if best is None:
        return Choice(forecasters[0], lags[0])
    for forecaster in forecasters[1:]:
        other = _grow(forecaster, sorted({lags[0], best.lag}), attempt)
        if other is not None and _saves(other, best) > BETTER_FORECASTER:
            best = other
    return Choice(best.forecaster, best.lag, _rows(trials))


def _grow(forecaster: Any, lags: Sequence[int], attempt: Callable[[Any, int], "_Trial | None"]) -> "_Trial | None":
    """Return the trial of the last lag that paid off."""
    best = attempt(forecaster, lags[0])
    for lag in lags[1:]:
        longer = attempt(forecaster, lag) if best else None
        if best is None or longer is None or _saves(longer, best) <= BETTER_LAG:
            break
        best = longer
    return best


def _rows(trials: Sequence[_Trial]) -> tuple[dict[str, Any], ...]:
    """Return the candidates with their errors on the windows that all of them forecast."""
    shared = set.intersection(*(set(trial.errors) for trial in trials if trial.errors))

    def error(trial: _Trial) -> float:
        return float(np.mean([trial.errors[at] for at in shared])) if trial.errors else math.nan

    return tuple(
        {"forecaster": trial.forecaster, "lag": trial.lag, "error": error(trial)} for trial in trials if shared
    )


def _held_out(
    forecaster: Any, windows: Windows, train: Callable[[Any, Windows], Forecast], targets: np.ndarray
) -> dict[tuple[int, int], float]:
    """Return the squared error, mean over targets, of every held-out window.

    An exact fit is held against all folds; one that is trained step by step against the middle one.
    """
    splits = list(folds(windows))
    errors: dict[tuple[int, int], float] = {}
    for seen, unseen in splits if forecaster == "linear" else splits[len(splits) // 2 :][:1]:
        forecast = train(forecaster, windows.subset(seen))
        held = windows.subset(unseen)
        missed = np.square(forecast(held.x) - held.y)[:, targets].mean(axis=1)
        errors.update(zip(zip(held.trajectory.tolist(), held.time.tolist(), strict=True), missed.tolist(), strict=True))
    return errors


def _saves(trial: _Trial, other: _Trial) -> float:
    """Return the share of the other's error that the trial saves, on the windows both forecast."""
    shared = [at for at in trial.errors if at in other.errors]
    before = sum(other.errors[at] for at in shared)
    return 1 - sum(trial.errors[at] for at in shared) / before if before > 0 else 0.0
