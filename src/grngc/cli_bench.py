"""Commands about benchmarks: ``bench run``, and those of :mod:`.cli_bench_pages`."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import cli_bench_pages as pages
from .cli_tables import HERE, Name, ResultsIn, Tables, all_tables, open_table
from .cli_values import Address, Executor, Workers, names_among, part_of, whole_numbers
from .errors import InputError
from .interrupts import told_on_interrupt
from .terminal import FAILED_CELLS, OK, duration, tell

if TYPE_CHECKING:
    from .bench.cells import Cell
    from .bench.results import Results, Rows
    from .bench.run import Plan
    from .bench.table import Table

bench = typer.Typer(
    name="bench",
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Benchmark tables: fill them, show them beside the published figures.",
)


@bench.command("run")
def run(
    table: Name,
    rows: Annotated[list[str] | None, typer.Option(metavar="A,B,...", help="Only these rows.")] = None,
    columns: Annotated[
        list[str] | None, typer.Option(metavar="A,B,...", help="Only these columns, by name or label.")
    ] = None,
    seeds: Annotated[list[str] | None, typer.Option(metavar="N,M,...", help="Only these seeds.")] = None,
    workers: Workers = None,
    executor: Executor = "local",
    address: Address = None,
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="I/N",
            help="Only part I of N of the cells, for job arrays; all parts may write to one folder of results.",
        ),
    ] = None,
    tables: Tables = HERE,
    results: ResultsIn = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Run cells again that failed.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what is missing, and run nothing.")] = False,
    prune: Annotated[
        bool,
        typer.Option(
            "--prune",
            help="First drop results that neither this table nor a documented one of its folder asks for: old "
            "defaults, old data, trials like smoke's.  With --dry-run they are listed.",
        ),
    ] = False,
) -> int:
    """Fill the missing cells of a table.

    What is there is kept: stopped, or killed, and started again it goes on where it was, in the middle of a long cell
    too. A cell that fails leaves a row that says why, one whose data are not here is skipped, and the rest goes on;
    exit code 4 then.

    \b
    Example:
      grngc bench run smoke --results /tmp/smoke
      grngc bench run grngc-table2 --rows "GRNGC default" --seeds 0 --dry-run
      grngc bench run grngc-table2 --executor ray --address auto
      grngc bench run grngc-table2 --shard 2/10
    """
    from .arguments import check_whole
    from .bench.run import choose, column_names, fill, plan, row_names, shard_of
    from .environment import processors
    from .execution import check_executor

    if workers is not None:
        check_whole("--workers", workers)
    check_executor(executor, address)
    part = part_of(shard)
    if part and prune:
        raise InputError("--prune rewrites the results that other shards read: run it alone, before or after them")
    read, kept, path = open_table(table, tables, results)
    wanted = choose(
        read,
        names_among(rows, row_names(read)),
        names_among(columns, column_names(read)),
        whole_numbers(names_among(seeds)),
    )
    if part:
        wanted = shard_of(wanted, *part)
    if prune:
        _prune(read, path, kept, dry_run)
    there = kept.read()
    found = plan(wanted, there, retry_failed)
    if workers is None and address is None:
        workers = processors()
    _tell_plan(read, found, there, workers, each=dry_run)
    if dry_run:
        return OK
    failed = sum(row["status"] == "failed" for _, row in found.done)
    done = 0

    def told(cell: "Cell", row: Mapping[str, Any]) -> None:
        nonlocal done, failed
        done, failed = done + 1, failed + (row["status"] == "failed")
        print(f"[{done}/{len(found.missing)}] {cell}: {_outcome(row)}", flush=True)

    with told_on_interrupt(
        lambda: f"{done} of {len(found.missing)} cells are kept; the same command goes on with the rest"
    ):
        fill(found.missing, kept, workers, told, executor=executor, address=address, fold=not part)
    if failed:
        tell("error", f"{failed} cells failed; their rows in {kept.folder} say why; --retry-failed runs them again")
    if found.skipped:
        tell(
            "error",
            f"{len(found.skipped)} cells were skipped, for their data are not here: set GRNGC_DATA to their folder, or "
            "choose others with --columns",
        )
    return FAILED_CELLS if failed or found.skipped else OK


bench.command("table")(pages.show)
bench.command("verdict")(pages.verdict)
bench.command("docs")(pages.docs)
bench.command("report")(pages.report)


def _prune(table: "Table", path: Path, kept: "Results", dry_run: bool) -> None:
    """Drop, or list, what neither the table nor a documented one beside it asks for."""
    from .bench.cells import cell_of
    from .bench.run import stale

    others = [each for each, at in all_tables(path.parent) if each.documented and at != path]
    there = kept.read()
    gone = stale([table, *others], there, kept.begun())
    if not dry_run:
        kept.fold(without=gone)
    print(f"{len(gone)} results {'would be' if dry_run else 'were'} dropped")
    for key in gone if dry_run else ():
        print(f"  {cell_of(there[key])}" if key in there else f"  a cell that was begun, {key}")


def _tell_plan(table: "Table", found: "Plan", there: "Rows", workers: int | None, each: bool) -> None:
    """Print what is there, what is missing and what that costs, as far as earlier rows tell."""
    from .bench.run import cost

    for why in dict.fromkeys(why for _, why in found.skipped):
        tell("warning", f"skipped: {why}")
    costs = [(cell, cost(cell, there)) for cell, _ in found.missing]
    known = [seconds for _, seconds in costs if seconds is not None]
    text = f"{table.name}: {len(found.done)} cells are there, {len(costs)} are missing"
    if found.skipped:
        text += f", {len(found.skipped)} are skipped"
    if known:
        text += f"; about {duration(sum(known) / (workers or 1))} on {workers or 1} workers"
    if len(known) < len(costs):
        text += f"; {len(costs) - len(known)} of unknown cost"
    print(text, flush=True)
    for cell, seconds in costs if each else ():
        print(f"  {cell}: {'cost unknown' if seconds is None else duration(seconds)}")


def _outcome(row: Mapping[str, Any]) -> str:
    if row["status"] == "failed":
        return f"failed: {row['error']}"
    return f"AUROC {row['metrics']['auroc']:.3f}, AUPRC {row['metrics']['auprc']:.3f}, {duration(row['wall_seconds'])}"
