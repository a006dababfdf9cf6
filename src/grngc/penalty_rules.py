"""Rules that pick a penalty from a path of them without knowing the truth: each a function of the path alone.

How well each does on data whose graph is known is in docs/regret.md.

References
----------
L. Breiman, J. Friedman, R. Olshen, C. Stone, Classification and Regression Trees (1984): one standard error.
H. Zou, T. Hastie, R. Tibshirani, On the "degrees of freedom" of the lasso, Ann. Stat. 35 (2007).
J. Chen, Z. Chen, Extended Bayesian information criteria, Biometrika 95 (2008).
H. Liu, K. Roeder, L. Wasserman, Stability approach to regularization selection (StARS), NeurIPS (2010).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

KEPT = 0.95
"""Share of the largest forecast gain that the rule ``gain`` keeps."""

DISAGREE = 0.1
"""Share of all pairs that one half of the record calls an edge and the other does not, up to which ``stability`` goes.
StARS averages 2 q (1 - q) over pairs, q the share of subsamples with the edge: half of this where they are two, so
that this is its 0.05."""


@dataclass(frozen=True, eq=False)
class PenaltyPath:
    """What each of a row of penalties gives, from the largest useful one down.

    Attributes
    ----------
    penalties : array (point,)
        Per output, falling. At the first no series is a source of another (:func:`grngc.penalty_path.largest_penalty`).
    errors : array (point,)
        Mean squared error of one-step forecasts of windows held out, in units of the scaling.
    standard_errors : array (point,)
        Of these: over trajectories where there are ten or more, otherwise over windows.
    excess_errors : array (point,)
        Standard error of the *difference* to the point of the least error, on the same windows; 0 at that one.
    edges : int array (point,)
        Ordered pairs of two series with a score, in the fit to the whole record (of a forecaster that is trained: in
        the one to the windows that are not held out, above ``ADAM_FLOOR``).
    bic, ebic : array (point,), optional
        Information criteria of the linear fit, sums over targets; infinite where a target has coefficients for half of
        the windows or more.
    disagreement : array (point,), optional
        Share of all ordered pairs that one half of the record calls an edge and the other does not.
    rate : float
        Per output: what ``penalty="auto"`` would be, which reads nothing but the number of inputs and of windows.
    """

    penalties: np.ndarray
    errors: np.ndarray
    standard_errors: np.ndarray
    excess_errors: np.ndarray
    edges: np.ndarray
    rate: float
    bic: np.ndarray | None = None
    ebic: np.ndarray | None = None
    disagreement: np.ndarray | None = None

    def choices(self) -> dict[str, float]:
        """Return the penalty per output that each rule takes, ``rate`` among them; without those it cannot judge."""
        found = {name: rule(self) for name, rule in RULES.items()}
        return {RATE: self.rate} | {name: float(self.penalties[at]) for name, at in found.items() if at is not None}

    def to_dict(self) -> dict[str, Any]:
        """Return arrays by name and ``rules``, what each would take."""
        arrays = {name: value for name, value in vars(self).items() if isinstance(value, np.ndarray)}
        return arrays | {"rules": self.choices()}


def least_error(path: PenaltyPath) -> int:
    """Return the point of the least held-out error."""
    return int(path.errors.argmin())


def one_standard_error(path: PenaltyPath) -> int:
    """Return the largest penalty whose held-out error is within one standard error of the least."""
    best = least_error(path)
    return _first(path.errors <= path.errors[best] + path.standard_errors[best])


def surely_no_better(path: PenaltyPath) -> int:
    """Return the largest penalty that is worse than the best by no more than one standard error of the difference.

    Errors at two penalties miss the same shocks, so their difference is known far better than either of them.
    """
    return _first(path.errors - path.errors.min() <= path.excess_errors)


def most_of_the_gain(path: PenaltyPath) -> int:
    """Return the largest penalty that keeps most (``KEPT``) of what other series save of the held-out error at best.

    The error without them is that at the first point, where no series is a source of another.
    """
    gain = path.errors[0] - path.errors
    return _first(gain >= KEPT * gain.max())


def least_bic(path: PenaltyPath) -> int | None:
    """Return the point of the least Bayesian information criterion, coefficients other than 0 counted as parameters."""
    return None if path.bic is None else int(path.bic.argmin())


def least_ebic(path: PenaltyPath) -> int | None:
    """Return the point of the least extended criterion: a parameter costs more where there are many to choose from."""
    return None if path.ebic is None else int(path.ebic.argmin())


def still_stable(path: PenaltyPath) -> int | None:
    """Return the smallest penalty before two halves of the record disagree on more than ``DISAGREE`` of all pairs.

    StARS with two subsamples, each half of the record, averaged over several ways to halve it.
    """
    if path.disagreement is None:
        return None
    stable = np.maximum.accumulate(path.disagreement) <= DISAGREE
    return int(stable.sum() - 1) if stable.any() else 0


RULES: dict[str, Callable[[PenaltyPath], int | None]] = {
    "cv": least_error,
    "cv-1se": one_standard_error,
    "cv-paired": surely_no_better,
    "gain": most_of_the_gain,
    "bic": least_bic,
    "ebic": least_ebic,
    "stability": still_stable,
}
"""Rule -> the point of the path that it takes; None where the path lacks what the rule reads."""

COUNTING = ("bic", "ebic", "stability")
"""Those that count scores of exactly 0, which only a forecaster that is solved for has."""

RATE = "rate"
"""The rule that needs no path: :func:`grngc.parameters.automatic_penalty`, which ``"auto"`` stands for."""


def _first(met: np.ndarray) -> int:
    """Return the first point, that of the largest penalty, at which a condition is met."""
    return int(np.flatnonzero(met)[0])
