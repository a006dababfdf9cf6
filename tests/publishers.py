"""Writes data sets as their publishers distribute them, so that reading them back can be tested without their files."""

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from scipy.io import savemat

Arrays = Mapping[str, np.ndarray]


def trajectories_text(arrays: Arrays, step: float, blank: bool = True) -> str:
    """The challenge's table: a quoted header, then a row for each time; a blank line between trajectories."""
    lines = ["\t".join(f'"{name}"' for name in ["Time", *arrays["names"]])]
    for r, values in enumerate(arrays["series"]):
        lines += [""] if blank and r else []
        lines += ["\t".join(map(repr, [t * step, *row.tolist()])) for t, row in enumerate(values)]
    return "\n".join(lines) + "\n"


def gold_text(arrays: Arrays) -> str:
    """Source, target, 0 or 1: the true edges first, and no header."""
    names, pairs = arrays["names"], [(i, j) for i, j in np.ndindex(arrays["graph"].shape) if i != j]
    pairs.sort(key=lambda pair: not arrays["graph"][pair])
    return "".join(f"{names[j]}\t{names[i]}\t{int(arrays['graph'][i, j])}\n" for i, j in pairs)


def tar_of(members: Mapping[str, str | bytes], path: Path) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            data = content.encode() if isinstance(content, str) else content
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


def write_dream3(arrays: Arrays, folder: Path, size: int, network: str) -> None:
    title = network.capitalize()
    (folder / f"InSilicoSize{size}-{title}-trajectories.tsv").write_text(trajectories_text(arrays, 10.0))
    (folder / f"DREAM3GoldStandard_InSilicoSize{size}_{title}.txt").write_text(gold_text(arrays))


def write_dream3_as_jrngc(arrays: Arrays, folder: Path, size: int, number: int) -> None:
    (folder / f"dream3_{size}_{number}.tsv").write_text(trajectories_text(arrays, 10.0))
    (folder / f"dream3_{size}_{number}_true.txt").write_text(gold_text(arrays))


def dream4_members(arrays: Arrays, network: int) -> dict[str, str | bytes]:
    place = f"lightlyProcessedDownloadedData/insilico_size100_{network}"
    return {
        f"{place}/wildtype.tsv": "G1\tG2\n",
        f"{place}/timeseries.tsv": trajectories_text(arrays, 50.0, blank=False),
        f"{place}/goldStandard.tsv": gold_text(arrays),
    }


def write_netsim(arrays: Arrays, path: Path, compress: bool = True) -> None:
    """``net`` has sources in its rows, and -1 on its diagonal."""
    series, graph = np.asarray(arrays["series"]), np.asarray(arrays["graph"], dtype=float)
    net = np.stack([graph.T * 0.4 - 1.4 * np.eye(len(graph)) * graph.T for _ in series])
    ts = series.reshape(-1, series.shape[-1])
    counts = {"Nsubjects": len(series), "Nnodes": series.shape[-1], "Ntimepoints": series.shape[1]}
    savemat(path, {"ts": ts, "net": net, **counts}, do_compression=compress)


def write_causaltime(arrays: Arrays, folder: Path) -> None:
    folder.mkdir(parents=True)
    values = np.concatenate([arrays["series"], arrays["residual"]], axis=-1)
    np.save(folder / "gen_data.npy", values.astype(np.float32))
    np.save(folder / "graph.npy", np.asarray(arrays["graph"], dtype=np.float64))
