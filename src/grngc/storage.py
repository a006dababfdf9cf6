"""Write a file whole or not at all: temporary file, fsync, rename, fsync of the folder; and the text of a table."""

import csv
import os
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from .errors import InputError

IN_QUOTES = ";\t|\ufeff\r\n"
"""Beside commas and quotes, characters for which a cell is put in quotes: other separators, a mark that an opening
program takes off the start of a file, and line ends, of which Python's writer before 3.13 leaves some bare."""


def write_atomically(path: Path | str, content: bytes | str) -> Path:
    """Put ``content`` at ``path`` such that a reader, or a crash at any moment, sees the old file or the new one.

    Text is written as UTF-8, and what is none is refused. The folder must exist. Returns the path.
    """
    path = Path(path)
    try:
        data = content.encode() if isinstance(content, str) else content
    except UnicodeEncodeError as error:
        odd = ord(error.object[error.start])
        raise InputError(f"{path}: cannot hold the character U+{odd:04X}, half of one: rename what holds it") from error
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):  # the first error is the one to tell
            os.unlink(temporary)
        raise
    fsync_folder(path.parent)
    return path


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a table as CSV. Numbers are written with as many digits as give the same number back."""
    lines: list[str] = []
    cut = -len(IN_QUOTES)
    place = SimpleNamespace(write=lambda line: lines.append(line[:cut]))
    table = csv.writer(place, lineterminator=IN_QUOTES)  # it quotes cells that hold any character of this
    table.writerow(header)
    table.writerows(rows)
    return "\n".join([*lines, ""])


def _umask() -> int:
    """Return the process's umask: ``mkstemp`` makes private files, a result is made as any other file."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def fsync_folder(folder: Path) -> None:
    """Make sure that the names in a folder are on disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
