"""Ctrl-C ends a command within two seconds, whatever it is at: Python by itself waits until a call of C returns."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

INTERRUPTED = 130
"""Exit code, as shells have it."""

PATIENCE = 1.7
"""Seconds in which a command may end by itself: stop its workers, remove what is half written, say how to go on."""

_what_is_kept: list[Callable[[], str]] = []


@contextmanager
def told_on_interrupt(what_is_kept: Callable[[], str]) -> Iterator[None]:
    """Let Ctrl-C in the block say what is kept and how to go on; asked for then, maybe by another thread."""
    _what_is_kept.append(what_is_kept)
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(what_is_kept()) from None
    finally:
        _what_is_kept.remove(what_is_kept)


def watch() -> None:
    """End this process soon after Ctrl-C; for a process that is ours alone, once, from its main thread.

    Where a long call of C, or another's clean-up, keeps the main thread from seeing the interruption, a thread of its
    own ends the process. Workers end by themselves when it is gone. A second Ctrl-C disturbs nothing.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        return  # nohup, and shells that run it in the background
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    signal.signal(signal.SIGINT, _interrupt)
    threading.Thread(target=_end_after, args=(read,), daemon=True).start()


def end(message: str = "") -> NoReturn:
    """End now, without what else Python and libraries would tidy up: the system does."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    if message:
        bar = "\r\x1b[2K\x1b[?25h" if os.isatty(2) else ""  # what is left of one, and the cursor it hid
        with suppress(OSError):
            os.write(2, f"{bar}grngc: error: {message}\n".encode())
    os._exit(INTERRUPTED)


def _interrupt(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


def _end_after(read: int) -> None:
    while signal.SIGINT not in os.read(read, 64):
        pass
    time.sleep(PATIENCE)
    kept = ""
    with suppress(Exception):
        kept = "; ".join(what_is_kept() for what_is_kept in _what_is_kept)
    end(f"interrupted; {kept}" if kept else "interrupted")
