"""Which forecaster and how many lags: decided by the error of forecasts on windows held out. Truth plays no part.

The simpler forecaster stays unless the other adds to it: unless their mixture forecasts better than the simpler one
alone. (Not: unless the other forecasts better by itself. On hard chaotic series it may overfit and forecast worse, and
yet what it adds is true, and its graph much the better one; docs/decisions/0011.) Gene networks of twenty points a
trajectory want the linear forecaster, chaotic series the one that bends, and both say so. A third, dearer one that
bends otherwise is tried only where the second was taken, and stays only where it forecasts much better by itself
(docs/decisions/0019).

References
----------
Y. Chong, D. Hendry, Econometric evaluation of linear macro-economic models, Rev. Econ. Stud. 53 (1986): encompassing.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import DivergenceError, InputError
from .folds import folds
from .windows import Windows

CANDIDATES = ("linear", "mlp", "kan")
"""Forecasters that ``"auto"`` chooses from, the simpler first; the third is tried where the second is taken."""

LONGEST_LAG = 5

ADDS = 0.002
"""Share of the simpler forecaster's held-out error that mixing in the other must save for the other to be taken ..."""

SURELY = 3.0
"""... and how many standard errors over windows its covariance with what the simpler one missed must be above 0."""

FEWEST_HELD = 10
"""Held-out windows needed for that: of a few the standard error says nothing."""

BETTER_LAG = 0.07
"""Share of the held-out error that one more lag must save to be taken: every lag is p more chances to be wrong."""

BENDS_BETTER = 0.5
"""Share of the held-out error that a third forecaster must save to be taken, surely. It takes three times as long, its
graph is as often worse as better, and more of the edges that are selected with it are false (docs/decisions/0019)."""

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
        One row a candidate tried, ``forecaster, lag, error``: mean squared error of one-step forecasts, in units of
        the scaling, on the held-out windows that all of them forecast, NaN where training diverged. A row that was
        weighed against one lag less has ``saves``, the share of that one's error saved on *all* windows that both
        forecast: what the lag was chosen by. So has a third forecaster, which was weighed against the second. The one
        that was weighed against the first forecaster has ``adds``, the share of that one's error that a mixture of both
        saves. Empty where there was nothing to choose, or too short a record to hold any of it out.
    seconds : float
        What the choice took.
    """

    forecaster: Any
    lag: int
    candidates: tuple[dict[str, Any], ...] = ()
    seconds: float = 0.0


def called(forecaster: Any) -> str:
    """Return what a forecaster is called: its name, or that of its factory."""
    return forecaster if isinstance(forecaster, str) else getattr(forecaster, "__qualname__", repr(forecaster))


@dataclass(eq=False)
class _Trial:
    """A candidate, and what it missed (target,) by where (trajectory, time) the forecast point stands."""

    forecaster: Any
    lag: int
    missed: dict[tuple[int, int], np.ndarray]
    saves: float | None = None
    adds: float | None = None

    def beside(self, other: "_Trial") -> tuple[np.ndarray, np.ndarray]:
        """Return what this one and the other missed, both (window, target), on the windows both forecast."""
        shared = [at for at in self.missed if at in other.missed]
        return np.array([self.missed[at] for at in shared]), np.array([other.missed[at] for at in shared])


def choose(
    forecasters: Sequence[Any],
    lags: Sequence[int],
    cut: Callable[[int], Windows],
    train: Callable[[Any, Windows], Forecast],
    targets: np.ndarray,
) -> Choice:
    """Return the simplest forecaster, and the fewest lags, to which no other adds.

    The first forecaster takes one more lag as long as that pays off. Each other one is tried at the fewest lags and at
    those that were found (what a straight line needs two lags for may take one that bends); where it adds
    to the first's forecasts it is taken. A third and further ones are tried where another than the first was taken, at
    its lag, and are taken where they save most of all (``BENDS_BETTER``).

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
    start = time.monotonic()

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
    for forecaster in forecasters[1:2]:
        other = _grow(forecaster, sorted({lags[0], best.lag}), attempt)
        if other is not None and _adds(other, best):
            best = other
    for forecaster in forecasters[2:]:
        other = attempt(forecaster, best.lag) if best.forecaster != forecasters[0] else None
        if other is not None and _is_much_better(other, best):
            best = other
    return Choice(best.forecaster, best.lag, _rows(trials), time.monotonic() - start)


