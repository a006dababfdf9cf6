"""Standardisation: gradients are comparable across series only in units of each series' own spread."""

import warnings
from dataclasses import dataclass, replace

import numpy as np

from .arguments import check_choice
from .checks import say
from .errors import InputError
from .panel import Panel

SCALINGS = ("pooled", "per_trajectory", "none")
EXTREME = 400
"""Power of two, either way, beyond which the squares of a series might leave float64 (2^-1074 to 2^1024)."""
UNSCALED = 1e-15, 1e15
"""Between these the largest number of a series must be with ``scaling="none"``: training is in float32."""


@dataclass(frozen=True, eq=False)
class Scaling:
    """Centre and spread of every series, (trajectory, series); NaN-aware. Series without spread are only centred.

    A series of huge or tiny numbers is first divided by 2 to the power of its ``exponent`` (series,), which costs no
    digit; centre and spread are those after it. The exponent of other series is 0.
    """

    centre: np.ndarray
    spread: np.ndarray
    exponent: np.ndarray

    @classmethod
    def of(cls, panel: Panel, how: str) -> "Scaling":
        """Measure a panel: z-scores over all trajectories together, over each on its own, or none."""
        check_choice("scaling", how, SCALINGS)
        shape = (panel.n_trajectories, panel.n_series)
        everything = np.concatenate(panel.trajectories)
        largest = np.nanmax(np.abs(everything), axis=0, initial=0)
        if how == "none":
            _check_unscaled(largest, panel)
            return cls(np.zeros(shape), np.ones(shape), np.zeros(panel.n_series, int))
        exponent = np.frexp(largest)[1]
        exponent = np.where(np.abs(exponent) > EXTREME, exponent, 0)
        parts = [np.ldexp(values, -exponent) for values in ([everything] if how == "pooled" else panel.trajectories)]
        with warnings.catch_warnings():  # a series may be missing from a whole trajectory
            warnings.filterwarnings("ignore", "Mean of empty slice|Degrees of freedom", RuntimeWarning)
            centre = np.stack([np.nanmean(values, axis=0) for values in parts])
            spread = np.stack([np.nanstd(values, axis=0) for values in parts])
        # rounding leaves a spread of the order of the machine precision where there is none
        flat = spread <= 1e-12 * np.maximum(np.abs(centre), np.finfo(float).tiny)
        return cls(np.broadcast_to(centre, shape), np.broadcast_to(np.where(flat, 1, spread), shape), exponent)

    def apply(self, panel: Panel) -> Panel:
        """Return the panel in standard units."""
        trajectories = tuple(self.standardise(values, r) for r, values in enumerate(panel.trajectories))
        return replace(panel, trajectories=trajectories)

    def standardise(self, values: np.ndarray, trajectory: int, columns: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Return values (time, series) of one trajectory, or of the series masked by ``columns``, in standard units."""
        near = np.ldexp(values, -self.exponent[columns]) if self.exponent.any() else values
        return (near - self.centre[trajectory, columns]) / self.spread[trajectory, columns]

    def undo(self, forecasts: list[np.ndarray]) -> list[np.ndarray]:
        """Return forecasts, one (steps, series) a trajectory, in the panel's units."""
        near = [values * s + c for values, c, s in zip(forecasts, self.centre, self.spread, strict=True)]
        return [np.ldexp(values, self.exponent) for values in near] if self.exponent.any() else near


def _check_unscaled(largest: np.ndarray, panel: Panel) -> None:
    least, most = UNSCALED
    for name, value in zip(panel.names, largest, strict=True):
        if value and not least <= value <= most:
            raise InputError(
                say(
                    panel.origin,
                    f"the largest number of series {name!r} is {value:g}, and with scaling='none' it must be from "
                    f"{least:g} to {most:g}: write the series in other units, or leave the scaling out",
                )
            )
