"""What is told of a run: which edges stand out, what may be concluded, and all of it as plain data for ``run.json``."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Any

import numpy as np

from .arguments import listed
from .edges import Edge
from .errors import InputError
from .floor import FEWEST_WINDOWS
from .graph import CausalGraph
from .labels import clipped
from .opening import read_whole
from .panel import Panel
from .training import ENOUGH_REACH, SETTLED

if TYPE_CHECKING:
    from .edges import GroupEdge
    from .grngc import GRNGC

LARGEST = 2**28
"""Bytes of the largest record that is read."""

PATH_INPUTS = 250
"""Inputs, series times lags, up to which the path of penalties is made for the record unasked: seconds of work."""

LONGEST = 60
"""Characters of a name in a sentence."""


def standing_out(graph: CausalGraph, floor: float) -> list[Edge]:
    """Return the pairs of two series that are believed, strongest first; see :meth:`CausalGraph.believed`."""
    return graph.edges(among=graph.believed(floor))


def found_beside(graph: CausalGraph, edges: Sequence[Edge]) -> list[Edge]:
    """Return the edges that were found, not required: what was put in proves nothing by coming out."""
    if graph.required is None:
        return list(edges)
    given = {(graph.names[i], graph.names[j]) for j, i in np.argwhere(graph.required)}
    return [edge for edge in edges if (edge.source, edge.target) not in given]


def conclude(
    graph: CausalGraph,
    floor: float,
    edges: Sequence[Edge],
    training: Mapping[str, Any],
    windows: int,
    fdr: float | None = None,
) -> str:
    """Say in plain words what the scores allow to say, from a training on so many windows.

    ``fdr``: the false discovery rate that edges were selected at, None where they were not.
    """
    required = 0 if graph.required is None else int(graph.required.sum())
    edges = found_beside(graph, edges)
    largest = found_beside(graph, graph.edges(top=required + 1))
    if edges:
        pairs, first = int(graph.pairs().sum()) - required, edges[0]
        verb = "stands out:" if len(edges) == 1 else "stand out, most of all"
        text = f"{len(edges)} of {pairs} ordered pairs {verb} {_pair(first)} (lag {first.lag}, {first.sign})."
        if fdr is not None and len(edges) > 1:
            text += f" On average at most {fdr:.0%} of pairs selected so are wrong."
        text += _together(graph, edges)
    elif largest and fdr is not None:
        likeliest = min(found_beside(graph, graph.edges()), key=lambda edge: (edge.q or 0, -edge.score))
        text = (
            "Nothing stands out: no series drives another by more than surrogates of it seem to. Read no graph from "
            f"these scores: the likeliest pair is {_pair(likeliest)}, with q {likeliest.q:.2g} (asked for: {fdr:g}) "
            f"and found again in {likeliest.frequency:.0%} of the halves of the record (asked for: 50%)."
        )
    elif largest and math.isnan(floor):
        text = (
            "Nothing can be told from chance: there is no noise floor for a forecaster that reads the record as one "
            "sequence. Only the order of these scores may be compared with a known graph."
        )
    elif largest and math.isinf(floor) and windows >= FEWEST_WINDOWS:
        text = (
            "Nothing can be told from chance: on unrelated series like these training diverges, so there is no noise "
            "floor. Lower the learning rate (--learning-rate), or raise the penalty (--penalty)."
        )
    elif largest and math.isinf(floor):
        text = (
            f"Too few windows to tell anything from chance: at least {FEWEST_WINDOWS} are needed. "
            "Read no graph from these scores."
        )
    elif largest:
        text = (
            "Nothing stands out: no series drives another by more than unrelated series seem to. Read no graph from "
            f"these scores: the largest is {largest[0].score:.3g} ({_pair(largest[0])}), the noise floor {floor:.3g}."
        )
    elif required:
        text = "Nothing could be found: every pair that is not forbidden is required."
    else:
        text = "Nothing stands out: there is one series only, and no other to drive it."
    if required:
        text += f" Required, and in the graph whatever the score: {_required(graph)}."
    if not training["converged"]:
        text += f" {_unsettled(training)} before trusting them."
    return text


def conclude_by(
    method: str,
    graph: CausalGraph,
    floor: float,
    edges: Sequence[Edge],
    chance: Mapping[str, Any],
    windows: int,
    training: Mapping[str, Any],
    by_lag: bool,
) -> str:
    """Say in plain words what the scores of a method other than GRNGC allow to say, judged by its own surrogates."""
    largest = graph.edges(top=1)
    if edges:
        first, pairs = edges[0], int(graph.pairs().sum())
        verb, whose = ("stands out:", "Its score is") if len(edges) == 1 else ("stand out, most of all", "They are")
        at = f"lag {first.lag}, " * (by_lag or first.lag == 0)
        text = (
            f"{len(edges)} of {pairs} ordered pairs {verb} {_pair(first)} ({at}{first.sign}). {whose} above the noise "
            f"floor of {method}, which unrelated series reach in about one record of {chance['false_alarm_one_in']}."
        )
        if first.lag == 0:
            text += " These scores claim no direction: both ways round are one statement."
    elif not largest:
        text = "Nothing stands out: there is one series only, and no other to drive it."
    elif not chance["surrogates"]:
        text = "No surrogates were asked for, so nothing tells scores from chance. Only their order may be read."
    elif windows < FEWEST_WINDOWS:
        text = (
            f"Too few windows to tell anything from chance: at least {FEWEST_WINDOWS} are needed. "
            "Read no graph from these scores."
        )
    elif math.isinf(floor):
        text = "Nothing can be told from chance: training diverges on unrelated series, so there is no noise floor."
    else:
        text = (
            f"Nothing stands out: no score is above what {method} gives on unrelated series. Read no graph from these "
            f"scores: the largest is {largest[0].score:.3g} ({_pair(largest[0])}), the noise floor {floor:.3g}."
        )
    if not training["converged"]:
        text += (
            f" Training had not converged: its second half still moved the scores by {training['score_change']:.0%}. "
            f"Raise steps (--steps, now {training['steps']}) before trusting them."
        )
    return text


def _unsettled(training: Mapping[str, Any]) -> str:
    """Say why the scores are not final, and what to do."""
    if training["exact"]:
        return (
            f"The linear fit was not at its minimum after {training['steps']} iterations: some series are nearly sums "
            "of others. Leave such series out (--columns), or raise penalty (--penalty) or input_noise,"
        )
    why = f"its second half still moved the scores by {training['score_change']:.0%} (limit {SETTLED:.0%})"
    if training["reach"] < ENOUGH_REACH:
        why = f"{training['steps']} steps at this learning rate are too few to get anywhere"
    return f"Training had not converged: {why}. Raise steps (--steps, now {training['steps']})"


def conclude_group(
    graph: CausalGraph, common: "Sequence[GroupEdge]", told: Sequence[Mapping[str, Any]], failed: Sequence[str]
) -> str:
    """Say in plain words what the subjects have in common."""
    n, some = len(told), sum(each["trustworthy"] for each in told)
    if common:
        first, pairs = common[0], int(graph.pairs().sum())
        verb = "stands out" if len(common) == 1 else "stand out"
        pair = _two(first.source, "->" if first.lag else "and", first.target)
        text = (
            f"{len(common)} of {pairs} ordered pairs {verb} in more than half of the {n} subjects, most often "
            f"{pair} ({round((first.share or 0) * n)} of {n}, lag {first.lag}, "
            f"{first.sign})."
        )
    else:
        text = (
            f"No pair stands out in more than half of the {n} subjects: read no common graph from the means. "
            f"In {some} of them something stands out; their own graphs say what."
        )
    if without := [each["name"] for each in told if each["noise_floor"] is None]:
        text += f" No noise floor, so nothing stands out, in {len(without)} of them: {listed(without, 3)}."
    if unsettled := [each["name"] for each in told if not each["converged"]]:
        text += (
            f" Training had not converged in {len(unsettled)} of them: {listed(unsettled, 3)}; raise steps (--steps)."
        )
    if failed:
        text += f" Failed, and left out: {listed(failed, 3)}."
    return text


def describe(panel: Panel) -> dict[str, Any]:
    """Return what was fitted, for the record."""
    return {
        "origin": panel.origin,
        "sha256": panel.digest(),
        "series": panel.names,
        "trajectories": [
            {"label": label, "times": len(values)}
            for label, values in zip(panel.labels, panel.trajectories, strict=True)
        ],
        "times": panel.n_times,
        "exogenous": panel.exogenous,
        "transforms": panel.transform_steps,
        "missing": panel.missing,
        "notes": panel.notes,
    }


def path_told(estimator: "GRNGC") -> dict[str, Any] | None:
    """Return the path of penalties where a rule picked from it, or where it costs little: of one that is solved for."""
    little = estimator.choice_.forecaster == "linear" and estimator.graph_.lag_scores[0].size <= PATH_INPUTS
    if estimator.penalty_path_ is None and not little:
        return None
    try:
        path = estimator.penalty_path()
    except InputError:  # too short a record, or nothing to penalise
        return None
    rule, per_output = estimator.penalty, estimator.penalty_
    if estimator.penalty_scale == "code":
        per_output *= estimator.panel_.targets.sum()
    told = {"rule": rule if isinstance(rule, str) else "given", "chosen": per_output}
    return path.to_dict() | told


def _pair(edge: Edge) -> str:
    return _two(edge.source, "and" if edge.lag == 0 else "->", edge.target)


def _two(source: str, between: str, target: str) -> str:
    return f"{clipped(source, LONGEST)} {between} {clipped(target, LONGEST)}"


def _required(graph: CausalGraph, most: int = 3) -> str:
    pairs = [] if graph.required is None else np.argwhere(graph.required).tolist()
    said = ", ".join(_two(graph.names[i], "->", graph.names[j]) for j, i in pairs[:most])
    return said + f" and {len(pairs) - most} more" * (len(pairs) > most)


def _together(graph: CausalGraph, edges: Sequence[Edge]) -> str:
    """Say what edges at lag 0 are."""
    n = sum(edge.lag == 0 for edge in edges)
    if n == 0:
        return ""
    which = "They" if n == len(edges) else f"{n} of them (lag 0)"
    statements, place = graph.pairs(), {name: i for i, name in enumerate(graph.names)}  # the other way round is none?
    unknown = any(edge.lag == 0 and statements[place[edge.source], place[edge.target]] for edge in edges)
    return f" {which} move together within one time step" + unknown * " (direction unknown: sampled too slowly?)" + "."


def plain(value: Any) -> Any:
    """Return a value as JSON knows it: tuples as lists, NumPy's numbers as Python's, NaN as None, functions by name."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()  # a file name need not be text
    if value is None or isinstance(value, bool | int | float):
        return value
    return f"{value.__module__}.{value.__qualname__}" if hasattr(value, "__qualname__") else repr(value)


def json_text(record: Mapping[str, Any]) -> str:
    """Return a record, of plain data, as the text of its file."""
    return json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def read_record(path: Path, version: int, needed: Mapping[str, type | UnionType]) -> dict[str, Any]:
    """Read a record, and check what will be read of it; :class:`InputError` where it is another's, or damaged."""
    content = read_whole(path, LARGEST)
    try:
        record = json.loads(content)
        if record["format_version"] != version:
            raise ValueError(f"format {record['format_version']!r}, this version reads {version}")
        if odd := [name for name, kind in needed.items() if not isinstance(record[name], kind)]:
            raise TypeError(f"{odd[0]} is {record[odd[0]]!r:.60}")
    except KeyError as error:
        raise InputError(f"{path}: not a record written by grngc (no {error})") from error
    except (ValueError, TypeError, RecursionError) as error:
        raise InputError(f"{path}: not a record written by grngc ({error})") from error
    return record
