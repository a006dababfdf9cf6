"""What the exact gradient penalty costs: closed form, what the papers do, vmap, two subsamplings, and the limit.

    python benchmarks/penalty_cost.py

Part 1 times one training step (forecast error, penalty, their gradients; no optimiser) of the same forecaster on the
same windows, one torch thread, medians: the closed form; the loop of p backward passes; ``torch.func.vmap(jacrev)``;
the closed form on a fifth of the targets, and on a quarter of the windows, drawn at random. *Limit* is three batched
matrix products, (window, target, hidden) by (window, hidden, source) and the two of its derivative, at the speed of
``torch.bmm`` on these shapes: no exact step that multiplies factors can do with less. The loss is the same to 1e-4.
Part 2 is the size of the papers' gene networks, closed form and loop.
Part 3 does closed-form steps at p = 500, lag 2, H = 128 in a fresh process and reads its peak resident memory.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from grngc.forecasters import KAN, MLP
from grngc.gradients import gradient_penalty, windows_at_once
from grngc.runtime import MEMORY_BUDGET

FORECASTERS: dict[str, type[KAN] | type[MLP]] = {"KAN": KAN, "MLP": MLP}
SERIES, WINDOWS, HIDDEN = (10, 50, 100, 300), 64, 128
ENOUGH_SECONDS, MOST = 2.0, 15


class Setting:
    """A forecaster, windows, what follows them, and the weights of the penalty."""

    def __init__(self, name: str, p: int, lag: int, hidden: int, windows: int) -> None:
        torch.manual_seed(0)
        self.x, self.y = torch.randn(windows, lag, p), torch.randn(windows, p)
        self.forecaster: nn.Module = FORECASTERS[name](p, lag, hidden=hidden)
        self.weights = torch.full((p, lag, p), 0.2 / p)
        self.chunk = windows_at_once(self.forecaster, self.x, MEMORY_BUDGET)  # as a fit does: once

    def step(self, method: str = "closed", targets: int | None = None, windows: int | None = None) -> float:
        """Do one training step and return its loss; the penalty on some targets or windows only, where told."""
        self.forecaster.zero_grad()
        n, p = self.y.shape
        some = None if targets is None else torch.randperm(p)[:targets]
        share = 1.0 if targets is None else targets / p
        order = torch.arange(n) if windows is None else torch.randperm(n)
        m = n if windows is None else windows
        chunk = self.chunk if method == "closed" else n
        total = 0.0
        for rows in order[:m].split(chunk):
            forecast, penalty = gradient_penalty(
                self.forecaster, self.x[rows], self.weights, method=method, targets=some
            )
            error = (forecast - self.y[rows]).square().mean() * (len(rows) / n)
            loss = error + penalty * (len(rows) / m / share)
            loss.backward()
            total += float(loss.detach())
        for rows in order[m:].split(chunk) if m < n else ():
            error = (self.forecaster(self.x[rows]) - self.y[rows]).square().mean() * (len(rows) / n)
            error.backward()
            total += float(error.detach())
        return total


def seconds(do: Callable[..., object], *told: Any, **options: Any) -> float:
    """Return the median time of calls: as many as take two seconds, one at least; the first is nobody's cost."""
    begun = time.perf_counter()
    do(*told, **options)
    times: list[float] = [time.perf_counter() - begun]
    if times[0] > ENOUGH_SECONDS:
        return times[0]
    times, begun = [], time.perf_counter()
    while not times or (time.perf_counter() - begun < ENOUGH_SECONDS and len(times) < MOST):
        start = time.perf_counter()
        do(*told, **options)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def limit(p: int, hidden: int, windows: int) -> Callable[[], None]:
    """Return what does the three products."""
    left, right, product = torch.randn(windows, p, hidden), torch.randn(windows, hidden, p), torch.randn(windows, p, p)

    def products() -> None:
        torch.bmm(left, right)
        torch.bmm(product, right.mT)
        torch.bmm(left.mT, product)

    return products


def table() -> None:
    print(f"{WINDOWS} windows, lag 1, H={HIDDEN}, one thread, torch {torch.__version__}; milliseconds a step")
    print(
        "            p    closed      loop      vmap   1/5 targets  1/4 windows     limit   closed/limit  loop/closed"
    )
    for name in FORECASTERS:
        for p in SERIES:
            setting = Setting(name, p, 1, HIDDEN, WINDOWS)
            losses = [setting.step(method) for method in ("closed", "loop", "vmap")]
            assert max(losses) - min(losses) < 1e-4 * max(losses), losses
            one_step = partial(seconds, setting.step)
            cost = {
                "closed": one_step(),
                "loop": one_step("loop"),
                "vmap": one_step("vmap"),
                "targets": one_step(targets=p // 5),
                "windows": one_step(windows=WINDOWS // 4),
                "limit": seconds(limit(p, HIDDEN, WINDOWS)),
            }
            ms = {key: 1000 * value for key, value in cost.items()}
            print(
                f"  {name}  {p:6d} {ms['closed']:9.1f} {ms['loop']:9.1f} {ms['vmap']:9.1f} {ms['targets']:13.1f} "
                f"{ms['windows']:12.1f} {ms['limit']:9.2f} {ms['closed'] / ms['limit']:14.1f} "
                f"{ms['loop'] / ms['closed']:12.1f}",
                flush=True,
            )


def peak_mib() -> float:
    """Return the peak resident memory of this process; ``ru_maxrss`` would count the parent's before the fork."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def memory(p: int, lag: int, hidden: int, windows: int) -> None:
    """Do two steps and print time and peak resident memory of this process."""
    before = peak_mib()
    setting = Setting("KAN", p, lag, hidden, windows)
    start = time.perf_counter()
    for _ in range(2):
        setting.step()
    each = (time.perf_counter() - start) / 2
    peak, whole = peak_mib(), windows * p * lag * p * 4 / 2**20
    print(
        f"KAN, p={p} lag={lag} H={hidden}, {windows} windows in chunks of {setting.chunk}: {each:.2f} s a step; peak "
        f"{peak:.0f} MiB ({before:.0f} MiB before the first tensor); the whole gradient array alone is {whole:.0f} MiB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memory-only", action="store_true", help="part 3, in this process")
    memory_only = parser.parse_args().memory_only
    torch.set_num_threads(1)
    if memory_only:
        memory(500, 2, 128, 1000)
        return
    table()
    genes = Setting("KAN", 100, 1, 64, 966)
    closed, loop = seconds(genes.step), seconds(genes.step, "loop")
    print(f"KAN, p=100, H=64, 966 windows: closed {closed:.3f} s, loop {loop:.2f} s a step: {loop / closed:.0f} times")
    subprocess.run([sys.executable, __file__, "--memory-only"], check=True)


if __name__ == "__main__":
    main()
