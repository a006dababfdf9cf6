"""Jobs on a cluster, whichever engine runs it: how many are under way, what is run again, what is given up."""

import os
import pickle
import sys
import threading
import traceback
from collections.abc import Callable, Generator, Hashable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from enum import Enum
from typing import Any, Protocol, TypeAlias

from .job import ATTEMPTS, ONE_THREAD, Job, Outcomes, WorkerLostError

Ticket: TypeAlias = Any
"""What an engine hands out for a job under way; hashable."""

SETTINGS = "GRNGC_"
"""Environment variables that start so are those of grngc: workers elsewhere get them too (where data are, say)."""

_alone = threading.Lock()


class Lost(Enum):
    """What stands for an answer where the worker died."""

    LOST = 0


class Cluster(Protocol):
    """What an engine must do: Ray and Dask."""

    def slots(self) -> int:
        """Return how many jobs it has places for now."""

    def submit(self, call: Callable[[bytes, dict[str, str]], bytes], *arguments: Any) -> Ticket:
        """Put one call on its way, of a function that every worker can import."""

    def ended(self, tickets: Sequence[Ticket]) -> Sequence[Ticket]:
        """Wait until one or more have ended, and return them."""

    def answer(self, ticket: Ticket) -> bytes | Lost:
        """Return what the call returned, or that its worker died; raise what the engine itself has to complain of."""

    def cancel(self, tickets: Sequence[Ticket]) -> None:
        """Stop them, as far as the engine can."""


def run_on(connected: AbstractContextManager[Cluster], jobs: Iterable[Job], workers: int | None) -> Outcomes:
    """Run jobs on a cluster, at most ``workers`` at once.

    A machine that is lost takes all its jobs with it, and so those that were lost are run again side by side. An
    engine may also count a job as lost that only waited behind the one at fault: before a job is given up it is run
    while no other is under way.
    """
    with connected as cluster:
        for _ in range(ATTEMPTS - 1):
            jobs = yield from _together(cluster, iter(jobs), workers)
        for job in jobs:
            if (yield from _together(cluster, iter([job]), 1)):
                yield (
                    job.key,
                    WorkerLostError(f"the worker that ran it died {ATTEMPTS} times: killed, or out of memory"),
                )


def _together(
    cluster: Cluster, jobs: Iterator[Job], workers: int | None
) -> Generator[tuple[Hashable, Any], None, list[Job]]:
    """Run jobs side by side; return those that were lost."""
    settings = {name: value for name, value in os.environ.items() if name.startswith(SETTINGS)}
    under_way: dict[Ticket, Job] = {}
    lost: list[Job] = []
    try:
        while True:
            while len(under_way) < (workers or cluster.slots()) and (job := next(jobs, None)) is not None:
                under_way[cluster.submit(call, packed((job.function, job.arguments)), settings)] = job
            if not under_way:
                return lost
            for ticket in cluster.ended(list(under_way)):
                job, answer = under_way[ticket], cluster.answer(ticket)
                del under_way[ticket]
                if answer is Lost.LOST:
                    lost.append(job)
                else:
                    yield job.key, pickle.loads(answer)
    finally:
        if under_way:
            cluster.cancel(list(under_way))


def packed(value: Any) -> bytes:
    """Return a value as bytes, as loky would send it: functions of the main script go by value."""
    import cloudpickle

    return cloudpickle.dumps(value)


def call(what: bytes, settings: dict[str, str]) -> bytes:
    """Call a function in a worker, and return its result or exception, as bytes.

    As bytes, so that it comes back as it was: Ray would hand out arrays that cannot be written to, and an exception
    wrapped in one of its own.
    """
    with _alone, one_thread(settings):
        try:
            function, arguments = pickle.loads(what)
            outcome = function(*arguments)
        except BaseException as error:  # noqa: BLE001  the job's outcome, SystemExit too: the worker is not its to end
            error.add_note(f"in the worker:\n{traceback.format_exc()}")
            outcome = error
        try:
            return packed(outcome)
        except Exception as error:  # noqa: BLE001  whatever pickling raises
            return packed(TypeError(f"the outcome cannot be sent back ({type(outcome).__name__}): {error}"))


@contextmanager
def one_thread(settings: dict[str, str]) -> Iterator[None]:
    """Give the block one thread, of a process that others may use after it, and grngc's settings of the caller."""
    from threadpoolctl import threadpool_limits

    given = ONE_THREAD | settings
    before = {name: os.environ.get(name) for name in given}
    torch = sys.modules.get("torch")
    threads = torch.get_num_threads() if torch else None
    os.environ.update(given)
    try:
        with threadpool_limits(1):
            if torch:
                torch.set_num_threads(1)
            yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        if torch:
            torch.set_num_threads(threads)
