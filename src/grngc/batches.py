"""The windows that each update of a training reads, in an order that can be stopped and gone on with."""

from typing import Any

import torch
from torch import Tensor


class Batches:
    """Endless (x, y): drawn without replacement until fewer than a batch are left, with noise on the inputs.

    Parameters
    ----------
    x, y : Tensor (window, lag, series), (window, series)
    batch : int, optional
        Windows at a time; None, or as many as there are: all, in order, every time.
    input_noise : float
        Standard deviation of the Gaussian noise, anew each time.
    generator : torch.Generator
        Of the CPU, so that a seed means the same on every device.
    """

    def __init__(self, x: Tensor, y: Tensor, batch: int | None, input_noise: float, generator: torch.Generator) -> None:
        self.x, self.y, self.input_noise, self.generator = x, y, input_noise, generator
        self.batch = None if batch is None or batch >= len(x) else batch
        self.order, self.at = torch.arange(len(x)), len(x)

    def __iter__(self) -> "Batches":
        return self

    def __next__(self) -> tuple[Tensor, Tensor]:
        inputs, outputs = self.x, self.y
        if self.batch is not None:
            if self.at + self.batch > len(self.x):
                self.order, self.at = torch.randperm(len(self.x), generator=self.generator), 0
            chosen = self.order[self.at : self.at + self.batch].to(self.x.device)
            self.at += self.batch
            inputs, outputs = self.x[chosen], self.y[chosen]
        if self.input_noise > 0:
            noise = torch.randn(inputs.shape, generator=self.generator, dtype=inputs.dtype).to(self.x.device)
            inputs = inputs + self.input_noise * noise
        return inputs, outputs

    def state_dict(self) -> dict[str, Any]:
        """Return where the order stands, the generator's state with it."""
        return {"order": self.order, "at": self.at, "generator": self.generator.get_state()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where ``state`` was taken."""
        self.order, self.at = state["order"], state["at"]
        self.generator.set_state(state["generator"])
