"""Commands about several graphs: ``discover`` of several files, and ``compare``."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .errors import InputError
from .folders import check_file_to_write
from .labels import printable
from .terminal import FAILED_CELLS, OK, UNTRUSTWORTHY, duration, tell

if TYPE_CHECKING:
    from .subjects import Ended


def discover_files(
    files: Sequence[Path],
    out: Path | None,
    overwrite: bool,
    options: Mapping[str, Any],
    top: int,
    as_json: bool,
    quiet: bool,
    with_report: bool,
) -> int:
    """Find a graph for each of several files, and what they have in common."""
    from .subjects import discover_group, told

    done = 0

    def show(now: "Ended") -> None:
        nonlocal done
        done += not isinstance(now.outcome, BaseException)
        if isinstance(now.outcome, BaseException):
            tell("error", f"[{now.number}/{now.of}] {now.name}: failed: {told(now.outcome)}")
        elif not quiet and not as_json:
            print(f"grngc: [{now.number}/{now.of}] {printable(now.name)}: {_outcome(now)}", file=sys.stderr)

    try:
        found = discover_group(files, folder=out, overwrite=overwrite, report=with_report, ended=show, **options)
    except KeyboardInterrupt:
        went_on = f"{done} of {len(files)} subjects are kept; the same command goes on with the rest"
        raise KeyboardInterrupt(went_on if out is not None else "nothing was kept") from None
    if as_json:
        edges = [edge._asdict() for edge in found.edges()]
        print(json.dumps(found.record | {"edges": edges}, allow_nan=False))
    elif not quiet:
        print(found.summary(top))
        if out is not None:
            page = ", report.html" * with_report
            written = f"group_edges.csv, group.npz, group.json{page}, and a folder for each subject"
            print(f"Results in {printable(str(out))}: {written}")
    if (quiet or as_json) and not found.trustworthy:
        tell("warning", found.record["conclusion"])
    if found.failed:
        tell("error", f"{len(found.failed)} of {len(files)} subjects failed; the same command tries them again")
        return FAILED_CELLS
    return OK if found.trustworthy else UNTRUSTWORTHY


def _outcome(now: "Ended") -> str:
    """Say in a few words what came out for a subject that did not fail."""
    record = now.outcome.record  # type: ignore[union-attr]
    n, choice = record["edges_above_noise_floor"], record["choice"]
    said = f"{n} pairs stand out" if n != 1 else "1 pair stands out"
    took = "found in DIR, not computed again" if now.kept else duration(record["timings"]["seconds"])
    settled = "" if record["converged"] else "; NOT converged"
    return f"{said} ({choice['forecaster']}, lag {choice['lag']}); {took}{settled}"


def compare(
    a: Annotated[Path, typer.Argument(metavar="A", help="Folder of results: of one file, or of a group of subjects.")],
    b: Annotated[Path, typer.Argument(metavar="B", help="Another one of the same kind, of the same series.")],
    paired: Annotated[
        bool, typer.Option("--paired", help="Both groups are the same subjects, by name: before and after, say.")
    ] = False,
    permutations: Annotated[
        int, typer.Option(metavar="N", help="Relabellings of subjects to draw, where there are more than so many.")
    ] = 10_000,
    seed: Annotated[int, typer.Option(metavar="N", help="The same seed draws the same relabellings.")] = 0,
    out: Annotated[Path | None, typer.Option(metavar="FILE.csv", help="Write all pairs to a CSV file.")] = None,
    page: Annotated[
        Path | None,
        typer.Option("--report", metavar="FILE.html", help="Make a page of it, to look at in a browser and to send."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace FILE.csv and FILE.html.")] = False,
    top: Annotated[int, typer.Option(metavar="N", help="Pairs to show.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print all pairs as JSON, nothing else.")] = False,
) -> int:
    """Tell which edges are gained, lost or changed from A to B.

    A and B are folders that grngc discover wrote. Two groups are compared by permutation of subjects: an edge differs
    where its family-wise p (by the largest statistic of all pairs) is at most 0.05.

    \b
      gained   differs, larger in B; an edge of most of B's subjects, not of A's
      lost     the other way round
      changed  any other difference
      same     an edge of most of the subjects of either; no difference found

    Of two single graphs the same is said by their noise floors, and without any significance.

    \b
    Examples:
      grngc discover controls/*.csv --out c --forecaster linear --lag 1
      grngc discover patients/*.csv --out p --forecaster linear --lag 1
      grngc compare c p --out differences.csv --report differences.html
    """
    if top < 0:
        raise InputError(f"--top must be at least 0; got {top}")
    for file in (out, page):
        if file is not None:
            check_file_to_write(file, overwrite)
    if out is not None and out == page:
        raise InputError(f"{out}: --out and --report are two files; got one name for both")
    from .comparison import compare as find
    from .storage import write_atomically

    found = find(a, b, paired=paired, permutations=permutations, random_state=seed)
    if out is not None:
        try:
            write_atomically(out, found.csv())
        except OSError as error:
            raise InputError(f"{out}: cannot be written ({error.strerror or error})") from error
    if page is not None:
        found.report(page, overwrite)
    if as_json:
        print(json.dumps(found.record | {"edges": [edge._asdict() for edge in found.edges]}, allow_nan=False))
        return OK
    print(found.summary(top))
    if out is not None:
        print(f"All pairs in {printable(str(out))}")
    if page is not None:
        print(f"Report in {printable(str(page))} ({page.stat().st_size / 1000:.0f} kB): open it in a browser")
    return OK
