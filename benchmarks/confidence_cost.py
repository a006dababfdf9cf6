"""What it costs to say how sure each edge is: `discover` with it, beside one fit, in one run.

    python benchmarks/confidence_cost.py [--workers 2] [--large]

10 series of 1,000 points (a vector autoregression, Lorenz-96), DREAM4 with 100 series, every option at its default;
`--large` adds Lorenz-96 with 100 series of 1,000 points. `one fit` is one training of the forecaster that was chosen,
or its exact solution; `choosing` everything before it and the noise floor; `times` how many fits confidence costs.
"""

import argparse
import os
import time
import warnings

from grngc import InputWarning, discover
from grngc.datasets import load


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--large", action="store_true")
    given = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    warnings.simplefilter("ignore", InputWarning)
    records = {
        "VAR, p=10, T=1000": load("var", n_series=10, n_times=1000),
        "Lorenz-96, p=10, T=1000": load("lorenz96", n_series=10, n_times=1000),
        "DREAM4 net 1, p=100": load("dream4/size100_1"),
    }
    if given.large:
        records["Lorenz-96, p=100, T=1000"] = load("lorenz96", n_series=100, n_times=1000)
    head = (
        f"{'':<26}{'forecaster':>11}{'one fit':>9}{'choosing':>10}{'confidence':>12}{'in all':>8}{'times':>7}  selected"
    )
    print(head, flush=True)
    for name, dataset in records.items():
        start = time.monotonic()
        found = discover(dataset.panel, workers=given.workers)
        whole = time.monotonic() - start
        told = found.record
        fit, sure = told["training"]["seconds"], told["timings"]["seconds_confidence"]
        choosing = told["timings"]["seconds_fitting"] - fit
        print(
            f"{name:<26}{told['choice']['forecaster']:>11}{fit:8.2f}s{choosing:9.1f}s{sure:11.1f}s{whole:7.0f}s"
            f"{sure / fit:7.0f}  {told['confidence']['selected']} of {told['confidence']['tested']}",
            flush=True,
        )


if __name__ == "__main__":
    main()
