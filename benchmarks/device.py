"""Seconds a step, peak memory and agreement with the CPU on a GPU, for MLP and KAN; and which slab suits it.

    python benchmarks/device.py                                # the GPU that is there: p = 100, 1,000, 5,000
    python benchmarks/device.py --device cpu --series 20       # a try without one
    python benchmarks/device.py --device cuda --json out.json  # the figures as JSON too

Lag 1, batches of 256 windows of which the penalty reads 32, hidden width as ``hidden="auto"`` has it. A step is what
a fit does: draw a batch and its noise on the CPU, forecast error, penalty, their gradients, Adam. ``exact`` penalises
all targets at a step, ``turns`` so many (``penalty_targets``). Agreement is that of the parameters' gradients after one
step from the same seed: largest difference, as a share of the largest entry. Part 2 times the exact step with slabs of
several sizes (``grngc.factors.GPU_SLAB_BYTES``). Part 3 fits once on either device and compares the graphs. After
``--minutes`` nothing new is begun: what is missing then is said to be left out.
"""

import argparse
import itertools
import json
import platform
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor, nn

from grngc import factors
from grngc.batches import Batch, Batches
from grngc.device import TF32_SINCE, computing_on, device_kind, resolve_device
from grngc.errors import InputError
from grngc.fitting import fit_forecaster
from grngc.forecasters import Recipe, build_forecaster
from grngc.gradients import gradient_penalty, windows_at_once
from grngc.parameters import automatic_width
from grngc.rules import Rules
from grngc.runtime import MEMORY_BUDGET, seeded
from grngc.windows import Windows

BATCH, PENALTY_BATCH, RECORD = 256, 32, 1000
SLABS = [2**power for power in range(20, 29)]
ENOUGH_SECONDS = 2.0
COMPARED = 1000
"""Series up to which the CPU does a step too, and slabs are compared."""


