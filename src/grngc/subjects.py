"""Many subjects: one graph each, side by side, and what they have in common. All that ``grngc discover A B ...`` does.

Each subject's graph is the one that :func:`grngc.discover` gives for it alone, from the same seed: forecaster, lag and
penalty are chosen by its own record, never by who else is in the group (decision 0016).
"""

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from .arguments import brief, check_whole, listed
from .checkpoints import IDENTITY, Checkpoints
from .checks import warn
from .configurations import parameters_of
from .device import resolve_device
from .discovery import discover_in, sorted_options
from .environment import processors, versions
from .errors import InputError
from .execution import Job, check_executor, run
from .folders import UNFINISHED, check_folder
from .grngc import GRNGC
from .group import GroupDiscovery, group_of, usable_as_folder
from .panel import Panel
from .parameters import check_parameters
from .reading import Read, read_data
from .record import describe, plain
from .results import Discovery
from .rules import rules_of
from .subject_names import subject_names

DECIDING = ("grngc", "torch", "numpy", "scipy", "scikit-learn")
"""Packages whose version decides the numbers of a graph."""


class Ended(NamedTuple):
    """One subject that has ended: its results, or the exception it failed with, and how far the study is.

    ``kept``: it was finished before, in this folder, and was not computed again.
    """

    name: str
    outcome: Discovery | BaseException
    number: int
    of: int
    kept: bool


def discover_group(
    X: Mapping[str, Any] | Sequence[Any],
    *,
    folder: Path | str | None = None,
    overwrite: bool = False,
    report: bool = False,
    configuration: str = "default",
    workers: int | None = None,
    executor: str = "local",
    address: str | None = None,
    ended: Callable[[Ended], None] | None = None,
    **options: Any,
) -> GroupDiscovery:
    """Find which series drives which in each of several subjects, and what they have in common.

    A subject that fails is left out and told of (``failed``); the others go on.

    Parameters
    ----------
    X : mapping from name to data, or sequence of data
        For each subject what :func:`grngc.discover` takes. All have the same series; where their order differs, that of
        the first subject counts. In a sequence, files are called by their stem, other data ``"1"``, ``"2"``, ...
    folder : path, optional
        Where results are put as subjects end: those of a subject in a folder of its name, those of the group beside
        them (:meth:`GroupDiscovery.save`). A study that was stopped or killed and is called again with the same folder
        goes on where it was: finished subjects of the same data and options are read, not computed again.
    overwrite : bool
        Replace results that are in ``folder``, other than those.
    report : bool
        Also write ``report.html``, the page of :meth:`GroupDiscovery.report`, into ``folder``.
    configuration : str
        As in :func:`grngc.discover`.
    workers, executor, address
        As in :func:`grngc.execution.run`; a subject has one thread. ``workers=None``: all processors, or all that a
        cluster has. At an address no state of an unfinished subject is kept, for a machine there need not see
        ``folder``.
    ended : callable, optional
        Called with an :class:`Ended` for each subject.
    **options
        As in :func:`grngc.discover`, the same for all subjects.

    Raises
    ------
    InputError
        The data, or an option, cannot be used; or no subject gave a graph.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> records = {name: rng.normal(size=(300, 2)) for name in ("ann", "bob")}
    >>> for x in records.values():
    ...     x[1:, 1] += 0.8 * x[:-1, 0]  # the first series drives the second
    >>> found = discover_group(records, forecaster="linear", lag=1, workers=1)
    >>> found.record["conclusion"]
    '1 of 2 ordered pairs stands out in more than half of the 2 subjects, most often x1 -> x2 (2 of 2, lag 1, +).'
    """
    started, clock = datetime.now(UTC), time.monotonic()
    if (method := options.pop("method", "grngc")) != "grngc":
        raise InputError(f"method {method!r} is for one record (grngc.discover); groups are of grngc's graphs")
    of_data, of_estimator = sorted_options(options)
    parameters = parameters_of(configuration, of_estimator)
    check_parameters(GRNGC(**parameters).get_params(deep=False))
    check_executor(executor, address)
    if workers is not None:
        check_whole("workers", workers)
    if address is None:
        resolve_device(GRNGC(**parameters).device)
    records = _named(X)
    out = None if folder is None else Path(folder)
    study = None if out is None else _study(out, overwrite, configuration, parameters, of_data)
    reads = _read(records, of_data)
    panel = next(iter(reads.values())).panel
    rules_of(panel.names, panel.exogenous, parameters)  # the same for all: refused before the first is fitted
    kept = {} if out is None else _finished(out, reads, parameters)
    if study is not None:
        _begin(study)
    found: dict[str, Discovery | BaseException] = {}

    def tell(name: str, outcome: Discovery | BaseException, is_kept: bool) -> None:
        found[name] = outcome
        if ended is not None:
            ended(Ended(name, outcome, len(found), len(reads), is_kept))

    for name, there in kept.items():
        tell(name, there, True)
    jobs = _jobs(
        {name: read for name, read in reads.items() if name not in kept},
        configuration,
        parameters,
        None if study is None or address is not None else study.folder,
    )
    if workers is None and address is None:
        workers = min(processors(), len(reads))
    outcomes = run(jobs, workers=workers, executor=executor, address=address)
    try:
        for key, outcome in outcomes:
            name = str(key)
            if out is not None and isinstance(outcome, Discovery):
                outcome.save(out / name, overwrite=True)
                outcome = outcome.without_forecaster()  # on disk
            tell(name, outcome, False)
    finally:
        outcomes.close()
    good = {name: each for name in reads if isinstance(each := found[name], Discovery)}
    failed = {name: told(each) for name in reads if isinstance(each := found[name], BaseException)}
    if not good:
        first = next(iter(failed))
        raise InputError(f"no subject gave a graph; {first}: {failed[first]}")
    timings = {"started": started.isoformat(timespec="seconds"), "seconds": time.monotonic() - clock}
    group = group_of(good, failed, timings)
    if out is not None and study is not None:
        group.save_group(out, report)
        if not failed:
            shutil.rmtree(study.folder, ignore_errors=True)
    return group


