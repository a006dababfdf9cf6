"""Standardisation: gradients are comparable across series only in units of each series' own spread."""

import warnings
from dataclasses import dataclass, replace

import numpy as np

from .arguments import check_choice
from .panel import Panel

SCALINGS = ("pooled", "per_trajectory", "none")


@dataclass(frozen=True, eq=False)
class Scaling:
    """Centre and spread of every series, (trajectory, series); NaN-aware. Series without spread are only centred."""

    centre: np.ndarray
    spread: np.ndarray

    @classmethod
    def of(cls, panel: Panel, how: str) -> "Scaling":
        """Measure a panel: z-scores over all trajectories together, over each on its own, or none."""
        check_choice("scaling", how, SCALINGS)
        shape = (panel.n_trajectories, panel.n_series)
        if how == "none":
            return cls(np.zeros(shape), np.ones(shape))
        parts = [np.concatenate(panel.trajectories)] if how == "pooled" else panel.trajectories
        with warnings.catch_warnings():  # a series may be missing from a whole trajectory
            warnings.filterwarnings("ignore", "Mean of empty slice|Degrees of freedom", RuntimeWarning)
            centre = np.stack([np.nanmean(values, axis=0) for values in parts])
            spread = np.stack([np.nanstd(values, axis=0) for values in parts])
        # rounding leaves a spread of the order of the machine precision where there is none
        flat = spread <= 1e-12 * np.maximum(np.abs(centre), np.finfo(float).tiny)
        return cls(np.broadcast_to(centre, shape), np.broadcast_to(np.where(flat, 1, spread), shape))

    def apply(self, panel: Panel) -> Panel:
        """Return the panel in standard units."""
        pairs = zip(panel.trajectories, self.centre, self.spread, strict=True)
        return replace(panel, trajectories=tuple((values - c) / s for values, c, s in pairs))

    def undo(self, forecasts: list[np.ndarray]) -> list[np.ndarray]:
        """Return forecasts, one (steps, series) a trajectory, in the panel's units."""
        return [values * s + c for values, c, s in zip(forecasts, self.centre, self.spread, strict=True)]
