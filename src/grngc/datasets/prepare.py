"""From the files that publishers distribute to the file that :func:`grngc.datasets.load` reads."""

import io
from pathlib import Path
from typing import Any, cast

import numpy as np

from ..arguments import nearest
from ..errors import InputError
from ..storage import write_atomically
from .catalogue import ABOUT
from .publishers import READERS
from .stored import BY_HAND, as_stored, check_digest, path_of


def names_of(name: str) -> list[str]:
    """Return the published data sets that a name stands for: itself, or all of a family as ``dream3/size10``."""
    found = [name] if name in ABOUT else [each for each in ABOUT if each.startswith((f"{name}/", f"{name}_"))]
    if not found:
        raise InputError(f"no published data set {name!r}{nearest(name, ABOUT)}; `grngc datasets list` shows all")
    return found


def check_prepared(name: str, root: Path | str | None = None) -> None:
    """Refuse a data set that is made from no publisher's files, and say what can be done instead."""
    if name in BY_HAND:
        raise InputError(
            f"{name} cannot be prepared: no publisher distributes it as one data set, it was put together by hand. Do "
            f"as much: put series (trajectory, time, series), graph (target, source) and names from {BY_HAND[name]} "
            f"into {path_of(name, root)} with numpy.savez; whether they are the published numbers is checked when it "
            "is read"
        )


def check_source(source: Path) -> None:
    """Refuse what is no folder."""
    if not source.is_dir():
        came = "a file" if source.exists() else "not there"
        raise InputError(f"{source}: {came}; expected the folder with the publishers' files")


def prepare(name: str, source: Path | str, root: Path | str | None = None) -> Path:
    """Convert the publishers' files of one data set, check the arrays against their digest, and write them.

    Parameters
    ----------
    name : str
        A published data set.
    source : path
        Folder that holds the files, at any depth, under their publishers' names.
    root : path, optional
        Folder of the data sets; as in :func:`grngc.datasets.load`.

    Returns
    -------
    Path
        The file written, whole or not at all.

    Raises
    ------
    InputError
        When files are missing or broken, or are not the published data; nothing is written then.
    """
    source = Path(source)
    if name not in ABOUT:
        names_of(name)
        raise InputError(f"{name!r} is a family of data sets: prepare them one by one")
    check_prepared(name, root)
    check_source(source)
    try:
        arrays = READERS[name](source)
    except OSError as error:
        raise InputError(f"{source}: cannot be read ({error})") from error
    check_digest(name, as_stored(arrays, str(source)), str(source))
    content, members = io.BytesIO(), cast("dict[str, Any]", arrays)
    np.savez_compressed(content, **members)
    path = path_of(name, root)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return write_atomically(path, content.getvalue())
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from error
