"""The panel: trajectories of the same series, checked once, so that everything after it can trust its input."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .arrays import read_array
from .checks import (
    Reading,
    as_names,
    check_exogenous,
    check_numbers,
    check_size,
    drop_or_refuse_constant,
    warn_if_far,
    warn_if_transposed,
)
from .errors import InputError
from .frames import is_frame, read_frames
from .transforms import Applied, TransformChoice, plan_transforms, transform_all


@dataclass(frozen=True, eq=False)
class Panel:
    """Trajectories of the same series; lengths may differ. Windows never cross from one into the next.

    Attributes
    ----------
    trajectories : tuple of array (time, series)
        float64 and read-only. NaN only where ``missing="drop"``.
    names : tuple of str
        Series names, the order of the columns.
    exogenous : tuple of str
        Series that may be sources and never targets.
    missing : {"refuse", "drop"}
        What happens to gaps; with "drop", windows that hold NaN are left out later.
    labels : tuple of str
        What tells the trajectories apart; by default "1", "2", ...
    transforms : tuple of Applied
        What was done to which series, and what is needed to undo it.
    origin : str
        The file the data came from; begins every message about them.
    notes : tuple of str
        What was done to the data on the way in, e.g. ``left out constant series 'a'``.
    """

    trajectories: tuple[np.ndarray, ...]
    names: tuple[str, ...]
    exogenous: tuple[str, ...] = ()
    missing: str = "refuse"
    labels: tuple[str, ...] = ()
    transforms: tuple[Applied, ...] = ()
    origin: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # in C order: sums over another layout differ in their last bits, and so would the graph
        trajectories = tuple(np.array(values, dtype=np.float64, order="C") for values in self.trajectories)
        for values in trajectories:
            if values.ndim != 2 or values.shape[1] != len(self.names):
                raise InputError(f"a panel of {len(self.names)} names needs (time, series) arrays; got {values.shape}")
            values.setflags(write=False)
        labels = tuple(map(str, self.labels)) or tuple(str(n + 1) for n in range(len(trajectories)))
        if len(labels) != len(trajectories) or not trajectories:
            raise InputError(f"a panel needs one label for each trajectory; got {len(labels)} for {len(trajectories)}")
        values_of = {"trajectories": trajectories, "names": tuple(map(str, self.names)), "labels": labels}
        for key, value in values_of.items():
            object.__setattr__(self, key, value)

    @property
    def n_series(self) -> int:
        """Number of series, p."""
        return len(self.names)

    @property
    def n_trajectories(self) -> int:
        """Number of trajectories."""
        return len(self.trajectories)

    @property
    def n_times(self) -> int:
        """Points in time, all trajectories together."""
        return sum(len(values) for values in self.trajectories)

    @property
    def targets(self) -> np.ndarray:
        """Bool array (series,): False where exogenous."""
        return np.array([name not in self.exogenous for name in self.names])

    @property
    def transform_steps(self) -> dict[str, list[str]]:
        """What was done to which series, as plain data for ``run.json``: ``{series: [step, ...]}``."""
        return {one.series: list(one.steps) for one in self.transforms}

    def restore(self, forecasts: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Put forecasts back into the units the data came in.

        Parameters
        ----------
        forecasts : sequence of array (steps, series)
            One for each trajectory, continuing it from its last point, in the panel's (transformed) units.

        Returns
        -------
        list of array (steps, series)
            The same where nothing was transformed. A detrended series goes on along its line.
        """
        if len(forecasts) != self.n_trajectories:
            raise InputError(
                f"{len(forecasts)} forecasts for {self.n_trajectories} trajectories: one is needed for each"
            )
        restored = []
        for r, forecast in enumerate(forecasts):
            values = np.array(forecast, dtype=np.float64)
            if values.ndim != 2 or values.shape[1] != self.n_series:
                raise InputError(f"a forecast is (steps, series) with {self.n_series} series; got {values.shape}")
            for one in self.transforms:
                column = self.names.index(one.series)
                values[:, column] = one.undo(r, values[:, column])
            restored.append(values)
        return restored

    def digest(self) -> str:
        """Return the SHA-256 (hex) of names, shapes and values: the same on every platform for the same data."""
        digest = hashlib.sha256(repr((self.names, [values.shape for values in self.trajectories])).encode())
        for values in self.trajectories:
            plain = np.where(np.isnan(values), np.nan, values + 0.0)  # one NaN, no negative zero
            digest.update(np.ascontiguousarray(plain, dtype="<f8").tobytes())
        return digest.hexdigest()


