"""What a fit takes in memory, told before it is allocated: one that would not fit is refused, with what would.

A training step is counted by :mod:`grngc.footprint`; a user's factory, which may do anything, is taken to need its
budget. What NumPy takes is counted in multiples of its largest arrays.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import torch

from .arguments import gib
from .errors import InputError
from .factors import SLAB_BYTES, slab_bytes
from .footprint import ALLOCATOR, ALWAYS, grown, step_bytes, without_numbers
from .forecasters import Recipe
from .gradients import offers_closed_form

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

MANY = 512
"""Pieces of the gradient of one window from which on a step is not gone through."""


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
        if wide and not offers_closed_form(without_numbers(self.recipe)):
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
        return sum(q.numel() * q.element_size() for q in without_numbers(self.recipe).parameters())

    def _step(self) -> int:
        if self.recipe.choice == "linear":
            return ALWAYS
        p, lags = self.recipe.n_series, self.recipe.n_lags
        if not self._is_known() or SMALL_NUMBER * p * p * lags > MANY * SLAB_BYTES:  # next to NumPy's part nothing
            return grown(self.memory_budget + 5 * self._parameters())
        n = min(self.n_windows, self.batch or self.n_windows)
        penalised = min(n, self.penalty_batch or n)
        return step_bytes(self.recipe, n, penalised, self.penalty_targets, self.memory_budget)

    def _is_known(self) -> bool:
        """Whether the forecaster is trained, and of a name of ours: a user's factory is called when it is needed."""
        return isinstance(self.recipe.choice, str) and self.recipe.choice != "linear"


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
    places = {demand.device: Demand.bytes}
    if demand.device.type != "cpu":
        places[torch.device("cpu")] = Demand.host_bytes
    if demand.at_most() <= min(map(available, places)):
        return
    for place, needed in places.items():
        room, wanted = available(place), needed(demand)
        if wanted > room:
            fitting = "; or ".join(_smaller(demand, needed, room))
            raise InputError(
                f"{_called(demand)} take about {gib(wanted)} of memory, and {gib(room)} are free"
                f"{'' if place.type == 'cpu' else f' on {place}'}; "
                f"{f'would fit: {fitting}' if fitting else 'no setting makes it fit here'}"
            )


def check_room(needed: int, device: torch.device, task: str, remedy: str) -> None:
    """Refuse a fit, in words a ``task``, that takes more bytes than there are; ``remedy`` says what to do."""
    if needed > (room := available(device)):
        raise InputError(f"{task} take about {gib(needed)} of memory, and {gib(room)} are free: {remedy}")


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
