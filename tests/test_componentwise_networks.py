"""All networks at once against a plain loop over PyTorch's own layers, with the same weights."""

from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call

from grngc import InputError
from grngc.componentwise.networks import ComponentwiseMLP, ComponentwiseRNN

pytestmark = pytest.mark.usefixtures("float64")
EXACT = {"rtol": 1e-9, "atol": 1e-9}


class _Conv(nn.Module):
    """A cMLP of one target as it is published: convolutions over time, oldest lag first."""

    def __init__(self, network: ComponentwiseMLP, target: int) -> None:
        super().__init__()
        units, p, lags = network.inputs.shape[1:]
        widths = [units, *(len(weight[target]) for weight in network.weights)]
        self.first = nn.Conv1d(p, units, lags)
        self.later = nn.ModuleList(nn.Conv1d(a, b, 1) for a, b in pairwise(widths))
        with torch.no_grad():
            self.first.weight.copy_(network.inputs[target].flip(-1))
            self.first.bias.copy_(network.input_bias[target])
            for layer, weight, bias in zip(self.later, network.weights, network.biases, strict=True):
                layer.weight.copy_(weight[target][..., None])
                layer.bias.copy_(bias[target])

    def forward(self, record: Tensor) -> Tensor:
        """(time, series) -> (window,)."""
        values = self.first(record.T)
        for layer in self.later:
            values = layer(torch.relu(values))
        return values[0]


@pytest.mark.parametrize("hidden", [(7,), (7, 5)])
def test_mlps_are_a_loop_over_convolutions(hidden: tuple[int, ...]) -> None:
    network = ComponentwiseMLP(3, 4, hidden=hidden)
    record = torch.randn(30, 3)
    windows = record.unfold(0, 4, 1).permute(0, 2, 1).flip(1)  # (window, lag, series), lag 1 first
    found = network(windows)
    found.square().sum().backward()
    for target in range(3):
        alone = _Conv(network, target)
        wanted = alone(record)
        torch.testing.assert_close(found[:, target], wanted, **EXACT)
        wanted.square().sum().backward()
        torch.testing.assert_close(network.inputs.grad[target].flip(-1), alone.first.weight.grad, **EXACT)
        for weight, layer in zip(network.weights, alone.later, strict=True):
            torch.testing.assert_close(weight.grad[target], layer.weight.grad[..., 0], **EXACT)


@pytest.mark.parametrize(("cell", "activation"), [("lstm", "relu"), ("rnn", "relu"), ("rnn", "tanh")])
@pytest.mark.parametrize("begun", [False, True])
def test_recurrent_networks_are_a_loop_over_pytorchs(cell: str, activation: str, begun: bool) -> None:
    network = ComponentwiseRNN(3, hidden=6, cell=cell, activation=activation)
    x, start = torch.randn(8, 5, 3), torch.randn(3, 6) if begun else None
    found = network(x, start)
    found.square().sum().backward()
    for target in range(3):
        alone = nn.LSTM(3, 6, batch_first=True) if cell == "lstm" else nn.RNN(3, 6, 1, activation, batch_first=True)
        with torch.no_grad():
            alone.weight_ih_l0.copy_(network.inputs[target])
            alone.weight_hh_l0.copy_(network.recurrent[target])
            alone.bias_ih_l0.copy_(network.bias[target])
            alone.bias_hh_l0.zero_()
        state = torch.zeros(1, 8, 6) if start is None else start[target].expand(1, 8, 6).contiguous()
        states, _ = alone(x, (state, torch.zeros(1, 8, 6)) if cell == "lstm" else state)
        wanted = states @ network.readout[target].detach() + network.readout_bias[target].detach()
        torch.testing.assert_close(found[:, :, target], wanted, **EXACT)
        wanted.square().sum().backward()
        for mine, theirs in ((network.inputs, "weight_ih_l0"), (network.recurrent, "weight_hh_l0")):
            torch.testing.assert_close(mine.grad[target], getattr(alone, theirs).grad, **EXACT)
        torch.testing.assert_close(network.bias.grad[target], alone.bias_ih_l0.grad, **EXACT)


def test_hidden_states_pass_between_the_cell_and_the_readout() -> None:
    network, x, seen = ComponentwiseRNN(3, hidden=4), torch.randn(5, 6, 3), []
    torch.testing.assert_close(network(x, between=lambda states: seen.append(states.shape) or states), network(x))
    assert seen == [(3, 5, 6, 4)]
    nothing = network(x, between=torch.zeros_like)
    torch.testing.assert_close(nothing, network.readout_bias.expand(5, 6, 3))


@pytest.mark.parametrize(
    ("network", "x"),
    [
        (lambda: ComponentwiseMLP(4, 2, hidden=[3], n_targets=3), (6, 2, 4)),
        (lambda: ComponentwiseRNN(4, hidden=3, n_targets=3), (6, 5, 4)),
    ],
)
def test_a_part_of_the_targets_can_be_computed_alone(network, x: tuple[int, ...]) -> None:
    whole, x = network(), torch.randn(x)
    part = {name: each[[0, 2]] for name, each in whole.named_parameters()}
    torch.testing.assert_close(functional_call(whole, part, (x,)), whole(x)[..., [0, 2]])
    assert whole(x).shape[-1] == 3


def test_unknown_choices_name_the_known_ones() -> None:
    with pytest.raises(InputError, match="lstm, rnn"):
        ComponentwiseRNN(2, cell="gru")
    with pytest.raises(InputError, match="relu, tanh"):
        ComponentwiseMLP(2, 1, activation="swish")
    with pytest.raises(InputError, match="hidden must be a whole number"):
        ComponentwiseMLP(2, 1, hidden=[0])
