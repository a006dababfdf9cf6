"""Transforms of a series, and the way back for forecasts that continue it.

A transform turns one trajectory of one series, an array (time,), into another that may be shorter: the first ``lost``
points have no value. :meth:`Transform.undo` is given the trajectory *before* the transform and values that continue
the transformed one, and returns the values that continue the original one. A chain is undone from its last step to
its first.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from .errors import InputError

TransformChoice = str | Sequence[str] | Mapping[str, str | Sequence[str]] | None
"""What ``transform=`` takes: a name, names in the order of use, or either of them for each series by name."""


@dataclass(frozen=True)
class Transform:
    """One transform of a trajectory of one series.

    Attributes
    ----------
    name : str
        As the user writes it, e.g. ``"seasonal_difference:12"``.
    lost : int
        First points that have no value afterwards.
    apply : function (time,) -> (time - lost,)
    undo : function (history (time,), forecast (steps,)) -> (steps,)
        ``history`` is the trajectory before the transform; ``forecast`` continues it after.
    refused : function (time,) -> bool (time,)
        Points where the transform is not defined.
    reason : str
        Why those are refused.
    keeps_unit : bool
        False where the result is a pure number (log, growth), so that its rounding noise is that of 1.
    """

    name: str
    lost: int
    apply: Callable[[np.ndarray], np.ndarray]
    undo: Callable[[np.ndarray, np.ndarray], np.ndarray]
    refused: Callable[[np.ndarray], np.ndarray] | None = None
    reason: str = ""
    keeps_unit: bool = True


@dataclass(frozen=True, eq=False)
class Transformed:
    """What :func:`transform_all` returns.

    Attributes
    ----------
    trajectories : list of array (time - lost, series)
    lost : int
        First points lost, the same for all series.
    applied : tuple of Applied
    noise : array (series,)
        Size of the rounding noise to expect: variation of that size is none.
    """

    trajectories: list[np.ndarray]
    lost: int
    applied: tuple["Applied", ...]
    noise: np.ndarray


@dataclass(frozen=True, eq=False)
class Applied:
    """What was done to one series of a panel; ``history`` is each trajectory as it came, which is enough to undo it."""

    series: str
    steps: tuple[str, ...]
    history: tuple[np.ndarray, ...]

    def undo(self, trajectory: int, forecast: np.ndarray) -> np.ndarray:
        """Return in original units a transformed ``forecast`` (steps,) that continues that trajectory (a number)."""
        before = []
        values = self.history[trajectory]
        chain = [parse_transform(step) for step in self.steps]
        for transform in chain:
            before.append(values)
            values = transform.apply(values)
        for transform, history in zip(reversed(chain), reversed(before), strict=True):
            forecast = transform.undo(history, forecast)
        return forecast


def difference(period: int, name: str) -> Transform:
    """Return x_t - x_{t - period}."""

    def undo(history: np.ndarray, forecast: np.ndarray) -> np.ndarray:
        values = np.concatenate([history[len(history) - period :], np.zeros(len(forecast))])
        for step, change in enumerate(forecast):
            values[period + step] = values[step] + change
        return values[period:]

    return Transform(name, period, lambda x: x[period:] - x[:-period], undo)


def logarithm() -> Transform:
    """Return the natural logarithm, for positive series."""
    return Transform(
        "log",
        0,
        np.log,
        lambda history, forecast: np.exp(forecast),
        refused=lambda x: x <= 0,
        reason="log needs values above zero",
        keeps_unit=False,
    )


def growth() -> Transform:
    """Return the growth rate (x_t - x_{t-1}) / x_{t-1}, for series that never touch or cross zero."""

    def other_sign(x: np.ndarray) -> np.ndarray:
        known = x[~np.isnan(x)]
        return (x == 0) | (np.sign(x) == -np.sign(known[0])) if known.size else np.zeros(x.shape, bool)

    return Transform(
        "growth",
        1,
        lambda x: (x[1:] - x[:-1]) / x[:-1],
        lambda history, forecast: history[-1] * np.cumprod(1 + forecast),
        refused=other_sign,
        reason="a growth rate means nothing where a series is zero or changes its sign",
        keeps_unit=False,
    )


def detrend() -> Transform:
    """Return what is left of the least-squares line over each trajectory; the line goes on under forecasts."""
    return Transform(
        "detrend",
        0,
        lambda x: x - _line(x, np.arange(len(x))),
        lambda history, forecast: forecast + _line(history, len(history) + np.arange(len(forecast))),
    )


def _line(x: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Fit a line to the known points of ``x`` (time,) over their row number and read it at the rows ``at``."""
    known = np.flatnonzero(~np.isnan(x))
    if known.size == 0:
        return np.zeros(len(at))
    middle, level = known.mean(), x[known].mean()
    spread = ((known - middle) ** 2).sum()
    slope = ((known - middle) * (x[known] - level)).sum() / spread if spread else 0.0
    return level + slope * (at - middle)


