"""What a list of sources saves: the same record fitted with all 100 series as sources, and with the 20 that are.

    python benchmarks/sources.py [--repeats 3]

100 series of 1,000 points, of which 20 drive others (each series has three drivers among them); linear at one and at
three lags, MLP of the default width for 100 updates. Both ways take turns in one process of one thread; seconds are
those of the fastest of the repeats, the noise floor included. AUROC is off the diagonal over the 20 possible sources.
"""

import argparse
import time

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from grngc import GRNGC
from grngc.metrics import auroc

SERIES, SOURCES, POINTS, DRIVERS = 100, 20, 1000, 3
SETTINGS = [
    {"forecaster": "linear", "lag": 1},
    {"forecaster": "linear", "lag": 3},
    {"forecaster": "mlp", "lag": 1, "steps": 100},
]


def driven_by_few(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return series (time, series), and which drive which (target, source)."""
    rng = np.random.default_rng(seed)
    coefficients = 0.5 * np.eye(SERIES)
    for j in range(SERIES):
        drivers = rng.choice([i for i in range(SOURCES) if i != j], DRIVERS, replace=False)
        coefficients[j, drivers] = rng.choice([-0.2, 0.2], DRIVERS)
    x = rng.normal(size=(POINTS + 100, SERIES))
    for t in range(1, len(x)):
        x[t] += coefficients @ x[t - 1]
    return x[100:], coefficients != 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    torch.set_num_threads(1)
    x, truth = driven_by_few(0)
    of_sources = ~np.eye(SERIES, dtype=bool)
    of_sources[:, SOURCES:] = False
    listed = {"all 100": None, f"{SOURCES} listed": [f"x{i + 1}" for i in range(SOURCES)]}
    columns = "".join(f"{name + ': s':>15}{'AUROC':>8}" for name in listed)
    print(f"{'forecaster':<12}{'lag':>4}{columns}{'ratio':>8}")
    for settings in SETTINGS:
        seconds: dict[str, list[float]] = {name: [] for name in listed}
        areas = {}
        for _ in range(repeats):
            for name, sources in listed.items():
                start = time.process_time()
                graph = GRNGC(**settings, contemporaneous=False, sources=sources).fit(x).graph_  # type: ignore[arg-type]
                seconds[name].append(time.process_time() - start)
                areas[name] = auroc(graph.ranking()[of_sources], truth[of_sources])
        best = [min(each) for each in seconds.values()]
        shown = "".join(f"{s:>15.3f}{area:>8.3f}" for s, area in zip(best, areas.values(), strict=True))
        print(f"{settings['forecaster']:<12}{settings['lag']:>4}{shown}{best[0] / best[1]:>8.2f}", flush=True)


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
