"""What the command line says besides results: progress, warnings, one line for each error, and the exit code."""

import errno
import math
import os
import shutil
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from .errors import CheckpointWarning, DivergenceError, InputError, InputWarning
from .interrupts import INTERRUPTED
from .labels import printable

if TYPE_CHECKING:
    from .training import Progress

OK, BUG, USAGE, UNTRUSTWORTHY, FAILED_CELLS, BROKEN_PIPE = 0, 1, 2, 3, 4, 141

DISK = (
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.EACCES, errno.EPERM, errno.EMFILE,
    errno.ENFILE,
)  # fmt: skip
"""What a disk raises that is no bug, when results are printed to a file; files of results say so themselves."""

PLAIN_LINES = 10
"""Lines of progress a run writes where there is no terminal."""

MOST_LEGIBLE = 100
"""Columns of a sentence on a wide terminal."""

# Some versions of Typer carry a copy of click, others import it: the parent of what Typer exports is right in both.
_UsageError: Any = typer.BadParameter.__base__


def exit_code_of(run: Callable[[], int]) -> int:
    """Call ``run`` and return its exit code, or that of its exception, told in one line on stderr."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")  # a name must not stop a terminal that lacks its letters
    with warnings.catch_warnings():
        for kind in (InputWarning, CheckpointWarning):
            warnings.simplefilter("always", kind)
        warnings.showwarning = lambda message, *_, **__: tell("warning", message)
        try:
            code = run()
            sys.stdout.flush()
        except InputError as error:
            tell("error", error)
            return USAGE
        except DivergenceError as error:
            tell("error", error)
            return UNTRUSTWORTHY
        except _UsageError as error:
            command = error.ctx.command_path if error.ctx else "grngc"
            tell("error", f"{' '.join(error.format_message().split()).rstrip('.')}; see '{command} --help'")
            return USAGE
        except (KeyboardInterrupt, typer.Abort) as error:
            tell("error", f"interrupted; {error}" if str(error) else "interrupted")
            return INTERRUPTED
        except BrokenPipeError:
            _close_output()
            return BROKEN_PIPE
        except Exception as error:  # noqa: BLE001  the last resort: say that it is not the user's fault
            if isinstance(error, OSError) and error.errno in DISK:
                _close_output()
                used = "read or written" if error.filename else "written"
                tell("error", f"{error.filename or 'the output'} cannot be {used} ({error.strerror})")
                return USAGE
            if _is_out_of_memory(error):
                tell("error", f"out of memory: use fewer series or a smaller lag ({error})")
                return USAGE
            tell("error", f"a bug in grngc, please report it with the lines below: {type(error).__name__}: {error}")
            traceback.print_exc()
            return BUG
    return code


def _close_output() -> None:
    """Lead stdout to nowhere: what is still in its buffer must not raise again when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _is_out_of_memory(error: Exception) -> bool:
    """Return whether NumPy or torch ran out of memory, without importing them. torch has a class for GPUs only."""
    names = [kind.__name__ for kind in type(error).__mro__]
    return "MemoryError" in names or "OutOfMemoryError" in names or "DefaultCPUAllocator" in str(error)


def tell(kind: str, message: object) -> None:
    """Write ``grngc: kind: message`` to stderr, in one line whatever the message holds."""
    print(f"grngc: {kind}: {printable(' '.join(str(message).splitlines()))}", file=sys.stderr)


@contextmanager
def shown_progress(quiet: bool = False, label: str = "") -> "Iterator[Callable[[Progress], None] | None]":
    """Hand out a callback that shows progress on stderr, None when ``quiet``.

    On a terminal a bar with loss and time left, which leaves nothing behind; elsewhere a plain line about every
    tenth of the way. Both say what is trained: first the forecasters that are tried, then the one that was chosen.
    """
    if quiet:
        yield None
        return
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal or console.is_dumb_terminal:
        yield _plain_lines(label)
        return
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    text = TextColumn("{task.percentage:>3.0f}%  loss {task.fields[loss]}  {task.fields[left]} left")
    with Bar(TextColumn("{task.description}"), BarColumn(), text, console=console, transient=True) as bar:
        task = bar.add_task(label or "starting", total=None, loss="-", left="-")

        def show(now: "Progress") -> None:
            left = duration(now.seconds_left)
            what = _labelled(label, now)
            loss = "-" if math.isnan(now.loss) else f"{now.loss:.4g}"
            bar.update(task, description=what, total=now.steps, completed=now.step, loss=loss, left=left)

        yield show


def _plain_lines(label: str) -> "Callable[[Progress], None]":
    shown: dict[str, int] = {}

    def show(now: "Progress") -> None:
        tenth = now.step * PLAIN_LINES // now.steps
        if tenth > shown.get(now.doing, 0):
            shown[now.doing] = tenth
            left = f", {duration(now.seconds_left)} left" if now.step < now.steps else ""
            at = (
                f"{now.step} of {now.steps}"
                if math.isnan(now.loss)
                else f"step {now.step} of {now.steps}, loss {now.loss:.4g}"
            )
            print(f"grngc: {_labelled(label, now)}: {at}{left}", file=sys.stderr)

    return show


def _labelled(label: str, now: "Progress") -> str:
    return f"{label}, {now.doing}" if label else now.doing


def sentence_width(without: int = MOST_LEGIBLE) -> int:
    """Return the width for sentences: the terminal's, ``without`` one this; at most what reads well."""
    return min(shutil.get_terminal_size((without, 24)).columns, MOST_LEGIBLE)


def duration(seconds: float) -> str:
    """Return ``48 s``, ``3 min 20 s``, ``2 h 5 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
