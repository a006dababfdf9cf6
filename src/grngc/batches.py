"""What each update of a training reads, in an order that can be stopped and gone on with."""

from typing import Any, NamedTuple

import torch
from torch import Tensor


class Batch(NamedTuple):
    """What one update reads.

    Attributes
    ----------
    x, y : Tensor (window, lag, series), (window, series)
    targets : Tensor (target,), optional
        Positions of the targets that the penalty is measured on; None: all.
    penalised : int, optional
        How many windows, the first ones, it is measured on; None: all.
    """

    x: Tensor
    y: Tensor
    targets: Tensor | None = None
    penalised: int | None = None


class Batches:
    """Endless batches: windows drawn without replacement until fewer than a batch are left, with noise on the inputs.

    Targets likewise, so that each has its turn before any has its second: over such a round the penalties on some add
    up to that on all, and what is left to chance is which are measured together.

    Parameters
    ----------
    x, y : Tensor (window, lag, series), (window, series)
    batch : int, optional
        Windows at a time; None, or as many as there are: all, in order, every time.
    input_noise : float
        Standard deviation of the Gaussian noise, anew each time.
    generator : torch.Generator
        Of the CPU, so that a seed means the same on every device.
    targets : Tensor (target,), optional
        Positions of the targets that take turns.
    at_once : int, optional
        How many of them at a time; None, or as many as there are: all, every time.
    penalised : int, optional
        How many windows of a batch the penalty is measured on; None, or as many as there are: all.
    stratified : bool
        Draw these one from each of as many stretches of the batch in order of time (:func:`one_of_each`).
    """

    def __init__(
        self,
        x: Tensor,
        y: Tensor,
        batch: int | None,
        input_noise: float,
        generator: torch.Generator,
        targets: Tensor | None = None,
        at_once: int | None = None,
        penalised: int | None = None,
        stratified: bool = False,
    ) -> None:
        self.x, self.y, self.input_noise, self.generator = x, y, input_noise, generator
        self.windows = None if batch is None or batch >= len(x) else _Turns(len(x), batch)
        self.among, self.targets = targets, None
        self.penalised, self.stratified = penalised, stratified
        if targets is not None and at_once is not None and at_once < len(targets):
            self.targets = _Turns(len(targets), at_once)

    def __iter__(self) -> "Batches":
        return self

    def __next__(self) -> Batch:
        # drawn on the CPU; a GPU is handed them without a wait, so that it computes while the next ones are drawn
        inputs, outputs, targets, device = self.x, self.y, None, self.x.device
        if self.windows is not None:
            drawn = self.windows.take(self.generator)
            chosen = (drawn.sort().values if self.stratified else drawn).to(device, non_blocking=True)
            inputs, outputs = self.x[chosen], self.y[chosen]
        if self.targets is not None and self.among is not None:
            targets = self.among[self.targets.take(self.generator).to(device, non_blocking=True)]
        if self.input_noise > 0:
            pinned = device.type == "cuda"  # a copy from other memory waits
            noise = torch.randn(inputs.shape, generator=self.generator, dtype=inputs.dtype, pin_memory=pinned)
            inputs = inputs + self.input_noise * noise.to(device, non_blocking=True)
        n, m = len(inputs), self.penalised
        if m is None or m >= n:
            return Batch(inputs, outputs, targets)
        if self.stratified:
            order = one_of_each(n, m, self.generator).to(device, non_blocking=True)
            inputs, outputs = inputs[order], outputs[order]
        elif self.windows is None:  # all windows, in order of time; a smaller batch is drawn at random
            order = torch.randperm(n, generator=self.generator).to(device, non_blocking=True)
            inputs, outputs = inputs[order], outputs[order]
        return Batch(inputs, outputs, targets, m)

    def state_dict(self) -> dict[str, Any]:
        """Return where the orders stand, the generator's state with them."""
        turns = {"windows": self.windows, "targets": self.targets}
        kept = {name: (each.order, each.at) for name, each in turns.items() if each is not None}
        return {"generator": self.generator.get_state(), **kept}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where ``state`` was taken."""
        self.generator.set_state(state["generator"])
        for name, turns in (("windows", self.windows), ("targets", self.targets)):
            if turns is not None:
                turns.order, turns.at = state[name]


def one_of_each(n: int, strata: int, generator: torch.Generator) -> Tensor:
    """Return an order of n: first one of each of so many stretches of one length, drawn at random, then the others.

    What is over, ``n % strata`` of them, is drawn first and left out of the stretches: every one of the n is among the
    first with the same probability, so that what is measured on these is unbiased.
    """
    within, over = torch.randperm(n, generator=generator).split([n - n % strata, n % strata])
    stretches = within.sort().values.view(strata, -1)
    chosen = torch.randint(stretches.shape[1], (strata, 1), generator=generator)
    others = torch.ones_like(stretches, dtype=torch.bool).scatter_(1, chosen, False)
    return torch.cat([stretches.gather(1, chosen).flatten(), stretches[others], over])


class _Turns:
    """Some of n at a time, in a random order; when fewer are left than wanted, a new order begins."""

    def __init__(self, n: int, at_once: int) -> None:
        self.n, self.at_once = n, at_once
        self.order, self.at = torch.arange(n), n

    def take(self, generator: torch.Generator) -> Tensor:
        if self.at + self.at_once > self.n:
            self.order, self.at = torch.randperm(self.n, generator=generator), 0
        self.at += self.at_once
        return self.order[self.at - self.at_once : self.at]
