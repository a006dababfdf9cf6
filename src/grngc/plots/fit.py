"""How a fit came about, and how well it forecasts."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError
from ..window_reader import Forecasts, WindowReader
from .canvas import BLUE, GREY, ORANGE, VERMILION, axes_of, bare, beside, legend, name_of, title
from .reading import record_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDE = 20.0
"""Ratio of the largest loss to the least forecast error from which on the axis is a logarithm."""

ROW, LETTER = 10.0, 4.2
"""Points between two rows of names of rules, and those that a letter takes."""


def penalty_path(found: Any, *, ax: "Axes | None" = None) -> "Axes":
    """Draw the held-out error at every penalty of the path, with the number of edges above it, and what was taken.

    Parameters
    ----------
    found : Discovery, record of a run, or PenaltyPath
    ax : Axes, optional

    Returns
    -------
    Axes
        That of the errors, one standard error either way; the edges have axes of their own at the right. Dotted lines
        are what rules would take.
    """
    from matplotlib.lines import Line2D

    path = found.to_dict() if hasattr(found, "to_dict") else record_of(found).get("penalty_path")
    if not path:
        raise InputError(
            "no penalty path in this record: it is made where penalty= names a rule, and for small linear fits; "
            "GRNGC.penalty_path() makes it from a fit"
        )
    ax = axes_of(ax, (6.5, 4))
    at, errors, spread = (np.array(path[key], float) for key in ("penalties", "errors", "standard_errors"))
    ax.set(xscale="log", xlabel="penalty (more leaves fewer edges)", ylabel="held-out error")
    ax.fill_between(at, errors - spread, errors + spread, color=BLUE, alpha=0.2, linewidth=0)
    ax.plot(at, errors, color=BLUE, marker="o", markersize=3.5)
    counts = ax.twinx()
    counts.plot(at, path["edges"], color=ORANGE, marker="s", markersize=3, linestyle="--")
    counts.set_ylabel("edges")
    counts.set_ylim(bottom=0)
    counts.spines["top"].set_visible(False)
    ax.spines["top"].set_visible(False)
    ax.set_zorder(counts.get_zorder() + 1)
    ax.patch.set_visible(False)
    rows = _rules(ax, path["rules"], path.get("chosen"))
    handles = [Line2D([], [], color=BLUE, marker="o", markersize=4)]
    handles.append(Line2D([], [], color=ORANGE, marker="s", markersize=4, linestyle="--"))
    labels = ["held-out error, ± one standard error", "edges"]
    if path.get("chosen"):
        handles.append(Line2D([], [], color=VERMILION))
        labels.append(f"taken, by {path['rule']}" if path.get("rule") not in (None, "given") else "taken, as given")
    beside(ax, 6 + ROW * rows, handles, labels)
    return ax


def _rules(ax: "Axes", rules: Mapping[str, float], chosen: float | None) -> int:
    """Draw a line at what each rule takes, its name above; those that agree share one. Returns the rows of names."""
    agreed: dict[float, list[str]] = {}
    for name, penalty in rules.items():
        agreed.setdefault(float(f"{penalty:.4g}"), []).append(name)
    ends: list[float] = []  # of the last name of each row, in points
    across = ax.get_window_extent().width * 72 / ax.figure.dpi
    for penalty, names in sorted(agreed.items()):
        ax.axvline(penalty, color=GREY, linestyle=":", linewidth=1)
        text = ", ".join(names)
        middle = across * ax.transAxes.inverted().transform(ax.transData.transform((penalty, 0)))[0]
        half = LETTER * len(text) / 2
        row = next((n for n, end in enumerate(ends) if end < middle - half), len(ends))
        ends[row : row + 1] = [middle + half]
        place, offset = (penalty, 1), (0, 2 + ROW * row)
        where = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points", "annotation_clip": False}
        ax.annotate(text, place, offset, ha="center", va="bottom", fontsize=7, color=GREY, **where)
    if chosen:
        ax.axvline(chosen, color=VERMILION, linewidth=1.5)
    return len(ends)


def loss(found: Any, *, ax: "Axes | None" = None) -> "Axes":
    """Draw the course of training: the loss, and the forecast error in it; the rest is the penalty.

    Parameters
    ----------
    found : Discovery or record of a run
        A forecaster that is solved for has one point, its minimum.
    ax : Axes, optional
    """
    training = record_of(found)["training"]
    trace = training["trace"]
    if not trace:
        raise InputError("no course of training in this record")
    ax = axes_of(ax, (6, 3.5))
    from matplotlib.lines import Line2D

    steps, handles = [row["step"] for row in trace], []
    for key, colour, dashes in (("loss", BLUE, "-"), ("forecast_error", ORANGE, "--")):
        style = {"marker": "o", "linestyle": ""} if len(steps) == 1 else {"linestyle": dashes}
        ax.plot(steps, [row[key] for row in trace], color=colour, **style)
        handles.append(Line2D([], [], color=colour, **style))
    least, most = min(row["forecast_error"] for row in trace), max(row["loss"] for row in trace)
    if least > 0 and most > WIDE * least:
        ax.set_yscale("log")
    elif least >= 0:
        ax.set_ylim(0, 1.1 * most)
    ax.set(xlabel="iteration" if training["exact"] else "training step", ylabel="mean squared error, scaled")
    title(ax, _course(training))
    bare(ax)
    legend(ax, handles, ["loss, with the penalty", "forecast error"])
    return ax


def _course(training: Mapping[str, Any]) -> str:
    if training["exact"]:
        return f"solved for: {'at its minimum' if training['converged'] else 'NOT at its minimum'}"
    change = f"the second half moved the scores by {training['score_change']:.1%}"
    return f"{'converged' if training['converged'] else 'NOT converged'}: {change}"


def forecast(
    found: Any, series: str, *, trajectory: str | None = None, last: int | None = 300, ax: "Axes | None" = None
) -> "Axes":
    """Draw a series as it was observed, and as it was forecast one step ahead from the true past.

    The forecasts are of the record that was fitted: they show what the forecaster follows, not how well it would do on
    what comes next (``forecast_gain`` in ``run.json`` says that, from windows held out).

    Parameters
    ----------
    found : Discovery, fitted GRNGC, or Forecasts
        A Discovery of this session, or of ``Discovery.load(folder, panel)``.
    series : str
        One that is not exogenous.
    trajectory : str, optional
        Its label; the first where not given.
    last : int, optional
        Draw so many steps at the end; None: all.
    ax : Axes, optional
    """
    from matplotlib.lines import Line2D

    forecasts = _forecasts(found)
    label = forecasts.trajectory[0] if trajectory is None else trajectory
    time, observed, expected = forecasts.of(series, label)
    time, observed, expected = (values[-last:] if last else values for values in (time, observed, expected))
    ax = axes_of(ax, (7, 3))
    whole = np.arange(time[0], time[-1] + 1)
    lines = []
    for values, colour, dashes in ((observed, GREY, "-"), (expected, BLUE, "--")):
        gaps = np.full(len(whole), np.nan)  # windows with missing values have no forecast
        gaps[time - time[0]] = values
        (line,) = ax.plot(whole, gaps, color=colour, linestyle=dashes, linewidth=1.2)
        lines.append(Line2D([], [], color=line.get_color(), linestyle=dashes))
    ax.set(xlabel="time (steps)", ylabel="value, as fitted")
    ax.margins(x=0.01)
    several = f" ({name_of(label)})" if len(set(forecasts.trajectory.tolist())) > 1 else ""
    title(ax, f"{name_of(series)}{several}")
    bare(ax)
    legend(ax, lines, ["observed", "forecast one step ahead"], loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
    return ax


def _forecasts(found: Any) -> Forecasts:
    """Return forecasts of the windows of a fit."""
    if isinstance(found, Forecasts):
        return found
    if isinstance(reader := getattr(found, "reader_", getattr(found, "reader", None)), WindowReader):
        return reader.forecasts()
    raise InputError(
        "forecasts need the forecaster and the data: pass a fitted GRNGC, the Discovery of grngc.discover, or that of "
        f"grngc.Discovery.load(folder, data); got {type(found).__name__}"
    )
