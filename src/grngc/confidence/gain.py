"""Whether the other series help to forecast at all: for each target, and for the whole record.

All other series are replaced at once by surrogates that keep what the target's own past tells of them and are put at
another time. The mean of the forecasts over surrogates is the forecast without the others; what it misses in windows
that the forecaster did not see is compared with what the others change in the forecast (``bent`` in
:mod:`grngc.confidence.pairs`, for forecasters of every kind).

References
----------
Y. Chong, D. Hendry, Econometric evaluation of linear macro-economic models, Rev. Econ. Stud. 53 (1986): encompassing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from ..forecasters import Linear
from ..windows import Windows
from .freed import basis_of, freed
from .pairs import AVERAGED, Held, spread
from .refits import Refit

SURROGATES = 8


@dataclass(frozen=True, eq=False)
class Gain:
    """What others' pasts add to forecasts of windows held out.

    Attributes
    ----------
    saves : array (target,)
        Share of the squared error of forecasts without the others that a mixture with those that read them saves; NaN
        for exogenous series.
    p : array (target,)
        Chance of that where the others tell nothing.
    saves_in_all, p_in_all : float
        The same over all targets together, in units of the scaling.
    """

    saves: np.ndarray
    p: np.ndarray
    saves_in_all: float
    p_in_all: float


def weigh_others(windows: Windows, parts: Sequence[Held], turned: np.ndarray, targets: np.ndarray) -> Gain:
    """Return what the others add to the forecast of each target.

    Parameters
    ----------
    windows : Windows
        Scaled.
    parts : sequence of Held
    turned : int array (surrogate, window, target)
        Whose others each window is given, for each target.
    targets : bool array (target,)
    """
    p, draws = windows.y.shape[1], len(turned) + 1
    errors, changes = np.zeros((3, p)), [np.zeros((draws, 0, p))]  # errors: without, gained by a mixture
    for part in parts:
        held = windows.subset(part.at)
        basis = basis_of(held)
        made = np.stack([_forecasts(windows, part.at, part.others, j, turned[:AVERAGED]) for j in range(p)], axis=-1)
        without = made.mean(axis=0)
        missed, apart = freed(held.y - without, basis), made[0] - without
        errors += [np.square(missed).sum(axis=0), (missed * apart).sum(axis=0), np.square(apart).sum(axis=0)]
        if part.earlier is not None:
            made = np.stack([_forecasts(windows, part.at, part.earlier, j, turned) for j in range(p)], axis=-1)
            changes.append((made - made.mean(axis=0)) * missed)
    products = np.concatenate(changes, axis=1) * targets
    each, all_targets = _standardised(products), _standardised(products.sum(axis=2, keepdims=True))
    tails = norm.sf(each[0] / spread(each[1:][:, targets]))
    whole = norm.sf(all_targets[0, 0] / spread(each[1:][:, targets]))
    with np.errstate(invalid="ignore"):
        tails, saves = np.where(targets, tails, np.nan), np.where(targets, _saved(*errors), np.nan)
    return Gain(saves, tails, float(_saved(*(part[targets].sum() for part in errors))), float(whole))


def _forecasts(windows: Windows, at: np.ndarray, refit: Refit, target: int, turned: np.ndarray) -> np.ndarray:
    """Return forecasts (draw, window) of a target, the record's and with the others from other times."""
    x = windows.x
    n, lags, p = x.shape
    own = np.concatenate([np.ones((n, 1)), x[:, :, target]], axis=1)
    others = np.arange(p) != target
    if isinstance(refit.forecaster, Linear):  # all that matters of the others is their part of the forecast
        weight = refit.forecaster.direct.weight.detach().cpu().numpy().reshape(p, lags, p)[target][:, others]
        part = np.einsum("nli,li->n", x[:, :, others], weight)
        rest = part - own @ np.linalg.lstsq(own, part, rcond=None)[0]
        moved = np.stack([np.zeros(len(at)), *(rest[order[at, target]] - rest[at] for order in turned)])
        return refit.forecast(x[at])[:, target] + moved
    flat = x[:, :, others].reshape(n, -1)
    rest = (flat - own @ np.linalg.lstsq(own, flat, rcond=None)[0]).reshape(n, lags, p - 1)
    made = [refit.forecast(x[at])[:, target]]
    for order in turned:
        moved = x[at].copy()
        moved[:, :, others] += rest[order[at, target]] - rest[at]
        made.append(refit.forecast(moved)[:, target])
    return np.stack(made).astype(float)


def _saved(without: np.ndarray, covariance: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Return the share saved by ``forecast without + a (forecast - forecast without)`` at the best ``a`` in [0, 1]."""
    share = np.clip(covariance / np.where(size > 0, size, 1), 0, 1)
    return (2 * share * covariance - share**2 * size) / np.where(without > 0, without, 1)


def _standardised(products: np.ndarray) -> np.ndarray:
    """Return sums (draw, target) of products (draw, window, target) over their root sum of squares."""
    squares = np.square(products).sum(axis=1)
    return products.sum(axis=1) / np.sqrt(np.maximum(squares, np.finfo(float).tiny))
