"""How well a graph agrees with the truth. The only place where truth meets a method.

Of scores only ranks matter: any unit and scale can be compared. Both areas are scikit-learn's, so ties count one half
(AUROC) and the area under precision and recall is the average precision, whose chance level is the prevalence. (A
trapezoidal area, found in some published code, pays 0.55 for constant scores where one entry in ten is true.)

Of a yes-or-no graph nothing but its edges counts. Its accuracy says nothing by itself: where one entry in ten is true a
graph without any edge has 0.9. So :func:`score_edges` gives that number beside it.
"""

import warnings

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    balanced_accuracy_score,
    matthews_corrcoef,
    roc_auc_score,
)

from .dataset import Dataset
from .errors import InputError, InputWarning
from .graph import CausalGraph


def auroc(scores: ArrayLike, truth: ArrayLike, scored: ArrayLike | None = None) -> float:
    """Return the area under the ROC curve: how often a true entry outranks a false one; ties count one half.

    Parameters
    ----------
    scores : array (target, source)
    truth : array (target, source)
        Non-zero where source drives target.
    scored : bool array (target, source), optional
        The entries that count; by default all.

    Returns
    -------
    float
        0.5, with an :class:`InputWarning`, when all scores are equal or one is NaN or infinite.

    Raises
    ------
    InputError
        When the scored entries are all true or all false: there is nothing to tell apart.
    """
    values, labels = _entries(scores, truth, scored)
    return float(roc_auc_score(labels, values))


def auprc(scores: ArrayLike, truth: ArrayLike, scored: ArrayLike | None = None) -> float:
    """Return the average precision, the step-wise area under precision over recall.

    Parameters and errors are those of :func:`auroc`. Equal scores, NaN and infinities earn the prevalence, the share of
    true entries, with an :class:`InputWarning`.
    """
    values, labels = _entries(scores, truth, scored)
    return float(average_precision_score(labels, values))


def score(graph_or_scores: CausalGraph | ArrayLike, dataset: Dataset, per_target: bool = False) -> dict[str, float]:
    """Return both areas for a graph: over the data set's scored entries, the full matrix and off the diagonal.

    The full matrix is all entries whose truth is known.

    Parameters
    ----------
    graph_or_scores : CausalGraph or array (target, source)
        A graph is brought into the data set's order of series by its names.
    dataset : Dataset
    per_target : bool
        Rank by :meth:`CausalGraph.ranking` with ``per_target=True``.

    Returns
    -------
    dict
        ``auroc``, ``auprc`` (the data set's own entries: the numbers to compare with published ones), ``auroc_full``,
        ``auprc_full``, ``auroc_off_diagonal``, ``auprc_off_diagonal`` and ``prevalence`` (of the data set's own
        entries). NaN for a view, full or off-diagonal, in which all entries are true or all are false.

    Raises
    ------
    InputError
        When the graph is not one of the data set's series, or its own entries are all true or all false.
    """
    graph = _aligned(graph_or_scores, dataset)
    return _score(graph.ranking(per_target=per_target), dataset)


def score_edges(graph_or_edges: CausalGraph | ArrayLike, dataset: Dataset) -> dict[str, float]:
    """Return how well a yes-or-no graph agrees with the truth, in the three views of :func:`score`.

    Parameters
    ----------
    graph_or_edges : CausalGraph or array (target, source)
        What is above 0 is an edge. A graph is brought into the data set's order of series by its names.
    dataset : Dataset

    Returns
    -------
    dict
        For each view: ``accuracy``, the share of entries that are right; ``empty_accuracy``, the accuracy of a graph
        without any edge; ``balanced_accuracy``, the mean of the shares of true entries found and of false entries left
        out, 0.5 for any graph that does not look at the data; ``mcc``, Matthews' correlation coefficient, from -1 to 1
        and 0 for such a graph. The last two are scikit-learn's, and NaN for a view in which all entries are true or all
        are false. ``_full`` and ``_off_diagonal`` are appended as in :func:`score`.

    References
    ----------
    B. W. Matthews, Comparison of the predicted and observed secondary structure of T4 phage lysozyme, Biochimica et
    Biophysica Acta 405 (1975).
    """
    found, results = _aligned(graph_or_edges, dataset).scores > 0, dict[str, float]()
    for view, scored in _views(dataset).items():
        edges, truth = found[scored], dataset.truth[scored]
        decided = bool(truth.any()) and not truth.all()
        results |= {
            f"accuracy{view}": float(accuracy_score(truth, edges)) if truth.size else np.nan,
            f"empty_accuracy{view}": float(1 - truth.mean()) if truth.size else np.nan,
            f"balanced_accuracy{view}": float(balanced_accuracy_score(truth, edges)) if decided else np.nan,
            f"mcc{view}": float(matthews_corrcoef(truth, edges)) if decided else np.nan,
        }
    return results


