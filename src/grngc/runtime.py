"""What a run stands on: random state, defaults of torch, memory budget. None of it is left changed for the caller."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import torch
from threadpoolctl import threadpool_limits

from .arguments import check_whole
from .errors import InputError

MEMORY_BUDGET = 256 * 2**20
"""Bytes that the arrays of one chunk may take. Fixed, never read from free memory: the chunks, and so the last bits
of a result, must not depend on what else the machine is doing."""

MOST_THREADS = 1024


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[torch.Generator]:
    """Seed torch inside the block only, and hand out a CPU generator of its own for batches and noise.

    Seeded are the CPU's generator and that of ``device``; ``torch.manual_seed`` would seed every GPU, also those whose
    state is not put back. Inside, torch's default dtype is float32, its default device the CPU, where every forecaster
    is built so that a seed draws the same parameters for every device, and gradients are on, whatever the caller's are.
    """
    seed, dtype = int(seed), torch.get_default_dtype()
    forked = [device] if device.type == "cuda" else []
    elsewhere = torch.get_default_device().type != "cpu"
    here = torch.device("cpu") if elsewhere else nullcontext()  # a default device costs time at every call of torch
    with here, torch.random.fork_rng(devices=forked), torch.inference_mode(False), torch.enable_grad():
        torch.set_default_dtype(torch.float32)
        try:
            torch.default_generator.manual_seed(seed)
            if forked:
                with torch.cuda.device(device):
                    torch.cuda.manual_seed(seed)
            yield torch.Generator().manual_seed(seed)
        finally:
            torch.set_default_dtype(dtype)


@contextmanager
def limited_threads(threads: int) -> Iterator[None]:
    """Let torch and the linear algebra below NumPy compute with so many threads inside the block only."""
    check_whole("threads", threads)
    if threads > MOST_THREADS:
        raise InputError(f"threads must be at most {MOST_THREADS}; got {threads}")
    before = torch.get_num_threads()
    with threadpool_limits(int(threads)):
        torch.set_num_threads(int(threads))
        try:
            yield
        finally:
            torch.set_num_threads(before)
