"""The graph that subjects have in common: mean scores, and the share of subjects in which a pair stands out.

Each subject's graph is read on its own. Scores of several subjects are comparable because they have one unit, standard
deviations of the target for one of the source: see docs/how-to/subjects.md. A lag that a subject's forecaster does not
read counts as 0, which its gradient there is; so means over subjects of unlike lags are means of gradients all the same
(decision 0016).
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from .edges import COMMON, GroupEdge
from .errors import InputError
from .folders import check_folder, write_folder
from .graph import CausalGraph
from .record import conclude_group, json_text, plain, read_record
from .report import group_page, summarise_subjects, write_page
from .results import PAGE, Discovery
from .storage import csv_text, write_atomically
from .summary import summarise_group

FORMAT_VERSION = 1
"""Of ``group.json`` and ``group_edges.csv``."""

RECORD = "group.json"
FILES = ("group_edges.csv", "group.npz", PAGE, RECORD)


@dataclass(frozen=True, eq=False)
class GroupDiscovery:
    """The graphs of several subjects, and what they have in common.

    Attributes
    ----------
    subjects : mapping from str to Discovery
        Each subject's own graph and record, in the order they were given.
    failed : mapping from str to str
        Subjects that gave no graph, with the reason; they count nowhere.
    graph : CausalGraph
        Mean scores, lag scores and signs.
    record : dict
        What ``group.json`` holds: subjects, what was chosen for each, configuration, versions, conclusion.
    """

    subjects: Mapping[str, Discovery]
    failed: Mapping[str, str]
    graph: CausalGraph
    record: dict[str, Any]

    @property
    def scores(self) -> np.ndarray:
        """Scores of every subject, (subject, target, source)."""
        return _scores(self.subjects)

    @property
    def above(self) -> np.ndarray:
        """Bool array (subject, target, source): pairs of two series that stand out in the subject by itself."""
        return np.stack([found.graph.believed(found.noise_floor) for found in self.subjects.values()])

    @property
    def share(self) -> np.ndarray:
        """Share (target, source) of the subjects in which a pair of two series stands out."""
        return self.above.mean(axis=0)

    @property
    def trustworthy(self) -> bool:
        """Whether any pair stands out in more than half of the subjects; if not, they have no graph in common."""
        return self.record["trustworthy"]

    def edges(self) -> list[GroupEdge]:
        """Return every ordered pair, own pasts included, in the order of mean scores."""
        return _edges(self.subjects, self.graph)

    def summary(self, top: int = 10) -> str:
        """Return a page of plain text: the subjects, the ``top`` pairs that they have in common, the conclusion."""
        return summarise_group(self.record, _common(self.edges()), top)

    def report(self, path: Path | str, overwrite: bool = False) -> Path:
        """Write one self-contained HTML page about the group, to look at in a browser, without a network.

        Parameters
        ----------
        path : path
            Of the page. Refused when it exists.
        overwrite : bool
            Replace it.
        """
        return write_page(path, self.report_html(), overwrite)

    def report_html(self) -> str:
        """Return the text of the page that :meth:`report` writes."""
        return group_page(summarise_subjects(self.graph, self.record, self.edges(), self.scores, self.above))

    def save(self, folder: Path | str, overwrite: bool = False, report: bool = False) -> list[Path]:
        """Write the results of the group into a folder, and those of each subject into a folder in it.

        ``group_edges.csv`` has one row for each ordered pair (:class:`GroupEdge`), ``group.npz`` the mean graph, which
        :meth:`CausalGraph.load` reads, and beside it ``share`` and ``sd`` (target, source), ``subject_scores``
        (subject, target, source), ``noise_floors`` and ``subjects``. ``group.json`` comes last and says that all are
        there. A subject's folder is what :meth:`Discovery.save` writes.

        Parameters
        ----------
        folder : path
            Made if needed. Refused when it exists and is not empty.
        overwrite : bool
            Replace files of these names; others stay, but for the report of what was replaced.
        report : bool
            Also write the page of :meth:`report`, ``report.html``; none for each subject.

        Returns
        -------
        list of Path
            The group's own files.
        """
        folder = check_folder(folder, overwrite)
        for name, found in self.subjects.items():
            found.save(folder / name, overwrite)
        return self.save_group(folder, report)

    def save_group(self, folder: Path, report: bool = False) -> list[Path]:
        """Write the group's own files beside the subjects' folders that are there."""
        rows, scores = self.edges(), self.scores
        beside = {
            "share": self.share,
            "sd": np.full(scores.shape[1:], np.nan) if (sd := _sd(scores)) is None else sd,
            "subject_scores": scores,
            "noise_floors": np.array([found.noise_floor for found in self.subjects.values()]),
            "subjects": np.array(list(self.subjects), dtype=np.str_),
        }
        writers: dict[str, Callable[[Path], object]] = {
            "group_edges.csv": lambda path: write_atomically(path, csv_text(GroupEdge._fields, rows)),
            "group.npz": partial(self.graph.save, beside=beside),
            **({PAGE: self.report} if report else {}),
            RECORD: lambda path: write_atomically(path, json_text(self.record)),
        }
        written = write_folder(folder, writers, overwrite=True)
        if not report:
            (folder / PAGE).unlink(missing_ok=True)  # it would be about results that are no longer there
        return written

    @classmethod
    def load(cls, folder: Path | str) -> "GroupDiscovery":
        """Read what :meth:`save` wrote, the subjects' folders too. Raises :class:`InputError` for anything else."""
        folder = Path(folder)
        needed = {"subjects": list, "failed": dict, "trustworthy": bool, "configuration": dict, "data": dict}
        record = read_record(folder / RECORD, FORMAT_VERSION, needed)
        names = [each.get("name") if isinstance(each, dict) else None for each in record["subjects"]]
        if odd := [name for name in names if not isinstance(name, str) or not usable_as_folder(name)] or not names:
            raise InputError(f"{folder / RECORD}: not a record written by grngc (subjects: {odd!r:.60})")
        subjects = {str(name): Discovery.load(folder / str(name)) for name in names}
        _check_same_series({str(folder / name): found.graph for name, found in subjects.items()})
        return cls(subjects, record["failed"], mean_graph([found.graph for found in subjects.values()]), record)


