"""Where the files of published data sets lie, and reading them: NPZ, checked against the digest of its arrays."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..dataset import Dataset
from ..errors import InputError
from ..npz import load_npz
from ..panel import Panel
from .digests import DIGESTS

BY_HAND = {
    "sos/sos9_m3d": "data/SOS_data.csv and the edges in 'Matlab files/gnetwork.m' of github.com/kotiang54/PgmGRNs",
    "sos/sos8_ronen": "the series in github.com/AjayNairLab/GRN_inference_topology and the graph "
    "gardner_goldstandard2.tsv in github.com/jiawu/Roller",
    "blca/blca": "BLCA_cancer.txt and BLCA_cancer_gold.txt of github.com/zyllluck/GNIPLR",
}
"""Data sets that were put together once, by hand, and that ``grngc datasets prepare`` does not make: name -> from what.
"""


def data_root(root: Path | str | None = None) -> Path:
    """Return the folder of the data sets' files.

    ``root``; without it the environment's ``GRNGC_DATA``; without that ``grngc`` in the user's data folder
    (``XDG_DATA_HOME``, by default ``~/.local/share``).
    """
    if root is not None:
        return Path(root)
    if given := os.environ.get("GRNGC_DATA"):
        return Path(given)
    shared = os.environ.get("XDG_DATA_HOME", "")
    # the XDG rules: a path that is not absolute is ignored
    return (Path(shared) if os.path.isabs(shared) else Path.home() / ".local" / "share") / "grngc"


def path_of(name: str, root: Path | str | None = None) -> Path:
    """Return where the file of a published data set is, or is expected."""
    return data_root(root) / f"{name}.npz"


def read_stored(name: str, root: Path | str | None = None) -> dict[str, np.ndarray]:
    """Read the file of a published data set.

    Returns
    -------
    dict
        ``series`` (trajectory, time, series) float64, ``graph`` (target, source) bool, ``names`` (series,), and for
        CausalTime ``residual`` (trajectory, time, series) float64.

    Raises
    ------
    InputError
        When there is no file, or when its arrays are not the published ones. That is an error and no warning, because
        the name of a data set stands for its numbers in every table; other numbers are read by ``read_panel``.
    """
    path = path_of(name, root)
    try:
        path.stat()
    except OSError as error:
        command = f"grngc datasets prepare {name}"
        command += " says what from" if name in BY_HAND else " --source DIR, with what its publishers distribute in DIR"
        raise InputError(
            f"{name}: no file {path} ({error.strerror}): set GRNGC_DATA (in Python also root=) to the folder of the "
            f"data sets, or make the file: {command}"
        ) from error
    arrays = as_stored(load_npz(path), str(path))
    check_digest(name, arrays, str(path))
    return arrays


def load_pairs(name: str, root: Path | str | None = None) -> Dataset:
    """Load a data set whose publishers list no own pasts: scored are the pairs of two different series."""
    arrays = read_stored(name, root)
    panel = Panel(tuple(arrays["series"]), tuple(arrays["names"]))
    return Dataset(name, panel, arrays["graph"], scored=~np.eye(panel.n_series, dtype=bool))


def as_stored(arrays: Mapping[str, np.ndarray], origin: str) -> dict[str, np.ndarray]:
    """Check the arrays of one data set and bring them into one form; what is not of the layout is left out."""
    missing = [key for key in ("series", "graph", "names") if key not in arrays]
    if missing:
        raise InputError(f"{origin}: no key {missing[0]!r}; expected series, graph and names")
    for key, kinds in {"series": "fiu", "residual": "fiu", "graph": "biu", "names": "U"}.items():
        if key in arrays and arrays[key].dtype.kind not in kinds:
            raise InputError(
                f"{origin}: {key!r} holds {arrays[key].dtype}; expected {'text' if kinds == 'U' else 'numbers'}"
            )
    series = np.asarray(arrays["series"], dtype=np.float64)
    series = series[None] if series.ndim == 2 else series
    p = series.shape[-1] if series.ndim else 0
    shapes = {"graph": (p, p), "names": (p,)} | ({"residual": series.shape} if "residual" in arrays else {})
    found = {key: arrays[key].shape for key in shapes}
    if series.ndim != 3 or found != shapes:
        raise InputError(f"{origin}: series {series.shape} need {shapes}; got {found}")
    stored = {"series": series, "graph": np.asarray(arrays["graph"]) != 0, "names": np.asarray(arrays["names"])}
    if "residual" in arrays:
        stored["residual"] = np.asarray(arrays["residual"], dtype=np.float64)
    return stored


def digest_of(arrays: Mapping[str, np.ndarray]) -> str:
    """Return the SHA-256 (hex) of names, shapes and values of arrays that :func:`as_stored` gave."""
    sha = hashlib.sha256(repr([str(name) for name in arrays["names"]]).encode())
    for key in ("graph", "series", "residual"):
        if key in arrays:
            values = arrays[key]
            sha.update(f"{key} {values.shape}".encode())
            sha.update(np.ascontiguousarray(values, dtype="u1" if key == "graph" else "<f8").tobytes())
    return sha.hexdigest()


def check_digest(name: str, arrays: Mapping[str, np.ndarray], origin: str) -> None:
    """Refuse arrays that are not the published ones."""
    found = digest_of(arrays)
    if found != DIGESTS[name]:
        counts = " x ".join(map(str, arrays["series"].shape))
        raise InputError(
            f"{origin}: not the published {name}: its arrays ({counts}, {arrays['graph'].sum()} edges) have the digest "
            f"{found[:12]}, expected {DIGESTS[name][:12]}: get the file again, or read it as your own with read_panel"
        )
