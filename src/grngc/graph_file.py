"""A graph as one ``.npz`` file: arrays, and a JSON text for the rest; no pickle."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .arguments import brief
from .errors import InputError
from .evidence import Evidence
from .graph import CausalGraph
from .npz import load_npz
from .opening import check_file
from .storage import write_atomically

FORMAT_VERSION = 1
UNREADABLE = (AttributeError, LookupError, RuntimeError, SystemError, TypeError, ValueError)
"""What is raised over arrays and a JSON text that are damaged, or another's; found by fuzzing."""
ARRAYS = {
    "scores": "f", "lag_scores": "f", "signs": "f", "nearness": "f", "contemporaneous": "f", "forbidden": "b",
    "required": "b", "sign_constancy": "f",
}  # fmt: skip
"""Of a file, with their kinds; all but the first may be missing."""
EVIDENCE = "evidence_"
"""Begins the names of the arrays of :class:`grngc.evidence.Evidence`; all of them are there, or none."""


def write_graph(graph: CausalGraph, path: Path | str, beside: Mapping[str, np.ndarray]) -> Path:
    """Write a graph; see :meth:`CausalGraph.save`. Names that could not be read again are refused."""
    if odd := [name for name in graph.names if name != name.encode(errors="ignore").decode()]:
        raise InputError(f"{path}: cannot hold the name {brief(odd[0])}, which is no text in UTF-8: rename the series")
    meta = {
        "format_version": FORMAT_VERSION,
        "names": graph.names,  # again: an array of text loses NUL characters at the end
        "exogenous": graph.exogenous,
        "orientation": "[target, source]",
    }
    arrays = {name: array for name in ARRAYS if (array := getattr(graph, name)) is not None}
    if graph.evidence is not None:
        arrays |= {EVIDENCE + name: array for name, array in graph.evidence.arrays().items()}
    arrays |= {"names": np.array(graph.names, dtype=np.str_), "meta": np.array(json.dumps(meta))}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **beside, **arrays)  # type: ignore[arg-type]
    return write_atomically(path, buffer.getvalue())


def read_graph(path: Path | str) -> CausalGraph:
    """Read what :func:`write_graph` wrote; :class:`InputError` for any other file."""
    check_file(path)
    try:
        archive = load_npz(path)
        meta: dict[str, Any] = json.loads(str(archive["meta"]))
        version = meta["format_version"]
        names = tuple(meta["names"]) if version == FORMAT_VERSION else ()
        if [name.rstrip("\0") for name in names] != archive["names"].tolist() and names:
            raise ValueError("names differ")
        "".join((*names, *meta["exogenous"])).encode()  # text, and nothing but text
        arrays = {key: archive[key] for key in ARRAYS if key in archive} if version == FORMAT_VERSION else {}
        if odd := [key for key, array in arrays.items() if array.dtype.kind != ARRAYS[key]]:
            raise ValueError(f"{odd[0]} are {'no numbers' if ARRAYS[odd[0]] == 'f' else 'not True and False'}")
    except UNREADABLE as error:
        why = str(error).removeprefix(f"{path}").lstrip(":, ") if isinstance(error, InputError) else "graph.npz"
        raise InputError(f"{path}: not a graph written by grngc ({why})") from error
    if version != FORMAT_VERSION:
        raise InputError(f"{path}: graph format {version!r}; this version reads {FORMAT_VERSION}: update grngc")
    try:
        evidence = {key.removeprefix(EVIDENCE): archive[key] for key in archive if key.startswith(EVIDENCE)}
        return CausalGraph(
            names=names,
            exogenous=tuple(meta["exogenous"]),
            evidence=Evidence(**evidence) if evidence else None,
            **arrays,  # type: ignore[arg-type]
        )
    except UNREADABLE as error:
        raise InputError(f"{path}: not a graph written by grngc ({error})") from error
