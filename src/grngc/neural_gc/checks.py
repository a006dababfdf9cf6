"""What the parameters of the three models may be; told before any work is done."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..arguments import check_amount, check_choice, check_seed, check_switch, check_whole
from ..componentwise.networks import ACTIVATIONS
from ..componentwise.optimisers import OPTIMISERS
from ..errors import InputError
from ..penalties import NORMS
from ..scaling import SCALINGS

_CHOICES: dict[str, Iterable[str]] = {
    "norm": NORMS,
    "activation": ACTIVATIONS,
    "optimiser": OPTIMISERS,
    "scaling": SCALINGS,
}
_WHOLE = ("lag", "context", "stride", "steps", "check_every")
_AMOUNTS = ("penalty", "ridge", "learning_rate")


def check_parameters(values: Mapping[str, Any]) -> None:
    """Raise :class:`InputError` for the first parameter that cannot be used."""
    for name, known in _CHOICES.items():
        if name in values:
            check_choice(name, values[name], known)
    for name in _WHOLE:
        if name in values and not (name == "stride" and values[name] is None):
            check_whole(name, values[name])
    check_seed(values["random_state"])
    check_switch("penalise_own_past", values["penalise_own_past"])
    for name in _AMOUNTS:
        check_amount(name, values[name], automatic=name == "penalty")


def widths(hidden: Any) -> list[int]:
    """Return the widths of hidden layers, given as a number or as a sequence of them."""
    given: list[Any] = list(hidden) if isinstance(hidden, Sequence) and not isinstance(hidden, str) else [hidden]
    if not given:
        raise InputError("hidden must name the width of at least one layer; got none")
    for width in given:
        check_whole("hidden", width)
    return given
