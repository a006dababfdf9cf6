"""A path of penalties, from the smallest at which no series is a source of another down to a hundredth of it.

A linear forecaster is solved for at every point, starting from the point before: on the whole record, on the folds of
:mod:`grngc.folds` and on halves. One that is trained goes on from the point before with fewer steps, on one fold.
Which point to take is said by :mod:`grngc.penalty_rules`.

References
----------
J. Friedman, T. Hastie, R. Tibshirani, Regularization paths for generalized linear models via coordinate descent, J.
Stat. Softw. 33 (2010): the largest penalty, a geometric path, warm starts.
"""

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np

from .errors import DivergenceError, InputError
from .floor import ADAM_FLOOR, centred
from .folds import folds
from .lasso import NEARLY, Covariance, penalised_linear
from .penalty_rules import PenaltyPath
from .windows import Windows

POINTS = 20
TRAINED_POINTS = 10
"""Each of these is a training."""

DECADES = 2.0

ROUNDING = 1e-7
"""By this share the first point is above the largest penalty, so that rounding brings no edge in."""

PATIENCE = 4
"""Points in a row of more than the least held-out error by ``RISEN`` after which the path ends: what follows is denser,
slower, and no rule's choice."""

RISEN = 0.005

HALVINGS = 2
"""Ways to halve the record."""

BLOCKS = 10
"""Blocks of time that a trajectory is cut into to be halved, where there are fewer trajectories than four."""

FEW_UNITS = 10
"""Trajectories from which on errors count by trajectory: those of one share what happened to it."""

EXTENDED = 0.5
"""The extended criterion's gamma."""


class Trained(Protocol):
    """What the path reads of a training; :class:`grngc.fitting.Fitted` is one."""

    @property
    def lag_scores(self) -> np.ndarray:
        """(target, lag, source)."""

    def forecast(self, x: np.ndarray) -> np.ndarray:
        """(window, lag, series) -> (window, series)."""


def largest_penalty(windows: Windows, penalised: np.ndarray, admitted: np.ndarray, *, input_noise: float) -> np.ndarray:
    """Return for each target the smallest penalty at which all that is penalised is exactly 0, (target,).

    From the optimality condition of the lasso: twice the largest covariance of an input with what the inputs that are
    not penalised, the own past usually, leave unexplained. For a linear forecaster this is exact; for one that is
    trained a cheap place to start from, since what bends adds to what a straight line finds.

    Parameters
    ----------
    windows : Windows
        Their means do not matter.
    penalised : array (target, lag, source)
        Weight of each coefficient at penalty 1; 0 where free.
    admitted : bool array (target, lag, source)
        Which coefficients may differ from 0.
    input_noise : float
        As for :func:`grngc.lasso.penalised_linear`.
    """
    windows = centred(windows)
    _, left = _free(windows, penalised, admitted, input_noise)
    covariance = np.abs(np.einsum("nj,nli->jli", left, windows.x)) / len(windows)
    judged = admitted & (penalised > 0)
    return 2 * np.divide(covariance, penalised, out=np.zeros_like(covariance), where=judged).max(axis=(1, 2))


def geometric(largest: float, points: int) -> np.ndarray:
    """Return so many penalties from the largest down to a hundredth of it, each the same share of the one before."""
    if not largest > 0:
        raise InputError("there is nothing to penalise: no series helps to forecast another; give penalty as a number")
    return (1 + ROUNDING) * largest * 10.0 ** -np.linspace(0, DECADES, points)


