"""The time column: numbers, ISO dates or quarters; it must increase, and unequal steps are worth a warning."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .arguments import brief
from .checks import Reading, is_missing, say, warn
from .errors import InputError

STEP_TOLERANCE = 0.05
"""Steps within this share of the usual step are equal: 0.33, 0.34, 0.33 are thirds, 365 and 366 days are years."""
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
QUARTER = re.compile(r"(\d{4})[- ]?[Qq]([1-4])")
ISO_START = re.compile(r"\d{4}-\d")


@dataclass(frozen=True, eq=False)
class Clock:
    """Times of the rows of a table.

    Attributes
    ----------
    values : array (row,)
        Numbers, or days since 1970 for dates.
    shown : sequence or array (row,)
        As the user wrote them.
    dates : bool
    column : str
    """

    values: np.ndarray
    shown: Sequence[Any] | np.ndarray
    dates: bool
    column: str


def read_clock(cells: Sequence[Any] | np.ndarray, column: str, at: Callable[[int], str], origin: str = "") -> Clock:
    """Read a time column: numbers, datetimes, ISO dates (2020-01, 2020-01-31, 2020-01-31T12:00) or quarters (2020Q1).

    ``at`` names the place of a row number for messages.
    """
    array = np.asarray(cells)
    if array.dtype.kind == "M":
        clock = Clock(_days_of(array), np.datetime_as_string(array, unit="auto"), True, column)
    elif array.dtype.kind in "iuf":
        clock = Clock(array.astype(float), array, False, column)
    else:
        clock = _read_text_clock(["" if is_missing(cell) else str(cell).strip() for cell in cells], column, at, origin)
    if (bad := ~np.isfinite(clock.values)).any():
        row = int(np.argmax(bad))
        raise InputError(say(origin, f"time column {column!r} has no time in {at(row)}: fill it, or remove the row"))
    return clock


def _read_text_clock(cells: list[str], column: str, at: Callable[[int], str], origin: str) -> Clock:
    numbers = [_as_number(cell) for cell in cells]
    if all(number is not None for number in numbers):
        return Clock(np.array(numbers, dtype=float), cells, False, column)
    days = _as_days(cells)
    none = np.array([number is None for number in numbers])
    bad = none if none.mean() < 0.5 else np.isnan(days) & np.array([cell != "" for cell in cells])
    if bad.any():
        row = int(np.argmax(bad))
        raise InputError(
            say(
                origin,
                f"time column {column!r} holds {brief(cells[row])} in {at(row)}: expected a number, an ISO date such "
                "as 2020-01-31 or 2020-01-31T12:00, or a quarter such as 2020Q1",
            )
        )
    return Clock(days, cells, True, column)


def _as_number(cell: str) -> float | None:
    """Return a time that is a number, NaN where there is none; ``float`` alone would take ``1_000`` and ``nan``."""
    if not cell:
        return np.nan
    return float(cell) if NUMBER.fullmatch(cell) else None


def _as_days(cells: list[str]) -> np.ndarray:
    """Return ISO dates and quarters as days since 1970 (UTC where an offset is given), NaN for what is neither.

    All at once: pandas takes fifty times as long for one date at a time.
    """
    import pandas as pd

    dates: list[str | None] = []
    for cell in cells:
        if quarter := QUARTER.fullmatch(cell):
            cell = f"{quarter[1]}-{3 * int(quarter[2]) - 2:02d}"
        dates.append(cell if ISO_START.match(cell) else None)
    stamps = pd.to_datetime(pd.Series(dates, dtype=object), format="ISO8601", utc=True, errors="coerce")
    return _days_of(stamps.dt.tz_localize(None).to_numpy())


def _days_of(stamps: np.ndarray) -> np.ndarray:
    """Return datetime64 of any unit as days since 1970, NaN for NaT; nanoseconds would end in the year 2262."""
    whole = stamps.astype("datetime64[D]")
    return np.where(np.isnat(whole), np.nan, whole.astype(np.int64) + (stamps - whole) / np.timedelta64(1, "D"))


def check_clock(clock: Clock, reading: Reading, groups: Sequence[np.ndarray]) -> None:
    """Refuse time that does not increase within a trajectory; warn where its steps are unequal.

    ``groups`` holds, for each trajectory of ``reading``, its row numbers in ``clock``.
    """
    for r, rows in enumerate(groups):
        times = clock.values[rows]
        with np.errstate(over="ignore"):
            steps = np.diff(times)
        if (back := steps <= 0).any():
            t = int(np.argmax(back))
            before, after = (str(clock.shown[rows[n]]) for n in (t, t + 1))
            which = f" within trajectory {reading.label(r)!r}" if len(groups) > 1 else ""
            remedy = (
                "sort the rows by time"
                if len(groups) > 1
                else "sort the rows, or name the column that tells trajectories apart (trajectory=, --trajectory)"
            )
            raise reading.error(
                f"time does not increase{which}: column {clock.column!r} is {after} in {reading.at(r, t + 1)} "
                f"after {before}; {remedy}"
            )
    _warn_if_unequal(clock, reading, groups)


def _warn_if_unequal(clock: Clock, reading: Reading, groups: Sequence[np.ndarray]) -> None:
    months = _months(clock) if clock.dates else None
    unit = "" if not clock.dates else " days" if months is None else " months"
    times = clock.values if months is None else months
    with np.errstate(over="ignore"):
        every = np.concatenate([np.diff(times[rows]) for rows in groups])
    if not every.size:
        return
    usual = float(np.median(every))
    if not np.isfinite(every).all():
        raise reading.error(f"time column {clock.column!r} takes steps beyond float64: write it in other units")
    tolerance = STEP_TOLERANCE * usual
    for r, rows in enumerate(groups):
        steps = np.diff(times[rows])
        odd = np.abs(steps - usual) > tolerance
        if odd.any():
            t = int(np.argmax(odd))
            warn(
                reading.origin,
                f"unequal time steps: column {clock.column!r} steps by {steps[t]:.6g}{unit} before "
                f"{reading.at(r, t + 1)}, usually by {usual:.6g}{unit} "
                f"({np.mean(np.abs(every - usual) > tolerance):.0%} of the steps differ); "
                "a lag counts rows, not time: resample to equal steps if that matters",
            )
            return


def _months(clock: Clock) -> np.ndarray | None:
    """Return dates as months since 1970 if all are on one day of the month, or on its last; None otherwise."""
    dates = np.round(clock.values).astype("datetime64[D]")  # an offset from UTC moves midnight by half a day at most
    months = dates.astype("datetime64[M]")
    day = (dates - months).astype(int)
    last = ((months + 1).astype("datetime64[D]") - dates).astype(int) == 1
    return months.astype(float) if ((day == day.max()) | last).all() and len(np.unique(months)) > 1 else None
