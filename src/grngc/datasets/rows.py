"""A text file into rows of cells: decoded, separated, every row as wide as the first; nothing is converted yet."""

import csv
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from ..opening import read_whole
from .cells import NUMBER, is_data

MAX_TEXT = 2**30
"""Bytes of the largest text that is read."""
START = 2**16
"""Characters of a line that are looked at to tell the separator."""
LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
QUOTED = re.compile(r'"[^"]*"')
UNDECODED, ZERO = re.compile("[\udc80-\udcff]"), re.compile("\0")
OTHERS = {
    b"PK\3\4": "a ZIP archive, as Excel's .xlsx is",
    b"\xd0\xcf\x11\xe0": "an Excel file",
    b"\x1f\x8b": "compressed by gzip",
    b"BZh": "compressed by bzip2",
    b"\xfd7zXZ": "compressed by xz",
    b"\x28\xb5\x2f\xfd": "compressed by zstd",
    b"PAR1": "a Parquet file",
    b"\x93NUMPY": "a NumPy array",
    b"%PDF": "a PDF document",
}
"""How files begin that are no text, whatever their name -> what they are."""


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


def open_text(path: Path) -> TextTable:
    """Return the header and the rows of a text file: decoded, separated, every row as wide as the first."""
    origin = str(path)
    text = decoded(path)
    if not text.strip():
        raise InputError(f"{origin}: the file is empty")
    rows = _rows(text, _separator(text, origin), origin)
    first_row, first = next(rows)
    cells = [cell.strip() for cell in first]
    if not is_data(cells):
        return TextTable(tuple(cells), len(cells), _same_width(rows, len(cells), origin))
    return TextTable(None, len(cells), _same_width(itertools.chain([(first_row, first)], rows), len(cells), origin))


def decoded(path: Path) -> str:
    """Return the content of a text file; other kinds of files, and other encodings than UTF-8, are refused by name."""
    data = read_whole(path, MAX_TEXT)
    if kind := next((kind for begin, kind in OTHERS.items() if data.startswith(begin)), None):
        raise InputError(f"{path}: {kind}, not text: save the table as CSV in UTF-8")
    if data.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")):
        name = "UTF-32" if data.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")) else "UTF-16"
        raise InputError(f"{path}: the text is {name} and should be UTF-8: save it as UTF-8 (in Excel: CSV UTF-8)")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        read_anyway = data.decode("utf-8-sig", "surrogateescape")
        raise InputError(
            f"{path}: {_place(read_anyway, UNDECODED)} holds the byte 0x{data[error.start]:02x}, "
            f"which is not UTF-8: save the file as UTF-8, e.g. iconv -f latin1 -t utf-8 {path.name}"
        ) from error
    if "\0" in text:
        raise InputError(
            f"{path}: {_place(text, ZERO)} holds zero bytes, which text in UTF-8 does not: save the file "
            "as CSV in UTF-8"
        )
    return text


def _place(text: str, bad: re.Pattern[str]) -> str:
    """Name the row, and where the rows before it can be cut into cells the column, of what ``bad`` finds first."""
    try:
        header: list[str] = []
        for row, cells in _rows(text, _separator(text, ""), ""):
            header = header or cells
            for i, cell in enumerate(cells):
                if bad.search(cell):
                    named = i < len(header) and header[i].strip() and not bad.search(header[i])
                    return f"row {row}, column {header[i].strip() if named else i + 1!r}"
    except InputError:
        pass
    found = bad.search(text)
    return f"row {sum(1 for _ in LINE.finditer(text, 0, found.start() if found else 0)) or 1}"


def _separator(text: str, origin: str) -> str:
    """Return the comma, semicolon or tab that the first line holds; refuse cells that spaces part."""
    begin = len(text) - len(text.lstrip())
    found = itertools.islice(LINE.finditer(text, begin), 2)
    lines = [QUOTED.sub("", text[line.start() : min(line.end(), line.start() + START)]) for line in found]
    separator = next((mark for mark in "\t;," if mark in lines[0]), ",")
    spaced = any(len(cells := line.split()) > 1 and all(map(NUMBER.fullmatch, cells[:2])) for line in lines)
    if spaced and not any(separator in line for line in lines):
        raise InputError(f"{origin}: cells are separated by spaces: separate them by commas or tabs")
    return separator


def _rows(text: str, separator: str, origin: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (row number from 1, cells). Empty rows before the first and after the last are skipped.

    Between others, a row of empty cells is missing values; a blank line is refused, as it may part trajectories.
    """
    lines = (line.group() for line in LINE.finditer(text))
    reader = csv.reader(lines, delimiter=separator, strict=True, skipinitialspace=True)
    empty: list[list[int]] = []  # first row, number of rows, cells of each: a file may be millions of them
    begun = False
    for row in itertools.count(1):
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise InputError(f"{origin}: row {row} cannot be cut into cells ({error}): check its quotes") from error
        if not any(cell.strip() for cell in cells):
            if begun and empty and empty[-1][2] == len(cells):
                empty[-1][1] += 1
            elif begun:
                empty.append([row, 1, len(cells)])
            continue
        if blank := [start for start, _, width in empty if width < 2]:
            raise InputError(
                f"{origin}: row {blank[0]} is blank, and rows follow: remove it, or write NA in it for missing values; "
                "if it parts trajectories, add a column that names them (trajectory=, --trajectory)"
            )
        for start, count, width in empty:
            for missing in range(start, start + count):
                yield missing, [""] * width
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
