"""Are p, q and the selected pairs of a run what they say? 100 simulated records whose graph is known.

    python benchmarks/calibration.py [--workers 2]             # what is missing of the rows; about an hour on two cores
    python benchmarks/calibration.py --pcmci PYTHON            # PCMCI beside it, by a Python that has tigramite
    python benchmarks/calibration.py --report                  # docs/calibration.md and docs/pictures/calibration.svg

60 records of independent series (autoregressions, differenced random walks, trends, heavy tails; 15 each, 10 series of
300 points) and 40 with known edges (16 vector autoregressions, 12 Lorenz-96, 12 additive non-linear ones; 10 to 30
series of 300 to 500 points). Everything is left to the defaults, as in `grngc discover FILE`. Rows are kept in
benchmarks/calibration.jsonl, one a record and method; the same command goes on where it was. tigramite is under
the GPL and stays in an environment of its own: records go to it as files, p-values come back (benchmarks/pcmci.py).
"""

import argparse
import json
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy.signal import lfilter

from calibration_page import report
from grngc import GRNGC, InputWarning
from grngc.confidence import benjamini_hochberg, examine
from grngc.datasets.lorenz96 import lorenz96
from grngc.datasets.var import var
from grngc.environment import versions
from grngc.execution import Job, run

RATES = (0.05, 0.1, 0.2)
NULL = ("autoregression", "differenced walk", "trend", "heavy tails")
VARS = [(10, 300, 1), (20, 300, 1), (20, 500, 2), (30, 500, 1)]
WIDE = [(100, 300), (100, 500)]
"""Many series, an edge each on average: sources whose influence is shrunk, and much that moves with them."""
LORENZ = [(10, 500, 10.0), (10, 500, 20.0), (20, 500, 10.0)]
HERE = Path(__file__).parent
ROWS = HERE / "calibration.jsonl"


def independent(kind: str, seed: int, n_series: int = 10, n_times: int = 300) -> np.ndarray:
    """Return (time, series) of series that have nothing to do with each other."""
    rng = np.random.default_rng((NULL.index(kind), seed))
    noise = (
        rng.standard_t(3, (n_times + 200, n_series))
        if kind == "heavy tails"
        else rng.normal(size=(n_times + 200, n_series))
    )
    if kind == "differenced walk":
        return np.diff(np.cumsum(noise, axis=0), axis=0)[-n_times:]
    own = rng.uniform(0.3, 0.9, n_series)
    values = np.stack([lfilter([1], [1, -a], each) for a, each in zip(own, noise.T, strict=True)], axis=1)[-n_times:]
    return values + np.linspace(0, 5, n_times)[:, None] * rng.normal(size=n_series) if kind == "trend" else values


def additive(seed: int, n_series: int = 15, n_times: int = 500) -> tuple[np.ndarray, np.ndarray]:
    """Return (time, series) and the graph of series driven by bent functions of each other."""
    rng = np.random.default_rng((9, seed))
    truth = (rng.random((n_series, n_series)) < 0.12) & ~np.eye(n_series, dtype=bool)
    bend = rng.integers(0, 3, truth.shape)
    values = np.zeros((n_times + 100, n_series))
    for t in range(1, len(values)):
        x = values[t - 1]
        bent = np.stack([np.tanh(2 * x), np.abs(x) - 0.8, 1.5 * np.exp(-(x**2)) - 0.8])
        driven = np.where(truth, bent[bend, np.arange(n_series)], 0).sum(axis=1)
        values[t] = 0.4 * x + 0.6 * driven + 0.5 * rng.normal(size=n_series)
    return values[100:], truth


def records() -> Iterator[tuple[str, str, int]]:
    """Yield what each record is: its kind, its size, its seed."""
    for seed in range(15):
        for kind in NULL:
            yield kind, "p=10 T=300", seed
    for seed in range(4):
        for p, n, lags in VARS:
            yield "VAR", f"p={p} T={n} lags={lags}", seed
        for p, n in WIDE:
            yield "wide VAR", f"p={p} T={n} lags=1", seed
        for p, n, forcing in LORENZ:
            yield "Lorenz-96", f"p={p} T={n} F={forcing:g}", seed
        for again in range(3):
            yield "additive", "p=15 T=500", 3 * seed + again


