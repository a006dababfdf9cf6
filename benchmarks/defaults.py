"""What each default is worth: the default configuration, and with one parameter changed at a time.

    python benchmarks/defaults.py [--data ../shared/data] [--only "lag=2"]

Development data only: DREAM3 sizes 10 and 50 (five networks each, off-diagonal; left out where the files are absent),
Lorenz-96 with 20 series and F = 10, 20, 40 (500 points, full matrix) and a sparse VAR (20 series, 300 points,
off-diagonal).
One seed. Each cell is AUROC/AUPRC; DREAM3's are means over its networks. Truth is read after each graph is made.
Prints a Markdown row as soon as it is known.
"""

import argparse
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from grngc import GRNGC, InputWarning, read_panel
from grngc.dataset import Dataset
from grngc.datasets import lorenz96, var
from grngc.metrics import score

CHANGES: dict[str, dict[str, Any]] = {
    "default": {},
    "forecaster=linear": {"forecaster": "linear"},
    "forecaster=kan": {"forecaster": "kan"},
    "forecaster=kan, grid (-3, 3)": {"forecaster": "kan", "forecaster_options": {"grid_range": (-3, 3)}},
    "activation=tanh": {"forecaster_options": {"activation": "tanh"}},
    "skip=False": {"skip": False},
    "hidden=32": {"hidden": 32},
    "hidden=128": {"hidden": 128},
    "lag=2": {"lag": 2},
    "penalty=0.1": {"penalty": 0.1},
    "penalty=0.4": {"penalty": 0.4},
    "penalise_own_past=True": {"penalise_own_past": True},
    "weight_decay=0": {"weight_decay": 0.0},
    "weight_decay=2": {"weight_decay": 2.0},
    "input_noise=0": {"input_noise": 0.0},
    "input_noise=0.6": {"input_noise": 0.6},
    "scaling=per_trajectory": {"scaling": "per_trajectory"},
    "steps=500 (half budget)": {"steps": 500},
    "steps=2000": {"steps": 2000},
    "learning_rate=0.003": {"learning_rate": 0.003},
    "schedule=constant": {"schedule": "constant"},
}
GROUPS = ["DREAM3-10", "DREAM3-50", "Lorenz F=10", "Lorenz F=20", "Lorenz F=40", "VAR"]


def dream3(root: Path, size: int) -> Iterator[Dataset]:
    """Yield the five networks of one size."""
    for network in ("ecoli1", "ecoli2", "yeast1", "yeast2", "yeast3"):
        path = root / "dream3" / f"size{size}_{network}.npz"
        with np.load(path, allow_pickle=False) as archive:
            truth = archive["graph"]
        yield Dataset(path.stem, read_panel(path), truth, ~np.eye(size, dtype=bool))


def groups(root: Path) -> dict[str, list[Dataset]]:
    """Return the development data by column."""
    sets = {f"Lorenz F={forcing}": [lorenz96(20, 500, float(forcing))] for forcing in (10, 20, 40)}
    system = var(20, 300)
    sets["VAR"] = [Dataset("var", system.panel, system.truth, ~np.eye(20, dtype=bool))]
    for size in (10, 50):
        if (root / "dream3" / f"size{size}_ecoli1.npz").exists():
            sets[f"DREAM3-{size}"] = list(dream3(root, size))
    return sets


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--only", choices=list(CHANGES), help="one row")
    parser.add_argument("--per-target", action="store_true", help="score the per-target ranking instead")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore", InputWarning)  # a table may look transposed: these are
    sets = groups(arguments.data)
    columns = [name for name in GROUPS if name in sets]
    print("| changed | " + " | ".join(columns) + " | seconds |\n" + "|---" * (len(columns) + 2) + "|")
    for name, change in CHANGES.items():
        if arguments.only not in (None, name):
            continue
        start, cells = time.perf_counter(), []
        for column in columns:
            found = [
                score(GRNGC(**change).fit(dataset.panel).graph_, dataset, per_target=arguments.per_target)
                for dataset in sets[column]
            ]
            cells.append(f"{np.mean([f['auroc'] for f in found]):.3f}/{np.mean([f['auprc'] for f in found]):.3f}")
        print(f"| {name} | " + " | ".join(cells) + f" | {time.perf_counter() - start:.0f} |", flush=True)


if __name__ == "__main__":
    main()
