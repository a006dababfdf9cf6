"""How sure each edge of a graph is, without truth: p- and q-values, frequencies, intervals, and what forecasts gain.

``assess`` does all of it for a fitted :class:`grngc.GRNGC`; ``examine`` does the part that takes time, once for every
false discovery rate. docs/how-to/confidence.md explains it and states the rule by which a pair is selected; decision
0018 says why it is done so.
"""

from .assessment import Assessment, Examination, assess, check_rate, examine
from .discoveries import FOUND_AGAIN, believed, benjamini_hochberg, expected_false
from .gain import Gain

__all__ = [
    "FOUND_AGAIN",
    "Assessment",
    "Examination",
    "Gain",
    "assess",
    "believed",
    "benjamini_hochberg",
    "check_rate",
    "examine",
    "expected_false",
]
