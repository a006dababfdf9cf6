"""How well scores find a known graph, at every threshold."""

from typing import TYPE_CHECKING, Any

from sklearn.metrics import precision_recall_curve, roc_curve

from ..dataset import Dataset
from ..metrics import score, scored_entries
from .canvas import CYCLE, GREY, axes_of, bare, legend, name_of
from .reading import graph_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def precision_recall(found: Any, dataset: Dataset, *, label: str = "grngc", ax: "Axes | None" = None) -> "Axes":
    """Draw precision over recall, in steps, over the data set's scored entries; the dotted line is chance.

    Parameters
    ----------
    found : CausalGraph, Discovery, GroupDiscovery or fitted estimator
    dataset : Dataset
        Whose truth is known.
    label : str
        What was scored; called again with the same ``ax`` another curve joins.
    ax : Axes, optional

    Returns
    -------
    Axes
        The area in the legend is the average precision, :func:`grngc.metrics.auprc`.
    """
    graph = graph_of(found)
    values, truth = scored_entries(graph, dataset)
    precision, recall, _ = precision_recall_curve(truth, values)
    precision[-1] = precision[-2]  # scikit-learn ends the curve at precision 1, whatever was found first
    area = score(graph, dataset)["auprc"]
    ax = axes_of(ax, (4.5, 4.5))
    chance = float(truth.mean())
    _draw(ax, recall, precision, f"{name_of(label)}: {area:.3f}", ([0, 1], [chance, chance]), f"chance: {chance:.3f}")
    ax.set(xlabel="recall: share of true edges found", ylabel="precision: share of found edges that are true")
    return ax


def roc(found: Any, dataset: Dataset, *, label: str = "grngc", ax: "Axes | None" = None) -> "Axes":
    """Draw the share of true edges found over the share of the others taken for edges; the dotted line is chance.

    Parameters are those of :func:`precision_recall`; the area in the legend is :func:`grngc.metrics.auroc`.
    """
    graph = graph_of(found)
    values, truth = scored_entries(graph, dataset)
    false, true, _ = roc_curve(truth, values, drop_intermediate=False)
    area = score(graph, dataset)["auroc"]
    ax = axes_of(ax, (4.5, 4.5))
    _draw(ax, false, true, f"{name_of(label)}: {area:.3f}", ([0, 1], [0, 1]), "chance: 0.500")
    ax.set(xlabel="false positive rate", ylabel="true positive rate")
    return ax


CHANCE, CURVE = "chance", "curve"
"""How the lines are known again (``gid``) when another curve joins."""


def _draw(ax: "Axes", x: Any, y: Any, label: str, chance: tuple[list[float], list[float]], called: str) -> None:
    """Add a curve; chance once, as its line in the legend."""
    curves = [line for line in ax.lines if line.get_gid() == CURVE]
    old = [] if (made := ax.get_legend()) is None else [text.get_text() for text in made.get_texts()][:-1]
    steps = {"drawstyle": "steps-post"} if called != "chance: 0.500" else {}
    (line,) = ax.plot(x, y, color=CYCLE[len(curves) % len(CYCLE)], gid=CURVE, linewidth=1.6, **steps)
    chances = [line for line in ax.lines if line.get_gid() == CHANCE]
    if not chances:
        chances = ax.plot(*chance, color=GREY, linestyle=":", gid=CHANCE)
    legend(ax, [*curves, line, chances[0]], [*old, label, called], loc="best")
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    bare(ax)
