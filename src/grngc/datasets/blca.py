"""Gene expression in bladder cancer: no time in it."""

from pathlib import Path

from ..dataset import Dataset
from .about import PAIRS, About
from .stored import load_pairs


def blca(*, root: Path | str | None = None) -> Dataset:
    """Load 10 genes in 414 patients with bladder cancer (TCGA-BLCA); 7 edges.

    Distributed with zyllluck/GNIPLR, no licence; TCGA is open access. Scored are the pairs of two different series.
    Beware: it is not a time series. Rows are patients, and whatever a method that reads the past finds here, it reads
    from the order of a file: only methods without lags mean anything. Values run from 0 to 1497; a logarithm is usual.

    Parameters
    ----------
    root : path, optional
        As in :func:`grngc.datasets.load`.
    """
    return load_pairs("blca/blca", root)


ABOUT = (
    About(
        name="blca/blca",
        title="Bladder cancer, 10 genes (TCGA-BLCA)",
        source="TCGA; genes and graph from zyllluck/GNIPLR (Zhang et al. 2021)",
        licence="none stated by GNIPLR; TCGA is open access",
        trajectories=1,
        times=414,
        series=10,
        edges=7,
        own_pasts=0,
        scored=PAIRS,
        beware=(
            "Not a time series: rows are patients, and a method that reads the past reads the order of a file. Only "
            "methods without lags mean anything here.",
            "Values run from 0 to 1497; a logarithm is usual.",
        ),
    ),
)
