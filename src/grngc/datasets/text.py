"""CSV and TSV files into a :class:`~grngc.checks.Reading`.

Every cell is read as text and converted here, so that nothing is coerced in silence, and every fault names its file,
column and row. Row 1 is the first of the file, as in a spreadsheet.
"""

from array import array
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..arguments import listed
from ..checks import Reading, check_names, warn
from ..errors import InputError
from ..tables import choose_columns, split_rows
from ..times import read_clock
from .cells import number
from .rows import open_text


def read_text(
    path: Path,
    *,
    names: Sequence[str] | None = None,
    trajectory: str | None = None,
    time: str | None = None,
    series: str | Sequence[str] | None = None,
) -> Reading:
    """Read a CSV or TSV file with one row for each point in time. Options as in :func:`grngc.panel.as_panel`.

    The separator is the comma, semicolon or tab that the first line holds. A first line of numbers only is data, and
    the series are called ``names``, or "x1", "x2", ...; a warning says so.
    """
    origin = str(path)
    table = open_text(path)
    header = table.header or _make_header(table.width, names, origin)
    if table.header and names is not None:
        raise InputError(f"{origin}: names= is for files without a header; this one has {listed(header)}")
    named = tuple(name for name in header if name)
    check_names(named, origin)
    columns = choose_columns(named, trajectory=trajectory, time=time, series=series, origin=origin)
    position = {name: i for i, name in enumerate(header)}
    wanted = [position[name] for name in columns.series]
    unnamed: dict[int, list[str]] = {i: [] for i, name in enumerate(header) if not name}
    kept: dict[str, list[str]] = {name: [] for name in (trajectory, time) if name is not None}
    numbers = array("d")
    first_row = None
    for row, cells in table.rows:
        first_row = row if first_row is None else first_row
        for name, column in kept.items():
            column.append(cells[position[name]].strip())
        for i, column in unnamed.items():
            column.append(cells[i].strip())
        for i in wanted:
            numbers.append(number(cells[i], header[i], row, row == first_row, origin))
    if first_row is None:
        raise InputError(f"{origin}: no rows below the header ({listed(header)})")
    notes = [_account_for_unnamed(i, column, origin) for i, column in unnamed.items()]
    values = np.array(numbers).reshape(-1, len(wanted))
    labels = None if trajectory is None else kept[trajectory]
    clock = None if time is None else read_clock(kept[time], time, lambda n: f"row {n + first_row}", origin)
    return split_rows(
        values, columns, labels=labels, clock=clock, first_row=first_row, origin=origin, notes=tuple(notes)
    )


def _make_header(width: int, names: Sequence[str] | None, origin: str) -> tuple[str, ...]:
    """Return ``names``, or "x1", "x2", ... with a warning, for a file without a header."""
    if names is not None:
        if len(names) != width:
            raise InputError(f"{origin}: {len(names)} names for {width} columns: give one name for each column")
        return tuple(names)
    header = tuple(f"x{i + 1}" for i in range(width))
    warn(
        origin,
        "no header: the first row holds only numbers and is read as data; the series are called "
        f"{header[0]} to {header[-1]}: write a header to name them",
    )
    return header


def _account_for_unnamed(column: int, cells: list[str], origin: str) -> str:
    """Return the note on a column without a name that holds nothing or row numbers; refuse any other."""
    if not any(cells):
        return f"left out column {column + 1}: no name and no values"
    for start in (0, 1):
        if column == 0 and cells == [str(n + start) for n in range(len(cells))]:
            return "left out column 1: no name, and it only numbers the rows"
    raise InputError(
        f"{origin}: column {column + 1} has no name: write one in the header, and if it is the time or the trajectory "
        "say so with time= (--time) or trajectory= (--trajectory)"
    )
