"""``grngc bench``: exit codes, what is printed, the page of the documents."""

import csv
import io
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench_tables import SMALL, made_up, written
from grngc.bench.results import Results
from grngc.bench.run import choose
from grngc.bench.table import read_table

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tables(tmp_path: Path, here: None) -> Path:
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
    assert ran.code == 4
    assert ran.err.startswith("grngc: warning: skipped: dream4/size100_1: no file ")
    assert ran.out.startswith("small: 0 cells are there, 1 are missing, 1 are skipped; 1 of unknown cost\n[1/1] var ")


def test_with_no_data_at_all_a_job_script_sees_it(grngc: Any, tables: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRNGC_DATA", str(tables))
    subjects = '[[columns]]\nname = "absent"\ndatasets = ["netsim/sim3"]\nseed_option = "subject"\n\n[[rows]]'
    written(tables, SMALL.replace("[[rows]]", subjects, 1))
    ran = grngc("bench", "run", "small", "--rows", "correlation", "--columns", "absent")
    assert (ran.code, ran.out) == (4, "small: 0 cells are there, 0 are missing, 2 are skipped\n")
    warning, error = ran.err.splitlines()  # one warning for two subjects of one file
    assert "set GRNGC_DATA (in Python also root=) to the folder of the data sets" in warning
    assert error == (
        "grngc: error: 2 cells were skipped, for their data are not here: set GRNGC_DATA to their folder, or choose "
        "others with --columns"
    )
    dry = grngc("bench", "run", "small", "--rows", "correlation", "--columns", "absent", "--dry-run")
    assert (dry.code, dry.out) == (0, ran.out)


def test_a_column_is_chosen_by_what_the_table_shows(grngc: Any, tables: Path) -> None:
    written(tables, SMALL.replace('name = "var"', 'name = "var"\nlabel = "VAR, p=5"'))
    for columns in ("VAR, p=5", "var", "two,VAR, p=5,two"):
        ran = grngc("bench", "run", "small", "--rows", "correlation", "--columns", columns, "--dry-run")
        assert ran.code == 0, ran.err
        assert "  var n_series=5 n_times=60, correlation: cost unknown\n" in ran.out
        assert ran.out.startswith(f"small: 0 cells are there, {5 if 'two' in columns else 1} are missing")


def test_prune_drops_what_no_table_asks_for(grngc: Any, tables: Path) -> None:
    assert grngc("bench", "run", "small", "--rows", "correlation", "--columns", "var").code == 0
    written(tables, SMALL.replace("n_times = 60", "n_times = 61"))
    ran = grngc("bench", "run", "small", "--rows", "correlation", "--columns", "var", "--prune")
    assert ran.out.startswith("1 results were dropped\nsmall: 0 cells are there, 1 are missing")
    assert (tables / "results" / "var.jsonl").read_text().count("\n") == 1


def test_prune_compares_with_the_tables_beside_the_results(grngc: Any, tables: Path, tmp_path: Path) -> None:
    assert grngc("bench", "run", "small", "--rows", "correlation", "--columns", "var").code == 0
    (tmp_path / "other").mkdir()
    written(tmp_path / "other", SMALL.replace("n_times = 60", "n_times = 61"))
    choice = ["--rows", "correlation", "--columns", "var", "--prune"]
    ran = grngc("bench", "run", tables / "small.toml", "--tables", "other", *choice)
    assert ran.out == "0 results were dropped\nsmall: 1 cells are there, 0 are missing\n"


def test_prune_keeps_trials_for_their_own_table_only(grngc: Any, tables: Path) -> None:
    written(tables, "documented = false\n" + SMALL.replace("n_times = 60", "n_times = 61"), "trial")
    choice = ["--rows", "correlation", "--columns", "var"]
    for table in ("small", "trial"):
        assert grngc("bench", "run", table, *choice).code == 0
    assert grngc("bench", "run", "trial", *choice, "--prune").out.startswith("0 results were dropped\n")
    dry = grngc("bench", "run", "small", *choice, "--prune", "--dry-run").out.splitlines()
    assert dry[:2] == ["1 results would be dropped", "  var n_series=5 n_times=61, correlation"]
    assert grngc("bench", "run", "small", *choice, "--prune").out.startswith("1 results were dropped\n")
    assert '"n_times": 60' in (tables / "results" / "var.jsonl").read_text()
    assert '"n_times": 61' not in (tables / "results" / "var.jsonl").read_text()


def test_the_examples_of_the_help_leave_committed_results_alone(grngc: Any) -> None:
    """``smoke``'s figures mean nothing: where it is run by way of trial they go elsewhere."""
    (line,) = [line for line in grngc("bench", "run", "--help").out.splitlines() if "bench run smoke" in line]
    assert "--results /" in line


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "smal"], "no table 'smal'; did you mean 'small'?"),
        (["run", "small", "--rows", "corelation"], "did you mean 'correlation'?"),
        (["run", "small", "--seeds", "one"], "--seeds: expected whole numbers, got 'one'"),
        (["run", "small", "--workers", "0", "--rows", "correlation"], "--workers must be a whole number of at least 1"),
        (["run", "small", "--workers", "-3", "--dry-run"], "--workers must be a whole number of at least 1; got -3"),
        (["run", "small", "--seeds", "0,9"], "small: no seed 9; there are 0, 1"),
        (["run", "small", "--rows", "default", "--columns", "two"], "small: nothing to run"),
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
    """The page, byte by byte, from the results that git sees. Cells of a run in progress are not among them."""
    lines = tmp_path / "results"
    lines.mkdir()
    for file in (ROOT / "benchmarks" / "results").glob("*.jsonl"):
        shutil.copy(file, lines)
    out = tmp_path / "page.md"
    ran = grngc("bench", "docs", "--tables", ROOT / "benchmarks", "--results", lines, "--out", out)
    assert ran.code == 0, ran.err
    assert out.read_text() == (ROOT / "docs" / "benchmarks.md").read_text(), (
        "docs/benchmarks.md is not what benchmarks/*.toml, published.csv and results/*.jsonl give: a run that ended "
        "folds its cells into results/*.jsonl. Run `grngc bench docs` and commit the page together with the results"
    )


