"""NPY and NPZ files, opened with care: no pickle is ever read, and sizes are checked before anything is expanded."""

import lzma
import tokenize
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import numpy as np

from ..arguments import listed
from ..arrays import read_array
from ..checks import Reading
from ..errors import InputError
from ..times import check_clock, read_clock

MAX_UNPACKED = 2 * 2**30
"""Bytes that the arrays of one file may take."""
MAX_RATIO = 500
"""A member that expands by more is refused where it takes over ``RATIO_FROM`` bytes: noise in a series does not
compress like that, a file made to fill the memory does."""
RATIO_FROM = 2**24
BAD_HEADER = (ValueError, TypeError, KeyError, EOFError, SyntaxError, tokenize.TokenError)
"""What NumPy raises over a broken header, which is a Python literal."""
UNREADABLE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, RuntimeError, *BAD_HEADER)
"""What a broken archive raises; NotImplementedError (unknown compression) is a RuntimeError."""


def read_archive(
    path: Path,
    *,
    names: Sequence[str] | None = None,
    trajectory: str | None = None,
    time: str | None = None,
    series: str | Sequence[str] | None = None,
) -> Reading:
    """Read an NPY array, or an NPZ archive with the keys ``series`` and, if it likes, ``names`` and ``time``.

    ``series`` is (time, series) or (trajectory, time, series); ``time`` (time,), or the key that ``time=`` names, is
    only checked.
    """
    origin = str(path)
    if trajectory is not None:
        raise InputError(f"{origin}: trajectory= (--trajectory) is for tables; an array has a trajectory axis")
    if path.suffix.lower() == ".npy":
        if time is not None:
            raise InputError(f"{origin}: time= (--time) is for tables; an .npy file holds no time")
        return read_array(load_npy(path), names=names, series=series, origin=origin)
    arrays = load_npz(path)
    if "series" not in arrays:
        raise InputError(
            f"{origin}: no key 'series'; expected 'series', (time, series) or (trajectory, time, series), and 'names'; "
            f"got {listed(list(arrays))}"
        )
    if names is None and "names" in arrays:
        names = [str(name) for name in arrays["names"].ravel()]
    reading = read_array(arrays["series"], names=names, series=series, origin=origin)
    if time is not None and time not in arrays:
        raise InputError(f"{origin}: no key {time!r} for time= (--time); there are {listed(list(arrays))}")
    if time is not None:
        _check_time(arrays[time], time, reading)
    elif "time" in arrays and arrays["time"].shape == (len(reading.trajectories[0]),):
        _check_time(arrays["time"], "time", reading)
    return reading


def _check_time(times: np.ndarray, key: str, reading: Reading) -> None:
    lengths = {len(values) for values in reading.trajectories}
    if lengths != {times.size} or times.ndim != 1:
        raise reading.error(f"{key!r} has shape {times.shape}; expected one time for each of {max(lengths)} points")
    clock = read_clock(times, key, lambda n: f"time index {n}", reading.origin)
    check_clock(clock, reading, [np.arange(times.size)] * len(reading.trajectories))


def load_npy(path: Path) -> np.ndarray:
    """Return the array of an NPY file."""
    with path.open("rb") as file:
        _check_header(file, path.stat().st_size, str(path))
    try:
        return np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise InputError(f"{path}: not a whole .npy file ({error})") from error


def load_npz(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of an NPZ archive by key, after its directory has been checked."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            total = sum(member.file_size for member in members)
            if total > MAX_UNPACKED:
                raise InputError(
                    f"{path}: unpacks to {total / 2**30:.1f} GiB; at most {MAX_UNPACKED / 2**30:.0f} are read: "
                    "save fewer series or points, or pass the array to as_panel"
                )
            for member in members:
                if member.file_size > max(RATIO_FROM, MAX_RATIO * member.compress_size):
                    raise InputError(
                        f"{path}: {member.filename!r} expands more than {MAX_RATIO} times, which data do not: "
                        "if it is sound, save it with numpy.savez"
                    )
                with archive.open(member) as file:
                    _check_header(file, member.file_size, f"{path}, {member.filename}")
        with np.load(path, allow_pickle=False) as loaded:
            return {key: loaded[key] for key in loaded.files}
    except UNREADABLE as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: not a whole .npz file ({error})") from error


def _check_header(file: IO[bytes], size: int, origin: str) -> None:
    """Refuse an array that is pickled, or whose header promises other than what follows."""
    try:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(file)
    except BAD_HEADER as error:
        raise InputError(f"{origin}: not a NumPy array ({error})") from error
    if dtype.hasobject:
        raise InputError(f"{origin}: holds pickled Python objects, which are never read: save numbers (dtype float)")
    promised = dtype.itemsize * int(np.prod(shape, dtype=object))
    if promised != size - file.tell():
        raise InputError(f"{origin}: {size - file.tell()} bytes where its header promises {promised}: the file is cut")
