"""Commands that show benchmarks: ``bench table``, ``bench verdict``, ``bench docs``, ``bench report``."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .cli_tables import HERE, Name, ResultsIn, Tables, all_tables, lines_in, open_table
from .errors import InputError
from .folders import check_file_to_write
from .terminal import OK, sentence_width

if TYPE_CHECKING:
    from .bench.lines import Line
    from .bench.table import Table


def show(
    table: Name,
    form: Annotated[str, typer.Option("--format", metavar="terminal|markdown|csv")] = "terminal",
    tables: Tables = HERE,
    results: ResultsIn = None,
) -> int:
    """Show a table: ours beside the published figures, with deviation, seeds and how parameters were chosen.

    \b
    Example:
      grngc bench table grngc-table2
    """
    from .arguments import check_choice
    from .bench import page

    forms: dict[str, Callable[[Table, Sequence[Line]], str]] = {
        "terminal": partial(page.terminal, width=sentence_width()),
        "markdown": page.markdown,
        "csv": page.csv_of,
    }
    check_choice("--format", form, forms)
    read, kept, path = open_table(table, tables, results)
    print(forms[form](read, lines_in(read, kept.read(), path.parent)).rstrip("\n"))
    return OK


def verdict(table: Name, tables: Tables = HERE, results: ResultsIn = None) -> int:
    """Say whether the default is better than the best control and than what was published, one line each.

    Then, for each published figure that one of our rows stands for, whether it came out again.
    """
    from .bench.claims import claims
    from .bench.page import claim_text, verdict_text
    from .bench.verdict import verdicts

    read, kept, path = open_table(table, tables, results)
    lines = lines_in(read, kept.read(), path.parent)
    judged, claimed = verdicts(read, lines), claims(read, lines)
    if not judged and not claimed:
        raise InputError(
            f"{read.name}: no row with the default configuration, and none that stands for a published method: there "
            "is nothing to judge"
        )
    parts = [verdict_text(read, judged, sentence_width())] if judged else []
    print("\n\n".join([*parts, *([claim_text(read, claimed, sentence_width())] if claimed else [])]))
    return OK


def docs(
    out: Annotated[Path, typer.Option(metavar="FILE", help="The page to write.")] = Path("docs/benchmarks.md"),
    tables: Tables = HERE,
    results: ResultsIn = None,
) -> int:
    """Write the page of all tables from their results.

    Cells that a run has finished so far are folded into the results' files first: the page shows what these files
    hold, and is committed together with them.
    """
    from .bench.page import documents
    from .bench.results import Results
    from .storage import write_atomically

    documented = [read for read, _ in all_tables(tables) if read.documented]
    if not out.parent.is_dir():
        raise InputError(f"{out.parent}: no such folder; run it in the project's root, or give --out")
    kept = Results(results or tables / "results")
    kept.fold()
    there = kept.read()
    shown = [(read, lines_in(read, there, tables)) for read in documented]
    try:
        write_atomically(out, documents(shown))
    except OSError as error:
        raise InputError(f"{out}: cannot be written ({error.strerror or error})") from error
    print(f"{out}: {len(shown)} tables")
    return OK


def report(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="TABLE", help="Names of tables, or paths.  [default: all that are documented]"),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="FILE.html", help="Where the page goes.")] = Path("benchmarks.html"),
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the page if it is there.")] = False,
    tables: Tables = HERE,
    results: ResultsIn = None,
) -> int:
    """Make one HTML page of the tables, to explore in a browser and to send.

    The page is one file and needs no network. Of each table: one sentence on where the default stands, ours beside
    controls beside what was published, with deviations, seeds, how parameters were chosen and what a run takes, as
    numbers that sort and as dots on one scale. Nothing is run.

    \b
    Examples:
      grngc bench report
      grngc bench report grngc-table2 ablation --out for-anna.html
    """
    from .bench.results import Results
    from .bench.summary import summarise_tables
    from .report import benchmarks_page, write_page

    page = check_file_to_write(out, overwrite)  # before anything is read
    if names:
        opened = [open_table(name, tables, results) for name in dict.fromkeys(names)]
    else:
        kept = Results(results or tables / "results")
        opened = [(read, kept, path) for read, path in all_tables(tables) if read.documented]
    there = {kept.folder: kept.read() for _, kept, _ in opened}
    shown = [(read, lines_in(read, there[kept.folder], path.parent)) for read, kept, path in opened]
    write_page(page, benchmarks_page(summarise_tables(shown, sum(map(len, there.values())))), overwrite)
    count = f"{len(shown)} table{'s' * (len(shown) != 1)}"
    print(f"{count} in {page} ({page.stat().st_size / 1000:.0f} kB): open it in a browser")
    return OK