def _grow(forecaster: Any, lags: Sequence[int], attempt: Callable[[Any, int], "_Trial | None"]) -> "_Trial | None":
    """Return the trial of the last lag that paid off."""
    best = attempt(forecaster, lags[0])
    for lag in lags[1:]:
        longer = attempt(forecaster, lag) if best else None
        if best is None or longer is None:
            break
        longer.saves = _saves(longer, best)
        if longer.saves <= BETTER_LAG:
            break
        best = longer
    return best


def _rows(trials: Sequence[_Trial]) -> tuple[dict[str, Any], ...]:
    """Return the candidates with their errors on the windows that all of them forecast."""
    complete = [trial for trial in trials if trial.missed]
    shared = [at for at in complete[0].missed if all(at in trial.missed for trial in complete)] if complete else []

    def row(trial: _Trial) -> dict[str, Any]:
        error = float(np.square([trial.missed[at] for at in shared]).mean()) if trial.missed else math.nan
        told = {"forecaster": trial.forecaster, "lag": trial.lag, "error": error}
        weighed = {"saves": trial.saves, "adds": trial.adds}
        return told | {name: share for name, share in weighed.items() if share is not None}

    return tuple(row(trial) for trial in trials if shared)


def _held_out(
    forecaster: Any, windows: Windows, train: Callable[[Any, Windows], Forecast], targets: np.ndarray
) -> dict[tuple[int, int], np.ndarray]:
    """Return what the forecast of every held-out window missed, (target,).

    An exact fit is held against all folds; one that is trained step by step against the middle one.
    """
    splits = list(folds(windows))
    found: dict[tuple[int, int], np.ndarray] = {}
    for seen, unseen in splits if forecaster == "linear" else splits[len(splits) // 2 :][:1]:
        forecast = train(forecaster, windows.subset(seen))
        held = windows.subset(unseen)
        missed = (held.y - forecast(held.x))[:, targets]
        found.update(zip(zip(held.trajectory.tolist(), held.time.tolist(), strict=True), missed, strict=True))
    return found


def _saves(trial: _Trial, other: _Trial) -> float:
    """Return the share of the other's error that the trial saves, on the windows both forecast."""
    here, there = trial.beside(other)
    before = np.square(there).sum()
    return float(1 - np.square(here).sum() / before) if before > 0 else 0.0


def _adds(trial: _Trial, simpler: _Trial) -> bool:
    """Return whether the trial knows what the simpler one does not, and note on it what a mixture of both saves.

    The mixture is ``simpler + a (trial - simpler)`` with the best ``a`` in [0, 1], one number for all.
    """
    here, there = trial.beside(simpler)
    apart = there - here  # forecast of the trial - forecast of the simpler one
    size, before = np.square(apart).sum(), np.square(there).sum()
    if not size or not before:
        trial.adds = 0.0
        return False
    covariance = (there * apart).sum(axis=1)
    share = min(max(covariance.sum() / size, 0.0), 1.0)
    trial.adds = float(1 - np.square(there - share * apart).sum() / before)
    if len(covariance) < FEWEST_HELD:
        return False
    spread = covariance.std(ddof=1) * np.sqrt(len(covariance))
    return bool(trial.adds > ADDS and covariance.sum() > SURELY * spread)


def _is_much_better(trial: _Trial, other: _Trial) -> bool:
    """Return whether the trial's error is surely much lower than the other's, and note on it what it saves."""
    trial.saves = _saves(trial, other)
    here, there = trial.beside(other)
    saved = (np.square(there) - np.square(here)).sum(axis=1)
    if len(saved) < FEWEST_HELD:
        return False
    return bool(trial.saves > BENDS_BETTER and saved.sum() > SURELY * saved.std(ddof=1) * np.sqrt(len(saved)))
