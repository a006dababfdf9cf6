"""Jobs on Dask: a cluster that is there, or workers of this machine started for the occasion."""

import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from queue import Empty, Queue
from typing import TYPE_CHECKING, Any, cast

from ..errors import InputError
from .cluster import Lost
from .job import end_with, worker_environment

if TYPE_CHECKING:
    from distributed import Client

PATIENCE = 5.0
"""Seconds that an address gets to answer."""

START = 60.0
"""Seconds in which a first worker of our own must be up."""


class DaskCluster:
    """Dask as :class:`grngc.execution.cluster.Cluster`."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    def slots(self) -> int:
        """Return the number of workers, each of which takes one job at a time."""
        return max(1, len(self._client.nthreads()))

    def submit(self, call: Callable[..., bytes], *arguments: Any) -> Any:
        """Submit a task of its own, whatever was computed before."""
        return self._client.submit(call, *arguments, pure=False, retries=0)

    def ended(self, tickets: Sequence[Any]) -> Sequence[Any]:
        """Wait for a first task."""
        from distributed import wait

        try:
            with self._client.as_current():
                return list(wait(tickets, return_when="FIRST_COMPLETED").done)
        except CancelledError as error:
            raise _gone(error) from error

    def answer(self, ticket: Any) -> bytes | Lost:
        """Return a task's bytes."""
        from distributed import KilledWorker

        try:
            return ticket.result()
        except KilledWorker:
            return Lost.LOST
        except (CancelledError, OSError) as error:
            raise _gone(error) from error

    def cancel(self, tickets: Sequence[Any]) -> None:
        """Drop them from the queue; Dask cannot stop a call that runs in a worker which is not ours."""
        if self._client.status == "running":
            self._client.cancel(list(tickets), force=True)


@contextmanager
def connected(workers: int | None, address: str | None) -> Iterator[DaskCluster]:
    """Connect to the cluster at an address, or start one for the block."""
    try:
        from distributed import Client
    except ImportError as error:
        raise InputError('executor dask needs Dask: pip install "grngc[dask]"') from error
    if address is None:
        with _started(cast(int, workers)) as own, Client(own, set_as_default=False) as client:
            client.wait_for_workers(1, timeout=START)
            yield DaskCluster(client)
        return
    with _client_at(address) as client:
        crowded = {worker: threads for worker, threads in client.nthreads().items() if threads > 1}
        for worker, threads in crowded.items():
            raise InputError(
                f"address {address!r}: its worker {worker} has {threads} threads, and a job needs a process of its "
                "own: start workers with --nworkers N --nthreads 1 (threads_per_worker=1)"
            )
        yield DaskCluster(client)


def _client_at(address: str) -> "Client":
    """Connect; where something listens that is not Dask, ``Client`` would wait without end."""
    from distributed import Client

    found: Queue[Client | Exception] = Queue()

    def connect() -> None:
        try:
            found.put(Client(address, timeout=PATIENCE, set_as_default=False))
        except Exception as error:  # noqa: BLE001  told below
            found.put(error)

    threading.Thread(target=connect, daemon=True).start()
    try:
        client = found.get(timeout=PATIENCE + 1)
    except Empty:
        client = TimeoutError("what listens there is not a Dask scheduler; its port is mostly 8786")
    if isinstance(client, Exception):
        why = " ".join(str(client).split())
        raise InputError(f"address {address!r}: nobody answers there ({why}); is the Dask scheduler up?") from client
    return client


@contextmanager
def _started(workers: int) -> Iterator[str]:
    """Start a scheduler and workers, which no one outside this machine can reach; kill them after the block.

    Workers are a process group of their own: Ctrl-C is left to this process, and one signal ends them all. Those of
    ``LocalCluster`` would import the main script, and run one without a guard again.
    """
    import dask
    from distributed import LocalCluster

    folder = tempfile.mkdtemp(prefix="grngc-dask-")
    try:
        # no retries of Dask's own: ours tell a job's fault from a loss
        with dask.config.set({"distributed.scheduler.allowed-failures": 0, "temporary-directory": folder}):
            scheduler = LocalCluster(
                n_workers=0,
                host="127.0.0.1",
                dashboard_address=None,
                scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # its page of metrics: any port, not 8787
                silence_logs=logging.CRITICAL,
            )
        with scheduler:
            address = scheduler.scheduler_address
            process = subprocess.Popen(
                [sys.executable, "-c", SERVE, str(os.getpid()), address, str(workers), folder],
                env=os.environ | worker_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            try:
                yield address
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


SERVE = "import sys; from grngc.execution.on_dask import serve; serve(*sys.argv[1:])"


def serve(parent: str, address: str, workers: str, folder: str) -> None:
    """Keep workers running, in the process that :func:`_started` starts, until it is killed or its parent is gone."""
    from distributed.cli.dask_worker import main

    end_with(int(parent))
    options = {"--nworkers": workers, "--nthreads": "1", "--memory-limit": "0", "--local-directory": folder}
    main([address, "--no-dashboard", "--host", "127.0.0.1", *(word for pair in options.items() for word in pair)])


def _gone(error: BaseException) -> InputError:
    return InputError(f"the Dask cluster is gone ({type(error).__name__}: {error}); start it again")