TRANSFORMS: dict[str, Callable[[], Transform]] = {
    "difference": lambda: difference(1, "difference"),
    "log": logarithm,
    "growth": growth,
    "detrend": detrend,
}
SEASONAL = re.compile(r"seasonal_difference:([1-9]\d*)")


def parse_transform(name: str) -> Transform:
    """Return the transform of that name: a key of ``TRANSFORMS`` or ``seasonal_difference:PERIOD``."""
    if isinstance(name, str):
        if name in TRANSFORMS:
            return TRANSFORMS[name]()
        if seasonal := SEASONAL.fullmatch(name):
            return difference(int(seasonal[1]), name)
    known = ", ".join([*TRANSFORMS, "seasonal_difference:PERIOD (e.g. seasonal_difference:12)"])
    raise InputError(f"no transform {name!r}; there are {known}")


def plan_transforms(choice: TransformChoice, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the steps of every series that has any, as ``{series: (step, ...)}``, in the order of ``names``."""
    if choice is None:
        return {}
    chosen = choice if isinstance(choice, Mapping) else dict.fromkeys(names, choice)
    if unknown := [name for name in chosen if name not in names]:
        raise InputError(f"transform= names series that are not there: {unknown}; the series are {list(names)}")
    plan = {}
    for name in names:
        steps = chosen.get(name, ())
        steps = (steps,) if isinstance(steps, str) else tuple(steps)
        for step in steps:
            parse_transform(step)
        if steps:
            plan[name] = steps
    return plan


def transform_all(
    trajectories: Sequence[np.ndarray],
    names: Sequence[str],
    plan: Mapping[str, Sequence[str]],
    at: Callable[[int, int], str],
) -> Transformed:
    """Transform every series of every trajectory as planned and keep all series aligned in time.

    Parameters
    ----------
    trajectories : sequence of array (time, series)
    names : sequence of str
    plan : mapping
        From :func:`plan_transforms`.
    at : function (trajectory number, row number) -> str
        How to name a point in a message.
    """
    chains = {name: [parse_transform(step) for step in plan.get(name, ())] for name in names}
    longest = max(sum(transform.lost for transform in chain) for chain in chains.values())
    noise = np.zeros(len(names))
    results = []
    for r, values in enumerate(trajectories):
        if len(values) < longest + 2:
            raise InputError(
                f"the transforms use up the first {longest} points and 2 must be left, but the trajectory from "
                f"{at(r, 0)} on has {len(values)}: leave it out, or choose a shorter period (transform=, --transform)"
            )
        columns = []
        for i, name in enumerate(names):
            x, level = _run_chain(values[:, i], chains[name], name, partial(at, r))
            noise[i] = max(noise[i], level)
            columns.append(x[len(x) - (len(values) - longest) :])
        results.append(np.column_stack(columns))
    applied = tuple(
        Applied(name, tuple(plan[name]), tuple(values[:, i].copy() for values in trajectories))
        for i, name in enumerate(names)
        if plan.get(name)
    )
    return Transformed(results, longest, applied, noise)


def _run_chain(
    x: np.ndarray, chain: Sequence[Transform], series: str, at: Callable[[int], str]
) -> tuple[np.ndarray, float]:
    """Apply a chain to one trajectory (time,); return it with the size of its rounding noise."""
    noise = _rounding(x)
    lost = 0
    for transform in chain:
        if transform.refused is not None and (bad := transform.refused(x)).any():
            row = int(np.argmax(bad))
            raise InputError(
                f"{transform.reason}: series {series!r} is {x[row]:g} at {at(row + lost)}; "
                f"give this series another transform (transform={{{series!r}: ...}}, --transform)"
            )
        with np.errstate(over="ignore"):  # refused below, by name
            x = transform.apply(x)
        lost += transform.lost
        if np.isinf(x).any():
            row = int(np.argmax(np.isinf(x)))
            raise InputError(f"{transform.name} of series {series!r} is infinite at {at(row + lost)}: scale the series")
        noise = max(noise, _rounding(x)) if transform.keeps_unit else max(np.finfo(float).eps, _rounding(x))
    return x, noise


def _rounding(x: np.ndarray) -> float:
    """Return the spacing of floating-point numbers at the largest value of ``x``; 0 if ``x`` is empty or all NaN."""
    known = x[~np.isnan(x)]
    return float(np.finfo(float).eps * np.abs(known).max()) if known.size else 0.0
