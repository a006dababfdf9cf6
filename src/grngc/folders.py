"""A folder of results: refused before the work when it cannot be used, written whole or not at all."""

import os
import stat
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from .errors import InputError
from .storage import fsync_folder

UNFINISHED = ".unfinished"
"""Folder, inside one of results, for the state of a run that goes on after a kill."""


def check_folder(folder: Path | str, overwrite: bool = False) -> Path:
    """Refuse a folder that results cannot go to; create nothing.

    Raises :class:`InputError` for a file, for a folder that is not empty unless ``overwrite``, and for a place where
    nothing can be written. The state of an unfinished run (``UNFINISHED``) is not in the way.
    """
    folder = Path(folder)
    try:
        if folder.is_dir() and not overwrite and any(path.name != UNFINISHED for path in folder.iterdir()):
            raise InputError(f"{folder}: exists and is not empty: choose another, or overwrite=True (--overwrite)")
    except OSError as error:
        raise InputError(f"{folder}: cannot be used ({error.strerror or error}): choose another folder") from error
    standing = next(place for place in (folder, *folder.absolute().parents) if os.path.lexists(place))
    if not standing.is_dir():
        raise InputError(f"{folder}: {'is' if standing == folder else f'{standing} is'} a file, expected a folder")
    if not os.access(standing, os.W_OK | os.X_OK):
        raise InputError(f"{folder}: no permission to write in {standing}: choose another folder")
    return folder


def check_file_to_write(path: Path | str, overwrite: bool = False) -> Path:
    """Refuse a place that a single file cannot go to, or that holds one already unless ``overwrite``."""
    path = Path(path)
    there = None
    try:
        with suppress(FileNotFoundError, NotADirectoryError):
            there = os.stat(path)
    except (OSError, ValueError) as error:  # ValueError: NUL in the name
        reason = error.strerror if isinstance(error, OSError) else None
        raise InputError(f"{path}: cannot be written ({reason or error})") from error
    if not path.parent.is_dir():
        raise InputError(f"{path}: its folder is not there, expected a file")
    if there is not None and not stat.S_ISREG(there.st_mode):
        kind = "a folder" if stat.S_ISDIR(there.st_mode) else "a pipe or a device"
        raise InputError(f"{path}: is {kind}, expected a file")
    if os.path.lexists(path) and not overwrite:
        raise InputError(f"{path}: exists already: choose another, or overwrite=True (--overwrite)")
    return path


def write_folder(
    folder: Path | str, writers: Mapping[str, Callable[[Path], object]], overwrite: bool = False
) -> list[Path]:
    """Write files into a folder, making it and its parents as needed; after a failure all is as it was.

    The files are written beside their places first, and take them when all are there: old ones go out of the way, the
    last of ``writers`` before the others, new ones come in, it after the others. A failure on the way puts the old
    ones back; where even that fails, or the process is killed, the last one is missing.

    Parameters
    ----------
    folder : path
    writers : mapping from file name to function
        Each is called with the path to write. The last one is the sign that all are there.
    overwrite : bool
        Replace files of these names; others in the folder stay.

    Returns
    -------
    list of Path
        In the order of ``writers``.
    """
    folder = check_folder(folder, overwrite)
    new = [path for path in (folder, *folder.parents) if not os.path.lexists(path)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".", suffix=".part", ignore_cleanup_errors=True) as beside:
            for name, write in writers.items():
                write(Path(beside, name))
            _put_in_place(folder, Path(beside), list(writers))
    except BaseException as error:
        for path in new:
            with suppress(OSError):  # what cannot be removed stays, the first error is the one to tell
                path.rmdir()
        if isinstance(error, OSError):
            raise InputError(f"{folder}: cannot be written ({error.strerror or error})") from error
        raise
    return [folder / name for name in writers]


def _put_in_place(folder: Path, beside: Path, names: list[str]) -> None:
    """Let the files of the folder ``beside`` take their places in ``folder``, all or none."""
    moved: list[tuple[Path, Path]] = []
    try:
        old = [name for name in reversed(names) if os.path.lexists(folder / name)]
        for there, then in [
            *((folder / name, beside / f"{name}.old") for name in old),
            *((beside / name, folder / name) for name in names),
        ]:
            os.replace(there, then)
            moved.append((there, then))
        fsync_folder(folder)
    except BaseException:
        for there, then in reversed(moved):
            with suppress(OSError):
                if then.parent == folder:
                    os.unlink(then)
                else:
                    os.replace(then, there)
        raise
