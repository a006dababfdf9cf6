"""What a fit takes in memory, told before it is allocated: one that would not fit is refused, with what would.

A training step is gone through on tensors without numbers (torch's ``meta`` device), and the bytes that would be alive
at each moment are counted, which holds whatever the forecaster computes; a user's factory, which may do anything, is
taken to need its budget. What NumPy takes is counted in multiples of its largest arrays. ``benchmarks/scale.py``
compares both with the memory that processes really took.
"""

import sys
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakIdKeyDictionary

from .errors import InputError
from .factors import SLAB_BYTES, slab_bytes
from .forecasters import Recipe, build_forecaster
from .gradients import gradient_penalty, offers_closed_form, windows_at_once

ALWAYS = 12 * 2**20
"""Bytes that any training takes: code that is loaded when it is first run, workspaces of matrix products."""

ALLOCATOR = 1.55
"""What a process grows by, over the bytes that are alive at the peak: what was freed before is kept, in holes that the
next array does not fit into (glibc; benchmarks/scale.py)."""

CGROUP = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)
"""Where Linux tells a container's limit, and what it has of it."""

NUMBER, SMALL_NUMBER = 8, 4
"""Bytes of a float64, which NumPy's part uses, and of a float32, which training uses."""

FEWEST, FEW = 2, 100
"""Series, and windows, that a task has; series for which a window at a time surely fits."""

NARROW = 16
"""A width below which no forecaster is advised."""

QUICK, MANY = 128, 512
"""Pieces of the gradient that a step is gone through with, and those of a window from which on it is not."""


