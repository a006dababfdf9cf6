"""Filling a table: killed and started again it ends where an undisturbed run ends; a failing cell stops no other."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bench_tables import SMALL, made_up, read
from grngc.bench import run as bench_run
from grngc.bench.cells import Cell, cell_of, cells_of
from grngc.bench.compute import WATCHED, compute, data_digest
from grngc.bench.results import Results, digest
from grngc.bench.run import choose, cost, fill, plan, shard_of, stale
from grngc.bench.table import read_table
from grngc.errors import InputError

TABLES = Path(__file__).parents[1] / "benchmarks"
COMMAND = [sys.executable, "-c", "import sys; from grngc.cli import main; sys.exit(main())", "bench", "run", "smoke"]


def start(results: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, "--tables", str(TABLES), "--results", str(results), "--workers", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
    )


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of the whole smoke table, run once; half a minute, and longer where other tests run beside it."""
    folder = tmp_path_factory.mktemp("undisturbed")
    process = start(folder)
    out, error = process.communicate(timeout=240)
    assert process.returncode == 0, error
    assert "smoke: 0 cells are there, 23 are missing" in out
    return folder


def test_the_smoke_table_leaves_a_row_for_every_cell(undisturbed: Path) -> None:
    rows, cells = Results(undisturbed).read(), choose(read_table(TABLES / "smoke.toml"))
    assert set(rows) == {cell.key(data_digest(cell)) for cell in cells}
    for row in rows.values():
        assert row["status"] == "ok"
        assert 0 <= row["metrics"]["auroc"] <= 1
        assert row["peak_memory"] > 2**20
        assert row["versions"]["torch"]
        if row["method"] == "grngc":
            assert row["n_parameters"] > 0
            if row["chosen"]["forecaster"] == "linear":
                assert row["seconds_per_step"] is None  # solved for: it has no steps of training
            else:
                assert row["seconds_per_step"] > 0
            assert row["above_floor"] <= 30
    assert sum(bool(row.get("seconds_per_step")) for row in rows.values()) >= 4  # the published settings train
    watched = [row["oracle"] for row in rows.values() if row.get("oracle")]
    assert len(watched) == 4
    for oracle in watched:
        curve = {step: auroc for step, auroc, _ in oracle["curve"]}
        assert list(curve) == [WATCHED, 10]
        assert oracle["every"] == WATCHED
        assert oracle["metrics"]["auroc"] >= max(curve.values()) - 1e-4


def test_killed_at_any_moment_and_started_again_it_ends_where_an_undisturbed_run_ends(
    undisturbed: Path, tmp_path: Path
) -> None:
    moments = random.Random(0)
    seen = 0
    for _ in range(2):
        process = start(tmp_path)
        assert process.stdout is not None
        process.stdout.readline()  # the plan
        process.stdout.readline()  # the first finished cell of this run
        time.sleep(moments.uniform(0, 0.6))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kept = len(Results(tmp_path).read())
        assert kept > seen
        seen = kept
    assert seen < 23, "killed too late to show anything"
    process = start(tmp_path)
    out, error = process.communicate(timeout=240)
    assert process.returncode == 0, error
    assert f"smoke: {seen} cells are there, {23 - seen} are missing" in out
    expected, rows = Results(undisturbed).read(), Results(tmp_path).read()
    assert digest(rows.values()) == digest(expected.values())
    assert sum(path.read_text().count("\n") for path in tmp_path.glob("*.jsonl")) == 23
    cells = choose(read_table(TABLES / "smoke.toml"))
    assert not plan(cells, Results(tmp_path).read()).missing


@pytest.mark.usefixtures("here")
def test_a_failing_cell_leaves_its_row_and_the_rest_goes_on(tmp_path: Path) -> None:
    broken = '\n[[rows]]\nlabel = "ridge"\nmethod = "ridge_var"\nparameters = { lag = 59 }\nchosen = ""\n'
    table = read(tmp_path, SMALL + broken)
    kept, told = Results(tmp_path / "results"), []
    cells = choose(table, rows=["correlation", "ridge"], columns=["var"])
    fill(plan(cells, {}).missing, kept, 2, lambda cell, row: told.append((cell.method, row["status"])))
    assert sorted(told) == [("correlation", "ok"), ("ridge_var", "failed")]
    failed = next(row for row in kept.read().values() if row["status"] == "failed")
    assert failed["error"].startswith("InputError: ")
    assert failed["parameters"] == {"lag": 59, "alpha": "cv"}
    assert [len(plan(cells, kept.read(), retry).missing) for retry in (False, True)] == [0, 1]


@pytest.mark.usefixtures("here")
def test_what_another_run_has_finished_meanwhile_is_not_run_again(tmp_path: Path) -> None:
    table = read(tmp_path)
    kept, told = Results(tmp_path / "results"), []
    missing = plan(choose(table, rows=["correlation"]), {}).missing

    def tell(cell: Cell, row: Mapping[str, Any]) -> None:
        told.append(row["key"])
        if len(told) == 1:  # the other run: it does the rest, and folds
            for other, data in missing[2:]:
                kept.add(compute(other, data))
            kept.fold()

    fill(missing, kept, 1, tell)
    assert len(told) == 2
    assert len(kept.read()) == len(missing) == 5


