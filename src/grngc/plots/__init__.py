"""Pictures with matplotlib (``pip install "grngc[plots]"``): each function takes ``ax=``, and returns what it drew in.

Without ``ax`` a new figure of pyplot's is made, which a notebook shows by itself; ``ax.figure.savefig`` writes it.
Nothing is shown here, and no setting of matplotlib's is changed. Results are read only: drawing trains nothing.

Colours are those of Okabe and Ito, which colour-blind people tell apart: blue for positive, vermilion for negative.
Names of series are shown letter for letter, ``$`` and ``_`` too, long ones without their middle.
"""

from .benchmark import benchmark
from .coupling import coupling, lag_profile
from .curves import precision_recall, roc
from .fit import forecast, loss, penalty_path
from .heat_map import heat_map
from .network import network

__all__ = [
    "benchmark",
    "coupling",
    "forecast",
    "heat_map",
    "lag_profile",
    "loss",
    "network",
    "penalty_path",
    "precision_recall",
    "roc",
]
