"""AUROC and AUPRC of a configuration after every step of its training: what stopping at a good moment is worth.

    python benchmarks/epochs.py [--dataset dream3/size100_ecoli1] [--configuration published] [--seed 0] [--to FOLDER]

Truth is read beside the training, not in it. Prints the curve, and writes ``CONFIGURATION-epochs-DATASET.csv`` and
``.svg``. With the whole record in every step, as in the published settings, a step is an epoch. One torch thread.
The picture needs matplotlib: ``pip install "grngc[plots]"``.
"""

import argparse
import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch

from grngc import GRNGC, InputError
from grngc.baselines import Correlation
from grngc.configurations import CONFIGURATIONS
from grngc.dataset import Dataset
from grngc.datasets import load
from grngc.metrics import score

COLUMNS = ("epoch", "auroc", "auprc", "forecast_error", "penalty")
BLUE, ORANGE, GREY = "#1f5fa8", "#c4570a", "#6b6b6b"


def curve(dataset: Dataset, configuration: str, seed: int) -> list[dict[str, float]]:
    """Train and return a row an epoch; the forecast error and the penalty are on the rows that training traces."""
    rows: list[dict[str, float]] = []

    def note(step: int, scores: np.ndarray) -> None:
        found = score(scores, dataset)
        rows.append({"epoch": step, "auroc": found["auroc"], "auprc": found["auprc"]})

    model = GRNGC(**CONFIGURATIONS[configuration] | {"random_state": seed}).fit(dataset.panel, snapshot=note)
    for entry in model.record_.trace:
        rows[entry["step"] - 1] |= {key: entry[key] for key in COLUMNS[3:]}
    return rows


def best(rows: list[dict[str, float]]) -> dict[str, float]:
    """Return the row with the highest AUROC, the first of equals: picked on the truth."""
    return max(rows, key=lambda row: row["auroc"])


def printed(dataset: str) -> dict[str, float]:
    """Return the AUROC that the paper prints for this data set, where it prints one."""
    with (Path(__file__).parent / "published.csv").open(newline="") as file:
        found = [float(row["mean"]) for row in csv.DictReader(file) if _is_printed(row, dataset)]
    return {"GRNGC as printed": found[0]} if found else {}


def _is_printed(row: dict[str, str], dataset: str) -> bool:
    return (row["method"], row["dataset"], row["metric"]) == ("GRNGC", dataset, "auroc")


def draw(rows: list[dict[str, float]], lines: dict[str, float], title: str, path: Path) -> None:
    """Draw AUROC over epochs, with horizontal ``lines`` to compare with, above what training itself sees."""
    try:
        import matplotlib as mpl
    except ImportError as error:
        raise SystemExit('the picture needs matplotlib: pip install "grngc[plots]"; the CSV is written') from error
    mpl.use("svg")
    import matplotlib.pyplot as plt
    from matplotlib.ticker import LogLocator, NullFormatter

    mpl.rcParams.update(
        {"svg.hashsalt": "grngc", "font.size": 10, "axes.spines.top": False, "axes.spines.right": False}
    )
    figure, (above, below) = plt.subplots(
        2, sharex=True, figsize=(7.5, 5.6), height_ratios=(5, 3), layout="constrained"
    )
    epochs = [row["epoch"] for row in rows]
    above.plot(epochs, [row["auroc"] for row in rows], color=BLUE, linewidth=1.8)
    for label, value in lines.items():
        above.axhline(value, color=GREY, linewidth=0.9, linestyle=(0, (4, 3)))
        above.annotate(
            f"{label} {value:.3f}", (epochs[-1], value), (0, 3), textcoords="offset points", ha="right", color=GREY,
            fontsize=9, parse_math=False,
        )  # fmt: skip
    top, last = best(rows), rows[-1]
    for row, label, away in ((top, "best, picked on the truth", 12), (last, "last", -18)):
        above.plot(row["epoch"], row["auroc"], "o", color=ORANGE, markersize=6, zorder=3, clip_on=False)
        above.annotate(
            f"{label}: {row['auroc']:.3f} at epoch {row['epoch']:.0f}", (row["epoch"], row["auroc"]), (0, away),
            textcoords="offset points", ha="right" if row["epoch"] > 0.6 * epochs[-1] else "center", color=ORANGE,
        )  # fmt: skip
    values = [row["auroc"] for row in rows] + list(lines.values())
    above.set(ylabel="AUROC", ylim=(math.floor(20 * min(values)) / 20 - 0.02, max(values) + 0.04), xlim=(0, epochs[-1]))
    above.set_title(title, loc="left", fontsize=11, parse_math=False)
    traced = [row for row in rows if "penalty" in row]
    for key, colour in (("forecast_error", BLUE), ("penalty", GREY)):
        below.plot([row["epoch"] for row in traced], [row[key] for row in traced], color=colour, linewidth=1.5)
        below.annotate(
            key.replace("_", " "), (traced[-1]["epoch"], traced[-1][key]), (0, 7), textcoords="offset points",
            ha="right", color=colour,
        )  # fmt: skip
    below.set(xlabel="epoch", ylabel="part of the loss", yscale="log")
    below.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    below.yaxis.set_major_formatter("{x:g}")
    below.yaxis.set_minor_formatter(NullFormatter())
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", default="dream3/size100_ecoli1", help="a name of grngc.datasets.load")
    parser.add_argument("--configuration", default="published", choices=CONFIGURATIONS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--to", type=Path, default=Path("docs/pictures"), help="folder to write to")
    given = parser.parse_args()
    torch.set_num_threads(1)
    try:
        dataset = load(given.dataset)
    except InputError as error:
        raise SystemExit(f"epochs.py: {error}") from error
    rows = curve(dataset, given.configuration, given.seed)
    lines = {"|correlation|": score(Correlation().fit(dataset.panel).graph_, dataset)["auroc"], "chance": 0.5}
    lines |= printed(given.dataset)
    for row in rows:
        if row["epoch"] % max(1, len(rows) // 20) == 0 or row["epoch"] == 1:
            print(f"epoch {row['epoch']:4.0f}   AUROC {row['auroc']:.4f}   AUPRC {row['auprc']:.4f}")
    for label, row in (("best, picked on the truth", best(rows)), ("last", rows[-1])):
        print(f"{label}: epoch {row['epoch']:.0f}, AUROC {row['auroc']:.4f}, AUPRC {row['auprc']:.4f}")
    print(", ".join(f"{label} {value:.4f}" for label, value in lines.items()))
    given.to.mkdir(parents=True, exist_ok=True)
    name = given.dataset.removeprefix("dream3/size100_").replace("/", "-")
    stem = given.to / f"{given.configuration}-epochs-{name}"
    with stem.with_suffix(".csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(_rounded(row) for row in rows)
    draw(
        rows,
        lines,
        f"{given.dataset}, configuration {given.configuration}, seed {given.seed}",
        stem.with_suffix(".svg"),
    )
    print(f"written: {stem}.csv, {stem}.svg")


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value if key == "epoch" else f"{value:.6g}" for key, value in row.items()}


if __name__ == "__main__":
    main()
