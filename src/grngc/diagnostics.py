"""What about a record makes a graph hard to trust: warnings told from the panel and from what the forecasts miss.

Each kind is one test with a threshold far from what well-behaved records give, so that a warning means something:
independent noise, stationary autoregressions and their networks give none (docs/how-to/warnings.md
has the thresholds and how they were chosen). They are hints, not proofs: nothing else depends on them.

References
----------
C. W. J. Granger, P. Newbold, Spurious regressions in econometrics, J. Econometrics 2 (1974): why it matters.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .arguments import brief, listed
from .checks import FAR
from .movements import correlation, same, slow, smooth
from .panel import Panel
from .scaling import Scaling
from .windows import Windows

LONG = 100
"""Points of a trajectory from which on slow movements in it can be told from its course: a transient is none."""

SPREAD_RATIO, SPREAD_T, STRETCHES = 3.0, 5.0, 10
"""How many times larger the errors of one half are (variance), and how many standard errors that must be, told by
so many stretches of each half."""

TOGETHER = 0.7
"""Correlation of two series' forecast errors at one moment that is strong."""

UNFORECAST = 0.05
"""Share of the variance below which forecasts, the own past's among them, save as good as nothing."""

EXTREMES, DOMINATED = 0.005, 0.5
"""The largest deviations, as a share of the points, and the share of a series' variance that they may not hold."""

CHANCE = 0.5
"""Correlation with which the largest of so many chance ones is to be expected, beyond which windows are too few."""

ENOUGH = 50
"""Points, or windows, from which on a correlation or a share of a variance is told."""

SHOWN = 3
"""Series that a warning names."""

KINDS = (
    "random_walk", "trend", "changing_spread", "near_duplicates", "contemporaneous", "slow_sampling", "fast_sampling",
    "extremes", "few_windows",
)  # fmt: skip
"""What a warning may be about."""


@dataclass(frozen=True)
class Diagnostic:
    """One warning about a record.

    Attributes
    ----------
    kind : str
        One of :data:`KINDS`.
    series : tuple of str
        All that are concerned, the worst first.
    figures : dict
        The numbers it is based on, by name.
    text : str
        What was found and what to do, in one or two sentences.
    """

    kind: str
    series: tuple[str, ...]
    figures: dict[str, float]
    text: str


def diagnose(
    panel: Panel, windows: Windows, errors: np.ndarray | None = None, *, present_used: bool = False
) -> list[Diagnostic]:
    """Return the warnings about a panel that was fitted, at most one of each kind.

    Parameters
    ----------
    panel : Panel
    windows : Windows
        Of the fit, in its order.
    errors : array (window, series), optional
        What the forecasts of ``windows.y`` miss. None, for a method that forecasts nothing: what is told from them is
        left out.
    present_used : bool
        Whether the graph reads the present too: it then says itself which series move together.
    """
    standard = Scaling.of(panel, "pooled").apply(panel).trajectories
    alike = same(standard)
    if errors is not None and (len(windows) < ENOUGH or not np.isfinite(errors).all()):
        errors = None
    found = [
        *_slow_movements(panel, [values for values in standard if len(values) >= LONG]),
        None if errors is None else _changing_spread(panel, windows, errors),
        _near_duplicates(panel, alike),
        None if errors is None or present_used else _together(panel, windows, errors, ~alike),
        _smooth(panel, [values for values in standard if len(values) >= LONG]),
        _extremes(panel, standard),
        _few_windows(panel, windows),
    ]
    return [each for each in found if each is not None]