def scored_entries(
    graph_or_scores: CausalGraph | ArrayLike, dataset: Dataset, per_target: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return ranks and truth of the entries that the first areas of :func:`score` are of, both (entry,)."""
    order = _aligned(graph_or_scores, dataset).ranking(per_target=per_target)
    return _entries(order, dataset.truth, dataset.scored, of=f"{dataset.name}: ")


def chance(dataset: Dataset) -> dict[str, float]:
    """Return what knowing nothing earns, with the keys of :func:`score`: 0.5 and the prevalence of each view."""
    return _score(np.zeros(dataset.truth.shape), dataset, quiet=True)


def diagonal_floor(dataset: Dataset) -> dict[str, float]:
    """Return what a perfect diagonal alone earns, with the keys of :func:`score`.

    Own pasts are ranked as the truth has them, all pairs of two series are tied. Where the diagonal is scored, this and
    not chance is the number to beat: that a series depends on its own past is seldom news.
    """
    known = np.where(np.eye(dataset.panel.n_series, dtype=bool), dataset.truth, 0.5)
    return _score(known, dataset, quiet=True)


def _score(scores: np.ndarray, dataset: Dataset, quiet: bool = False) -> dict[str, float]:
    """Both areas in all three views; ``quiet`` where equal scores are meant."""
    results: dict[str, float] = {}
    for view, scored in _views(dataset).items():
        share = dataset.truth[scored].mean() if scored.any() else 0.0
        if view and share in (0.0, 1.0):
            results |= {f"auroc{view}": np.nan, f"auprc{view}": np.nan}
            continue
        with warnings.catch_warnings():
            # the warning is given once, for the data set's own entries
            if quiet or view:
                warnings.simplefilter("ignore", InputWarning)
            values, labels = _entries(scores, dataset.truth, scored, of=f"{dataset.name}: ")
        results[f"auroc{view}"] = float(roc_auc_score(labels, values))
        results[f"auprc{view}"] = float(average_precision_score(labels, values))
    return results | {"prevalence": float(dataset.truth[dataset.scored].mean())}


def _views(dataset: Dataset) -> dict[str, np.ndarray]:
    """What is appended to a figure's name -> the entries that count."""
    known = dataset.known
    return {"": dataset.scored, "_full": known, "_off_diagonal": known & ~np.eye(len(known), dtype=bool)}


def _entries(
    scores: ArrayLike, truth: ArrayLike, scored: ArrayLike | None, of: str = ""
) -> tuple[np.ndarray, np.ndarray]:
    """Scores and truth of the entries that count, both (entry,), fit for scikit-learn."""
    values, labels = np.asarray(scores, dtype=float), np.asarray(truth) != 0
    mask = np.ones(labels.shape, bool) if scored is None else np.asarray(scored, dtype=bool)
    if values.shape != labels.shape or mask.shape != labels.shape:
        shapes = f"{values.shape}, {labels.shape} and {mask.shape}"
        raise InputError(f"{of}scores, truth and scored must have one shape; got {shapes}")
    values, labels = values[mask], labels[mask]
    if labels.all() or not labels.any():
        raise InputError(
            f"{of}{labels.sum()} of {labels.size} scored entries are true: "
            "AUROC and AUPRC need at least one true and one false entry"
        )
    if not np.isfinite(values).all():
        warnings.warn(f"{of}scores hold NaN or infinity: no better than chance", InputWarning, stacklevel=3)
        values = np.zeros_like(values)
    elif np.ptp(values) == 0:
        warnings.warn(f"{of}all scores are equal: no better than chance", InputWarning, stacklevel=3)
    return values, labels


def _aligned(graph_or_scores: CausalGraph | ArrayLike, dataset: Dataset) -> CausalGraph:
    """The graph with the data set's series in the data set's order."""
    names = dataset.panel.names
    if not isinstance(graph_or_scores, CausalGraph):
        return CausalGraph(np.asarray(graph_or_scores), names)
    graph = graph_or_scores
    if graph.names == names:
        return graph
    if set(graph.names) != set(names) or len(graph.names) != len(names):
        odd = sorted(set(graph.names) ^ set(names))[:5]
        raise InputError(f"{dataset.name}: graph and data set have different series; in one of them only: {odd}")
    order = [graph.names.index(name) for name in names]
    near = None if graph.nearness is None else graph.nearness[np.ix_(order, order)]
    return CausalGraph(graph.scores[np.ix_(order, order)], names, exogenous=graph.exogenous, nearness=near)
