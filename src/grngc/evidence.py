"""What a record says of each pair of series beside its score: how often it is found again, and how easily by chance."""

from dataclasses import dataclass, fields

import numpy as np

from .errors import InputError


@dataclass(frozen=True, eq=False)
class Evidence:
    """Arrays (target, source); NaN, and False, where no statement is made: own past, targets that are exogenous.

    Attributes
    ----------
    frequency : array
        Share of halves of the record in which the pair is among the strongest; see :mod:`grngc.confidence.halves`.
    p : array
        Chance that a source without influence forecasts its target as well; see :mod:`grngc.confidence.pairs`.
    q : array
        The least false discovery rate at which the pair is found (Benjamini and Hochberg).
    selected : bool array
        Whether the pair is believed: ``q`` at most the rate that was asked for, and ``frequency`` at least one half.
    low, high : array
        90 % interval of the score over halves of the record.
    lag_frequency, sign_frequency : array
        Share of halves that agree with the lag of the pair's largest part, and with the sign there.
    """

    frequency: np.ndarray
    p: np.ndarray
    q: np.ndarray
    selected: np.ndarray
    low: np.ndarray
    high: np.ndarray
    lag_frequency: np.ndarray
    sign_frequency: np.ndarray

    def __post_init__(self) -> None:
        shape = np.shape(self.p)
        for field in fields(self):
            kind = bool if field.name == "selected" else float
            array = np.array(getattr(self, field.name), dtype=kind)
            if array.ndim != 2 or array.shape != shape:
                raise InputError(f"evidence is arrays (target, source) of one shape; got {field.name} {array.shape}")
            array.setflags(write=False)
            object.__setattr__(self, field.name, array)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}