def linear_path(
    windows: Windows,
    penalised: np.ndarray,
    admitted: np.ndarray,
    *,
    input_noise: float,
    rate: float,
    random_state: int = 0,
    patience: int | None = PATIENCE,
    points: int = POINTS,
) -> PenaltyPath:
    """Solve for the linear forecaster along the path.

    Parameters
    ----------
    windows : Windows
        Scaled. Their means do not matter.
    penalised, admitted, input_noise
        As for :func:`largest_penalty`. Targets without anything admitted, the exogenous ones, are not judged.
    rate : float
        As in :class:`~grngc.penalty_rules.PenaltyPath`.
    random_state : int
        Of the halves.
    patience : int, optional
        See ``PATIENCE``; None: all points, whatever the errors.
    points : int

    Raises
    ------
    InputError
        The record is too short to hold any of it out, or there is nothing to penalise.
    """
    told = (penalised, admitted, input_noise)
    penalties = geometric(largest_penalty(windows, *told[:2], input_noise=input_noise).max(), points)
    whole = _Descent(windows, *told)
    parts = [(_Descent(windows.subset(seen), *told), windows.subset(unseen)) for seen, unseen in folds(windows)]
    halves = [tuple(_Descent(windows.subset(half), *told) for half in pair) for pair in _halves(windows, random_state)]
    pairs, targets = _between(penalised, admitted), np.asarray(admitted.any(axis=(1, 2)))
    missed, edges, criteria, unlike = [], [], [], []
    for penalty in penalties:
        found = whole.to(penalty)
        edges.append(int((_drawn(found) & pairs).sum()))
        criteria.append(_criteria(whole, found, targets))
        unlike.append(np.mean([(_drawn(a.to(penalty)) ^ _drawn(b.to(penalty)))[pairs].mean() for a, b in halves]))
        missed.append(np.concatenate([part.missed(held, penalty)[:, targets].mean(axis=1) for part, held in parts]))
        if patience and _risen([float(each.mean()) for each in missed], patience):
            break
    bic, ebic = np.array(criteria).T
    errors, spread, apart = _judged(missed, np.concatenate([held.trajectory for _, held in parts]))
    at, unstable = penalties[: len(errors)], np.array(unlike)
    return PenaltyPath(at, errors, spread, apart, np.array(edges), rate, bic=bic, ebic=ebic, disagreement=unstable)


