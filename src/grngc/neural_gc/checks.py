"""What the parameters of the three models may be, and whether they fit in memory; told before any work is done."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from ..arguments import check_choice, check_whole, gib
from ..componentwise.networks import ACTIVATIONS
from ..componentwise.proximal import OPTIMISERS
from ..errors import InputError
from ..memory import available
from ..penalties import NORMS
from ..scaling import SCALINGS

CHOICES: dict[str, Iterable[str]] = {
    "norm": NORMS,
    "activation": ACTIVATIONS,
    "optimiser": OPTIMISERS,
    "scaling": SCALINGS,
}
_LEAST = dict.fromkeys(("lag", "context", "stride", "steps", "check_every"), 1) | {"random_state": 0}
_AMOUNTS = ("penalty", "ridge", "learning_rate")


def check_parameters(values: Mapping[str, Any]) -> None:
    """Raise :class:`InputError` for the first parameter that cannot be used."""
    for name, known in CHOICES.items():
        if name in values:
            check_choice(name, values[name], known)
    for name, least in _LEAST.items():
        if name in values and not (name == "stride" and values[name] is None):
            check_whole(name, values[name], least)
    if values["random_state"] >= 2**63:
        raise InputError(f"random_state must be below 2**63; got {values['random_state']!r}")
    if not isinstance(values["penalise_own_past"], (bool, np.bool_)):
        raise InputError(f"penalise_own_past must be True or False; got {values['penalise_own_past']!r}")
    for name in _AMOUNTS:
        value = values[name]
        if name == "penalty" and isinstance(value, str):
            if value == "auto":
                continue
            raise InputError(f"penalty must be a finite number of at least 0, or 'auto'; got {value!r}")
        if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not 0 <= value < math.inf:
            raise InputError(f"{name} must be a finite number of at least 0; got {value!r}")


def widths(hidden: Any) -> list[int]:
    """Return the widths of hidden layers, given as a number or as a sequence of them."""
    given: list[Any] = list(hidden) if isinstance(hidden, Sequence) and not isinstance(hidden, str) else [hidden]
    if not given:
        raise InputError("hidden must name the width of at least one layer; got none")
    for width in given:
        check_whole("hidden", width)
    return given


def check_memory(needed: int, device: torch.device, task: str, remedy: str) -> None:
    """Refuse a fit that would not fit in memory."""
    if needed > (room := available(device)):
        raise InputError(f"{task} take about {gib(needed)} of memory, and {gib(room)} are free: {remedy}")
