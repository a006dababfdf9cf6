"""``grngc bench``: exit codes, what is printed, the page of the documents."""

import csv
import io
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench_tables import SMALL, written

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    folder = tmp_path / "benchmarks"
    folder.mkdir()
    written(folder)
    return folder


def test_a_table_is_run_shown_and_run_no_more(grngc: Any, tables: Path) -> None:
    dry = grngc("bench", "run", "small", "--rows", "correlation", "--dry-run")
    assert dry.code == 0
    assert dry.out.startswith("small: 0 cells are there, 5 are missing; 5 of unknown cost\n")
    assert "  var n_series=5 n_times=60, correlation: cost unknown\n" in dry.out
    ran = grngc("bench", "run", "small", "--rows", "correlation", "--columns", "var,two", "--seeds", "0,1")
    assert ran.code == 0, ran.err
    assert len(re.findall(r"^\[\d/5\] .* AUROC 0\.\d{3}, AUPRC 0\.\d{3}, \d+ s$", ran.out, re.MULTILINE)) == 5
    assert (tables / "results" / "var.jsonl").read_text().count("\n") == 3
    again = grngc("bench", "run", "small", "--rows", "correlation")
    assert again.out == "small: 5 cells are there, 0 are missing\n"
    shown = grngc("bench", "table", "small")
    assert re.search(r"^correlation +0\.\d{3} +0\.\d{3} ± 0\.\d{3} +2/once", shown.out, re.MULTILINE)
    assert re.search(r"^default +missing +not run", shown.out, re.MULTILINE)
    rows = list(csv.DictReader(io.StringIO(grngc("bench", "table", "small", "--format", "csv").out)))
    assert {row["seeds"] for row in rows if row["row"] == "correlation"} == {"1", "2"}
    assert grngc("bench", "table", "small", "--format", "markdown").out.startswith("## Small\n")
    verdict = grngc("bench", "verdict", "small")
    assert "var: AUROC missing; not known yet against the best control (correlation 0." in verdict.out


def test_a_failing_cell_ends_with_exit_code_4_then_and_later(grngc: Any, tables: Path) -> None:
    broken = '\n[[rows]]\nlabel = "ridge"\nmethod = "ridge_var"\nparameters = { lag = 59 }\nchosen = ""\n'
    written(tables, SMALL + broken)
    ran = grngc("bench", "run", "small", "--rows", "correlation,ridge", "--columns", "var")
    assert ran.code == 4
    assert "var n_series=5 n_times=60, ridge_var: failed: InputError: " in ran.out
    assert "correlation: AUROC" in ran.out
    assert ran.err.count("\n") == 1
    assert "--retry-failed runs them again" in ran.err
    again = grngc("bench", "run", "small", "--rows", "correlation,ridge", "--columns", "var")
    assert (again.code, again.out) == (4, "small: 2 cells are there, 0 are missing\n")


def test_data_that_are_not_there_are_skipped_with_the_reason(
    grngc: Any, tables: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRNGC_DATA", str(tables))
    absent = '\n[[columns]]\nname = "absent"\ndatasets = ["dream4/size100_1"]\n'
    written(tables, SMALL + absent)
    ran = grngc("bench", "run", "small", "--rows", "correlation", "--columns", "absent,var")
    assert ran.code == 0
    assert ran.err.startswith("grngc: warning: skipped: dream4/size100_1: no file ")
    assert ran.out.startswith("small: 0 cells are there, 1 are missing")


def test_prune_drops_what_no_table_asks_for(grngc: Any, tables: Path) -> None:
    assert grngc("bench", "run", "small", "--rows", "correlation", "--columns", "var").code == 0
    written(tables, SMALL.replace("n_times = 60", "n_times = 61"))
    ran = grngc("bench", "run", "small", "--rows", "correlation", "--columns", "var", "--prune")
    assert ran.out.startswith("1 results were dropped\nsmall: 0 cells are there, 1 are missing")
    assert (tables / "results" / "var.jsonl").read_text().count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "smal"], "no table 'smal'; did you mean 'small'?"),
        (["run", "small", "--rows", "corelation"], "did you mean 'correlation'?"),
        (["run", "small", "--seeds", "one"], "--seeds: expected whole numbers, got 'one'"),
        (["run", "small", "--workers", "0", "--rows", "correlation"], "workers must be a whole number of at least 1"),
        (["table", "small", "--format", "html"], "--format 'html' is not known; choose one of terminal, markdown, csv"),
        (["run", "small", "--tables", "nowhere"], "nowhere: no such folder"),
        (["docs", "--tables", "nowhere"], "nowhere: no tables there"),
    ],
)
def test_mistakes_are_one_line(grngc: Any, tables: Path, arguments: list[str], said: str) -> None:
    ran = grngc("bench", *arguments)
    assert ran.code == 2
    assert said in ran.err
    assert ran.err.count("\n") == 1


def test_the_page_of_benchmarks_is_made_from_tables_and_results(grngc: Any, tmp_path: Path) -> None:
    """The committed page, byte by byte: change a result or a table and write it again by ``grngc bench docs``."""
    ran = grngc("bench", "docs", "--tables", ROOT / "benchmarks", "--out", tmp_path / "page.md")
    assert ran.code == 0, ran.err
    assert (tmp_path / "page.md").read_text() == (ROOT / "docs" / "benchmarks.md").read_text()


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from grngc.cli import main; main(['bench', 'run', '--help']);"
        "print(sorted({'torch', 'loky', 'pandas', 'sklearn'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.endswith("[]\n")
