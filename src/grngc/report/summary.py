"""What a report says of a run, as plain data: read from results, nothing is computed again and nothing trained."""

import base64
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..edges import Edge
from ..facts import CLEAR, facts, gain_figures, small, title_of
from ..graph import CausalGraph
from ..record import plain, standing_out
from ..summary import MEANING
from .course import coupling_over_time, observed_and_forecast

if TYPE_CHECKING:
    from ..edges import GroupEdge
    from ..window_reader import WindowReader

DATA_VERSION = 1
"""Of the data in a page."""

LISTED = 5000
"""Pairs, the strongest, that a page lists; all of them are in the heat map, and in ``edges.csv``."""

PROFILES = 1000
"""Pairs, the strongest, of which a page has the lag profile."""

PROFILE_NUMBERS = 30_000
"""Numbers that lag profiles may take in all: of many lags there are fewer profiles."""

PATH = ("penalties", "errors", "standard_errors", "edges", "rule", "chosen", "rules")


def summarise_run(
    graph: CausalGraph, record: Mapping[str, Any], floor: float, reader: "WindowReader | None" = None
) -> dict[str, Any]:
    """Return all that a report says of a run.

    Parameters
    ----------
    graph : CausalGraph
    record : mapping
        As in ``run.json``.
    floor : float
        The noise floor.
    reader : WindowReader, optional
        The forecaster beside its panel; then couplings over time and forecasts are in the report too.

    Returns
    -------
    dict
        ``head`` (sentences, warnings, facts) and ``data``, what the page draws: series by their place in ``names``,
        pairs in columns, first those that stand out. Every value is plain JSON.
    """
    stand_out = standing_out(graph, floor)
    edges = _listed(graph, stand_out)
    shown = edges[: max(len(stand_out), 1)] if stand_out else []
    data = {
        "version": DATA_VERSION,
        "file": "edges.csv",
        "exogenous": [graph.names.index(name) for name in graph.exogenous],
        "floor": record["noise_floor"],
        "n_pairs": int(graph.pairs().sum()),
        "standing_out": len(stand_out),
        "pairs": _columns(graph, edges),
        "profiles": profiles(graph, edges),
        "heat": heat(np.where(graph.pairs(), graph.scores, 0)),
        "gain": _gain(record, graph.names),
        "path": _path(record.get("penalty_path")),
        "trace": _trace(record["training"]),
        "over_time": None if reader is None else coupling_over_time(graph, shown),
        "forecasts": None if reader is None else observed_and_forecast(reader, graph, edges),
    }
    directed = any(edge.lag > 0 for edge in stand_out)
    return {"head": _head(record, len(stand_out), directed), "data": {"names": list(graph.names)} | plain(data)}


def _head(record: Mapping[str, Any], n_edges: int, directed: bool) -> dict[str, Any]:
    said = facts(record)
    skipped = ("Series", "Points in time", "Windows", "Configuration")  # in the line above all, or told in full below
    return {
        "title": title_of(record).removesuffix(" (GRNGC)"),
        "reference": record.get("reference"),
        "conclusion": record["conclusion"],
        "sure": how_sure(record, n_edges),
        "meaning": MEANING if directed else "",
        "trustworthy": record["trustworthy"],
        "warnings": warnings_of(record),
        "facts": {name: str(text) for name, text in said.items() if text and name not in skipped},
        "digest": record["data"]["sha256"],
        "counts": {
            "series": len(record["data"]["series"]),
            "points in time": record["data"]["times"],
            "windows": record["data"]["windows"],
            "edge" if n_edges == 1 else "edges": n_edges,
        },
        "started": (record.get("timings") or {}).get("started", ""),
        "configuration": told(record["configuration"]),
        "versions": told(record["versions"], without_none=True),
    }


def how_sure(record: Mapping[str, Any], n_edges: int) -> str:
    """Say in a sentence or two what the edges rest on."""
    confidence, floor, chance = record.get("confidence"), record["noise_floor"], record.get("chance")
    if len(record["data"]["series"]) < 2:
        return "Bring the series that may drive it, as further columns."
    if chance:
        told = "How sure each edge is can be told of GRNGC alone (p, q, frequencies). "
        if floor is None:
            return f"{told}There is no noise floor either."
        return (
            f"{told}Edges are scores above the noise floor of {floor:.3g}, from {chance['surrogates']} surrogates: the "
            "same method on series shifted in time against each other."
        )
    if not confidence or "skipped" in confidence:
        why = f" ({confidence['skipped']})" if confidence else ""
        if floor is None:
            return f"How sure it is was not told{why}, and there is no noise floor."
        return (
            f"How sure each edge is was not told{why}. Edges are scores above the noise floor of {floor:.3g}, which is "
            "what unrelated series give."
        )
    gain = confidence["forecast_gain"]
    share, clear, judged = gain_figures(gain)
    saved = (
        f"The pasts of the other series save {share} of the error of held-out forecasts "
        f"(p {small(gain['p'])}), clearly so for {clear} of {judged} series."
    )
    if not n_edges:
        return saved
    again = (
        f"Each edge has a false discovery rate q of at most {confidence['fdr']:g} and is among the strongest again in "
        f"at least {confidence['found_again']:.0%} of {confidence['halves']} halves of the record."
    )
    return f"{again} {saved}"


