"""Random kills of a running sweep: its rows in the end are those of a sweep that nobody disturbed.

    python benchmarks/kills.py [--kills 50] [--seed 0]

A sweep of 24 jobs on two local processes is started in a process of its own. A worker or the whole sweep is killed
(SIGKILL): one time in four at any moment, one in four when a cell is half done, else a moment after a further row is
there, so that kills come all along the way. A killed sweep is started again on the same results; one that ends makes
place for a fresh one. Of one life of a sweep at most two workers are killed: a job whose worker dies three times is
given up, as it should be. Cells keep their state at every step, so that the next life goes on in the middle of them.
After each kill of a sweep every row that was there is there; at its end the digest is the undisturbed run's, no row is
lost or doubled, and no state is left. (A worker killed under Ray and Dask, and a Ray machine that goes, are in
tests/test_execution_engines.py.)
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from executors import table_of
from grngc.bench.results import Results, digest
from grngc.bench.run import fill, plan
from grngc.execution import ATTEMPTS


def sweep(folder: Path) -> None:
    """Fill what is missing of the 24 jobs; what the killed process runs."""
    kept = Results(folder / "results")
    fill(plan(table_of(folder), kept.read()).missing, kept, 2, lambda *_: None, keep_every=0.0)


def start(folder: Path) -> subprocess.Popen[bytes]:
    folder.mkdir(exist_ok=True)
    quiet = os.environ | {"PYTHONWARNINGS": "ignore:resource_tracker"}  # loky's, of what the killed did not tidy up
    return subprocess.Popen([sys.executable, __file__, "--sweep", str(folder)], env=quiet)


def workers_of(process: int) -> list[int]:
    """Return the processes of loky's workers, children of ``process``."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == process and b"LokyProcess" in (path / "cmdline").read_bytes():
                found.append(int(path.name))
        except (OSError, ValueError):
            continue
    return found


def next_moment(folder: Path, process: subprocess.Popen[bytes], chance: random.Random) -> float:
    """Wait until a cell is half done, or one row more is there, or not at all; return the seconds until the kill."""
    kept, when = Results(folder / "results"), chance.random()
    before = len(kept.read())
    while when > 0.25 and process.poll() is None and (when < 0.5 or len(kept.read()) == before):
        if when < 0.5 and kept.begun():
            return chance.uniform(0.0, 0.05)
        time.sleep(0.005)
    return chance.uniform(0.0, 2.0)


def disturbed(folder: Path, chance: random.Random, left: int, count: Counter[str], begun: list[str]) -> None:
    """Run one sweep to its end with at most ``left`` kills on the way; note the cells that were half done at one."""
    process, losses, begin = start(folder), 0, count.total()
    while True:
        try:
            if count.total() - begin == left:
                process.wait()
            else:
                process.wait(next_moment(folder, process, chance))
        except subprocess.TimeoutExpired:
            begun.extend(Results(folder / "results").begun())
            workers = workers_of(process.pid)
            if workers and losses < ATTEMPTS - 1 and chance.random() < 0.5:
                os.kill(chance.choice(workers), signal.SIGKILL)
                losses += 1
                count["worker"] += 1
                continue
            process.kill()
            process.wait()
            count["sweep"] += 1
            kept = set(Results(folder / "results").read())
            process, losses = start(folder), 0
            time.sleep(0.1)
            assert kept <= set(Results(folder / "results").read()), "a row was lost"
            continue
        assert process.returncode == 0, f"the sweep ended with exit code {process.returncode}"
        return


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sweep", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.sweep:
        sweep(given.sweep)
        return
    chance, count, begin, sweeps = random.Random(given.seed), Counter[str](), time.monotonic(), 0
    begun: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        calm = Path(name) / "undisturbed"
        assert start(calm).wait() == 0
        expected = Results(calm / "results").read()
        print(f"undisturbed: {len(expected)} rows, {digest(expected.values())[:16]}", flush=True)
        while count.total() < given.kills:
            sweeps += 1
            folder = Path(name) / f"sweep-{sweeps}"
            disturbed(folder, chance, given.kills - count.total(), count, begun)
            rows = Results(folder / "results").read()
            lines = sum(path.read_text().count("\n") for path in (folder / "results").glob("*.jsonl"))
            same = "the same" if digest(rows.values()) == digest(expected.values()) else "DIFFERENT"
            print(f"sweep {sweeps}: after {count.total()} kills {lines} lines, digest {same}", flush=True)
            assert lines == len(rows) == len(expected)
            assert same == "the same"
            assert Results(folder / "results").begun() == [], "a state was left"
    print(
        f"{count.total()} kills ({count['sweep']} of the sweep, {count['worker']} of a worker) in {sweeps} sweeps, "
        f"{time.monotonic() - begin:.0f} s: no row lost, none doubled, one digest; "
        f"{len(begun)} times in the middle of a cell"
    )


if __name__ == "__main__":
    main()
