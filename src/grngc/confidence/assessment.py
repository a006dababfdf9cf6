"""From a fitted estimator to how sure its graph is."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checkpoints import Checkpoints
from ..errors import InputError
from ..evidence import Evidence
from ..floor import FEWEST_WINDOWS, rings
from ..folds import Fold, folds
from ..gradients import reads_sequence
from ..graph import CausalGraph
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
from .present import test_present
from .refits import Refit, Refits
from .surrogates import own_part, turns


@dataclass(frozen=True, eq=False)
class Assessment:
    """How sure a graph is, at one false discovery rate.

    Attributes
    ----------
    evidence : Evidence
        Of each pair.
    gain : Gain
        Of each target, and in all.
    fdr : float
        The rate that pairs are selected at: the share of them that may be wrong, on average.
    told : dict
        How it was done, plain values for the record.
    """

    evidence: Evidence
    gain: Gain
    fdr: float
    told: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Examination:
    """What takes time and is the same at every false discovery rate.

    Attributes
    ----------
    graph : CausalGraph
        That of the whole record.
    p : array (target, source)
        NaN where no statement is made.
    gain : Gain
    halves : list of (array, array)
        Of each half of the record: scores (target, source) and the signed parts (target, lag, source) of them.
    told : dict
        Numbers of surrogates, parts and halves, how much wider than normal surrogates are, how many refits diverged.
    """

    graph: CausalGraph
    p: np.ndarray
    gain: Gain
    halves: list[tuple[np.ndarray, np.ndarray]]
    told: dict[str, Any]

    def at(self, fdr: float) -> Assessment:
        """Return what is believed at a false discovery rate, above 0 and below 1."""
        check_rate(fdr)
        q, among = benjamini_hochberg(self.p), np.isfinite(self.p)
        strongest = int((q[among] <= fdr).sum())
        steady = stability(self.graph.scores, self.graph.signed_parts(), self.halves, strongest=strongest, among=among)
        evidence = Evidence(p=self.p, q=q, selected=believed(q, steady.frequency, fdr), **steady._asdict())
        told = self.told | {
            "strongest_of_each_half": strongest,
            "found_again": FOUND_AGAIN,
            "expected_false_at_0.9": expected_false(strongest, int(among.sum()), 0.9),
        }
        return Assessment(evidence, self.gain, float(fdr), told)


def check_rate(fdr: Any) -> None:
    """Raise :class:`InputError` for what is no false discovery rate."""
    if isinstance(fdr, bool) or not isinstance(fdr, (int, float, np.number)) or not 0 < fdr < 1:
        raise InputError(f"fdr is the share of selected pairs that may be wrong, above 0 and below 1; got {fdr!r}")


def assess(estimator: GRNGC, *, fdr: float = 0.1, **how: Any) -> Assessment:
    """Say how sure each edge of a fitted estimator's graph is: :func:`examine`, at one false discovery rate."""
    check_rate(fdr)
    return examine(estimator, **how).at(fdr)


def examine(
    estimator: GRNGC,
    *,
    places: Mapping[str, Any] | None = None,
    progress: Callable[[Progress], None] | None = None,
    checkpoints: Checkpoints | None = None,
) -> Examination:
    """Test every pair of a fitted estimator's graph against surrogates, and fit halves of the record.

    Parameters
    ----------
    estimator : GRNGC
        Fitted. It is left as it is.
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
    if reads_sequence(estimator.forecaster_):
        raise InputError("a forecaster that reads the record as one sequence cannot be judged on parts of it")
    task, windows = _task(estimator)
    if len(windows) < FEWEST_WINDOWS:
        raise InputError(f"confidence needs at least {FEWEST_WINDOWS} windows; got {len(windows)}")
    recipe, graph, rng = estimator.recipe_, estimator.graph_, np.random.default_rng((estimator.random_state, 5))
    splits = sorted(folds(windows), key=lambda fold: int(np.flatnonzero(fold[1])[0]))  # in order of time
    masks = dict(enumerate(halves(windows, SPLITS[recipe.choice == "linear"], rng)))
    fitted = Refits(task, recipe, windows, places or {}, progress, checkpoints).on(
        {("others", number): seen for number, (seen, _) in enumerate(splits)}
        | {("earlier", number): mask for number, mask in _earlier(splits).items()}
        | {("half", number): mask for number, mask in masks.items()}
    )
    parts = [
        Held(np.flatnonzero(unseen), refit, fitted.get(("earlier", number)))
        for number, (_, unseen) in enumerate(splits)
        if (refit := fitted["others", number]) is not None
    ]
    if not any(part.earlier for part in parts):
        raise InputError("confidence cannot be computed: training diverges on parts of the record")
    exchanged = rings(windows, rng)

    def turned(number: int) -> np.ndarray:
        return np.stack([turns(exchanged, len(graph.names), rng) for _ in range(number)])

    own = own_part(windows, np.any(graph.pairs(), axis=0))
    tests = test_pairs(windows, parts, own, turned(pairs.SURROGATES), graph.pairs(), recipe.choice != "linear")
    p = tests.p
    if estimator.present_.used:
        p = np.minimum(1, 2 * np.minimum(p, test_present(windows, turned(pairs.SURROGATES))))
    gain = weigh_others(windows, parts, turned(gains.SURROGATES), task.targets)
    again = [
        _parts(task, windows.subset(mask), each, estimator.present_.used)
        for number, mask in masks.items()
        if (each := fitted["half", number]) is not None
    ]
    if not again:
        raise InputError("confidence cannot be computed: training diverges on halves of the record")
    told = {
        "surrogates": tests.n_surrogates,
        "widened": tests.widened,
        "parts": len(parts),
        "halves": len(again),
        "diverged": list(fitted.values()).count(None),
    }
    return Examination(graph, np.where(graph.pairs(), p, math.nan), gain, again, told)


def _task(estimator: GRNGC) -> tuple[Task, Windows]:
    """Return what trains the estimator's forecaster again, and the windows that it was trained on."""
    panel, given = estimator.panel_, estimator.get_params(deep=False)
    if estimator.penalty_path_ is not None:  # a rule picked it, and is not asked again for each part
        given |= {"penalty": estimator.penalty_}
    task = Task(given, estimator.rules_, estimator.device_, None)
    return task, task.windows(estimator.scaling_.apply(panel), estimator.recipe_.n_lags)


def _earlier(splits: Sequence[Fold]) -> dict[int, np.ndarray]:
    """Return for each part but the first what comes before it (a mask of windows)."""
    before, masks = np.zeros(len(splits[0][0]), dtype=bool), {}
    for number, (seen, unseen) in enumerate(splits):
        if number:
            masks[number] = before & seen
        before = before | unseen
    return masks


def _parts(task: Task, windows: Windows, refit: Refit, with_present: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return the scores of a half and the signed parts that they are made of, the present first where it counts."""
    scores = task.collapse(refit.lag_scores)
    if not with_present:
        return scores, refit.signs
    together, _ = task.together(windows)
    return scores + np.abs(together), np.concatenate([together[:, None], refit.signs], axis=1)
