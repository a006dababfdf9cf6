"""A folder of results: refused before the work when it cannot be used, written whole or not at all."""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from .errors import InputError

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


def write_folder(
    folder: Path | str, writers: Mapping[str, Callable[[Path], object]], overwrite: bool = False
) -> list[Path]:
    """Write files into a folder, making it and its parents as needed; after a failure nothing new is left.

    Parameters
    ----------
    folder : path
    writers : mapping from file name to function
        Each is called with the path to write. The last one is the sign that all are there: with ``overwrite`` it is
        removed first.
    overwrite : bool
        Replace files of these names; others in the folder stay.

    Returns
    -------
    list of Path
        In the order of ``writers``.
    """
    folder = check_folder(folder, overwrite)
    paths = [folder / name for name in writers]
    new = [path for path in (*paths, folder, *folder.parents) if not os.path.lexists(path)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        paths[-1].unlink(missing_ok=True)
        for path, write in zip(paths, writers.values(), strict=True):
            write(path)
    except BaseException as error:
        for path in new:
            _remove(path)
        if isinstance(error, OSError):
            raise InputError(f"{folder}: cannot be written ({error.strerror or error})") from error
        raise
    return paths


def _remove(path: Path) -> None:
    """Remove a file or an empty folder; what cannot be removed stays, the first error is the one to tell."""
    with suppress(OSError):
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink(missing_ok=True)
