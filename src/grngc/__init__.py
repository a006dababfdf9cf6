"""grngc: which series drives which, read from the input gradients of one neural forecaster (arXiv 2507.11178).

Start with :func:`discover`, or on the command line with ``grngc discover FILE --out DIR``. Names are loaded when first
used, so that ``import grngc`` and ``grngc --help`` import neither torch nor pandas.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .comparison import Comparison, compare
    from .datasets.files import read_panel
    from .datasets.rules import read_rules, read_sources
    from .discovery import discover
    from .edges import Edge
    from .errors import DivergenceError, InputError, InputWarning
    from .graph import CausalGraph
    from .grngc import GRNGC
    from .group import GroupDiscovery
    from .panel import Panel, as_panel
    from .results import Discovery
    from .subjects import discover_group

    __version__: str

__all__ = [
    "GRNGC",
    "CausalGraph",
    "Comparison",
    "Discovery",
    "DivergenceError",
    "Edge",
    "GroupDiscovery",
    "InputError",
    "InputWarning",
    "Panel",
    "__version__",
    "as_panel",
    "compare",
    "discover",
    "discover_group",
    "read_panel",
    "read_rules",
    "read_sources",
]

_HOMES = {
    "GRNGC": "grngc",
    "CausalGraph": "graph",
    "Comparison": "comparison",
    "Discovery": "results",
    "DivergenceError": "errors",
    "Edge": "edges",
    "GroupDiscovery": "group",
    "InputError": "errors",
    "InputWarning": "errors",
    "Panel": "panel",
    "as_panel": "panel",
    "compare": "comparison",
    "discover": "discovery",
    "discover_group": "subjects",
    "read_panel": "datasets.files",
    "read_rules": "datasets.rules",
    "read_sources": "datasets.rules",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("grngc")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