def trained_path(
    windows: Windows,
    penalised: np.ndarray,
    admitted: np.ndarray,
    train: Callable[[float, Windows, Any], Trained],
    *,
    input_noise: float,
    rate: float,
    points: int = TRAINED_POINTS,
) -> PenaltyPath:
    """Train along the path, on all but the middle fold.

    Parameters
    ----------
    windows, penalised, admitted
        As for :func:`linear_path`.
    train : callable
        (penalty per output, windows, what it returned at the point before or None) -> the forecaster, trained on from
        that one. A training that runs away ends the path.
    input_noise, rate
        As for :func:`linear_path`.
    points : int
    """
    penalties = geometric(largest_penalty(windows, penalised, admitted, input_noise=input_noise).max(), points)
    splits = list(folds(windows))
    seen, unseen = splits[len(splits) // 2]
    known, held = windows.subset(seen), windows.subset(unseen)
    pairs, targets = _between(penalised, admitted), np.asarray(admitted.any(axis=(1, 2)))
    missed, edges = [], []
    before: Trained | None = None
    for penalty in penalties:
        try:
            before = train(float(penalty), known, before)
        except DivergenceError:
            if before is None:
                raise
            break
        missed.append(np.square(held.y - before.forecast(held.x))[:, targets].mean(axis=1))
        edges.append(int(((before.lag_scores.max(axis=1) > ADAM_FLOOR) & pairs).sum()))
        if _risen([float(each.mean()) for each in missed], PATIENCE):
            break
    errors, spread, apart = _judged(missed, held.trajectory)
    return PenaltyPath(penalties[: len(errors)], errors, spread, apart, np.array(edges), rate)


class _Descent:
    """Coefficients of one set of windows at falling penalties, each solved for from the ones before."""

    def __init__(self, windows: Windows, penalised: np.ndarray, admitted: np.ndarray, input_noise: float) -> None:
        self.windows, self.means = centred(windows), (windows.x.mean(axis=0), windows.y.mean(axis=0))
        self.penalised, self.admitted, self.input_noise = penalised, admitted, input_noise
        self.covariance = Covariance(self.windows.x, input_noise)
        self.at, _ = _free(self.windows, penalised, admitted, input_noise)

    def to(self, penalty: float) -> np.ndarray:
        """Return the coefficients (target, lag, source)."""
        self.at, _ = penalised_linear(
            self.windows.x, self.windows.y, penalty * self.penalised, admitted=self.admitted,
            input_noise=self.input_noise, effort=NEARLY, start=self.at, covariance=self.covariance,
        )  # fmt: skip
        return self.at

    def missed(self, held: Windows, penalty: float) -> np.ndarray:
        """Return the squared errors (window, target) of forecasts of other windows."""
        x, y = self.means
        return np.square(held.y - y - _forecast(self.to(penalty), held.x - x))


def _free(
    windows: Windows, penalised: np.ndarray, admitted: np.ndarray, input_noise: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the coefficients of what is not penalised, alone, and what they leave unexplained (window, target)."""
    flat, found = windows.x.reshape(len(windows), -1), np.zeros((len(penalised), penalised[0].size))
    for target, free in enumerate((admitted & (penalised == 0)).reshape(found.shape)):
        inputs = flat[:, free]
        square = inputs.T @ inputs / len(flat) + input_noise**2 * np.eye(inputs.shape[1])
        found[target, free] = np.linalg.lstsq(square, inputs.T @ windows.y[:, target] / len(flat), rcond=None)[0]
    found = found.reshape(penalised.shape)
    return found, windows.y - _forecast(found, windows.x)


def _forecast(coefficients: np.ndarray, x: np.ndarray) -> np.ndarray:
    return x.reshape(len(x), -1) @ coefficients.reshape(len(coefficients), -1).T


def _drawn(coefficients: np.ndarray) -> np.ndarray:
    """Return which pairs (target, source) have a coefficient."""
    return (coefficients != 0).any(axis=1)


def _between(penalised: np.ndarray, admitted: np.ndarray) -> np.ndarray:
    """Return the pairs of two series (target, source) that the path decides on."""
    return (admitted & (penalised > 0)).any(axis=1) & ~np.eye(len(penalised), dtype=bool)


def _criteria(whole: _Descent, found: np.ndarray, targets: np.ndarray) -> tuple[float, float]:
    """Return the Bayesian information criterion and the extended one; every coefficient but 0 is a parameter."""
    n, inputs = len(whole.windows), found[0].size
    left = np.square(whole.windows.y - _forecast(found, whole.windows.x)).sum(axis=0)[targets]
    used = np.count_nonzero(found, axis=(1, 2))[targets]
    if (used >= n / 2).any() or (left <= 0).any():
        return np.inf, np.inf
    bic = float((n * np.log(left / n) + used * np.log(n)).sum())
    return bic, bic + float(2 * EXTENDED * used.sum() * np.log(inputs))


def _halves(windows: Windows, random_state: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield pairs of masks (window,): half of the trajectories, or half of the blocks of time, and the others."""
    rng = np.random.default_rng(random_state)
    trajectories, unit = np.unique(windows.trajectory, return_inverse=True)
    if len(trajectories) < 4:
        unit = np.zeros(len(windows), dtype=int)
        for trajectory in trajectories:
            for block in np.array_split(np.flatnonzero(windows.trajectory == trajectory), BLOCKS):
                unit[block] = unit.max() + 1
    units = np.unique(unit)
    for _ in range(HALVINGS):
        half = np.isin(unit, rng.permutation(units)[: len(units) // 2])
        yield half, ~half


def _risen(errors: list[float], patience: int) -> bool:
    """Return whether the last errors, so many of them, are all clearly above the least."""
    return len(errors) > patience and min(errors[-patience:]) > (1 + RISEN) * min(errors)


def _judged(missed: list[np.ndarray], trajectory: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the mean, its standard error and that of its difference to the least, each (point,).

    ``missed`` holds the squared error of every held-out window, (window,) at each point.
    """
    each = np.array(missed)
    errors = each.mean(axis=1)
    units, (trajectories, which) = each, np.unique(trajectory, return_inverse=True)
    if len(trajectories) >= FEW_UNITS:  # each trajectory's part in the mean over windows
        own = np.stack([np.bincount(which, weights=one - one.mean()) for one in each])
        units = errors[:, None] + own * (len(trajectories) / len(trajectory))
    n = units.shape[1]
    spread, apart = (part.std(axis=1, ddof=min(1, n - 1)) for part in (units, units - units[errors.argmin()]))
    return errors, spread / np.sqrt(n), apart / np.sqrt(n)