def warnings_of(record: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return what speaks against the graph, the gravest first: kind and text."""
    training, confidence = record["training"], record.get("confidence") or {}
    found = []
    if not record["trustworthy"]:
        alone = len(record["data"]["series"]) < 2
        drawn = "There is no pair to draw." if alone else "What is drawn below are scores that chance gives as well."
        found.append(("nothing found", drawn))
    if record["noise_floor"] is None:
        found.append(("no noise floor", "Nothing says how large scores of unrelated series would be."))
    if not training["converged"]:
        found.append(("not converged", "Training ended before the scores had settled: they may still change."))
    if "skipped" in confidence:
        found.append(("confidence", f"How sure each edge is cannot be told: {confidence['skipped']}"))
    if n := confidence.get("diverged", 0):
        found.append(("divergence", f"Training ran away on {n} of {confidence['halves']} halves of the record."))
    found += [(one["kind"].replace("_", " "), one["text"]) for one in record.get("diagnostics", ())]
    found += [("input", text) for text in record.get("warnings", ())]
    return [{"kind": kind, "text": text} for kind, text in found]


def told(values: Mapping[str, Any], without_none: bool = False) -> dict[str, str]:
    """Return settings, or versions, as text."""
    kept = {name: value for name, value in values.items() if value is not None or not without_none}
    return {name: "none" if value is None else str(value) for name, value in kept.items()}


def _listed(graph: CausalGraph, stand_out: list[Edge]) -> list[Edge]:
    """Return the edges that stand out, then the strongest others."""
    known = {edge[:2] for edge in stand_out}
    others = (edge for edge in graph.edges(top=LISTED + len(stand_out)) if edge[:2] not in known)
    return [*stand_out, *others][: max(LISTED, len(stand_out))]


def _columns(graph: CausalGraph, edges: list[Edge]) -> dict[str, list | None]:
    """Return a column for each field of an edge, None where it is known of no edge; and which were required."""
    place = {name: i for i, name in enumerate(graph.names)}
    columns: dict[str, list | None] = {
        "source": [place[edge.source] for edge in edges],
        "target": [place[edge.target] for edge in edges],
        "lag": [edge.lag for edge in edges],
        "score": [digits(edge.score, 6) for edge in edges],
        "sign": [edge.sign for edge in edges],
    }
    for name in Edge._fields[5:]:
        values = [getattr(edge, name) for edge in edges]
        values = [digits(value, 4) if isinstance(value, float) else value for value in values]
        columns[name] = values if any(value is not None for value in values) else None
    required = np.zeros_like(graph.pairs()) if graph.required is None else graph.required
    given = [bool(required[place[edge.target], place[edge.source]]) for edge in edges]
    return columns | {"required": given if any(given) else None}


def profiles(graph: CausalGraph, edges: "Sequence[Edge | GroupEdge]") -> dict[str, Any]:
    """Return mean size and mean signed gradient at every lag, for the first of the edges."""
    present = graph.contemporaneous is not None
    signed = graph.signed_parts()
    n = min(PROFILES, len(edges), max(1, PROFILE_NUMBERS // (2 * signed.shape[1])))
    place = {name: i for i, name in enumerate(graph.names)}
    where = [(place[edge.target], place[edge.source]) for edge in edges[:n]]
    sizes = [
        [*([abs(signed[j, 0, i])] if present else []), *graph.lag_scores[j, :, i]] for j, i in where
    ]  # at lag 0 the size is that of the coefficient
    return {
        "first_lag": 0 if present else 1,
        "size": [[digits(value, 4) for value in row] for row in sizes],
        "signed": [[digits(value, 4) for value in signed[j, :, i]] for j, i in where],
    }


def heat(values: np.ndarray) -> dict[str, Any]:
    """Return values (target, source), 0 where there is no pair, a byte each: the root of the share of the largest."""
    largest = float(values.max(initial=0))
    shares = np.sqrt(values / largest) if largest > 0 else values
    levels = np.ceil(255 * shares).astype(np.uint8)  # no value but 0 is 0
    return {"largest": largest, "bytes": base64.b64encode(levels.tobytes()).decode()}


def _gain(record: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any] | None:
    """Return what the others' pasts save of each target's held-out error, and its p."""
    gain = (record.get("confidence") or {}).get("forecast_gain")
    if not gain:
        return None
    known = [gain["targets"].get(name, {}) for name in names]
    return {
        "saves": [digits(one.get("saves"), 4) for one in known],
        "p": [digits(one.get("p"), 4) for one in known],
        "threshold": CLEAR,
    }


def _path(path: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if not path else {name: path[name] for name in PATH if name in path}


def _trace(training: Mapping[str, Any]) -> dict[str, list] | None:
    """Return the course of training in columns, None where the forecaster was solved for."""
    rows = training.get("trace") or []
    if training.get("exact") or len(rows) < 2:
        return None
    return {name: [digits(row[name], 5) for row in rows] for name in ("step", "loss", "forecast_error", "penalty")}


def digits(value: Any, n: int) -> Any:
    """Return a number of ``n`` significant digits, None for None and NaN."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{float(value):.{n}g}")
