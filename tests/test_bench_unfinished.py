"""A cell that is killed half-way goes on from its state to the row of one that was not; states are not left lying."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import grngc.grngc
from bench_tables import made_up, read
from failing_disk import FAULTS, FailingDisk
from grngc.bench.cells import Cell
from grngc.bench.compute import compute, data_digest
from grngc.bench.results import Results, digest
from grngc.bench.run import choose, fill, plan, stale
from grngc.checkpoints import Checkpoints
from grngc.execution import WorkerLostError

LONG = """
title = "One long cell, two short ones"
seeds = [0]

[[columns]]
name = "var"
datasets = ["var"]
options = { n_series = 5, n_times = 120 }

[[rows]]
label = "long"
method = "grngc"
parameters = { forecaster = "mlp", lag = 1, steps = 60, hidden = 8 }
oracle = true
chosen = "long"

[[rows]]
label = "correlation"
method = "correlation"
chosen = "short"
"""

SWEEP = """
import sys
from pathlib import Path
from grngc.bench.results import Results
from grngc.bench.run import choose, fill, plan
from grngc.bench.table import read_table
kept = Results(Path(sys.argv[2]))
fill(plan(choose(read_table(Path(sys.argv[1]))), kept.read()).missing, kept, 1, lambda *_: None, keep_every=0.0)
"""


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> list[Cell]:
    return choose(read(tmp_path_factory.mktemp("table"), LONG))


@pytest.fixture(scope="module")
def long(cells: list[Cell]) -> Cell:
    return next(cell for cell in cells if cell.watched)


@pytest.fixture(scope="module")
def undisturbed(long: Cell) -> dict[str, Any]:
    return compute(long, data_digest(long))


class Stopped(BaseException):
    pass


def stop_at(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Let the training's state be kept every time it may, and stop it as a kill would, after ``step`` updates."""
    save = grngc.checkpoints.Checkpoint.save

    def stopping(self: Any, state: Any) -> None:
        save(self, state)
        if state["step"] == step:
            raise Stopped

    monkeypatch.setattr(grngc.checkpoints.Checkpoint, "save", stopping)


def begun(cell: Cell, folder: Path, monkeypatch: pytest.MonkeyPatch, step: int = 33) -> Checkpoints:
    """Stop a cell at a step, and return where its state lies."""
    kept = Checkpoints(folder / "key", every=0.0, anew=True)
    folder.mkdir(exist_ok=True)
    with monkeypatch.context() as patch:
        stop_at(patch, step)
        with pytest.raises(Stopped):
            compute(cell, data_digest(cell), kept)
    assert (folder / "key" / "001.pt").exists()
    return Checkpoints(folder / "key", anew=True)


