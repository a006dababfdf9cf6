"""Many jobs on local processes: one torch thread each, and a worker that dies takes no other's work with it."""

import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Hashable, Iterable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from .arguments import check_whole

ATTEMPTS = 3
"""A job whose worker died this often is given up."""

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
"""What a worker is started with: two threads for each of two jobs on two cores take ten times as long as one."""


class Job(NamedTuple):
    """One call: ``function(*arguments)``; the function is importable by name, and pure, for it may be called again."""

    key: Hashable
    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()


class WorkerLostError(RuntimeError):
    """The process that ran a job died, again and again: killed from outside, out of memory, or crashed."""


def run(jobs: Iterable[Job], *, workers: int) -> Generator[tuple[Hashable, Any], None, None]:
    """Run jobs side by side and yield each one's key with its result, or with the exception it raised, as they end.

    ``jobs`` may be a generator: a job is taken from it when a worker is free. Where a worker dies, the jobs that were
    running are run again, each on its own, after the others, so that the one that is at fault shows; a job whose
    worker died ``ATTEMPTS`` times ends with :class:`WorkerLostError`. Leaving the iteration early, by an exception or
    ``close``, stops the workers. Workers stop by themselves when this process is gone.
    """
    check_whole("workers", workers)
    waiting, suspects = iter(jobs), deque[tuple[Job, int]]()
    while True:
        lost = yield from _together(waiting, workers)
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
                    running[executor.submit(job.function, *job.arguments)] = job
                except BrokenProcessPool:  # a worker died since
                    return [*running.values(), job]
            if not running:
                return []
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                error = future.exception()
                if isinstance(error, BrokenProcessPool):
                    continue
                yield running.pop(future).key, future.result() if error is None else error
            if any(future.done() and isinstance(future.exception(), BrokenProcessPool) for future in running):
                return list(running.values())
    finally:
        executor.shutdown(wait=True, kill_workers=True)


def _start_worker(parent: int) -> None:
    """Leave Ctrl-C to the parent, and end when it is gone: nobody waits for the result any more."""
    with suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
