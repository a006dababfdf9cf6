"""What a run gives: a graph, the record of how it came about, and both as files in a folder."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import UnionType
from typing import Any

from sklearn.base import BaseEstimator

from .edges import Edge
from .errors import InputError
from .folders import write_folder
from .graph import CausalGraph
from .panel import Panel
from .record import json_text, read_record, standing_out
from .report import run_page, summarise_run, write_page
from .storage import csv_text, write_atomically
from .summary import summarise
from .window_reader import WindowReader, reread

FORMAT_VERSION = 1
"""Of ``run.json`` and ``edges.csv``. Later versions of grngc add keys and columns; a change of one adds one here."""

RECORD = "run.json"
"""The file of results that comes last, and says that all are there."""

FORECASTER = "forecaster.safetensors"

PAGE = "report.html"

NEEDED: dict[str, type | UnionType] = {
    "conclusion": str, "trustworthy": bool, "noise_floor": float | int | None, "configuration": dict, "choice": dict,
    "data": dict, "versions": dict, "training": dict,
}  # fmt: skip
"""What of ``run.json`` others than people read."""


@dataclass(frozen=True, eq=False)
class Discovery:
    """A graph, how it came about, and what may be concluded.

    Attributes
    ----------
    graph : CausalGraph
    record : dict
        What ``run.json`` holds: configuration as it was asked for, what was chosen where that is ``"auto"``, data,
        versions, seed, timings, course of training, conclusion.
    noise_floor : float
        Scores at or below it are what unrelated series give.
    trustworthy : bool
        Whether any series stands out as a source of another; if not, no graph should be read from the scores. It
        stands out where the pair is selected, without ``confidence`` where its score is above the noise floor.
    estimator : GRNGC, or another of METHODS, optional
        Fitted; GRNGC's ``estimator.forecast(steps)`` continues the series. None where the results were read from files.
    reader : WindowReader, optional
        The forecaster beside its data: ``reader.forecasts()`` holds what was observed and forecast. None where the
        results were read from files without the data, and where the method has no forecaster to be read so.
    """

    graph: CausalGraph
    record: dict[str, Any]
    noise_floor: float
    trustworthy: bool
    estimator: BaseEstimator | None = field(repr=False, default=None)
    reader: WindowReader | None = field(repr=False, default=None)

    @property
    def converged(self) -> bool:
        """Whether the scores had settled when training ended."""
        return self.record["training"]["converged"]

    def standing_out(self) -> list[Edge]:
        """Return the pairs of two series whose score is above the noise floor, and those required, strongest first."""
        return standing_out(self.graph, self.noise_floor)

    def summary(self, top: int = 10) -> str:
        """Return a page of plain text: data, configuration, training, the ``top`` strongest edges, the conclusion."""
        return summarise(self.record, self.standing_out(), top)

    def report(self, path: Path | str, overwrite: bool = False) -> Path:
        """Write one self-contained HTML page about the results, to look at in a browser, without a network.

        Couplings over time, and what was observed beside what was forecast, are on it where the panel is at hand: after
        :func:`grngc.discover`, or :meth:`load` with ``data``. Nothing is trained.

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
        return run_page(summarise_run(self.graph, self.record, self.noise_floor, self.reader))

    def save(self, folder: Path | str, overwrite: bool = False, report: bool = False) -> list[Path]:
        """Write the results into a folder: all or nothing; ``run.json`` comes last and says that all are there.

        ``edges.csv`` has one row for each ordered pair and lag, own past included, strongest first; rows at lag 0, if
        any, say that two series move together within one time step, in an unknown direction. Rows of score 0 come
        in the order of ``nearness``, the pair's, which is empty where it is not known; ``sign_constancy`` is the share
        of windows that agree on the sign, empty at lag 0 and where the score is exactly 0. Names are the data's, letter
        for letter, so that they can be matched again: a name such as ``=A1`` would be a formula to a spreadsheet, which
        must be told to import that column as text. ``graph.npz`` is read by :meth:`CausalGraph.load`,
        ``forecaster.safetensors`` by :func:`grngc.forecasters.load_forecaster`.

        Parameters
        ----------
        folder : path
            Made if needed. Refused when it exists and is not empty.
        overwrite : bool
            Replace these files; others in the folder stay, but for the report of what was replaced.
        report : bool
            Also write the page of :meth:`report`, ``report.html``.

        Returns
        -------
        list of Path
        """
        save_forecaster = getattr(self.estimator, "save_forecaster", None)  # of GRNGC
        writers: dict[str, Callable[[Path], object]] = {
            "edges.csv": lambda path: write_atomically(path, self.edges_csv()),
            "graph.npz": self.graph.save,
            **({FORECASTER: save_forecaster} if save_forecaster else {}),
            **({PAGE: self.report} if report else {}),
            RECORD: lambda path: write_atomically(path, self.run_json()),
        }
        written = write_folder(folder, writers, overwrite)
        if not report:
            (Path(folder) / PAGE).unlink(missing_ok=True)
        return written

    @classmethod
    def load(cls, folder: Path | str, data: Panel | None = None) -> "Discovery":
        """Read what :meth:`save` wrote. Raises :class:`InputError` for anything else.

        Parameters
        ----------
        folder : path
        data : Panel, optional
            The panel of the run, as :func:`grngc.read_panel` or :func:`grngc.as_panel` make it with the same options;
            then the forecaster is read too: ``reader``, and :meth:`CausalGraph.over_time` of the graph.
        """
        record = read_record(Path(folder) / RECORD, FORMAT_VERSION, NEEDED)
        floor = math.inf if record["noise_floor"] is None else record["noise_floor"]
        graph = CausalGraph.load(Path(folder) / "graph.npz")
        if data is not None and not (Path(folder) / FORECASTER).exists() and "method" in record:
            raise InputError(f"{folder}: results of {record['method']}, without a forecaster: leave data= out")
        reader = None if data is None else reread(Path(folder) / FORECASTER, record, data)
        if reader is not None:
            graph = replace(graph, read_over_time=reader.over_time)
        return cls(graph, record, floor, record["trustworthy"], reader=reader)

    def without_forecaster(self) -> "Discovery":
        """Return the results alone, as :meth:`load` gives them: they keep neither forecaster nor data in memory."""
        return replace(self, estimator=None, reader=None, graph=replace(self.graph, read_over_time=None))

    def edges_csv(self) -> str:
        """Return the text of ``edges.csv``. Scores are written with as many digits as give the same number back."""
        return csv_text(Edge._fields, self.graph.edges(own_past=True, by_lag=True))

    def run_json(self) -> str:
        """Return the text of ``run.json``."""
        return json_text(self.record)
