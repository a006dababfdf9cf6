"""How easily a source without influence would forecast its target as well: a p-value for each pair.

For a pair *i -> j* the series *i* is replaced by surrogates of it (:mod:`grngc.confidence.surrogates`), one after the
other. The mean of the forecasts over them is the forecast of *j* without *i*; what it misses, in windows that the
forecaster did not see, is compared with what is *i*'s own, in two ways:

* **straight**: do they covary? ``u = sum over windows of missed * own``, one number a lag, and
  ``u' (sum of missed^2 own own')^-1 u`` is chi-squared where they do not (the generalised covariance measure).
* **bent**: does what *i* changes in the forecast of a forecaster trained on *earlier parts only* go in the direction of
  what was missed? ``z = sum of missed * change / sqrt(sum of (missed * change)^2)`` is standard normal where it does
  not, for no part is judged by what was learned from it or from later ones. Only for forecasters that bend.

Both are computed for the record and for its surrogates. Being standardised they have one distribution for all pairs, so
the surrogates' of all pairs together say how much wider than normal it is, and p-values are widened accordingly. A
forecaster that bends has the smaller of both p-values, doubled (Bonferroni).

References
----------
R. Shah, J. Peters, The hardness of conditional independence testing and the generalised covariance measure, Ann. Stat.
48 (2020). D. Watson, M. Wright, Testing conditional independence in supervised learning algorithms, Mach. Learn. 110
(2021): forecasts with a source against forecasts with a surrogate of it. A. Dawid, Present position and potential
developments: the prequential approach, J. R. Stat. Soc. A 147 (1984): earlier parts judged by later ones.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from scipy.stats import chi2, norm

from ..forecasters import Linear
from ..windows import Windows
from .freed import basis_of, basis_without, freed, strongest
from .refits import Refit

SURROGATES = 20
"""Of each source. All pairs are pooled: 10 series give 1,800."""

AVERAGED = 5
"""Surrogates whose mean forecast stands for the forecast without the source, where forecasts are expensive."""

LEVELS = {0.95: 200, 0.99: 2000}
"""Quantiles at which the surrogates' spread is compared with the normal one, and the values needed for it."""


@dataclass(frozen=True, eq=False)
class Held:
    """One part that was held out.

    Attributes
    ----------
    at : int array (window,)
        Its windows.
    others : Refit
        Trained on all other parts.
    earlier : Refit, optional
        Trained on earlier parts only; None for the first part, and where training diverged.
    """

    at: np.ndarray
    others: Refit
    earlier: Refit | None = None


@dataclass(frozen=True, eq=False)
class PairTests:
    """p-values (target, source), NaN where none; how many times wider than normal surrogates are, by statistic."""

    p: np.ndarray
    widened: dict[str, float]
    n_surrogates: int


def test_pairs(
    windows: Windows,
    parts: Sequence[Held],
    own: np.ndarray,
    turned: np.ndarray,
    among: np.ndarray,
    bends: bool,
) -> PairTests:
    """Return a p-value for each ordered pair.

    Parameters
    ----------
    windows : Windows
        Scaled.
    parts : sequence of Held
        In order of time or of trajectories.
    own : array (window, lag, series)
        :func:`grngc.confidence.surrogates.own_part` of the windows.
    turned : int array (surrogate, window, series)
        Whose own part each window is given, of each source.
    among : bool array (target, source)
        Pairs that are tested: the others could have no influence.
    bends : bool
        Whether the forecaster does; otherwise the straight statistic says all.
    """
    p = windows.y.shape[1]
    helds = [windows.subset(part.at) for part in parts]
    strong = [strongest(part.others, held, among) for part, held in zip(parts, helds, strict=True)]
    bases = [basis_of(held, reads) for held, reads in zip(helds, strong, strict=True)]
    used = np.concatenate([part.at for part in parts])
    straight, bent = np.zeros((len(turned) + 1, p, p)), np.zeros((len(turned) + 1, p, p))
    for i in map(int, np.flatnonzero(among.any(axis=0))):
        drawn = np.concatenate([own[None, :, :, i], own[turned[:, :, i], :, i]])  # (record and surrogates, window, lag)
        missed = [
            unexplained(held, part.others, i, drawn[:, part.at], basis_without(i, basis, held, reads))
            for part, held, basis, reads in zip(parts, helds, bases, strong, strict=True)
        ]
        straight[:, :, i] = _straight(np.concatenate(missed), drawn[:, used])
        if bends:
            bent[:, :, i] = _bent(windows, parts, i, drawn, missed)
    width = {"straight": spread(straight[1:][:, among])}
    p_values = norm.sf(straight[0] / width["straight"])
    if bends:
        width["bent"] = spread(bent[1:][:, among])
        p_values = np.minimum(1, 2 * np.minimum(p_values, norm.sf(bent[0] / width["bent"])))
    return PairTests(np.where(among, p_values, math.nan), width, len(turned))


