"""What all pictures share: the axes, colours, names as labels."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..labels import clipped, isolated, told_apart

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.legend import Legend

ORANGE, SKY, GREEN, YELLOW = "#E69F00", "#56B4E9", "#009E73", "#F0E442"
BLUE, VERMILION, PURPLE = "#0072B2", "#D55E00", "#CC79A7"
GREY, PALE = "#808080", "#D9D9D9"
"""Okabe and Ito's colours (Color Universal Design, 2008), and two greys that show on white and on black."""

CYCLE = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILION)

SIGN_COLOURS = {"+": BLUE, "-": VERMILION, "±": GREY}
SIGN_MEANS = {"+": "more gives more (+)", "-": "more gives less (-)", "±": "sign varies (±)"}

AS_IT_IS: dict[str, Any] = {"parse_math": False, "usetex": False}
"""Of every text that holds a name: ``$`` and ``_`` in it are no formula."""

LONGEST = 22
"""Characters of a name that are shown."""

SMALLEST = 6.0
"""Points of the smallest label."""


def axes_of(ax: "Axes | None", size: tuple[float, float]) -> "Axes":
    """Return the axes given, or those of a new figure of ``size`` (inches)."""
    try:
        from matplotlib.axes import Axes
    except ImportError as error:
        raise InputError('plots need matplotlib: pip install "grngc[plots]"') from error
    if isinstance(ax, Axes):
        return ax
    if ax is not None:
        raise InputError(f"ax= is one matplotlib Axes; got {type(ax).__name__}")
    from matplotlib import pyplot

    return pyplot.subplots(figsize=size, layout="constrained")[1]


def name_of(name: object, most: int = LONGEST) -> str:
    """Return a name as a label shows it, in so many characters at most."""
    return clipped(str(name), most)


def pair_of(source: str, target: str) -> str:
    """Return two names with an arrow that points to the second whichever way they are written."""
    return f"{isolated(name_of(source))} → {isolated(name_of(target))}"


def title(ax: "Axes", text: str) -> None:
    """Set the title, at the left, one that may hold names."""
    ax.set_title(text, loc="left", fontsize="medium", **AS_IT_IS)


def label_series(axis: "Axis", names: Sequence[str], **text: Any) -> None:
    """Label the positions 0, 1, ... of an axis with names: smaller where there are many, thinned out where too many."""
    from matplotlib.font_manager import FontProperties

    ax, across = axis.axes, axis.axis_name == "x"
    box = ax.get_window_extent()
    room = 0.85 * 72 * (box.width if across else box.height) / ax.figure.dpi  # labels of the other axis take the rest
    line, size = 1.15, FontProperties(size=text.pop("fontsize", "small")).get_size_in_points()
    size = min(size, max(SMALLEST, room / (line * max(len(names), 1))))
    every = max(1, -(-len(names) * line * size // max(room, 1)))
    shown = range(0, len(names), int(every))
    labels = [*told_apart(names, LONGEST).values()]
    axis.set_ticks([*shown], [labels[n] for n in shown], fontsize=size, **text, **AS_IT_IS)
    axis.set_tick_params(length=0 if every == 1 else 2)


def legend(ax: "Axes", handles: Sequence["Artist"], labels: Sequence[str], **place: Any) -> "Legend | None":
    """Add a legend whose labels are shown letter for letter, also those that begin with ``_``; none for no handles."""
    if not handles:
        return None
    made = ax.legend([*handles], ["label"] * len(handles), frameon=False, fontsize="small", **place)
    for text, label in zip(made.get_texts(), labels, strict=True):
        text.set(text=label, **AS_IT_IS)
    return made


def beside(ax: "Axes", points: float, handles: Sequence["Artist"], labels: Sequence[str], columns: int = 4) -> None:
    """Add a legend in rows above the axes, so many points away, or below them where ``points`` is negative."""
    from matplotlib.transforms import ScaledTranslation

    away = ScaledTranslation(0, points / 72, ax.figure.dpi_scale_trans)
    edge, loc = (1, "lower center") if points > 0 else (0, "upper center")
    place = {"loc": loc, "bbox_to_anchor": (0.5, edge), "bbox_transform": ax.transAxes + away, "borderaxespad": 0}
    legend(ax, handles, labels, ncols=columns, **place)


def bare(ax: "Axes") -> None:
    """Take away the lines at the top and at the right."""
    ax.spines[["top", "right"]].set_visible(False)
