"""A disk that fails at the n-th thing written below a folder: full, read-only, or broken; once, or from then on."""

import errno
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FAULTS = {
    "full": (errno.ENOSPC, True),
    "read-only": (errno.EROFS, True),
    "broken once": (errno.EIO, False),
}
"""Name -> what is raised, and whether all that is written later fails too. Removing works, unless read-only."""


class FailingDisk:
    """Counts what is written below ``folder``, and lets it fail from number ``at`` on.

    Counted are files and folders made, bytes written (half of them arrive), flushed, renamed, and made durable.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path, at: int | None = None, fault: str = "full"):
        self.folder, self.at, self.count = str(folder), at, 0
        self.code, self.lasting = FAULTS[fault]
        self.no_removal = fault == "read-only"
        for name in ("mkdir", "replace", "chmod", "fsync"):
            monkeypatch.setattr(os, name, self._counted(getattr(os, name), small=name == "replace"))
        for name in ("unlink", "rmdir"):
            monkeypatch.setattr(os, name, self._counted(getattr(os, name), removal=True))
        monkeypatch.setattr(
            os, "open", self._opening(os.open, lambda flags, *_, **__: flags & (os.O_WRONLY | os.O_RDWR))
        )
        monkeypatch.setattr(io, "open", self._opening(io.open, lambda mode="r", *_, **__: set(mode) & set("wax+")))
        self._fdopen = os.fdopen
        monkeypatch.setattr(os, "fdopen", self._file)

    def _touch(self, what: object, small: bool = False) -> None:
        """Count, and fail where it is time to. A full disk has room for what is ``small``, unless its turn has come."""
        path = os.readlink(f"/proc/self/fd/{what}") if isinstance(what, int) else os.path.abspath(os.fspath(what))  # type: ignore[call-overload]
        if not path.startswith(self.folder):
            return
        number, self.count = self.count, self.count + 1
        later = self.lasting and not (small and not self.no_removal)
        if self.at is not None and (number == self.at or (later and number > self.at)):
            raise OSError(self.code, os.strerror(self.code), path)

    def _counted(self, real: Callable[..., Any], removal: bool = False, small: bool = False) -> Callable[..., Any]:
        def call(what: Any, *rest: Any, **named: Any) -> Any:
            if named.get("dir_fd") is not None and removal:  # shutil's way of removing a tree
                what_then = os.path.join(os.readlink(f"/proc/self/fd/{named['dir_fd']}"), what)
            else:
                what_then = what
            if not removal:
                self._touch(what_then, small)
            elif self.no_removal and self.at is not None and self.count > self.at:
                raise OSError(self.code, os.strerror(self.code))
            return real(what, *rest, **named)

        return call

    def _opening(self, real: Callable[..., Any], writes: Callable[..., Any]) -> Callable[..., Any]:
        def call(what: Any, *rest: Any, **named: Any) -> Any:
            if not isinstance(what, int) and named.get("dir_fd") is None and writes(*rest, **named):
                self._touch(what)
            return real(what, *rest, **named)

        return call

    def _file(self, descriptor: int, *rest: Any, **named: Any) -> Any:
        disk, file = self, self._fdopen(descriptor, *rest, **named)

        class Failing:
            def write(self, data: Any) -> int:
                try:
                    disk._touch(descriptor)
                except OSError:
                    file.write(data[: len(data) // 2])
                    file.flush()
                    raise
                return file.write(data)

            def flush(self) -> None:
                disk._touch(descriptor)
                file.flush()

            def fileno(self) -> int:
                return descriptor

            def __enter__(self) -> "Failing":
                return self

            def __exit__(self, *_: object) -> None:
                file.close()

        return Failing()
