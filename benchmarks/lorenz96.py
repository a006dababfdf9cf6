"""Lorenz-96 with the default configuration: accuracy, time of the fit, and the same at half the budget.

    python benchmarks/lorenz96.py

Truth is read after the graph is made. Series are simulated with step 0.1 and noise 0.1; the graph is scored on the
full matrix and without the diagonal. One torch thread.
"""

import time

import numpy as np
import torch

from grngc import GRNGC
from grngc.datasets import lorenz96
from grngc.metrics import score

SETTINGS = [(10, 500, 10.0), (100, 1000, 10.0)]


def main() -> None:
    torch.set_num_threads(1)
    print(f"one thread, torch {torch.__version__}, defaults: {GRNGC().get_params()}")
    print(
        f"{'p':>4} {'T':>5} {'F':>3} {'steps':>6}  {'AUROC':>7} {'AUPRC':>7}  {'off-diagonal':>15}  "
        f"{'settled':>8}  seconds"
    )
    for n_series, n_times, forcing in SETTINGS:
        dataset = lorenz96(n_series, n_times, forcing, random_state=0)
        graphs = []
        for steps in (GRNGC().steps // 2, GRNGC().steps):
            start = time.perf_counter()
            estimator = GRNGC(steps=steps).fit(dataset.panel)
            seconds = time.perf_counter() - start
            graphs.append(estimator.graph_.scores)
            found = score(estimator.graph_, dataset)
            print(
                f"{n_series:4} {n_times:5} {forcing:3.0f} {steps:6}  "
                f"{found['auroc_full']:7.4f} {found['auprc_full']:7.4f}  "
                f"{found['auroc_off_diagonal']:7.4f} {found['auprc_off_diagonal']:7.4f}  "
                f"{estimator.record_.score_change:8.3f}  {seconds:.1f}",
                flush=True,
            )
        half, full = graphs
        print(f"     half and full budget: scores differ by {np.abs(half - full).sum() / full.sum():.1%} of their sum")


if __name__ == "__main__":
    main()
