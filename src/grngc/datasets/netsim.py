"""NetSim simulation 3: simulated fMRI signals of 50 subjects with one graph."""

from pathlib import Path

from ..arguments import check_whole
from ..dataset import Dataset
from ..errors import InputError
from ..panel import Panel
from .about import ALL, About
from .stored import read_stored

SUBJECTS = 50


def netsim(*, subject: int | None = None, root: Path | str | None = None) -> Dataset:
    """Load NetSim simulation 3, simulated blood-oxygen signals.

    Smith et al., NeuroImage 2011. Licence: freely distributed by FMRIB, none stated.

    50 subjects of 200 points, 3 s apart, 15 series. The graph has 18 edges and 15 own pasts; all entries are scored.
    Beware: neural activity runs in milliseconds, the points are 3 s apart and blood answers slowly, so that nearly
    all coupling is within one point: regressions on the past do not tell the direction. Subject 46 has a spike.

    Parameters
    ----------
    subject : int, optional
        From 0 to 49; without it all subjects, a trajectory each.
    root : path, optional
        As in :func:`grngc.datasets.load`.
    """
    name, chosen = "netsim/sim3", range(SUBJECTS)
    if subject is not None:
        check_whole("subject", subject, least=0)
        if subject >= SUBJECTS:
            raise InputError(f"subject must be from 0 to {SUBJECTS - 1}; got {subject}")
        chosen = range(subject, subject + 1)
    arrays = read_stored(name, root)
    labels = tuple(map(str, chosen))
    panel = Panel(tuple(arrays["series"][list(chosen)]), tuple(arrays["names"]), labels=labels)
    return Dataset(name if subject is None else f"{name} subject {subject}", panel, arrays["graph"])


ABOUT = (
    About(
        name="netsim/sim3",
        title="NetSim simulation 3, simulated fMRI",
        source="Smith et al., NeuroImage 54 (2011)",
        licence="freely distributed by FMRIB, none stated",
        trajectories=SUBJECTS,
        times=200,
        series=15,
        edges=33,
        own_pasts=15,
        scored=ALL,
        beware=(
            "Points are 3 s apart and blood answers slowly: nearly all coupling is within one point, and regressions "
            "on the past do not tell the direction.",
            "15 of the 33 true entries are own pasts, which carry most of a score over all pairs.",
            "Subject 46 has a spike, nearly twice as high as the next highest value.",
            "Some published code reads the graph transposed; here row = target, as most do.",
        ),
    ),
)
