"""How sure each edge of a graph is, without truth: p- and q-values, frequencies, intervals, and what forecasts gain.

``assess`` does all of it for a fitted :class:`grngc.GRNGC`. docs/confidence.md explains it and states the rule by which
a pair is selected; decision 0018 says why it is done so.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..checkpoints import Checkpoints
from ..errors import InputError
from ..evidence import Evidence
from ..floor import FEWEST_WINDOWS, rings
from ..folds import folds
from ..gradients import reads_sequence
from ..grngc import GRNGC
from ..task import Task
from ..training import Progress
from ..windows import Windows
from . import gain as gains
from . import pairs
from .discoveries import FOUND_AGAIN, believed, benjamini_hochberg, expected_false
from .gain import Gain, weigh_others
from .halves import SPLITS, halves, stability
from .pairs import Held, test_pairs
from .refits import Refits
from .surrogates import own_part, turns

__all__ = ["FOUND_AGAIN", "Assessment", "Gain", "assess", "believed", "benjamini_hochberg", "expected_false"]


@dataclass(frozen=True, eq=False)
class Assessment:
    """How sure a graph is.

    Attributes
    ----------
    evidence : Evidence
        Of each pair.
    gain : Gain
        Of each target, and in all.
    fdr : float
        The false discovery rate that pairs are selected at.
    told : dict
        How it was done, plain values for the record: surrogates, how much wider than normal they are, halves, the
        strongest that count in each, the bound on pairs that are there by chance, refits that diverged.
    """

    evidence: Evidence
    gain: Gain
    fdr: float
    told: dict[str, Any]


def assess(
    estimator: GRNGC,
    *,
    fdr: float = 0.1,
    places: Mapping[str, Any] | None = None,
    progress: Callable[[Progress], None] | None = None,
    checkpoints: Checkpoints | None = None,
) -> Assessment:
    """Say how sure each edge of a fitted estimator's graph is.

    Parameters
    ----------
    estimator : GRNGC
        Fitted. It is left as it is.
    fdr : float
        Share of the selected pairs that may be wrong, on average; above 0 and below 1.
    places : mapping, optional
        ``workers, executor, address`` of :func:`grngc.execution.run`, for forecasters that are trained; without it all
        is computed in this process.
    progress : callable, optional
        Told of each refit.
    checkpoints : Checkpoints, optional
        Those of the fit: refits are kept beside its states.

    Raises
    ------
    InputError
        The record is too short to hold a part of it out, or the forecaster cannot be judged on parts of it.
    """
    if not isinstance(fdr, (int, float, np.number)) or not 0 < fdr < 1:
        raise InputError(f"fdr is a rate above 0 and below 1; got {fdr!r}")
    task, windows = _task(estimator)
    recipe, graph = estimator.recipe_, estimator.graph_
    if reads_sequence(estimator.forecaster_):
        raise InputError("a forecaster that reads the record as one sequence cannot be judged on parts of it")
    if len(windows) < FEWEST_WINDOWS:
        raise InputError(f"confidence needs at least {FEWEST_WINDOWS} windows; got {len(windows)}")
    rng = np.random.default_rng((estimator.random_state, 5))
    refits = Refits(task, recipe, windows, places or {}, progress, checkpoints)
    parts, lost = _held(refits, windows)
    found = rings(windows, rng)
    p = len(graph.names)

    def turned(number: int) -> np.ndarray:
        return np.stack([turns(found, p, rng) for _ in range(number)])

    bends = recipe.choice != "linear"
    judged = parts if bends else [replace(part, earlier=None) for part in parts]
    tests = test_pairs(windows, judged, own_part(windows.x), turned(pairs.SURROGATES))
    among = graph.pairs()
    p_values = np.where(among, tests.p, math.nan)
    q_values = benjamini_hochberg(p_values)
    gain = weigh_others(windows, parts, turned(gains.SURROGATES), task.targets)
    strongest = int((q_values <= fdr).sum())
    masks = halves(windows, SPLITS[not bends], rng)
    again = [each for each in refits.on(dict(enumerate(masks)), "halves").values() if each is not None]
    steady = stability(
        graph.scores,
        graph.signs,
        [(each.lag_scores, each.signs) for each in again],
        collapse=task.collapse,
        strongest=strongest,
        among=among,
    )
    selected = believed(q_values, steady.frequency, fdr)
    told = {
        "surrogates": tests.n_surrogates,
        "widened": tests.widened,
        "parts": len(parts),
        "halves": len(again),
        "strongest_of_each_half": strongest,
        "found_again": FOUND_AGAIN,
        "expected_false_at_0.9": expected_false(strongest, int(among.sum()), 0.9),
        "diverged": lost + len(masks) - len(again),
    }
    evidence = Evidence(p=p_values, q=q_values, selected=selected, **steady._asdict())
    return Assessment(evidence, gain, float(fdr), told)


def _task(estimator: GRNGC) -> tuple[Task, Windows]:
    """Return what trains the estimator's forecaster again, and the windows that it was trained on."""
    panel = estimator.panel_
    task = Task(estimator.get_params(deep=False), estimator.rules_, estimator.device_, None)
    return task, task.windows(estimator.scaling_.apply(panel), estimator.recipe_.n_lags)


def _held(refits: Refits, windows: Windows) -> tuple[list[Held], int]:
    """Hold out one part after the other; return them with what was trained on the rest, and how many diverged."""
    splits = list(folds(windows))
    splits.sort(key=lambda fold: np.flatnonzero(fold[1])[0])  # in order of time, or of trajectories
    others = refits.on({number: seen for number, (seen, _) in enumerate(splits)}, "held-out forecasts")
    before = np.zeros(len(windows), dtype=bool)
    earlier_masks = {}
    for number, (seen, unseen) in enumerate(splits):
        if number:
            earlier_masks[number] = before & seen
        before |= unseen
    earlier = refits.on(earlier_masks, "forecasts from earlier parts")
    parts = [
        Held(np.flatnonzero(unseen), refit, earlier.get(number))
        for number, (_, unseen) in enumerate(splits)
        if (refit := others[number]) is not None
    ]
    lost = [*others.values(), *earlier.values()].count(None)
    if not any(part.earlier for part in parts):
        raise InputError("confidence cannot be computed: training diverges on parts of the record")
    return parts, lost
