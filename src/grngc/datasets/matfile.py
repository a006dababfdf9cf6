"""Arrays of numbers out of a MATLAB 5 file, read here because scipy's reader crashes on files made to do so.

MathWorks, "MAT-File Format": a header of 128 bytes, then elements: a tag (kind, bytes) and that many bytes, padded to
eight. At the top are matrices, compressed or not; a matrix is made of elements itself: flags, axes, name, values.
"""

import struct
import zlib
from collections.abc import Iterator, Mapping
from itertools import chain, islice, repeat
from math import prod
from pathlib import Path

import numpy as np

from ..arguments import listed
from ..errors import InputError

MAX_UNPACKED = 2**25
"""Bytes a file may have, and its matrices unpack to; simulation 3 takes 1.3 MB. As float64, bytes take eight times as
much."""
HEADER, MATRIX, COMPRESSED = 128, 14, 15
KINDS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
"""Kind of an element -> its numbers. An array of doubles may be stored as smaller numbers where they are whole."""
CLASSES = {1: "cell", 2: "struct", 3: "object", 4: "char", 5: "sparse", 16: "function", 17: "opaque"}
"""What a matrix may be besides an array of numbers, which are classes 6 to 15."""
IS_COMPLEX = 0x0800
MOST_AXES = 32
"""That an array may have; a file may claim millions."""


def read_mat(path: Path, wanted: Mapping[str, int]) -> dict[str, np.ndarray]:
    """Return arrays of real numbers from a MATLAB file, format 5 to 7.2, as float64.

    Only what is asked for is read, and only if it holds numbers: no cells, structures, objects or functions.

    Parameters
    ----------
    path : path
    wanted : mapping from name to number of axes
    """
    if path.stat().st_size > MAX_UNPACKED:
        raise InputError(f"{path}: {path.stat().st_size // 2**20} MiB; a file of this kind has a few")
    content = path.read_bytes()
    order = {b"IM": "<", b"MI": ">"}.get(content[HEADER - 2 : HEADER])
    if order is None:
        raise InputError(f"{path}: not a MATLAB file of format 5 to 7.2 (save other formats with -v7)")
    found: dict[str, np.ndarray] = {}
    names = []
    try:
        for matrix in _matrices(content[HEADER:], order):
            parts = list(islice(chain(_elements(matrix, order), repeat((0, b""))), 4))
            name = parts[2][1].decode("ascii")
            names.append(name)
            if name in wanted:
                found[name] = _numbers(parts, order, wanted[name])
    except (_BrokenError, struct.error, zlib.error, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a whole MATLAB file ({error})") from error
    except _OtherError as error:
        raise InputError(f"{path}: {name!r} is {error}") from error
    if missing := [name for name in wanted if name not in found]:
        raise InputError(f"{path}: no array {missing[0]!r}; there are {listed(sorted(filter(None, names))) or 'none'}")
    return found


class _BrokenError(Exception):
    """The bytes are not what their tags promise."""


class _OtherError(Exception):
    """The matrix is sound, and not what is asked for."""


def _matrices(content: bytes, order: str) -> Iterator[bytes]:
    """The content of each matrix of the file."""
    left = MAX_UNPACKED
    for kind, data in _elements(content, order, padded=False):
        packed = kind == COMPRESSED
        if packed:
            data = _unpacked(data, left)
        left -= len(data)
        if left < 0:
            raise _BrokenError(f"it unpacks to more than {MAX_UNPACKED // 2**20} MiB, which data of this kind do not")
        if packed:
            kind, data = next(_elements(data, order), (0, b""))
        if kind != MATRIX:
            raise _BrokenError(f"a part of kind {kind} where a matrix is expected")
        yield data


def _unpacked(data: bytes, most: int) -> bytes:
    """What a compressed part unpacks to, of which no more than one byte beyond ``most`` is made."""
    unpack = zlib.decompressobj()
    content = unpack.decompress(data, most + 1)
    if len(content) <= most and not unpack.eof:
        raise _BrokenError("a compressed part ends early")
    return content


def _elements(content: bytes, order: str, padded: bool = True) -> Iterator[tuple[int, bytes]]:
    """Kind and content of each element; at the top of a file compressed ones are not padded."""
    at = 0
    while at < len(content):
        kind, size = struct.unpack_from(f"{order}II", content, at)
        start, step = at + 8, 8 + (size + -size % 8 if padded else size)
        if kind >> 16:  # four bytes or fewer are kept in the tag itself
            kind, size, start, step = kind & 0xFFFF, kind >> 16, at + 4, 8
            if size > 4:
                raise _BrokenError(f"{size} bytes in a tag that holds four")
        data = content[start : start + size]
        if len(data) != size:
            raise _BrokenError(f"{len(data)} bytes where {size} are promised")
        yield kind, data
        at += step


def _numbers(parts: list[tuple[int, bytes]], order: str, axes: int) -> np.ndarray:
    """The array of one matrix, given its flags, axes, name and values."""
    (flags_kind, flags), (shape_kind, shape_bytes), _, (kind, values) = parts
    if flags_kind != 6 or len(flags) != 8 or shape_kind != 5 or len(shape_bytes) % 4:
        raise _BrokenError("a matrix without flags and axes")
    (flag,) = struct.unpack_from(f"{order}I", flags)
    if len(shape_bytes) > 4 * MOST_AXES:
        raise _BrokenError(f"a matrix of {len(shape_bytes) // 4} axes")
    shape = struct.unpack(f"{order}{len(shape_bytes) // 4}i", shape_bytes)
    if flag & 0xFF in CLASSES or flag & IS_COMPLEX:
        raise _OtherError(f"{CLASSES.get(flag & 0xFF, 'complex')} {shape}; expected real numbers")
    if len(shape) != axes:
        raise _OtherError(f"an array {shape}; expected {axes} axes")
    number = KINDS.get(kind)
    if number is None or min(shape) < 0 or prod(shape) * np.dtype(number).itemsize != len(values):
        raise _BrokenError(f"{len(values)} bytes of kind {kind} for an array {shape}")
    return np.frombuffer(values, dtype=f"{order}{number}").reshape(shape, order="F").astype(np.float64)
