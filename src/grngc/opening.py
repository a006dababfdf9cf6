"""Opening a user's file: a plain file, of a size that can be read whole."""

import os
import stat
from pathlib import Path

from .errors import InputError

MOST = 2**31
"""Bytes of the largest file that is read, and of the arrays that one may unpack to."""


def check_file(path: Path | str, most: int = MOST) -> int:
    """Return the size of a file that can be opened; refuse folders, pipes, devices, and files above ``most`` bytes."""
    path = Path(path)
    try:
        found = path.stat()  # before it is opened: to open a pipe is to wait for its other end
        if not stat.S_ISREG(found.st_mode) and not stat.S_ISDIR(found.st_mode):
            raise InputError(f"{path}: cannot be read (not a plain file but a pipe or a device): save it as a file")
        with path.open("rb"):
            pass
    except (OSError, ValueError) as error:  # ValueError: NUL in the name
        if isinstance(error, InputError):
            raise
        reason = error.strerror if isinstance(error, OSError) else None
        raise InputError(f"{path}: cannot be read ({reason or error})") from error
    if found.st_size > most:
        raise InputError(
            f"{path}: {_shown(found.st_size)}; at most {_shown(most)} are read: save fewer series or points, or pass "
            "the array to as_panel"
        )
    return found.st_size


def read_whole(path: Path | str, most: int = MOST) -> bytes:
    """Return the content of a plain file of at most ``most`` bytes."""
    check_file(path, most)
    try:
        with Path(path).open("rb") as file:
            content = file.read(most + 1)
            if len(content) > most or os.fstat(file.fileno()).st_size > most:
                raise InputError(f"{path}: grows while it is read, beyond {_shown(most)}: wait until it is whole")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error
    return content


def _shown(size: int) -> str:
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 else f"{size / 2**20:.1f} MiB"
