"""A small table for the tests of benchmarks, and made-up rows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grngc.bench.cells import Cell
from grngc.bench.compute import describe
from grngc.bench.table import Table, read_table

SMALL = """
title = "Small"
seeds = [0, 1]

[[columns]]
name = "var"
datasets = ["var"]
options = { n_series = 5, n_times = 60 }

[[columns]]
name = "two"
datasets = ["lorenz96", "var"]
options = { n_series = 6, n_times = 50 }
seed_option = "random_state"

[[rows]]
label = "correlation"
method = "correlation"
chosen = "nothing"

[[rows]]
label = "default"
method = "grngc"
configuration = "default"
chosen = "one for all"
columns = ["var"]
elsewhere = "not run"
"""


def written(folder: Path, text: str = SMALL, name: str = "small") -> Path:
    path = folder / f"{name}.toml"
    path.write_text(text)
    return path


def read(folder: Path, text: str = SMALL, name: str = "small") -> Table:
    return read_table(written(folder, text, name))


def made_up(cell: Cell, auroc: float, data: str = "d" * 64, **fields: Any) -> dict[str, Any]:
    """A row that no one computed."""
    metrics: Mapping[str, float] = {"auroc": auroc, "auprc": auroc / 2}
    values = {"status": "ok", "metrics": metrics, "wall_seconds": 2.0, "oracle": None, "versions": {"python": "3"}}
    return describe(cell, data) | values | fields
