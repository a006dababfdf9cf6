# ruff: noqa: E501  a table: one fault a line
"""A hundred faults of data, and what is said of each: the table behind docs/faults.md and the tests.

``python tests/faults.py`` prints the page.
"""

import io
from typing import Any, NamedTuple

import numpy as np

ROWS = [[1.5, 10.25], [-2.0, 20.5], [3.25, 15.0], [4.0, 0.125], [0.5, 7.75], [2.5, 11.5], [-1.0, 3.0], [6.0, 9.0]]


class Fault(NamedTuple):
    """One fault, in a file.

    ``what`` is "error", "warning" or "read"; ``says`` is in the message, or says what is read; ``options`` are those of
    ``read_panel``; of ``name`` the ending counts.
    """

    title: str
    content: bytes
    what: str
    says: str
    options: dict[str, Any] = {}  # noqa: RUF012  never changed
    name: str = "data.csv"


def text(rows: list[list[Any]], mark: str = ",", end: str = "\n") -> str:
    return end.join(mark.join(map(str, row)) for row in [["a", "b"], *rows]) + end


def cell(value: str, mark: str = ",") -> bytes:
    """A table with ``value`` in row 4, column b."""
    rows: list[list[Any]] = [list(row) for row in ROWS]
    rows[2][1] = value
    return text(rows, mark).encode()


def column(values: list[Any]) -> bytes:
    """A table with these values in column b."""
    return text([[row[0], value] for row, value in zip(ROWS, values, strict=True)]).encode()


def lines(*rows: str) -> bytes:
    return ("\n".join(rows) + "\n").encode()


def npz(**arrays: Any) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


X = np.array(ROWS)
CSV = text(ROWS)
HERE = "row 4, column 'b'"
TEXT = "could not convert {} in row 4, column 'b'"


def changed(value: float) -> np.ndarray:
    x = X.copy()
    x[2, 1] = value
    return x


def _texts() -> list[Fault]:
    found = {
        "text among numbers": "n.d.", "a unit": "5 mg", "a percent sign": "5%", "a currency": "$5", "a fraction": "1/2",
        "a hexadecimal number": "0x1F", "an underscore in a number": "1_000", "Fortran's exponent": "1.5D3",
        "a number cut off": "1e", "two points": "1.2.3", "two signs": "--1", "a formula": "=A1+1",
        "a spreadsheet's error": "#DIV/0!", "a date": "2020-01-31", "a time": "12:30", "a truth value": "TRUE",
        "a less-than sign": "<0.5", "a Unicode minus": "−5", "digits of another script": "٣", "wide digits": "５",
        "a byte-order mark inside": "\ufeff5", "a complex number": "1+2j", "a footnote mark": "5*", "brackets": "[5]",
        "a number in quotes of quotes": '"""5"""',
    }  # fmt: skip
    return [
        Fault(title, cell(value), "error", TEXT.format(repr('"5"') if '"""' in value else repr(value)))
        for title, value in found.items()
    ]


def _missing() -> list[Fault]:
    cells = ["", "NaN", "nan", "NA", "N/A", "#N/A", "null", "None", "nil", "?", "-", "."]
    refused = [
        Fault(f"missing: {value or 'an empty cell'}", cell(value), "error", f"1 missing (b: 1), the first in {HERE}")
        for value in cells
    ]
    return [
        *refused,
        Fault("missing, and allowed", cell("NA"), "read", "one gap; windows that hold it are left out", {"missing": "drop"}),
        Fault("a row of empty cells", CSV.replace("3.25,15.0", ",").encode(), "error", "2 missing (a: 1, b: 1), the first in row 4"),
        Fault("a series without a number", column([""] * 8), "error", "no number at all in series 'b'", {"missing": "drop"}),
        Fault("missing in an array", npz(series=changed(np.nan)), "error", "1 missing (x2: 1), the first in time index 2, column 'x2'", {}, "data.npz"),
    ]  # fmt: skip


