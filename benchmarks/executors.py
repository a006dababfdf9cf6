"""The same 24 jobs on one process, on loky, Ray, Dask and in three shards: one digest; and what each costs to start.

    python benchmarks/executors.py

Executors that are not installed are left out. Needs about three minutes on two busy cores.
"""

import argparse
import importlib.util
import tempfile
import time
from pathlib import Path

from grngc.bench.cells import Cell
from grngc.bench.results import Results, digest
from grngc.bench.run import choose, fill, plan, shard_of
from grngc.bench.table import read_table

TABLE = """
title = "24 small jobs"
seeds = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]

[[columns]]
name = "var"
datasets = ["var"]
options = { n_series = 6, n_times = 120 }
seed_option = "random_state"

[[rows]]
label = "ridge VAR"
method = "ridge_var"
chosen = "lag 1"

[[rows]]
label = "GRNGC"
method = "grngc"
parameters = { forecaster = "mlp", lag = 1, steps = 100 }
chosen = "small"
"""

PLACES = {"one process": ("local", 1), "loky, 2": ("local", 2), "Ray, 2": ("ray", 2), "Dask, 2": ("dask", 2)}
PACKAGES = {"local": "loky", "ray": "ray", "dask": "distributed"}
SHARDS = 3


def table_of(folder: Path) -> list[Cell]:
    """Write the table and return its cells."""
    path = folder / "jobs.toml"
    path.write_text(TABLE)
    return choose(read_table(path))


def main() -> None:
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cells = table_of(folder)
        missing = plan(cells, {}).missing
        digests = set()
        for place, (executor, workers) in PLACES.items():
            if importlib.util.find_spec(PACKAGES[executor]) is None:
                print(f"{place:<12} not installed", flush=True)
                continue
            kept, start = Results(folder / place), time.monotonic()
            fill(missing, kept, workers, lambda *_: None, executor=executor)
            digests.add(told(place, kept, start))
        kept, start = Results(folder / "shards"), time.monotonic()
        for shard in range(1, SHARDS + 1):
            part = plan(shard_of(cells, shard, SHARDS), kept.read()).missing
            fill(part, kept, 1, lambda *_: None, fold=False)
        kept.fold()
        digests.add(told(f"{SHARDS} shards", kept, start))
        print("one digest" if len(digests) == 1 else "DIGESTS DIFFER")


def told(place: str, kept: Results, start: float) -> str:
    """Print how a place did and return the digest of its rows."""
    seconds, rows = time.monotonic() - start, kept.read()
    found = digest(rows.values())
    ok = sum(row["status"] == "ok" for row in rows.values())
    print(f"{place:<12} {ok} of {len(rows)} rows ok   {found[:16]}   {seconds:6.1f} s", flush=True)
    return found


if __name__ == "__main__":
    main()