def as_panel(
    X: Any,
    *,
    names: Sequence[str] | None = None,
    trajectory: str | None = None,
    time: str | None = None,
    series: str | Sequence[str] | None = None,
    exogenous: str | Sequence[str] = (),
    transform: TransformChoice = None,
    missing: str = "refuse",
    drop_constant: bool = False,
) -> Panel:
    """Check data and put them into a :class:`Panel`. The caller's data are copied, never changed.

    Parameters
    ----------
    X : array (time, series), list of such arrays, array (trajectory, time, series), data frame, list of frames, Panel
        Trajectories in a list may differ in length. Frames are pandas, polars or what else narwhals reads; a
        ``DatetimeIndex`` is their time where ``time`` is not given. A Panel passes through as it is.
    names : sequence of str, optional
        Series names of arrays; by default "x1", "x2", ...
    trajectory : str, optional
        Column of a frame that tells trajectories apart; their rows need not be neighbours.
    time : str, optional
        Column of a frame that holds the time: numbers, dates or quarters. It must increase within a trajectory;
        steps that differ by more than 5 %, calendar months aside, give an :class:`~grngc.errors.InputWarning`.
    series : str or sequence of str, optional
        Series to use, in this order; by default all other columns.
    exogenous : str or sequence of str
        Series that may be sources and never targets.
    transform : str, sequence of str, or mapping from series to either, optional
        "difference", "log", "growth", "detrend", "seasonal_difference:PERIOD"; a sequence is applied in its order.
        See :mod:`grngc.transforms`; :meth:`Panel.restore` undoes it.
    missing : {"refuse", "drop"}
        Refuse gaps, or use only windows without them.
    drop_constant : bool
        Leave series without variation out instead of refusing them.

    Raises
    ------
    InputError
        Data that cannot be used: what came, where, what was expected, and the remedy.
    """
    if isinstance(X, Panel):
        named = any(option is not None for option in (names, trajectory, time, series, transform))
        if named or len(exogenous) or missing != "refuse" or drop_constant:
            raise InputError("a Panel was already made: give the options to the as_panel or read_panel that made it")
        return X
    several = isinstance(X, list | tuple) and len(X) > 0
    if is_frame(X[0] if several else X):
        reading = read_frames(X, names=names, trajectory=trajectory, time=time, series=series)
    elif isinstance(X, str | Path):
        raise InputError(f"as_panel takes data, not a file name: use grngc.read_panel({str(X)!r})")
    elif trajectory is not None or time is not None:
        raise InputError(
            "trajectory= and time= name columns of a data frame; an array has none: pass a list of (time, series) "
            "arrays, one for each trajectory"
        )
    else:
        reading = read_array(X, names=names, series=series)
    return panel_of(reading, exogenous=exogenous, transform=transform, missing=missing, drop_constant=drop_constant)


def panel_of(
    reading: Reading,
    *,
    exogenous: str | Sequence[str] = (),
    transform: TransformChoice = None,
    missing: str = "refuse",
    drop_constant: bool = False,
) -> Panel:
    """Check what was read, transform it, and return the panel. Options as in :func:`as_panel`."""
    exogenous = as_names(exogenous, "exogenous=")
    if missing not in ("refuse", "drop"):
        raise InputError(f'missing= (--missing) is "refuse" or "drop"; got {missing!r}')
    check_size(reading)
    check_exogenous(exogenous, reading.names, reading.origin)
    check_numbers(reading, missing)
    plan = plan_transforms(transform, reading.names)
    reading = drop_or_refuse_constant(reading, drop_constant)
    reading, applied = _transform(reading, plan, missing, drop_constant)
    exogenous = tuple(name for name in exogenous if name in reading.names)
    check_exogenous(exogenous, reading.names, reading.origin)
    warn_if_transposed(reading)
    if not applied:
        warn_if_far(reading)
    return Panel(
        reading.trajectories,
        reading.names,
        exogenous=exogenous,
        missing=missing,
        labels=reading.labels,
        transforms=applied,
        origin=reading.origin,
        notes=reading.notes,
    )


def _transform(
    reading: Reading, plan: dict[str, tuple[str, ...]], missing: str, drop_constant: bool
) -> tuple[Reading, tuple[Applied, ...]]:
    """Transform as planned; what varied before and does not afterwards is constant too."""
    plan = {name: steps for name, steps in plan.items() if name in reading.names}
    if not plan:
        return reading, ()
    try:
        changed = transform_all(reading.trajectories, reading.names, plan, reading.at)
    except InputError as error:
        raise reading.error(str(error)) from error
    reading = reading.after(changed.trajectories, changed.lost)
    check_numbers(reading, missing)
    done = ", ".join(sorted({step for steps in plan.values() for step in steps}))
    reading = drop_or_refuse_constant(reading, drop_constant, changed.noise, when=f" after {done}")
    return reading, tuple(one for one in changed.applied if one.series in reading.names)