class Training:
    """A forecaster on a device, and one step of its training after the other."""

    def __init__(self, name: str, series: int, device: torch.device, turns: int | None) -> None:
        self.device, self.hidden = device, automatic_width(name, series)
        with seeded(0, device) as generator:
            x, y = torch.randn(RECORD, 1, series), torch.randn(RECORD, series)
            self.forecaster: nn.Module = build_forecaster(Recipe(name, series, 1, {"hidden": self.hidden}, True))
            for parameter in self.forecaster.parameters():  # a head of zeros would be no test of agreement
                parameter.data += 0.01 * torch.randn_like(parameter)
            self.forecaster.to(device)
            x, y = x.to(device), y.to(device)
            self.weights = torch.full((series, 1, series), 0.2 / series, device=device)
            among = torch.arange(series, device=device)
            self.batches = Batches(x, y, BATCH, 0.3, generator, among, turns)
            self.chunk = windows_at_once(self.forecaster, x, MEMORY_BUDGET)
        self.optimiser = torch.optim.AdamW(self.forecaster.parameters(), lr=0.01)

    def gradients(self, batch: Batch) -> None:
        """Leave the gradients of the loss of a batch, as a fit does."""
        self.optimiser.zero_grad()
        share = 1.0 if batch.targets is None else len(batch.targets) / batch.y.shape[1]
        m = min(PENALTY_BATCH, len(batch.x))
        for part, truth in zip(batch.x[:m].split(self.chunk), batch.y[:m].split(self.chunk), strict=True):
            forecast, size = gradient_penalty(self.forecaster, part, self.weights, targets=batch.targets)
            error = (forecast - truth).square().mean() * (len(part) / len(batch.x))
            (error + size * (len(part) / m / share)).backward()
        for part, truth in zip(batch.x[m:].split(self.chunk), batch.y[m:].split(self.chunk), strict=True):
            ((self.forecaster(part) - truth).square().mean() * (len(part) / len(batch.x))).backward()

    def step(self) -> None:
        """Do what a fit does at a step."""
        self.gradients(next(self.batches))
        self.optimiser.step()

    def wait(self) -> None:
        """Have the device finish."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def timed(self, seconds: float) -> tuple[float, int]:
        """Return the median time of a step, over runs of steps that nothing waits between, and how many there were."""
        self.step()
        self.wait()
        start = time.perf_counter()
        self.step()
        self.wait()
        n = max(1, min(50, int(seconds / 5 / (time.perf_counter() - start))))
        runs = []
        for _ in range(5):
            start = time.perf_counter()
            for _ in range(n):
                self.step()
            self.wait()
            runs.append((time.perf_counter() - start) / n)
            if sum(runs) * n > 2 * seconds:
                break
        return statistics.median(runs), len(runs) * n


def differs(here: Training, there: Training, tf32: bool) -> float:
    """Return how far the gradients of the first step are apart, as a share of the largest entry."""
    shares = []
    for training in (here, there):
        with computing_on(training.device, tf32=tf32):
            training.gradients(next(training.batches))
    for mine, other in zip(there.forecaster.parameters(), here.forecaster.parameters(), strict=True):
        known: Tensor = other.grad if other.grad is not None else torch.zeros_like(other)
        shares.append(float((mine.grad.cpu() - known).abs().max() / known.abs().max().clamp_min(1e-30)))
    return max(shares)


def step_figures(name: str, series: int, device: torch.device, turns: int | None, tf32: bool) -> dict[str, Any]:
    """Return time, peak memory and agreement of one kind of step."""
    on_gpu, turns = device.type == "cuda", None if turns is None else min(turns, series - 1)
    apart = None
    if on_gpu and series <= COMPARED:
        cpu = Training(name, series, torch.device("cpu"), turns)
        apart = f"{differs(cpu, Training(name, series, device, turns), tf32):.1e}"
        del cpu
    if on_gpu:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
    with computing_on(device, tf32=tf32):
        training = Training(name, series, device, turns)
        seconds, n = training.timed(ENOUGH_SECONDS)
    return {
        "forecaster": name,
        "series": series,
        "hidden": training.hidden,
        "targets": turns or "all",
        "precision": "TF32" if tf32 else "float32",
        "seconds": seconds,
        "steps_timed": n,
        "peak_mib": round(torch.cuda.max_memory_allocated(device) / 2**20) if on_gpu else None,
        "differs": apart,
    }


def slab_name(size: int) -> str:
    """Return ``slab_64``, in MiB."""
    return f"slab_{size // 2**20}"


def slab_figures(name: str, series: int, device: torch.device) -> dict[str, Any]:
    """Return the milliseconds of an exact step for each size of slab."""
    found: dict[str, Any] = {"forecaster": name, "series": series}
    for size in SLABS:
        with patch.multiple(factors, SLAB_BYTES=size, GPU_SLAB_BYTES=size), computing_on(device):
            found[slab_name(size)] = 1000 * Training(name, series, device, None).timed(ENOUGH_SECONDS / 4)[0]
    return found


def graph_figures(name: str, device: torch.device) -> dict[str, Any]:
    """Fit a sparse linear record of 20 series on the CPU and on the device; return how far the graphs are apart."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(600, 20))
    for t in range(1, 600):
        x[t, 1:] += 0.5 * np.tanh(x[t - 1, :-1])
    x /= x.std(axis=0)
    windows = Windows(x[:-1, None], x[1:], np.zeros(599, int), np.arange(1, 600))
    weights, rules = 0.1 * (1 - np.eye(20))[:, None] / 20, Rules.none(np.ones(20, bool))
    found = []
    for where in (torch.device("cpu"), device):
        with computing_on(where):
            fitted = fit_forecaster(
                Recipe(name, 20, 1, {"hidden": 64}, True), windows, weights, rules, norm="l1", steps=300,
                batch=256, penalty_batch=32, penalty_targets=None, penalty_draw="random", learning_rate=0.01,
                schedule="cosine", input_noise=0.3, weight_decay=1.0, seed=0, device=where, memory_budget=MEMORY_BUDGET,
            )  # fmt: skip
        found.append(fitted.lag_scores[:, 0] * (1 - np.eye(20)))
    top = [set(np.argsort(scores, axis=None)[-19:].tolist()) for scores in found]
    largest = float(np.abs(found[0] - found[1]).max())
    return {"forecaster": name, "largest_difference": largest, "shared": len(top[0] & top[1])}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--series", type=int, nargs="+", default=[100, 1000, 5000])
    parser.add_argument("--turns", type=int, default=64, help="targets at a step, of the subsampled penalty")
    parser.add_argument("--threads", type=int, default=1, help="of the CPU")
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--json", type=Path, help="file for the figures")
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    device = resolve_device(chosen.device)
    on_gpu = device.type == "cuda"
    kind = device_kind(device) if on_gpu else f"CPU ({platform.machine()}), {chosen.threads} thread(s)"
    has_tf32 = on_gpu and torch.cuda.get_device_capability(device) >= TF32_SINCE
    print(f"{kind}, torch {torch.__version__}; {BATCH} windows a batch, penalty on {PENALTY_BATCH}, lag 1")
    record: dict[str, Any] = {"kind": kind, "torch": torch.__version__, "steps": [], "slabs": [], "graphs": []}
    record["left_out"] = []
    deadline = time.monotonic() + 60 * chosen.minutes

    def attempt(section: str, what: str, work: Callable[[], dict[str, Any]], line: str) -> None:
        """Do one thing, keep what it found and print it, unless the time or the memory of the device is at an end."""
        try:
            if time.monotonic() > deadline:
                raise InputError("no time left")
            found = work()
        except InputError as error:
            record["left_out"].append(f"{what}: {error}")
            print(f"left out: {what}: {error}", flush=True)
            return
        record[section].append(found)
        print(line.format(**{name: "-" if value is None else value for name, value in found.items()}), flush=True)

    print("\nforecaster    p    H  targets  precision    s a step  peak MiB  gradient differs by")
    tasks = itertools.product(chosen.series, ("mlp", "kan"), (None, chosen.turns), (False, True)[: 1 + has_tf32])
    for series, name, turns, tf32 in tasks:
        attempt(
            "steps",
            f"{name}, {series} series, {turns or 'all'} targets, {'TF32' if tf32 else 'float32'}",
            partial(step_figures, name, series, device, turns, tf32),
            "{forecaster:<10}{series:>5}{hidden:>5}{targets:>9}{precision:>11}{seconds:>12.5f}{peak_mib:>10}{differs:>21}",
        )
    print(f"\nexact step in ms for slabs of so many MiB; now {factors.slab_bytes(device) / 2**20:g}")
    print(f"{'':<15}" + "".join(f"{size / 2**20:>8g}" for size in SLABS))
    for series, name in itertools.product([p for p in chosen.series if p <= COMPARED], ("mlp", "kan")):
        shown = "".join(f"{{{size}:>8.2f}}" for size in map(slab_name, SLABS))
        work = partial(slab_figures, name, series, device)
        attempt("slabs", f"slabs of {name}, {series} series", work, "{forecaster:<10}{series:>5}" + shown)
    print("\ngraph of 20 series after 300 steps, beside the CPU's")
    for name in ("mlp", "kan", "lstm", "tcn"):
        line = "{forecaster:<10}largest difference {largest_difference:.1e}, of the 19 strongest pairs {shared} shared"
        attempt("graphs", f"graph of {name}", partial(graph_figures, name, device), line)
    if chosen.json is not None:
        chosen.json.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
