"""The two sides of a comparison, in one order of series and subjects; refused where they do not compare."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any, TypeAlias

import numpy as np

from .arguments import brief, listed
from .edges import UNLIKE_LENGTH
from .errors import InputError
from .graph import CausalGraph
from .group import RECORD, GroupDiscovery
from .results import Discovery

Compared: TypeAlias = Discovery | GroupDiscovery | Path | str

NEUTRAL = ("random_state", "device", "memory_budget")
"""Parameters that do not change what scores mean."""


@dataclass(frozen=True, eq=False)
class Side:
    """One side.

    Attributes
    ----------
    label : str
    graph : CausalGraph
        Its own, or the mean one.
    members : mapping from str to Discovery
        The subjects; one without a name for a single graph.
    of_subjects : bool
    record : mapping
    scores : array (subject, target, source)
        In the order of subjects and series that the comparison has.
    above : bool array (subject, target, source)
        What stands out.
    """

    label: str
    graph: CausalGraph
    members: Mapping[str, Discovery]
    of_subjects: bool
    record: Mapping[str, Any]
    scores: np.ndarray
    above: np.ndarray

    def described(self) -> dict[str, Any]:
        """Return what the record of a comparison says of it."""
        return {"label": self.label, "subjects": list(self.members) if self.of_subjects else None, "data": self.data}

    @property
    def data(self) -> list[str | None]:
        """Digests of the data."""
        return [each.record["data"].get("sha256") for each in self.members.values()]


def side_of(what: Compared, label: str) -> Side:
    """Return results, or those in a folder, as a side."""
    if isinstance(what, str | Path):
        label, is_group = str(what), (Path(what) / RECORD).exists()
        found = GroupDiscovery.load(what) if is_group else Discovery.load(what)
    elif isinstance(what, Discovery | GroupDiscovery):
        found = what
    else:
        raise InputError(f"compare takes two results of discover or discover_group, or their folders; got {what!r:.60}")
    if isinstance(found, GroupDiscovery):
        return Side(label, found.graph, found.subjects, True, found.record, found.scores, found.above)
    graph = found.graph
    above = graph.believed(found.noise_floor)
    return Side(label, graph, {"": found}, False, found.record, graph.scores[None], above[None])


def in_order(side: Side, first: Side) -> Side:
    """Return B with its series in the order of A's; refuse others."""
    mine, names = side.graph.names, first.graph.names
    for one, other, owner, lacking in ((names, mine, first, side), (mine, names, side, first)):
        if lacks := [name for name in one if name not in other]:
            raise InputError(
                f"{lacking.label}: lacks {listed(lacks)}, which {owner.label} has: compare the same series"
            )
    if set(side.graph.exogenous) != set(first.graph.exogenous):
        raise InputError(f"{side.label}: has other exogenous series than {first.label}")
    order = [mine.index(name) for name in names]
    scores, above = (values[:, order][:, :, order] for values in (side.scores, side.above))
    return replace(side, scores=scores, above=above)


def matched(side: Side, first: Side) -> Side:
    """Return B with its subjects in the order of A's."""
    mine, theirs = list(side.members), list(first.members)
    if lacks := [name for name in theirs if name not in mine] or [name for name in mine if name not in theirs]:
        lacking, owner = (side, first) if lacks[0] in theirs else (first, side)
        raise InputError(
            f"{lacking.label}: subject {brief(lacks[0])} of {owner.label} is not there: --paired (paired=True) wants "
            "the same subjects, by name, on both sides"
        )
    order = [mine.index(name) for name in theirs]
    return replace(side, scores=side.scores[order], above=side.above[order])


def notes_on(a: Side, b: Side, paired: bool) -> list[str]:
    """Return what a reader should know before believing a difference; refuse groups that were made differently."""
    notes = []
    methods = [each.record.get("method", "grngc") for each in (a, b)]
    if methods[0] != methods[1]:
        raise InputError(
            f"{a.label} is by {methods[0]}, {b.label} by {methods[1]}: scores of two methods have no unit in common; "
            "compare graphs of one method"
        )
    if other := _other_settings(a.record, b.record):
        if a.of_subjects:
            raise InputError(
                f"{a.label} and {b.label} were made with other settings ({listed(other)}), so their scores do not "
                "compare: make both with the same"
            )
        notes.append(f"They were made with other settings: {listed(other)}.")
    rates = [(each.record.get("confidence") or {}).get("fdr") for each in (a, b)]
    if rates[0] != rates[1] and not a.of_subjects:
        said = [f"at a false discovery rate of {rate:g}" if rate else "by the noise floor" for rate in rates]
        notes.append(f"Edges were told from chance {said[0]} in A, {said[1]} in B: make both alike.")
    if a.of_subjects:
        lengths = [median(_windows(side)) for side in (a, b)]
        if max(lengths) > UNLIKE_LENGTH * min(lengths) and isinstance(a.record["configuration"].get("penalty"), str):
            notes.append(
                f"Records differ in length (median windows: {lengths[0]:g} in A, {lengths[1]:g} in B), and the "
                "automatic penalty falls with it: cut them to one length, or give both one --penalty."
            )
        if not paired and set(a.members) == set(b.members):
            notes.append("Subjects have the same names on both sides: if they are the same, --paired tells more.")
        both = set(a.data) & set(b.data)
        if not paired and both:
            notes.append(f"{len(both)} subjects have the same numbers on both sides.")
    return notes


def _other_settings(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[str]:
    """Return which settings of two records differ."""
    data = ("transforms", "missing")
    mine, other = ({**each["configuration"], **{name: each["data"].get(name) for name in data}} for each in (a, b))
    return [name for name in {**mine, **other} if name not in NEUTRAL and mine.get(name) != other.get(name)]


def _windows(side: Side) -> list[int]:
    found = (each.record["data"].get("windows") for each in side.members.values())
    return [n for n in found if isinstance(n, int)] or [0]
