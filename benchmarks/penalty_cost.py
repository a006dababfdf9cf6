"""What the exact gradient penalty costs: closed form beside the loop of p backward passes, in one run.

    python benchmarks/penalty_cost.py

Part 1 times one training step (forecast error, penalty, their gradients) on the same KAN and the same windows with
one torch thread: median of five closed-form steps, two steps of the loop that the published code does.
Part 2 runs closed-form steps at p = 500, lag 2, H = 128 in a fresh process and reads its peak resident memory.
"""

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

import torch

from grngc.forecasters import KAN
from grngc.gradients import gradient_penalty, windows_at_once
from grngc.runtime import MEMORY_BUDGET


def step(forecaster: KAN, x: torch.Tensor, y: torch.Tensor, weights: torch.Tensor, method: str, chunk: int) -> float:
    """Do one training step and return its loss."""
    forecaster.zero_grad()
    total = 0.0
    for part, truth in zip(x.split(chunk), y.split(chunk), strict=True):
        forecast, penalty = gradient_penalty(forecaster, part, weights, method=method)
        loss = ((forecast - truth).square().mean() + penalty) * (len(part) / len(x))
        loss.backward()
        total += float(loss.detach())
    return total


def setting(p: int, lag: int, hidden: int, windows: int) -> tuple[KAN, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return a fresh KAN, windows, targets and penalty weights."""
    torch.manual_seed(0)
    x, y = torch.randn(windows, lag, p), torch.randn(windows, p)
    return KAN(p, lag, hidden=hidden), x, y, torch.full((p, lag, p), 0.2 / p)


def seconds(method: str, repeats: int, p: int, hidden: int, windows: int) -> tuple[float, float]:
    """Return the median time of a step and its loss."""
    forecaster, x, y, weights = setting(p, 1, hidden, windows)
    chunk = windows_at_once(forecaster, x, MEMORY_BUDGET) if method == "closed" else windows
    times, loss = [], 0.0
    for _ in range(repeats):
        start = time.perf_counter()
        loss = step(forecaster, x, y, weights, method, chunk)
        times.append(time.perf_counter() - start)
    return statistics.median(times), loss


def peak_mib() -> float:
    """Return the peak resident memory of this process; ``ru_maxrss`` would count the parent's before the fork."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def memory(p: int, lag: int, hidden: int, windows: int) -> None:
    """Do two steps and print time and peak resident memory of this process."""
    before = peak_mib()
    forecaster, x, y, weights = setting(p, lag, hidden, windows)
    chunk = windows_at_once(forecaster, x, MEMORY_BUDGET)
    start = time.perf_counter()
    for _ in range(2):
        step(forecaster, x, y, weights, "closed", chunk)
    each = (time.perf_counter() - start) / 2
    peak = peak_mib()
    whole = windows * p * lag * p * 4 / 2**20
    print(
        f"p={p} lag={lag} H={hidden}, {windows} windows in chunks of {chunk}: {each:.2f} s a step; peak {peak:.0f} MiB "
        f"({before:.0f} MiB before the first tensor); the whole gradient array alone would take {whole:.0f} MiB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memory-only", action="store_true", help="part 2, in this process")
    if parser.parse_args().memory_only:
        torch.set_num_threads(1)
        memory(500, 2, 128, 1000)
        return
    torch.set_num_threads(1)
    p, hidden, windows = 100, 64, 966
    seconds("closed", 1, p, hidden, windows)  # the first touch of memory is nobody's cost
    closed, closed_loss = seconds("closed", 5, p, hidden, windows)
    loop, loop_loss = seconds("loop", 2, p, hidden, windows)
    print(f"KAN, p={p}, lag 1, H={hidden}, {windows} windows, one thread, torch {torch.__version__}")
    print(f"  closed form            {closed:8.3f} s a step   loss {closed_loss:.6f}")
    print(f"  loop of {p} backwards  {loop:8.3f} s a step   loss {loop_loss:.6f}")
    print(f"  ratio                  {loop / closed:8.1f}")
    subprocess.run([sys.executable, __file__, "--memory-only"], check=True)


if __name__ == "__main__":
    main()
