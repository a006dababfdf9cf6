"""The network: series, and an arrow source -> target for every edge."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arguments import check_whole
from ..edges import Edge
from ..labels import told_apart
from ..over_time import place_of
from .canvas import AS_IT_IS, PALE, SIGN_COLOURS, SIGN_MEANS, axes_of, beside, title
from .layout import Place, label_offsets, nearest_two, places
from .reading import believed, graph_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patches import FancyArrowPatch

STYLES = {"+": "-", "-": (0, (5, 1.5)), "±": "-"}

ALL_SHOWN = 40
"""Series up to which those without an edge are drawn too."""

INSIDE = 4
"""Characters of a name that fit into its circle."""

LONGEST_NAME = 16
LARGEST_RADIUS = 11.0
LETTER = 0.58
"""Width of a letter as a share of its size."""


def network(found: Any, *, edges: Sequence[Edge] | None = None, top: int = 60, ax: "Axes | None" = None) -> "Axes":
    """Draw the edges that are believed, strongest first: width by score, colour and dashes by sign.

    Parameters
    ----------
    found : CausalGraph, Discovery, GroupDiscovery or fitted estimator
    edges : sequence of Edge, optional
        What to draw instead, ``graph.edges(top=20)`` for instance. By default what results stand for: selected edges,
        those above the noise floor where there was no selection, of a graph without either all with a score.
    top : int
        Draw at most so many.
    ax : Axes, optional

    Returns
    -------
    Axes
        Arrows are its ``patches``. Edges at lag 0 have no direction, and no head: they are drawn once, dotted. Series
        without an edge are left out where there are many.
    """
    check_whole("top", top)
    graph = graph_of(found)
    every, called = believed(found) if edges is None else ([*edges], "given")
    drawn = every[:top]
    for edge in drawn:
        place_of("source", edge.source, graph.names)
        place_of("target", edge.target, graph.names)
    linked = {name for edge in drawn for name in (edge.source, edge.target)}
    names = [name for name in graph.names if len(graph.names) <= ALL_SHOWN or name in linked]
    at = places(names, [(edge.source, edge.target) for edge in drawn])
    side = float(np.clip(1.35 * math.sqrt(len(names)) + 1.5, 4.5, 12))
    ax = axes_of(ax, (side, side))
    ax.set_axis_off()
    said = [f"{len(drawn)} of {len(every)} edges {called}" if len(drawn) < len(every) else _counted(len(drawn), called)]
    if at:
        spots = np.array([*at.values()])
        low, high = spots.min(axis=0) - 0.6, spots.max(axis=0) + 0.6
        ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
        box = ax.get_window_extent()
        unit = 0.9 * 72 / ax.figure.dpi * float(min(box.width / (high - low)[0], box.height / (high - low)[1]))
        radius = float(np.clip(0.3 * unit * nearest_two(spots), 2.5, LARGEST_RADIUS))
        _edges(ax, drawn, at, radius)
        known = told_apart(graph.names, LONGEST_NAME)
        if nameless := _series(ax, at, [known[name] for name in at], radius, unit):
            said.append(f"no room for {nameless} names")
        if left_out := len(graph.names) - len(names):
            said.append(f"{left_out} series without one are not drawn")
    title(ax, "\n".join(said))
    return ax


def _counted(n: int, called: str) -> str:
    return f"{n or 'no'} edge{'s' * (n != 1)} {called}"


def _edges(ax: "Axes", edges: Sequence[Edge], at: dict[str, Place], radius: float) -> None:
    """Draw arrows, and the legend of the signs there are."""
    from matplotlib.lines import Line2D

    largest = max((edge.score for edge in edges), default=0.0) or 1.0
    both_ways = {(edge.source, edge.target) for edge in edges}
    once: set[frozenset[str]] = set()
    for edge in reversed(edges):  # the strongest on top
        if edge.lag == 0 and frozenset((edge.source, edge.target)) in once:
            continue
        once |= {frozenset((edge.source, edge.target))} if edge.lag == 0 else set()
        bent = edge.lag > 0 and (edge.target, edge.source) in both_ways
        arrow = _arrow(at[edge.source], at[edge.target], edge, edge.score / largest, bent, radius)
        ax.add_patch(arrow)
    signs = [sign for sign in SIGN_MEANS if any(edge.sign == sign for edge in edges)]
    handles = [Line2D([], [], color=SIGN_COLOURS[sign], linestyle=STYLES[sign], linewidth=2) for sign in signs]
    labels = [SIGN_MEANS[sign] for sign in signs]
    if any(edge.lag == 0 for edge in edges):
        handles.append(Line2D([], [], color="C7", linestyle=":", linewidth=2))
        labels.append("together, no direction (lag 0)")
    beside(ax, -6, handles, labels)


def _arrow(source: Place, target: Place, edge: Edge, share: float, bent: bool, radius: float) -> "FancyArrowPatch":
    from matplotlib.patches import FancyArrowPatch

    width = 0.8 + 2.7 * share
    return FancyArrowPatch(
        source,
        target,
        arrowstyle="-|>" if edge.lag else "-",
        connectionstyle=f"arc3,rad={0.18 if bent else 0.0}",
        mutation_scale=(0.7 + 0.22 * width) * max(radius, 6),
        shrinkA=radius,
        shrinkB=radius + 1,
        linewidth=width,
        linestyle=STYLES[edge.sign] if edge.lag else ":",
        color=SIGN_COLOURS[edge.sign],
        alpha=0.9,
        zorder=2,
    )


def _series(ax: "Axes", at: dict[str, Place], texts: Sequence[str], radius: float, unit: float) -> int:
    """Draw a circle for each series with its text, inside where it fits. Returns how many texts have no room.

    ``radius`` in points, ``unit`` the points of one unit of the places.
    """
    from matplotlib import patheffects

    spots = np.array([*at.values()])
    ax.scatter(*spots.T, s=(2 * radius) ** 2, facecolor=PALE, edgecolor="#595959", linewidth=0.8, zorder=3)
    size = 8.0 if len(at) <= ALL_SHOWN else 6.5
    inside = [len(text) <= INSIDE and radius > 1.2 * size for text in texts]
    widths = [LETTER * size * len(text) * (not within) for text, within in zip(texts, inside, strict=True)]
    offsets = label_offsets(spots * unit, radius, [max(width, 0.1) for width in widths], size)
    around = [patheffects.withStroke(linewidth=2, foreground=ax.get_facecolor())]
    for text, within, spot, offset in zip(texts, inside, spots, offsets, strict=True):
        shown: dict[str, Any] = {
            "fontsize": size,
            "zorder": 4,
            "annotation_clip": False,
            "ha": "center",
            "va": "center",
        }
        if within:
            ax.annotate(text, spot, color="black", **shown, **AS_IT_IS)
        elif offset is not None:
            made = ax.annotate(text, spot, offset, textcoords="offset points", **shown, **AS_IT_IS)
            made.set_path_effects(around)
    _widen(ax, spots, [offset or (0, 0) for offset in offsets], widths, unit)
    return sum(offset is None and not within for offset, within in zip(offsets, inside, strict=True))


def _widen(ax: "Axes", spots: np.ndarray, offsets: Sequence[Place], widths: Sequence[float], unit: float) -> None:
    """Make room for the names at the sides."""
    middle, half = spots[:, 0] + np.array(offsets)[:, 0] / unit, np.array(widths) / (2 * unit)
    left, right = ax.get_xlim()
    ax.set_xlim(min(left, float((middle - half).min())), max(right, float((middle + half).max())))
