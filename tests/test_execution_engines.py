"""Ray and Dask themselves: the same results as local processes, workers and machines that die, nothing left behind."""

import importlib.util
import math
import os
import signal
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench_tables import SMALL, read
from grngc.bench.results import Results, digest
from grngc.bench.run import choose, fill, plan, shard_of
from grngc.errors import InputError
from grngc.execution import ATTEMPTS, Job, WorkerLostError, run

PACKAGES = {"ray": "ray", "dask": "distributed"}


def needed(engine: str) -> pytest.MarkDecorator:
    absent = importlib.util.find_spec(PACKAGES[engine]) is None
    return pytest.mark.skipif(absent, reason=f'{engine} is not installed: pip install -e ".[{engine}]"')


ENGINES = [pytest.param(engine, marks=needed(engine)) for engine in PACKAGES]

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


def die_once(mark: Path) -> str:
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "answered"


def exit_always(tries: Path) -> None:
    with tries.open("a") as file:
        file.write("x")
    os._exit(7)


def fail(tries: Path) -> None:
    with tries.open("a") as file:
        file.write("x")
    raise OverflowError("too much")


def slow(x: float) -> float:
    time.sleep(0.2)
    return x


def stands_on() -> tuple[int, str]:
    import torch

    return torch.get_num_threads(), os.environ["OPENBLAS_NUM_THREADS"]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_worker_that_dies_loses_no_job_and_doubles_none(
    engine: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    jobs = [
        Job("root", math.sqrt, (4.0,)),
        Job("dies once", die_once, (tmp_path / "mark",)),
        Job("dies", exit_always, (tmp_path / "deaths",)),
        Job("fails", fail, (tmp_path / "failures",)),
        Job("threads", stands_on),
        *(Job(n, slow, (n,)) for n in range(6)),
    ]
    ends = list(run(iter(jobs), workers=2, executor=engine))
    assert sorted(str(key) for key, _ in ends) == sorted(str(job.key) for job in jobs)
    found = dict(ends)
    assert isinstance(found.pop("dies"), WorkerLostError)
    assert (tmp_path / "deaths").read_text() == "x" * ATTEMPTS
    assert isinstance(error := found.pop("fails"), OverflowError)
    assert str(error) == "too much"
    assert (tmp_path / "failures").read_text() == "x"
    assert found == {"root": 2, "dies once": "answered", "threads": (1, "1"), **{n: n for n in range(6)}}
    shown = capfd.readouterr()
    assert (shown.out, shown.err) == ("", "")


def test_the_same_jobs_give_the_same_rows_wherever_they_run(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    table = read(tmp_path, SMALL + '\n[[rows]]\nlabel = "ridge"\nmethod = "ridge_var"\nchosen = ""\n')
    cells = choose(table, rows=["correlation", "ridge"])
    missing = plan(cells, {}).missing
    digests = {}
    places = [("one process", "local", 1), ("loky", "local", 2), ("ray", "ray", 2), ("dask", "dask", 2)]
    for name, executor, workers in places:
        if importlib.util.find_spec(PACKAGES.get(executor, "loky")) is None:
            continue
        kept = Results(tmp_path / name)
        fill(missing, kept, workers, lambda *_: None, executor=executor)
        digests[name] = digest(kept.read().values())
    request.getfixturevalue("here")
    shared = Results(tmp_path / "shards")
    for shard in (3, 1, 2):
        part = plan(shard_of(cells, shard, 3), shared.read()).missing
        fill(part, shared, 1, lambda *_: None, fold=False)
    assert len(list(shared.fresh.glob("*.json"))) == len(missing)
    digests["shards"] = digest(shared.read().values())
    shared.fold()
    digests["shards, folded"] = digest(shared.read().values())
    assert len(set(digests.values())) == 1, digests
    lines = [line for path in shared.folder.glob("*.jsonl") for line in path.read_text().splitlines()]
    assert len(lines) == len(missing) == 10


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", ["nobody", "deaf", "nonsense"])
def test_an_address_where_no_cluster_is_says_so_in_one_line_and_soon(engine: str, kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        if kind == "nobody":
            server.close()
        address = "nonsense" if kind == "nonsense" else f"127.0.0.1:{port}"
        begin = time.monotonic()
        with pytest.raises(InputError, match=rf"^address '{address}': [^\n]+$"):
            list(run([Job(0, math.sqrt, (4,))], executor=engine, address=address))
        assert time.monotonic() - begin < 10


SLEEPER = """
import sys, time
from grngc.execution import Job, run
def sleep(seconds):
    time.sleep(seconds)
for key, _ in run([Job("quick", sleep, (0.1,)), Job(1, sleep, (300,)), Job(2, sleep, (300,))], workers=2, executor=sys.argv[1]):
    print(key, flush=True)
"""  # noqa: E501


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_stopped_from_outside_it_leaves_no_process(engine: str, how: signal.Signals, tmp_path: Path) -> None:
    """A script without a guard, which its workers therefore must not import."""
    (tmp_path / "script.py").write_text(SLEEPER)
    mark = f"grngc-test-{os.getpid()}"
    process = subprocess.Popen(
        [sys.executable, str(tmp_path / "script.py"), engine],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        env=os.environ | {"GRNGC_MARK": mark, "TMPDIR": str(tmp_path)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "quick\n"
    assert len(_marked(mark)) > 2
    os.killpg(process.pid, how)
    process.wait(timeout=30)
    deadline = time.monotonic() + 60
    while (left := _marked(mark)) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not left
    if how == signal.SIGINT:
        assert not list(tmp_path.glob("grngc-*"))


def _marked(mark: str) -> list[int]:
    """The processes that inherited an environment with the mark."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


@pytest.fixture
def dask_cluster() -> Iterator[Any]:
    distributed = pytest.importorskip("distributed", reason='dask is not installed: pip install -e ".[dask]"')
    with distributed.LocalCluster(2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as cluster:
        yield cluster


def test_a_dask_cluster_that_is_there_is_used_and_left_running(dask_cluster: Any) -> None:
    address = dask_cluster.scheduler_address
    found = dict(run([Job(n, slow, (n,)) for n in range(5)], executor="dask", address=address))
    assert found == {n: n for n in range(5)}
    ends = run([Job(n, slow, (n,)) for n in range(5)], executor="dask", address=address)
    next(ends)
    ends.close()
    assert len(dask_cluster.scheduler.workers) == 2
    assert not [client for client in dask_cluster.scheduler.clients if client.startswith("Client-")]


@needed("dask")
def test_dask_workers_that_run_jobs_side_by_side_in_one_process_are_refused() -> None:
    from distributed import LocalCluster

    with (
        LocalCluster(1, threads_per_worker=2, host="127.0.0.1", dashboard_address=None) as cluster,
        pytest.raises(InputError, match=r"has 2 threads, and a job needs a process of its own: .*--nthreads 1"),
    ):
        list(run([Job(0, slow, (1,))], executor="dask", address=cluster.scheduler_address))


@pytest.mark.slow
@needed("ray")
def test_a_ray_machine_that_goes_takes_no_job_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))  # a cluster finds our modules by its own means
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        store = 128 * 2**20
        cluster = Cluster(
            initialize_head=True,
            head_node_args={"num_cpus": 1, "include_dashboard": False, "object_store_memory": store},
        )
        machine = cluster.add_node(num_cpus=1, object_store_memory=store)
        try:
            ends = []
            for end in run([Job(n, nap, (n,)) for n in range(6)], executor="ray", address=cluster.address):
                if not ends:
                    cluster.remove_node(machine)
                ends.append(end)
            assert sorted(ends) == [(n, n) for n in range(6)]
            assert len(cluster.list_all_nodes()) == 1
        finally:
            cluster.shutdown()


def nap(x: int) -> int:
    time.sleep(1.5)
    return x
