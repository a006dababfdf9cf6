"""Data with a known graph, made here or read from files, and readers of other data: one family a file."""

from .catalogue import ABOUT, DATASETS, digest, load
from .lorenz96 import lorenz96
from .macro import us_macro
from .slow_sampling import slow_sampling
from .stored import data_root
from .var import simulate_var, var, var_coefficients

__all__ = [
    "ABOUT",
    "DATASETS",
    "data_root",
    "digest",
    "load",
    "lorenz96",
    "simulate_var",
    "slow_sampling",
    "us_macro",
    "var",
    "var_coefficients",
]
