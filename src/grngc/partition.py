"""Targets that may read the same sources, put together: what is shared by a part is built, or solved for, once."""

from collections import Counter
from typing import NamedTuple

import numpy as np


class Part(NamedTuple):
    """Targets whose forecasts may read the same sources, by position. Each reads its own past too, listed or not."""

    sources: tuple[int, ...]
    targets: tuple[int, ...]

    @property
    def inside(self) -> tuple[int, ...]:
        """The targets that are among the sources."""
        sources = set(self.sources)
        return tuple(j for j in self.targets if j in sources)

    @property
    def beside(self) -> tuple[int, ...]:
        """The others: their own pasts are read by no forecast but their own."""
        sources = set(self.sources)
        return tuple(j for j in self.targets if j not in sources)


def partition(allowed: np.ndarray, targets: np.ndarray) -> tuple[Part, ...]:
    """Put targets together whose rules are equal, their own pasts apart; every target is in one part.

    Target *j* may read the sources of its row, and itself. It fits a part of just these sources, its own past beside
    them, and one of these sources and itself: of the two it goes where more targets fit.

    Parameters
    ----------
    allowed : bool array (target, source)
        The diagonal does not matter.
    targets : bool array (series,)
        False where exogenous: in no part.
    """
    places = np.flatnonzero(targets).tolist()
    others = {j: frozenset(np.flatnonzero(allowed[j]).tolist()) - {j} for j in places}
    fitting = Counter(key for j in places for key in (others[j] | {j}, others[j]))
    parts: dict[frozenset[int], list[int]] = {}
    for j in places:
        parts.setdefault(max((others[j] | {j}, others[j]), key=fitting.__getitem__), []).append(j)
    return tuple(Part(tuple(sorted(sources)), tuple(members)) for sources, members in parts.items())
