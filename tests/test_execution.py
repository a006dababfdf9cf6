"""Local execution: results and exceptions by key, one thread each, and workers that die."""

import math
import os
import signal
import time
from pathlib import Path

import pytest

from grngc.errors import InputError
from grngc.execution import ATTEMPTS, Job, WorkerLostError, run


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_once(mark: Path) -> str:
    """Kill the worker the first time, and answer the second."""
    if not mark.exists():
        mark.touch()
        die()
    return "answered"


def count(path: Path) -> None:
    with path.open("a") as file:
        file.write("x")
    die()


def slow(x: float) -> float:
    time.sleep(0.3)
    return x


def threads() -> tuple[int, str]:
    import torch

    return torch.get_num_threads(), os.environ["OPENBLAS_NUM_THREADS"]


def sleep_and_tell(mark: Path) -> None:
    mark.write_text(str(os.getpid()))
    time.sleep(60)


def test_results_and_exceptions_come_with_their_keys() -> None:
    jobs = [Job(("root", x), math.sqrt, (x,)) for x in (4.0, 9.0, -1.0)]
    found = dict(run(jobs, workers=2))
    assert found["root", 4.0] == 2
    assert found["root", 9.0] == 3
    assert isinstance(found["root", -1.0], ValueError)


def test_a_worker_has_one_thread() -> None:
    assert dict(run([Job(0, threads)], workers=1)) == {0: (1, "1")}


def test_jobs_are_taken_when_a_worker_is_free() -> None:
    taken = []

    def jobs():
        for n in range(6):
            taken.append(n)
            yield Job(n, slow, (n,))

    ends = run(jobs(), workers=2)
    next(ends)
    assert len(taken) == 2
    assert len(list(ends)) == 5


def test_a_lost_workers_jobs_are_run_again(tmp_path: Path) -> None:
    jobs = [Job("dies once", die_once, (tmp_path / "mark",)), *(Job(n, slow, (n,)) for n in range(4))]
    assert dict(run(jobs, workers=2)) == {"dies once": "answered", 0: 0, 1: 1, 2: 2, 3: 3}


def test_a_job_that_always_kills_its_worker_is_given_up_and_takes_no_other_with_it(tmp_path: Path) -> None:
    jobs = [
        Job("a", slow, (1,)),
        Job("killer", count, (tmp_path / "tries",)),
        Job("b", slow, (2,)),
        Job("c", slow, (3,)),
    ]
    found = dict(run(jobs, workers=2))
    assert isinstance(found.pop("killer"), WorkerLostError)
    assert found == {"a": 1, "b": 2, "c": 3}
    assert (tmp_path / "tries").read_text() == "x" * ATTEMPTS


def test_leaving_early_stops_the_workers(tmp_path: Path) -> None:
    marks = [tmp_path / "a", tmp_path / "b"]
    ends = run([Job("quick", slow, (1,)), *(Job(mark, sleep_and_tell, (mark,)) for mark in marks)], workers=2)
    assert next(ends) == ("quick", 1)
    deadline = time.monotonic() + 30
    while not (marks[0].exists() and marks[0].read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    ends.close()
    worker = int(marks[0].read_text())
    assert not _lives(worker)


@pytest.mark.parametrize("workers", [0, -1, 1.5, True])
def test_workers_are_a_number_of_at_least_one(workers: object) -> None:
    with pytest.raises(InputError, match="workers must be a whole number of at least 1"):
        list(run([], workers=workers))  # type: ignore[arg-type]


def _lives(process: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return False
