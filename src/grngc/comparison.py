"""What differs between two graphs, or between two groups of subjects: edges gained, lost and changed from A to B.

With one graph on each side nothing tells a difference from chance, and none is called significant. Two groups are
compared by permutation of subjects (:mod:`grngc.permutation`).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .edges import ALPHA, COMMON, STATUSES, EdgeChange
from .environment import versions
from .errors import InputError
from .permutation import PERMUTATIONS, Permuted, permute
from .record import plain
from .report import comparison_page, summarise_changes, write_page
from .sides import Compared, Side, in_order, matched, notes_on, side_of
from .storage import csv_text
from .summary import summarise_comparison


@dataclass(frozen=True, eq=False)
class Comparison:
    """What differs from A to B.

    Attributes
    ----------
    edges : list of EdgeChange
        Every ordered pair of two series: gained, lost, changed, same, absent; clearest first.
    record : dict
        Plain data: both sides, the test, counts of each status, the conclusion.
    """

    edges: list[EdgeChange]
    record: dict[str, Any]

    def summary(self, top: int = 10) -> str:
        """Return a page of plain text: both sides, the ``top`` clearest pairs, the conclusion."""
        return summarise_comparison(self.record, [edge for edge in self.edges if edge.status != "absent"], top)

    def csv(self) -> str:
        """Return all pairs as CSV, with the columns of :class:`EdgeChange`."""
        return csv_text(EdgeChange._fields, self.edges)

    def report(self, path: Path | str, overwrite: bool = False) -> Path:
        """Write one self-contained HTML page about what differs; one that exists is refused unless ``overwrite``."""
        return write_page(path, self.report_html(), overwrite)

    def report_html(self) -> str:
        """Return the text of the page that :meth:`report` writes."""
        return comparison_page(summarise_changes(self.record, self.edges))


def compare(
    a: Compared,
    b: Compared,
    *,
    paired: bool = False,
    permutations: int = PERMUTATIONS,
    random_state: int = 0,
) -> Comparison:
    """Compare two graphs, or two groups of subjects.

    Parameters
    ----------
    a, b : Discovery and Discovery, GroupDiscovery and GroupDiscovery, or the folders of their results
        Of the same series; their order may differ.
    paired : bool
        Both groups are the same subjects, by name: before and after, say. Then values of a subject change sides;
        otherwise subjects do.
    permutations : int
        Relabellings of subjects that are drawn, from ``random_state``, where there are more; else all are gone through.

    Raises
    ------
    InputError
        The two cannot be compared: other series, a graph and a group, groups of other settings, or subjects that are
        not the same where they are paired.
    """
    first, second = side_of(a, "A"), side_of(b, "B")
    if first.of_subjects != second.of_subjects:
        one, several = (second, first) if first.of_subjects else (first, second)
        raise InputError(f"{one.label} is one graph and {several.label} a group of them: compare two of a kind")
    if paired and not first.of_subjects:
        raise InputError("paired (--paired) is for two groups of subjects; got one graph on each side")
    second = in_order(second, first)
    if paired:
        second = matched(second, first)
    notes = notes_on(first, second, paired)
    tested = np.logical_or(first.above.any(axis=0), second.above.any(axis=0))
    test = None
    if first.of_subjects:
        chosen = first.scores[:, tested], second.scores[:, tested]
        test = permute(*chosen, paired=paired, permutations=permutations, random_state=random_state)
    edges = _edges(first, second, tested, test)
    counts = Counter(edge.status for edge in edges)
    record = {
        "conclusion": " ".join([_conclude(first, second, counts, int(tested.sum()), test), *notes]),
        "method": first.record.get("method", "grngc"),
        "a": first.described(),
        "b": second.described(),
        "counts": {status: counts[status] for status in STATUSES},
        "test": test and {
            "paired": paired,
            "tested_pairs": int(tested.sum()),
            "relabellings": test.relabellings,
            "exact": test.exact,
            "seed": None if test.exact else random_state,
            "smallest_p": test.smallest,
            "alpha": ALPHA,
        },
        "series": first.graph.names,
        "versions": versions(),
    }  # fmt: skip
    return Comparison(edges, plain(record))


def _edges(a: Side, b: Side, tested: np.ndarray, test: Permuted | None) -> list[EdgeChange]:
    """Return every ordered pair of two series; ``test`` is of the pairs ``tested``, (target, source)."""
    signs = [{(edge.source, edge.target): edge.sign for edge in side.graph.edges()} for side in (a, b)]
    scores = [side.scores.mean(axis=0) for side in (a, b)]
    shares = [side.above.mean(axis=0) for side in (a, b)]
    floor = max(found.noise_floor for side in (a, b) for found in side.members.values())
    names, place = a.graph.names, np.cumsum(tested).reshape(tested.shape) - 1  # of a pair in the test
    edges = []
    for j, i in np.argwhere(a.graph.pairs() | tested):
        pair = names[i], names[j]
        score_a, score_b, share_a, share_b = (float(values[j, i]) for values in (*scores, *shares))
        sign_a, sign_b = (told.get(pair, "±") for told in signs)  # a pair may be forbidden on one side
        difference = score_b - score_a
        ps: list[float | None] = [None] * 3
        if test is None:
            differs = abs(difference) > floor or {sign_a, sign_b} == {"+", "-"}
            status = _of_graphs(share_a > 0, share_b > 0, differs)
        else:
            if tested[j, i]:
                ps = [float(values[place[j, i]]) for values in (test.p, test.p_familywise, test.q)]
            differs = ps[1] is not None and ps[1] <= ALPHA
            status = _of_groups(share_a > COMMON, share_b > COMMON, difference, differs)
        edges.append(EdgeChange(*pair, status, score_a, score_b, difference, sign_a, sign_b, share_a, share_b, *ps))
    return sorted(edges, key=_clearest_first)


def _of_graphs(in_a: bool, in_b: bool, differs: bool) -> str:
    if in_a and in_b:
        return "changed" if differs else "same"
    return "lost" if in_a else "gained" if in_b else "absent"


def _of_groups(in_a: bool, in_b: bool, difference: float, differs: bool) -> str:
    if not differs:
        return "same" if in_a or in_b else "absent"
    if in_b and not in_a and difference > 0:
        return "gained"
    return "lost" if in_a and not in_b and difference < 0 else "changed"


def _clearest_first(edge: EdgeChange) -> tuple[float, ...]:
    ps = (2.0 if p is None else p for p in (edge.p_familywise, edge.p))
    return STATUSES.index(edge.status), *ps, -abs(edge.difference)


def _conclude(a: Side, b: Side, counts: Mapping[str, int], tested: int, test: Permuted | None) -> str:
    """Say in plain words what differs, and how sure that is."""
    found = ", ".join(f"{counts[status]} {status}" for status in STATUSES[:3])
    if test is None:
        return (
            f"From A to B: {found}; {counts['same']} the same. No significance can be given: with one graph on each "
            "side nothing tells a difference from chance. Several subjects on each side can: grngc discover FILES "
            "--out DIR for each side, then compare the two folders."
        )
    sizes = f"{len(a.members)} and {len(b.members)} subjects"
    if tested == 0:
        return f"No pair stands out in any of the {sizes}: there is no edge to compare."
    if test.smallest > ALPHA:
        few = "relabellings" if not test.exact and 1 / (test.relabellings + 1) > ALPHA else "subjects"
        return (
            f"No difference can be significant at {ALPHA:g}: the smallest p that {sizes} and {test.relabellings} "
            f"relabellings can give is {test.smallest:.3g}. More {few} are needed."
        )
    how = f"all {test.relabellings:,}" if test.exact else f"{test.relabellings:,} drawn"
    text = (
        f"From A to B: {found}, of {tested} pairs that stand out in any of {sizes} "
        f"(family-wise p <= {ALPHA:g}, {how} relabellings of subjects)."
    )
    return text + " No difference found is no proof of none." * (not sum(counts[status] for status in STATUSES[:3]))
