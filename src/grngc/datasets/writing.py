"""A data set as files that :func:`read_panel` and :func:`read_truth` read back."""

from collections.abc import Callable, Sequence
from pathlib import Path

from ..arguments import brief, listed
from ..dataset import Dataset
from ..errors import InputError
from ..folders import write_folder
from ..storage import csv_text, write_atomically
from .cells import is_data

TRAJECTORY = "trajectory"
"""Column of ``data.csv`` that tells trajectories apart, where there are several."""


def write_dataset(dataset: Dataset, folder: Path | str, overwrite: bool = False) -> list[Path]:
    """Write ``data.csv`` (a row for each time) and ``truth.csv`` (0 and 1, row = target, column = source).

    Numbers are written with as many digits as give the same number back. The folder is made if needed, and refused
    when it is not empty unless ``overwrite``. A truth that is known in part only has no place in such a file, and no
    name that would not be read as it was written.
    """
    if not dataset.known.all():
        raise InputError(
            f"{dataset.name}: the truth of {(~dataset.known).sum()} entries is not known, which truth.csv cannot say: "
            "write the series whose truth is known"
        )
    names, several = dataset.panel.names, dataset.panel.n_trajectories > 1
    _check_names(dataset.name, names, several)
    corner = "target" if "source" not in map(str.lower, names) else "series"  # source, target: a list of edges
    rows = (
        ([label] if several else []) + times.tolist()
        for label, values in zip(dataset.panel.labels, dataset.panel.trajectories, strict=True)
        for times in values
    )
    truth = ([target, *row.astype(int)] for target, row in zip(names, dataset.truth, strict=True))
    writers: dict[str, Callable[[Path], object]] = {
        "data.csv": lambda path: write_atomically(path, csv_text([TRAJECTORY, *names] if several else names, rows)),
        "truth.csv": lambda path: write_atomically(path, csv_text([corner, *names], truth)),
    }
    return write_folder(folder, writers, overwrite)


def _check_names(origin: str, names: Sequence[str], several: bool) -> None:
    """Refuse names that a text file does not give back."""
    for n, name in enumerate(names):
        if name != name.strip() or "\0" in name:
            odd = "spaces at an end" if name != name.strip() else "the character U+0000"
            raise InputError(f"{origin}: series {n + 1}, {brief(name)}: CSV cannot hold {odd} of a name: rename it")
        if several and name == TRAJECTORY:
            raise InputError(f"{origin}: a series is called {name!r}, as the column of trajectories is: rename it")
    if is_data(names) and not several:
        raise InputError(
            f"{origin}: all names are numbers, {listed(names)}: a header of numbers is read as data: rename one"
        )
    if {"source", "target"} <= {name.lower() for name in names}:
        raise InputError(f"{origin}: series called source and target make truth.csv a list of edges: rename one")
