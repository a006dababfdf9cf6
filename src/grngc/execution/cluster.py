"""Jobs on workers, whichever engine runs them: how many are under way, what is run again, what is given up."""

import os
from collections.abc import Callable, Generator, Hashable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from enum import Enum
from typing import Any, Protocol, TypeAlias

from .call import call, packed, unpacked
from .job import ATTEMPTS, Job, Outcomes, WorkerLostError

Ticket: TypeAlias = Any
"""What an engine hands out for a job under way; hashable."""

SETTINGS = "GRNGC_"
"""Environment variables that start so are those of grngc: workers elsewhere get them too (where data are, say)."""


class Lost(Enum):
    """What stands for an answer where the worker died."""

    LOST = 0


class Cluster(Protocol):
    """What an engine must do: loky, Ray and Dask."""

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
    """Run jobs on an engine's workers, at most ``workers`` at once.

    A machine that is lost takes all its jobs with it, as does a process of loky's, and so those that were lost are run
    again side by side. An engine may also count a job as lost that only waited behind the one at fault: before a job is
    given up it is run while no other is under way.
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
                    yield job.key, unpacked(answer)
    finally:
        if under_way:
            cluster.cancel(list(under_way))
