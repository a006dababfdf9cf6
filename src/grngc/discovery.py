"""From data to a graph a person can judge: all that ``grngc discover`` does, in one call."""

import inspect
import math
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import UnionType
from typing import Any

import torch
from threadpoolctl import threadpool_limits

from .arguments import check_whole, nearest
from .checkpoints import Checkpoints
from .configurations import parameters_of
from .datasets.files import read_panel
from .device import described
from .diagnostics import Diagnostic, diagnose
from .environment import versions
from .errors import InputError, InputWarning
from .folders import write_folder
from .graph import CausalGraph, Edge
from .grngc import GRNGC
from .panel import Panel, as_panel
from .record import conclude, describe, found_beside, json_text, path_told, plain, read_record, standing_out
from .storage import csv_text, write_atomically
from .summary import summarise
from .training import Progress
from .window_reader import WindowReader, reread

FORMAT_VERSION = 1
"""Of ``run.json`` and ``edges.csv``. Later versions of grngc add keys and columns; a change of one adds one here."""

RECORD = "run.json"
"""The file of results that comes last, and says that all are there."""

FORECASTER = "forecaster.safetensors"

NEEDED: dict[str, type | UnionType] = {
    "conclusion": str, "trustworthy": bool, "noise_floor": float | int | None, "configuration": dict, "choice": dict,
    "data": dict, "versions": dict, "training": dict,
}  # fmt: skip
"""What of ``run.json`` others than people read."""

MOST_THREADS = 1024


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
        Whether any series stands out as a source of another; if not, no graph should be read from the scores.
    estimator : GRNGC, optional
        Fitted; ``estimator.forecast(steps)`` continues the series. None where the results were read from files.
    """

    graph: CausalGraph
    record: dict[str, Any]
    noise_floor: float
    trustworthy: bool
    estimator: GRNGC | None = field(repr=False, default=None)

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

    def save(self, folder: Path | str, overwrite: bool = False) -> list[Path]:
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
            Replace these files; others in the folder stay.

        Returns
        -------
        list of Path
        """
        writers: dict[str, Callable[[Path], object]] = {
            "edges.csv": lambda path: write_atomically(path, self.edges_csv()),
            "graph.npz": self.graph.save,
            **({} if self.estimator is None else {FORECASTER: self.estimator.save_forecaster}),
            RECORD: lambda path: write_atomically(path, self.run_json()),
        }
        return write_folder(folder, writers, overwrite)

    @classmethod
    def load(cls, folder: Path | str, data: Panel | None = None) -> "Discovery":
        """Read what :meth:`save` wrote. Raises :class:`InputError` for anything else.

        Parameters
        ----------
        folder : path
        data : Panel, optional
            The panel of the run, as :func:`grngc.read_panel` or :func:`grngc.as_panel` make it with the same options;
            then the forecaster is read too, and :meth:`CausalGraph.over_time` of the graph works.
        """
        record = read_record(Path(folder) / RECORD, FORMAT_VERSION, NEEDED)
        floor = math.inf if record["noise_floor"] is None else record["noise_floor"]
        graph = CausalGraph.load(Path(folder) / "graph.npz")
        if data is not None:
            graph = replace(graph, read_over_time=reread(Path(folder) / FORECASTER, record, data).over_time)
        return cls(graph, record, floor, record["trustworthy"])

    def without_forecaster(self) -> "Discovery":
        """Return the results alone, as :meth:`load` gives them: they keep neither forecaster nor data in memory."""
        return replace(self, estimator=None, graph=replace(self.graph, read_over_time=None))

    def edges_csv(self) -> str:
        """Return the text of ``edges.csv``. Scores are written with as many digits as give the same number back."""
        return csv_text(Edge._fields, self.graph.edges(own_past=True, by_lag=True))

    def run_json(self) -> str:
        """Return the text of ``run.json``."""
        return json_text(self.record)


def discover(
    X: Any,
    *,
    configuration: str = "default",
    threads: int = 1,
    progress: Callable[[Progress], None] | None = None,
    checkpoint: Checkpoints | Path | str | None = None,
    **options: Any,
) -> Discovery:
    """Find which series drives which.

    Parameters
    ----------
    X : path, Panel, or anything :func:`grngc.as_panel` takes
        A path is read by :func:`grngc.read_panel`.
    configuration : str
        A name in ``grngc.configurations.CONFIGURATIONS``: the parameters to start from.
    threads : int
        Threads to compute with, inside this call. More than one pay off for hundreds of series on idle processors;
        on busy ones they wait for each other and take many times as long. The graph may differ in its last digits.
    progress : callable, optional
        Called about a hundred times a training, once where the forecaster is solved for, with a
        :class:`~grngc.training.Progress`, which says what for.
    checkpoint : path or Checkpoints, optional
        Folder for the state of a long run, so that it goes on after a kill; see :meth:`grngc.GRNGC.fit`.
    **options
        Of :func:`grngc.as_panel` (``trajectory``, ``transform``, ...) and of :class:`grngc.GRNGC` (``lag``,
        ``forecaster``, ``penalty``, ...); these go before what ``configuration`` says.

    Returns
    -------
    Discovery

    Raises
    ------
    InputError
        The data or an option cannot be used.
    DivergenceError
        Training ran away; there is no graph.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=(300, 2))
    >>> x[1:, 1] += 0.8 * x[:-1, 0]  # the first series drives the second
    >>> discover(x, names=["rain", "river"], steps=200).record["conclusion"]
    '1 of 2 ordered pairs stands out: rain -> river (lag 1, +).'
    """
    of_data, of_estimator = sorted_options(options)
    read = read_data(X, of_data)
    parameters = parameters_of(configuration, of_estimator)
    return discover_in(read, configuration, parameters, threads=threads, progress=progress, checkpoint=checkpoint)


