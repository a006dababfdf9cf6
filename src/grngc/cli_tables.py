"""Tables and results as the commands about benchmarks are given them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .errors import InputError
from .terminal import tell

if TYPE_CHECKING:
    from .bench.lines import Line
    from .bench.results import Results, Rows
    from .bench.table import Table

Name = Annotated[str, typer.Argument(metavar="TABLE", help="Name of a table, or path of its TOML file.")]
Tables = Annotated[Path, typer.Option("--tables", metavar="DIR", help="Folder of the tables, where TABLE is a name.")]
ResultsIn = Annotated[
    Path | None,
    typer.Option("--results", metavar="DIR", help="Folder of the results.  [default: results beside the table]"),
]
HERE = Path("benchmarks")
PUBLISHED = "published.csv"


def open_table(table: str, tables: Path, results: Path | None) -> "tuple[Table, Results, Path]":
    """Return a table, its results and its file."""
    from .bench.results import Results
    from .bench.table import find_table, read_table

    path = find_table(table, tables)
    return read_table(path), Results(results or path.parent / "results"), path


def all_tables(tables: Path) -> "list[tuple[Table, Path]]":
    """Every table of a folder: the papers' tables and figures, then others, by name."""
    from .bench.table import read_table

    first = ("grngc-table", "grngc-figure", "ggc-table", "")
    at = {
        path: next(n for n, start in enumerate(first) if path.stem.startswith(start)) for path in tables.glob("*.toml")
    }
    paths = sorted(at, key=lambda path: (at[path], path.stem))
    if not paths:
        raise InputError(f"{tables}: no tables there; say where they are with --tables")
    return [(read_table(path), path) for path in paths]


def lines_in(table: "Table", there: "Rows", folder: Path) -> "list[Line]":
    """Return the lines of a table of this folder, checked; a warning on stderr where results are of other data too."""
    from .bench.cells import check_names
    from .bench.lines import lines_of, on_other_data

    check_names(table)
    for line in on_other_data(there):
        tell("warning", f"{line}; grngc bench run --prune drops the old ones")
    return lines_of(table, there, folder / PUBLISHED)
