"""Fill the missing cells of a table: what is there is kept, what is missing is computed, side by side."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import Any

from ..checkpoints import EVERY_SECONDS, Checkpoints
from ..errors import InputError
from ..execution import Job, WorkerLostError, run
from .cells import Cell, cells_of, check_names, data_name
from .compute import compute, data_digest, failed
from .results import Results, Rows
from .table import Column, Table, check_known


@dataclass
class Plan:
    """What a run of a table comes to.

    Attributes
    ----------
    done : list of (Cell, row)
        Cells whose row is there, be it of a failure.
    missing : list of (Cell, str)
        Cells to compute, with the digest of their data.
    skipped : list of (Cell, str)
        Cells whose data cannot be loaded, with the reason.
    """

    done: list[tuple[Cell, Mapping[str, Any]]] = field(default_factory=list)
    missing: list[tuple[Cell, str]] = field(default_factory=list)
    skipped: list[tuple[Cell, str]] = field(default_factory=list)


def choose(
    table: Table, rows: list[str] | None = None, columns: list[str] | None = None, seeds: list[int] | None = None
) -> list[Cell]:
    """Return the cells of a table, each once, or those of some rows, columns (by name or label) and seeds.

    What is not in the table is an error, and so is a choice that leaves no cell.
    """
    check_names(table)
    for label in rows or ():
        check_known(f"{table.name}: row", label, row_names(table))
    for name in columns or ():
        check_known(f"{table.name}: column", name, column_names(table))
    taken = [row for row in table.rows if not rows or row.label in rows]
    known = sorted({seed for row in taken for seed in table.seeds_of(row)})
    if lacking := [seed for seed in seeds or () if seed not in known]:
        raise InputError(f"{table.name}: no seed {lacking[0]}; there are {', '.join(map(str, known)) or 'none'}")
    chosen: dict[str, Cell] = {}
    for row in taken:
        for column in _columns(table, columns):
            for seed, cells in cells_of(table, row, column).items():
                if seeds and seed is not None and seed not in seeds:
                    continue
                for cell in cells:
                    if cell.watched or cell.identity not in chosen:
                        chosen[cell.identity] = cell
    if not chosen and (rows or columns or seeds):
        raise InputError(f"{table.name}: nothing to run: none of these rows is run on these columns from these seeds")
    return list(chosen.values())


def row_names(table: Table) -> list[str]:
    """Return what the rows of a table are called."""
    return [row.label for row in table.rows]


def column_names(table: Table) -> list[str]:
    """Return what the columns of a table are called: their names, then the labels that a reader sees."""
    return [column.name for column in table.columns] + [column.label for column in table.columns if column.label]


def _columns(table: Table, called: list[str] | None) -> list[Column]:
    """The columns of these names or labels; where one's label is another's name, the name counts."""
    names = {column.name for column in table.columns}
    return [
        column
        for column in table.columns
        if not called or column.name in called or (column.label in called and column.label not in names)
    ]


def plan(cells: list[Cell], there: Rows, retry_failed: bool = False) -> Plan:
    """Tell done cells from missing ones; this loads, or simulates, every data set once."""
    made, digests = Plan(), dict[str, str]()
    absent: dict[str, str] = {}
    for cell in cells:
        name = data_name(cell.dataset, cell.options)
        if name not in digests and name not in absent:
            try:
                digests[name] = data_digest(cell)
            except InputError as error:
                absent[name] = str(error)
        if name in absent:
            made.skipped.append((cell, absent[name]))
            continue
        row = there.get(cell.key(digests[name]))
        lacks = row is None or (row["status"] == "ok" and _lacks(cell, row))
        if row is None or lacks or (retry_failed and row["status"] == "failed"):
            watched = cell.watched or bool(row is not None and row.get("oracle"))  # another table's; it is not lost
            made.missing.append((replace(cell, watched=watched), digests[name]))
        else:
            made.done.append((cell, row))
    return made


def _lacks(cell: Cell, row: Mapping[str, Any]) -> bool:
    """Whether a finished row has not all that is asked for."""
    return (cell.watched and not row.get("oracle")) or (cell.decided and "decision" not in row)


def cost(cell: Cell, there: Rows) -> float | None:
    """Return the seconds that cells like it took, on average; None where there is none.

    Like are cells of the same method, forecaster and budget on data of the same size: networks of one challenge, the
    same simulation from other seeds.
    """
    like = [row for row in there.values() if row["status"] == "ok" and row["method"] == cell.method]
    names = ("forecaster", "hidden", "steps", "lag")
    like = [row for row in like if all(row["parameters"].get(n) == cell.parameters.get(n) for n in names)]
    like = [row for row in like if row["method"] != "grngc" or bool(row["oracle"]) == cell.watched]
    fixed = {name: value for name, value in cell.options.items() if name not in ("random_state", "subject")}
    same = [
        row
        for row in like
        if _case(row["dataset"]) == _case(cell.dataset)
        and all(row["options"].get(n) == value for n, value in fixed.items())
    ]
    times = [row["wall_seconds"] for row in same]
    return fmean(times) if times else None


def _case(dataset: str) -> str:
    """``dream4/size100`` of ``dream4/size100_1``."""
    return dataset.rpartition("_")[0] or dataset


def shard_of(cells: list[Cell], shard: int, shards: int) -> list[Cell]:
    """Return the cells of shard 1, 2, ... of ``shards``: every cell is in one, whatever is done or where data are.

    Cells of one method on the same data, from other seeds, are dealt out one by one, so that shards take about as long.
    """
    return sorted(cells, key=lambda cell: (cell.method, cell.identity))[shard - 1 :: shards]


def fill(
    missing: list[tuple[Cell, str]],
    results: Results,
    workers: int | None,
    told: Callable[[Cell, Mapping[str, Any]], None],
    *,
    executor: str = "local",
    address: str | None = None,
    fold: bool = True,
    keep_every: float = EVERY_SECONDS,
) -> None:
    """Compute cells and put each on disk as it ends; ``told`` is called with it. A cell that fails leaves its row too.

    Leaving early, by Ctrl-C say, keeps what is finished. ``workers``, ``executor`` and ``address`` are those of
    :func:`grngc.execution.run`. Without ``fold`` each row stays a file of its own, as several machines that write to
    one folder need it: they may not see each other's locks.

    A cell whose worker, or this whole process, is killed goes on from the state it kept ``keep_every`` seconds ago at
    most, to the row that an undisturbed run leaves; on a machine that does not share the folder's disk it begins anew.
    """
    cells = {cell.key(data): (cell, data) for cell, data in missing}
    started_with = set(results.read())
    if missing:
        results.begin()

    def jobs() -> Iterator[Job]:
        for key, (cell, data) in cells.items():
            if key not in started_with and key in results.read():
                continue  # another run has finished it since
            kept = Checkpoints(results.unfinished.absolute() / key, keep_every, anew=True)
            yield Job(key, compute, (cell, data, kept))

    ended = run(jobs(), workers=workers, executor=executor, address=address)
    try:
        for key, outcome in ended:
            cell, data = cells[str(key)]
            row = failed(cell, data, outcome) if isinstance(outcome, BaseException) else outcome
            results.add(row)
            if not isinstance(outcome, WorkerLostError):  # that one may go on, when it is retried
                results.forget(str(key))
            told(cell, row)
    finally:
        ended.close()
        if fold:
            results.fold()


def stale(tables: list[Table], there: Rows, begun: Iterable[str] = ()) -> list[str]:
    """Return the keys of rows that no table asks for, or whose data changed; rows of data that are not here stay.

    Of cells that are ``begun``, with a state but no row, those too; where data are not here all of them stay.
    """
    wanted: set[str] = set()
    kept_names: set[str] = set()
    for table in tables:
        made = plan(choose(table), there)
        wanted |= {row["key"] for _, row in made.done}
        wanted |= {cell.key(data) for cell, data in made.missing}
        kept_names |= {data_name(cell.dataset, cell.options) for cell, _ in made.skipped}
    old = [
        key
        for key, row in there.items()
        if key not in wanted and data_name(row["dataset"], row["options"]) not in kept_names
    ]
    return old + [key for key in begun if not kept_names and key not in wanted and key not in there]
