"""What a report says of several subjects: what they have in common, and how far each of them has it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..arguments import listed
from ..edges import COMMON, UNLIKE_LENGTH, GroupEdge
from ..facts import group_facts
from ..graph import CausalGraph
from ..labels import told_apart
from ..record import LONGEST, plain
from ..summary import MEANING
from .summary import DATA_VERSION, LISTED, digits, heat, profiles, told

TOLD_ABOVE = ("Subjects", "Series", "Warnings", "Failed")
"""Facts that stand above the pictures."""

STRIPS = 60_000
"""Scores of single subjects that a page has: of the first pairs, all subjects each."""


def summarise_subjects(
    graph: CausalGraph, record: Mapping[str, Any], edges: Sequence[GroupEdge], scores: np.ndarray, above: np.ndarray
) -> dict[str, Any]:
    """Return all that a report says of several subjects.

    Parameters
    ----------
    graph : CausalGraph
        The mean one.
    record : mapping
        As in ``group.json``.
    edges : sequence of GroupEdge
        All pairs of two series.
    scores : array (subject, target, source)
    above : bool array (subject, target, source)
        What stands out in each subject.

    Returns
    -------
    dict
        As :func:`grngc.report.summarise_run`; a pair stands out where it does in more than half of the subjects.
    """
    between = [edge for edge in edges if edge.share is not None]
    listing = sorted(between, key=lambda edge: ((edge.share or 0) <= COMMON, -edge.mean_score))
    common = sum((edge.share or 0) > COMMON for edge in between)
    listing = listing[: max(LISTED, common)]
    data = {
        "version": DATA_VERSION,
        "file": "group_edges.csv",
        "exogenous": [graph.names.index(name) for name in graph.exogenous],
        "floor": None,
        "n_pairs": len(between),
        "standing_out": common,
        "pairs": _columns(graph, listing),
        "profiles": profiles(graph, listing),
        "heat": heat(np.where(graph.pairs(), graph.scores, 0)),
        "share_heat": heat(above.mean(axis=0)),
        "subjects": [each["name"] for each in record["subjects"]],
        "strips": _strips(graph, listing, scores, above),
    }
    arrows = any(edge.lag > 0 for edge in listing[:common])
    return {"head": _head(record, common, arrows), "data": {"names": list(graph.names)} | plain(data)}


def _columns(graph: CausalGraph, edges: Sequence[GroupEdge]) -> dict[str, list]:
    """Return a column for each field of a pair."""
    place = {name: i for i, name in enumerate(graph.names)}
    return {
        "source": [place[edge.source] for edge in edges],
        "target": [place[edge.target] for edge in edges],
        "lag": [edge.lag for edge in edges],
        "score": [digits(edge.mean_score, 6) for edge in edges],
        "sign": [edge.sign for edge in edges],
        "sd": [digits(edge.sd, 4) for edge in edges],
        "share": [digits(edge.share, 4) for edge in edges],
        "sign_agreement": [digits(edge.sign_agreement, 4) for edge in edges],
    }


def _strips(
    graph: CausalGraph, edges: Sequence[GroupEdge], scores: np.ndarray, above: np.ndarray
) -> dict[str, list[list]]:
    """Return each subject's score, and in which of them the pair stands out, for the first pairs."""
    place = {name: i for i, name in enumerate(graph.names)}
    where = [(place[edge.target], place[edge.source]) for edge in edges[: max(1, STRIPS // len(scores))]]
    return {
        "scores": [[digits(value, 4) for value in scores[:, j, i]] for j, i in where],
        "stands_out": [np.flatnonzero(above[:, j, i]).tolist() for j, i in where],
    }


def _head(record: Mapping[str, Any], n_common: int, arrows: bool) -> dict[str, Any]:
    called = told_apart([*(each["name"] for each in record["subjects"]), *record["failed"]], LONGEST)
    subjects = [_row(each, called) for each in record["subjects"]]
    return {
        "conclusion": record["conclusion"],
        "meaning": MEANING if arrows else "",
        "trustworthy": record["trustworthy"],
        "warnings": _warnings(record, called),
        "counts": {
            "subjects": len(subjects),
            "series": len(record["data"]["series"]),
            "edge in common" if n_common == 1 else "edges in common": n_common,
        },
        "subjects": subjects,
        "failed": {called[name]: why for name, why in record["failed"].items()},
        "facts": {name: text for name, text in group_facts(record).items() if name not in TOLD_ABOVE},
        "started": (record.get("timings") or {}).get("started", ""),
        "configuration": told(record["configuration"]),
        "versions": told(record["versions"], without_none=True),
    }


def _row(subject: Mapping[str, Any], called: Mapping[str, str]) -> dict[str, Any]:
    """Return what the table of subjects says of one; ``called``: each by its name as it is shown."""
    floor = subject["noise_floor"]
    odd = [kind.replace("_", " ") for kind in subject.get("diagnostics", ())]
    if not subject["converged"]:
        odd = ["not converged", *odd]
    if floor is None:
        odd = ["no noise floor", *odd]
    return {
        "name": called[subject["name"]],
        "times": subject["times"],
        "windows": subject["windows"],
        "chosen": f"{subject['forecaster']}, lag {subject['lag']}{', same step' * subject['contemporaneous']}",
        "floor": "none" if floor is None else f"{floor:.3g}",
        "edges": subject["edges_above_noise_floor"],
        "warnings": ", ".join(odd),
    }


def _warnings(record: Mapping[str, Any], called: Mapping[str, str]) -> list[dict[str, str]]:
    """Return what speaks against the common graph, the gravest first: kind and text."""
    subjects, found = record["subjects"], []
    if not record["trustworthy"]:
        found.append(("nothing in common", "What is drawn below are means that say nothing of any one subject."))
    for name, why in record["failed"].items():
        found.append(("failed", f"{called[name]}, left out: {why}"))
    kinds: dict[str, list[str]] = {}
    for subject in subjects:
        row = _row(subject, called)
        for kind in [kind for kind in row["warnings"].split(", ") if kind]:
            kinds.setdefault(kind, []).append(row["name"])
    for kind, names in sorted(kinds.items(), key=lambda each: -len(each[1])):
        found.append((kind, f"in {len(names)} of {len(subjects)} subjects: {listed(names, 5)}"))
    least, most = min(each["windows"] for each in subjects), max(each["windows"] for each in subjects)
    if most > UNLIKE_LENGTH * least and isinstance(record["configuration"].get("penalty"), str):
        text = f"{least} to {most} windows: the automatic penalty falls with it, and scores rise. Cut records to one "
        found.append(("unlike lengths", f"{text}length, or give all one --penalty."))
    return [{"kind": kind, "text": text} for kind, text in found]
