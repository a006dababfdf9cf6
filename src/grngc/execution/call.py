"""One job in a worker: alone in its process, with one thread; what it returned or raised comes back as it was."""

import os
import pickle
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .job import ONE_THREAD

_alone = threading.Lock()


def packed(value: Any) -> bytes:
    """Return a value as bytes; functions of the main script go by value."""
    import cloudpickle

    return cloudpickle.dumps(value)


def unpacked(answer: bytes) -> Any:
    """Return the outcome in a worker's answer, an error that says so where it cannot be read here."""
    try:
        return pickle.loads(answer)
    except Exception as error:  # noqa: BLE001  whatever unpickling raises
        return TypeError(f"the outcome cannot be read back: {type(error).__name__}: {error}")


def call(what: bytes, settings: dict[str, str]) -> bytes:
    """Call a function in a worker, and return its result or exception, as bytes.

    As bytes, so that it comes back as it was: Ray would hand out arrays that cannot be written to and wrap exceptions
    in its own, and loky would take an exception that cannot be read back for the death of the worker.
    """
    with _alone, one_thread(settings):
        try:
            function, arguments = pickle.loads(what)
            return _answer(function(*arguments))
        except BaseException as error:  # noqa: BLE001  the job's outcome, SystemExit too: the worker is not its to end
            return _told(error)


def _answer(outcome: Any) -> bytes:
    try:
        return packed(outcome)
    except Exception as error:
        raise TypeError(f"the outcome cannot be sent back ({type(outcome).__name__}): {error}") from error


def _told(error: BaseException) -> bytes:
    """Return an exception with its traceback as a note; in words where its class does not survive the way."""
    note = f"in the worker:\n{traceback.format_exc()}"
    try:
        error.add_note(note)
        answer = packed(error)
        pickle.loads(answer)
    except Exception:  # noqa: BLE001  whatever pickling raises
        plain = RuntimeError(f"{type(error).__name__}: {error}")
        plain.add_note(note)
        return packed(plain)
    return answer


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
