"""Arrays of numbers out of a MATLAB 5 file, whose sizes are checked before anything is expanded."""

import struct
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..errors import InputError

MAX_UNPACKED = 2**28
"""Bytes the file's parts may unpack to; simulation 3 takes 1.3 MB."""
HEADER, COMPRESSED, MATRIX = 128, 15, 14
"""Bytes before the first part, and the two kinds of parts a file may have at its top."""
NUMBERS = ("double", "single", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "logical")


def read_mat(path: Path, wanted: Mapping[str, int]) -> dict[str, np.ndarray]:
    """Return numeric arrays of a MATLAB file, format 5 to 7.2.

    Only the arrays asked for are read, and only if they hold numbers: no cells, structures, objects or functions.

    Parameters
    ----------
    path : path
    wanted : mapping from name to number of axes
    """
    from scipy.io import loadmat, whosmat

    check_parts(path)
    try:
        held = {name: (shape, kind) for name, shape, kind in whosmat(path)}
        for name, axes in wanted.items():
            if name not in held:
                raise InputError(f"{path}: no array {name!r}; there are {', '.join(sorted(held)) or 'none'}")
            shape, kind = held[name]
            if kind not in NUMBERS or len(shape) != axes:
                raise InputError(f"{path}: {name!r} is {kind} {shape}; expected numbers with {axes} axes")
        arrays = loadmat(path, variable_names=list(wanted))
    except InputError:
        raise
    except Exception as error:  # the reader raises whatever a broken byte leads it to
        raise _cut(path, error) from error
    return {name: np.asarray(arrays[name], dtype=np.float64) for name in wanted}


def check_parts(path: Path) -> None:
    """Refuse a file that is no MATLAB 5 file, is cut, or unpacks to more than ``MAX_UNPACKED``."""
    if path.stat().st_size > MAX_UNPACKED:
        raise InputError(f"{path}: {path.stat().st_size // 2**20} MiB; a file of this kind has a few")
    content = path.read_bytes()
    order = {b"IM": "<", b"MI": ">"}.get(content[126:HEADER])
    if order is None:
        raise InputError(f"{path}: not a MATLAB file of format 5 to 7.2 (7.3 is another: save it with -v7)")
    at, left = HEADER, MAX_UNPACKED
    while at < len(content):
        if at + 8 > len(content):
            raise _cut(path, "half a tag at its end")
        kind, size = struct.unpack_from(f"{order}II", content, at)
        part = content[at + 8 : at + 8 + size]
        if kind not in (COMPRESSED, MATRIX) or len(part) != size:
            raise _cut(path, f"{len(part)} bytes where {size} of kind {kind} are promised")
        left -= _unpacked_size(part, left, path) if kind == COMPRESSED else size
        at += 8 + size
    if at == HEADER:
        raise _cut(path, "nothing after its header")


def _unpacked_size(part: bytes, limit: int, path: Path) -> int:
    """Bytes a compressed part takes, found without keeping them."""
    unpack, size, rest = zlib.decompressobj(), 0, part
    try:
        while True:
            piece = unpack.decompress(rest, 2**20)
            size, rest = size + len(piece), unpack.unconsumed_tail
            if size > limit:
                raise InputError(
                    f"{path}: unpacks to more than {MAX_UNPACKED // 2**20} MiB, which data of this kind do not"
                )
            if unpack.eof:
                return size
            if not piece and not rest:
                raise _cut(path, "a compressed part ends early")
    except zlib.error as error:
        raise _cut(path, error) from error


def _cut(path: Path, why: object) -> InputError:
    return InputError(f"{path}: not a whole MATLAB file ({why})")
