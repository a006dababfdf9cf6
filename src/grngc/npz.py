"""NPY and NPZ files, opened with care: no pickle is ever read, and sizes are checked before anything is expanded.

What an archive says of itself is not believed: only so much is read of a member as its header promises, and the header
is read first. Compressed are members as NumPy compresses them; nothing is ever unpacked to disk.
"""

import io
import struct
import tokenize
import warnings
import zipfile
import zlib
from collections import Counter
from pathlib import Path
from typing import IO

import numpy as np

from .errors import InputError
from .opening import MOST, check_file

MAX_UNPACKED = MOST
"""Bytes that the arrays of one file may take."""
MAX_RATIO = 500
"""A member that expands by more is refused where it takes over ``RATIO_FROM`` bytes: noise in a series does not
compress like that, a file made to fill the memory does."""
RATIO_FROM = 2**24
MAX_DIRECTORY = 2**22
"""Bytes of an archive's list of members, which become twenty times as many when it is opened."""
PART = 2**20
"""Bytes that are read at a time."""
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""What NumPy writes. Others can ask for gigabytes before a byte is unpacked."""
UNREADABLE = (
    ArithmeticError, AttributeError, EOFError, LookupError, MemoryError, OSError, RuntimeError, SyntaxError, TypeError,
    ValueError, struct.error, tokenize.TokenError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What NumPy and zipfile raise over damaged files, whose headers are Python literals; found by fuzzing.

NotImplementedError (unknown compression) and RecursionError (nested literals) are RuntimeErrors.
"""


def load_npy(path: Path | str) -> np.ndarray:
    """Return the array of an NPY file."""
    size = check_file(path, MAX_UNPACKED)
    try:
        with Path(path).open("rb") as file:
            return _read(file, size, str(path))
    except UNREADABLE as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: not a whole .npy file ({shown_cause(error)})") from error


def load_npz(path: Path | str) -> dict[str, np.ndarray]:
    """Return the arrays of an NPZ archive by key, after its directory has been checked."""
    check_file(path, MAX_UNPACKED)
    try:
        with _Cautious(io.FileIO(path)) as file, zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            _check_members(members, str(path))
            found = {}
            for member in members:
                with archive.open(member) as content:
                    origin = f"{path}, {member.filename}"
                    found[_key(member)] = _read(content, member.file_size, origin)
            return found
    except UNREADABLE as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: not a whole .npz file ({shown_cause(error)})") from error


class _Cautious(io.BufferedReader):
    """A file that gives no more than ``MAX_DIRECTORY`` bytes at once: zipfile reads a directory in one go."""

    def read(self, size: int | None = -1, /) -> bytes:
        whole = size is None or size < 0
        content = super().read(MAX_DIRECTORY + 1 if whole else size)
        if len(content) > MAX_DIRECTORY:
            raise zipfile.BadZipFile(f"more than {MAX_DIRECTORY // 2**20} MiB of names")
        return content


def _check_members(members: list[zipfile.ZipInfo], origin: str) -> None:
    """Refuse members that would fill the memory, are there twice, or are not compressed as NumPy does it."""
    total = sum(member.file_size for member in members)
    if total > MAX_UNPACKED:
        raise InputError(
            f"{origin}: unpacks to {total / 2**30:.1f} GiB; at most {MAX_UNPACKED / 2**30:.0f} are read: "
            "save fewer series or points, or pass the array to as_panel"
        )
    keys = Counter(_key(member) for member in members)
    for member in members:
        if keys[_key(member)] > 1:
            raise InputError(f"{origin}: {member.filename!r} is there twice: save it with numpy.savez")
        if member.compress_type not in METHODS:
            raise InputError(
                f"{origin}: {member.filename!r} is compressed as NumPy never does: save it with numpy.savez"
            )
        if member.file_size > max(RATIO_FROM, MAX_RATIO * member.compress_size):
            raise InputError(
                f"{origin}: {member.filename!r} expands more than {MAX_RATIO} times, which data do not: "
                "if it is sound, save it with numpy.savez"
            )


def _key(member: zipfile.ZipInfo) -> str:
    return member.filename.removesuffix(".npy")


def _read(file: IO[bytes], size: int, origin: str) -> np.ndarray:
    """Read one array of ``size`` bytes, header and all; refuse one whose header promises other than what follows."""
    shape, fortran, dtype = _header(file, origin)
    if dtype.hasobject:
        raise InputError(f"{origin}: holds pickled Python objects, which are never read: save numbers (dtype float)")
    count = int(np.prod(shape, dtype=object))
    promised, follows = dtype.itemsize * count, size - file.tell()
    if promised != follows or min(shape, default=0) < 0:
        raise InputError(f"{origin}: {follows} bytes where its header promises {promised}: the file is cut")
    if dtype.itemsize == 0 or dtype.subdtype is not None:
        raise InputError(f"{origin}: not a NumPy array of numbers ({dtype}): save numbers (dtype float)")
    values = np.empty(count, dtype)
    unfilled = memoryview(values.view(np.uint8).data) if count else memoryview(b"")
    while len(unfilled):
        part = file.read(min(len(unfilled), PART))
        if not part:
            raise InputError(f"{origin}: ends before the {promised} bytes that its header promises: the file is cut")
        unfilled[: len(part)] = part
        unfilled = unfilled[len(part) :]
    file.read(1)  # the end of a member is where its checksum is compared
    return values.reshape(shape, order="F" if fortran else "C")


def _header(file: IO[bytes], origin: str) -> tuple[tuple[int, ...], bool, np.dtype]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Python 2, and of what Python thinks about a literal
            version = np.lib.format.read_magic(file)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            return read(file)
    except UNREADABLE as error:
        raise InputError(f"{origin}: not a NumPy array ({shown_cause(error)})") from error


def shown_cause(error: BaseException, most: int = 120) -> str:
    """Return the text of another library's exception for a message: one line, not too long."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= most else f"{text[:most]}..."
