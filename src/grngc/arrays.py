"""Arrays and lists of arrays into a :class:`~grngc.checks.Reading`."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .checks import Reading, as_names, check_names, check_size, choose_series, say
from .errors import InputError


def read_array(X: Any, *, names: Sequence[str] | None = None, series: Any = None, origin: str = "") -> Reading:
    """Read a (time, series) or (trajectory, time, series) array, or a list of (time, series) arrays."""
    several = isinstance(X, list | tuple) and len(X) > 0 and all(np.ndim(_plain(values)) == 2 for values in X)
    arrays = [_as_numbers(values, origin) for values in X] if several else [_as_numbers(X, origin)]
    if not several:
        if arrays[0].ndim not in (2, 3):
            shape = f"{type(X).__name__} of {arrays[0].ndim} dimension(s), shape {arrays[0].shape}"
            raise InputError(
                say(
                    origin,
                    f"expected a (time, series) or (trajectory, time, series) array; got {shape}. Reshape your data: "
                    "x.reshape(-1, 1) for one series",
                )
            )
        arrays = list(arrays[0]) if arrays[0].ndim == 3 else arrays
        if not arrays:
            raise InputError(say(origin, "the data hold no trajectory: 0 sample(s)"))
    widths = [values.shape[1] for values in arrays]
    if len(set(widths)) > 1:
        odd = next(r for r, width in enumerate(widths) if width != widths[0])
        raise InputError(
            say(
                origin,
                f"trajectory {odd + 1} has {widths[odd]} series and trajectory 1 has {widths[0]}: all trajectories "
                "hold the same series, in the same order",
            )
        )
    check_size(Reading(tuple(arrays), (), origin=origin))  # before so many names are made up
    named = as_names(names, "names=") if names is not None else tuple(f"x{i + 1}" for i in range(widths[0]))
    if len(named) != widths[0]:
        raise InputError(say(origin, f"{len(named)} names for {widths[0]} series: give one name for each column"))
    check_names(named, origin)
    reading = Reading(tuple(arrays), named, origin=origin)
    if series is not None:
        wanted = choose_series(named, series, origin)
        reading = reading.keep([named.index(name) for name in wanted])
    return reading


def _plain(values: Any) -> Any:
    """Return ``values`` if its dimensions can be counted, else 0: an uneven list has none."""
    try:
        np.ndim(values)
    except ValueError:
        return 0
    return values


def _as_numbers(values: Any, origin: str) -> np.ndarray:
    """Return a float64 copy. Refuses sparse, complex and date arrays, and text; masked entries become NaN."""
    if hasattr(values, "toarray") and hasattr(values, "nnz"):
        raise InputError(say(origin, "sparse data are not supported: pass X.toarray()"))
    if isinstance(values, np.ma.MaskedArray):
        values = np.ma.filled(values.astype(float), np.nan)
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise InputError(
            say(origin, f"expected numbers in (time, series) arrays; got uneven nested lists ({error})")
        ) from error
    if array.dtype.kind == "c":
        raise InputError(say(origin, "Complex data not supported: pass the real and imaginary parts as two series"))
    if array.dtype.kind in "OUS":
        return _from_objects(array, origin)
    if array.dtype.kind not in "biuf":
        raise InputError(say(origin, f"expected an array of numbers; got one of {array.dtype}"))
    with np.errstate(over="ignore"):  # longer floats: infinity is refused later, by name
        return np.array(array, dtype=np.float64)


def _from_objects(array: np.ndarray, origin: str) -> np.ndarray:
    """Convert an array of Python objects or of text, where every entry is a number or None."""
    if array.dtype.kind == "O":
        array = np.where(array == None, np.nan, array)  # noqa: E711 - entry by entry
        if any(isinstance(value, complex) for value in array.flat):
            raise InputError(say(origin, "Complex data not supported: pass the real and imaginary parts as two series"))
    try:
        return array.astype(np.float64)
    except (ValueError, OverflowError) as error:
        raise InputError(say(origin, f"expected an array of numbers: {_first_odd(array) or error}")) from error
    except TypeError as error:
        # a TypeError, as scikit-learn has it for an entry that is no number at all, such as a dict
        raise TypeError(say(origin, f"argument must be a string or a number in every entry: {error}")) from error


def _first_odd(array: np.ndarray) -> str:
    """Name the first entry that is no number."""
    for place, cell in np.ndenumerate(array):
        try:
            float(cell)
        except (ValueError, OverflowError, TypeError) as error:
            return f"{error} (at {', '.join(map(str, place))})"
    return ""
