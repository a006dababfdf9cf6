"""Arrays: tigramite's, [source, target, lag], and plain ones, [target, source]; no pickle."""

import io
from collections.abc import Mapping, Sequence

import numpy as np

from ..edges import Edge
from ..graph import CausalGraph


def tigramite_arrays(graph: CausalGraph, edges: Sequence[Edge]) -> dict[str, np.ndarray]:
    """Return what tigramite's plots and analyses take, from version 5 on.

    Returns
    -------
    dict
        ``graph`` (source, target, lag), of text: "-->" at the edge's lag, at lag 0 "o-o" both ways, "" elsewhere.
        ``val_matrix`` (source, target, lag): the score of every pair and lag, own past too, negative where the mean
        gradient is. Lag 0 is as tigramite wants it, the same both ways: the larger of the two.
        ``p_matrix`` (source, target, lag): p of the pair, at every lag that was read; NaN where it is not known.
        ``var_names`` (series,).
    """
    p, lags = len(graph.names), graph.n_lags
    links = np.zeros((p, p, lags + 1), dtype="<U3")
    values, chances = np.zeros(links.shape), np.full(links.shape, np.nan)
    values[:, :, 1:] = np.copysign(graph.lag_scores, graph.signs).transpose(2, 0, 1)
    if graph.contemporaneous is not None:
        one, other = graph.contemporaneous, graph.contemporaneous.T
        half = np.triu(np.where(np.abs(one) >= np.abs(other), one, other))
        values[:, :, 0] = half + half.T
    if graph.evidence is not None:
        chances[:, :, 0 if graph.contemporaneous is not None else 1 :] = graph.evidence.p.T[:, :, None]
    place = {name: n for n, name in enumerate(graph.names)}
    for edge in edges:
        i, j = place[edge.source], place[edge.target]
        links[i, j, edge.lag] = "-->" if edge.lag else "o-o"
        if edge.lag == 0:
            links[j, i, 0] = "o-o"
    names = np.array(graph.names, dtype=np.str_)
    return {"graph": links, "val_matrix": values, "p_matrix": chances, "var_names": names}


def tigramite(graph: CausalGraph, edges: Sequence[Edge]) -> bytes:
    """Return :func:`tigramite_arrays` as a ``.npz``."""
    return _npz(tigramite_arrays(graph, edges))


def npz(graph: CausalGraph, edges: Sequence[Edge]) -> bytes:
    """Return the edges as arrays [target, source] in a ``.npz``.

    ``edges`` (bool), ``scores`` (0 where there is no edge), ``lags`` (-1 there), ``signs`` (1, -1, or 0 for ± and
    there), ``frequency``, ``p``, ``q`` (NaN there, and where they are not known), ``selected`` (bool), ``names``,
    ``exogenous`` (series,), ``orientation``.
    """
    p, place = len(graph.names), {name: n for n, name in enumerate(graph.names)}
    arrays = {name: np.full((p, p), np.nan) for name in ("frequency", "p", "q")}
    arrays |= {"edges": np.zeros((p, p), bool), "selected": np.zeros((p, p), bool), "scores": np.zeros((p, p))}
    arrays |= {"lags": np.full((p, p), -1), "signs": np.zeros((p, p), int)}
    for edge in edges:
        at = place[edge.target], place[edge.source]
        arrays["edges"][at], arrays["scores"][at], arrays["lags"][at] = True, edge.score, edge.lag
        arrays["signs"][at] = {"+": 1, "-": -1}.get(edge.sign, 0)
        arrays["selected"][at] = bool(edge.selected)
        for name in ("frequency", "p", "q"):
            value = getattr(edge, name)
            arrays[name][at] = np.nan if value is None else value
    arrays["names"] = np.array(graph.names, dtype=np.str_)
    arrays["exogenous"] = np.array([name in graph.exogenous for name in graph.names])
    arrays["orientation"] = np.array("[target, source]")
    return _npz(arrays)


def _npz(arrays: Mapping[str, np.ndarray]) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()
