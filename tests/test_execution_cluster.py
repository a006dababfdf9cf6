"""What is run again on a cluster and what is given up: with a made-up engine, so that no other is needed."""

import math
import os
import pickle
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch

from grngc.errors import InputError
from grngc.execution import ATTEMPTS, EXECUTORS, Job, WorkerLostError, run
from grngc.execution.call import call, packed
from grngc.execution.cluster import Lost, run_on


class Engine:
    """One machine: who kills a worker takes all that is under way with it, as a machine that is switched off does."""

    def __init__(self, places: int = 2) -> None:
        self.places, self.number, self.most = places, 0, 0
        self.waiting: dict[int, tuple[Callable[..., bytes], tuple[Any, ...]]] = {}
        self.done: dict[int, bytes | Lost] = {}
        self.cancelled: list[int] = []
        self.closed = False

    def slots(self) -> int:
        return self.places

    def submit(self, function: Callable[..., bytes], *arguments: Any) -> int:
        self.number += 1
        self.waiting[self.number] = function, arguments
        self.most = max(self.most, len(self.waiting))
        return self.number

    def ended(self, tickets: Sequence[int]) -> Sequence[int]:
        assert set(tickets) == set(self.waiting), "a ticket was forgotten, or asked for twice"
        first = max(tickets)  # the last that came, so that those before it are there to be lost
        function, arguments = self.waiting[first]
        answer: bytes | Lost
        try:
            answer = function(*arguments)
        except SwitchedOff:
            answer = Lost.LOST
        ends = list(tickets) if answer is Lost.LOST else [first]
        for ticket in ends:
            self.done[ticket] = answer
            del self.waiting[ticket]
        return ends

    def answer(self, ticket: int) -> bytes | Lost:
        return self.done.pop(ticket)

    def cancel(self, tickets: Sequence[int]) -> None:
        self.cancelled += tickets
        for ticket in tickets:
            del self.waiting[ticket]

    @contextmanager
    def connected(self) -> Iterator["Engine"]:
        try:
            yield self
        finally:
            self.closed = True


class SwitchedOff(BaseException):
    """Raised beside :func:`call`, as no job can."""


def on(engine: Engine, jobs: Any, workers: int | None = None) -> list[tuple[Any, Any]]:
    return list(run_on(engine.connected(), jobs, workers))


