"""Arguments that take one of a few names, or a whole number: one check and one message for each kind."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from .errors import InputError


def check_choice(name: str, value: Any, known: Iterable[str]) -> None:
    """Refuse what is not one of the names ``known``."""
    if not isinstance(value, str) or value not in known:
        raise InputError(f"{name} {value!r} is not known; choose one of {', '.join(known)}")


def check_whole(name: str, value: Any, least: int = 1) -> None:
    """Refuse what is not a whole number, Python's or NumPy's, of at least ``least``; True is none."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise InputError(f"{name} must be a whole number of at least {least}; got {value!r}")
