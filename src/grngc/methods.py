"""Every method by name: the one list."""

import inspect
import re
from typing import NamedTuple

from sklearn.base import BaseEstimator

from .baselines import Correlation, GrangerFTest, LaggedCorrelation, RidgeVAR
from .ggc import GGC, GGCLeaveOneOut
from .grngc import GRNGC
from .jrngc import JRNGC
from .neural_gc import CLSTM, CMLP, CRNN

METHODS: dict[str, type[BaseEstimator]] = {
    "grngc": GRNGC,
    "correlation": Correlation,
    "lagged_correlation": LaggedCorrelation,
    "ridge_var": RidgeVAR,
    "granger_f_test": GrangerFTest,
    "jrngc": JRNGC,
    "cmlp": CMLP,
    "clstm": CLSTM,
    "crnn": CRNN,
    "ggc": GGC,
    "ggc_loo": GGCLeaveOneOut,
}
"""Name -> estimator class: keyword parameters, ``fit(X)``, the result in ``graph_``."""


class About(NamedTuple):
    """What a method's docstring and signature say: a sentence, references, parameters with their defaults."""

    sentence: str
    reference: str
    parameters: dict[str, object]


def about(method: str) -> About:
    """Return what there is to say of a method of ``METHODS``."""
    kind = METHODS[method]
    text = inspect.getdoc(kind) or ""
    sentence = " ".join(text.split("\n\n", 1)[0].split()).replace("*", "").replace("``", "")
    found = re.search(r"References\n-+\n(.+?)(?:\n\n[A-Z]|\Z)", f"{text}\n\n{inspect.getmodule(kind).__doc__}", re.S)
    reference = " ".join(found[1].split("\n\n", 1)[0].split()) if found else ""
    return About(sentence, reference, kind().get_params(deep=False))
