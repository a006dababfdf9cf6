"""Methods to compare with, one a file: what a result is worth shows only beside them."""

from .correlation import Correlation
from .granger_f_test import GrangerFTest
from .lagged_correlation import LaggedCorrelation
from .ridge_var import RidgeVAR

__all__ = ["Correlation", "GrangerFTest", "LaggedCorrelation", "RidgeVAR"]
