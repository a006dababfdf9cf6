"""The score matrix as a heat map."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ..graph import CausalGraph
from .canvas import ORANGE, PALE, axes_of, label_series, title
from .reading import believed, graph_of, judged

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def heat_map(
    found: Any, *, signed: bool = False, own_past: bool = False, mark: bool = True, ax: "Axes | None" = None
) -> "Axes":
    """Draw the scores: a row holds what drives its series, a column what its series drives.

    Parameters
    ----------
    found : CausalGraph, Discovery, GroupDiscovery or fitted estimator
    signed : bool
        Colour by the mean signed gradient at the lag of each pair's largest part: blue where more of the source gives
        more of the target, red where it gives less. Otherwise by the score.
    own_past : bool
        Also the diagonal, which often outshines the rest. Entries that are no statement are grey: exogenous targets,
        forbidden pairs.
    mark : bool
        Outline the pairs that are believed: selected, else above the noise floor. A graph without either has none.
    ax : Axes, optional

    Returns
    -------
    Axes
        Its image, ``ax.images[0]``, holds the values (target, source).
    """
    graph = graph_of(found)
    p = len(graph.names)
    side = float(np.clip(0.14 * p + 2.5, 4, 11))
    ax = axes_of(ax, (side + 0.8, side))
    values = np.ma.masked_array(_signed(graph) if signed else graph.scores, ~graph.pairs(own_past))
    largest = float(np.abs(values).max()) if values.count() else 0.0
    limits = {"vmin": -largest if signed else 0, "vmax": largest or 1.0}
    import matplotlib as mpl

    colours = mpl.colormaps["RdBu" if signed else "Blues"].with_extremes(bad=PALE)
    image = ax.imshow(values, cmap=colours, interpolation="nearest", **limits)
    ax.figure.colorbar(image, ax=ax, label="mean signed gradient" if signed else "score", shrink=0.8, pad=0.02)
    label_series(ax.yaxis, graph.names)
    label_series(ax.xaxis, graph.names, rotation=90)
    ax.set(xlabel="source", ylabel="target")
    if mark and judged(found):
        _mark(ax, found, graph)
    return ax


def _signed(graph: CausalGraph) -> np.ndarray:
    """Return the signed part at the lag of the largest, (target, source)."""
    signed, sizes = graph.signed_parts(), graph.lag_scores
    if graph.contemporaneous is not None:
        sizes = np.concatenate([np.abs(graph.contemporaneous)[:, None], sizes], axis=1)
    return np.take_along_axis(signed, sizes.argmax(axis=1)[:, None], axis=1)[:, 0]


def _mark(ax: "Axes", found: Any, graph: CausalGraph) -> None:
    """Outline the cells of what is believed, and say how many they are."""
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    edges, called = believed(found)
    place, p = {name: n for n, name in enumerate(graph.names)}, len(graph.names)
    cells = [Rectangle((place[edge.source] - 0.5, place[edge.target] - 0.5), 1, 1) for edge in edges]
    width = float(np.clip(40 / max(p, 1), 0.6, 2))
    ax.add_collection(PatchCollection(cells, facecolor="none", edgecolor=ORANGE, linewidth=width), autolim=False)
    outlined = "outlined: " if cells else ""
    title(ax, f"{outlined}{len(cells) or 'none'} of {int(graph.pairs().sum())} pairs, {called}")
