"""What a method scores where nothing is coupled: the method itself, on surrogates of the record.

In a surrogate every series is moved in time by itself: dynamics are kept, couplings are not. The largest score that a
surrogate gives is one draw of the largest score by chance, whatever the unit of scores. Largest values follow an
extreme-value distribution, Gumbel's for light tails; a few draws tell its place and width, and so where the largest
score of a record of unrelated series hardly ever is. See decision 0024, which has the measured rates.

References
----------
E. J. Gumbel, Statistics of Extremes, Columbia University Press (1958).
P. H. Westfall, S. S. Young, Resampling-based multiple testing, Wiley (1993): the largest statistic of all.
R. Quian Quiroga, A. Kraskov, T. Kreuz, P. Grassberger, Performance of different synchronization measures in real data,
Phys. Rev. E 65 (2002): series shifted against each other.
"""

import math
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone

from .errors import DivergenceError
from .execution import Job, run
from .floor import FEWEST_WINDOWS, rings
from .panel import Panel
from .training import Progress
from .windows import Windows

APART = 0.1
"""Share of a trajectory by which two series are moved against each other, at least, either way."""

ALARM, ONE_IN = 0.05, 15
"""Share of records of unrelated series in which any score is above the floor, were surrogates independent draws; and
one in how many it is as measured, for a record has only so many ways to be shifted (decision 0024)."""

FEWEST_SURROGATES = 3
"""Of two, place and width of a distribution cannot be told."""

DRAWS = 200_000
"""Of the simulation behind :func:`reach`: three digits of it."""


def floor_of(largest: np.ndarray) -> float:
    """Return the score that unrelated series stay below, from the largest score (surrogate,) of each surrogate.

    Their mean, and :func:`reach` standard deviations more: the prediction limit for one more draw of a Gumbel
    distribution, at ``1 - ALARM``. Infinite where a surrogate gave no score.
    """
    if not np.isfinite(largest).all():
        return math.inf
    return float(largest.mean() + reach(len(largest)) * largest.std(ddof=1))


@cache
def reach(n: int) -> float:
    """Return by how many standard deviations of n Gumbel draws above their mean one more draw lies, at the most.

    Exceeded with probability ``ALARM``. By simulation, the same every time: 3.0 for n = 5, 2.4 for 10, 1.87 for many.
    """
    rng = np.random.default_rng(0)
    place, square = np.zeros(DRAWS), np.zeros(DRAWS)
    for _ in range(n):
        draw = rng.gumbel(size=DRAWS)
        place += draw / n
        square += draw**2
    width = np.sqrt((square - n * place**2) / (n - 1))
    return float(np.quantile((rng.gumbel(size=DRAWS) - place) / width, 1 - ALARM))


def largest_by_chance(
    estimator: BaseEstimator,
    panel: Panel,
    surrogates: int,
    *,
    random_state: int = 0,
    places: Mapping[str, Any] | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> np.ndarray:
    """Return the largest score between two series of each of so many surrogates, each fitted afresh.

    Parameters
    ----------
    estimator : BaseEstimator
        Of ``METHODS``; it is cloned. What it may choose by itself, a penalty, is best given: chosen anew on unrelated
        series it would be another, and leave other scores.
    panel : Panel
    surrogates : int
    random_state : int
        Of the surrogates.
    places : mapping, optional
        ``workers, executor, address`` of :func:`grngc.execution.run`; without it they are fitted in this process.
    progress : callable, optional
        Called after each.

    Returns
    -------
    array (surrogate,)
        Infinite where training diverges on one.
    """
    began, found = time.monotonic(), dict[Hashable, float]()
    jobs = [Job(n, _largest, (clone(estimator), panel, (random_state, 7, n))) for n in range(surrogates)]
    outcomes = run(jobs, **places) if places else ((job.key, job.function(*job.arguments)) for job in jobs)
    try:
        for done, (key, outcome) in enumerate(outcomes, 1):
            if isinstance(outcome, BaseException):
                raise outcome
            found[key] = outcome
            if progress is not None:
                left = (time.monotonic() - began) / done * (surrogates - done)
                progress(Progress(done, surrogates, math.nan, math.nan, math.nan, left, "fitting surrogates"))
    finally:
        outcomes.close()
    return np.array([found[n] for n in range(surrogates)])


def _largest(estimator: BaseEstimator, panel: Panel, seed: tuple[int, ...]) -> float:
    """Fit one surrogate, and return the largest score of pairs that are apart in it."""
    surrogate, apart = shifted(panel, np.random.default_rng(seed))
    try:
        graph = estimator.fit(surrogate).graph_
    except DivergenceError:
        return math.inf
    return float(graph.scores[graph.pairs() & apart].max(initial=0))


def shifted(panel: Panel, rng: np.random.Generator) -> tuple[Panel, np.ndarray]:
    """Move every series in time against all others.

    Within a trajectory series are rolled around; where three or more trajectories have a point in time each series
    takes those of another trajectory instead, so that a transient all experiments share stays shared, as in
    :func:`grngc.floor.rings`. Points with gaps stay where they are.

    Returns
    -------
    Panel, bool array (series, series)
        And which pairs of series are apart: of many series some are moved by nearly the same, and still coupled.
    """
    points = np.concatenate(panel.trajectories)
    lengths = [len(values) for values in panel.trajectories]
    trajectory = np.repeat(np.arange(len(lengths)), lengths)
    instant = np.concatenate([np.arange(length) for length in lengths])
    whole = np.flatnonzero(np.isfinite(points).all(axis=1))
    known = points[whole]
    found = rings(Windows(known[:, None], known, trajectory[whole], instant[whole]), rng)
    p = panel.n_series
    share, apart = shares(p, rng), ~np.eye(p, dtype=bool)
    by = np.zeros((len(known), p), dtype=int)
    for places in found.together:
        size = int(found.size[places[0]])
        by[places] = turn = np.floor(share * size).astype(int)
        apart &= turn[:, None] != turn
    for ring in found.alone:
        size = len(ring)
        by[ring] = turn = np.rint(share * size).astype(int)
        if size >= FEWEST_WINDOWS:  # the end of the longest trajectory alone decides nothing
            between = np.abs(turn[:, None] - turn) % size
            apart &= np.minimum(between, size - between) >= int(APART * size)
    moved = points.copy()
    moved[whole] = known[found.turned(by), np.arange(p)]
    parts = np.split(moved, np.cumsum(lengths)[:-1])
    return replace(panel, trajectories=tuple(parts)), apart


def shares(n: int, rng: np.random.Generator) -> np.ndarray:
    """Return for each of so many series the share of a turn it is moved by: ``APART`` at least between any two.

    Of more than ten, ``1 / n``, the most there is room for.
    """
    least = min(APART, 1 / n)
    between = least + (1 - n * least) * rng.dirichlet(np.ones(n))  # round the circle
    return rng.permutation(np.cumsum(between) % 1.0)
