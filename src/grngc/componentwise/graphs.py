"""From what was read off networks, a row for each target, to a graph of all series."""

import numpy as np

from ..graph import CausalGraph
from ..panel import Panel


def graph_of(
    panel: Panel, lag_scores: np.ndarray, shares: np.ndarray, constancy: np.ndarray, nearness: np.ndarray | None = None
) -> CausalGraph:
    """Return the graph whose scores are the norms of those over lags; rows of exogenous series are zero.

    Parameters
    ----------
    panel : Panel
    lag_scores : array (target, lag, source)
        A row for each series that is a target; one lag where networks resolve none.
    shares, constancy : array (target, lag, source)
        Of signs: see :func:`grngc.componentwise.signs.signed_shares`.
    nearness : array (target, source), optional
    """

    def of_all(rows: np.ndarray) -> np.ndarray:
        full = np.zeros((panel.n_series, *rows.shape[1:]))
        full[panel.targets] = rows
        return full

    sizes = of_all(lag_scores)
    return CausalGraph(
        np.sqrt(np.square(sizes).sum(axis=1)),
        panel.names,
        sizes,
        sizes * of_all(shares),
        exogenous=panel.exogenous,
        sign_constancy=of_all(constancy),
        nearness=None if nearness is None else of_all(nearness),
    )
