"""Where a fit computes, and how exactly: which device, the same bits every time, TF32 only where it was asked for."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from .errors import InputError

TF32_SINCE = (8, 0)
"""Compute capability of the first NVIDIA GPUs that have TF32 (Ampere)."""


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
    if device.type == "cuda" and device.index is None:
        return torch.device("cuda", torch.cuda.current_device())
    return device


def device_kind(device: torch.device) -> str:
    """Return what decides the last bits beside the seed: ``cpu``, or the kind of GPU, ``NVIDIA H200``."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"


def described(device: torch.device) -> str:
    """Return ``cpu``, or name and kind of a GPU: ``cuda:0 (NVIDIA H200)``."""
    return f"{device} ({device_kind(device)})" if device.type == "cuda" else str(device)


def check_tf32(device: torch.device, tf32: bool) -> None:
    """Refuse TF32 where nothing would feel it."""
    if not tf32:
        return
    if device.type != "cuda":
        raise InputError(
            f"tf32 rounds on a GPU only, and this fit runs on {device}: leave it out, or give device='cuda'"
        )
    if torch.cuda.get_device_capability(device) < TF32_SINCE:
        raise InputError(
            f"tf32: {device_kind(device)} has no TF32, which came with Ampere (RTX 30, A100): leave it out"
        )


@contextmanager
def computing_on(device: torch.device, *, tf32: bool = False) -> Iterator[None]:
    """Compute alike every time inside the block, and say in one line that a GPU's memory is full.

    On a GPU cuDNN, which convolutions use, keeps to deterministic algorithms and tries none out against the clock;
    products of float32 matrices and convolutions round their factors to TF32 only with ``tf32`` (torch by itself does
    so for convolutions). The caller's settings are put back. On the CPU there is nothing to set.
    """
    if device.type != "cuda":
        yield
        return
    cudnn = torch.backends.cudnn
    before = cudnn.benchmark, cudnn.deterministic
    try:
        with _tf32(tf32):
            cudnn.benchmark, cudnn.deterministic = False, True
            yield
    except torch.OutOfMemoryError as error:
        raise InputError(
            f"{device} ran out of memory ({_first_sentences(error)}): take a GPU that nothing else uses, lower "
            "hidden, lag, batch or memory_budget, or give device='cpu'"
        ) from error
    finally:
        cudnn.benchmark, cudnn.deterministic = before


@contextmanager
def _tf32(wanted: bool) -> Iterator[None]:
    """Set whether float32 products are rounded to TF32, inside the block only.

    Since torch 2.9 each kind of operation has a setting of its own beside the two older ones, which cannot be *read* by
    whom has used the new, and can always be *set*: doing so sets the new ones too.
    """
    cuda, cudnn = torch.backends.cuda, torch.backends.cudnn
    each = [cuda.matmul, cudnn.conv, cudnn.rnn] if hasattr(cudnn, "conv") else []
    new = [(kind, kind.fp32_precision) for kind in each]
    old = (new[0][1] == "tf32", new[1][1] == "tf32") if new else (cuda.matmul.allow_tf32, cudnn.allow_tf32)
    try:
        _set_old(wanted, wanted)
        yield
    finally:
        _set_old(*old)
        for kind, precision in new:
            if kind.fp32_precision != precision:
                kind.fp32_precision = precision


def _set_old(for_products: bool, for_convolutions: bool) -> None:
    with warnings.catch_warnings():  # torch 2.9 to 2.11 advise the new settings once, in whose place nothing is lost
        warnings.filterwarnings("ignore", "Please use the new API settings", UserWarning)
        torch.backends.cuda.matmul.allow_tf32 = for_products
        torch.backends.cudnn.allow_tf32 = for_convolutions


def _first_sentences(error: Exception) -> str:
    """Return what was asked for and what there is, of a text that goes on for a paragraph."""
    first_line, _, _ = str(error).partition("\n")
    return "; ".join(part.rstrip(".") for part in first_line.split(". ")[1:3]) or "no more to be had"
