"""DREAM3: simulated gene networks of 10, 50 and 100 genes."""

from pathlib import Path

from ..dataset import Dataset
from .about import PAIRS, About
from .stored import load_pairs

TRAJECTORIES = {10: 4, 50: 23, 100: 46}
NETWORKS = {
    10: {"ecoli1": 11, "ecoli2": 15, "yeast1": 10, "yeast2": 25, "yeast3": 22},
    50: {"ecoli1": 62, "ecoli2": 82, "yeast1": 77, "yeast2": 160, "yeast3": 173},
    100: {"ecoli1": 125, "ecoli2": 119, "yeast1": 166, "yeast2": 389, "yeast3": 551},
}
"""Edges of each network: no series drives itself in the gold standard."""


def dream3(size: int, network: str, *, root: Path | str | None = None) -> Dataset:
    """Load one network of the DREAM3 in-silico challenge.

    Simulated with GeneNetWeaver from parts of the E. coli and yeast networks (Marbach et al. 2009, 2010; Prill et al.
    2010). Licence: none stated by the challenge; redistributed under MIT with JRNGC.

    Size 10, 50, 100: 4, 23, 46 trajectories of 21 points, 10 time units apart. Values are mRNA levels in [0, 1] with
    measurement noise and exact zeros. Scored are the pairs of two different series, for the gold standard has no
    self-edges. Beware: every trajectory relaxes from another perturbed start, so that all series share a strong
    transient, and plain correlation is a serious competitor.

    Parameters
    ----------
    size : {10, 50, 100}
    network : {"ecoli1", "ecoli2", "yeast1", "yeast2", "yeast3"}
    root : path, optional
        As in :func:`grngc.datasets.load`.
    """
    return load_pairs(f"dream3/size{size}_{network}", root)


ABOUT = tuple(
    About(
        name=f"dream3/size{size}_{network}",
        title=f"DREAM3 in-silico challenge, {size} genes, {network.capitalize()}",
        source="GeneNetWeaver; Marbach et al., J Comput Biol 2009 and PNAS 2010; Prill et al., PLoS ONE 2010",
        licence="none stated by the challenge; redistributed under MIT with JRNGC",
        trajectories=TRAJECTORIES[size],
        times=21,
        series=size,
        edges=edges,
        own_pasts=0,
        scored=PAIRS,
        beware=(
            "Every trajectory relaxes from another perturbed start: all series share a strong transient, and plain "
            "correlation is a serious competitor.",
            "Trajectories are 21 points each: a lag window across two of them is meaningless.",
        ),
    )
    for size, networks in NETWORKS.items()
    for network, edges in networks.items()
)
