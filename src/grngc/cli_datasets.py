"""Commands about data sets with a known graph: ``datasets list``, ``show``, ``path``, ``prepare``."""

import json
import shutil
import sys
from pathlib import Path
from textwrap import fill
from typing import Annotated, Any

import typer

from .errors import InputError
from .terminal import OK, USAGE, sentence_width, tell

datasets = typer.Typer(
    name="datasets",
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Data sets whose graph is known: what there is, where it is, how to get it.",
)

Root = Annotated[
    Path | None,
    typer.Option(
        "--root", metavar="DIR", help="Folder of the files.  [default: GRNGC_DATA, or grngc in your data folder]"
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
WIDTH = 80


@datasets.command("list")
def show_all(root: Root = None, as_json: Json = False) -> int:
    """Show all data sets: counts, and whether the file is here.

    Counts are those of the data set as it is loaded: trajectories, points of each, series, true entries and how many
    entries are scored. Simulators need no file.
    """
    from .datasets import ABOUT, DATASETS, data_root
    from .datasets.stored import path_of

    if as_json:
        print(json.dumps([_facts(name, root) for name in ABOUT]))
        return OK
    rows: list[tuple[str, ...]] = [("name", "trajectories", "points", "series", "edges", "scored", "file")]
    rows += [(name, "any", "any", "any", "-", "-", "simulated") for name in DATASETS if name not in ABOUT]
    here = {name: path_of(name, root).is_file() for name in ABOUT}
    rows += [
        (
            name,
            *map(str, (it.trajectories, it.times, it.series, it.edges, it.n_scored)),
            "here" if here[name] else "not here",
        )
        for name, it in ABOUT.items()
    ]
    if sys.stdout.isatty() and shutil.get_terminal_size().columns < WIDTH:
        rows = [(row[0], row[-1]) for row in rows]  # too narrow for the counts: `show` tells them
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for name, *counts, file in rows:
        middle = "".join(f"  {count:>{width}}" for count, width in zip(counts, widths[1:-1], strict=True))
        print(f"{name:<{widths[0]}}{middle}  {file}")
    print(f"\n{sum(here.values())} of {len(here)} files are in {data_root(root)}")
    return OK


@datasets.command("show")
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A data set, as `grngc datasets list` names it.")],
    root: Root = None,
    as_json: Json = False,
) -> int:
    """Show what a data set is and what to beware of.

    Source, licence, counts, which entries are scored, and the options that `grngc.datasets.load` takes.

    \b
    Example:
      grngc datasets show dream4/size100_1
    """
    from .datasets.catalogue import ABOUT, check_name, options_of

    check_name(name)
    if name not in ABOUT:
        raise InputError(f"{name} is simulated: see `grngc simulate {name} --help`")
    facts = _facts(name, root)
    if as_json:
        print(json.dumps(facts))
        return OK
    scored = f"{facts['n_scored']} entries: {facts['scored']}"
    if known := facts["known_series"]:
        scored += f", of the first {known} series"
    word = "trajectory" if facts["trajectories"] == 1 else "trajectories"
    lines = {
        "source": facts["source"],
        "licence": facts["licence"],
        "data": f"{facts['trajectories']} {word} of {facts['times']} points, {facts['series']} series",
        "truth": f"{facts['edges']} entries are true, {facts['own_pasts']} of them own pasts",
        "scored": scored,
        "options": ", ".join(options_of(name)) or "none",
        "file": f"{facts['file']}" if facts["here"] else f"{facts['file']} (not there)",
    }
    print(f"{name}: {facts['title']}\n")
    for label, text in lines.items():
        print(_wrapped(f"{label:<9}", text))
    print("\nBeware:")
    for sentence in facts["beware"]:
        print(_wrapped("- ", sentence))
    return OK


@datasets.command("path")
def path(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="A data set; without it, the folder.")] = None,
    root: Root = None,
) -> int:
    """Print where the files are, or belong."""
    from .datasets.catalogue import ABOUT, check_name
    from .datasets.stored import data_root, path_of

    if name is not None:
        check_name(name)
        if name not in ABOUT:
            raise InputError(f"{name} is simulated and has no file")
    print(data_root(root) if name is None else path_of(name, root))
    return OK


@datasets.command("prepare")
def prepare(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A data set, or a family of them: dream3, dream3/size10, causaltime.")
    ],
    source: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Folder with the publishers' files, which may lie in folders below it.  [required]"
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="ROOT", help="Folder to write to.  [default: GRNGC_DATA, or grngc in your data folder]"),
    ] = None,
) -> int:
    """Convert and check the files that publishers distribute.

    \b
    Files that are looked for in DIR:
      dream3      InSilicoSize10-Ecoli1-trajectories.tsv and
                  DREAM3GoldStandard_InSilicoSize10_Ecoli1.txt, ...;
                  or JRNGC's dream3_10_0.tsv and dream3_10_0_true.txt, ...
      dream4      Bioconductor's lightlyProcessedDownloadedData.tar.gz;
                  or insilico_size100_1_timeseries.tsv and
                  DREAM4_GoldStandard_InSilico_Size100_1.tsv, ...
      netsim      sim3.mat; or JRNGC's fMRI_15.mat
      causaltime  medical/gen_data.npy and medical/graph.npy, ...
      sos, blca   nothing: no publisher distributes them as one data set;
                  ask for one, and it is said what to do

    Numbers that are not the published ones are refused (exit code 2), and nothing is written for them. Nothing is
    unpickled, and nothing is unpacked to disk.

    \b
    Example:
      grngc datasets prepare dream3/size10 --source ~/Downloads/DREAM3
    """
    from .datasets.prepare import check_prepared, check_source, names_of
    from .datasets.prepare import prepare as convert

    names, failed = names_of(name), 0
    for each in names:
        check_prepared(each, out)
    if source is None:
        raise InputError("Missing option '--source': the folder with the publishers' files; see its --help")
    check_source(source)
    for each in names:
        try:
            print(f"{each}: {convert(each, source, out)}", flush=True)
        except InputError as error:
            tell("error", error)
            failed += 1
    if failed and len(names) > 1:
        tell("error", f"{failed} of {len(names)} data sets could not be prepared")
    return USAGE if failed else OK


def _facts(name: str, root: Path | None) -> dict[str, Any]:
    """What ``show`` tells, as plain data."""
    from dataclasses import asdict

    from .datasets import ABOUT
    from .datasets.stored import path_of

    file = path_of(name, root)
    return asdict(ABOUT[name]) | {"n_scored": ABOUT[name].n_scored, "file": str(file), "here": file.is_file()}


def _wrapped(first: str, text: str) -> str:
    """Text after a word or a dash, within the terminal, with the lines below the first indented as far."""
    return fill(
        text,
        max(sentence_width(WIDTH), len(first) + 20),
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_long_words=False,
        break_on_hyphens=False,
    )
