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
        True where source drives target; False where it does not, and where that is not known.
    scored : bool array (target, source)
        The entries that enter a metric: the data set's convention. All that are known, unless it says otherwise.
    known : bool array (target, source)
        The entries whose truth is known; all, unless the data set says otherwise. The publishers of CausalTime give the
        graph of the first half of the series only.
    """

    name: str
    panel: Panel
    truth: np.ndarray
    scored: np.ndarray = field(default=None)  # type: ignore[arg-type]
    known: np.ndarray = field(default=None)  # type: ignore[arg-type]

    def __post_init__(self) -> None:
        p = self.panel.n_series
        truth = np.array(self.truth) != 0
        known = np.ones((p, p), bool) if self.known is None else np.array(self.known, bool)
        scored = known.copy() if self.scored is None else np.array(self.scored, bool)
        if {truth.shape, scored.shape, known.shape} != {(p, p)}:
            raise InputError(
                f"{self.name}: {p} series need truth, scored and known ({p}, {p}); "
                f"got {truth.shape}, {scored.shape}, {known.shape}"
            )
        for what, entries in (("true", truth), ("scored", scored)):
            if (entries & ~known).any():
                raise InputError(
                    f"{self.name}: {(entries & ~known).sum()} entries are {what} and not known: "
                    f"{what} entries must be among the known ones"
                )
        for key, value in {"truth": truth, "scored": scored, "known": known}.items():
            object.__setattr__(self, key, value)