def told(error: BaseException) -> str:
    """Return in one line why a subject failed."""
    text = " ".join(str(error).split())
    return text if isinstance(error, InputError) and text else f"{type(error).__name__}: {text}"


def _named(X: Mapping[str, Any] | Sequence[Any]) -> dict[str, Any]:
    """Return subjects by name."""
    if not isinstance(X, Mapping) and not isinstance(X, list | tuple):
        raise InputError(f"a group is a mapping from name to data, or a list of data; got {type(X).__name__}")
    if isinstance(X, Mapping):
        records = {str(name): each for name, each in X.items()}
    elif all(isinstance(each, str | Path) for each in X):
        records = dict(zip(subject_names(X), X, strict=True))
    else:
        records = {str(n + 1): each for n, each in enumerate(X)}
    if len(records) < 2:
        raise InputError(f"a group has two subjects or more; got {len(records)}: use grngc.discover for one")
    if odd := [name for name in records if not usable_as_folder(name)]:
        raise InputError(
            f"{brief(odd[0])} cannot be the name of a subject, for its results go to a folder of that name: rename it"
        )
    return records


def _study(
    folder: Path, overwrite: bool, configuration: str, parameters: Mapping[str, Any], of_data: Mapping[str, Any]
) -> Checkpoints:
    """Return the state of the study in the folder, begun or not; refuse a folder of something else."""
    state = folder / UNFINISHED
    check_folder(folder, overwrite or (state / IDENTITY).exists())
    identity = {"configuration": configuration, "parameters": dict(parameters), "options of the data": dict(of_data)}
    study = Checkpoints(state)
    try:
        study.begin(identity)
    except InputError:
        if not overwrite:
            raise
        shutil.rmtree(state)
        study.begin(identity)
    return study


