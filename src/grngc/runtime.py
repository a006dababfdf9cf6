"""What a run stands on: random state, device, memory budget. None of it is left changed for the caller."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from .errors import InputError

MEMORY_BUDGET = 256 * 2**20
"""Bytes that the arrays of one chunk may take. Fixed, never read from free memory: the chunks, and so the last bits
of a result, must not depend on what else the machine is doing."""


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[torch.Generator]:
    """Seed torch inside the block only, and hand out a CPU generator of its own for batches and noise.

    Seeded are the CPU's generator and that of ``device``; ``torch.manual_seed`` would seed every GPU, also those whose
    state is not put back. Inside, torch's default dtype is float32 and gradients are on, whatever the caller's are.
    """
    seed, dtype = int(seed), torch.get_default_dtype()
    forked = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=forked), torch.inference_mode(False), torch.enable_grad():
        torch.set_default_dtype(torch.float32)
        try:
            torch.default_generator.manual_seed(seed)
            if forked:
                with torch.cuda.device(device):
                    torch.cuda.manual_seed(seed)
            yield torch.Generator().manual_seed(seed)
        finally:
            torch.set_default_dtype(dtype)


def resolve_device(name: str) -> torch.device:
    """Return the named device: ``cpu``, ``cuda``, ``cuda:1``, or ``auto`` (cuda if there is one, else cpu).

    Raises :class:`InputError` for a name torch does not know and for a device that is not there.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        if device.type not in ("cpu", "cuda"):  # scores are summed in float64, which not every device has
            raise InputError(f"device {name!r} is not supported; choose cpu, cuda, cuda:1 or auto")
        torch.empty(1, device=device).item()
    except (RuntimeError, AssertionError, TypeError) as error:
        why = str(error).splitlines()[0].split(". ")[0]  # torch goes on for a paragraph
        raise InputError(f"device {name!r} cannot be used here: {why}; try device='cpu'") from error
    return device
