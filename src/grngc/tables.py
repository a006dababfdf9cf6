"""What all tables share, frames and files alike: the roles of columns, and rows into trajectories."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .arguments import brief, listed
from .checks import Reading, check_known, choose_series, is_missing, say, warn
from .errors import InputError
from .times import Clock, check_clock

CLOCK_NAMES = frozenset(
    {"time", "times", "t", "date", "dates", "datetime", "timestamp", "index", "step"}
    | {"year", "years", "month", "day", "hour", "minute", "second"}
)
"""Names under which a column that keeps rising is taken for a forgotten time column; only ever a warning."""


@dataclass(frozen=True)
class Columns:
    """Which columns of a table are series, and which tells trajectories apart or gives the time."""

    series: tuple[str, ...]
    trajectory: str | None = None
    time: str | None = None
    chosen: bool = False


def choose_columns(
    names: Sequence[str],
    *,
    trajectory: str | None,
    time: str | None,
    series: str | Sequence[str] | None,
    origin: str = "",
) -> Columns:
    """Return the roles of the columns ``names``; without ``series``, all that have no other role."""
    for column, what in ((trajectory, "trajectory= (--trajectory)"), (time, "time= (--time)")):
        if column is not None:
            if not isinstance(column, str):
                raise InputError(f"{what} takes the name of a column; got {type(column).__name__}")
            check_known([column], names, what, origin)
    if trajectory is not None and trajectory == time:
        raise InputError(say(origin, f"column {time!r} cannot be both trajectory and time"))
    roles = {trajectory, time}
    if series is None:
        wanted = tuple(name for name in names if name not in roles)
        if not wanted:
            raise InputError(say(origin, f"no column is left to be a series; there are {listed(names)}"))
    else:
        wanted = choose_series(names, series, origin)
        if both := [name for name in wanted if name in roles]:
            raise InputError(
                say(origin, f"column {both[0]!r} is the trajectory or the time; it cannot be a series too")
            )
    return Columns(wanted, trajectory, time, chosen=series is not None)


def text_error(cell: str, column: str, place: str, whole_column: bool, origin: str) -> InputError:
    """Return the error for text where a number was expected: a whole column of it, or one cell."""
    if whole_column:
        return InputError(
            say(
                origin,
                f"column {column!r} holds text ({brief(cell)} in {place}), and a series holds numbers: name it as time="
                " (--time) or trajectory= (--trajectory), or choose the series with series= (--columns)",
            )
        )
    return InputError(
        say(
            origin,
            f"could not convert {brief(cell)} in {place}, column {column!r}, to a number: correct it, or leave the "
            'cell empty and use missing="drop" (--missing drop)',
        )
    )


def split_rows(
    values: np.ndarray,
    columns: Columns,
    *,
    labels: Sequence[Any] | None,
    clock: Clock | None,
    first_row: int,
    origin: str = "",
    notes: tuple[str, ...] = (),
) -> Reading:
    """Split the rows of a table by trajectory, in order of first appearance, and check their time.

    Rows of a trajectory keep their order and need not be neighbours.

    Parameters
    ----------
    values : array (row, series)
    columns : Columns
    labels : sequence (row,), optional
        Trajectory of each row.
    clock : Clock, optional
        Time of each row.
    first_row : int
        What the user calls the first row.
    origin, notes
        As in :class:`~grngc.checks.Reading`.
    """
    groups: dict[str, list[int]] = {}
    if labels is None:
        groups["1"] = list(range(len(values)))
    else:
        for row, label in enumerate(labels):
            if is_missing(label) or label == "":
                raise InputError(
                    say(origin, f"trajectory column {columns.trajectory!r} is empty in row {row + first_row}: fill it")
                )
            whole = isinstance(label, float) and label.is_integer()
            groups.setdefault(str(int(label) if whole else label), []).append(row)
    rows = [np.array(group, dtype=int) for group in groups.values()]
    reading = Reading(
        tuple(values[group] for group in rows),
        columns.series,
        tuple(groups),
        tuple(group + first_row for group in rows),
        origin,
        notes,
    )
    if clock is not None:
        check_clock(clock, reading, rows)
    elif not columns.chosen:
        _warn_of_clocks(values, columns.series, origin, first_row)
    return reading


def _warn_of_clocks(values: np.ndarray, names: Sequence[str], origin: str, first_row: int) -> None:
    """Warn of a series that looks like a forgotten time column: always rising, perhaps starting over."""
    if len(values) < 3:
        return
    for x, name in zip(values.T, names, strict=True):
        with np.errstate(over="ignore", invalid="ignore"):  # infinity is refused later, by name
            steps = np.diff(x)
            again = (steps < 0) & (x[1:] == x[0])
            rises = steps[~again]
            if not rises.size or not (rises > 0).all():
                continue
            even = np.ptp(rises) <= 1e-9 * np.abs(rises).max()
        if name.lower() in CLOCK_NAMES or even:
            remedy = f"name it with time={name!r} (--time {name})"
            if again.any():
                row = int(np.argmax(again)) + 1 + first_row
                remedy += f", and, as it starts over in row {row}, tell the trajectories apart (--trajectory)"
            warn(
                origin,
                f"column {name!r} rises at every row like a clock, and is used as a series: if it is the time, "
                f"{remedy}; if it is a series, say so with series= (--columns)",
            )
