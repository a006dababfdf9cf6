"""Damaged files by the hundred, each under a guard: what a script of the benchmarks does by ten thousand."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "mutated_files.py"


def ran(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, SCRIPT, *map(str, arguments)], capture_output=True, text=True)


@pytest.mark.parametrize("kind", ["csv", "tsv", "npz", "parquet", "mat", "tar.gz"])
def test_a_damaged_file_is_a_sound_table_or_refused_in_one_line(kind: str) -> None:
    done = ran(kind, 200)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{kind}: 200 files through read_panel" in done.stdout
    assert sum(int(line.split()[-1]) for line in done.stdout.splitlines()[1:10]) == 200


@pytest.mark.parametrize("kind", ["csv", "npz"])
def test_the_command_refuses_a_damaged_file_in_one_line_with_exit_code_2(kind: str) -> None:
    done = ran(kind, 100, "--through", "command")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{kind}: 100 files through command" in done.stdout


@pytest.mark.slow
def test_the_guard_sees_what_it_guards_against(tmp_path: Path) -> None:
    """A reader that crashes, hangs, fills the memory or coerces is found; else the counts above would prove nothing."""
    (tmp_path / "sitecustomize.py").write_text(BROKEN)
    command = [sys.executable, SCRIPT, "csv", "8", "--seconds", "20"]
    done = subprocess.run(
        command, capture_output=True, text=True, env={"PYTHONPATH": f"{tmp_path}:{':'.join(sys.path)}"}
    )
    assert done.returncode == 1, done.stdout + done.stderr
    for outcome in ("traceback", "coerced", "over 1 GiB", "hang", "crash"):
        assert f": {outcome}: " in done.stdout, done.stdout


BROKEN = """
import os, time
if "--worker" in __import__("sys").argv:
    import numpy as np
    import grngc.datasets.files as files
    from grngc.panel import Panel
    X = np.arange(6.0).reshape(3, 2)
    calls = iter(range(100))
    real = files.read_panel
    def read_panel(path, **options):
        n = next(calls)
        if n == 0:
            return real(path, **options)
        which = (n + int(__import__("sys").argv[4]) - 1) % 8
        if which == 0:
            raise KeyError("bug")
        if which == 1:
            os.abort()
        if which == 2:
            time.sleep(60)
        if which == 3:
            np.ones(2**27 + 2**24)
        if which == 4:
            return Panel((X * np.pi,), ("a", "b"))
        return real(path, **options)
    files.read_panel = read_panel
"""
