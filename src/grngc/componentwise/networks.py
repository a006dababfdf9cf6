"""One network a target, all targets at once: parameters have a leading target axis, products are batched over it.

``project`` is the product of the inputs with the input weights, ``respond`` all that follows: a derivative by these
products, times the input weights, is one by the inputs. How many targets there are is read off the parameters, so that
a part of the targets can be computed alone (``torch.func.functional_call`` with the parameters of that part).

Inside, features stand before windows, (target, feature, window): products with weights need no transpose.
"""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from ..arguments import check_choice, check_whole

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {"relu": torch.relu, "tanh": torch.tanh}
"""Of the hidden layers, and of the recurrent cell that has one activation."""

CELLS = {"lstm": 4, "rnn": 1}
"""Recurrent cells, and how many times its width each takes from its inputs."""


def _drawn(*shape: int, fan_in: int) -> nn.Parameter:
    """Draw parameters as PyTorch's layers do: uniform within one over the root of what enters a unit."""
    bound = 1 / math.sqrt(fan_in)
    return nn.Parameter(torch.empty(*shape).uniform_(-bound, bound))


class ComponentwiseMLP(nn.Module):
    """One MLP a target on the last lags of all series: (window, lag, series) -> (window, target).

    Parameters
    ----------
    n_series, n_lags : int
    hidden : sequence of int
        Width of each hidden layer.
    activation : {"relu", "tanh"}
    n_targets : int, optional
        None: every series is one.

    Attributes
    ----------
    inputs : Parameter (target, unit, source, lag)
        Index 0 of the lags is lag 1.
    input_bias : Parameter (target, unit)
    weights, biases : ParameterList of (target, unit, unit before) and (target, unit)
        Of the layers after the first; the last has one unit.
    """

    def __init__(
        self,
        n_series: int,
        n_lags: int,
        *,
        hidden: Sequence[int] = (100,),
        activation: str = "relu",
        n_targets: int | None = None,
    ) -> None:
        super().__init__()
        check_choice("activation", activation, ACTIVATIONS)
        for width in hidden:
            check_whole("hidden", width)
        self.activation = ACTIVATIONS[activation]
        p = n_series if n_targets is None else n_targets
        inside = n_series * n_lags
        self.inputs = _drawn(p, hidden[0], n_series, n_lags, fan_in=inside)
        self.input_bias = _drawn(p, hidden[0], fan_in=inside)
        pairs = list(zip(hidden, [*hidden[1:], 1], strict=True))
        self.weights = nn.ParameterList([_drawn(p, out, width, fan_in=width) for width, out in pairs])
        self.biases = nn.ParameterList([_drawn(p, out, fan_in=width) for width, out in pairs])

    def project(self, x: Tensor) -> Tensor:
        """(window, lag, series) -> (target, unit, window), without the bias."""
        p, units = self.inputs.shape[:2]
        columns = x.permute(2, 1, 0).reshape(-1, len(x))  # (series x lag, window)
        return (self.inputs.reshape(p * units, -1) @ columns).view(p, units, len(x))

    def respond(self, products: Tensor) -> Tensor:
        """(target, unit, window) -> (window, target)."""
        values = self.activation(products + self.input_bias[:, :, None])
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True), start=1):
            values = torch.baddbmm(bias[:, :, None], weight, values)
            values = self.activation(values) if layer < len(self.weights) else values
        return values[:, 0].T

    def forward(self, x: Tensor) -> Tensor:
        """(window, lag, series) -> (window, target)."""
        return self.respond(self.project(x))


