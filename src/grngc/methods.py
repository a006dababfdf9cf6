"""Every method by name: the one list."""

from sklearn.base import BaseEstimator

from .baselines import Correlation, GrangerFTest, LaggedCorrelation, RidgeVAR
from .ggc import GGC, GGCLeaveOneOut
from .grngc import GRNGC
from .neural_gc import CLSTM, CMLP, CRNN

METHODS: dict[str, type[BaseEstimator]] = {
    "grngc": GRNGC,
    "correlation": Correlation,
    "lagged_correlation": LaggedCorrelation,
    "ridge_var": RidgeVAR,
    "granger_f_test": GrangerFTest,
    "cmlp": CMLP,
    "clstm": CLSTM,
    "crnn": CRNN,
    "ggc": GGC,
    "ggc_loo": GGCLeaveOneOut,
}
"""Name -> estimator class: keyword parameters, ``fit(X)``, the result in ``graph_``."""
