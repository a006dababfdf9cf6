"""Methods to compare with, one a file: what a result is worth shows only beside them."""

from .correlation import Correlation
from .lagged_correlation import LaggedCorrelation
from .ridge_var import RidgeVAR

__all__ = ["Correlation", "LaggedCorrelation", "RidgeVAR"]
