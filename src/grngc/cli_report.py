"""The command ``report``: results as a page to look at and to send."""

from pathlib import Path
from typing import Annotated

import typer

from .errors import InputError
from .folders import check_file_to_write
from .labels import printable
from .terminal import OK


def report(
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="Folder of results that grngc discover wrote, of one file or of several."),
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Where the page goes.  [default: DIR/report.html]")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the page if it is there.")] = False,
) -> int:
    """Make one HTML page of the results in DIR, to explore in a browser and to send.

    The page is one file and needs no network: what was found and how sure it is, warnings, an interactive network, the
    matrix of scores, a table of edges to sort, filter and download, and how it was made; of several subjects, what
    they have in common and how far each of them has it. Nothing is trained.

    \b
    Examples:
      grngc report results
      grngc report results --out for-anna.html
      grngc report patients-graphs
    """
    from .group import RECORD as GROUP_RECORD
    from .group import GroupDiscovery
    from .results import PAGE, RECORD, Discovery

    if not folder.is_dir():
        there = "is a file, expected a folder of results" if folder.exists() else "no such folder"
        raise InputError(f"{folder}: {there}")
    of_subjects = (folder / GROUP_RECORD).exists() and not (folder / RECORD).exists()
    page = check_file_to_write(folder / PAGE if out is None else out, overwrite)  # before anything is read
    record = folder / (GROUP_RECORD if of_subjects else RECORD)
    try:
        (GroupDiscovery if of_subjects else Discovery).load(folder).report(page, overwrite)
    except KeyError as error:
        raise InputError(f"{record}: has no {error}: written by another version? Run discover again") from error
    print(f"Report in {printable(str(page))} ({page.stat().st_size / 1000:.0f} kB): open it in a browser")
    return OK
