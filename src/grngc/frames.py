"""Data frames, pandas or polars through narwhals, into a :class:`~grngc.checks.Reading`."""

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import numpy as np

from .arguments import listed
from .checks import Reading, check_names, is_missing, say
from .errors import InputError
from .tables import choose_columns, split_rows, text_error
from .times import read_clock


def is_frame(X: Any) -> bool:
    """Return whether X is a data frame that narwhals reads (pandas, polars, pyarrow, ...)."""
    try:
        return isinstance(nw.from_native(X, eager_only=False, pass_through=True), nw.DataFrame | nw.LazyFrame)
    except nw.exceptions.DuplicateError:
        return True  # refused later, by name


def read_frames(
    X: Any,
    *,
    names: Sequence[str] | None = None,
    trajectory: str | None = None,
    time: str | None = None,
    series: str | Sequence[str] | None = None,
    origin: str = "",
) -> Reading:
    """Read a data frame, or a list of them: one for each trajectory, with the same columns."""
    if names is not None:
        raise InputError(say(origin, "names= is for arrays; a table brings its own names: choose with series="))
    if not isinstance(X, list | tuple):
        return _read_frame(X, trajectory=trajectory, time=time, series=series, origin=origin)
    if trajectory is not None:
        raise InputError("trajectory= is for one frame; in a list of frames each is a trajectory")
    readings = [_read_frame(frame, trajectory=None, time=time, series=series, origin=origin) for frame in X]
    first = readings[0]
    for r, reading in enumerate(readings):
        if set(reading.names) != set(first.names):
            raise InputError(
                f"frame {r + 1} has the series {listed(reading.names)} and frame 1 has {listed(first.names)}: all "
                "trajectories hold the same series"
            )
    readings = [reading.keep([reading.names.index(name) for name in first.names]) for reading in readings]
    return Reading(tuple(reading.trajectories[0] for reading in readings), first.names, origin=origin)


def _read_frame(X: Any, *, trajectory: str | None, time: str | None, series: Any, origin: str) -> Reading:
    try:
        frame = nw.from_native(X, eager_only=False)
        names = tuple(str(name) for name in frame.collect_schema().names())
    except nw.exceptions.DuplicateError as error:
        check_names([str(name) for name in X.columns], origin)
        raise InputError(say(origin, f"duplicate column names: {error}")) from error
    if isinstance(frame, nw.LazyFrame):
        raise InputError(say(origin, "a lazy frame holds no data yet: pass frame.collect()"))
    check_names(names, origin)
    columns = choose_columns(names, trajectory=trajectory, time=time, series=series, origin=origin)
    arrays = {
        name: frame[:, i].to_numpy() for i, name in enumerate(names) if name in (*columns.series, trajectory, time)
    }
    values = np.empty((len(frame), len(columns.series)))
    for i, name in enumerate(columns.series):
        values[:, i] = _frame_column(arrays[name], name, origin)
    labels = None if trajectory is None else arrays[trajectory].tolist()
    clock = None
    index = nw.maybe_get_index(frame)
    if time is not None:
        clock = read_clock(arrays[time], time, _frame_row, origin)
    elif index is not None and getattr(index, "inferred_type", "") in ("datetime64", "period"):
        stamps = index.to_timestamp() if index.inferred_type == "period" else index
        clock = read_clock(stamps.to_numpy(), str(index.name or "index"), _frame_row, origin)
    return split_rows(values, columns, labels=labels, clock=clock, first_row=0, origin=origin)


def _frame_row(row: int) -> str:
    return f"row {row}"


def _frame_column(cells: np.ndarray, name: str, origin: str) -> np.ndarray:
    """Return one column of a frame as float64; refuse text and dates, naming the first cell."""
    if cells.dtype.kind in "biuf":
        with np.errstate(over="ignore"):  # longer floats: infinity is refused later, by name
            return cells.astype(np.float64)
    if cells.dtype.kind == "c":
        raise InputError(say(origin, f"Complex data not supported: column {name!r}"))
    values = np.empty(len(cells))
    for row, cell in enumerate(cells):
        try:
            values[row] = np.nan if is_missing(cell) else _number(cell)
        except OverflowError:
            values[row] = np.inf  # a whole number beyond float64: refused later, by name
        except (TypeError, ValueError):
            raise text_error(str(cell), name, _frame_row(row), row == 0, origin) from None
    return values


def _number(cell: Any) -> float:
    """Return a number as float. Text is refused even where it reads as a number, and so are dates."""
    if isinstance(cell, str | bytes | np.datetime64 | np.timedelta64):
        raise TypeError
    return float(cell)