class ComponentwiseRNN(nn.Module):
    """One recurrent network a target, read out at every step: (window, time, series) -> (window, time, target).

    Time runs forwards, the oldest step first: a forecast at a step has seen the inputs up to it.

    Parameters
    ----------
    n_series : int
    hidden : int
        Width of the state.
    cell : {"lstm", "rnn"}
    activation : {"relu", "tanh"}
        Of the cell ``rnn``; an LSTM has its own.
    n_targets : int, optional
        None: every series is one.

    Attributes
    ----------
    inputs : Parameter (target, gates x hidden, source)
        The gates of an LSTM in PyTorch's order: input, forget, cell, output.
    recurrent : Parameter (target, gates x hidden, hidden)
    bias : Parameter (target, gates x hidden)
        PyTorch has two, of which only the sum counts.
    readout, readout_bias : Parameter (target, hidden) and (target,)
    """

    def __init__(
        self,
        n_series: int,
        *,
        hidden: int = 100,
        cell: str = "lstm",
        activation: str = "relu",
        n_targets: int | None = None,
    ) -> None:
        super().__init__()
        check_choice("cell", cell, CELLS)
        check_choice("activation", activation, ACTIVATIONS)
        check_whole("hidden", hidden)
        self.activation = ACTIVATIONS[activation]
        self.cell = cell
        p, units = n_series if n_targets is None else n_targets, CELLS[cell] * hidden
        self.inputs = _drawn(p, units, n_series, fan_in=hidden)
        self.recurrent = _drawn(p, units, hidden, fan_in=hidden)
        self.bias = _drawn(p, units, fan_in=hidden)
        self.readout = _drawn(p, hidden, fan_in=hidden)
        self.readout_bias = _drawn(p, fan_in=hidden)

    def project(self, x: Tensor) -> Tensor:
        """(window, time, series) -> (target, unit, time, window), without the bias: all steps in one product."""
        p, units = self.inputs.shape[:2]
        columns = x.permute(2, 1, 0)  # (series, time, window)
        return (self.inputs.reshape(p * units, -1) @ columns.flatten(1)).view(p, units, *columns.shape[1:])

    def respond(
        self, products: Tensor, start: Tensor | None = None, between: Callable[[Tensor], Tensor] | None = None
    ) -> Tensor:
        """(target, unit, time, window) -> (window, time, target); see :meth:`forward`."""
        states = self.states(products, start)  # (target, hidden, window), one a step
        if between is None:
            each = [torch.baddbmm(self.readout_bias[:, None, None], self.readout[:, None], state) for state in states]
            return torch.cat(each, dim=1).permute(2, 1, 0)
        hidden = between(torch.stack(states).permute(1, 3, 0, 2))  # (target, window, time, hidden)
        forecast = (hidden @ self.readout[:, None, :, None])[..., 0]
        return (forecast + self.readout_bias[:, None, None]).permute(1, 2, 0)

    def forward(
        self, x: Tensor, start: Tensor | None = None, between: Callable[[Tensor], Tensor] | None = None
    ) -> Tensor:
        """Forecast at every step.

        Parameters
        ----------
        x : Tensor (window, time, series)
        start : Tensor (target, hidden), optional
            The hidden state before the first step, the same for every window; zeros otherwise. The cell state of an
            LSTM begins at zero.
        between : callable, optional
            Maps the hidden states (target, window, time, hidden) before they are read out.
        """
        return self.respond(self.project(x), start, between)

    def states(self, products: Tensor, start: Tensor | None = None) -> list[Tensor]:
        """(target, unit, time, window) -> the hidden states (target, hidden, window) after each step."""
        p, n, width = products.shape[0], products.shape[3], self.recurrent.shape[2]
        hidden = products.new_zeros(p, width, n) if start is None else start[:, :, None].expand(p, width, n)
        memory, states = products.new_zeros(p, width, n), []
        for entering in (products + self.bias[:, :, None, None]).unbind(2):
            gates = torch.baddbmm(entering, self.recurrent, hidden)
            if self.cell == "rnn":
                hidden = self.activation(gates)
            else:
                let_in, kept, proposed, let_out = gates.chunk(4, dim=1)
                memory = torch.sigmoid(kept) * memory + torch.sigmoid(let_in) * torch.tanh(proposed)
                hidden = torch.sigmoid(let_out) * torch.tanh(memory)
            states.append(hidden)
        return states


def recurrent_numbers(n_targets: int, n_series: int, steps: int, *, hidden: int, cell: str) -> int:
    """Return about how many numbers a descent on :class:`ComponentwiseRNN` holds at its peak.

    As measured, for ``steps`` in all windows together: products and states of each, and copies of the weights.
    """
    units = CELLS[cell] * hidden
    weights = units * (n_series + hidden)
    return n_targets * (15 * weights + steps * (3 * units + 7 * hidden)) + 6 * steps * n_series