def _slow_movements(panel: Panel, standard: Sequence[np.ndarray]) -> list[Diagnostic | None]:
    if not standard:
        return []
    share, returns, trending, walking = slow(standard)
    walks, trends = _worst(panel, -returns, walking), _worst(panel, share, trending)
    walk = Diagnostic(
        "random_walk",
        walks,
        {"smallest_n_times_1_minus_rho": -_largest(-returns, walking)},
        f"{_told(walks, 'moves', 'move')} like random walks: unrelated ones seem to drive each other. "
        'Take differences: transform="difference" (--transform difference).',
    )
    trend = Diagnostic(
        "trend",
        trends,
        {"largest_share_of_variance": _largest(share, trending)},
        f"{_told(trends, 'follows', 'follow')} a line in time (up to {_largest(share, trending):.0%} of the variance): "
        'a trend in common looks like a coupling. Take it out: transform="detrend" (--transform detrend).',
    )
    return [each for each in (walk, trend) if each.series]


def _changing_spread(panel: Panel, windows: Windows, errors: np.ndarray) -> Diagnostic | None:
    """Compare the errors of the first half with those of the second, by the spread in stretches of each."""
    halves: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    for r in np.unique(windows.trajectory):
        mine = errors[windows.trajectory == r]
        if len(mine) >= max(LONG, 4 * STRETCHES):
            for half, part in zip(halves, np.array_split(mine, 2), strict=True):
                half += [np.square(stretch).mean(axis=0) for stretch in np.array_split(part, STRETCHES)]
    if not halves[0]:
        return None
    first, second = (np.log(np.maximum(half, 1e-300)) for half in halves)
    change = second.mean(axis=0) - first.mean(axis=0)
    error = np.sqrt((first.var(axis=0, ddof=1) + second.var(axis=0, ddof=1)) / len(first))
    changed = (np.abs(change) > math.log(SPREAD_RATIO)) & (np.abs(change) > SPREAD_T * error) & panel.targets
    series = _worst(panel, np.abs(change), changed)
    if not series:
        return None
    ratio = math.exp(min(_largest(np.abs(change), changed), 700))
    return Diagnostic(
        "changing_spread",
        series,
        {"largest_ratio_of_variances": ratio},
        f"Forecasts of {_names(series)} miss far more in one half of the record than in the other (up to "
        f"{ratio:.3g} times the variance): couplings may differ too. Fit the halves apart and compare their graphs.",
    )


def _near_duplicates(panel: Panel, alike: np.ndarray) -> Diagnostic | None:
    found = np.argwhere(np.triu(alike, 1))
    if not len(found):
        return None
    shown = [f"{brief(panel.names[i])} and {brief(panel.names[j])}" for i, j in found[:SHOWN]]
    more = f" and {len(found) - SHOWN} more pairs" if len(found) > SHOWN else ""
    series = tuple(panel.names[i] for i in np.unique(found))
    return Diagnostic(
        "near_duplicates",
        series,
        {"pairs": float(len(found))},
        f"Nearly the same series twice: {', '.join(shown)}{more}. What drives one seems to be driven by, and to drive, "
        "the other: keep one of each (--columns).",
    )


def _together(panel: Panel, windows: Windows, errors: np.ndarray, apart: np.ndarray) -> Diagnostic | None:
    """Look at what forecasts miss at one moment, in which is nothing that the past explains; of pairs ``apart``."""
    p, n = panel.n_series, len(windows)
    alike = np.abs(correlation(errors)) * np.outer(panel.targets, panel.targets) * apart
    np.fill_diagonal(alike, 0)
    sure = math.tanh((math.sqrt(4 * math.log(max(p, 2))) + 3) / math.sqrt(n))
    strong = alike > max(TOGETHER, sure)
    if not strong.any():
        return None
    largest = alike.max(axis=1)
    series, pairs = _worst(panel, largest, strong.any(axis=1)), int(strong.sum()) // 2
    spread = windows.y.var(axis=0)
    saved = 1 - np.square(errors).mean(axis=0) / np.where(spread > 0, spread, 1)
    forecast = float(np.median(saved[panel.targets]))
    i, j = np.unravel_index(alike.argmax(), alike.shape)
    text = (
        f"{pairs} {'pair of series moves' if pairs == 1 else 'pairs of series move'} together within one time step "
        f"beyond what the past tells (forecast errors of {brief(panel.names[i])} and {brief(panel.names[j])} correlate "
        f"by {alike.max():.2f}): "
    )
    slow = forecast < UNFORECAST
    if slow:
        text += (
            f"and the past forecasts next to nothing ({max(forecast, 0):.0%} of the variance): the record may be "
            "sampled too slowly for its couplings. Sample faster, or read the present too: contemporaneous=True."
        )
    else:
        text += (
            "a common source that is not among the series, or coupling faster than the sampling, may stand behind it."
        )
    figures = {"pairs": float(pairs), "largest_correlation": float(alike.max()), "variance_forecast": forecast}
    return Diagnostic("slow_sampling" if slow else "contemporaneous", series, figures, text)