@dataclass(frozen=True)
class Demand:
    """What decides how much memory a fit takes.

    Attributes
    ----------
    recipe : Recipe
    n_windows : int
    batch, penalty_batch, penalty_targets : int, optional
        As :class:`grngc.GRNGC` has them.
    memory_budget : int
    device : torch.device
    """

    recipe: Recipe
    n_windows: int
    batch: int | None
    penalty_batch: int | None
    penalty_targets: int | None
    memory_budget: int
    device: torch.device

    def bytes(self) -> int:
        """Return what the fit takes at its peak, beside the panel itself, in the memory of its device."""
        trained = self._step() + int(ALLOCATOR * self._tensors())
        if self.device.type == "cuda":
            return trained + 4 * slab_bytes(self.device)
        return trained + self._arrays()

    def host_bytes(self) -> int:
        """Return what NumPy takes in the machine's memory, wherever the training runs."""
        return ALWAYS + self._arrays()

    def at_most(self) -> int:
        """Return a bound of :meth:`bytes` that costs nothing to tell; none where only going through a step tells."""
        wide = self._is_known() and self.recipe.n_series > FEW
        if wide and not offers_closed_form(_without_numbers(self.recipe)):
            return sys.maxsize  # a window at a time may take more than the budget
        return 2 * (ALWAYS + self._arrays() + self._tensors() + 8 * self._parameters() + self.memory_budget)

    def _arrays(self) -> int:
        """NumPy's part: copies of the windows, coefficients, and where they are made, covariances of the inputs."""
        p, lags, n = self.recipe.n_series, self.recipe.n_lags, self.n_windows
        inputs = p * lags
        if self.recipe.choice == "linear":  # with the present as one more lag
            covariances = (inputs + p) ** 2 if 2 * n >= inputs else 0
            return NUMBER * (n * (4 * inputs + 8 * p) + 15 * p * inputs + 14 * p * p + 2 * covariances)
        covariances = inputs**2 if 2 * n >= inputs else 0
        return NUMBER * (n * (3 * inputs + 7 * p) + 12 * p * inputs + 4 * p * p + 2 * covariances)

    def _tensors(self) -> int:
        """The windows, the penalty's weights and two readings of the gradient, as tensors."""
        if self.recipe.choice == "linear":
            return 0
        p, inputs = self.recipe.n_series, self.recipe.n_series * self.recipe.n_lags
        return SMALL_NUMBER * (self.n_windows * (inputs + p) + p * inputs) + 2 * NUMBER * p * inputs

    def _parameters(self) -> int:
        if not self._is_known():
            return 0
        return sum(q.numel() * q.element_size() for q in _without_numbers(self.recipe).parameters())

    def _step(self) -> int:
        if self.recipe.choice == "linear":
            return ALWAYS
        p, lags = self.recipe.n_series, self.recipe.n_lags
        if not self._is_known() or SMALL_NUMBER * p * p * lags > MANY * SLAB_BYTES:  # next to NumPy's part nothing
            return _grown(self.memory_budget + 5 * self._parameters())
        n = min(self.n_windows, self.batch or self.n_windows)
        penalised = min(n, self.penalty_batch or n)
        return step_bytes(self.recipe, n, penalised, self.penalty_targets, self.memory_budget)

    def _is_known(self) -> bool:
        """Whether the forecaster is trained, and of a name of ours: a user's factory is called when it is needed."""
        return isinstance(self.recipe.choice, str) and self.recipe.choice != "linear"


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
    forecaster = _without_numbers(recipe)
    x = torch.empty(windows, lags, p, device="meta")
    chunk = windows_at_once(forecaster, x, memory_budget, method=method)
    others, some = min(chunk, max(0, windows - penalised)), min(chunk, penalised)
    wanted = p if targets is None else min(targets, p)
    if method == "closed" or (method == "auto" and offers_closed_form(forecaster)):
        few = max(2, QUICK * SLAB_BYTES // (SMALL_NUMBER * p * p * lags))  # of many, the first few show what each takes
        if some <= few:
            return _grown(_gone_through(recipe, some, others, wanted, method)[0])
        (most, kept), (_, less) = (_gone_through(recipe, n, others, wanted, method) for n in (few, few // 2))
        return _grown(most + (some - few) * max(0, kept - less) // (few - few // 2))
    (most, kept), (_, less) = (_gone_through(recipe, some, others, k, method) for k in (2, 1))
    return _grown(most + (wanted - 2) * max(0, kept - less))


def _grown(alive: int) -> int:
    return ALWAYS + int(ALLOCATOR * alive)


def _gone_through(recipe: Recipe, penalised: int, others: int, targets: int, method: str) -> tuple[int, int]:
    """Go through two steps; return the bytes alive at their peak, and when the penalty was there."""
    p, lags, meta = recipe.n_series, recipe.n_lags, torch.device("meta")
    with Tally() as tally:
        forecaster = _without_numbers(recipe)
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


def _without_numbers(recipe: Recipe) -> torch.nn.Module:
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


def available(device: torch.device) -> int:
    """Return the bytes that can still be had: on a GPU those free there, else the machine's or its container's."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    found = psutil.virtual_memory().available
    for limit, used in CGROUP:
        try:
            found = min(found, int(Path(limit).read_text()) - int(Path(used).read_text()))
        except (OSError, ValueError):  # no such file, or "max"
            continue
    return max(0, found)


def check_memory(demand: Demand) -> None:
    """Refuse a fit that would not fit in memory, before anything of it is allocated.

    Raises
    ------
    InputError
        With what it would take, what there is, and which smaller tasks would fit.
    """
    if demand.at_most() <= available(demand.device):
        return
    places = {demand.device: Demand.bytes}
    if demand.device.type != "cpu":
        places[torch.device("cpu")] = Demand.host_bytes
    for place, needed in places.items():
        room, wanted = available(place), needed(demand)
        if wanted > room:
            fitting = "; or ".join(_smaller(demand, needed, room))
            raise InputError(
                f"{_called(demand)} take about {_gib(wanted)} of memory, and {_gib(room)} are free"
                f"{'' if place.type == 'cpu' else f' on {place}'}; "
                f"{f'would fit: {fitting}' if fitting else 'no setting makes it fit here'}"
            )


def _smaller(demand: Demand, needed: Callable[[Demand], int], room: int) -> Iterator[str]:
    """Yield what to set, one thing at a time, so that it fits."""
    recipe, width = demand.recipe, demand.recipe.options.get("hidden")

    def fits(other: Demand) -> bool:
        return needed(other) <= room

    def as_wide(hidden: int) -> Demand:
        return replace(demand, recipe=replace(recipe, options={**recipe.options, "hidden": hidden}))

    def of_series(p: int) -> Demand:
        return replace(demand, recipe=replace(recipe, n_series=p))

    def of_windows(n: int) -> Demand:
        return replace(demand, n_windows=n)

    if recipe.n_lags > 1 and fits(replace(demand, recipe=replace(recipe, n_lags=1))):
        yield "lag=1"
    if isinstance(width, int) and fits(as_wide(NARROW)):
        while not fits(as_wide(width)):
            width //= 2
        yield f"hidden={width}"
    if series := _largest(recipe.n_series, lambda p: needed(of_series(p)), room, 2):
        yield f"at most {series:,} series"
    if windows := _largest(demand.n_windows, lambda n: needed(of_windows(n)), room, 1):
        yield f"at most {windows:,} windows"


def _largest(start: int, needed: Callable[[int], int], room: int, power: float) -> int | None:
    """Return about the largest size below ``start`` that fits, in two digits; what is needed grows by that power."""
    size = start
    for _ in range(10):
        size = int(0.95 * size * min(1.0, (room / needed(size)) ** (1 / power)))
        if size < FEWEST:
            return None
        size -= size % 10 ** max(0, len(str(size)) - 2)
        if needed(size) <= room:
            return size
    return None


def _called(demand: Demand) -> str:
    recipe = demand.recipe
    name = recipe.choice if isinstance(recipe.choice, str) else "this forecaster"
    return f"{recipe.n_series:,} series in {demand.n_windows:,} windows, with {name} and lag {recipe.n_lags},"


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB" if size >= 2**29 else f"{size / 2**20:.0f} MiB"
