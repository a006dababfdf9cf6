"""What is known beforehand: which series may drive which, which surely do. Names in, masks out.

Pairs are written in the order *source, target*, as in ``edges.csv``; masks are ``(target, source)``, as scores.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .arguments import brief, listed, nearest
from .errors import InputError
from .partition import Part, partition

ANY = "*"
"""In a pair: every other series."""

OPTIONS = {
    "sources": "sources= (--sources)",
    "forbidden": "forbidden= (--forbid)",
    "required": "required= (--require)",
    "never_compared": "never_compared= (--never-compared)",
}
"""What each is called in a message."""

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, eq=False)
class Rules:
    """Which series may drive which, and which are held to.

    Attributes
    ----------
    names : tuple of str
    targets : bool array (series,)
        False where exogenous: no rule says anything about what drives these.
    allowed : bool array (target, source)
        Own pasts always are.
    required : bool array (target, source)
        Of those: which the penalty spares.
    sources : tuple of str, optional
        The series that may drive others, where they were listed.
    """

    names: tuple[str, ...]
    targets: np.ndarray
    allowed: np.ndarray
    required: np.ndarray
    sources: tuple[str, ...] | None = None

    @classmethod
    def none(cls, targets: np.ndarray) -> "Rules":
        """Return rules that rule nothing out."""
        p = len(targets)
        names = tuple(f"x{i + 1}" for i in range(p))
        return cls(names, np.asarray(targets), np.ones((p, p), dtype=bool), np.zeros((p, p), dtype=bool))

    @cached_property
    def pairs(self) -> np.ndarray:
        """Bool array (target, source) of the pairs of two series that a graph may have."""
        return self.allowed & self.targets[:, None] & ~np.eye(len(self.targets), dtype=bool)

    @cached_property
    def forbidden(self) -> np.ndarray | None:
        """Bool array (target, source) of the pairs that are ruled out; None where none is."""
        ruled_out = ~self.allowed & self.targets[:, None]
        return ruled_out if ruled_out.any() else None

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The targets put together by what they may read; empty where every target may read every series."""
        return () if self.forbidden is None else partition(self.allowed, self.targets)

    def told(self) -> dict[str, Any] | None:
        """Return what the record of a run says, plain data; None where there are no rules."""
        if self.forbidden is None and not self.required.any():
            return None
        return {
            "sources": None if self.sources is None else list(self.sources),
            "forbidden_pairs": 0 if self.forbidden is None else int(self.forbidden.sum()),
            "required": [[self.names[i], self.names[j]] for j, i in np.argwhere(self.required).tolist()],
        }


def rules_of(names: Sequence[str], exogenous: Sequence[str], given: Mapping[str, Any]) -> Rules:
    """Return the rules for these series.

    Parameters
    ----------
    names, exogenous : sequence of str
    given : mapping
        ``sources``: names of the series that may drive others. ``forbidden``, ``required``: (source, target) pairs, in
        which ``"*"`` stands for every other series. ``never_compared``: groups of names; no series of one drives any of
        another, either way. Each may be None, or not there.

    Raises
    ------
    InputError
        A name is not known, a rule is not of its form, is there twice, or goes against another.
    """
    own, known = np.eye(len(names), dtype=bool), list(names)
    targets = np.array([name not in exogenous for name in names])
    allowed, required = np.ones_like(own), np.zeros_like(own)
    sources = _sources(given.get("sources"), known, exogenous)
    if sources is not None:
        allowed &= np.isin(names, sources)
    for source, target in _pairs(given.get("forbidden"), "forbidden", known):
        forbidden = _spread(source, target, known)
        allowed &= ~forbidden | own
    allowed &= ~_apart(given.get("never_compared"), known)
    allowed |= own
    what = OPTIONS["required"]
    for source, target in _pairs(given.get("required"), "required", known):
        if target in exogenous:
            raise InputError(f"{what} has {_said(source, target)}: {brief(target)} is exogenous, so nothing drives it")
        if sources is not None and source != ANY and source not in sources:
            raise InputError(
                f"{what} has {_said(source, target)}, and {OPTIONS['sources']} leaves {brief(source)} out: add it there"
            )
        wanted = _spread(source, target, known) & targets[:, None] & ~own
        if source == ANY and sources is not None:
            wanted &= np.isin(names, sources)
        for j, i in np.argwhere(wanted & ~allowed).tolist():
            raise InputError(f"{what} asks for {_said(names[i], names[j])}, which is forbidden: take one of them back")
        required |= wanted
    between = targets[:, None] & ~own
    if between.any() and not (allowed & between).any():
        raise InputError("what is forbidden leaves no pair of two series: allow one at least")
    return Rules(tuple(names), targets, allowed, required, sources)