def _begin(study: Checkpoints) -> None:
    """Say in the folder what study is under way there."""
    try:
        study.prepare()
    except OSError as error:
        raise InputError(f"{study.folder.parent}: cannot be written ({error.strerror or error})") from error


def _read(records: Mapping[str, Any], of_data: Mapping[str, Any]) -> dict[str, Read]:
    """Read all subjects, in the order of series of the first; refuse series that differ."""
    reads: dict[str, Read] = {}
    digests: dict[str, str] = {}
    first: Panel | None = None
    for name, record in records.items():
        read = read_data(record, of_data)
        first = first or read.panel
        reads[name] = replace(read, panel=_ordered(read.panel, name, first, next(iter(records))))
        twin = digests.setdefault(reads[name].panel.digest(), name)
        if twin != name:
            warn(
                reads[name].panel.origin,
                f"subjects {brief(twin)} and {brief(name)} hold the same numbers: is it one subject, given twice?",
            )
    return reads


def _ordered(panel: Panel, name: str, first: Panel, first_name: str) -> Panel:
    """Return the panel with its series in the order of the first one's."""
    called = panel.origin or f"subject {brief(name)}"
    other = first.origin or f"subject {brief(first_name)}"
    lacks = [each for each in first.names if each not in panel.names]
    more = [each for each in panel.names if each not in first.names]
    if lacks or more:
        said = [f"lacks {listed(lacks)}"] * bool(lacks) + [f"has {listed(more)} besides"] * bool(more)
        raise InputError(
            f"{called}: other series than in {other}: {' and '.join(said)}; subjects have the same series: choose them "
            "with series= (--columns)"
        )
    if set(panel.exogenous) != set(first.exogenous):
        raise InputError(f"{called}: other exogenous series than in {other}: {listed(panel.exogenous) or 'none'}")
    order = [panel.names.index(each) for each in first.names]
    trajectories = tuple(values[:, order] for values in panel.trajectories)
    return replace(panel, trajectories=trajectories, names=first.names, exogenous=first.exogenous)


def _finished(folder: Path, reads: Mapping[str, Read], parameters: Mapping[str, Any]) -> dict[str, Discovery]:
    """Return the subjects that the folder holds results of, from these very data, options and versions."""
    asked = GRNGC(**parameters).get_params(deep=False)
    if not isinstance(asked["forecaster"], str):
        return {}  # a factory's name does not say what it does
    found = {}
    for name, read in reads.items():
        data = describe(read.panel)
        wanted = plain({"configuration": asked, "threads": 1} | {part: data[part] for part in _DATA})
        try:
            there = Discovery.load(folder / name)
        except InputError:  # not there, or not whole
            continue
        record = there.record
        same = wanted == {"configuration": record["configuration"], "threads": record.get("threads")} | {
            part: record["data"].get(part) for part in _DATA
        }
        now = versions()
        if same and all(record["versions"].get(package) == now[package] for package in DECIDING):
            found[name] = there
    return found


_DATA = ("sha256", "series", "exogenous", "transforms", "missing")


def _jobs(
    reads: Mapping[str, Read], configuration: str, parameters: Mapping[str, Any], states: Path | None
) -> Iterator[Job]:
    for name, read in reads.items():
        state = None if states is None else states.absolute() / _key(read.panel, parameters)
        yield Job(name, _discover_one, (read, configuration, dict(parameters), state))


def _discover_one(read: Read, configuration: str, parameters: Mapping[str, Any], state: Path | None) -> Discovery:
    """Find one subject's graph, in a worker."""
    kept = None if state is None else Checkpoints(state, anew=True)  # the key does not tell versions
    return discover_in(read, configuration, parameters, checkpoint=kept)


def _key(panel: Panel, parameters: Mapping[str, Any]) -> str:
    """Return what a subject's unfinished state is found by: other data or parameters have another."""
    text = json.dumps([panel.digest(), panel.exogenous, dict(parameters)], sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