def _magnitudes() -> list[Fault]:
    return [
        Fault("infinity", cell("inf"), "error", f"infinity (or a number beyond float64) in {HERE}"),
        Fault("minus infinity", cell("-Infinity"), "error", f"in {HERE}"),
        Fault("a number beyond float64", cell("1e999"), "error", f"infinity (or a number beyond float64) in {HERE}"),
        Fault("400 digits", cell("9" * 400), "error", f"infinity (or a number beyond float64) in {HERE}"),
        Fault("a number too near to zero", cell("1e-999"), "error", "'1e-999' in row 4, column 'b', is nearer to zero"),
        Fault("infinity in an array", npz(series=changed(np.inf)), "error", "in time index 2, column 'x2'", {}, "data.npz"),
        Fault("one number a million times the others", cell("3e9"), "warning", f"3e+09 in {HERE}, is more than 1e+06 times"),
        Fault("a huge series", column([row[1] * 1e200 for row in ROWS]), "read", "as it is; scaled without loss"),
        Fault("a tiny series", column([row[1] * 1e-200 for row in ROWS]), "read", "as it is; scaled without loss"),
        Fault("the largest number there is", cell("1.7976931348623157e308"), "warning", f"in {HERE}, is more than"),
        Fault("the smallest number there is", cell("5e-324"), "read", "as it is"),
        Fault("more digits than float64 keeps", cell("0.1234567890123456789"), "read", "rounded to 17 digits"),
        Fault("a whole number beyond 2^53", cell("9007199254740993"), "warning", f"9.0072e+15 in {HERE}"),
        Fault("constant", column([7] * 8), "error", "constant series: 'b'"),
        Fault("constant but for rounding", column([0.1 + 0.2, 0.3] * 4), "error", "constant series: 'b'"),
        Fault("constant, and left out", column([7] * 8), "read", "without b, which is noted", {"drop_constant": True}),
        Fault("every series constant", lines("a,b", "1,2", "1,2", "1,2"), "error", "every series is constant ('a', 'b')", {"drop_constant": True}),
        Fault("zero where a logarithm is wanted", cell("0"), "error", "series 'b' is 0 at row 4", {"transform": {"b": "log"}}),
        Fault("another sign where growth is wanted", cell("-1"), "error", "series 'b' is -1 at row 4", {"transform": {"b": "growth"}}),
    ]  # fmt: skip


def _separators() -> list[Fault]:
    plain = [";".join(map(str, row)) for row in ROWS]
    return [
        Fault("a decimal comma", cell("1,5", ";"), "error", f"'1,5' in {HERE}, has a decimal comma"),
        Fault("a decimal comma in quotes", cell('"1,5"'), "error", f"'1,5' in {HERE}, has a decimal comma"),
        Fault("decimal commas that part cells", lines("a,b", "1,5,2,5", "3,5,4,1"), "error", "row 2 has 4 cells where the first row has 2: if decimal commas"),
        Fault("one decimal comma that parts a cell", cell("1,5"), "error", "row 4 has 3 cells where the first row has 2"),
        Fault("thousands parted by commas", cell('"1,234.5"'), "error", f"'1,234.5' in {HERE}, has a thousands separator"),
        Fault("a comma that may be either", cell('"1,234"'), "error", f"'1,234' in {HERE}, has a thousands separator, or a decimal comma"),
        Fault("thousands parted by points", cell("1.234,5", ";"), "error", f"'1.234,5' in {HERE}, has a thousands separator"),
        Fault("millions parted by points", cell("1.234.567", ";"), "error", f"'1.234.567' in {HERE}, has a thousands separator"),
        Fault("thousands parted by spaces", cell("1 234"), "error", f"'1 234' in {HERE}, has a thousands separator"),
        Fault("thousands parted by narrow spaces", cell("1\u202f234"), "error", "in row 4, column 'b', has a thousands separator"),
        Fault("thousands parted by apostrophes", cell("1'234"), "error", "in row 4, column 'b', has a thousands separator"),
        Fault("semicolons", ("a;b\n" + "\n".join(plain)).encode(), "read", "as commas are"),
        Fault("spaces for separators", lines("a b", "1 2", "3 4"), "error", "cells are separated by spaces"),
        Fault("bars for separators", lines("a|b", "1|2", "3|4"), "error", "column 'a|b' holds text ('1|2' in row 2)"),
        Fault("a separator changed half-way", CSV.replace("3.25,", "3.25;").encode(), "error", "row 4 has 1 cells where the first row has 2"),
        Fault("a cell too few", CSV.replace("3.25,15.0", "3.25").encode(), "error", "row 4 has 1 cells where the first row has 2"),
        Fault("a cell too many", cell("15,16"), "error", "row 4 has 3 cells where the first row has 2"),
        Fault("a separator at every end", CSV.replace("\n", ",\n").encode(), "read", "the empty last column is left out, which is noted"),
        Fault("a quote left open", cell('"15.0'), "error", "row 4 cannot be cut into cells"),
        Fault("a quote inside a cell", cell('15"0'), "error", "could not convert '15\"0' in row 4, column 'b'"),
        Fault("spaces around numbers", cell("  15.0 "), "read", "without them"),
    ]  # fmt: skip


