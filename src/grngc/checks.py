"""What was read, where each number stood, and the checks on it. Each fault has its own message and remedy."""

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from .arguments import brief, listed, nearest
from .errors import InputError, InputWarning
from .labels import clipped

FAR = 1e6
"""Usual (median) distances from the median beyond which a number is worth a warning."""
MAX_NAME = 1000
"""Characters of a series' name; longer ones are cells that an unclosed quote has joined."""
LONGEST = 60
"""Characters of a name in a list of counts."""
ROUNDING = 64
"""A series whose whole range is below this many floating-point spacings of its size is constant."""


@dataclass(frozen=True, eq=False)
class Reading:
    """Numbers as they were read, and where they stood, so that a message can point at the cell.

    Attributes
    ----------
    trajectories : tuple of array (time, series)
        May hold NaN and infinity.
    names : tuple of str
    labels : tuple of str
        Of the trajectories.
    rows : tuple of int array (time,)
        Row number of each point as the user sees it; empty for arrays, whose points are counted from 0.
    origin : str
        File name, or empty.
    notes : tuple of str
        What was done on the way in.
    """

    trajectories: tuple[np.ndarray, ...]
    names: tuple[str, ...]
    labels: tuple[str, ...] = ()
    rows: tuple[np.ndarray, ...] = ()
    origin: str = ""
    notes: tuple[str, ...] = field(default=())

    def at(self, trajectory: int, time: int) -> str:
        """Name one point: ``row 7``, or ``time index 5 of trajectory '2'``."""
        if self.rows:
            return f"row {self.rows[trajectory][time]}"
        return f"time index {time}" + (
            f" of trajectory {self.label(trajectory)!r}" if len(self.trajectories) > 1 else ""
        )

    def label(self, trajectory: int) -> str:
        """Return the label of a trajectory, by default its number from 1."""
        return self.labels[trajectory] if self.labels else str(trajectory + 1)

    def error(self, message: str) -> InputError:
        """Return an :class:`InputError` whose message begins with the file."""
        return InputError(say(self.origin, message))

    def first(self, found: Sequence[np.ndarray]) -> str:
        """Name the first entry that is True in ``found``, one bool array (time, series) for each trajectory."""
        r = next(r for r, where in enumerate(found) if where.any())
        t, i = np.argwhere(found[r])[0]
        return f"{self.at(r, int(t))}, column {brief(self.names[i])}"

    def keep(self, kept: Sequence[int], note: str = "") -> "Reading":
        """Return the reading with the series of those numbers only."""
        return replace(
            self,
            trajectories=tuple(values[:, list(kept)] for values in self.trajectories),
            names=tuple(self.names[i] for i in kept),
            notes=(*self.notes, note) if note else self.notes,
        )

    def after(self, trajectories: Sequence[np.ndarray], lost: int) -> "Reading":
        """Return the reading with other values, of which the first ``lost`` rows of each trajectory are gone."""
        return replace(self, trajectories=tuple(trajectories), rows=tuple(rows[lost:] for rows in self.rows))


def say(origin: str, message: str) -> str:
    """Put the file name before a message."""
    return f"{origin}: {message}" if origin else message


def as_names(names: str | Sequence[str] | None, what: str) -> tuple[str, ...]:
    """Return names as a tuple; one string is one name."""
    if names is None:
        return ()
    if isinstance(names, str):
        return (names,)
    if not all(isinstance(name, str | np.str_) for name in names):
        raise InputError(f"{what} takes names as text; got {list(names)!r}")
    return tuple(str(name) for name in names)


def is_missing(cell: Any) -> bool:
    """Return whether a cell is None, NaN, NaT or pandas' NA (which are not equal to themselves, or refuse to say)."""
    if cell is None:
        return True
    try:
        return bool(cell != cell)
    except TypeError:
        return True


def choose_series(names: Sequence[str], series: str | Sequence[str], origin: str = "") -> tuple[str, ...]:
    """Return the names that ``series=`` asks for, each known and once."""
    wanted = as_names(series, "series= (--columns)")
    check_known(wanted, names, "series= (--columns)", origin)
    if len(set(wanted)) != len(wanted) or not wanted:
        raise InputError(say(origin, f"series= (--columns) needs names, each once; got {list(wanted)}"))
    return wanted


def check_known(wanted: Sequence[str], names: Sequence[str], what: str, origin: str = "") -> None:
    """Refuse a name that is not among ``names``, with the nearest that is."""
    for name in wanted:
        if name not in names:
            raise InputError(say(origin, f"no column {brief(name)} for {what}{nearest(name, names)}"))


def check_names(names: Sequence[str], origin: str = "") -> None:
    """Refuse duplicate and empty names, and what cannot be written as a name again."""
    for n, name in enumerate(names):
        if len(name) > MAX_NAME:
            raise InputError(
                say(
                    origin,
                    f"column {n + 1} has a name of {len(name)} characters, {brief(name)}: is a quote left open?",
                )
            )
        try:
            name.encode()
        except UnicodeEncodeError as error:
            raise InputError(say(origin, f"column {n + 1} has a name that is not UTF-8: {brief(name)}")) from error
    if double := [name for name, count in Counter(names).items() if count > 1]:
        places = [str(n + 1) for n, name in enumerate(names) if name == double[0]]
        raise InputError(
            say(
                origin,
                f"duplicate name {brief(double[0])} in columns {', '.join(places)}: give every series its own name",
            )
        )
    if "" in names:
        raise InputError(say(origin, f"column {list(names).index('') + 1} has no name: write one in the header"))