def record(kind: str, size: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return values (time, series) and truth (target, source)."""
    if kind in NULL:
        return independent(kind, seed), np.eye(10, dtype=bool)
    if kind == "additive":
        return additive(seed)
    p, n, last = (float(part.split("=")[1]) for part in size.split())
    if kind in ("VAR", "wide VAR"):
        made = var(int(p), int(n), int(last), density=min(0.2, (3 if kind == "VAR" else 1) / p), random_state=seed)
    else:
        made = lorenz96(int(p), int(n), last, random_state=seed)
    return made.panel.trajectories[0], made.truth


def judged(p: np.ndarray, truth: np.ndarray, selections: dict[str, np.ndarray]) -> dict[str, Any]:
    """Return what the answers are worth: pairs found, false ones among them, true ones in all, at each rate."""
    between = ~np.eye(len(truth), dtype=bool)
    true, false = truth & between, ~truth & between
    told = {"pairs_false": int(false.sum()), "pairs_true": int(true.sum()), "p_below_.05": int((p[false] < 0.05).sum())}
    found = {name: [int((mask & between).sum()), int((mask & false).sum())] for name, mask in selections.items()}
    return told | {"found": found}


def ours(kind: str, size: str, seed: int) -> dict[str, Any]:
    """Return the row of a record: grngc with every default."""
    values, truth = record(kind, size, seed)
    start = time.monotonic()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InputWarning)
        fitted = GRNGC().fit(values)
        between = time.monotonic()
        found = examine(fitted)
    ended = time.monotonic()
    q = benjamini_hochberg(found.p)
    masks = {f"q {rate}": q <= rate for rate in RATES}
    masks |= {f"selected {rate}": found.at(rate).evidence.selected for rate in RATES}
    masks["floor"] = fitted.graph_.above(fitted.noise_floor_)
    return judged(found.p, truth, masks) | {
        "forecaster": fitted.recipe_.choice, "lag": fitted.recipe_.n_lags, "p_in_all": found.gain.p_in_all,
        "widened": found.told["widened"], "seconds_fit": between - start, "seconds_confidence": ended - between,
        "grngc": versions()["grngc"],
    }  # fmt: skip


def theirs(python: str, kind: str, size: str, seed: int) -> dict[str, Any]:
    """Return the row of a record: PCMCI with partial correlations, lags 1 to 2, Benjamini-Hochberg over all of them."""
    values, truth = record(kind, size, seed)
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "record.npy"
        np.save(file, values)
        start = time.monotonic()
        done = subprocess.run([python, str(HERE / "pcmci.py"), str(file), "2"], capture_output=True, text=True)
        seconds = time.monotonic() - start
        if done.returncode:
            raise SystemExit(f"{python} benchmarks/pcmci.py failed:\n{done.stderr[-2000:]}")
        answer = json.loads(done.stdout.splitlines()[-1])
    p, q = np.array(answer["p"]), np.array(answer["q"])
    return judged(p, truth, {f"q {rate}": q <= rate for rate in RATES}) | {
        "seconds_confidence": seconds, "tigramite": answer["tigramite"]
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--pcmci", metavar="PYTHON", help="a Python that has tigramite")
    parser.add_argument("--only", metavar="KIND", help="records of one kind")
    parser.add_argument("--report", action="store_true", help="write the page and the picture from the rows there are")
    given = parser.parse_args()
    rows = [json.loads(line) for line in ROWS.read_text().splitlines()] if ROWS.exists() else []
    if given.report:
        report(rows, HERE.parent / "docs")
        return
    method = "PCMCI" if given.pcmci else "grngc"
    there = {tuple(row["key"]) for row in rows}
    keys = [(method, *each) for each in records() if given.only in (None, each[0])]
    keys = [key for key in keys if key[:2] != ("PCMCI", "wide VAR")]  # some 20,000 tests of up to 200 conditions each
    missing = [key for key in keys if key not in there]
    print(f"{len(keys) - len(missing)} of {len(keys)} rows of {method} are there", flush=True)
    jobs = [Job(key, theirs, (given.pcmci, *key[1:])) if given.pcmci else Job(key, ours, key[1:]) for key in missing]
    for key, outcome in run(jobs, workers=given.workers):
        if isinstance(outcome, BaseException):
            raise outcome
        with ROWS.open("a") as file:
            file.write(json.dumps({"key": key} | outcome) + "\n")
        print(*key, outcome["found"], f"{outcome['seconds_confidence']:.0f} s", flush=True)


if __name__ == "__main__":
    main()
