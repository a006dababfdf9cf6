"""What GRNGC's parameters may be, checked before any work is done."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from .arguments import check_amount, check_choice, check_seed, check_switch, check_whole
from .errors import InputError
from .gradients import NORMS
from .penalty_rules import RATE, RULES
from .scaling import SCALINGS
from .training import SCHEDULES

COLLAPSES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "sum": lambda lag_scores: lag_scores.sum(axis=1),
    "max": lambda lag_scores: lag_scores.max(axis=1),
    "l2": lambda lag_scores: np.sqrt(np.square(lag_scores).sum(axis=1)),
}
"""(target, lag, source) -> (target, source). The sum is eq. 11-13's; JRNGC and others take the maximum."""

PENALTY_SCALES = ("per_output", "code")
PENALTY_DRAWS = ("random", "stratified")

_CHOICES: dict[str, Iterable[str]] = {
    "penalty_scale": PENALTY_SCALES,
    "penalty_draw": PENALTY_DRAWS,
    "norm": NORMS,
    "schedule": SCHEDULES,
    "scaling": SCALINGS,
    "lag_collapse": COLLAPSES,
}
_WHOLE = ("steps", "hidden", "batch", "penalty_batch", "penalty_targets", "memory_budget", "lag")
_OPTIONAL = ("batch", "penalty_batch", "penalty_targets")
_AUTOMATIC = ("forecaster", "lag", "hidden", "penalty", "contemporaneous")
_SWITCHES = ("skip", "penalise_own_past", "cross_boundary", "tf32")
_AMOUNTS = ("penalty", "input_noise", "weight_decay", "learning_rate")


def check_parameters(values: Mapping[str, Any]) -> None:
    """Raise :class:`InputError` for the first parameter of :class:`grngc.GRNGC` that cannot be used."""
    for name, known in _CHOICES.items():
        check_choice(name, values[name], known)
    for name in _WHOLE:
        if not _left_open(name, values[name]):
            check_whole(name, values[name])
    check_seed(values["random_state"])
    for name in _SWITCHES:
        check_switch(name, values[name])
    if not _left_open("contemporaneous", values["contemporaneous"]) and not isinstance(
        values["contemporaneous"], (bool, np.bool_)
    ):
        raise InputError(f"contemporaneous must be True, False or 'auto'; got {values['contemporaneous']!r}")
    for name in _AMOUNTS:
        value = values[name]
        if _left_open(name, value) or (name == "penalty" and isinstance(value, str) and value in (RATE, *RULES)):
            continue
        if name == "penalty" and isinstance(value, str):
            rules = ", ".join((RATE, *RULES))
            raise InputError(f"penalty must be a number of at least 0, 'auto', or a rule ({rules}); got {value!r}")
        check_amount(name, value)
    options = values["forecaster_options"]
    if not isinstance(options, (Mapping, type(None))):
        raise InputError(f"forecaster_options must be a mapping from name to value; got {options!r}")
    if options and isinstance(values["forecaster"], str) and values["forecaster"] == "auto":
        raise InputError(
            f"forecaster_options ({', '.join(map(str, options))}) belong to a named forecaster: give forecaster too"
        )


def automatic_width(forecaster: Any, n_series: int) -> int:
    """Return the hidden width that suits so many series: an MLP needs a few units for each target that bends."""
    return min(512, max(64, 5 * n_series)) if forecaster == "mlp" else 64


def automatic_penalty(n_inputs: int, n_windows: int) -> float:
    """Return the penalty per output ``1.5 sqrt(log(n_inputs) / n_windows)``.

    For targets and inputs of unit variance the lasso hides correlations below half its penalty. The largest of
    ``n_inputs`` correlations by chance is about ``sqrt(2 log(n_inputs) / n_windows)``, times the standard deviation
    that is left to explain: half of it is hidden at unit deviation, all of it from 0.53 down. (P. Bickel, Y. Ritov,
    A. Tsybakov, Simultaneous analysis of lasso and Dantzig selector, Ann. Stat. 37, 2009, have the rate.)
    """
    return 1.5 * math.sqrt(math.log(max(2, n_inputs)) / n_windows)


def _left_open(name: str, value: Any) -> bool:
    if name in _OPTIONAL and value is None:
        return True
    return name in _AUTOMATIC and isinstance(value, str) and value == "auto"
