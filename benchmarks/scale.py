"""How a training step grows: seconds and peak memory against series, windows, lag and width; measured and foretold.

    python benchmarks/scale.py                 # the curves: a table, docs/pictures/scale.csv and scale.svg
    python benchmarks/scale.py --large         # p = 1,000, T = 1,000, lag 1, H = 128: 300 steps of a whole fit

Every point is a process of its own with one torch thread: batches of 256 windows, the penalty on 32 of them, on all
targets (*exact*) or on a tenth of them in turns (*subsampled*). Where windows vary, it is those that are penalised.
Seconds are the median of a few steps, optimiser included; memory is what the process grew by at its peak, beside what
:func:`grngc.footprint.step_bytes` foretold before anything was made. Exponents are slopes in logarithms over the upper
half of a curve, where overhead no longer counts, beside those of the products that a step is made of. The picture needs
matplotlib: ``pip install "grngc[plots]"``.
"""

import argparse
import csv
import json
import math
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

KINDS = ("mlp", "kan")
BASE = {"series": 200, "windows": 32, "lag": 1, "hidden": 128}
CURVES = {
    "series": (10, 30, 100, 300, 1000, 2000),
    "windows": (32, 128, 512, 2048),
    "lag": (1, 2, 4, 8),
    "hidden": (32, 128, 512, 1024),
}
THEORY = {"series": "2", "windows": "1", "lag": "1", "hidden": "1"}
"""Of time: 2 windows p H (p lag) operations, three times, where all targets are penalised."""

BLUE, ORANGE, GREY = "#1f5fa8", "#c8601a", "#6b7280"


class Point(NamedTuple):
    """One process: what varied, where it stood, what came of it. Seconds, and MiB."""

    kind: str
    penalty: str
    varied: str
    at: int
    seconds: float
    mib: float
    foretold_mib: float
    before_mib: float