def sweep(folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", SWEEP, str(folder / "small.toml"), str(folder / "results")]
    return subprocess.Popen(command, start_new_session=True, env=os.environ | {"OMP_NUM_THREADS": "1"})


def test_two_sweeps_at_once_write_over_each_others_states_and_end_with_the_same_rows(
    undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    read(tmp_path, LONG)
    both = [sweep(tmp_path), sweep(tmp_path)]
    assert [process.wait(timeout=240) for process in both] == [0, 0]
    kept = Results(tmp_path / "results")
    rows = kept.read()
    assert digest([rows[undisturbed["key"]]]) == digest([undisturbed])
    assert {row["status"] for row in rows.values()} == {"ok"}
    assert kept.begun() == []


def test_a_sweep_that_is_killed_goes_on_in_the_middle_of_a_cell(
    cells: list[Cell], undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    read(tmp_path, LONG)
    process = sweep(tmp_path)
    kept, key = Results(tmp_path / "results"), undisturbed["key"]
    deadline = time.monotonic() + 120
    while len(list((kept.unfinished / key).glob("001-*.pt"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)  # the workers too: at any moment of writing
    process.wait()
    assert kept.begun() == [key]
    assert key not in kept.read()
    (kept.unfinished / key / ".001.pt.half.part").write_bytes(b"PK\x03\x04half a state")
    went_on = Checkpoints(kept.unfinished / key, anew=True)
    row = compute(next(cell for cell in cells if cell.watched), undisturbed["data"], went_on)
    assert went_on.before > 0, "it began anew"
    assert row["wall_seconds"] > went_on.before
    assert digest([row]) == digest([undisturbed])
    fill(plan(cells, kept.read()).missing, kept, 1, lambda *_: None)
    assert digest([kept.read()[key]]) == digest([undisturbed])
    assert len(kept.read()) == 2
    assert kept.begun() == []


@pytest.mark.parametrize("step", [1, 5, 33, 60])
def test_wherever_it_was_stopped_the_row_is_the_same(
    long: Cell, undisturbed: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    kept = begun(long, tmp_path, monkeypatch, step)
    row = compute(long, undisturbed["data"], kept)
    assert kept.before > 0
    assert digest([row]) == digest([undisturbed])
    assert row["seconds_per_step"] > 0


def test_an_unwatched_cell_does_not_take_the_state_of_a_watched_one_without_its_scores(
    long: Cell, undisturbed: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Cell(long.dataset, long.options, long.method, long.parameters, long.seed)
    begun(plain, tmp_path, monkeypatch)
    kept = Checkpoints(tmp_path / "key", anew=True)
    assert digest([compute(long, undisturbed["data"], kept)]) == digest([undisturbed])
    assert kept.before == 0


@pytest.mark.parametrize("harm", ["other code", "no state", "a part is gone", "a part is damaged", "no folder of ours"])
def test_what_it_cannot_go_on_from_makes_it_begin_anew(
    long: Cell, undisturbed: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: str
) -> None:
    kept = begun(long, tmp_path, monkeypatch)
    part = min((tmp_path / "key").glob("001-*.pt"))
    match harm:
        case "other code":
            monkeypatch.setattr(grngc.grngc, "code", lambda: "changed")
        case "no state":
            (tmp_path / "key" / "001.pt").write_bytes(b"")
        case "a part is gone":
            part.unlink()
        case "a part is damaged":
            part.write_bytes(part.read_bytes()[:-100])
        case "no folder of ours":
            (tmp_path / "key" / "run.json").write_text("[]")
    assert digest([compute(long, undisturbed["data"], kept)]) == digest([undisturbed])
    assert kept.before == 0


def test_a_state_under_another_fits_name_is_not_taken_for_its_own(
    long: Cell, undisturbed: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two versions at once in one folder: each state says itself whose it is."""
    begun(long, tmp_path / "a", monkeypatch)
    with monkeypatch.context() as patch:
        patch.setattr(grngc.grngc, "code", lambda: "changed")
        begun(long, tmp_path / "b", monkeypatch)
    (tmp_path / "b" / "key" / "001.pt").replace(tmp_path / "a" / "key" / "001.pt")
    kept = Checkpoints(tmp_path / "a" / "key", anew=True)
    assert digest([compute(long, undisturbed["data"], kept)]) == digest([undisturbed])
    assert kept.before == 0


def test_where_the_disk_is_not_shared_nothing_is_kept(long: Cell, undisturbed: dict[str, Any], tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path / "elsewhere" / "unfinished" / "key", every=0.0, anew=True)
    assert digest([compute(long, undisturbed["data"], kept)]) == digest([undisturbed])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("at", [0, 3, 8, 20])
def test_a_disk_that_fails_costs_no_row(
    long: Cell, undisturbed: dict[str, Any], tmp_path: Path, fault: str, at: int
) -> None:
    (tmp_path / "unfinished").mkdir()
    kept = Checkpoints(tmp_path / "unfinished" / "key", every=0.0, anew=True)
    with pytest.MonkeyPatch.context() as patch:
        disk = FailingDisk(patch, tmp_path, at, fault)
        row = compute(long, undisturbed["data"], kept)
    assert disk.count > at
    assert digest([row]) == digest([undisturbed])
    again = Checkpoints(tmp_path / "unfinished" / "key", anew=True)
    assert digest([compute(long, undisturbed["data"], again)]) == digest([undisturbed])


def test_states_go_with_their_row_and_with_what_no_table_asks_for(cells: list[Cell], tmp_path: Path) -> None:
    kept = Results(tmp_path)
    kept.begin()
    short = next(cell for cell in cells if not cell.watched)
    done, failed = made_up(short, 0.5), made_up(cells[0], 0.5, status="failed", error="WorkerLostError: died")
    for key in (done["key"], failed["key"], "old"):
        (kept.unfinished / key).mkdir()
        (kept.unfinished / key / "001.pt").write_bytes(b"state")
    for row in (done, failed):
        kept.add(row)
    kept.fold()
    assert kept.begun() == sorted([failed["key"], "old"])
    table = read(tmp_path, LONG)
    assert stale([table], {}, ["old", short.key(data_digest(short))]) == ["old"]
    kept.fold(without=["old"])
    assert kept.begun() == [failed["key"]]


def test_a_cell_given_up_after_lost_workers_may_go_on_when_it_is_retried(
    cells: list[Cell], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Results(tmp_path)
    outcomes = {"lost": WorkerLostError("died"), "failed": ValueError("no")}
    missing = plan(cells, {}).missing

    def run(jobs: Any, **_: Any) -> Any:
        for job, outcome in zip(jobs, outcomes.values(), strict=True):
            (kept.unfinished / job.key).mkdir()
            yield job.key, outcome

    monkeypatch.setattr("grngc.bench.run.run", run)
    fill(missing, kept, 1, lambda *_: None)
    assert {row["error"] for row in kept.read().values()} == {"WorkerLostError: died", "ValueError: no"}
    assert kept.begun() == [missing[0][0].key(missing[0][1])]
