"""The Granger-causal graph: the only home of edge direction.

``scores[target, source]``: row *j* holds what drives series *j* (eq. 11 of arXiv 2507.11178). Tools that store
``[source, target]`` (networkx, tigramite) are served by a method here and by ``export.arrays``, which transpose; nobody
else does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .arguments import check_whole
from .edges import Edge, sign_of
from .errors import InputError
from .evidence import Evidence
from .graph_arrays import checked
from .over_time import MOST_OVER_TIME, OverTime, chosen_lags, chosen_series

if TYPE_CHECKING:
    import networkx
    import pandas


@dataclass(frozen=True, eq=False)
class CausalGraph:
    """Scores of every ordered pair of series; larger means more likely that *source* drives *target*.

    Attributes
    ----------
    scores : array (target, source)
        Mean absolute input gradient, collapsed over lags; in standard deviations of the target per standard
        deviation of the source when the series were standardised. Where there is a contemporaneous part, its size is
        in the sum.
    names : tuple of str
        Series names, the order of both axes.
    lag_scores : array (target, lag, source)
        Before the collapse; index 0 is lag 1.
    signs : array (target, lag, source)
        Mean *signed* gradient: positive where more of the source gives more of the target. 0 where unknown.
    exogenous : tuple of str
        Series that may be sources and never targets; their rows are zero.
    nearness : array (target, source), optional
        How near a score of exactly 0 is to being one, in [0, 1]: an order for the pairs that a linear fit left out
        (:func:`grngc.lasso.nearness`). Not a score: nothing is drawn from it.
    contemporaneous : array (target, source), optional
        Signed coefficients of the others' *present* values beside all pasts, in the units of scores; 0 on the
        diagonal. They have no direction: see :mod:`grngc.contemporaneous`. None where the present was not read.
    forbidden, required : bool array (target, source), optional
        What was known beforehand (:mod:`grngc.rules`): pairs that could not have a score, which are no statements and
        are not listed, and pairs that the penalty spared, which stand out whatever their score. None where none is.
    sign_constancy : array (target, lag, source), optional
        Share of windows in which the gradient has the sign of its mean, in [0, 1]; 0 where the mean is 0. Every window
        counts alike, however small its gradient. 1 by construction after a linear fit.
    evidence : Evidence, optional
        How sure each pair is. None where that was not asked for.
    read_over_time : callable, optional
        What :meth:`over_time` asks; there after a fit, and not saved.
    """

    scores: np.ndarray
    names: tuple[str, ...]
    lag_scores: np.ndarray = field(default=None)  # type: ignore[arg-type]
    signs: np.ndarray = field(default=None)  # type: ignore[arg-type]
    exogenous: tuple[str, ...] = ()
    nearness: np.ndarray | None = None
    contemporaneous: np.ndarray | None = None
    forbidden: np.ndarray | None = None
    required: np.ndarray | None = None
    sign_constancy: np.ndarray | None = None
    evidence: Evidence | None = None
    read_over_time: Callable[[Sequence[str], Sequence[int], Sequence[str], int], OverTime] | None = field(
        default=None, repr=False
    )

    def __post_init__(self) -> None:
        for name, value in checked(self).items():
            object.__setattr__(self, name, value)

    @property
    def n_lags(self) -> int:
        """Number of lags of the past that the scores are resolved over."""
        return self.lag_scores.shape[1]

    def edges(
        self,
        *,
        top: int | None = None,
        min_score: float = 0.0,
        own_past: bool = False,
        by_lag: bool = False,
        per_target: bool = False,
        among: np.ndarray | None = None,
    ) -> list[Edge]:
        """Return the edges as named records, strongest first; of scores that are 0, the nearest to being one first.

        Parameters
        ----------
        top : int, optional
            Keep at most this many, 0 or more.
        min_score : float
            Keep scores of at least this.
        own_past : bool
            Also the influence of each series on itself.
        by_lag : bool
            One record for each pair *and lag*, lag 0 too where the present was read; otherwise one for each pair, with
            the lag of its largest part.
        per_target : bool
            Order by :meth:`ranking` with ``per_target=True``; the ``score`` stays what it is.
        among : bool array (target, source), optional
            Only these pairs.
        """
        if top is not None:
            check_whole("top", top, least=0)
        parts, signed, first_lag = self._parts()
        size = parts if by_lag else self.scores[:, None, :]
        order = size * self._row_weights()[:, None, None] if per_target else size
        keep = (size >= min_score) & self.pairs(own_past)[:, None, :]
        if among is not None:
            keep &= among[:, None, :]
        best = parts.argmax(axis=1)
        if first_lag == 0:  # no series is a source of its own present
            own = np.diag_indices(len(self.names))
            best[own] = parts[:, 1:].argmax(axis=1)[own] + 1
            if by_lag:
                keep[:, 0] &= self.pairs(own_past=False)
        targets, lags, sources = np.nonzero(keep)
        near = np.zeros_like(self.scores) if self.nearness is None else self.nearness
        keys = (lags, targets, sources, -near[targets, sources], -order[targets, lags, sources])
        first = np.lexsort(keys)[:top]
        evidence = {} if self.evidence is None else self.evidence.arrays()
        stated = np.isfinite(evidence["p"]) if evidence else np.zeros(self.scores.shape, dtype=bool)
        records = []
        for j, k, i in zip(targets[first], lags[first], sources[first], strict=True):
            lag = k if by_lag else best[j, i]
            past = int(lag) + first_lag - 1  # -1 at lag 0
            records.append(
                Edge(
                    self.names[i],
                    self.names[j],
                    past + 1,
                    float(size[j, k, i]),
                    sign_of(signed[j, lag, i], parts[j, lag, i]),
                    None if self.nearness is None else float(near[j, i]),
                    self._constancy(j, past, i),
                    **({name: array[j, i].item() for name, array in evidence.items()} if stated[j, i] else {}),
                )
            )
        return records

    def over_time(
        self,
        *,
        source: str | Sequence[str] | None = None,
        target: str | Sequence[str] | None = None,
        lag: int | Sequence[int] | None = None,
        memory_budget: int = MOST_OVER_TIME,
    ) -> OverTime:
        """Return the gradient before it is averaged, window by window: which couplings act when.

        Computed when asked for, by the forecaster of the fit; a contemporaneous part, which no forecaster reads, is
        not in it.

        Parameters
        ----------
        source, target : str or sequence of str, optional
            Series to read, in this order; by default all, of targets those that are not exogenous.
        lag : int or sequence of int, optional
            From 1; by default all.
        memory_budget : int
            Bytes that the result may take, 4 for each entry; more is refused.
        """
        if self.read_over_time is None:
            raise InputError(
                "over_time() needs the forecaster and the data, which scores alone do not hold: call it on the graph "
                "of a fit, or on that of grngc.Discovery.load(folder, data)"
            )
        targets = chosen_series("target", target, [name for name in self.names if name not in self.exogenous])
        sources = chosen_series("source", source, self.names)
        return self.read_over_time(targets, chosen_lags(lag, self.n_lags), sources, memory_budget)

    def ranking(self, *, per_target: bool = False) -> np.ndarray:
        """Return the (target, source) matrix that edges are ordered by: the scores, or each row over its own level.

        With ``per_target`` every target's off-diagonal row is divided by the mean of that row *plus* the mean of all
        rows. A target with many strong sources no longer crowds out the rest, while a row far below the common
        level keeps its place at the bottom: an undriven target is never lifted to look driven, and a graph of
        zeros stays zero. Only an order: it has no unit and is no confidence.

        Where ``nearness`` is known, pairs with a score of exactly 0 come below all others, ordered by it: their
        entries are ``nearness - 1``, from -1 to 0.
        """
        order = self.scores * self._row_weights()[:, None] if per_target else self.scores
        if self.nearness is None:
            return order
        rows = self.pairs(own_past=True)
        return np.where(rows & (self.scores == 0), self.nearness - 1, np.where(rows, order, -1))

    def pairs(self, own_past: bool = False) -> np.ndarray:
        """Mask (target, source) of the entries that are statements: targets not exogenous, pairs not forbidden."""
        p = len(self.names)
        rows = np.array([name not in self.exogenous for name in self.names])
        found = rows[:, None] & (np.ones((p, p), bool) if own_past else ~np.eye(p, dtype=bool))
        return found if self.forbidden is None else found & ~self.forbidden

    def above(self, floor: float) -> np.ndarray:
        """Mask (target, source) of the pairs of two series whose score is above a floor, and of those required."""
        found = self.pairs() & (self.scores > floor)
        return found if self.required is None else found | self.required

    def believed(self, floor: float) -> np.ndarray:
        """Mask (target, source) of the pairs to read a graph from: those selected, where there is evidence; else those
        above the floor. Those required always are."""
        if self.evidence is None:
            return self.above(floor)
        return self.evidence.selected if self.required is None else self.evidence.selected | self.required

    def to_frame(self, *, own_past: bool = True, by_lag: bool = True) -> "pandas.DataFrame":
        """Return :meth:`edges` as a data frame with the columns of ``edges.csv``."""
        import pandas as pd

        return pd.DataFrame(self.edges(own_past=own_past, by_lag=by_lag), columns=list(Edge._fields))

    def to_networkx(
        self, *, top: int | None = None, min_score: float = 0.0, edges: Sequence[Edge] | None = None
    ) -> "networkx.DiGraph":
        """Return a ``DiGraph`` with an arrow source -> target for every edge.

        Edges carry ``score``, ``lag``, ``sign``, ``directed`` (False at lag 0, where the arrow says nothing), and where
        they are known ``frequency``, ``p``, ``q`` and ``selected``; series ``exogenous``.

        Parameters
        ----------
        top, min_score
            As of :meth:`edges`.
        edges : sequence of Edge, optional
            These instead, say those of :meth:`grngc.Discovery.standing_out`; one for each pair.
        """
        import networkx as nx

        graph = nx.DiGraph()
        graph.add_nodes_from((name, {"exogenous": name in self.exogenous}) for name in self.names)
        for edge in self.edges(top=top, min_score=min_score) if edges is None else edges:
            sure = {"frequency": edge.frequency, "p": edge.p, "q": edge.q, "selected": edge.selected}
            told = {name: value for name, value in sure.items() if value is not None}
            about = {"score": edge.score, "lag": edge.lag, "sign": edge.sign, "directed": edge.lag > 0}
            graph.add_edge(edge.source, edge.target, **about, **told)
        return graph

    def save(self, path: Path | str, beside: Mapping[str, np.ndarray] | None = None) -> Path:
        """Write one ``.npz``: the arrays, and a JSON text for the rest. No pickle. Replaced whole or not at all.

        ``beside``: further arrays under names of their own, for other readers; :meth:`load` leaves them.
        """
        from .graph_file import write_graph

        return write_graph(self, path, beside or {})

    @classmethod
    def load(cls, path: Path | str) -> "CausalGraph":
        """Read what :meth:`save` wrote. Raises :class:`InputError` for any other file."""
        from .graph_file import read_graph

        return read_graph(path)

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from .graph_html import graph_html

        return graph_html(self)

    def _parts(self) -> tuple[np.ndarray, np.ndarray, int]:
        """Return sizes and signed values (target, lag, source) of all that a score is made of, and their first lag."""
        if self.contemporaneous is None:
            return self.lag_scores, self.signs, 1
        present = self.contemporaneous[:, None]
        sizes = np.concatenate([np.abs(present), self.lag_scores], axis=1)
        return sizes, np.concatenate([present, self.signs], axis=1), 0

    def _constancy(self, target: int, lag: int, source: int) -> float | None:
        """Return how constant a sign is; ``lag`` is a position, -1 for the present."""
        if self.sign_constancy is None or lag < 0 or self.lag_scores[target, lag, source] == 0:
            return None
        return float(self.sign_constancy[target, lag, source])

    def signed_parts(self) -> np.ndarray:
        """Return the signed values (target, lag, source) that scores are made of; the present, if read, comes first."""
        return self._parts()[1]

    def _row_weights(self) -> np.ndarray:
        """Return 1 / (mean of the target's off-diagonal row + mean of all), all 1 for an empty graph."""
        off = self.pairs(own_past=False)
        scores = np.where(off, self.scores, 0)
        level = scores.sum(axis=1) / np.maximum(off.sum(axis=1), 1) + scores.sum() / max(off.sum(), 1)
        return np.where(level > 0, 1 / np.where(level > 0, level, 1), 1)
