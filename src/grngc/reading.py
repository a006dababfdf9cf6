"""A user's data as they were read for a run: the panel, and the warnings that go into its record."""

import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .datasets.files import read_panel
from .errors import InputWarning
from .panel import Panel, as_panel


@dataclass(frozen=True, eq=False)
class Read:
    """Data as they were read: the panel, the warnings it gave, and when and in how many seconds that was."""

    panel: Panel
    warnings: list[str]
    started: datetime
    seconds: float


def read_data(X: Any, options: Mapping[str, Any]) -> Read:
    """Read a file, or check data; options of :func:`grngc.as_panel`."""
    started, clock = datetime.now(UTC), time.monotonic()
    with _warnings_noted() as noted:
        panel = (read_panel if isinstance(X, str | Path) else as_panel)(X, **options)
    return Read(panel, noted, started, time.monotonic() - clock)


@contextmanager
def _warnings_noted() -> Iterator[list[str]]:
    """Collect the texts of input warnings for the record, and pass all warnings on."""
    texts: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", InputWarning)
        yield texts
    for warning in caught:
        if issubclass(warning.category, InputWarning):
            texts.append(str(warning.message))
        warnings.warn(warning.message, warning.category, stacklevel=5)