def unexplained(held: Windows, refit: Refit, source: int, drawn: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """Return what forecasts without a source miss, (window, target)."""
    some = drawn[:: max(1, len(drawn) // AVERAGED)]
    if isinstance(refit.forecaster, Linear):  # the mean of its forecasts is its forecast of the mean
        some = np.stack([drawn[0], drawn.mean(axis=0)])
        without = next(islice(forecasts(held.x, refit, source, some), 1, None))
    else:
        without = np.mean(list(forecasts(held.x, refit, source, some)), axis=0)
    return freed(held.y - without, basis)


def forecasts(x: np.ndarray, refit: Refit, source: int, drawn: np.ndarray) -> Iterator[np.ndarray]:
    """Yield forecasts (window, target) with a source's own part as drawn (draw, window, lag), the record's first."""
    for own in drawn:
        moved = x.copy()
        moved[:, :, source] += own - drawn[0]
        yield refit.forecast(moved).astype(float)


def _straight(missed: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Return the covariance statistic as a standard normal's upper tail, (draw, target)."""
    draws, n, lags = drawn.shape
    side_by_side = drawn.transpose(1, 0, 2).reshape(n, draws * lags)
    sums = (missed.T @ side_by_side).reshape(-1, draws, lags).transpose(1, 0, 2)
    products = (drawn[:, :, :, None] * drawn[:, :, None, :]).transpose(1, 0, 2, 3).reshape(n, draws * lags * lags)
    spreads = (np.square(missed).T @ products).reshape(-1, draws, lags, lags).transpose(1, 0, 2, 3)
    size = np.einsum("djkk->dj", spreads)[..., None, None]
    spreads = spreads + (1e-9 * size + np.finfo(float).tiny) * np.eye(lags)
    statistic = np.einsum("djk,djk->dj", sums, np.linalg.solve(spreads, sums[..., None])[..., 0])
    return _normal(chi2.sf(statistic, lags))


def _bent(
    windows: Windows, parts: Sequence[Held], source: int, drawn: np.ndarray, missed: Sequence[np.ndarray]
) -> np.ndarray:
    """Return the sums of missed times what the source changes in forecasts of earlier parts, standardised."""
    total = squares = np.zeros((len(drawn), windows.y.shape[1]))
    for part, error in zip(parts, missed, strict=True):
        if part.earlier is not None:
            made = np.stack(list(forecasts(windows.x[part.at], part.earlier, source, drawn[:, part.at])))
            products = (made - made.mean(axis=0)) * error
            total = total + products.sum(axis=1)
            squares = squares + np.square(products).sum(axis=1)
    return total / np.sqrt(np.maximum(squares, np.finfo(float).tiny))


def spread(surrogates: np.ndarray) -> float:
    """Return how many times wider than standard normal the upper tail of the surrogates' statistics is, at least 1."""
    values = np.ravel(surrogates)
    wider = [np.quantile(values, level) / norm.ppf(level) for level, least in LEVELS.items() if len(values) >= least]
    return float(max(1.0, *wider)) if wider else 1.0


def _normal(p: np.ndarray) -> np.ndarray:
    """Return the standard normal's value with this upper tail."""
    return norm.isf(np.clip(p, np.finfo(float).tiny, 1 - 1e-12))
