"""Jobs on processes of this machine (loky), which start clean, and end with the block or with the one that asked."""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, cast

from .cluster import Lost
from .job import ONE_THREAD, end_with

if TYPE_CHECKING:
    from loky import ProcessPoolExecutor


class LokyCluster:
    """loky as :class:`grngc.execution.cluster.Cluster`. A worker that dies takes its whole set along, as a machine."""

    def __init__(self, workers: int) -> None:
        self._workers, self._set = workers, self._new(workers)

    def slots(self) -> int:
        """Return the number of workers."""
        return self._workers

    def submit(self, call: Callable[..., bytes], *arguments: object) -> "Future[bytes]":
        """Put one call on its way; where a worker has died since, to a set of new ones."""
        with _unheard():
            try:
                return self._set.submit(call, *arguments)
            except BrokenProcessPool:
                self.stop()
                self._set = self._new(self._workers)
                return self._set.submit(call, *arguments)

    def ended(self, tickets: "Sequence[Future[bytes]]") -> "Sequence[Future[bytes]]":
        """Wait for a first call."""
        return list(wait(tickets, return_when=FIRST_COMPLETED).done)

    def answer(self, ticket: "Future[bytes]") -> bytes | Lost:
        """Return a call's bytes."""
        try:
            return ticket.result()
        except BrokenProcessPool:
            return Lost.LOST

    def cancel(self, tickets: "Sequence[Future[bytes]]") -> None:
        """Kill the processes that run them, and all others."""
        self.stop()

    def stop(self) -> None:
        """Kill the workers."""
        self._set.shutdown(wait=True, kill_workers=True)

    @staticmethod
    def _new(workers: int) -> "ProcessPoolExecutor":
        from multiprocessing import resource_tracker as standard

        from loky import ProcessPoolExecutor
        from loky.backend import resource_tracker

        warned = os.environ.get("PYTHONWARNINGS", "")
        os.environ["PYTHONWARNINGS"] = f"{warned},ignore:resource_tracker".removeprefix(",")
        for tracker in (resource_tracker, standard):  # they tidy up after a kill, and would tell the user so;
            tracker.ensure_running()  # the standard one, started later, would unblock what _unheard blocks
        os.environ["PYTHONWARNINGS"] = warned
        start = {"initializer": _start_worker, "initargs": (os.getpid(),), "env": ONE_THREAD}
        return ProcessPoolExecutor(workers, timeout=None, **start)


@contextmanager
def connected(workers: int | None, address: str | None) -> Iterator[LokyCluster]:
    """Start workers for the block; local processes have no address."""
    cluster = LokyCluster(cast(int, workers))
    try:
        yield cluster
    finally:
        cluster.stop()


@contextmanager
def _unheard() -> Iterator[None]:
    """Start processes that Ctrl-C does not reach: it is left to this one, even before a worker can say so itself."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start_worker(parent: int) -> None:
    """Leave Ctrl-C to the parent, and end when it is gone: nobody waits for the result any more."""
    with suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with(parent)