def group_of(
    subjects: Mapping[str, Discovery], failed: Mapping[str, str], timings: Mapping[str, Any]
) -> GroupDiscovery:
    """Put subjects' graphs together; ``timings`` are for the record."""
    graph = mean_graph([found.graph for found in subjects.values()])
    common = _common(_edges(subjects, graph))
    first = next(iter(subjects.values())).record
    told = [_told(name, found) for name, found in subjects.items()]
    record = {
        "format_version": FORMAT_VERSION,
        "conclusion": conclude_group(graph, common, told, list(failed)),
        "trustworthy": bool(common),
        "common_edges": len(common),
        "subjects": told,
        "failed": failed,
        "configuration_name": first["configuration_name"],
        "configuration": first["configuration"],
        "seed": first["seed"],
        "data": {name: first["data"][name] for name in ("series", "exogenous", "transforms", "missing")},
        "versions": first["versions"],
        "timings": timings,
    }
    return GroupDiscovery(subjects, failed, graph, plain(record))


def mean_graph(graphs: Sequence[CausalGraph]) -> CausalGraph:
    """Return the mean of graphs of the same series; a lag that a graph has not is 0 there."""
    lags = max(graph.n_lags for graph in graphs)

    def mean(arrays: list[np.ndarray]) -> np.ndarray:
        return np.mean([np.pad(array, ((0, 0), (0, lags - array.shape[1]), (0, 0))) for array in arrays], axis=0)

    none = np.zeros_like(graphs[0].scores)
    nearness = [graph.nearness for graph in graphs if graph.nearness is not None]
    present = [graph.contemporaneous for graph in graphs if graph.contemporaneous is not None]
    together = present + [none] * (len(graphs) - len(present))
    return CausalGraph(
        np.mean([graph.scores for graph in graphs], axis=0),
        graphs[0].names,
        mean([graph.lag_scores for graph in graphs]),
        mean([graph.signs for graph in graphs]),
        exogenous=graphs[0].exogenous,
        forbidden=np.all([np.zeros_like(none, bool) if g.forbidden is None else g.forbidden for g in graphs], axis=0),
        required=np.all([np.zeros_like(none, bool) if g.required is None else g.required for g in graphs], axis=0),
        nearness=np.mean(nearness, axis=0) if len(nearness) == len(graphs) else None,
        # the sizes that are in the scores, so that lag 0 is not hidden where signs differ; signs are told apart below
        contemporaneous=np.copysign(np.abs(together).mean(axis=0), np.sum(together, axis=0)) if present else None,
    )


