"""Results on disk: one file for each finished cell, folded into one JSON-lines file for each family of data.

Whatever the moment a run is killed, a finished cell is in its own file or in the family's: files are written whole, and
a cell's own file is removed only after the family's file that holds it is on disk. Folding is done under a lock, so
that two runs at once lose no row of each other.
"""

import fcntl
import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..opening import read_whole
from ..storage import write_atomically

TIMED = ("wall_seconds", "seconds_per_step", "peak_memory", "versions")
"""What a second run of the same cell need not give again."""

MAX_SIZE = 2**28
"""Bytes of a file of results; the largest committed one has 4 MB."""

KINDS: dict[str, Any] = {
    "key": str, "dataset": str, "options": dict, "data": str, "method": str, "parameters": dict, "seed": int | None,
    "status": str,
}  # fmt: skip
KINDS_OK: dict[str, Any] = {"metrics": dict, "wall_seconds": int | float}
"""What every row holds, and what a row of a cell that did not fail holds besides."""

FRESH = ".cells"
"""Folder for cells not yet folded; it hides itself from git."""

Rows = dict[str, dict[str, Any]]


class Results:
    """The rows in a folder.

    Parameters
    ----------
    folder : Path
        Made, with its parents, by the first row that is added.

    Attributes
    ----------
    fresh : Path
        Folder of the rows not yet folded.
    unfinished : Path
        Folder of the states of cells that are being computed, or were when the run was killed: one folder a key.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.fresh = folder / FRESH
        self.unfinished = self.fresh / "unfinished"

    def read(self) -> Rows:
        """Return all rows, key -> row: those of the families' files and the fresh ones, which win."""
        if not self.folder.is_dir():
            return {}
        with self._lock(fcntl.LOCK_SH):
            return self._read()

    def add(self, row: Mapping[str, Any]) -> None:
        """Put one row on disk, in a file of its own."""
        with self._writing():
            self._make()
            with self._lock(fcntl.LOCK_SH):  # a fold at this moment would remove it unread
                write_atomically(self.fresh / f"{row['key']}.json", json.dumps(row, sort_keys=True, allow_nan=False))

    def begin(self) -> None:
        """Make the folders, before hours of work: a place that cannot be written to is told now."""
        with self._writing():
            self._make()
            self.unfinished.mkdir(exist_ok=True)

    def begun(self) -> list[str]:
        """Return the keys of the cells whose state is kept."""
        return sorted(path.name for path in self.unfinished.glob("*"))

    def forget(self, key: str) -> None:
        """Remove the state of a cell that nobody will go on with: its row is there, or no table asks for it."""
        shutil.rmtree(self.unfinished / key, ignore_errors=True)

    def fold(self, without: Iterable[str] = ()) -> None:
        """Move fresh rows into the families' files, and drop the rows with the keys ``without``."""
        if not self.fresh.is_dir():
            if not without:
                return
            with self._writing():
                self._make()
        with self._writing(), self._lock(fcntl.LOCK_EX):
            taken = list(self.fresh.glob("*.json"))
            dropped, there = set(without), self._read()
            families: dict[str, Rows] = {path.stem: {} for path in self.folder.glob("*.jsonl")}
            for key, row in there.items():
                if key not in dropped:
                    families.setdefault(family(row["dataset"]), {})[key] = row
            for name, rows in families.items():
                path, text = self.folder / f"{name}.jsonl", lines(rows.values())
                if not path.exists() or _text(path) != text:
                    write_atomically(path, text)
            halves = [
                *self.folder.glob(".*.jsonl.*.part"),
                *self.fresh.glob(".*.json.*.part"),
            ]  # of runs that were killed
            for path in [*taken, *halves]:
                path.unlink(missing_ok=True)
            done = {key for key, row in there.items() if row["status"] == "ok"}
            for key in self.begun():
                if key in dropped | done:
                    self.forget(key)

    def _read(self) -> Rows:
        rows = {}
        for path in sorted(self.folder.glob("*.jsonl")):
            for number, line in enumerate(_text(path).split("\n"), 1):
                if not line:
                    continue
                row = _row(line, f"{path}, line {number}")
                if row["key"] in rows:
                    raise InputError(f"{path}, line {number}: the key is there twice: remove one of the two lines")
                rows[row["key"]] = row
        for path in sorted(self.fresh.glob("*.json")):
            row = _row(_text(path), str(path))
            rows[row["key"]] = row
        return rows

    def _make(self) -> None:
        self.fresh.mkdir(parents=True, exist_ok=True)
        if not (self.fresh / ".gitignore").exists():
            write_atomically(self.fresh / ".gitignore", "*\n")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise InputError(
                f"{self.folder}: results cannot be written ({error.strerror or error}); what was finished is kept"
            ) from error

    @contextmanager
    def _lock(self, kind: int) -> Iterator[None]:
        """Hold the folder's lock; the system lets go of it when the process ends, however it ends."""
        try:
            file = (self.fresh / "lock").open("a")
        except OSError:  # nothing fresh, or not ours to write: nothing is being folded
            yield
            return
        with file:
            try:
                fcntl.flock(file, kind)
            except OSError as error:  # a network's file system without locks
                if kind == fcntl.LOCK_EX:
                    raise InputError(
                        f"{self.folder}: its file system has no locks ({error.strerror}), and without them rows could "
                        "be lost: copy the folder, .cells too, to a local disk for this"
                    ) from error
            yield


def family(dataset: str) -> str:
    """Return the family of a data set, the stem of its results' file: ``dream4`` of ``dream4/size100_1``."""
    return dataset.partition("/")[0]


def lines(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return rows as JSON lines in the order of their keys."""
    ordered = sorted(rows, key=lambda row: row["key"])
    return "".join(json.dumps(row, sort_keys=True, allow_nan=False) + "\n" for row in ordered)


def digest(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return the SHA-256 of rows, without times, memory and versions: the same for the same work done again."""
    kept = [{name: value for name, value in row.items() if name not in TIMED} for row in rows]
    return hashlib.sha256(lines(kept).encode()).hexdigest()


def _text(path: Path) -> str:
    try:
        return read_whole(path, MAX_SIZE).decode()
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: not a file of results ({error.reason} at byte {error.start}); take it from version control"
        ) from error


def _row(text: str, place: str) -> dict[str, Any]:
    try:
        row = json.loads(text)
        wanted = KINDS | (KINDS_OK if row["status"] == "ok" else {"error": str})
        if odd := [name for name, kind in wanted.items() if not isinstance(row[name], kind)]:
            raise TypeError(f"{odd[0]} is {row[odd[0]]!r:.60}")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(
            f"{place}: not a result ({error}); take the file from version control, or remove it"
        ) from error
    return row
