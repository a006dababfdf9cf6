"""A data set as files that :func:`read_panel` and :func:`read_truth` read back."""

from collections.abc import Callable
from pathlib import Path

from ..dataset import Dataset
from ..errors import InputError
from ..folders import write_folder
from ..storage import csv_text, write_atomically

TRAJECTORY = "trajectory"
"""Column of ``data.csv`` that tells trajectories apart, where there are several."""


def write_dataset(dataset: Dataset, folder: Path | str, overwrite: bool = False) -> list[Path]:
    """Write ``data.csv`` (a row for each time) and ``truth.csv`` (0 and 1, row = target, column = source).

    Numbers are written with as many digits as give the same number back. The folder is made if needed, and refused
    when it is not empty unless ``overwrite``. A truth that is known in part only has no place in such a file.
    """
    if not dataset.known.all():
        raise InputError(
            f"{dataset.name}: the truth of {(~dataset.known).sum()} entries is not known, which truth.csv cannot say: "
            "write the series whose truth is known"
        )
    names, several = dataset.panel.names, dataset.panel.n_trajectories > 1
    rows = (
        ([label] if several else []) + times.tolist()
        for label, values in zip(dataset.panel.labels, dataset.panel.trajectories, strict=True)
        for times in values
    )
    truth = ([target, *row.astype(int)] for target, row in zip(names, dataset.truth, strict=True))
    writers: dict[str, Callable[[Path], object]] = {
        "data.csv": lambda path: write_atomically(path, csv_text([TRAJECTORY, *names] if several else names, rows)),
        "truth.csv": lambda path: write_atomically(path, csv_text(["target", *names], truth)),
    }
    return write_folder(folder, writers, overwrite)
