"""The penalty measured on a part: how much it, and its derivative, vary from step to step.

    python benchmarks/subsampling.py

A forecaster is trained; then the penalty of every window and target, and its derivative with respect to all
parameters, are taken one by one. From these follow the errors, over many draws, of the penalty and of its derivative
(squared and summed over parameters) as estimated from m windows (``penalty_batch``) or m targets (``penalty_targets``).
*Stratified* is one window from each of m stretches of time (``penalty_draw="stratified"``), its mean squared error over
that of simple draws without replacement of the same size.
"Relative deviation" is that of one simple draw: its root mean square error over the size of what is estimated.
"""

import numpy as np
import torch

from grngc import GRNGC
from grngc.batches import one_of_each
from grngc.datasets import load
from grngc.gradients import gradient_penalty
from grngc.scaling import Scaling
from grngc.windows import make_windows

SERIES, DRAWS = 20, 1000


def derivatives(forecaster: torch.nn.Module, x: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Return the penalty (window, target), and its derivative (window, target, parameter)."""
    weights = torch.full((SERIES, 1, SERIES), 0.1)
    weights[range(SERIES), :, range(SERIES)] = 0
    sizes, slopes = np.zeros((len(x), SERIES)), []
    for n, window in enumerate(x):
        row = []
        for target in range(SERIES):
            forecaster.zero_grad()
            _, penalty = gradient_penalty(forecaster, window[None], weights, targets=torch.tensor([target]))
            penalty.backward()
            sizes[n, target] = float(penalty.detach())
            row.append(
                torch.cat([torch.zeros(0), *(q.grad.flatten() for q in forecaster.parameters() if q.grad is not None)])
            )
        slopes.append(torch.stack(row).numpy())
    return sizes, np.stack(slopes)


def error(values: np.ndarray, draws: list[np.ndarray]) -> float:
    """Return the mean squared error of the mean over some rows as an estimate of the mean over all."""
    mean = values.mean(axis=0)
    return float(np.mean([np.square(values[rows].mean(axis=0) - mean).sum() for rows in draws]))


def main() -> None:
    torch.set_num_threads(1)
    told, rng = torch.Generator().manual_seed(0), np.random.default_rng(0)
    print(f"{SERIES} series, MLP of 32, {DRAWS} draws; variance of the penalty and of its derivative")
    for name, options in (("lorenz96", {"forcing": 10.0}), ("var", {})):
        panel = load(name, n_series=SERIES, n_times=500, **options).panel
        forecaster = GRNGC(forecaster="mlp", lag=1, hidden=32, steps=300).fit(panel).forecaster_
        windows = make_windows(Scaling.of(panel, "pooled").apply(panel), 1)
        sizes, slopes = derivatives(forecaster, torch.tensor(windows.x, dtype=torch.float32))
        for axis, what in enumerate(("windows", "targets")):
            each, slope = sizes.sum(axis=1 - axis)[:, None], slopes.sum(axis=1 - axis)
            n = len(each)
            for m in (8, 32, 125) if what == "windows" else (2, 5, 10):
                simple = [rng.permutation(n)[:m] for _ in range(DRAWS)]
                line = f"  {name:9s} {m:4d} of {n} {what}: relative deviation"
                line += "".join(
                    f" {np.sqrt(error(v, simple) / np.square(v.mean(axis=0)).sum()):.3f}" for v in (each, slope)
                )
                if what == "windows":
                    strata = [one_of_each(n, m, told)[:m].numpy() for _ in range(DRAWS)]
                    line += "; stratified over simple" + "".join(
                        f" {error(v, strata) / error(v, simple):.2f}" for v in (each, slope)
                    )
                print(line, flush=True)


if __name__ == "__main__":
    main()