@pytest.fixture
def tries(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Make ``kill`` end the machine; the keys that were tried."""
    tried: list[str] = []

    def watched(what: bytes, settings: dict[str, str]) -> bytes:
        function, arguments = pickle.loads(what)
        tried.append(str(arguments[0]))
        if function is kill:
            raise SwitchedOff
        return call(what, settings)

    monkeypatch.setattr("grngc.execution.cluster.call", watched)
    return tried


def kill(key: str) -> None:
    raise AssertionError(key)


def same(key: str) -> str:
    return key


def test_the_job_at_fault_is_given_up_and_every_other_comes_once(tries: list[str]) -> None:
    jobs = [Job("a", same, ("a",)), Job("killer", kill, ("killer",)), *(Job(x, same, (x,)) for x in "bcd")]
    ends = on(Engine(), jobs)
    found = dict(ends)
    assert isinstance(found.pop("killer"), WorkerLostError)
    assert found == {x: x for x in "abcd"}
    assert len(ends) == 5
    assert tries.count("killer") == ATTEMPTS
    assert all(tries.count(x) == 1 for x in "bcd")


def test_two_that_kill_each_others_machine_are_told_from_the_one_between_them(tries: list[str]) -> None:
    jobs = [Job("a", same, ("a",)), Job("k1", kill, ("k1",)), Job("b", same, ("b",)), Job("k2", kill, ("k2",))]
    found = dict(on(Engine(4), jobs))
    assert {key for key, value in found.items() if isinstance(value, WorkerLostError)} == {"k1", "k2"}
    assert (found["a"], found["b"]) == ("a", "b")


@pytest.mark.parametrize(("workers", "most"), [(None, 3), (1, 1), (5, 5)])
def test_jobs_are_taken_when_there_is_room(workers: int | None, most: int) -> None:
    taken: list[int] = []

    def jobs() -> Iterator[Job]:
        for n in range(8):
            taken.append(n)
            yield Job(n, math.sqrt, (n,))

    engine = Engine(3)
    ends = run_on(engine.connected(), jobs(), workers)
    next(ends)
    assert len(taken) == most
    assert len(list(ends)) == 7
    assert engine.most == most


def test_a_cluster_that_grows_gets_more() -> None:
    engine = Engine(1)
    ends = run_on(engine.connected(), (Job(n, math.sqrt, (n,)) for n in range(9)), None)
    next(ends)
    engine.places = 4
    list(ends)
    assert engine.most == 4


@pytest.mark.parametrize("leave", ["close", "throw", "jobs"])
def test_leaving_early_cancels_what_is_under_way(leave: str) -> None:
    def jobs() -> Iterator[Job]:
        yield from (Job(n, math.sqrt, (n,)) for n in range(3))
        raise KeyboardInterrupt

    engine = Engine(3)
    ends = run_on(engine.connected(), jobs(), 3)
    next(ends)
    if leave == "close":
        ends.close()
    elif leave == "throw":
        with pytest.raises(KeyboardInterrupt):
            ends.throw(KeyboardInterrupt())
    else:
        with pytest.raises(KeyboardInterrupt):
            next(ends)
    assert len(engine.cancelled) == 2
    assert engine.closed


def give_up() -> None:
    raise SystemExit(3)


def local_exception() -> None:
    class OddError(Exception):
        def __init__(self, a: int, b: int) -> None:
            super().__init__("odd")

    raise OddError(1, 2)


class OneWay:
    def __reduce__(self) -> tuple[Any, ...]:
        return divmod, (1, 0)


def one_way() -> OneWay:
    return OneWay()


def test_an_outcome_is_what_the_job_returned_or_raised() -> None:
    jobs = [
        Job("array", np.arange, (3,)),
        Job("error", math.sqrt, (-1,)),
        Job("exit", give_up),
        Job("no pickle", threading.Lock),
    ]
    found = dict(on(Engine(), jobs))
    found["array"][0] = 7  # writable, as every executor's
    assert isinstance(found["error"], ValueError)
    assert str(found["error"]) == "math domain error"
    assert "in the worker:\nTraceback" in found["error"].__notes__[0]
    assert isinstance(found["exit"], SystemExit)
    assert isinstance(found["no pickle"], TypeError)
    assert str(found["no pickle"]).startswith("the outcome cannot be sent back (lock): ")


@pytest.mark.parametrize("where", ["cluster", "local"])
def test_an_outcome_that_cannot_be_read_here_is_its_jobs_error_and_stops_no_other(where: str) -> None:
    jobs = [Job("odd", local_exception), Job("one way", one_way), Job("root", math.sqrt, (4,))]
    found = dict(on(Engine(), jobs) if where == "cluster" else run(jobs, workers=1))
    assert isinstance(found["odd"], RuntimeError)
    assert not isinstance(found["odd"], WorkerLostError)
    assert str(found["odd"]) == "OddError: odd"
    assert (
        str(found["one way"])
        == "the outcome cannot be read back: ZeroDivisionError: integer division or modulo by zero"
    )
    assert found["root"] == 2


def stands_on() -> tuple[int, str, str]:
    return torch.get_num_threads(), os.environ["OMP_NUM_THREADS"], os.environ["GRNGC_DATA"]


def test_a_job_has_one_thread_and_the_callers_settings_and_leaves_the_worker_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    monkeypatch.delenv("GRNGC_DATA", raising=False)
    torch.set_num_threads(2)
    try:
        answer = call(packed((stands_on, ())), {"GRNGC_DATA": "/there"})
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)
    assert pickle.loads(answer) == (1, "1", "/there")
    assert os.environ["OMP_NUM_THREADS"] == "5"
    assert "GRNGC_DATA" not in os.environ


def test_an_executor_or_address_that_cannot_be_is_refused_at_once() -> None:
    with pytest.raises(InputError, match="executor 'spark' is not known; choose one of local, ray, dask"):
        run([], executor="spark", workers=1)
    with pytest.raises(InputError, match="address 'head:6379': local processes have none"):
        run([], workers=1, address="head:6379")
    with pytest.raises(InputError, match="workers must be a whole number of at least 1; got None"):
        run([], executor="ray")


@pytest.mark.parametrize(("executor", "package"), [("ray", "ray"), ("dask", "distributed")])
def test_an_executor_that_is_not_installed_names_its_extra(
    executor: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(InputError, match=rf'executor {executor} needs \w+: pip install "grngc\[{executor}\]"$'):
        list(run([Job(0, math.sqrt, (4,))], workers=1, executor=executor))


@pytest.mark.parametrize("executor", EXECUTORS)
def test_without_jobs_nothing_is_started(executor: str) -> None:
    assert list(run([], workers=1, executor=executor)) == []