def _smooth(panel: Panel, standard: Sequence[np.ndarray]) -> Diagnostic | None:
    if not standard:
        return None
    again, found, every = smooth(standard)
    if every is None:
        return None
    series = _worst(panel, again, found)
    return Diagnostic(
        "fast_sampling",
        series,
        {"largest_autocorrelation_of_steps": _largest(again, found), "every": float(every)},
        f"{_told(series, 'hardly changes', 'hardly change')} course from one step to the next: sampled so fast, the "
        f"own past forecasts nearly all, and couplings are hard to see. Try every {every}th point.",
    )


def _extremes(panel: Panel, standard: Sequence[np.ndarray]) -> Diagnostic | None:
    """Look for series that a few points make up; those so far out that reading the data warns of them are left out."""
    values = np.concatenate(standard)
    n = np.isfinite(values).sum(axis=0)
    away = np.abs(values - np.nanmedian(values, axis=0))
    usual = np.nanmedian(away, axis=0)
    away = np.nan_to_num(away)
    said = (away.max(axis=0) > FAR * usual) & (usual > 0) if not panel.transforms else np.zeros(panel.n_series, bool)
    few = max(1, int(EXTREMES * len(values)))
    largest = np.square(np.partition(away, len(away) - few, axis=0)[len(away) - few :]).sum(axis=0)
    share = largest / np.maximum(np.square(away).sum(axis=0), 1e-300)
    dominated = (share > DOMINATED) & (n >= ENOUGH) & ~said & panel.targets
    series = _worst(panel, share, dominated)
    if not series:
        return None
    most = _largest(share, dominated)
    return Diagnostic(
        "extremes",
        series,
        {"largest_share_of_variance": most, "points": float(few)},
        f"{few} of {len(values)} points make up most of the variance of {_names(series)} (up to {most:.0%}), and so "
        "decide on edges: check them, or tame a heavy tail by logarithms (--transform log).",
    )


def _few_windows(panel: Panel, windows: Windows) -> Diagnostic | None:
    p, lags, n = panel.n_series, windows.x.shape[1], len(windows)
    chance = math.sqrt(2 * math.log(max(p * (p - 1) * lags, 2)) / n)
    if chance <= CHANCE or p == 1:
        return None
    return Diagnostic(
        "few_windows",
        (),
        {"windows": float(n), "largest_correlation_by_chance": min(chance, 1.0)},
        f"Only {n} windows for {p} series: among so many pairs chance alone correlates some by {min(chance, 1):.2f}, "
        "so only strong couplings can be seen. Bring a longer record, more trajectories, or fewer series (--columns).",
    )


def _worst(panel: Panel, size: np.ndarray, found: np.ndarray) -> tuple[str, ...]:
    """Return the names of those found, the largest first."""
    return tuple(panel.names[i] for i in np.argsort(-size, kind="stable") if found[i])


def _largest(size: np.ndarray, found: np.ndarray) -> float:
    return float(size[found].max()) if found.any() else math.nan


def _names(series: Sequence[str]) -> str:
    return f"{len(series)} series ({listed(series, SHOWN)})" if len(series) > 1 else f"series {listed(series)}"


def _told(series: Sequence[str], one: str, several: str) -> str:
    text = f"{_names(series)} {one if len(series) == 1 else several}"
    return text[0].upper() + text[1:]
