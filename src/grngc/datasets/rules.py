"""Files of what is known beforehand: a table of pairs, and a list of the series that may drive others."""

import csv
from pathlib import Path

from ..arguments import brief, check_choice, listed
from ..errors import InputError
from .rows import decoded, open_text

COLUMNS = ("source", "target", "rule")
RULES = ("forbidden", "required", "never_compared")


def read_rules(path: Path | str) -> dict[str, list[tuple[str, str]]]:
    """Read pairs of series from a CSV or TSV file with the columns ``source,target,rule``.

    ``rule`` is ``forbidden``, ``required`` or ``never_compared``, which forbids both directions; ``*`` is every other
    series. Further columns, of reasons say, are left alone.

    Returns
    -------
    dict
        ``forbidden`` and ``required``, lists of (source, target): parameters of :class:`grngc.GRNGC` and options of
        :func:`grngc.discover`.

    Raises
    ------
    InputError
        The file cannot be read, a column is missing, or a rule is not known.
    """
    table = open_text(Path(path))
    header = table.header or ()
    if lacks := [name for name in COLUMNS if name not in header]:
        raise InputError(
            f"{path}: no column {lacks[0]!r}; a table of rules has {', '.join(COLUMNS)}, this one "
            f"{listed(header) or 'numbers only'}"
        )
    at = [header.index(name) for name in COLUMNS]
    found: dict[str, list[tuple[str, str]]] = {"forbidden": [], "required": []}
    for row, cells in table.rows:
        source, target, rule = (cells[i].strip() for i in at)
        check_choice(f"{path}: row {row}: rule", rule, RULES)
        if not source or not target:
            raise InputError(f"{path}: row {row} has no {'target' if source else 'source'}: write a name, or * for all")
        if rule == "never_compared":
            both = [(source, target), (target, source)]
            found["forbidden"] += [pair for pair in both if pair not in found["forbidden"]]
        else:
            found[rule].append((source, target))
    return found


def read_sources(path: Path | str) -> list[str]:
    """Read names from a text file: one a line, or separated by commas; one that holds a comma is quoted as in CSV."""
    try:
        cells = [cell.strip() for row in csv.reader(decoded(Path(path)).splitlines(), strict=True) for cell in row]
    except csv.Error as error:
        raise InputError(f"{path}: cannot be cut into names ({error}): check its quotes") from error
    names = [cell for cell in cells if cell]
    if not names:
        raise InputError(f"{path}: holds no name: write the names of series, one a line")
    if long := [name for name in names if len(name) > 1000]:
        raise InputError(f"{path}: holds a name of {len(long[0])} characters, {brief(long[0])}: is a quote left open?")
    return names
