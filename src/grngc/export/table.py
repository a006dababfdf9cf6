"""A table for spreadsheets, in which no name is taken for a formula."""

import csv as csv_format
import io
import re
from collections.abc import Sequence

from ..edges import Edge
from ..graph import CausalGraph

COLUMNS = ("source", "target", "lag", "score", "sign", "frequency", "p", "q", "selected")

CELL = r"(?:\A|(?<=[;\t|\r\n]))"
"""Where a cell may begin: at the start of a name, and within it, where a spreadsheet parts cells by other signs than
commas, as those of half of Europe do by semicolons."""
FORMULA = re.compile(CELL + r"(?=[\s\ufeff\"]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]|')")
"""What would make a formula of a cell, the full-width signs too; and an apostrophe, so that what is added is told from
what was there."""


def csv(graph: CausalGraph, edges: Sequence[Edge]) -> bytes:
    """Return CSV, one row an edge, as spreadsheets open it: UTF-8 with its mark, all text in quotes.

    Names go through :func:`cell_of`.
    """
    text = io.StringIO()
    table = csv_format.writer(text, quoting=csv_format.QUOTE_NONNUMERIC, lineterminator="\n")
    table.writerow(COLUMNS)
    for edge in edges:
        told = edge._replace(source=cell_of(edge.source), target=cell_of(edge.target))
        table.writerow([getattr(told, name) for name in COLUMNS])
    return text.getvalue().encode("utf-8-sig")


def cell_of(name: str) -> str:
    """Return a name with an apostrophe wherever a cell would begin like a formula.

    That is before ``=``, ``+``, ``-``, ``@`` (after spaces and quotes too), a tab, a line break, or an apostrophe.
    """
    return FORMULA.sub("'", name)


def name_of_cell(cell: str) -> str:
    """Return the name that was written as ``cell`` in a table: its apostrophes at the starts of cells taken off.

    Examples
    --------
    >>> name_of_cell("'=A1"), name_of_cell("rain")
    ('=A1', 'rain')
    """
    return re.sub(CELL + "'", "", cell)
