"""One pair of series: its score lag by lag, and its gradient window by window."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ..edges import sign_of
from ..errors import InputError
from ..over_time import OverTime, place_of
from .canvas import CYCLE, GREY, SIGN_COLOURS, SIGN_MEANS, axes_of, bare, legend, pair_of, title
from .reading import graph_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN_LAGS = 3
"""Lags that are drawn over time where nothing is said: those of the largest mean size."""


def lag_profile(found: Any, source: str, target: str, *, ax: "Axes | None" = None) -> "Axes":
    """Draw what the score of an ordered pair is made of: a bar for each lag, coloured by its sign.

    Parameters
    ----------
    found : CausalGraph, Discovery, GroupDiscovery or fitted estimator
    source, target : str
    ax : Axes, optional

    Returns
    -------
    Axes
        A bar at lag 0 is the part that two series have in common within one time step.
    """
    from matplotlib.patches import Patch
    from matplotlib.ticker import MaxNLocator

    graph = graph_of(found)
    j, i = place_of("target", target, graph.names), place_of("source", source, graph.names)
    ax = axes_of(ax, (4.5, 3))
    sizes, signed, lags = graph.lag_scores[j, :, i], graph.signs[j, :, i], np.arange(1, graph.n_lags + 1)
    if graph.contemporaneous is not None and i != j:
        together = graph.contemporaneous[j, i]
        sizes, signed = np.concatenate([[abs(together)], sizes]), np.concatenate([[together], signed])
        lags = np.concatenate([[0], lags])
    signs = [sign_of(*each) for each in zip(signed, sizes, strict=True)]
    ax.bar(lags, sizes, color=[SIGN_COLOURS[sign] for sign in signs], width=0.7 if len(lags) > 2 else 0.35)
    ax.set(xlabel="lag (time steps)", ylabel="score", xlim=(lags[0] - 0.8, lags[-1] + 0.8))
    ax.set_ylim(0, (1.2 * sizes.max()) or 1)  # room for the legend
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    title(ax, pair_of(source, target))
    bare(ax)
    there = [sign for sign in SIGN_COLOURS if any(sizes[n] > 0 and signs[n] == sign for n in range(len(lags)))]
    legend(
        ax, [Patch(color=SIGN_COLOURS[sign]) for sign in there], [SIGN_MEANS[sign] for sign in there], loc="upper right"
    )
    return ax


def coupling(
    found: Any, source: str, target: str, *, lags: "list[int] | None" = None, ax: "Axes | None" = None
) -> "Axes":
    """Draw the gradient of one ordered pair over time: which way, and how strongly, the source acts when.

    Parameters
    ----------
    found : OverTime, or what has a graph whose ``over_time()`` works
        The graph of a fit, or of ``Discovery.load(folder, panel)``.
    source, target : str
    lags : list of int, optional
        By default the three of the largest mean size.
    ax : Axes, optional

    Returns
    -------
    Axes
        One line for each lag; trajectories lie over one another, each from its own time 0. After a linear fit lines
        are level.
    """
    from matplotlib.lines import Line2D

    over_time = found if isinstance(found, OverTime) else graph_of(found).over_time(source=source, target=target)
    gradient = over_time.between(source, target)
    if lags is None:
        largest = np.argsort(-np.abs(gradient).mean(axis=0), kind="stable")[:SHOWN_LAGS]
        lags = [over_time.lags[k] for k in sorted(largest)]
    if not lags or not set(lags) <= set(over_time.lags):
        raise InputError(f"lags is a list of some of {[*over_time.lags]}; got {lags!r}")
    ax = axes_of(ax, (7, 3))
    ax.axhline(0, color=GREY, linewidth=0.8)
    labels = [*dict.fromkeys(over_time.trajectory.tolist())]
    parts = [over_time.trajectory == label for label in labels]
    colours = {lag: CYCLE[n % len(CYCLE)] for n, lag in enumerate(lags)}
    for lag, colour in colours.items():
        values = gradient[:, over_time.lags.index(lag)]
        for part in parts:
            time, shown = _with_gaps(over_time.time[part], values[part])
            ax.plot(time, shown, color=colour, linewidth=1, alpha=max(0.25, len(parts) ** -0.5))
    ax.set(xlabel="time (steps)", ylabel="gradient")
    ax.margins(x=0.01)
    several = f"; {len(labels)} trajectories" if len(labels) > 1 else ""
    title(ax, f"{pair_of(source, target)}{several}")
    bare(ax)
    handles = [Line2D([], [], color=colour, linewidth=1.5) for colour in colours.values()]
    legend(ax, handles, [f"lag {lag}" for lag in lags], loc="upper left", bbox_to_anchor=(1, 1))
    return ax


def _with_gaps(time: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return points with NaN where windows are missing, so that no line is drawn across."""
    jumps = np.flatnonzero(np.diff(time) > 1) + 1
    return np.insert(time.astype(float), jumps, np.nan), np.insert(values.astype(float), jumps, np.nan)
