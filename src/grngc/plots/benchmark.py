"""A benchmark table as a dot plot: ours beside controls beside what was published."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..arguments import check_choice
from ..bench.figures import METRICS, shown
from ..bench.lines import Line
from ..bench.table import Table
from .canvas import AS_IT_IS, BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, axes_of, bare, beside, name_of, title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KINDS = {
    "default": ("ours, the default", BLUE, "o"),
    "grngc": ("ours, other settings", SKY, "o"),
    "method": ("other networks", GREEN, "o"),
    "oracle": ("picked on the truth", PURPLE, "*"),
    "control": ("controls", GREY, "s"),
    "published": ("as published", ORANGE, "D"),
}
"""Kind of a line -> what it is called, its colour and marker, in the order of groups."""

LONGEST_LABEL = 48


def benchmark(
    table: Table,
    lines: Sequence[Line],
    *,
    metric: str | None = None,
    column: str | None = None,
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw one metric of one column: a dot for each line, its deviation over seeds as a bar.

    Parameters
    ----------
    table : Table
    lines : sequence of Line
        Those of :func:`grngc.bench.lines.lines_of`.
    metric, column : str, optional
        The table's first where not given.
    ax : Axes, optional

    Returns
    -------
    Axes
        Lines in groups by kind, in each the best first; the thin line is the default's mean. Of ours, one without a
        figure says why, and one that has not all its seeds is hollow.
    """
    from matplotlib.lines import Line2D

    metric, column = metric or table.metrics[0], column or table.columns[0].name
    check_choice("metric", metric, table.metrics)
    check_choice("column", column, [each.name for each in table.columns])
    order = [*KINDS]
    place, falling = (column, metric), -1 if METRICS[metric].is_share else 1

    def position(line: Line) -> tuple[int, bool, float]:
        mean = line.figures[place].mean
        return order.index(line.kind), mean is None, falling * (mean or 0.0)

    printed = [line for line in lines if line.kind != "published" or line.figures[place].values]
    ranked = sorted(printed, key=position)
    ax = axes_of(ax, (6.5, 0.26 * len(ranked) + 1.4))
    at = np.arange(len(ranked))
    for n, line in enumerate(ranked):
        figure, (_, colour, marker) = line.figures[place], KINDS[line.kind]
        if figure.mean is None:
            said = "has none" if figure.instead == "-" else shown(figure, METRICS[metric].digits)
            inside, behind = ax.get_yaxis_transform(), {"facecolor": ax.get_facecolor(), "linewidth": 0, "pad": 1}
            ax.text(
                0.01, n, said, transform=inside, va="center", color=GREY, fontsize="x-small", bbox=behind, **AS_IT_IS
            )
            continue
        size = 8 if marker == "*" else 5
        partial = {} if figure.whole else {"markerfacecolor": "none"}
        ax.errorbar(
            [figure.mean],
            [n],
            xerr=figure.sd or None,
            color=colour,
            marker=marker,
            markersize=size,
            capsize=2,
            **partial,
        )
        if line.kind == "default":
            ax.axvline(figure.mean, color=colour, linewidth=0.8, alpha=0.5, zorder=0)
    ax.set_yticks(at, [name_of(line.label, LONGEST_LABEL) for line in ranked], fontsize="small", **AS_IT_IS)
    ax.set(xlabel=METRICS[metric].title, ylim=(len(ranked) - 0.5, -0.5))
    if not METRICS[metric].is_share and any((line.figures[place].mean or 0) > 0 for line in ranked):
        ax.set_xscale("log")
    ax.grid(axis="y", linewidth=0.4, alpha=0.5)
    ax.tick_params(axis="y", length=0)
    labels = {each.name: each.label or each.name for each in table.columns}
    title(ax, labels[column])
    bare(ax)
    there = [KINDS[kind] for kind in order if any(line.kind == kind for line in ranked)]
    handles = [Line2D([], [], color=colour, marker=marker, linestyle="") for _, colour, marker in there]
    beside(ax, -38, handles, [called for called, _, _ in there], columns=3)
    return ax