def test_the_page_shows_nothing_that_the_committed_files_lack(grngc: Any, tables: Path, tmp_path: Path) -> None:
    kept = Results(tables / "results")
    cell = choose(read_table(tables / "small.toml"), ["correlation"], ["var"])[0]
    kept.add(made_up(cell, 0.123))  # a run in progress
    assert not (tables / "results" / "var.jsonl").exists()
    assert grngc("bench", "docs", "--out", tmp_path / "page.md").code == 0
    assert "0.123" in (tmp_path / "page.md").read_text()
    assert "0.123" in (tables / "results" / "var.jsonl").read_text()
    assert not list((tables / "results" / ".cells").glob("*.json"))


def test_workers_are_checked_where_the_cost_is_known(grngc: Any, tables: Path) -> None:
    choice = ["--rows", "correlation", "--columns", "two"]
    assert grngc("bench", "run", "small", *choice, "--seeds", "0").code == 0
    ran = grngc("bench", "run", "small", *choice, "--workers", "0")
    assert (ran.code, ran.err) == (2, "grngc: error: --workers must be a whole number of at least 1; got 0\n")


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from grngc.cli import main; main(['bench', 'run', '--help']);"
        "print(sorted({'torch', 'loky', 'pandas', 'sklearn'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.endswith("[]\n")


def test_shards_fill_one_folder_and_the_next_run_folds(grngc: Any, tables: Path) -> None:
    first = grngc("bench", "run", "small", "--rows", "correlation", "--shard", "1/2")
    assert first.code == 0, first.err
    assert first.out.startswith("small: 0 cells are there, 3 are missing")
    again = grngc("bench", "run", "small", "--rows", "correlation", "--shard", "1/2")
    assert again.out == "small: 3 cells are there, 0 are missing\n"  # the other shard's stay the other's
    second = grngc("bench", "run", "small", "--rows", "correlation", "--shard", "2/2")
    assert second.out.startswith("small: 0 cells are there, 2 are missing")
    results = tables / "results"
    assert len(list((results / ".cells").glob("*.json"))) == 5
    assert not list(results.glob("*.jsonl"))
    whole = grngc("bench", "run", "small", "--rows", "correlation")
    assert whole.out == "small: 5 cells are there, 0 are missing\n"
    assert sum(path.read_text().count("\n") for path in results.glob("*.jsonl")) == 5


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--shard", "0/2"], "--shard: expected I/N with I from 1 to N, like 2/10; got '0/2'"),
        (["--shard", "3/2"], "got '3/2'"),
        (["--shard", "one"], "got 'one'"),
        (["--shard", "1/2", "--prune"], "--prune rewrites the results that other shards read"),
        (["--executor", "spark"], "executor 'spark' is not known; choose one of local, ray, dask"),
        (["--address", "head:6379"], "address 'head:6379': local processes have none"),
    ],
)
def test_where_cells_cannot_be_run_is_said_before_any_is(
    grngc: Any, tables: Path, options: list[str], said: str
) -> None:
    ran = grngc("bench", "run", "small", *options)
    assert ran.code == 2
    assert said in ran.err
    assert ran.err.count("\n") == 1
    assert ran.out == ""


def test_report_is_one_page_of_all_documented_tables(grngc: Any, tables: Path) -> None:
    written(tables, SMALL.replace('title = "Small"', 'title = "Trial"\ndocumented = false'), "trial")
    grngc("bench", "run", "small", "--rows", "correlation", "--columns", "var")
    ran = grngc("bench", "report")
    assert (ran.code, ran.err) == (0, "")
    assert re.fullmatch(r"1 table in benchmarks.html \(\d+ kB\): open it in a browser\n", ran.out)
    page = Path("benchmarks.html").read_text()
    assert "Small" in page
    assert "Trial" not in page
    assert "8 missing of 9 runs" not in page
    refused = grngc("bench", "report")
    assert (refused.code, refused.out) == (2, "")
    assert "benchmarks.html: exists already" in refused.err
    both = grngc("bench", "report", "trial", str(tables / "small.toml"), "--out", "both.html")
    assert both.out.startswith("2 tables in both.html")
    assert Path("both.html").read_text().index("Trial") < Path("both.html").read_text().index("Small")
    assert "no table 'smal'" in grngc("bench", "report", "smal", "--out", "no.html").err
