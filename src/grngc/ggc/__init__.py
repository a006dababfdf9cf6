"""Graph Granger Causality (R. Patil, H. Vaida, BICOB 2022): component-wise networks, and leaving series out."""

from .estimator import GGC
from .leave_one_out import GGCLeaveOneOut

__all__ = ["GGC", "GGCLeaveOneOut"]
