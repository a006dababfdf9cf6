"""Which entries a method calls edges: its own decision, made before the truth is read; no cut is ever picked on it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..dataset import Dataset
from ..metrics import score_edges

LEVEL = 0.05
"""p-value below which a test's pair counts as an edge: each pair tested on its own, as it is mostly done."""

VIEWS = ("", "_full", "_off_diagonal")
KINDS = ("accuracy", "balanced_accuracy", "mcc", "empty_accuracy")
FIGURES = frozenset(f"{kind}{view}" for kind in KINDS for view in VIEWS)
"""What :func:`grngc.metrics.score_edges` gives."""


@dataclass(frozen=True)
class Decision:
    """A method's way from scores to edges.

    Attributes
    ----------
    rule : str
        For people: an edge is a pair whose ...
    edges : callable
        Fitted estimator -> bool array (target, source); None where this fit allows no decision.
    """

    rule: str
    edges: Callable[[Any], np.ndarray | None]


def _above_zero(estimator: Any) -> np.ndarray:
    return np.asarray(estimator.graph_.scores > 0)


def _above_floor(estimator: Any) -> np.ndarray | None:
    floor = estimator.noise_floor_
    return None if np.isnan(floor) else np.asarray(estimator.graph_.scores > floor)


def _significant(estimator: Any) -> np.ndarray:
    return np.asarray(estimator.p_values_ < LEVEL)


def _above_share(estimator: Any) -> np.ndarray:
    if not estimator.kl_weight:
        return _above_zero(estimator)
    scores = estimator.graph_.scores
    return np.asarray(scores > scores.mean(axis=1, keepdims=True))


_ZERO = Decision("score is above 0", _above_zero)

DECISIONS: dict[str, Decision] = {
    "grngc": Decision("score is above the noise floor", _above_floor),
    "granger_f_test": Decision(f"p is below {LEVEL:g}", _significant),
    "cmlp": _ZERO,
    "clstm": _ZERO,
    "crnn": _ZERO,
    "ggc": Decision(
        "score is above the mean of its target's (with the divergence none is 0; without it, above 0)", _above_share
    ),
    "ggc_loo": _ZERO,
}
"""Method -> its decision. A method that is not here ranks pairs, and says of none whether it is an edge."""

EMPTY = "empty_graph"
"""The row without any edge: what accuracy is worth where few entries are true."""


def decides(method: str) -> bool:
    """Return whether rows of a method tell edges from other pairs."""
    return method == EMPTY or method in DECISIONS


def rule_of(method: str) -> str:
    """Return what makes a pair an edge, after *an edge is a pair whose*; empty for a method that does not decide."""
    return DECISIONS[method].rule if method in DECISIONS else ""


def decided(method: str, estimator: Any, dataset: Dataset) -> dict[str, Any] | None:
    """Return the rule, the number of edges and how well these agree with the truth; None where there is no decision.

    Parameters
    ----------
    method : str
    estimator : fitted estimator
        Of :data:`EMPTY` anything.
    dataset : Dataset
    """
    if method == EMPTY:
        rule, edges = "none", np.zeros(dataset.truth.shape, bool)
    elif method in DECISIONS:
        rule, found = DECISIONS[method].rule, DECISIONS[method].edges(estimator)
        if found is None:
            return None
        edges = found
    else:
        return None
    return {"rule": rule, "edges": int(edges.sum())} | score_edges(edges, dataset)
