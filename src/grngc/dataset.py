"""A benchmark record: data, what is true of it, and which entries count."""

from dataclasses import dataclass, field

import numpy as np

from .errors import InputError
from .panel import Panel


@dataclass(frozen=True, eq=False)
class Dataset:
    """A panel whose graph is known.

    Attributes
    ----------
    name : str
    panel : Panel
    truth : bool array (target, source)
        True where source drives target.
    scored : bool array (target, source)
        The entries that enter a metric: the data set's convention (all, or all but the diagonal).
    """

    name: str
    panel: Panel
    truth: np.ndarray
    scored: np.ndarray = field(default=None)  # type: ignore[arg-type]

    def __post_init__(self) -> None:
        p = self.panel.n_series
        truth = np.array(self.truth) != 0
        scored = np.ones((p, p), bool) if self.scored is None else np.array(self.scored, bool)
        if truth.shape != (p, p) or scored.shape != (p, p):
            raise InputError(
                f"{self.name}: {p} series need truth and scored ({p}, {p}); got {truth.shape}, {scored.shape}"
            )
        object.__setattr__(self, "truth", truth)
        object.__setattr__(self, "scored", scored)
