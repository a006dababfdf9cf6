"""NPY and NPZ files of series into a :class:`~grngc.checks.Reading`."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..arguments import listed
from ..arrays import read_array
from ..checks import Reading
from ..errors import InputError
from ..npz import load_npy, load_npz
from ..times import check_clock, read_clock


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
        return read_array(_numbers(load_npy(path), "the array", origin), names=names, series=series, origin=origin)
    arrays = load_npz(path)
    if "series" not in arrays:
        raise InputError(
            f"{origin}: no key 'series'; expected 'series', (time, series) or (trajectory, time, series), and 'names'; "
            f"got {listed(list(arrays))}"
        )
    if names is None and "names" in arrays:
        names = read_names(arrays["names"], origin)
    values = _numbers(arrays["series"], "'series'", origin)
    reading = read_array(values, names=names, series=series, origin=origin)
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


def read_names(array: np.ndarray, origin: str) -> list[str]:
    """Return the names that an array holds, of text or of whole numbers; others are no names."""
    if array.dtype.kind not in "USiu" or array.ndim != 1:
        raise InputError(f"{origin}: 'names' holds {array.dtype} {array.shape}; expected text, a name for each series")
    try:
        names = [name.decode() if isinstance(name, bytes) else str(name) for name in array.tolist()]
        "".join(names).encode()
    except (UnicodeError, ValueError, SystemError) as error:  # SystemError: what is beyond Unicode
        raise InputError(f"{origin}: 'names' holds what is no text in UTF-8 ({error}): name the series anew") from error
    return names


def _numbers(array: np.ndarray, what: str, origin: str) -> np.ndarray:
    """Refuse text, dates and records, which an array in a program may hold where they can be read as numbers."""
    if array.dtype.kind not in "biufc":
        raise InputError(f"{origin}: {what} holds {array.dtype}; expected numbers: save it with dtype float")
    return array
