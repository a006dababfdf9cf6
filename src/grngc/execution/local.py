"""Jobs on processes of this machine (loky): a worker that dies takes no other's work with it."""

import os
import signal
from collections import deque
from collections.abc import Generator, Hashable, Iterator
from contextlib import suppress
from typing import Any

from .call import call, packed, unpacked
from .job import ATTEMPTS, ONE_THREAD, Job, Outcomes, WorkerLostError, end_with


def run_locally(jobs: Iterator[Job], workers: int) -> Outcomes:
    """Run jobs on ``workers`` processes.

    A worker that dies breaks loky's whole set: the jobs that were running are run again, each on its own, after the
    others.
    """
    suspects = deque[tuple[Job, int]]()
    while True:
        lost = yield from _together(jobs, workers)
        if not lost:
            break
        suspects += [(job, 1) for job in lost]
    while suspects:
        job, losses = suspects.popleft()
        if losses >= ATTEMPTS:
            yield job.key, WorkerLostError(f"the process that ran it died {losses} times: killed, or out of memory")
        elif (yield from _together(iter([job]), 1)):
            suspects.append((job, losses + 1))


def _together(jobs: Iterator[Job], workers: int) -> Generator[tuple[Hashable, Any], None, list[Job]]:
    """Run jobs on one set of workers until all are done or a worker died; return those that were running then."""
    from concurrent.futures import FIRST_COMPLETED, Future, wait
    from concurrent.futures.process import BrokenProcessPool

    from loky import ProcessPoolExecutor

    running: dict[Future[Any], Job] = {}
    executor = ProcessPoolExecutor(
        workers, timeout=None, initializer=_start_worker, initargs=(os.getpid(),), env=ONE_THREAD
    )
    try:
        while True:
            while len(running) < workers and (job := next(jobs, None)) is not None:
                try:
                    running[executor.submit(call, packed((job.function, job.arguments)), {})] = job
                except BrokenProcessPool:  # a worker died since
                    return [*running.values(), job]
            if not running:
                return []
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                error = future.exception()
                if isinstance(error, BrokenProcessPool):
                    continue
                yield running.pop(future).key, unpacked(future.result()) if error is None else error
            if any(future.done() and isinstance(future.exception(), BrokenProcessPool) for future in running):
                return list(running.values())
    finally:
        executor.shutdown(wait=True, kill_workers=True)


def _start_worker(parent: int) -> None:
    """Leave Ctrl-C to the parent, and end when it is gone: nobody waits for the result any more."""
    with suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with(parent)