def test_a_cell_is_a_pure_function_of_what_it_names(tmp_path: Path) -> None:
    table = read(tmp_path)
    cell = choose(table, rows=["correlation"], columns=["var"])[0]
    data = data_digest(cell)
    assert digest([compute(cell, data)]) == digest([compute(cell, data)])
    with pytest.raises(InputError, match="var: the data changed while running"):
        compute(cell, "0" * 64)


def test_data_that_are_not_there_are_skipped_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = choose(read(tmp_path), rows=["correlation"])

    def absent(cell: object) -> str:
        if getattr(cell, "dataset") == "var":  # noqa: B009
            raise InputError("no file")
        return data_digest(cell)  # type: ignore[arg-type]

    monkeypatch.setattr(bench_run, "data_digest", absent)
    made = plan(cells, {})
    assert [cell.dataset for cell, _ in made.missing] == ["lorenz96", "lorenz96"]
    assert [(cell.dataset, why) for cell, why in made.skipped] == [("var", "no file")] * 3


def test_a_row_without_an_oracle_is_not_enough_where_one_is_asked_for(tmp_path: Path) -> None:
    table = read(tmp_path, SMALL.replace('label = "default"', 'label = "default"\noracle = true'))
    cell = cells_of(table, table.rows[1], table.columns[0])[0][0]
    data = data_digest(cell)
    row = {"key": cell.key(data), "status": "ok", "oracle": None}
    assert plan([cell], {row["key"]: row}).missing == [(cell, data)]
    assert plan([cell], {row["key"]: row | {"oracle": {"step": 1}}}).missing == []


def test_columns_are_chosen_by_name_or_label(tmp_path: Path) -> None:
    labelled = SMALL.replace('name = "var"', 'name = "var"\nlabel = "VAR, p=5"').replace(
        'name = "two"', 'name = "two"\nlabel = "var"'
    )
    table = read(tmp_path, labelled)
    by_label = choose(table, ["correlation"], ["VAR, p=5"])
    assert [cell.dataset for cell in by_label] == ["var"]
    assert choose(table, ["correlation"], ["var"]) == by_label  # a name, and another column's label: the name counts


@pytest.mark.parametrize(
    ("rows", "columns", "seeds", "said"),
    [
        (None, None, [1, 9], r"small: no seed 9; there are 0, 1, 7$"),
        (["ridge"], None, [0], r"small: no seed 0; there are 7$"),
        (["default"], ["two"], None, "small: nothing to run: none of these rows is run on these columns"),
        (None, ["thre"], None, "small: column 'thre' is not known; did you mean 'three'"),
    ],
)
def test_a_choice_without_cells_is_refused(
    tmp_path: Path, rows: list[str] | None, columns: list[str] | None, seeds: list[int] | None, said: str
) -> None:
    ridge = '\n[[rows]]\nlabel = "ridge"\nmethod = "ridge_var"\nseeds = [7]\nchosen = ""\n'
    table = read(tmp_path, SMALL.replace('name = "two"', 'name = "two"\nlabel = "three"') + ridge)
    with pytest.raises(InputError, match=said):
        choose(table, rows, columns, seeds)


def test_a_row_tells_its_cell(tmp_path: Path) -> None:
    for cell in choose(read(tmp_path)):
        assert cell_of(made_up(cell, 0.5)).identity == cell.identity


def test_the_cost_of_a_cell_is_that_of_cells_alike(tmp_path: Path) -> None:
    table = read(tmp_path)
    first, second = (group[0] for group in cells_of(table, table.rows[0], table.columns[1]).values())
    row = compute(first, data_digest(first)) | {"wall_seconds": 7.0}
    assert cost(second, {row["key"]: row}) == 7.0
    assert cost(choose(table, rows=["correlation"], columns=["var"])[0], {row["key"]: row}) is None


def test_what_no_table_asks_for_is_stale_but_not_where_the_data_are_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = read(tmp_path)
    cell = choose(table, rows=["correlation"], columns=["var"])[0]
    good = compute(cell, data_digest(cell))
    there = {"new": good | {"key": cell.key(data_digest(cell))}, "old": good | {"key": "old"}}
    there = {row["key"]: row for row in there.values()}
    assert stale([table], there) == ["old"]

    def absent(cell: object) -> str:
        raise InputError("no file")

    monkeypatch.setattr(bench_run, "data_digest", absent)
    assert stale([table], there) == []


@pytest.mark.parametrize("shards", [1, 2, 3, 7, 40])
def test_every_cell_is_in_one_shard_and_kinds_are_spread(shards: int) -> None:
    cells = choose(read_table(TABLES / "smoke.toml"))
    parts = [shard_of(cells, shard, shards) for shard in range(1, shards + 1)]
    assert sorted(cell.identity for part in parts for cell in part) == sorted(cell.identity for cell in cells)
    assert parts[0] == shard_of(cells[::-1], 1, shards)  # whatever the order they are asked for in
    for method in {cell.method for cell in cells}:
        counts = [sum(cell.method == method for cell in part) for part in parts]
        assert max(counts) - min(counts) <= 1
