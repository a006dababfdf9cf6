"""The SOS response of E. coli to DNA damage, in two versions that must not be confused."""

from pathlib import Path

from ..dataset import Dataset
from .about import PAIRS, About
from .stored import load_pairs


def sos9_m3d(*, root: Path | str | None = None) -> Dataset:
    """Load 9 SOS genes in 466 expression samples of the M3D compendium; 24 edges.

    Distributed with kotiang54/PgmGRNs, GPL-3.0, whose network this is. Scored are the pairs of two different series.
    Beware: it is not a time series. Rows are experiments and their order carries no time, so whatever a method that
    reads the past finds here, it reads from the order of a file. Papers that score "SOS, 9 genes, 24 edges" use
    other samples.

    Parameters
    ----------
    root : path, optional
        As in :func:`grngc.datasets.load`.
    """
    return load_pairs("sos/sos9_m3d", root)


def sos8_ronen(*, root: Path | str | None = None) -> Dataset:
    """Load 8 SOS genes in 4 experiments of 50 points, 6 minutes apart; 8 edges.

    Promoter activity measured by Ronen et al., PNAS 2002, distributed with AjayNairLab/GRN_inference_topology, no
    licence, which asks to cite Nair et al. 2015; graph from jiawu/Roller, MIT: lexA drives the seven others, and recA
    drives lexA. Scored are the pairs of two different series. Beware: the first point of every experiment is zero in
    all series, two experiments are at one dose of ultraviolet light and two at another, values run from 0 to 3779.

    Parameters
    ----------
    root : path, optional
        As in :func:`grngc.datasets.load`.
    """
    return load_pairs("sos/sos8_ronen", root)


ABOUT = (
    About(
        name="sos/sos9_m3d",
        title="SOS response of E. coli, 9 genes, M3D compendium",
        source="M3D compendium; genes, samples and network from kotiang54/PgmGRNs",
        licence="GPL-3.0 (the repository's)",
        trajectories=1,
        times=466,
        series=9,
        edges=24,
        own_pasts=0,
        scored=PAIRS,
        beware=(
            "Not a time series: rows are experiments, and a method that reads the past reads the order of a file.",
            "Papers that score SOS with 9 genes and 24 edges use other samples: no figure is comparable.",
        ),
    ),
    About(
        name="sos/sos8_ronen",
        title="SOS response of E. coli, 8 genes after ultraviolet light",
        source="Ronen et al., PNAS 2002, from AjayNairLab/GRN_inference_topology; graph from jiawu/Roller",
        licence="none stated for the series (cite Nair et al. 2015); MIT for the graph",
        trajectories=4,
        times=50,
        series=8,
        edges=8,
        own_pasts=0,
        scored=PAIRS,
        beware=(
            "The first point of every experiment is zero in all series.",
            "Two experiments are at one dose of ultraviolet light and two at another; which, the files do not say.",
            "Seven of the eight edges leave one series, lexA: finding that one is nearly the whole score.",
        ),
    ),
)
