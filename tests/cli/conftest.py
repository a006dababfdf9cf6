"""The command line, run in this process in an empty folder."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from grngc.cli import main


class Ran(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def grngc(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run the command line in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments: object) -> Ran:
        code = main([str(argument) for argument in arguments])
        return Ran(code, *capsys.readouterr())

    return run


@pytest.fixture
def data_csv(tmp_path: Path) -> Path:
    """Rain drives river at lag 1; the last column tells two experiments apart."""
    x = np.random.default_rng(0).normal(size=(200, 3))
    x[1:, 1] -= 2 * x[:-1, 0]
    rows = "\n".join(f"{a},{b},{c},{t // 100}" for t, (a, b, c) in enumerate(x.tolist()))
    path = tmp_path / "data.csv"
    path.write_text(f"rain,river,mud,plate\n{rows}\n")
    return path