def _sources(given: Any, known: list[str], exogenous: Sequence[str]) -> tuple[str, ...] | None:
    """Return the sources that were listed, each known and once."""
    if given is None:
        return None
    sources = tuple(_names(given, OPTIONS["sources"], known))
    if not sources:
        raise InputError(f"{OPTIONS['sources']} names no series: leave it out to admit all")
    if idle := [name for name in exogenous if name not in sources]:
        raise InputError(
            f"{OPTIONS['sources']} leaves out {listed(idle)}, exogenous: neither a source nor a target then; add it, "
            "or leave its column out"
        )
    return sources


def _names(given: Any, what: str, known: list[str]) -> list[str]:
    """Return names, each known and once."""
    if isinstance(given, str) or not isinstance(given, Sequence | np.ndarray):
        raise InputError(f"{what} takes a list of names; got {given!r:.60}")
    names = list(given)
    for name in names:
        _check_known(name, what, known)
    if twice := [name for n, name in enumerate(names) if name in names[:n]]:
        raise InputError(f"{what} names {brief(twice[0])} twice: name it once")
    return names


def _check_known(name: Any, what: str, known: list[str]) -> None:
    if not isinstance(name, str):
        raise InputError(f"{what} takes names as text; got {name!r:.60}")
    if name not in known:
        raise InputError(f"no series {brief(name)} for {what}{nearest(name, known)}")


def _pairs(given: Any, rule: str, known: list[str]) -> Iterator[tuple[str, str]]:
    """Yield pairs (source, target) of known names, or ``"*"``, each once."""
    if given is None:
        return
    what = OPTIONS[rule]
    if isinstance(given, str) or not isinstance(given, Sequence | np.ndarray):
        raise InputError(f"{what} takes a list of (source, target) pairs; got {given!r:.60}")
    seen = set()
    for pair in given:
        if isinstance(pair, str) or not isinstance(pair, Sequence | np.ndarray) or len(pair) != 2:
            raise InputError(f"{what} takes a list of (source, target) pairs; got {pair!r:.60} in it")
        source, target = pair
        for name in pair:
            if name != ANY or ANY in known:
                _check_known(name, what, known)
        if source == target:
            every = "every series would have no source" if source == ANY else "its own past is always read"
            raise InputError(f"{what} has {_said(source, target)}: {every}; name two series")
        if (source, target) in seen:
            raise InputError(f"{what} has {_said(source, target)} twice: write it once")
        seen.add((source, target))
        yield source, target


def _spread(source: str, target: str, known: list[str]) -> np.ndarray:
    """Return the mask (target, source) of a pair, in which ``"*"`` stands for all."""
    mask = np.zeros((len(known), len(known)), dtype=bool)
    at = [slice(None) if name == ANY and ANY not in known else known.index(name) for name in (target, source)]
    mask[at[0], at[1]] = True
    return mask


def _apart(given: Any, known: list[str]) -> np.ndarray:
    """Return the mask (target, source) of the pairs whose series are of different groups."""
    what, group = OPTIONS["never_compared"], np.full(len(known), -1)
    if given is None:
        return np.zeros((len(known), len(known)), dtype=bool)
    if isinstance(given, str) or not isinstance(given, Sequence) or len(given) < 2:
        raise InputError(f"{what} takes two groups of names or more; got {given!r:.60}")
    for n, members in enumerate(given):
        for name in _names(members, what, known):
            at = known.index(name)
            if group[at] >= 0:
                raise InputError(f"{what} has {brief(name)} in two groups: put it in one")
            group[at] = n
    grouped = group >= 0
    return (group[:, None] != group) & grouped[:, None] & grouped


def _said(source: str, target: str) -> str:
    return f"{brief(source)} -> {brief(target)}"
