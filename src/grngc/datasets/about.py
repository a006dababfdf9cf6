"""What a published data set is, in words and counts."""

from dataclasses import dataclass

PAIRS = "pairs of two different series"
ALL = "all pairs, own pasts included"


@dataclass(frozen=True)
class About:
    """What a published data set is.

    Attributes
    ----------
    name : str
        As :func:`grngc.datasets.load` takes it.
    title : str
    source : str
        Who made it and where it is described.
    licence : str
        Under which terms it is distributed, as far as stated.
    trajectories, times, series : int
        Counts of the data set as loaded by default; ``times`` of one trajectory.
    edges : int
        True entries, own pasts included.
    own_pasts : int
        True entries on the diagonal.
    scored : str
        The entries that enter a metric: ``PAIRS`` or ``ALL``.
    beware : tuple of str
        What a reader of its scores must know, a sentence each.
    known_series : int
        The truth covers the first so many series; 0 where it covers all.
    """

    name: str
    title: str
    source: str
    licence: str
    trajectories: int
    times: int
    series: int
    edges: int
    own_pasts: int
    scored: str
    beware: tuple[str, ...]
    known_series: int = 0

    @property
    def n_scored(self) -> int:
        """Number of entries scored."""
        p = self.known_series or self.series
        return p * p - (p if self.scored == PAIRS else 0)
