"""``grngc export``: a folder of results as a file of another program."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from .errors import InputError
from .folders import check_file_to_write
from .labels import printable
from .terminal import OK, tell

STDOUT = Path("-")


def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of results that grngc discover wrote.")],
    to: Annotated[
        str,
        typer.Option("--to", metavar="FORMAT", help="graphml, gexf, cytoscape, dot, csv, tigramite or npz."),
    ],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where to write it; - is stdout.  [default: exported.* in DIR]"),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace FILE.")] = False,
    every_pair: Annotated[
        bool, typer.Option("--all", help="Every pair of series, not only those that stand out.")
    ] = False,
    min_score: Annotated[float, typer.Option(metavar="X", help="Of these, those of at least this score.")] = 0.0,
    top: Annotated[
        int | None, typer.Option(metavar="N", help="Of these, the N strongest.  [default: no limit]")
    ] = None,
) -> int:
    """Write the edges that stand out for Gephi, Cytoscape, a spreadsheet, ...

    An arrow runs from source to target. Edges have score, lag, sign, and frequency, p, q and selected where these are
    known; series have their name as label, and exogenous. Lag 0 has no direction, whatever a picture shows.

    \b
      graphml     networkx, igraph, Gephi, yEd, Cytoscape
      gexf        Gephi; the score is the weight
      cytoscape   Cytoscape and cytoscape.js (JSON, .cyjs)
      dot         Graphviz
      csv         spreadsheets: a name such as =A1 gets an apostrophe ('=A1)
      tigramite   graph, val_matrix, p_matrix [source, target, lag] in a .npz
      npz         arrays [target, source] of what is exported

    Names are never changed but for that apostrophe: one that a format cannot hold is refused.

    \b
    Examples:
      grngc export results --to graphml
      grngc export results --to csv --all --top 100 --out strongest.csv
      grngc export results --to dot --out - | dot -Tsvg > network.svg
    """
    from .arguments import check_choice
    from .export import FORMATS, chosen, content, write
    from .results import RECORD, Discovery

    check_choice("--to", to, FORMATS)
    if not folder.is_dir():
        there = "is a file, expected a folder of results" if folder.exists() else "no such folder"
        raise InputError(f"{folder}: {there}")
    if (folder / "group.json").exists() and not (folder / RECORD).exists():
        raise InputError(f"{folder}: results of several subjects: export one of them, a folder in {folder}")
    place = folder / f"exported{FORMATS[to].suffix}" if out is None else out
    if place != STDOUT:
        check_file_to_write(place, overwrite)  # before anything is read
    elif FORMATS[to].suffix.endswith(".npz") and sys.stdout.isatty():
        raise InputError(f"--to {to} is no text for a terminal: choose --out FILE, or lead stdout to a file")
    found = Discovery.load(folder)
    edges = chosen(found, every_pair=every_pair, min_score=min_score, top=top)
    if place == STDOUT:
        sys.stdout.buffer.write(content(found, to, edges))
    else:
        write(found, place, to, edges, overwrite=overwrite)
        print(
            f"{len(edges)} edge{'s' * (len(edges) != 1)} of {len(found.graph.names)} series in {printable(str(place))}"
        )
    if not (found.trustworthy and found.converged):
        tell("warning", found.record["conclusion"])
    return OK
