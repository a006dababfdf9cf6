"""What a report says of two sides compared: which edges are gained, lost or changed."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..edges import STATUSES, EdgeChange
from ..labels import told_apart
from ..record import LONGEST, plain
from .summary import DATA_VERSION, digits, told

MOST = 5000
"""Pairs, the clearest, that a page lists; those that stand out on neither side are not among them."""

FIGURES = ("score_a", "score_b", "difference", "share_a", "share_b", "p", "p_familywise", "q")


def summarise_changes(record: Mapping[str, Any], edges: Sequence[EdgeChange]) -> dict[str, Any]:
    """Return all that a report says of a comparison: its record and its edges, clearest first."""
    names = list(record["series"])
    place = {name: i for i, name in enumerate(names)}
    there = [edge for edge in edges if edge.status != "absent"]
    shown = there[:MOST]
    columns: dict[str, list] = {
        "source": [place[plain(edge.source)] for edge in shown],
        "target": [place[plain(edge.target)] for edge in shown],
        "status": [edge.status for edge in shown],
        "sign_a": [edge.sign_a for edge in shown],
        "sign_b": [edge.sign_b for edge in shown],
    }
    for name in FIGURES:
        columns[name] = [digits(getattr(edge, name), 6) for edge in shown]
    data = {
        "version": DATA_VERSION,
        "tested": record["test"] is not None,
        "n_pairs": len(there),
        "counts": {status: record["counts"][status] for status in STATUSES[:-1]},
        "pairs": columns,
    }
    return {"head": _head(record), "data": {"names": names} | plain(data)}


def _head(record: Mapping[str, Any]) -> dict[str, Any]:
    test, sides, facts = record["test"], {}, {}
    for side in ("a", "b"):
        subjects, called = record[side]["subjects"], record[side]["label"]
        of = "one graph" if subjects is None else f"{len(subjects)} subjects"
        sides[side.upper()] = f"{called}, {of}"
        names = ", ".join(told_apart(subjects or (), LONGEST).values())
        facts[side.upper()] = sides[side.upper()] + (f": {names}" if names else "")
    if test is not None:
        drawn = f", drawn from seed {test['seed']}" * (not test["exact"])
        facts |= {
            "Test": f"{'paired' if test['paired'] else 'unpaired'} permutation of subjects, the largest statistic of "
            f"{test['tested_pairs']} pairs",
            "Relabellings": f"{'all ' * test['exact']}{test['relabellings']:,}{drawn}",
            "Smallest p": f"{test['smallest_p']:.3g}",
        }
    counts = {status: record["counts"][status] for status in STATUSES[:-1]}
    return {
        "conclusion": record["conclusion"],
        "sides": sides,
        "tested": test is not None,
        "counts": counts,
        "found": any(counts[status] for status in STATUSES[:3]),
        "facts": facts,
        "versions": told(record["versions"], without_none=True),
    }
