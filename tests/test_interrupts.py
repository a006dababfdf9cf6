"""Ctrl-C, as a terminal sends it to all processes of a command: it ends soon, says how to go on, leaves none behind.

Two seconds are promised, on a machine with nothing else to do; the bound here is for busy ones.
"""

import importlib.util
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

BOUND = 15.0

MLP = ["--no-confidence", "--forecaster", "mlp", "--lag", "1", "--steps"]

LONG = """
title = "Cells without end"
seeds = [0, 1]

[[columns]]
name = "lorenz"
datasets = ["lorenz96"]
options = { n_series = 5, n_times = 100 }
seed_option = "random_state"

[[rows]]
label = "quick"
method = "correlation"
chosen = ""

[[rows]]
label = "long"
method = "grngc"
parameters = { forecaster = "mlp", lag = 1, steps = 10000000 }
chosen = ""
"""


def started(arguments: list[str], folder: Path, **how: Any) -> subprocess.Popen[str]:
    """Start a process of a group of its own, with a mark that its children inherit."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        start_new_session=True,
        env=os.environ | {"OMP_NUM_THREADS": "1", "TMPDIR": str(folder), "GRNGC_MARK": str(folder)},
        **how,
    )


def interrupted(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Press Ctrl-C; return the exit code and what was said then."""
    begin = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    try:
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
    assert time.monotonic() - begin < BOUND
    return process.returncode, said


def running(folder: Path) -> list[int]:
    """The processes that carry the mark."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"GRNGC_MARK={folder}\0".encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def data(folder: Path) -> str:
    np.savetxt(folder / "data.csv", np.random.default_rng(0).normal(size=(200, 3)), delimiter=",", header="a,b,c")
    return "data.csv"


@pytest.mark.parametrize("after", [0.3, 1.0])
def test_while_importing(tmp_path: Path, after: float) -> None:
    """After ``import torch`` has begun: it takes seconds."""
    process = started(
        ["-X", "importtime", "-m", "grngc", "discover", data(tmp_path), "--out", "out", *MLP, "10000000"], tmp_path
    )
    assert process.stderr is not None
    while "torch" not in process.stderr.readline():
        pass
    time.sleep(after)
    code, said = interrupted(process)
    assert code == 130
    assert "Traceback" not in said
    assert said.splitlines()[-1].startswith("grngc: error: interrupted")


def test_while_training(tmp_path: Path) -> None:
    process = started(["-m", "grngc", "discover", data(tmp_path), "--out", "out", *MLP, "5000"], tmp_path)
    assert process.stderr is not None
    assert process.stderr.readline().startswith("grngc: training: step")
    assert interrupted(process) == (130, "grngc: error: interrupted; nothing was kept\n")
    assert not (tmp_path / "out").exists()


STUCK = """
import hashlib, sys, time
from grngc.interrupts import told_on_interrupt, watch
watch()
with told_on_interrupt(lambda: "two of three are kept"):
    while True:
        try:  # what is printed inside is not read before an interruption would be swallowed
            print("here", flush=True)
            if sys.argv[1] == "in a call of C":
                hashlib.pbkdf2_hmac("sha256", b"", b"", 10**9)  # minutes
            time.sleep(60)
        except KeyboardInterrupt:
            pass
"""


@pytest.mark.parametrize("where", ["in a call of C", "in code that swallows it"])
def test_where_python_would_not_stop(tmp_path: Path, where: str) -> None:
    process = started(["-c", STUCK, where], tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline() == "here\n"
    assert interrupted(process) == (130, "grngc: error: interrupted; two of three are kept\n")


TIDY = """
import time
from grngc.interrupts import watch
watch()
try:
    print("here", flush=True)
    time.sleep(60)
finally:
    print("tidying", flush=True)
    time.sleep(0.5)
    print("tidy", flush=True)
"""


def test_a_second_one_does_not_disturb_the_tidying_up(tmp_path: Path) -> None:
    process = started(["-c", TIDY], tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline() == "here\n"
    os.killpg(process.pid, signal.SIGINT)
    assert process.stdout.readline() == "tidying\n"
    os.killpg(process.pid, signal.SIGINT)
    assert process.communicate(timeout=60)[0] == "tidy\n"


DEAF = """
import time
from grngc.interrupts import watch
watch()
print("here", flush=True)
time.sleep(1)
print("done")
"""


def test_where_it_is_ignored_it_stays_so(tmp_path: Path) -> None:
    """``nohup``, and ``&`` in a script."""
    process = started(["-c", DEAF], tmp_path, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    assert process.stdout is not None
    assert process.stdout.readline() == "here\n"
    os.killpg(process.pid, signal.SIGINT)
    assert process.communicate(timeout=60) == ("done\n", "")
    assert process.returncode == 0


@pytest.mark.parametrize("after", [0.1, 0.3])
def test_while_workers_start(tmp_path: Path, after: float) -> None:
    """They are in the terminal's group, and cannot yet say themselves that it is not for them."""
    (tmp_path / "long.toml").write_text(LONG)
    process = started(["-m", "grngc", "bench", "run", "long", "--tables", ".", "--workers", "2"], tmp_path)
    assert process.stdout is not None
    assert "4 are missing" in process.stdout.readline()
    time.sleep(after)
    told = "grngc: error: interrupted; 0 of 4 cells are kept; the same command goes on with the rest\n"
    assert interrupted(process) == (130, told)


@pytest.mark.parametrize(
    ("executor", "package"),
    [
        ("local", "loky"),
        pytest.param("ray", "ray", marks=pytest.mark.slow),
        pytest.param("dask", "distributed", marks=pytest.mark.slow),
    ],
)
def test_a_sweep(tmp_path: Path, executor: str, package: str) -> None:
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    (tmp_path / "long.toml").write_text(LONG)
    process = started(
        ["-m", "grngc", "bench", "run", "long", "--tables", ".", "--workers", "2", "--executor", executor], tmp_path
    )
    assert process.stdout is not None
    assert "4 are missing" in process.stdout.readline()
    for n in (1, 2):
        assert process.stdout.readline().startswith(f"[{n}/4] ")
    time.sleep(1)
    code, said = interrupted(process)
    assert (code, said) == (
        130,
        "grngc: error: interrupted; 2 of 4 cells are kept; the same command goes on with the rest\n",
    )
    deadline = time.monotonic() + 30
    while running(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not running(tmp_path)
    assert not list(tmp_path.glob("grngc-*"))