@dataclass(frozen=True, eq=False)
class Read:
    """Data as they were read: the panel, the warnings it gave, and when and in how many seconds that was."""

    panel: Panel
    warnings: list[str]
    started: datetime
    seconds: float


def read_data(X: Any, options: Mapping[str, Any]) -> Read:
    """Read a file, or check data; options of :func:`grngc.as_panel`."""
    started, clock = datetime.now(UTC), time.monotonic()
    with _warnings_noted() as noted:
        panel = (read_panel if isinstance(X, str | Path) else as_panel)(X, **options)
    return Read(panel, noted, started, time.monotonic() - clock)


def discover_in(
    read: Read,
    configuration: str,
    parameters: Mapping[str, Any],
    *,
    threads: int = 1,
    progress: Callable[[Progress], None] | None = None,
    checkpoint: Checkpoints | Path | str | None = None,
) -> Discovery:
    """Find which series drives which in data that were read; ``parameters`` of GRNGC, which has that name."""
    estimator, panel, before = GRNGC(**parameters), read.panel, time.monotonic()
    with _threads(threads):
        estimator.fit(panel, progress=progress, checkpoint=checkpoint)
        path = path_told(estimator)
        fitted_in = time.monotonic() - before
        diagnostics = _diagnosed(estimator)
    if isinstance(checkpoint, Checkpoints):
        fitted_in += checkpoint.before
    graph, floor, training = estimator.graph_, estimator.noise_floor_, estimator.record_.to_dict()
    edges = standing_out(graph, floor)
    found = found_beside(graph, edges)
    record = {
        "format_version": FORMAT_VERSION,
        "conclusion": conclude(graph, floor, edges, training, estimator.n_windows_),
        "trustworthy": bool(found),
        "converged": training["converged"],
        "noise_floor": floor,
        "edges_above_noise_floor": len(found),
        "configuration_name": configuration,
        "configuration": estimator.get_params(deep=False),
        "choice": {
            "forecaster": estimator.choice_.forecaster,
            "lag": estimator.choice_.lag,
            "hidden": estimator.recipe_.options.get("hidden"),
            "penalty": estimator.penalty_,
            "candidates": estimator.choice_.candidates,
            "contemporaneous": asdict(estimator.present_),
        },
        "penalty_path": path,
        "rules": estimator.rules_.told(),
        "seed": estimator.random_state,
        "device": described(estimator.device_),
        "data": describe(panel) | {"windows": estimator.n_windows_},
        "warnings": read.warnings,
        "diagnostics": [asdict(one) for one in diagnostics],
        "versions": versions(),
        "threads": threads,
        "timings": {
            "started": read.started.isoformat(timespec="seconds"),
            "seconds_reading": read.seconds,
            "seconds_choosing": estimator.choice_.seconds,
            "seconds_fitting": fitted_in,  # with candidates, noise floor, what came before a kill
            "seconds": read.seconds + time.monotonic() - before,
        },
        "training": training,
    }
    return Discovery(graph, plain(record), floor, bool(found), estimator)


def _diagnosed(estimator: GRNGC) -> list[Diagnostic]:
    """Return what makes the graph of a fit hard to trust."""
    lag, crosses = estimator.recipe_.n_lags, estimator.cross_boundary
    reader = WindowReader(estimator.forecaster_, estimator.panel_, estimator.scaling_, lag, crosses)
    windows = reader.windows()
    return diagnose(estimator.panel_, windows, reader.errors(windows), present_used=estimator.present_.used)


def sorted_options(options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Tell the options of the data from those of the estimator; refuse others, with the nearest known."""
    of_data = set(inspect.signature(as_panel).parameters) - {"X"}
    of_estimator = set(GRNGC().get_params())
    for name in options:
        if name not in of_data | of_estimator:
            raise InputError(f"no option {name!r}{nearest(name, sorted(of_data | of_estimator))}")
    return (
        {name: value for name, value in options.items() if name in of_data},
        {name: value for name, value in options.items() if name in of_estimator},
    )


@contextmanager
def _warnings_noted() -> Iterator[list[str]]:
    """Collect the texts of input warnings for the record, and pass all warnings on."""
    texts: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", InputWarning)
        yield texts
    for warning in caught:
        if issubclass(warning.category, InputWarning):
            texts.append(str(warning.message))
        warnings.warn(warning.message, warning.category, stacklevel=5)


@contextmanager
def _threads(threads: int) -> Iterator[None]:
    """Let torch and the linear algebra below NumPy compute with so many threads inside the block only."""
    check_whole("threads", threads)
    if threads > MOST_THREADS:
        raise InputError(f"threads must be at most {MOST_THREADS}; got {threads}")
    before = torch.get_num_threads()
    with threadpool_limits(int(threads)):
        torch.set_num_threads(int(threads))
        try:
            yield
        finally:
            torch.set_num_threads(before)
