"""From p-values and frequencies to the pairs that are believed, at a stated rate of error.

References
----------
Y. Benjamini, Y. Hochberg, Controlling the false discovery rate, J. R. Stat. Soc. B 57 (1995).
N. Meinshausen, P. Bühlmann, Stability selection, J. R. Stat. Soc. B 72 (2010), theorem 1.
"""

import math

import numpy as np
from scipy.stats import false_discovery_control

FOUND_AGAIN = 0.5
"""Share of halves of the record in which a pair must be among the strongest to be believed, whatever its q."""


def benjamini_hochberg(p: np.ndarray) -> np.ndarray:
    """Return q-values: for each p the least rate at which the step-up procedure finds it; NaN where p is NaN.

    Parameters
    ----------
    p : array
        Of any shape; NaN entries are no tests.
    """
    q = np.full(p.shape, math.nan)
    tested = np.isfinite(p)
    if tested.any():
        q[tested] = false_discovery_control(p[tested])
    return q


def believed(q: np.ndarray, frequency: np.ndarray, fdr: float) -> np.ndarray:
    """Return which pairs are believed: ``q`` at most ``fdr`` and ``frequency`` at least :data:`FOUND_AGAIN`."""
    with np.errstate(invalid="ignore"):
        return (q <= fdr) & (frequency >= FOUND_AGAIN)


def expected_false(strongest: int, tested: int, threshold: float) -> float:
    """Return the bound on how many pairs are by chance in ``threshold`` of the halves or more.

    ``q^2 / ((2 threshold - 1) m)`` for the ``q`` strongest of ``m`` pairs of each half; it says nothing (infinite) at
    thresholds of one half and below.

    Parameters
    ----------
    strongest, tested : int
    threshold : float
    """
    return strongest**2 / ((2 * threshold - 1) * tested) if threshold > 0.5 and tested else math.inf
