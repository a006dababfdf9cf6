"""A user's files: series into a panel, and the truth they are scored against."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..arguments import listed
from ..checks import check_known, check_names
from ..errors import InputError
from ..npz import load_npz
from ..opening import check_file
from ..panel import Panel, panel_of
from ..transforms import TransformChoice
from .archives import read_archive, read_names
from .cells import NUMBER
from .parquet import read_parquet
from .rows import TextTable, open_text
from .text import read_text

TEXT = (".csv", ".tsv", ".txt")
SQUARE = "a square table (row = target, column = source) with names in its first row and first column"


def read_panel(
    path: Path | str,
    *,
    names: Sequence[str] | None = None,
    trajectory: str | None = None,
    time: str | None = None,
    series: str | Sequence[str] | None = None,
    exogenous: str | Sequence[str] = (),
    transform: TransformChoice = None,
    missing: str = "refuse",
    drop_constant: bool = False,
) -> Panel:
    """Read series from a file into a checked :class:`~grngc.panel.Panel`.

    Parameters
    ----------
    path : path
        CSV, TSV or TXT (UTF-8, one row for each point in time, a header of names; cells that mean "no value" are
        ``grngc.datasets.cells.MISSING_CELLS``), Parquet (needs ``pip install "grngc[parquet]"``), NPY, or NPZ with the
        key ``series``, (time, series) or (trajectory, time, series), and the optional keys ``names`` and ``time``.
    names : sequence of str, optional
        Series names for files that bring none: NPY, NPZ without ``names``, text without a header.
    trajectory, time, series, exogenous, transform, missing, drop_constant
        As in :func:`grngc.panel.as_panel`. In an NPZ file ``time`` names a key.

    Raises
    ------
    InputError
        Naming file, column and row, what was expected, and the remedy.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    check_file(path)
    if suffix in TEXT:
        reading = read_text(path, names=names, trajectory=trajectory, time=time, series=series)
    elif suffix in (".npy", ".npz"):
        reading = read_archive(path, names=names, trajectory=trajectory, time=time, series=series)
    elif suffix in (".parquet", ".pq"):
        reading = read_parquet(path, names=names, trajectory=trajectory, time=time, series=series)
    else:
        raise InputError(
            f"{path}: cannot tell the format from {suffix or 'a name without a suffix'!r}; expected .csv, .tsv, .txt, "
            ".parquet, .npy or .npz: save the table as CSV"
        )
    return panel_of(reading, exogenous=exogenous, transform=transform, missing=missing, drop_constant=drop_constant)


def read_truth(path: Path | str, names: Sequence[str] | None = None) -> tuple[np.ndarray, tuple[str, ...]]:
    """Read which series truly drives which.

    Parameters
    ----------
    path : path
        One of: NPZ with the key ``graph`` (target, source) and optionally ``names``; CSV or TSV with the columns
        ``source`` and ``target``, one edge a row (needs ``names``); CSV or TSV with a square table of 0 and 1, names
        in the header and in the first column: **row = target, column = source**.
    names : sequence of str, optional
        The series in the order wanted; every one must be in the file's names.

    Returns
    -------
    truth : bool array (target, source)
        True where source drives target.
    names : tuple of str
    """
    path = Path(path)
    check_file(path)
    suffix = path.suffix.lower()
    if suffix == ".npz":
        truth, found = _truth_from_archive(path, names)
    elif suffix in TEXT:
        table = open_text(path)
        if table.header is None or all(NUMBER.fullmatch(name) for name in table.header):
            raise InputError(
                f"{path}: the first row holds numbers; expected names: {SQUARE}, or columns source, target"
            )
        columns = {name.lower(): i for i, name in enumerate(table.header)}
        if {"source", "target"} <= set(columns):
            if "score" in columns:
                raise InputError(
                    f"{path}: holds scores of a graph, every pair of them; expected the edges that are true"
                )
            return _truth_from_edges(table, columns["source"], columns["target"], names, str(path))
        truth, found = _truth_from_square(table, table.header[1:], str(path))
    else:
        raise InputError(f"{path}: expected a truth in .npz, .csv, .tsv or .txt; got {suffix or 'no suffix'!r}")
    if names is None:
        return truth, found
    check_known(names, found, "the truth", str(path))
    order = [found.index(name) for name in names]
    return truth[np.ix_(order, order)], tuple(names)


def _truth_from_archive(path: Path, names: Sequence[str] | None) -> tuple[np.ndarray, tuple[str, ...]]:
    arrays = load_npz(path)
    if "graph" not in arrays:
        raise InputError(f"{path}: no key 'graph' (target, source); got {listed(list(arrays))}")
    graph = arrays["graph"]
    if graph.ndim != 2 or graph.shape[0] != graph.shape[1] or graph.dtype.kind not in "biuf":
        raise InputError(f"{path}: 'graph' must be a square (target, source) array; got {graph.dtype} {graph.shape}")
    p = len(graph)
    default = names if names is not None else [f"x{i + 1}" for i in range(p)]
    found = tuple(read_names(arrays["names"], str(path)) if "names" in arrays else default)
    check_names(found, str(path))
    if len(found) != p:
        raise InputError(f"{path}: {len(found)} names for a graph of {p} series")
    if not np.isin(graph, (0, 1)).all():
        raise InputError(f"{path}: 'graph' must hold 0 and 1 only; got {np.unique(graph)[:5].tolist()}")
    return graph != 0, found


def _truth_from_square(table: TextTable, found: tuple[str, ...], origin: str) -> tuple[np.ndarray, tuple[str, ...]]:
    check_names(found, origin)
    targets: list[str] = []
    truth = np.zeros((len(found), len(found)), bool)
    for row, cells in table.rows:
        target = cells[0].strip()
        if len(targets) == len(found) or target != found[len(targets)]:
            raise InputError(
                f"{origin}: row {row} is named {target!r}; expected {SQUARE} in the same order, "
                "or columns source, target"
            )
        for i, cell in enumerate(cells[1:]):
            if cell.strip() not in ("0", "1", "0.0", "1.0"):
                raise InputError(f"{origin}: {cell!r} in row {row}, column {found[i]!r}: a truth holds 0 and 1 only")
            truth[len(targets), i] = cell.strip().startswith("1")
        targets.append(target)
    if len(targets) < len(found):
        raise InputError(f"{origin}: {len(targets)} rows for {len(found)} columns: a truth has a row for each series")
    return truth, found


def _truth_from_edges(
    table: TextTable, source: int, target: int, names: Sequence[str] | None, origin: str
) -> tuple[np.ndarray, tuple[str, ...]]:
    if names is None:
        raise InputError(f"{origin}: a list of edges does not say which series there are: give names=")
    truth = np.zeros((len(names), len(names)), bool)
    for row, cells in table.rows:
        ends = [cells[target].strip(), cells[source].strip()]
        check_known(ends, names, f"row {row}", origin)
        truth[names.index(ends[0]), names.index(ends[1])] = True
    return truth, tuple(names)
