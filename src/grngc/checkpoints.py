"""States of unfinished trainings on disk, so that a killed run goes on to the very graph it would have given.

A state is written whole or not at all, and says which fit it is of; what it holds follows from that fit and from its
file's name. So whichever process finds one may go on from it, even while the one that wrote it still runs.
"""

import hashlib
import io
import json
import os
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from .errors import CheckpointWarning, DivergenceError, InputError
from .storage import write_atomically

EVERY_SECONDS = 20.0
"""Between two states; a fit that takes less leaves none."""

WORTH_KEEPING = 0.25
"""A training that took this share of that time is kept when it ends too, so that it need not be repeated."""

IDENTITY = "run.json"
ZIP = b"PK\x03\x04"


class Checkpoints:
    """The checkpoints of one fit: those of its trainings, which come in the same order every time.

    Parameters
    ----------
    folder : Path
        Made by the first state that is kept.
    every : float
        Seconds between states.
    anew : bool
        Where the folder holds states of another fit, or what is no state: remove them and begin anew. Otherwise they
        are refused.

    Attributes
    ----------
    before : float
        Seconds that the fit had taken when the state was kept that it went on from; 0 where it began anew.
    """

    def __init__(self, folder: Path | str, every: float = EVERY_SECONDS, anew: bool = False) -> None:
        self.folder, self.every, self.anew, self.before = Path(folder), every, anew, 0.0
        self.identity, self.begun, self.told, self.usable = "", 0, False, True
        self.start = self.last = time.monotonic()

    def begin(self, identity: Mapping[str, Any]) -> None:
        """Say whose states these are, before the first training.

        Parameters
        ----------
        identity : mapping
            What makes a fit what it is, plain values: data, parameters, versions, kind of processor. States of another
            one would not lead to the same graph.

        Raises
        ------
        InputError
            The folder holds states of something else, or what is no state (not with ``anew``).
        """
        self.identity, self.begun, self.before = json.dumps(identity, sort_keys=True, default=repr), 0, 0.0
        self.start = self.last = time.monotonic()
        try:
            self._check_identity()
        except InputError:
            if not self.anew:
                raise
            try:
                self.clear()
            except OSError:
                self.usable = False  # neither to be read nor to be replaced

    def next(self) -> "Checkpoint | None":
        """Return the checkpoint of the training that begins now."""
        self.begun += 1
        return Checkpoint(self, f"{self.begun:03d}") if self.usable else None

    def clear(self) -> None:
        """Remove all states, once nobody needs them any more, and what a killed process was writing."""
        for path in [*states(self.folder), *self.folder.glob(".*.part"), self.folder / IDENTITY]:
            path.unlink(missing_ok=True)
        with suppress(OSError):
            self.folder.rmdir()

    def prepare(self) -> None:
        """Make the folder and say whose it is."""
        if not (self.folder / IDENTITY).exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            write_atomically(self.folder / IDENTITY, self.identity)

    def write(self, name: str, content: Mapping[str, Any]) -> None:
        """Put a state, or a part of one, on disk in place of the one before."""
        import torch

        self.prepare()
        file = io.BytesIO()
        torch.save(dict(content) | {"of": self._digest()}, file)
        write_atomically(self.folder / name, file.getvalue())

    def read(self, name: str) -> dict[str, Any]:
        """Return what :meth:`write` wrote, tensors and plain values: never code.

        Raises ``FileNotFoundError`` where nothing is there, ``ValueError`` where it is something else.
        """
        import torch

        content = (self.folder / name).read_bytes()
        if not content.startswith(ZIP):  # torch would try its way before 1.6, and warn
            raise ValueError("no archive")
        try:
            found = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        except Exception as error:  # torch raises anything on what is no state
            raise ValueError(str(error).splitlines()[0] if str(error) else type(error).__name__) from error
        if not isinstance(found, dict) or found.get("of") != self._digest():
            raise ValueError("of another run")
        return found

    def tell(self, error: OSError) -> None:
        """Warn, once, that a run goes on without a safety copy."""
        if not self.told:
            self.told = True
            why = error.strerror or error
            text = f"{self.folder}: the state cannot be kept ({why}); the run goes on, but could not after a kill"
            warnings.warn(text, CheckpointWarning, stacklevel=2)

    def _digest(self) -> str:
        return hashlib.sha256(self.identity.encode()).hexdigest()

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
    """The state of one training, and the scores along its way where someone looks at them."""

    def __init__(self, owner: Checkpoints, name: str) -> None:
        self.owner, self.name, self.start = owner, name, time.monotonic()
        self.seen: list[tuple[int, np.ndarray]] = []  # not yet on disk
        self.parts: list[str] = []

    def load(self) -> tuple[dict[str, Any], list[tuple[int, np.ndarray]]] | None:
        """Return the state that was kept and all that was noted before it; None where there is none."""
        name, noted = f"{self.name}.pt", []
        try:
            state = self.owner.read(name)
            for name in state["parts"]:
                noted += [(step, found.numpy()) for step, found in self.owner.read(name)["noted"]]
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            if self.owner.anew:
                return None
            why = (error.strerror if isinstance(error, OSError) else None) or error
            raise InputError(
                f"{self.owner.folder / name}: not a checkpoint ({why}): remove {self.owner.folder} to start anew"
            ) from error
        self.parts, self.owner.before = state["parts"], max(self.owner.before, state["spent"])
        return state, noted

    def note(self, step: int, scores: np.ndarray) -> None:
        """Keep scores beside the states from the next one on."""
        self.seen.append((step, scores))

    def due(self, ended: bool) -> bool:
        """Return whether it is time to keep a state; ``ended``: there will be no other of this training."""
        now = time.monotonic()
        if ended and now - self.start >= WORTH_KEEPING * self.owner.every:
            return True
        return now - self.owner.last >= self.owner.every

    def save(self, state: Mapping[str, Any]) -> None:
        """Keep a state; where the disk does not take it, say so and go on without."""
        import torch

        try:
            if self.seen:
                part = f"{self.name}-{self.seen[0][0]}-{self.seen[-1][0]}.pt"
                self.owner.write(part, {"noted": [(step, torch.tensor(found)) for step, found in self.seen]})
                self.parts, self.seen = [*self.parts, part], []
            spent = self.owner.before + time.monotonic() - self.owner.start
            self.owner.write(f"{self.name}.pt", dict(state) | {"parts": self.parts, "spent": spent})
        except OSError as error:
            self.owner.tell(error)
        self.owner.last = time.monotonic()


@contextmanager
def gone_on_from(
    checkpoint: "Checkpoints | Path | str | None", identity: Callable[[], Mapping[str, Any]]
) -> Iterator[Checkpoints | None]:
    """Hand out the checkpoints of the fit in the block; after it those in a folder are removed, those handed in stay.

    After a divergence all are removed: the same fit would end there again.
    """
    if checkpoint is None:
        yield None
        return
    kept = checkpoint if isinstance(checkpoint, Checkpoints) else Checkpoints(checkpoint)
    kept.begin(identity())
    try:
        yield kept
    except DivergenceError:
        cleared(kept)
        raise
    if kept is not checkpoint:
        cleared(kept)


def cleared(kept: Checkpoints) -> None:
    """Remove all states where the disk lets it."""
    with suppress(OSError):  # a graph is not lost for what is left lying
        kept.clear()


def states(folder: Path) -> list[Path]:
    """Return the states that a folder holds."""
    return list(folder.glob("*.pt"))


def processor() -> str:
    """Return the kind of processor, as far as it decides the last bits of a result."""
    import torch

    return f"{os.uname().machine} {torch.backends.cpu.get_cpu_capability()}"