def check_size(reading: Reading) -> None:
    """Refuse no series, and trajectories of fewer than two points. Worded as scikit-learn's checks expect it."""
    for r, values in enumerate(reading.trajectories):
        if values.shape[1] == 0:
            raise reading.error(f"0 feature(s) (shape={values.shape}) while a minimum of 1 is required.")
        if len(values) < 2:
            only = f", only {reading.at(r, 0)}" if reading.rows and len(values) else ""
            which = f"trajectory {brief(reading.label(r))} has" if len(reading.trajectories) > 1 else "the data have"
            raise reading.error(
                f"{which} {len(values)} sample(s) (shape={values.shape}){only}: a trajectory needs at least 2 points "
                "in time"
            )


def check_numbers(reading: Reading, missing: str) -> None:
    """Refuse infinity always, gaps unless ``missing="drop"``, and a series without a single number."""
    infinite = [np.isinf(values) for values in reading.trajectories]
    if any(where.any() for where in infinite):
        raise reading.error(
            f"infinity (or a number beyond float64) in {reading.first(infinite)}: correct it, or leave the cell empty "
            'and use missing="drop" (--missing drop)'
        )
    gaps = [np.isnan(values) for values in reading.trajectories]
    counts = np.sum([where.sum(axis=0) for where in gaps], axis=0)
    if not counts.any():
        return
    if missing == "refuse":
        several = [
            f"{clipped(name, LONGEST)}: {count}" for name, count in zip(reading.names, counts, strict=True) if count
        ]
        per_series = ", ".join(several[:8]) + (f" and {len(several) - 8} more series" if len(several) > 8 else "")
        raise reading.error(
            f"NaN or empty: {counts.sum()} missing ({per_series}), the first in {reading.first(gaps)}: "
            'fill them, or use only windows without gaps with missing="drop" (--missing drop)'
        )
    n_times = sum(len(values) for values in reading.trajectories)
    if empty := [name for name, count in zip(reading.names, counts, strict=True) if count == n_times]:
        raise reading.error(f"no number at all in series {listed(empty)}: choose others with series= (--columns)")


def drop_or_refuse_constant(reading: Reading, drop: bool, noise: np.ndarray | None = None, when: str = "") -> Reading:
    """Refuse series without variation over the whole panel, or leave them out and note it.

    ``noise`` (series,) is the size of rounding errors where it is not that of the values; ``when`` goes into messages.
    """
    everything = np.concatenate(reading.trajectories)
    if noise is None:
        noise = np.finfo(float).eps * np.nanmax(np.abs(everything), axis=0)
    with np.errstate(over="ignore"):  # an infinite span is no less a span
        span = np.nanmax(everything, axis=0) - np.nanmin(everything, axis=0)
    constant = span <= ROUNDING * noise
    if not constant.any():
        return reading
    names = [name for name, flag in zip(reading.names, constant, strict=True) if flag]
    if not drop:
        raise reading.error(
            f"constant series{when}: {listed(names)}; nothing can be learned about them: leave them out with "
            "drop_constant=True (--drop-constant)"
        )
    if constant.all():
        raise reading.error(f"every series is constant{when} ({listed(names)}): nothing is left to learn from")
    note = f"left out constant series{when}: {listed(names, most=len(names))}"
    return reading.keep(np.flatnonzero(~constant).tolist(), note)


def check_exogenous(exogenous: Sequence[str], names: Sequence[str], origin: str = "") -> None:
    """Refuse unknown or repeated names, and a panel without a target."""
    check_known(exogenous, names, "exogenous= (--exogenous)", origin)
    if len(set(exogenous)) != len(exogenous):
        raise InputError(say(origin, f"exogenous= (--exogenous) names a series twice: {listed(exogenous)}"))
    if set(names) <= set(exogenous):
        raise InputError(say(origin, "every series is exogenous: at least one must remain as a target"))


def warn_if_transposed(reading: Reading) -> None:
    """Warn where there are more series than points."""
    n_times = sum(len(values) for values in reading.trajectories)
    if len(reading.names) > n_times:
        warn(
            reading.origin,
            f"{len(reading.names)} series but only {n_times} points in time: is the table transposed? "
            "Time is expected down the rows and one series in each column",
        )


def warn_if_far(reading: Reading) -> None:
    """Warn of the first number that lies far beyond what is usual in its series: a slip, or a code for gaps."""
    everything = np.concatenate(reading.trajectories)
    with np.errstate(over="ignore", invalid="ignore"):
        middle = np.nanmedian(everything, axis=0)
        usual = np.nanmedian(np.abs(everything - middle), axis=0)
        if not (np.nanmax(np.abs(everything - middle), axis=0) > FAR * usual).any():
            return
        far = [(np.abs(values - middle) > FAR * usual) & (usual > 0) for values in reading.trajectories]
    if any(where.any() for where in far):
        r = next(r for r, where in enumerate(far) if where.any())
        t, i = np.argwhere(far[r])[0]
        warn(
            reading.origin,
            f"{reading.trajectories[r][t, i]:g} in {reading.first(far)}, is more than {FAR:.0e} times as far from the "
            f"middle of its series as usual: if it is a slip, or means a missing value, correct it",
        )


def warn(origin: str, message: str) -> None:
    """Issue an :class:`InputWarning` that begins with the file."""
    warnings.warn(say(origin, message), InputWarning, stacklevel=5)
