"""What forecasters with hidden layers share."""

import numpy as np

from ..errors import InputError


def check_layers(hidden: int, depth: int) -> None:
    """Refuse a forecaster without width or without hidden layers."""
    for name, value in (("hidden", hidden), ("depth", depth)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
            raise InputError(f"{name} must be a whole number of at least 1; got {value!r}")
