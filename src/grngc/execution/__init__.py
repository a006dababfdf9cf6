"""Many jobs side by side, on this machine's processes or on a Ray or Dask cluster: one function, one behaviour."""

from collections.abc import Iterable, Iterator
from importlib import import_module
from itertools import chain

from ..arguments import check_choice, check_whole
from ..errors import InputError
from .cluster import run_on
from .job import ATTEMPTS, Job, Outcomes, WorkerLostError

__all__ = ["ATTEMPTS", "EXECUTORS", "Job", "Outcomes", "WorkerLostError", "check_executor", "run"]


EXECUTORS = {"local": "on_loky", "ray": "on_ray", "dask": "on_dask"}
"""Where jobs can run: the module whose ``connected(workers, address)`` gives a :class:`~.cluster.Cluster`."""


def run(
    jobs: Iterable[Job], *, workers: int | None = None, executor: str = "local", address: str | None = None
) -> Outcomes:
    """Run jobs side by side and yield each one's key with its result, or with the exception it raised, as they end.

    ``jobs`` may be a generator: a job is taken from it when a worker is free. A job runs with one thread and alone in
    its process. Where a worker dies, the jobs it took with it are run again, after the others, at last each on its
    own, so that the one that is at fault shows; a job whose worker died ``ATTEMPTS`` times ends with
    :class:`WorkerLostError`. What a job raises is its outcome, and no reason to run it again. Leaving the iteration
    early, by an exception or ``close``, stops the jobs that run. Workers stop by themselves when this process is gone.

    Parameters
    ----------
    jobs : iterable of Job
        With a key of its own each.
    workers : int, optional
        Jobs at once. None, with an address only: as many as the cluster has places for, be it growing or shrinking.
    executor : {"local", "ray", "dask"}
        Processes of this machine (loky), Ray or Dask.
    address : str, optional
        Of a Ray or Dask cluster that is there: it is connected to and left running. None: workers are started on this
        machine for these jobs, and stopped after them.

    Raises
    ------
    InputError
        The executor is not installed, nobody answers at the address, or the cluster goes away.
    """
    check_executor(executor, address)
    if workers is not None or address is None:
        check_whole("workers", workers)
    return _started(executor, iter(jobs), workers, address)


def check_executor(executor: str, address: str | None = None) -> None:
    """Refuse an executor that does not exist, and an address without a cluster to connect to."""
    check_choice("executor", executor, EXECUTORS)
    if address is not None and executor == "local":
        raise InputError(
            f"address {address!r}: local processes have none; choose executor ray or dask, or leave it out"
        )


def _started(executor: str, jobs: Iterator[Job], workers: int | None, address: str | None) -> Outcomes:
    """Start workers once there is a job."""
    for first in jobs:
        connected = import_module(f".{EXECUTORS[executor]}", __name__).connected
        yield from run_on(connected(workers, address), chain([first], jobs), workers)
        return
