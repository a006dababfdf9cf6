"""A device that is none: its tensors are held by the CPU, where all is computed, yet mix with no tensor of the CPU.

So the path of a fit on a GPU runs to its end on a machine that has none, and what would fail or be slow there shows:

* a tensor made without its device, or handed over without a copy, raises as on a GPU;
* what makes the host wait for the device is counted: reading a number, copying to the CPU, looking for what is not
  zero (a mask as an index), copying from the CPU without ``non_blocking``.

The device calls itself ``meta``: autograd asks a device for its streams, and of those without a GPU ``meta`` alone
has an answer. What only CUDA's own libraries do (cuDNN, cuBLAS, pinned memory) is not seen; tests marked ``gpu`` are
for that.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter, tree_map

DEVICE = torch.device("meta")
COPIES = (torch.ops.aten._to_copy.default, torch.ops.aten.copy_.default)
READS = (torch.ops.aten._local_scalar_dense.default, torch.ops.aten.equal.default, torch.ops.aten.nonzero.default)
BY_INDEX = (torch.ops.aten.index.Tensor, torch.ops.aten.index_put_.default, torch.ops.aten.index_put.default)


class Elsewhere(Tensor):
    """A tensor of the device."""

    waits: ClassVar[Counter[str]] = Counter()
    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, held: Tensor) -> "Elsewhere":
        return Tensor._make_wrapper_subclass(  # type: ignore[attr-defined]
            cls, held.shape, strides=held.stride(), storage_offset=held.storage_offset(), dtype=held.dtype,
            device=DEVICE,
        )  # fmt: skip

    def __init__(self, held: Tensor) -> None:
        self.held = held

    def tolist(self) -> Any:
        self.waits["tolist"] += 1
        return self.held.tolist()

    def untyped_storage(self) -> torch.UntypedStorage:
        return self.held.untyped_storage()

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        return computed(func, args, kwargs or {})


def computed(func: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    """Compute an operation on what the CPU holds, as the device would: there, here, or not at all."""
    tensors = [each for each in tree_iter((args, kwargs)) if isinstance(each, Tensor)]
    there = [each for each in tensors if isinstance(each, Elsewhere)]
    wanted = torch.device(kwargs["device"]) if kwargs.get("device") is not None else None
    if not there and wanted != DEVICE:
        return func(*args, **kwargs)
    here = [each for each in tensors if not isinstance(each, Elsewhere) and each.ndim > 0]
    if there and here and func not in COPIES:
        raise RuntimeError(f"{func}: expected all tensors to be on the same device, found both the CPU's and others")
    waits = Elsewhere.waits
    if func in READS or (func in BY_INDEX and any(i is not None and i.dtype == torch.bool for i in args[1])):
        waits[str(func)] += 1
    if func in COPIES:
        to_cpu = wanted == torch.device("cpu") or (func == COPIES[1] and not isinstance(args[0], Elsewhere))
        from_cpu = not there or (func == COPIES[1] and not isinstance(args[1], Elsewhere))
        waits["copy to the CPU"] += to_cpu
        waits["copy from the CPU"] += from_cpu and not (kwargs.get("non_blocking") or len(args) > 2)
    held = {id(each.held): each for each in there}
    kwargs = kwargs | ({"device": torch.device("cpu")} if wanted is not None else {})
    found = func(*tree_map(_held, args), **tree_map(_held, kwargs))
    if wanted is not None and wanted != DEVICE:
        return found
    if func in READS[:2]:
        return found
    return tree_map(lambda out: held[id(out)] if id(out) in held else _wrapped(out), found)


def _held(value: Any) -> Any:
    return value.held if isinstance(value, Elsewhere) else value


def _wrapped(value: Any) -> Any:
    return Elsewhere(value) if isinstance(value, Tensor) and not isinstance(value, Elsewhere) else value


class _Operations(TorchDispatchMode):
    def __torch_dispatch__(self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        return computed(func, args, kwargs or {})


class _FromNumbers(TorchFunctionMode):
    """``torch.tensor``, which makes its tensor before any operation is called."""

    def __torch_function__(self, func: Callable, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        kwargs = kwargs or {}
        if func is torch.tensor and torch.device(kwargs.get("device") or "cpu") == DEVICE:
            return func(*args, **kwargs | {"device": "cpu"}).to(DEVICE)
        return func(*args, **kwargs)


@contextmanager
def pretended_gpu() -> Iterator[Counter[str]]:
    """Have the device inside the block, and count the waits for it."""
    Elsewhere.waits.clear()
    with _FromNumbers(), _Operations():
        yield Elsewhere.waits
