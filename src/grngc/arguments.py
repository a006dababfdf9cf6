"""Arguments that take one of a few names, or a whole number: one check and one message for each kind."""

import difflib
import math
from collections.abc import Iterable, Sequence
from numbers import Integral, Real
from typing import Any

from .errors import InputError


def check_choice(name: str, value: Any, known: Iterable[str]) -> None:
    """Refuse what is not one of the names ``known``."""
    if not isinstance(value, str) or value not in known:
        raise InputError(f"{name} {value!r} is not known; choose one of {', '.join(known)}")


def check_whole(name: str, value: Any, least: int = 1) -> None:
    """Refuse what is not a whole number, Python's or NumPy's, of at least ``least``; True is none."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise InputError(f"{name} must be a whole number of at least {least}; got {value!r}")


def check_amount(name: str, value: Any, automatic: bool = False) -> None:
    """Refuse what is not a finite number of at least 0, nor ``"auto"`` where it may be ``automatic``."""
    if automatic and isinstance(value, str) and value == "auto":
        return
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) < math.inf:
        or_auto = ", or 'auto'" if automatic else ""
        raise InputError(f"{name} must be a finite number of at least 0{or_auto}; got {value!r}")


def check_seed(value: Any) -> None:
    """Refuse what cannot be a ``random_state``."""
    check_whole("random_state", value, 0)
    if value >= 2**63:
        raise InputError(f"random_state must be below 2**63; got {value!r}")


def check_switch(name: str, value: Any) -> None:
    """Refuse what is not True or False, Python's or NumPy's."""
    import numpy as np  # not above: help and version import nothing heavy

    if not isinstance(value, (bool, np.bool_)):
        raise InputError(f"{name} must be True or False; got {value!r}")


def brief(text: str, most: int = 60) -> str:
    """Return text quoted for a message, its end left out when it is long."""
    return repr(text) if len(text) <= most else f"{text[:most]!r}..."


def listed(names: Sequence[object], most: int = 8) -> str:
    """Return names for a message, the first few when there are many."""
    shown = ", ".join(brief(str(name)) for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the end of a message on a name that is not known: ``; did you mean 'x'?``, else what there is."""
    known = list(known)
    near = difflib.get_close_matches(name, known, n=1) or [each for each in known if name and name in each][:1]
    return f"; did you mean {brief(near[0])}?" if near else f"; there are {listed(known) or 'none'}"


def gib(size: int) -> str:
    """Return bytes as a message has them: ``1.5 GiB``, ``20 MiB``, or ``1.7 KiB``."""
    if size < 2**20:
        return f"{size / 2**10:.1f} KiB"
    return f"{size / 2**30:.1f} GiB" if size >= 2**29 else f"{size / 2**20:.0f} MiB"
