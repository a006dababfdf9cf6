"""DREAM4: simulated gene networks of 100 genes, perturbed and released."""

from pathlib import Path

from ..dataset import Dataset
from .about import PAIRS, About
from .stored import load_pairs

EDGES = {1: 176, 2: 249, 3: 195, 4: 211, 5: 193}


def dream4(network: int, *, root: Path | str | None = None) -> Dataset:
    """Load one network of the DREAM4 in-silico challenge, size 100.

    Simulated with GeneNetWeaver (Marbach et al. 2009; Greenfield et al. 2010). Licence: none stated by the challenge;
    redistributed under GPL with Bioconductor's DREAM4.

    10 trajectories of 21 points, 50 time units apart. Scored are the pairs of two different series, for the gold
    standard has no self-edges. Beware: the first half of each trajectory is under a perturbation of about a third
    of the genes, which ones is not told, removed at time 500: an outside drive that no series explains.

    Parameters
    ----------
    network : {1, 2, 3, 4, 5}
    root : path, optional
        As in :func:`grngc.datasets.load`.
    """
    return load_pairs(f"dream4/size100_{network}", root)


ABOUT = tuple(
    About(
        name=f"dream4/size100_{network}",
        title=f"DREAM4 in-silico challenge, 100 genes, network {network}",
        source="GeneNetWeaver; Marbach et al., J Comput Biol 2009; Greenfield et al., PLoS ONE 2010",
        licence="none stated by the challenge; redistributed under GPL with Bioconductor's DREAM4",
        trajectories=10,
        times=21,
        series=100,
        edges=edges,
        own_pasts=0,
        scored=PAIRS,
        beware=(
            "The first half of each trajectory, to time 500, is under a perturbation of about a third of the genes; "
            "which ones is not told, and no series explains it.",
            "Correlation equals or beats most published methods on it.",
        ),
    )
    for network, edges in EDGES.items()
)
