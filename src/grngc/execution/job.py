"""What is run, and what comes back where a worker was lost."""

import os
import sys
import threading
import time
from collections.abc import Callable, Generator, Hashable
from typing import Any, NamedTuple

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


Outcomes = Generator[tuple[Hashable, Any], None, None]
"""Each job's key with its result, or with the exception it raised, as they end."""


def worker_environment() -> dict[str, str]:
    """Return what a worker of this machine is started with: one thread, and modules where this process finds them."""
    return ONE_THREAD | {"PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path)}


def end_with(parent: int) -> None:
    """End this process when the one that started it is gone: nobody waits for the result any more."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
