"""States of unfinished trainings on disk, so that a killed run goes on to the very graph it would have given."""

import io
import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from .errors import InputError
from .storage import write_atomically

EVERY_SECONDS = 20.0
"""Between two states; a fit that takes less leaves none."""

WORTH_KEEPING = 0.25
"""A training that took this share of that time is kept when it ends too, so that it need not be repeated."""

IDENTITY = "run.json"
ZIP = b"PK\x03\x04"


class Checkpoints:
    """The checkpoints of one fit: a file for each of its trainings, which come in the same order every time.

    Parameters
    ----------
    folder : Path
        Made by the first state that is kept.
    identity : mapping
        What makes a fit what it is, plain values: data, parameters, versions, kind of processor. States of another
        one are refused: they would not lead to the same graph.
    every : float
        Seconds between states.

    Raises
    ------
    InputError
        The folder holds states of something else, or what is no state.
    """

    def __init__(self, folder: Path | str, identity: Mapping[str, Any], every: float = EVERY_SECONDS) -> None:
        self.folder, self.every, self.begun, self.last = Path(folder), every, 0, time.monotonic()
        self.identity = json.dumps(identity, sort_keys=True, default=repr)
        self._check_identity()

    def next(self) -> "Checkpoint":
        """Return the checkpoint of the training that begins now."""
        self.begun += 1
        return Checkpoint(self, self.folder / f"{self.begun:03d}.pt")

    def clear(self) -> None:
        """Remove all states, once nobody needs them any more."""
        for path in [*states(self.folder), self.folder / IDENTITY]:
            path.unlink(missing_ok=True)
        with suppress(OSError):
            self.folder.rmdir()

    def prepare(self) -> None:
        """Make the folder and say whose it is."""
        if not (self.folder / IDENTITY).exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            write_atomically(self.folder / IDENTITY, self.identity)

    def _check_identity(self) -> None:
        try:
            there = json.loads((self.folder / IDENTITY).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            raise InputError(
                f"{self.folder}: not a folder of checkpoints ({error}): remove it to start anew"
            ) from error
        mine = json.loads(self.identity)
        if there == mine:
            return
        names = set(there) | set(mine) if isinstance(there, dict) else set(mine)
        other = sorted(name for name in names if not isinstance(there, dict) or there.get(name) != mine.get(name))
        raise InputError(
            f"{self.folder}: begun with another {', '.join(other)}: go on with the command that began it, or remove "
            "this folder to start anew"
        )


class Checkpoint:
    """The state of one training."""

    def __init__(self, all_of_them: Checkpoints, path: Path) -> None:
        self.owner, self.path, self.start = all_of_them, path, time.monotonic()

    def load(self) -> dict[str, Any] | None:
        """Return the state that was kept, None where there is none. Tensors and plain values are read, never code."""
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            if not content.startswith(ZIP):  # torch would try its way before 1.6, and warn
                raise ValueError("no archive")
            state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        except Exception as error:  # torch raises anything on what is no state
            why = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise InputError(
                f"{self.path}: not a checkpoint ({why}): remove {self.owner.folder} to start anew"
            ) from error
        return state

    def due(self, ended: bool) -> bool:
        """Return whether it is time to keep a state; ``ended``: there will be no other of this training."""
        now = time.monotonic()
        if ended and now - self.start >= WORTH_KEEPING * self.owner.every:
            return True
        return now - self.owner.last >= self.owner.every

    def save(self, state: Mapping[str, Any]) -> None:
        """Put a state on disk in place of the one before."""
        self.owner.prepare()
        content = io.BytesIO()
        torch.save(dict(state), content)
        write_atomically(self.path, content.getvalue())
        self.owner.last = time.monotonic()


def states(folder: Path) -> list[Path]:
    """Return the states that a folder holds."""
    return list(folder.glob("*.pt"))


def processor() -> str:
    """Return the kind of processor, as far as it decides the last bits of a result."""
    return f"{os.uname().machine} {torch.backends.cpu.get_cpu_capability()}"