def _encodings() -> list[Fault]:
    return [
        Fault("a byte-order mark", ("\ufeff" + CSV).encode(), "read", "without it"),
        Fault("UTF-16", CSV.encode("utf-16"), "error", "the text is UTF-16 and should be UTF-8"),
        Fault("UTF-16 without a mark", CSV.encode("utf-16-le"), "error", "row 1, column 1 holds zero bytes"),
        Fault("UTF-32", CSV.encode("utf-32"), "error", "the text is UTF-32 and should be UTF-8"),
        Fault("Latin-1 in a cell", cell("5 µg").decode().encode("latin-1"), "error", f"{HERE} holds the byte 0xb5, which is not UTF-8"),
        Fault("Latin-1 in the header", CSV.replace("b", "Höhe", 1).encode("latin-1"), "error", "row 1, column 2 holds the byte 0xf6, which is not UTF-8"),
        Fault("a zero byte", cell("\0"), "error", f"{HERE} holds zero bytes"),
        Fault("Windows line ends", text(ROWS, end="\r\n").encode(), "read", "as others are"),
        Fault("old Macintosh line ends", text(ROWS, end="\r").encode(), "read", "as others are"),
        Fault("mixed line ends", CSV.replace("\n", "\r\n", 3).replace("20.5\r\n", "20.5\r").encode(), "read", "as others are"),
        Fault("line ends written twice", text(ROWS, end="\r\r\n").encode(), "error", "row 2 is blank, and rows follow"),
        Fault("a blank line inside", CSV.replace("\n3.25", "\n\n3.25").encode(), "error", "row 4 is blank, and rows follow"),
        Fault("blank lines at the end", (CSV + "\n\n,\n").encode(), "read", "without them"),
        Fault("an Excel file named CSV", b"PK\3\4" + bytes(30), "error", "a ZIP archive, as Excel's .xlsx is, not text"),
        Fault("a compressed file named CSV", b"\x1f\x8b\x08" + bytes(30), "error", "compressed by gzip, not text"),
        Fault("nothing in the file", b"", "error", "the file is empty"),
        Fault("an ending that says nothing", CSV.encode(), "error", "cannot tell the format from '.dat'", {}, "data.dat"),
    ]  # fmt: skip


