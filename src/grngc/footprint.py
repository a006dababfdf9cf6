"""What a training step takes in memory, counted by going through it on tensors without numbers.

Every operation on torch's ``meta`` device makes a tensor of the right shape and no content: the bytes that would be
alive at each moment are counted, whatever the forecaster computes. ``benchmarks/scale.py`` compares them with what
processes really took.
"""

import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakIdKeyDictionary

from .factors import SLAB_BYTES
from .forecasters import Recipe, build_forecaster
from .gradients import gradient_penalty, offers_closed_form, windows_at_once

ALWAYS = 12 * 2**20
"""Bytes that any training takes: code that is loaded when it is first run, workspaces of matrix products."""

ALLOCATOR = 1.55
"""What a process grows by, over the bytes that are alive at the peak: what was freed before is kept, in holes that the
next array does not fit into (glibc; benchmarks/scale.py)."""

NUMBER = 4
"""Bytes of a float32, which training uses."""

QUICK = 128
"""Pieces of the gradient that a step is gone through with: of more windows, the first few show what each takes."""


def step_bytes(
    recipe: Recipe, windows: int, penalised: int, targets: int | None, memory_budget: int, method: str = "auto"
) -> int:
    """Return what a process grows by at the peak of a training step: parameters, Adam's state, derivatives, pieces.

    Parameters
    ----------
    recipe : Recipe
    windows, penalised : int
        Windows of a batch, and those of them that the penalty is measured on.
    targets : int, optional
        Targets that it is measured on; None: all.
    memory_budget : int
        Decides how many windows are handled at a time.
    method : str
        Of :func:`grngc.gradients.gradient_penalty`.
    """
    p, lags = recipe.n_series, recipe.n_lags
    forecaster = without_numbers(recipe)
    x = torch.empty(windows, lags, p, device="meta")
    chunk = windows_at_once(forecaster, x, memory_budget, method=method)
    others, some = min(chunk, max(0, windows - penalised)), min(chunk, penalised)
    wanted = p if targets is None else min(targets, p)
    if method == "closed" or (method == "auto" and offers_closed_form(forecaster)):
        few = max(2, QUICK * SLAB_BYTES // (NUMBER * p * p * lags))  # of many, the first few show what each takes
        if some <= few:
            return grown(_gone_through(recipe, some, others, wanted, method)[0])
        (most, kept), (_, less) = (_gone_through(recipe, n, others, wanted, method) for n in (few, few // 2))
        return grown(most + (some - few) * max(0, kept - less) // (few - few // 2))
    (most, kept), (_, less) = (_gone_through(recipe, some, others, k, method) for k in (2, 1))
    return grown(most + (wanted - 2) * max(0, kept - less))


def grown(alive: int) -> int:
    """Return what a process grows by that has so many bytes alive at its peak."""
    return ALWAYS + int(ALLOCATOR * alive)


def _gone_through(recipe: Recipe, penalised: int, others: int, targets: int, method: str) -> tuple[int, int]:
    """Go through two steps; return the bytes alive at their peak, and when the penalty was there."""
    p, lags, meta = recipe.n_series, recipe.n_lags, torch.device("meta")
    with Tally() as tally:
        forecaster = without_numbers(recipe)
        weights = torch.empty(p, lags, p, device=meta)
        some = None if targets == p else torch.arange(targets)
        optimiser = torch.optim.AdamW(forecaster.parameters())
        for _ in range(2):  # Adam's state is there from the second on
            optimiser.zero_grad()
            part = torch.empty(penalised, lags, p, device=meta)
            forecast, penalty = gradient_penalty(forecaster, part, weights, targets=some, method=method)
            kept = tally.now
            (forecast.square().mean() + penalty).backward()
            del forecast, penalty
            if others:
                forecaster(torch.empty(others, lags, p, device=meta)).square().mean().backward()
            optimiser.step()
    return tally.most, kept


def without_numbers(recipe: Recipe) -> torch.nn.Module:
    """Return a forecaster of shapes only."""
    with torch.device("meta"), torch.random.fork_rng(devices=[]):
        return build_forecaster(recipe).train()


class Tally(TorchDispatchMode):
    """Counts the bytes of the tensors that operations make inside the block, while something holds on to them.

    Attributes
    ----------
    now, most : int
        Alive at the moment, and at the peak.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = self.most = 0
        self._known = WeakIdKeyDictionary()

    def __torch_dispatch__(self, operation: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = operation(*args, **(kwargs or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, Tensor):
                self._count(tensor.untyped_storage())
        return result

    def _count(self, storage: torch.UntypedStorage) -> None:
        if storage in self._known:
            return
        size = self._known[storage] = storage.nbytes()
        self.now += size
        self.most = max(self.most, self.now)
        weakref.finalize(storage, self._dropped, size)

    def _dropped(self, size: int) -> None:
        self.now -= size
