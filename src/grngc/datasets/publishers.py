"""Files as their publishers distribute them, into the arrays of one layout. Nothing is unpickled, nothing extracted.

Each function takes the folder that holds the files, at any depth, and returns ``series`` (trajectory, time, series),
``graph`` (target, source) int8, ``names`` (series,), and for CausalTime ``residual``.
"""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np

from ..arguments import check_choice
from ..errors import InputError
from ..npz import load_npy
from . import causaltime, dream3, dream4
from .dream_files import read_gold_standard, read_trajectories
from .matfile import read_mat
from .tarball import read_tarball

Arrays = dict[str, np.ndarray]
MAX_TEXT = 2**23
"""Bytes of a text that are read; the largest published one has 2 MB. Its cells take fifty times as much."""


def dream3_files(size: int, network: str, source: Path) -> Arrays:
    """Read one network of DREAM3, named as by the challenge, or as by JRNGC, which numbers networks from 0."""
    title, number = network.capitalize(), list(dream3.NETWORKS[size]).index(network)
    data = find(source, f"InSilicoSize{size}-{title}-trajectories.tsv", f"dream3_{size}_{number}.tsv")
    gold = find(source, f"DREAM3GoldStandard_InSilicoSize{size}_{title}.txt", f"dream3_{size}_{number}_true.txt")
    return _dream(_text(data), str(data), _text(gold), str(gold))


def dream4_files(network: int, source: Path) -> Arrays:
    """Read one network of DREAM4: from Bioconductor's archive, from its content, or named as by the challenge."""
    name = f"insilico_size100_{network}"
    inside = f"{name}/timeseries.tsv", f"{name}/goldStandard.tsv"
    archive = search(source, "lightlyProcessedDownloadedData.tar.gz")
    if archive is None:
        data = find(source, inside[0], f"{name}_timeseries.tsv")
        gold_names = f"{name}_goldstandard.tsv", f"DREAM4_GoldStandard_InSilico_Size100_{network}.tsv"
        gold = find(source, inside[1], *gold_names)
        return _dream(_text(data), str(data), _text(gold), str(gold))
    members = read_tarball(archive, inside)
    texts = [_decoded(members[member], f"{archive}, {member}") for member in inside]
    return _dream(texts[0], f"{archive}, {inside[0]}", texts[1], f"{archive}, {inside[1]}")


def netsim_files(source: Path, orientation: str = "row_is_source") -> Arrays:
    """Read NetSim's simulation 3 from ``sim3.mat``, or ``fMRI_15.mat`` as JRNGC calls it.

    ``orientation``: how ``net`` is read, "row_is_source" as its authors, eSRU and TCDF do, or "row_is_target" as the
    released code of GRNGC does, which gives another graph than the published one.
    """
    check_choice("orientation", orientation, ("row_is_source", "row_is_target"))
    path = find(source, "sim3.mat", "fMRI_15.mat")
    arrays = read_mat(path, {"ts": 2, "net": 3})
    series, net = arrays["ts"], arrays["net"]
    subjects, p, columns = net.shape
    if p != columns or series.shape[1] != p or not net.size or len(series) % subjects:
        raise InputError(
            f"{path}: ts {series.shape} and net {net.shape} do not fit; expected ts (subjects x points, series) and "
            "net (subjects, series, series)"
        )
    graphs = net != 0
    if (graphs != graphs[0]).any():
        raise InputError(f"{path}: the subjects' graphs differ; in simulation 3 all have one")
    graph = graphs[0].T if orientation == "row_is_source" else graphs[0]
    return {
        "series": series.reshape(subjects, -1, p),
        "graph": graph.astype(np.int8),
        "names": np.array([f"N{i + 1}" for i in range(p)]),
    }


def causaltime_files(record: str, source: Path) -> Arrays:
    """Read one record of CausalTime from ``gen_data.npy`` and ``graph.npy`` in a folder of its name."""
    data, graph = (find(source, f"{record}/{name}.npy") for name in ("gen_data", "graph"))
    values, truth = load_npy(data), load_npy(graph)
    n = causaltime.N
    if values.ndim != 3 or values.shape[2] != 2 * n or truth.shape != (n, n):
        raise InputError(
            f"{data}: {values.shape} with a graph {truth.shape}; expected (sample, step, {2 * n}) and ({n}, {n})"
        )
    return {
        "series": values[:, :, :n],
        "residual": values[:, :, n:],
        "graph": (truth != 0).astype(np.int8),
        "names": np.array([f"{record}_{i:02d}" for i in range(n)]),
    }


READERS: dict[str, Callable[[Path], Arrays]] = {
    **{
        f"dream3/size{size}_{network}": partial(dream3_files, size, network)
        for size, networks in dream3.NETWORKS.items()
        for network in networks
    },
    **{f"dream4/size100_{network}": partial(dream4_files, network) for network in dream4.EDGES},
    "netsim/sim3": netsim_files,
    **{f"causaltime/{record}": partial(causaltime_files, record) for record in causaltime.EDGES},
}
"""Name of a data set -> function reading the publishers' files."""


def find(source: Path, *names: str) -> Path:
    """Return what :func:`search` finds; finding nothing is an error."""
    path = search(source, *names)
    if path is None:
        raise InputError(f"{source}: no {' or '.join(names)} in it or below it: are these the publishers' files?")
    return path


def search(source: Path, *names: str) -> Path | None:
    """Return the file in or below ``source`` whose path ends in the first of ``names`` that is there."""
    files = [Path(folder, name) for folder, _, here in os.walk(source.absolute()) for name in here]
    for name in names:
        parts = PurePosixPath(name).parts
        found = sorted(path for path in files if path.parts[-len(parts) :] == parts and path.is_file())
        if len(found) > 1:
            raise InputError(f"{name} is there twice, {found[0]} and {found[1]}: give the folder that is meant")
        if found:
            return found[0]
    return None


def _dream(data: str, data_origin: str, gold: str, gold_origin: str) -> Arrays:
    names, series = read_trajectories(data, data_origin)
    graph = read_gold_standard(gold, names, gold_origin)
    return {"series": series, "graph": graph, "names": np.array(names)}


def _text(path: Path) -> str:
    with path.open("rb") as file:
        return _decoded(file.read(MAX_TEXT + 1), str(path))


def _decoded(content: bytes, origin: str) -> str:
    if len(content) > MAX_TEXT:
        raise InputError(f"{origin}: more than {MAX_TEXT // 2**20} MiB; a file of this kind has at most two")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{origin}: not a text file ({error.reason} at byte {error.start})") from error