def _shapes() -> list[Fault]:
    timed = [f"{n},{row[0]},{row[1]}" for n, row in enumerate(ROWS)]
    swapped = [timed[n] for n in (0, 1, 3, 2, 4, 5, 6, 7)]
    return [
        Fault("a header and no rows", lines("a,b"), "error", "no rows below the header ('a', 'b')"),
        Fault("one row", lines("a,b", "1,2"), "error", "1 sample(s) (shape=(1, 2)), only row 2: a trajectory needs at least 2"),
        Fault("a trajectory of one row", lines("w,a", "u,1", "u,2", "v,3"), "error", "trajectory 'v' has 1 sample(s) (shape=(1, 1)), only row 4", {"trajectory": "w"}),
        Fault("a trajectory without a name", lines("w,a", "u,1", ",2"), "error", "trajectory column 'w' is empty in row 3", {"trajectory": "w"}),
        Fault("more series than points", lines("a,b,c", "1,5,2", "2,3,9"), "warning", "3 series but only 2 points in time"),
        Fault("no header", CSV.partition("\n")[2].encode(), "warning", "no header: the first row holds only numbers"),
        Fault("a header twice", (CSV + CSV).encode(), "error", "could not convert 'a' in row 10, column 'a'"),
        Fault("a name twice", CSV.replace("a,b", "a,a").encode(), "error", "duplicate name 'a' in columns 1, 2"),
        Fault("a column without a name", CSV.replace("a,b", "a,").encode(), "error", "column 2 has no name"),
        Fault("a column of text", lines("day,a", "mon,1", "tue,2"), "error", "column 'day' holds text ('mon' in row 2)"),
        Fault("a column that numbers the rows", lines("n,a", *(f"{n},{row[0]}" for n, row in enumerate(ROWS))), "warning", "column 'n' rises at every row like a clock"),
        Fault("a comment above the header", ("# from the lab\n" + CSV).encode(), "error", "row 2 has 2 cells where the first row has 1"),
        Fault("a time that goes back", lines("t,a,b", *swapped), "error", "time does not increase: column 't' is 2 in row 5 after 3", {"time": "t"}),
        Fault("a time twice", lines("t,a,b", timed[0], timed[0], *timed[2:]), "error", "column 't' is 0 in row 3 after 0", {"time": "t"}),
        Fault("a time that is missing", lines("t,a,b", timed[0], "," + timed[1][2:], *timed[2:]), "error", "time column 't' has no time in row 3", {"time": "t"}),
        Fault("a time that is none", lines("t,a,b", timed[0], "noon" + timed[1][1:], *timed[2:]), "error", "time column 't' holds 'noon' in row 3", {"time": "t"}),
        Fault("a date the other way round", lines("t,a", "31/01/2020,1", "28/02/2020,2"), "error", "time column 't' holds '31/01/2020' in row 2", {"time": "t"}),
        Fault("unequal time steps", lines("t,a,b", *timed[:3], *timed[5:]), "warning", "unequal time steps: column 't' steps by 3 before row 5", {"time": "t"}),
        Fault("pickled objects in an archive", npz(series=np.array([{}], object)), "error", "pickled Python objects, which are never read", {}, "data.npz"),
        Fault("text in an array", npz(series=X.astype(str)), "error", "'series' holds <U32; expected numbers", {}, "data.npz"),
        Fault("names that are numbers", npz(series=X, names=np.array([0.5, np.nan])), "error", "'names' holds float64 (2,); expected text", {}, "data.npz"),
        Fault("an archive that fills the memory", bomb(), "error", "expands more than 500 times, which data do not", {}, "data.npz"),
    ]  # fmt: skip


def bomb() -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, series=np.zeros((2**22, 5)))
    return buffer.getvalue()


GROUPS = {
    "Cells that are no numbers": _texts(),
    "Missing values": _missing(),
    "Magnitudes": _magnitudes(),
    "Separators": _separators(),
    "Encodings and line ends": _encodings(),
    "Shapes, names, time": _shapes(),
}
FAULTS = [fault for faults in GROUPS.values() for fault in faults]


def page() -> str:
    """Return docs/faults.md."""
    parts = [HEAD]
    for group, faults in GROUPS.items():
        rows = [f"| {fault.title.replace('|', chr(92) + '|')} | {fault.what} | {shown(fault)} |" for fault in faults]
        parts += [f"## {group}", "\n".join(["| fault | outcome | said, or done |", "|---|---|---|", *rows])]
    return "\n\n".join(parts) + "\n"


def shown(fault: Fault) -> str:
    if fault.what == "read":
        return fault.says
    said = fault.says.replace("\u202f", " ").replace("\ufeff", "(mark)")
    said = said if len(said) < 110 else said[:110] + "..."
    return f"`` {said} ``".replace("|", "\\|")


HEAD = f"""# Faults of data, and what is said of them

{len(FAULTS)} faults, each put into a small table, and what becomes of it: an **error** ends with exit code 2 and one line, which begins with the file
and holds what is in the last column; a **warning** is a line too, and the file is read; **read** needs no word. Most sit in row 4, column `b`.
Row 1 is the first of a text file, as in a spreadsheet; rows of Parquet files and frames, and points of arrays, count from 0.

Made by `python tests/faults.py > docs/faults.md` from the table that the tests go through; a test compares the two.

What no reader can see: a number typed wrongly, a decimal point that is a thousands separator (`1.234`), a row that is there twice, or gone, where there is no
time column to tell (`--time`)."""

if __name__ == "__main__":
    print(page(), end="")
