"""Jobs on Ray: a cluster that is there, or workers of this machine started for the occasion."""

import logging
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from secrets import token_hex
from typing import Any

from ..errors import InputError
from .cluster import Lost
from .job import worker_environment

STORE = 128 * 2**20
"""Bytes of a private object store: rows and graphs are small, and what does not fit goes to disk."""

PATIENCE = 3.0
"""Seconds that an address gets to answer."""

SETTINGS = b"\x04"
HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00" + SETTINGS + b"\x00\x00\x00\x00\x00"
"""How HTTP/2, and so gRPC, and so Ray, is greeted (RFC 9113, 3.4); it answers with a frame of the type SETTINGS."""

LONGEST = 30
"""Characters of the folder for Ray's sockets: with what Ray appends, Linux takes 107."""

QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
"""A private Ray reports to nobody, and hides no GPU from a job that asked Ray for none."""


TOKEN = token_hex(32)
"""What keeps others of this machine out of a private Ray, which would else leave one in the home folder; Ray reads it
once in a process."""


class RayCluster:
    """Ray as :class:`grngc.execution.cluster.Cluster`. Its own retries are off: ours tell a job's fault from a loss."""

    def __init__(self) -> None:
        import ray

        self._ray = ray
        gone = ("WorkerCrashedError", "NodeDiedError", "OutOfMemoryError", "ObjectLostError")
        self._gone = tuple(getattr(ray.exceptions, name) for name in gone)

    def slots(self) -> int:
        """Return the processors of the cluster, those in use too."""
        return max(1, int(self._ray.cluster_resources().get("CPU", 0)))

    def submit(self, call: Callable[..., bytes], *arguments: Any) -> Any:
        """Start a task of one processor."""
        return self._ray.remote(num_cpus=1, max_retries=0)(call).remote(*arguments)

    def ended(self, tickets: Sequence[Any]) -> Sequence[Any]:
        """Wait for a first task."""
        return self._ray.wait(list(tickets), num_returns=1)[0]

    def answer(self, ticket: Any) -> bytes | Lost:
        """Return a task's bytes."""
        try:
            return self._ray.get(ticket)
        except self._gone:
            return Lost.LOST
        except (self._ray.exceptions.LocalRayletDiedError, self._ray.exceptions.RpcError, ConnectionError) as error:
            raise InputError(f"the Ray cluster is gone ({first_line(error)}); start it again") from error

    def cancel(self, tickets: Sequence[Any]) -> None:
        """Kill the processes that run them."""
        for ticket in tickets:
            self._ray.cancel(ticket, force=True)


@contextmanager
def connected(workers: int | None, address: str | None) -> Iterator[RayCluster]:
    """Connect to the cluster at an address, or start one for the block.

    Where the process is connected already, by a caller's ``ray.init``, that connection is used and kept.
    """
    try:
        import ray
    except ImportError as error:
        raise InputError('executor ray needs Ray: pip install "grngc[ray]"') from error
    if ray.is_initialized():
        if address is not None:
            raise InputError(f"address {address!r}: Ray is connected in this process already; leave the address out")
        yield RayCluster()
        return
    if address is not None:
        check_listens(address)
    folder = None if address is not None else private_folder()
    try:
        with _silent(), _signals_kept():
            try:
                _connect(ray, workers, address, folder)
                yield RayCluster()
            finally:
                ray.shutdown()
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _connect(ray: Any, workers: int | None, address: str | None, folder: str | None) -> None:
    common = {"configure_logging": False, "log_to_driver": False, "logging_level": logging.CRITICAL}
    if address is None:
        private = {"num_cpus": workers, "include_dashboard": False, "object_store_memory": STORE, "_temp_dir": folder}
        own = not any(name.startswith("RAY_AUTH_") for name in os.environ)
        secret = {"RAY_AUTH_TOKEN": TOKEN} if own else {}
        with environment(worker_environment() | QUIET | secret):
            ray.init(address="local", **private, **common)
        _end_at_once(ray)
        return
    try:
        ray.init(address=address, **common)
    except (OSError, RuntimeError, ValueError, AssertionError) as error:
        raise InputError(f"address {address!r}: no Ray cluster can be reached there: {first_line(error)}") from error


def _end_at_once(ray: Any) -> None:
    """Let ``ray.shutdown`` kill a private Ray and what that has started.

    It would wait a second for Ray to go by itself, half of what Ctrl-C may take, and there is no setting.
    """
    import psutil  # comes with Ray

    node = ray._private.worker._global_node
    kill = node.kill_all_processes

    def kill_all(**given: Any) -> None:
        started = []
        for _, process in node.live_processes():
            with suppress(psutil.NoSuchProcess):
                started += psutil.Process(process.pid).children(recursive=True)
        kill(**given | {"allow_graceful": False})
        for process in started:  # what serves the workers would be there for another minute
            with suppress(psutil.NoSuchProcess):
                process.kill()

    node.kill_all_processes = kill_all


def check_listens(address: str) -> None:
    """Refuse an address where no Ray can be: Ray itself tries on and on, and may end the process."""
    if address == "auto":
        return
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not host or not colon or not port.isdecimal():
        raise InputError(f"address {address!r}: expected HOST:PORT, ray://HOST:PORT, or auto for Ray on this machine")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=PATIENCE) as connection:
            if os.environ.get("RAY_USE_TLS", "0") != "0":
                return
            connection.sendall(HELLO)
            answer = connection.recv(9)
    except (OSError, OverflowError) as error:
        raise InputError(f"address {address!r}: nobody answers there ({error}); is the Ray cluster up?") from error
    if answer[3:4] != SETTINGS:
        raise InputError(
            f"address {address!r}: what answers there is not Ray; the port is mostly 6379, or 10001 of ray://"
        )


def first_line(error: BaseException) -> str:
    """Return how an engine's message, of many lines, starts."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def private_folder() -> str:
    """Make a folder for one run; where the usual place has too long a name for a socket, in ``/tmp``."""
    place = tempfile.gettempdir()
    return tempfile.mkdtemp(prefix="grngc-ray-", dir=place if len(place) <= LONGEST else "/tmp")


@contextmanager
def environment(given: dict[str, str]) -> Iterator[None]:
    """Set environment variables for the block: for processes that it starts."""
    before = dict(os.environ)
    os.environ.update(given)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _silent() -> Iterator[None]:
    """Keep Ray from writing to the terminal: no setting stops its paragraph on stdout for every worker that died."""
    from ray._private import worker

    logger = logging.getLogger("ray")
    printed, level = getattr(worker, "print_to_stdstream", None), logger.level
    worker.print_to_stdstream = lambda *_, **__: None
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        worker.print_to_stdstream = printed
        logger.setLevel(level)


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Put back what Ray takes over in the process that connects: the handler of SIGTERM and ``sys.excepthook``."""
    handler, hook = signal.getsignal(signal.SIGTERM), sys.excepthook
    try:
        yield
    finally:
        sys.excepthook = hook
        with suppress(ValueError, TypeError):  # not the main thread; or a handler that C code set
            signal.signal(signal.SIGTERM, handler)
