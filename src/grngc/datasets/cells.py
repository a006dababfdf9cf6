"""One cell of a text file: what is a number, what means "no value", and what each of the others is told."""

import re
from collections.abc import Sequence

import numpy as np

from ..arguments import brief
from ..errors import InputError
from ..tables import text_error

MISSING_CELLS = frozenset(["", "na", "n/a", "#n/a", "nan", "-nan", "null", "none", "nil", "?", "-", "."])
"""Cells that mean "no value", whatever their case."""
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?|[+-]?inf(inity)?", re.IGNORECASE | re.ASCII)
"""Each digit can be matched in one way only, so that a long cell that is no number is refused at once."""
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
THOUSANDS = re.compile(r"[+-]?\d{1,3}(([ ,'’\u00a0\u202f]\d{3})+(\.\d+)?|([. ]\d{3})+,\d+|(\.\d{3}){2,})", re.ASCII)


def is_data(cells: Sequence[str]) -> bool:
    """Return whether a first row is numbers (or missing), and not just the column numbers that pandas writes."""
    numbers = [cell for cell in cells if NUMBER.fullmatch(cell)]
    if not numbers or not all(cell in numbers or cell.lower() in MISSING_CELLS for cell in set(cells) - set(numbers)):
        return False
    counted = [[str(i + start) for i in range(len(numbers))] for start in (0, 1)]
    return len(cells) < 2 or numbers not in counted


def number(cell: str, column: str, row: int, first: bool, origin: str) -> float:
    """Return a cell as a number, NaN for a missing one; the first row tells whether a whole column is text."""
    cell = cell.strip()
    if NUMBER.fullmatch(cell):
        value = float(cell)
        if value == 0 and re.search("[1-9]", re.split("[eE]", cell)[0]):
            raise InputError(
                f"{origin}: {brief(cell)} in row {row}, column {column!r}, is nearer to zero than float64 tells apart: "
                "write 0, or the series in other units"
            )
        return value
    if cell.lower() in MISSING_CELLS:
        return np.nan
    place = f"{origin}: {brief(cell)} in row {row}, column {column!r}"
    if THOUSANDS.fullmatch(cell):
        doubt = ", or a decimal comma" if DECIMAL_COMMA.fullmatch(cell) else ""
        raise InputError(
            f"{place}, has a thousands separator{doubt}: write digits and a decimal point only, e.g. "
            "pandas.read_csv(file, thousands=',').to_csv(new_file, index=False)"
        )
    if DECIMAL_COMMA.fullmatch(cell):
        raise InputError(
            f"{place}, has a decimal comma: write decimal points, e.g. "
            "pandas.read_csv(file, sep=';', decimal=',').to_csv(new_file, index=False)"
        )
    raise text_error(cell, column, f"row {row}", first, origin)
