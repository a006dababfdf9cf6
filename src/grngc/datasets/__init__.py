"""Data with a known graph, made here, and readers of other data: one family a file."""

from collections.abc import Callable

from ..dataset import Dataset
from .lorenz96 import lorenz96
from .macro import us_macro
from .var import simulate_var, var, var_coefficients

DATASETS: dict[str, Callable[..., Dataset]] = {
    "lorenz96": lorenz96,
    "var": var,
}
"""Name -> function returning a :class:`~grngc.dataset.Dataset`; every one takes ``n_series``, ``n_times``,
``random_state``."""

__all__ = ["DATASETS", "lorenz96", "simulate_var", "us_macro", "var", "var_coefficients"]
