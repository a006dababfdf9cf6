"""From what was read off networks, rows of targets, to a graph of all series."""

import numpy as np

from ..graph import CausalGraph
from ..panel import Panel


def graph_of(
    panel: Panel, scores: np.ndarray, shares: np.ndarray, constancy: np.ndarray, nearness: np.ndarray | None = None
) -> CausalGraph:
    """Return a graph of one lag, for recurrent networks resolve none; rows of exogenous series are zero.

    Parameters
    ----------
    panel : Panel
    scores : array (target, source)
        A row for each series that is a target.
    shares, constancy : array (target, lag, source)
        Of signs: see :func:`grngc.componentwise.signs.signed_shares`.
    nearness : array (target, source), optional
    """

    def of_all(rows: np.ndarray) -> np.ndarray:
        full = np.zeros((panel.n_series, *rows.shape[1:]))
        full[panel.targets] = rows
        return full

    size = of_all(scores)
    return CausalGraph(
        size,
        panel.names,
        size[:, None],
        size[:, None] * of_all(shares),
        exogenous=panel.exogenous,
        sign_constancy=of_all(constancy),
        nearness=None if nearness is None else of_all(nearness),
    )