def measure(kind: str, penalty: str, varied: str, at: int) -> Point:
    """Do steps in this process."""
    import torch

    from grngc.batches import Batches
    from grngc.footprint import step_bytes
    from grngc.forecasters import Recipe, build_forecaster
    from grngc.gradients import gradient_penalty, windows_at_once
    from grngc.runtime import MEMORY_BUDGET

    torch.set_num_threads(1)
    size = BASE | {varied: at}
    p, lag = size["series"], size["lag"]
    batch = max(256, size["windows"])
    turns = None if penalty == "exact" else max(1, p // 10)
    recipe = Recipe(kind, p, lag, {"hidden": size["hidden"]}, True)
    foretold = step_bytes(recipe, batch, size["windows"], turns, MEMORY_BUDGET)

    def training(recipe: Recipe) -> Any:
        torch.manual_seed(0)
        forecaster = build_forecaster(recipe)
        x, y = torch.randn(batch, recipe.n_lags, recipe.n_series), torch.randn(batch, recipe.n_series)
        weights = torch.full((recipe.n_series, recipe.n_lags, recipe.n_series), 0.1)
        optimiser, chunk = torch.optim.AdamW(forecaster.parameters()), windows_at_once(forecaster, x, MEMORY_BUDGET)
        among = torch.arange(recipe.n_series)
        at_once = None if turns is None else max(1, recipe.n_series // 10)
        batches = Batches(x, y, None, 0.0, torch.Generator(), among, at_once, size["windows"])

        def step() -> None:
            optimiser.zero_grad()
            inputs, outputs, some, _ = next(batches)
            m = size["windows"]
            for part, truth in zip(inputs[:m].split(chunk), outputs[:m].split(chunk), strict=True):
                forecast, penalty = gradient_penalty(forecaster, part, weights, targets=some)
                ((forecast - truth).square().mean() + penalty).backward()
                del forecast, penalty
            for part, truth in zip(inputs[m:].split(chunk), outputs[m:].split(chunk), strict=True):
                if len(part):
                    (forecaster(part) - truth).square().mean().backward()
            optimiser.step()

        return step

    small = training(Recipe(kind, 5, lag, {"hidden": 4}, True))
    small(), small()  # code that is loaded when it is first run
    before = status("VmRSS")
    step, times = training(recipe), []
    while len(times) < 2 or (len(times) < 9 and sum(times) < 3):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    grown = status("VmHWM") - before
    return Point(
        kind, penalty, varied, at, statistics.median(times), *(size / 2**20 for size in (grown, foretold, before))
    )


def status(name: str) -> int:
    """Return the bytes that Linux tells of this process."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) * 1024


def curves() -> list[Point]:
    """Measure all points, each in a process of its own."""
    found = []
    for varied, places in CURVES.items():
        for kind in KINDS:
            for penalty in ("exact", "subsampled") if varied == "series" else ("exact",):
                for at in places:
                    command = [sys.executable, __file__, "--point", kind, penalty, varied, str(at)]
                    done = subprocess.run(command, capture_output=True, text=True, check=True)
                    point = Point(*json.loads(done.stdout))
                    found.append(point)
                    print(
                        f"  {kind:3s} {penalty:10s} {varied:8s}{at:6d}  {point.seconds:9.4f} s   {point.mib:7.1f} MiB, "
                        f"foretold {point.foretold_mib:7.1f} ({point.foretold_mib / point.mib - 1:+.0%})",
                        flush=True,
                    )
    return found


def slope(points: list[Point], of: str) -> float:
    """Return the exponent over the upper half of a curve."""
    upper = points[len(points) // 2 - 1 :]
    return float(np.polyfit([math.log(q.at) for q in upper], [math.log(getattr(q, of)) for q in upper], 1)[0])


def exponents(points: list[Point]) -> dict[tuple[str, str, str], tuple[float, float]]:
    """Return exponents of time and memory, and print them."""
    found = {}
    print("exponents over the upper half         time  of the products   memory")
    for varied in CURVES:
        for kind in KINDS:
            for penalty in ("exact", "subsampled") if varied == "series" else ("exact",):
                curve = [q for q in points if (q.varied, q.kind, q.penalty) == (varied, kind, penalty)]
                key = (varied, kind, penalty)
                found[key] = slope(curve, "seconds"), slope(curve, "mib")
                grown, held = found[key]
                print(f"  {kind:3s} {penalty:10s} {varied:8s} {grown:16.2f} {THEORY[varied]:>9s} {held:16.2f}")
    return found


def draw(points: list[Point], slopes: dict[tuple[str, str, str], tuple[float, float]], path: Path) -> None:
    """Draw time above memory, one column for what varied."""
    try:
        import matplotlib as mpl
    except ImportError as error:
        raise SystemExit('the picture needs matplotlib: pip install "grngc[plots]"; the CSV is written') from error
    mpl.use("svg")
    import matplotlib.pyplot as plt

    mpl.rcParams.update({"svg.hashsalt": "grngc", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False})
    figure, axes = plt.subplots(2, len(CURVES), figsize=(11, 5.4), sharex="col", sharey="row", layout="constrained")
    for column, varied in enumerate(CURVES):
        above, below = axes[:, column]
        for kind, colour in zip(KINDS, (BLUE, ORANGE), strict=True):
            for penalty, style in (("exact", "-"), ("subsampled", (0, (2, 2)))):
                curve = [q for q in points if (q.varied, q.kind, q.penalty) == (varied, kind, penalty)]
                if not curve:
                    continue
                at, exponent = [q.at for q in curve], slopes[varied, kind, penalty][0]
                label = (
                    f"{kind.upper()} {penalty}, slope {exponent:.1f}"
                    if varied == "series"
                    else f"{kind.upper()}, slope {exponent:.1f}"
                )
                above.plot(
                    at, [q.seconds for q in curve], "o", linestyle=style, color=colour, markersize=3.5, label=label
                )
                below.plot(
                    at,
                    [q.mib for q in curve],
                    "o",
                    color=colour,
                    markersize=3.5,
                    fillstyle="full" if style == "-" else "none",
                )
                below.plot(at, [q.foretold_mib for q in curve], linestyle=style, color=colour, linewidth=1.2)
        rest = ", ".join(f"{name} {value}" for name, value in BASE.items() if name != varied)
        above.set_title(rest, loc="left", fontsize=8, color=GREY)
        below.set_xlabel(
            {"series": "series p", "windows": "windows penalised", "lag": "lag", "hidden": "hidden units H"}[varied]
        )
        for each in (above, below):
            each.set(xscale="log", yscale="log")
            each.set_xticks(CURVES[varied], [f"{place:,}" for place in CURVES[varied]], fontsize=7)
            each.minorticks_off()
        above.legend(frameon=False, fontsize=7.5)
    axes[0, 0].set_ylabel("seconds a step, one thread")
    axes[1, 0].set_ylabel("MiB at the peak: points measured,\nlines foretold")
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def large() -> None:
    """Fit p = 1,000 whole, with the penalty on a tenth of the targets at a step, and tell what all of them cost."""
    import torch

    from grngc import discover
    from grngc.datasets import load
    from grngc.metrics import score

    torch.set_num_threads(1)
    dataset = load("lorenz96", n_series=1000, n_times=1000, forcing=10.0)
    clock = time.perf_counter()
    found = discover(dataset.panel, forecaster="mlp", lag=1, hidden=128, steps=300, penalty_targets=100)
    each = found.record["training"]["seconds"] / 300
    exact = json.loads(
        subprocess.run(
            [sys.executable, __file__, "--point", "mlp", "exact", "series", "1000"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    )
    result = score(found.graph, dataset)
    print(
        "Lorenz-96, p=1,000, T=1,000, lag 1, MLP H=128, 300 steps, penalty on 100 targets a step:\n"
        f"  {each:.3f} s a step, {found.record['training']['seconds']:.0f} s of training, "
        f"{time.perf_counter() - clock:.0f} s in all with noise floor and reading\n"
        f"  peak {status('VmHWM') / 2**20:.0f} MiB of the whole process\n"
        f"  AUROC {result['auroc']:.4f}, AUPRC {result['auprc']:.4f}\n"
        f"exact penalty: {exact[4]:.3f} s a step, {300 * exact[4]:.0f} s for 300 steps"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--large", action="store_true", help="the whole fit of a thousand series")
    parser.add_argument("--point", nargs=4, help=argparse.SUPPRESS)
    parser.add_argument("--to", type=Path, default=Path("docs/pictures"), help="folder to write to")
    given = parser.parse_args()
    if given.point:
        print(json.dumps(measure(*given.point[:3], int(given.point[3]))))
        return
    if given.large:
        large()
        return
    points = curves()
    slopes = exponents(points)
    whole = [abs((q.foretold_mib + q.before_mib) / (q.mib + q.before_mib) - 1) for q in points]
    print(f"memory of the whole process, all {len(points)} points: foretold within {max(whole):.0%}")
    off = [abs(q.foretold_mib / q.mib - 1) for q in points if q.mib > 50]
    print(
        f"what it grew by, {len(off)} points above 50 MiB: foretold within {max(off):.0%}, "
        f"median {statistics.median(off):.0%}"
    )
    given.to.mkdir(parents=True, exist_ok=True)
    with (given.to / "scale.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(Point._fields)
        writer.writerows([*q[:4], *(f"{value:.4g}" for value in q[4:])] for q in points)
    draw(points, slopes, given.to / "scale.svg")


if __name__ == "__main__":
    main()
