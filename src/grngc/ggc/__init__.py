"""Graph Granger Causality (R. Patil, H. Vaida, BICOB 2022): component-wise networks, and leaving series out."""

from .estimator import GGC

__all__ = ["GGC"]
