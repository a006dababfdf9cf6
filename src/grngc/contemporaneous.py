"""Which series move together *within* one time step, for records sampled too slowly for their couplings.

Where couplings act faster than the record is sampled (fMRI, one volume every few seconds), the past of the other series
forecasts nothing, but their present does. Then, and only then, the present is read too: each target is regressed on
its own past, the others' past and the others' *present* at once. A partial association at one moment has no
direction: the coefficients of i on j and of j on i come from the same one. See decision 0013.

References
----------
C. W. J. Granger, Investigating causal relations by econometric models and cross-spectral methods, Econometrica 37
(1969): instantaneous causality, and that slow sampling makes it.
N. Meinshausen, P. Bühlmann, High-dimensional graphs and variable selection with the lasso, Ann. Stat. 34 (2006): one
penalised regression a target.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .errors import InputError
from .floor import ADAM_FLOOR, FEWEST_WINDOWS, MARGIN, SURROGATES, centred, rings
from .folds import folds
from .lasso import EXACT, ROUGH, Effort, nearness, penalised_linear
from .rules import Rules
from .windows import Windows

PRESENT_PAYS = 0.05
"""Share of the held-out error that the others' present must save to be used."""

PASTS_PAY = 0.02
"""Where the others' pasts save this share of the held-out error or more, the record is sampled fast enough to see which
series moves first, and the present is left alone."""

IN_STEP = 0.05
"""Share of the windows in which two series of a surrogate may be in step, and their score still count as chance."""

Fit = Callable[[Windows, np.ndarray, np.ndarray], np.ndarray]
"""Centred windows, weights and admitted (target, lag, source) -> coefficients (target, lag, source)."""


@dataclass(frozen=True)
class Present:
    """Whether the others' present is used, and what forecasts of windows held out say about it.

    Attributes
    ----------
    used : bool
    present_saves : float
        Share of the squared error of linear forecasts from all pasts that the others' present saves. NaN where it was
        not looked at, or the record is too short to hold any of it out.
    pasts_save : float
        Share of the squared error of linear forecasts from the own past alone that the others' pasts save; NaN too.
    """

    used: bool
    present_saves: float = math.nan
    pasts_save: float = math.nan


def weigh_present(
    windows: Windows,
    weigh: Callable[[Windows], np.ndarray],
    rules: Rules,
    *,
    norm: str,
    input_noise: float,
) -> Present:
    """Decide by linear forecasts of windows held out whether the present tells what the pasts do not.

    Parameters
    ----------
    windows : Windows
        Their means do not matter, here and below.
    weigh : callable
        Windows -> the penalty's weight of each entry (target, lag, source), per output; 0 where free. Asked for the
        windows of every fold: the automatic penalty depends on their number.
    rules : Rules
        A source that is forbidden is so at every lag, the present too.
    norm : {"l1", "frobenius"}
    input_noise : float
        As in training: a ridge, on the present too.
    """
    fit, targets = _solver(norm, input_noise, ROUGH, rules), rules.targets

    def missed(known: Windows, held: Windows, weights: np.ndarray, admitted: np.ndarray) -> float:
        found = fit(centred(known), weights, admitted)
        forecast = np.einsum("jli,nli->nj", found, held.x - known.x.mean(axis=0)) + known.y.mean(axis=0)
        return float(np.square(held.y - forecast)[:, targets].sum())

    errors = np.zeros(3)
    try:
        for seen, unseen in folds(windows):
            known, held = windows.subset(seen), windows.subset(unseen)
            weights = weigh(known)
            every = np.ones_like(weights, dtype=bool) & rules.allowed[:, None]
            own = every & np.eye(len(targets), dtype=bool)[:, None]
            pair = _with_present(known), _with_present(held)
            errors += [
                missed(known, held, weights, own),
                missed(known, held, weights, every),
                missed(*pair, _weights_with_present(weights), _admitted_with_present(every)),
            ]
    except InputError:
        return Present(False)  # too short a record to hold any of it out
    from_own, from_pasts, from_present = errors
    if min(from_own, from_pasts) <= 0:
        return Present(False)
    present_saves, pasts_save = 1 - from_present / from_pasts, 1 - from_pasts / from_own
    used = present_saves > PRESENT_PAYS and pasts_save < PASTS_PAY
    return Present(bool(used), float(present_saves), float(pasts_save))


