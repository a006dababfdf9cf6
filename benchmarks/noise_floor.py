"""Does the noise floor hold? The largest score between independent series beside the floor, default configuration.

    python benchmarks/noise_floor.py

Independent first-order autoregressions (0: white noise, 0.9: persistent), five seeds a row. `passed` counts the
seeds in which any pair came above the floor: each would have been a false alarm. `together` counts them with
`contemporaneous=True`, under which values of the same step count too.
"""

import numpy as np
import torch
from scipy.signal import lfilter

from grngc import GRNGC

SETTINGS = [
    (p, n, lag, own)
    for p, n, lag in [(5, 50, 1), (5, 200, 1), (5, 1000, 1), (20, 100, 1), (20, 500, 1), (20, 500, 3), (50, 200, 1)]
    for own in (0.0, 0.9)
]


def independent(n_series: int, n_times: int, own: float, seed: int) -> np.ndarray:
    """Return (time, series) of series that have nothing to do with each other."""
    noise = np.random.default_rng(seed).normal(size=(n_times + 200, n_series))
    return lfilter([1], [1, -own], noise, axis=0)[200:]


def main() -> None:
    torch.set_num_threads(1)
    print(f"{'p':>3} {'T':>5} {'lag':>3} {'own past':>8}   {'floor':>6}  largest score: mean, most   passed   together")
    for p, n, lag, own in SETTINGS:
        largest, floors, together = [], [], 0
        for seed in range(5):
            x = independent(p, n, own, seed)
            estimator = GRNGC(lag=lag).fit(x)
            largest.append(estimator.graph_.edges(top=1)[0].score)
            floors.append(estimator.noise_floor_)
            with_present = GRNGC(forecaster=estimator.choice_.forecaster, lag=lag, contemporaneous=True).fit(x)
            together += with_present.graph_.edges(top=1)[0].score > with_present.noise_floor_
        passed = sum(score > floor for score, floor in zip(largest, floors, strict=True))
        print(
            f"{p:3} {n:5} {lag:3} {own:8.1f}   {np.mean(floors):6.3f}  "
            f"{np.mean(largest):12.3f} {max(largest):7.3f} {passed:11} of 5 {together:5} of 5",
            flush=True,
        )


if __name__ == "__main__":
    main()
