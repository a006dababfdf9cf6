"""The panel: trajectories of the same series, checked once, so that everything after it can trust its input."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import InputError


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
    transforms: tuple[Any, ...] = ()
    origin: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        trajectories = tuple(np.array(values, dtype=np.float64) for values in self.trajectories)
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
    series: Sequence[str] | None = None,
    exogenous: Sequence[str] = (),
    transform: Any = None,
    missing: str = "refuse",
    drop_constant: bool = False,
) -> Panel:
    """Check data and put them into a :class:`Panel`."""
    if isinstance(X, Panel):
        return X
    if isinstance(X, list | tuple) and len(X) and np.ndim(X[0]) == 2:
        trajectories = tuple(np.asarray(values, dtype=float) for values in X)
    else:
        array = np.asarray(X, dtype=float)
        trajectories = tuple(array) if array.ndim == 3 else (array,)
    named = tuple(names) if names is not None else tuple(f"x{n + 1}" for n in range(trajectories[0].shape[1]))
    return Panel(trajectories, named, exogenous=tuple(exogenous), missing=missing)