def present_coefficients(
    windows: Windows, weights: np.ndarray, rules: Rules, *, norm: str, input_noise: float
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the coefficients of the others' present (target, source), and how near those of 0 are to entering.

    Entries of a series on itself and rows of exogenous series are 0. An exogenous series may be a source: what it is at
    the moment is known. Nearness is :func:`grngc.lasso.nearness`; None for a squared norm, which leaves nothing out.

    Parameters
    ----------
    windows, rules, norm, input_noise
        As for :func:`weigh_present`.
    weights : array (target, lag, source)
        The penalty's, per output. The present of another series costs what its last step does.
    """
    task, joint = centred(_with_present(windows)), _weights_with_present(weights)
    every = np.ones_like(weights, dtype=bool) & rules.allowed[:, None]
    admitted = _admitted_with_present(every) & rules.targets[:, None, None]
    found = _solver(norm, input_noise, EXACT, rules)(task, joint, admitted)
    if norm != "l1":
        return found[:, 0], None
    return found[:, 0], (nearness(task.x, task.y, found, joint, input_noise=input_noise) * admitted)[:, 0]


def present_floor(
    windows: Windows,
    weights: np.ndarray,
    rules: Rules,
    *,
    norm: str,
    collapse: Callable[[np.ndarray], np.ndarray],
    input_noise: float,
    random_state: int,
) -> float:
    """Return what scores with a contemporaneous part stay below where nothing is coupled; see :mod:`grngc.floor`.

    In the surrogates every series keeps its own past and present and is moved away from the others in time
    (:func:`moved_apart`). Both fits are made on each; the statistic is the graph's, the largest sum of collapsed lagged
    coefficients and the present one, of pairs that were moved apart.

    Parameters
    ----------
    windows, weights, rules, norm, input_noise
        As for :func:`present_coefficients`.
    collapse : callable
        (target, lag, source) -> (target, source), as for the graph.
    random_state : int
    """
    if len(windows) < FEWEST_WINDOWS:
        return math.inf
    between = rules.pairs & ~rules.required
    if not between.any():
        return ADAM_FLOOR
    rng = np.random.default_rng(random_state)
    fit = _solver(norm, input_noise, ROUGH, rules)
    every, joint = np.ones_like(weights, dtype=bool) & rules.allowed[:, None], _weights_with_present(weights)
    task = centred(windows)

    def largest() -> float:
        made, in_step = moved_apart(task, rng)
        apart = between & (in_step <= max(IN_STEP, in_step[between].min()))
        lagged = fit(made, weights, every)
        present = fit(_with_present(made), joint, _admitted_with_present(every))[:, 0]
        return float((collapse(np.abs(lagged)) + np.abs(present))[apart].max())

    return float(ADAM_FLOOR + MARGIN * np.median([largest() for _ in range(SURROGATES)]))


def moved_apart(windows: Windows, rng: np.random.Generator) -> tuple[Windows, np.ndarray]:
    """Return windows in which each series is in step with its own past, and with few others; and with which.

    Every series is turned in the rings of :func:`grngc.floor.rings`: at times that trajectories share by as many
    trajectories as no other series where there are enough of them, so that a transient of all experiments stays one;
    otherwise within each trajectory, by stretches that are spread evenly. Drawn at random, some two of them would often
    be alike, and two coupled series would stay in step. The array (series, series) is the share of windows in which two
    series still are, which is more than a little for some where series are more than trajectories, or than windows.
    """
    p, n = windows.y.shape[1], len(windows)
    found = rings(windows, rng)
    by, in_step = np.empty((n, p), dtype=int), np.zeros((p, p))

    def turn(places: np.ndarray, steps: np.ndarray, size: int) -> None:
        by[places] = steps
        in_step[:] += np.equal.outer(steps % size, steps % size) * (len(places) / n)

    most = max((found.size[places[0]] for places in found.together), default=0)
    steps = rng.permutation(p) % most if most else np.zeros(p, dtype=int)
    for places in found.together:
        turn(places, steps, found.size[places[0]])
    for places in found.alone:
        turn(places, ((rng.permutation(p) + rng.random()) * len(places) / p).astype(int), len(places))
    order = found.turned(by)
    rows, series, lags = order[:, None, :], np.arange(p), np.arange(windows.x.shape[1])[:, None]
    return replace(windows, x=windows.x[rows, lags, series], y=windows.y[order, series]), in_step


def _solver(norm: str, input_noise: float, effort: Effort, rules: Rules) -> Fit:
    told: dict[str, Any] = {"norm": norm, "input_noise": input_noise, "effort": effort, "parts": rules.parts}

    def fit(task: Windows, weights: np.ndarray, admitted: np.ndarray) -> np.ndarray:
        return penalised_linear(task.x, task.y, weights, admitted=admitted, **told)[0]

    return fit


def _with_present(windows: Windows) -> Windows:
    """Return windows that begin with the present: in this file, and nowhere else, index 0 may be lag 0."""
    return replace(windows, x=np.concatenate([windows.y[:, None], windows.x], axis=1))


def _weights_with_present(weights: np.ndarray) -> np.ndarray:
    return np.concatenate([weights[:, :1], weights], axis=1)


def _admitted_with_present(admitted: np.ndarray) -> np.ndarray:
    """Put before what is admitted (target, lag, source) the present of all others that are admitted at some lag."""
    others = ~np.eye(len(admitted), dtype=bool) & admitted.any(axis=1)
    return np.concatenate([others[:, None], admitted], axis=1)
