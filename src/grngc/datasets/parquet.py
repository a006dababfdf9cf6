"""Parquet files into a :class:`~grngc.checks.Reading`, column by column and without pandas.

A few kilobytes of Parquet can say a number, or a text, a billion times: what the columns come to is checked before any
is read, and text is kept as its distinct values. Text that reads as a number is refused, as in any frame.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..arguments import listed
from ..checks import Reading, check_names
from ..errors import InputError
from ..npz import MAX_RATIO, MAX_UNPACKED, RATIO_FROM, shown_cause
from ..opening import check_file
from ..tables import Columns, choose_columns, split_rows
from ..times import Clock, read_clock

UNREADABLE = (ArithmeticError, AttributeError, LookupError, MemoryError, OSError, RuntimeError, TypeError, ValueError)
"""What pyarrow raises over damaged files (its own exceptions are among these); found by fuzzing."""
MAX_THRIFT = 2**24
"""Bytes of a text, and entries of a list, in the metadata."""


def read_parquet(
    path: Path,
    *,
    names: Sequence[str] | None = None,
    trajectory: str | None = None,
    time: str | None = None,
    series: str | Sequence[str] | None = None,
) -> Reading:
    """Read a Parquet file with one row for each point in time. Options as in :func:`grngc.panel.as_panel`.

    Columns that pandas wrote as the index are no series; dates among them are the time where ``time`` is not given.
    """
    origin = str(path)
    check_file(path, MAX_UNPACKED)
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise InputError(f'{path}: Parquet needs pyarrow: pip install "grngc[parquet]", or save as CSV') from error
    if names is not None:
        raise InputError(f"{origin}: names= is for arrays; a table brings its own names: choose with series=")
    try:
        limits = {"thrift_string_size_limit": MAX_THRIFT, "thrift_container_size_limit": MAX_THRIFT}
        with pyarrow.parquet.ParquetFile(path, **limits) as file:
            schema, metadata = file.schema_arrow, file.metadata
            every = [str(name) for name in schema.names]
            check_names(every, origin)
            index = _index(schema, every)
            shown = [name for name in every if name not in index or name in (trajectory, time)]
            columns = choose_columns(shown, trajectory=trajectory, time=time, series=series, origin=origin)
            dated = [name for name in index if time is None and pyarrow.types.is_timestamp(schema.field(name).type)]
            wanted = [*columns.series, *([trajectory] if trajectory else []), *([time] if time else []), *dated[:1]]
            for name in wanted:
                _check_kind(schema.field(name), name in columns.series, origin)
            _check_room(metadata, wanted, path)
        text = [name for name in wanted if _is_text(schema.field(name).type)]
        with pyarrow.parquet.ParquetFile(path, read_dictionary=text, **limits) as file:
            table = file.read(columns=wanted, use_threads=False, use_pandas_metadata=False)
            table.validate(full=True)
            return _reading(table, columns, dated[0] if dated else None, origin)
    except UNREADABLE as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: not a Parquet file that can be read ({shown_cause(error)})") from error


def _index(schema: Any, names: Sequence[str]) -> list[str]:
    """Return the columns that pandas says are its index; anyone may write anything there."""
    try:
        written = json.loads((schema.metadata or {})[b"pandas"])["index_columns"]
        return [name for name in written if isinstance(name, str) and name in names]
    except (LookupError, TypeError, ValueError, RecursionError):
        return []


def _is_text(kind: Any) -> bool:
    import pyarrow.types as types

    return types.is_string(kind) or types.is_large_string(kind) or types.is_binary(kind) or types.is_large_binary(kind)


def _check_kind(field: Any, is_series: bool, origin: str) -> None:
    """Refuse a column by its type: of a series what is no number, of others what is no value but a structure."""
    import pyarrow.types as types

    kind = field.type.value_type if types.is_dictionary(field.type) else field.type
    number = any(
        check(kind)
        for check in (types.is_integer, types.is_floating, types.is_boolean, types.is_decimal, types.is_null)
    )
    if is_series and not number:
        raise InputError(
            f"{origin}: column {field.name!r} holds {'text' if _is_text(kind) else str(kind)[:60]}, from row 0 on, and "
            "a series holds numbers: name it as time= (--time) or trajectory= (--trajectory), or choose the series "
            "with series= (--columns)"
        )
    if not (number or types.is_string(kind) or types.is_large_string(kind) or types.is_temporal(kind)):
        raise InputError(f"{origin}: column {field.name!r} holds {str(kind)[:60]}; expected numbers, text or times")


def _check_room(metadata: Any, wanted: Sequence[str], path: Path) -> None:
    """Refuse columns that would fill the memory, or that expand as no data do."""
    size, rows = path.stat().st_size, metadata.num_rows
    numbers = 8 * rows * len(wanted)
    # not by column: a broken one ends the process there (pyarrow 26, two files of 1,500 damaged ones)
    unpacked = sum(metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups))
    if not rows >= 0 or max(numbers, unpacked) > MAX_UNPACKED:
        raise InputError(
            f"{path}: {rows} rows of {len(wanted)} columns are {max(numbers, unpacked) / 2**30:.1f} GiB; at most "
            f"{MAX_UNPACKED / 2**30:.0f} are read: choose fewer series with series= (--columns)"
        )
    if max(numbers, unpacked) > max(RATIO_FROM, MAX_RATIO * size):
        raise InputError(
            f"{path}: expands more than {MAX_RATIO} times, which data do not: if it is sound, write it without "
            "dictionary and compression"
        )


def _reading(table: Any, columns: Columns, dated: str | None, origin: str) -> Reading:
    position = {name: i for i, name in enumerate(table.column_names)}
    values = np.empty((table.num_rows, len(columns.series)))
    for i, name in enumerate(columns.series):
        values[:, i] = _numbers(table.column(position[name]))
    labels = None if columns.trajectory is None else _cells(table.column(position[columns.trajectory]))
    clock = columns.time or dated
    times = None if clock is None else _clock(table.column(position[clock]), clock, origin)
    if not table.num_rows:
        raise InputError(f"{origin}: no rows below the header ({listed(columns.series)})")
    return split_rows(values, columns, labels=labels, clock=times, first_row=0, origin=origin)


def _clock(column: Any, name: str, origin: str) -> Clock:
    name = "index" if name.startswith("__index_level") else name
    return read_clock(_cells(column), name, lambda row: f"row {row}", origin)


def _numbers(column: Any) -> np.ndarray:
    """Return a column of numbers as float64, missing ones as NaN. Whole numbers beyond 2^53 are rounded."""
    import pyarrow

    if pyarrow.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pyarrow.types.is_boolean(column.type) or pyarrow.types.is_null(column.type):
        column = column.cast(pyarrow.int8())
    return column.cast(pyarrow.float64(), safe=False).to_numpy(zero_copy_only=False)


def _cells(column: Any) -> Any:
    """Return a column as text, numbers or dates, None for a missing cell."""
    import pyarrow

    kind = column.type.value_type if pyarrow.types.is_dictionary(column.type) else column.type
    if pyarrow.types.is_timestamp(kind) or pyarrow.types.is_date(kind):
        return column.cast(kind).to_numpy(zero_copy_only=False).astype("datetime64[us]")
    if pyarrow.types.is_dictionary(column.type):
        found: list[Any] = []
        for chunk in column.chunks:
            distinct = chunk.dictionary.to_pylist()
            found += [None if at is None else distinct[at] for at in chunk.indices.to_pylist()]
        return found
    if (pyarrow.types.is_integer(kind) or pyarrow.types.is_floating(kind)) and not column.null_count:
        return column.to_numpy(zero_copy_only=False)
    return column.to_pylist()
