"""CSV and TSV files into a :class:`~grngc.checks.Reading`.

Every cell is read as text and converted here, so that nothing is coerced in silence, and every fault names its file,
column and row. Row 1 is the first of the file, as in a spreadsheet.
"""

import csv
import io
import itertools
import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..arguments import listed
from ..checks import Reading, check_names, warn
from ..errors import InputError
from ..tables import choose_columns, split_rows, text_error
from ..times import read_clock

MISSING_CELLS = frozenset(["", "na", "n/a", "#n/a", "nan", "-nan", "null", "none", "nil", "?", "-", "."])
"""Cells that mean "no value", whatever their case."""
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?inf(inity)?", re.IGNORECASE | re.ASCII)
QUOTED = re.compile(r'"[^"]*"')
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?", re.ASCII)


@dataclass(frozen=True)
class TextTable:
    """The cells of a text file.

    Attributes
    ----------
    header : tuple of str or None
        None where the first row holds numbers only, so that it is data.
    width : int
        Number of columns.
    rows : iterator over (row number, list of str)
        Below the header, each of that width.
    """

    header: tuple[str, ...] | None
    width: int
    rows: Iterator[tuple[int, list[str]]]


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
            numbers.append(_number(cells[i], header[i], row, row == first_row, origin))
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


def open_text(path: Path) -> TextTable:
    """Return the header and the rows of a text file: decoded, separated, every row as wide as the first."""
    origin = str(path)
    text = _decode(path)
    if not text.strip():
        raise InputError(f"{origin}: the file is empty")
    lines = [QUOTED.sub("", line) for line in text.lstrip().split("\n", maxsplit=2)[:2]]
    separator = next((mark for mark in "\t;," if mark in lines[0]), ",")
    spaced = any(len(cells := line.split()) > 1 and _is_data(cells[:2]) for line in lines)
    if spaced and not any(separator in line for line in lines):
        raise InputError(f"{origin}: cells are separated by spaces: separate them by commas or tabs")
    rows = _rows(text, separator, origin)
    first_row, first = next(rows)
    cells = [cell.strip() for cell in first]
    if not _is_data(cells):
        return TextTable(tuple(cells), len(cells), _same_width(rows, len(cells), origin))
    return TextTable(None, len(cells), _same_width(itertools.chain([(first_row, first)], rows), len(cells), origin))


def _decode(path: Path) -> str:
    data = path.read_bytes()
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(f"{path}: the text is UTF-16 and should be UTF-8: save it as UTF-8 (in Excel: CSV UTF-8)")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{path}: row {row} holds the byte 0x{data[error.start]:02x}, which is not UTF-8: save the file as UTF-8, "
            f"e.g. iconv -f latin1 -t utf-8 {path.name}"
        ) from error
    if "\0" in text:
        raise InputError(f"{path}: holds zero bytes, so it is not text in UTF-8: save the file as CSV in UTF-8")
    return text


def _rows(text: str, separator: str, origin: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (row number from 1, cells). Empty rows before the first and after the last are skipped.

    Between others, a row of empty cells is missing values; a blank line is refused, as it may part trajectories.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True, skipinitialspace=True)
    empty: list[tuple[int, list[str]]] = []
    begun = False
    for row in itertools.count(1):
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise InputError(f"{origin}: row {row} cannot be cut into cells ({error}): check its quotes") from error
        if not any(cell.strip() for cell in cells):
            empty += [(row, cells)] if begun else []
            continue
        if blank := [number for number, nothing in empty if len(nothing) < 2]:
            raise InputError(
                f"{origin}: row {blank[0]} is blank, and rows follow: remove it, or write NA in it for missing values; "
                "if it parts trajectories, add a column that names them (trajectory=, --trajectory)"
            )
        yield from empty
        begun, empty = True, []
        yield row, cells


def _same_width(rows: Iterator[tuple[int, list[str]]], width: int, origin: str) -> Iterator[tuple[int, list[str]]]:
    """Pass rows on; refuse the first that is wider or narrower than the header."""
    for row, cells in rows:
        if len(cells) != width:
            split = len(cells) == 2 * width and all(NUMBER.fullmatch(cell) for cell in cells)
            hint = (
                "if decimal commas split its numbers, write decimal points"
                if split
                else "check the separators, and quote text that holds one"
            )
            raise InputError(f"{origin}: row {row} has {len(cells)} cells where the first row has {width}: {hint}")
        yield row, cells


def _is_data(cells: Sequence[str]) -> bool:
    """Return whether a first row is numbers (or missing), and not just the column numbers that pandas writes."""
    numbers = [cell for cell in cells if NUMBER.fullmatch(cell)]
    if not numbers or not all(cell in numbers or cell.lower() in MISSING_CELLS for cell in cells):
        return False
    counted = [[str(i + start) for i in range(len(numbers))] for start in (0, 1)]
    return len(cells) < 2 or numbers not in counted


def _number(cell: str, column: str, row: int, first: bool, origin: str) -> float:
    """Return a cell as a number, NaN for a missing one; the first row tells whether a whole column is text."""
    cell = cell.strip()
    if NUMBER.fullmatch(cell):
        return float(cell)
    if cell.lower() in MISSING_CELLS:
        return np.nan
    if DECIMAL_COMMA.fullmatch(cell):
        raise InputError(
            f"{origin}: {cell!r} in row {row}, column {column!r}, has a decimal comma: write decimal points, e.g. "
            "pandas.read_csv(file, sep=';', decimal=',').to_csv(new_file, index=False)"
        )
    raise text_error(cell, column, f"row {row}", first, origin)


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
