"""Time of a training step of all targets' networks at once, beside a plain loop over PyTorch's own layers.

    python benchmarks/componentwise_cost.py [--series 10 30 100] [--steps 3]

Both have the same weights and the same data (1,000 points; stretches of ten steps for recurrent networks, lag 5 for
MLPs; width 32); a step is the squared errors and their derivative by all parameters. "Apart" is the largest difference
between the derivatives by the input weights, over their largest. One thread, the best of the steps.

On a shared core of an AMD EPYC, torch 2.13.0, in ms of its time:

          series  at once     loop   times
    mlp       10      2.1     15.0     7.0
    mlp       30     14.9     91.1     6.1
    mlp      100    108.9    493.6     4.5
    rnn       10      4.4      9.3     2.1
    rnn       30     12.6     34.5     2.7
    rnn      100     70.4    145.2     2.1
    lstm      10     16.7     15.7     0.9
    lstm      30     63.7     46.9     0.7
    lstm     100    303.2    276.3     0.9

Apart: at most 1e-6, in float32. PyTorch's LSTM is fused for the CPU, which makes up for its loop.
"""

import argparse
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from grngc.componentwise.networks import ComponentwiseMLP, ComponentwiseRNN

POINTS, CONTEXT, LAG, HIDDEN = 1000, 10, 5, 32


class Loop(nn.Module):
    """One network a target out of PyTorch's layers, with the weights of networks that are computed at once."""

    def __init__(self, network: ComponentwiseMLP | ComponentwiseRNN) -> None:
        super().__init__()
        self.each = nn.ModuleList(map(_alone, [network] * len(network.inputs), range(len(network.inputs))))

    def forward(self, x: Tensor) -> Tensor:
        """(window, lag or time, series) -> (window, [time,] target)."""
        return torch.stack([alone(x) for alone in self.each], dim=-1)

    def input_gradients(self) -> Tensor:
        """Return the derivatives by the input weights, all targets' together."""
        return torch.stack([alone.inputs.grad for alone in self.each])


class _Recurrent(nn.Module):
    def __init__(self, network: ComponentwiseRNN, target: int) -> None:
        super().__init__()
        units, p = network.inputs.shape[1:]
        width = network.readout.shape[1]
        self.cell = (
            nn.LSTM(p, width, batch_first=True) if units > width else nn.RNN(p, width, 1, "relu", batch_first=True)
        )
        self.head = nn.Linear(width, 1)
        with torch.no_grad():
            self.cell.weight_ih_l0.copy_(network.inputs[target])
            self.cell.weight_hh_l0.copy_(network.recurrent[target])
            self.cell.bias_ih_l0.copy_(network.bias[target])
            self.cell.bias_hh_l0.zero_()
            self.head.weight[0].copy_(network.readout[target])
            self.head.bias.fill_(network.readout_bias[target])
        self.inputs = self.cell.weight_ih_l0

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.cell(x)[0])[..., 0]


class _Convolutions(nn.Module):
    """A window at a time, lag 1 first, so that the kernel is as long as the window."""

    def __init__(self, network: ComponentwiseMLP, target: int) -> None:
        super().__init__()
        units, p, lags = network.inputs.shape[1:]
        self.first, self.second = nn.Conv1d(p, units, lags), nn.Conv1d(units, 1, 1)
        with torch.no_grad():
            self.first.weight.copy_(network.inputs[target])
            self.first.bias.copy_(network.input_bias[target])
            self.second.weight.copy_(network.weights[0][target][..., None])
            self.second.bias.copy_(network.biases[0][target])
        self.inputs = self.first.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.second(torch.relu(self.first(x.transpose(1, 2))))[:, 0, 0]


def _alone(network: ComponentwiseMLP | ComponentwiseRNN, target: int) -> nn.Module:
    kind = _Recurrent if isinstance(network, ComponentwiseRNN) else _Convolutions
    return kind(network, target)


def best_of(steps: int, step: Callable[[], object]) -> float:
    """Return seconds."""
    times = []
    for _ in range(steps + 1):  # the first warms up
        start = time.process_time()
        step()
        times.append(time.process_time() - start)
    return min(times[1:])


def compare(kind: str, p: int, steps: int) -> str:
    """Return a row of the table."""
    torch.manual_seed(0)
    shape = (POINTS, LAG, p) if kind == "mlp" else (POINTS // CONTEXT, CONTEXT, p)
    x, y = torch.randn(shape), torch.randn(shape[0], p) if kind == "mlp" else torch.randn(shape)
    network = (
        ComponentwiseMLP(p, LAG, hidden=[HIDDEN]) if kind == "mlp" else ComponentwiseRNN(p, hidden=HIDDEN, cell=kind)
    )
    loop = Loop(network)

    def step_of(module: nn.Module) -> Callable[[], object]:
        def step() -> None:
            module.zero_grad()
            (module(x) - y).square().mean().backward()

        return step

    at_once, one_by_one = (best_of(steps, step_of(module)) for module in (network, loop))
    wanted = loop.input_gradients()
    apart = float((network.inputs.grad - wanted).abs().max() / wanted.abs().max())
    return f"{kind:<6}{p:>6}{1e3 * at_once:>12.1f}{1e3 * one_by_one:>12.1f}{one_by_one / at_once:>8.1f}{apart:>10.0e}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", type=int, nargs="+", default=[10, 30, 100])
    parser.add_argument("--steps", type=int, default=3)
    given = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{'':<6}{'series':>6}{'at once, ms':>12}{'loop, ms':>12}{'times':>8}{'apart':>10}")
    for kind in ("mlp", "rnn", "lstm"):
        for p in given.series:
            print(compare(kind, p, given.steps), flush=True)


if __name__ == "__main__":
    main()
