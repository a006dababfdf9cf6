"""Edges of one graph, over several subjects, and on two sides: named records, and the words that are said of them."""

from typing import NamedTuple

SIGN_AGREEMENT = 0.5
"""A sign is + or - when the mean gradient is at least this share of the mean absolute gradient, else ±."""

COMMON = 0.5
"""A pair of the common graph stands out in more than this share of the subjects: in one of two it may be by chance."""

ALPHA = 0.05
"""Family-wise p, at most, of a difference between two groups."""

UNLIKE_LENGTH = 1.25
"""Times as many windows, on one side or of one subject, from which it is said."""

STATUSES = ("gained", "lost", "changed", "same", "absent")
"""From A to B. Two groups: ``gained``, ``lost`` and ``changed`` differ by a family-wise p of at most ``ALPHA``; gained
has the larger mean score in B and stands out in more than half of the subjects there and not in A, lost the other way
round, changed is every other difference. Two graphs: gained stands out in B only, lost in A only; changed stands out in
both, with the other sign, or with scores that differ by more than the larger noise floor. Otherwise ``same``, and
``absent`` where it stands out in neither. Same says that no difference was found, not that there is none."""


class Edge(NamedTuple):
    """One directed statement, *source drives target*, with the lag in time steps (1 = the most recent).

    Lag 0 makes no such statement: the two move together within one time step, in a direction that is unknown. Both
    i -> j and j -> i then come from the same association.

    ``nearness`` is that of the pair, whatever the lag: an order for scores of exactly 0, no more. None where it is not
    known (:attr:`grngc.CausalGraph.nearness`). ``sign_constancy`` is the share of windows in which the gradient at this
    lag has the sign of its mean; None where it is not known, at lag 0, and for a part of exactly 0.

    The others say how sure the pair is, whatever the lag (:class:`grngc.evidence.Evidence`); None where that was not
    asked for, or no statement is made.
    """

    source: str
    target: str
    lag: int
    score: float
    sign: str
    nearness: float | None = None
    sign_constancy: float | None = None
    frequency: float | None = None
    p: float | None = None
    q: float | None = None
    selected: bool | None = None
    low: float | None = None
    high: float | None = None
    lag_frequency: float | None = None
    sign_frequency: float | None = None


class GroupEdge(NamedTuple):
    """One ordered pair of series over all subjects.

    ``share`` is that of the subjects in which the pair stands out above the subject's own noise floor, None for own
    pasts; ``sign_agreement`` the share, among these, of those with the more frequent of + and -, None where there are
    none. ``sd`` (over subjects, by n - 1) is None for one subject. ``lag`` and ``sign`` are those of the mean graph.
    """

    source: str
    target: str
    lag: int
    mean_score: float
    sd: float | None
    share: float | None
    n_subjects: int
    sign: str
    sign_agreement: float | None


class EdgeChange(NamedTuple):
    """One ordered pair of series on both sides; of a group, the mean score, its sign, and the share of subjects.

    ``p`` is that of the pair by itself, ``p_familywise`` by the largest statistic of all pairs that are tested, ``q``
    Benjamini and Hochberg's. All three are None for two graphs, and for pairs that stand out in no subject, which are
    not tested.
    """

    source: str
    target: str
    status: str
    score_a: float
    score_b: float
    difference: float
    sign_a: str
    sign_b: str
    share_a: float
    share_b: float
    p: float | None
    p_familywise: float | None
    q: float | None


def sign_of(signed: float, size: float) -> str:
    """Return +, - or ± for a mean signed gradient and the mean size of it."""
    if abs(signed) < SIGN_AGREEMENT * size or signed == 0:
        return "±"
    return "+" if signed > 0 else "-"
