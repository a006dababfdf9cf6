"""Every data set by name."""

import hashlib
import inspect
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..arguments import nearest
from ..dataset import Dataset
from ..errors import InputError
from . import blca, causaltime, dream3, dream4, netsim, sos
from .about import About
from .lorenz96 import lorenz96
from .slow_sampling import slow_sampling
from .var import var

DATASETS: dict[str, Callable[..., Dataset]] = {
    "lorenz96": lorenz96,
    "slow_sampling": slow_sampling,
    "var": var,
    **{
        f"dream3/size{size}_{network}": partial(dream3.dream3, size, network)
        for size, networks in dream3.NETWORKS.items()
        for network in networks
    },
    **{f"dream4/size100_{network}": partial(dream4.dream4, network) for network in dream4.EDGES},
    "netsim/sim3": netsim.netsim,
    **{f"causaltime/{record}": partial(causaltime.causaltime, record) for record in causaltime.EDGES},
    "sos/sos9_m3d": sos.sos9_m3d,
    "sos/sos8_ronen": sos.sos8_ronen,
    "blca/blca": blca.blca,
}
"""Name -> function returning a :class:`~grngc.dataset.Dataset`. Simulators take ``random_state``; published data sets
take ``root``, the folder of their files, and are described in ``ABOUT``."""

ABOUT: dict[str, About] = {
    about.name: about for family in (dream3, dream4, netsim, causaltime, sos, blca) for about in family.ABOUT
}
"""Name -> what a published data set is: source, licence, counts, entries scored, what to beware of."""


def load(name: str, root: Path | str | None = None, **options: Any) -> Dataset:
    """Return a data set by name: simulated, or read from its file and checked against the published arrays.

    Parameters
    ----------
    name : str
        One of ``DATASETS``.
    root : path, optional
        Folder of the files of published data sets. By default the environment's ``GRNGC_DATA``, or ``grngc`` in the
        user's data folder. Simulators need none.
    **options
        What the data set's function takes: ``load("lorenz96", forcing=20)``, ``load("netsim/sim3", subject=0)``.

    Raises
    ------
    InputError
        For a name or an option that does not exist, naming the nearest one; for a file that is not there; for a file
        whose arrays are not the published ones.

    Examples
    --------
    >>> ring = load("lorenz96", n_series=5, n_times=50)
    >>> ring.panel.n_series, int(ring.truth.sum())
    (5, 20)
    """
    check_name(name)
    known = options_of(name)
    for option in options:
        if option not in known:
            raise InputError(f"{name}: no option {option!r}{nearest(option, known)}")
    return DATASETS[name](**options, **({"root": root} if name in ABOUT else {}))


def options_of(name: str) -> list[str]:
    """Return the options that :func:`load` takes for a data set."""
    return [option for option in inspect.signature(DATASETS[name]).parameters if option != "root"]


def check_name(name: str) -> None:
    """Refuse a name that is no data set's, and say which one is nearest."""
    if name not in DATASETS:
        raise InputError(f"no data set {name!r}{nearest(name, DATASETS)}; `grngc datasets list` shows all")


def digest(dataset: Dataset) -> str:
    """Return the SHA-256 (hex) of a data set's arrays: names, trajectories, truth, entries scored and known.

    The same on every platform for the same data, whatever file they came from, and whatever the data set is called.
    """
    sha = hashlib.sha256(dataset.panel.digest().encode())
    for entries in (dataset.truth, dataset.scored, dataset.known):
        sha.update(np.ascontiguousarray(entries, dtype="u1").tobytes())
    return sha.hexdigest()
