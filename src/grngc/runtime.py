"""What a run stands on: random state, device, memory budget. None of it is left changed for the caller."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from .errors import InputError

MEMORY_BUDGET = 256 * 2**20
"""Bytes that the arrays of one chunk may take. Fixed, never read from free memory: the chunks, and so the last bits
of a result, must not depend on what else the machine is doing."""


@contextmanager
def seeded(seed: int) -> Iterator[torch.Generator]:
    """Seed torch inside the block only, and hand out a CPU generator of its own for batches and noise."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield torch.Generator().manual_seed(seed)


def resolve_device(name: str) -> torch.device:
    """Return the named device: ``cpu``, ``cuda``, ``cuda:1``, ``mps``, or ``auto`` (cuda if there is one, else cpu).

    Raises :class:`InputError` for a name torch does not know and for a device that is not there.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise InputError(f"device {name!r} cannot be used here: {str(error).splitlines()[0]}; try device='cpu'") from error
    return device