def _check_same_series(graphs: Mapping[str, CausalGraph]) -> None:
    """Refuse graphs that are not of the same series in the same order."""
    first, *others = graphs
    for name in others:
        if (graphs[name].names, graphs[name].exogenous) != (graphs[first].names, graphs[first].exogenous):
            raise InputError(f"{name}: has other series than {first}, or in another order")


def usable_as_folder(name: str) -> bool:
    """Return whether a subject's name can be that of a folder beside the group's files."""
    try:
        name.encode()
    except UnicodeEncodeError:  # bytes of a file's name that are no text: the record could not hold them
        return False
    return bool(name) and not name.startswith(".") and not {"/", "\0"} & set(name) and name not in FILES


def _scores(subjects: Mapping[str, Discovery]) -> np.ndarray:
    """Return the scores of every subject, (subject, target, source)."""
    return np.stack([found.graph.scores for found in subjects.values()])


def _sd(scores: np.ndarray) -> np.ndarray | None:
    """Return their standard deviation over subjects, (target, source); None for one subject."""
    return scores.std(axis=0, ddof=1) if len(scores) > 1 else None


def _edges(subjects: Mapping[str, Discovery], graph: CausalGraph) -> list[GroupEdge]:
    place = {name: i for i, name in enumerate(graph.names)}
    n, sd = len(subjects), _sd(_scores(subjects))
    signs: dict[tuple[str, str], Counter[str]] = {}
    for found in subjects.values():
        for edge in found.standing_out():
            signs.setdefault((edge.source, edge.target), Counter())[edge.sign] += 1
    rows = []
    for edge in graph.edges(own_past=True):
        told = signs.get((edge.source, edge.target), Counter())
        rows.append(
            GroupEdge(
                edge.source,
                edge.target,
                edge.lag,
                edge.score,
                None if sd is None else float(sd[place[edge.target], place[edge.source]]),
                None if edge.source == edge.target else told.total() / n,
                n,
                edge.sign,
                max(told["+"], told["-"]) / told.total() if told else None,
            )
        )
    return rows


def _common(edges: Sequence[GroupEdge]) -> list[GroupEdge]:
    """Return the pairs that stand out in more than half of the subjects, those of most subjects first."""
    return sorted((edge for edge in edges if (edge.share or 0) > COMMON), key=lambda edge: -(edge.share or 0))


def _told(name: str, found: Discovery) -> dict[str, Any]:
    """Return what the group's record says of a subject."""
    record = found.record
    data, choice = record["data"], record["choice"]
    return {
        "name": name,
        "origin": data["origin"],
        "sha256": data["sha256"],
        "trajectories": len(data["trajectories"]),
        "times": data["times"],
        "windows": data["windows"],
        "forecaster": choice["forecaster"],
        "lag": choice["lag"],
        "penalty": choice["penalty"],
        "contemporaneous": choice["contemporaneous"]["used"],
        "noise_floor": record["noise_floor"],
        "edges_above_noise_floor": record["edges_above_noise_floor"],
        "trustworthy": found.trustworthy,
        "converged": found.converged,
        "diagnostics": [one["kind"] for one in record.get("diagnostics", ())],
    }
