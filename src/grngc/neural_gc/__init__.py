"""Neural Granger causality of Tank et al.: one network a target, with a group penalty on what it reads.

References
----------
A. Tank, I. Covert, N. Foti, A. Shojaie, E. Fox, Neural Granger causality, IEEE TPAMI 44 (2022), arXiv 1802.05842.
"""

from .cmlp import CMLP
from .recurrent import CLSTM, CRNN

__all__ = ["CLSTM", "CMLP", "CRNN"]
