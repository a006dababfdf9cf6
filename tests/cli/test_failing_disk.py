"""The disk fails at every write in turn: no half a result, one line, exit code 2, nothing left; then it works again."""

import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench_tables import written
from failing_disk import FAULTS, FailingDisk
from grngc.bench.results import Results, digest
from grngc.datasets.digests import DIGESTS
from grngc.datasets.stored import as_stored, digest_of, read_stored
from grngc.discovery import discover
from grngc.execution import Job
from grngc.graph import CausalGraph
from grngc.results import Discovery
from publishers import write_dream3

FILES = {"edges.csv", "graph.npz", "forecaster.safetensors", "report.html", "run.json"}


def everything_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def each_write(
    grngc: Any, place: Path, command: list[str], fault: str, restore: Callable[[], None], check: Callable[[bool], None]
) -> None:
    """Run a command once for each thing it writes below ``place``, and let that fail.

    ``check`` is called after each failure, and, with True, after the same command has been given again on a disk that
    works.
    """
    restore()
    with pytest.MonkeyPatch.context() as patch:
        disk = FailingDisk(patch, place)
        assert grngc(*command).code == 0
    assert disk.count > 5
    for at in range(disk.count):
        restore()
        with pytest.MonkeyPatch.context() as patch:
            FailingDisk(patch, place, at, fault)
            ran = grngc(*command)
        if ran.code == 0:  # what failed was not needed: a folder that is there, a lock where no one else is
            check(True)
            continue
        assert ran.code == 2, (at, ran)
        errors = [line for line in ran.err.splitlines() if line.startswith("grngc: error: ")]
        assert len(errors) == 1, (at, ran.err)
        assert "Traceback" not in ran.err
        assert str(place.name) in errors[0]
        assert any(word in errors[0] for word in ("No space left", "Read-only", "Input/output error")), errors
        if fault != "read-only":
            assert [path for path in place.rglob("*") if path.name.endswith(".part")] == [], at
        check(False)
        for path in list(place.rglob(".*.part")):  # what a read-only disk would not let go
            if path.is_dir():
                shutil.rmtree(path)
            elif path.exists():
                path.unlink()
        if at % 4 == 0:
            assert grngc(*command).code == 0
            check(True)


def emptied(folder: Path) -> Callable[[], None]:
    def restore() -> None:
        for path in sorted(folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()

    return restore


@pytest.fixture(scope="module")
def found() -> list[Discovery]:
    """Two results, of which one shall replace the other."""
    x = np.random.default_rng(0).normal(size=(60, 3))
    x[1:, 1] += 2 * x[:-1, 0]
    return [discover(x + seed, lag=1, forecaster="linear", random_state=seed, confidence=False) for seed in (0, 1)]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("before", ["nothing", "old results"])
def test_discover(
    grngc: Any,
    found: list[Discovery],
    data_csv: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
    before: str,
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    monkeypatch.setattr("grngc.discovery.discover", lambda *_, **__: found[0])
    old: dict[str, bytes] = {}
    clear = emptied(place)

    def restore() -> None:
        clear()
        if before == "old results":
            found[1].save(place / "out", report=True)
            old.update(everything_below(place))

    def check(again: bool) -> None:
        there = {name.removeprefix("out/"): content for name, content in everything_below(place).items()}
        there = {name: content for name, content in there.items() if ".part" not in name}
        if again:
            assert there.keys() == FILES
            assert there["run.json"].decode() == found[0].run_json()
            np.testing.assert_array_equal(CausalGraph.load(place / "out" / "graph.npz").scores, found[0].graph.scores)
        elif fault == "read-only" and "run.json" not in there:
            score = grngc("score", place / "out", data_csv)  # whatever is there, it is not read as a result
            assert "run.json is missing" in score.err or "cannot be read (No such file" in score.err
        elif fault == "read-only" and there.get("run.json") == found[0].run_json().encode():
            assert there.keys() == FILES  # whole, and only the last fsync failed
        else:
            assert there in ({}, {name.removeprefix("out/"): content for name, content in old.items()})

    command = ["discover", str(data_csv), "--out", str(place / "out"), "--overwrite", "-q", "--no-confidence"]
    each_write(grngc, place, command, fault, restore, check)


@pytest.mark.parametrize("fault", FAULTS)
def test_simulate(grngc: Any, tmp_path: Path, fault: str) -> None:
    place, whole = tmp_path / "place", {}
    place.mkdir()

    def check(again: bool) -> None:
        there = everything_below(place)
        if again:
            whole.update(whole or there)
            assert there == whole
        elif fault != "read-only":
            assert there == {}
        else:
            assert "out/truth.csv" not in there or there.keys() == whole.keys()

    command = ["simulate", "var", "--out", str(place / "out"), "--times", "30", "--overwrite"]
    each_write(grngc, place, command, fault, emptied(place), check)


@pytest.mark.parametrize("fault", FAULTS)
def test_datasets_prepare(grngc: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    random, source, place = np.random.default_rng(0), tmp_path / "downloads", tmp_path / "place"
    arrays = {"series": random.random((4, 21, 10)), "graph": np.triu(np.ones((10, 10), np.int8), 1)}
    arrays["names"] = np.array([f"G{i + 1}" for i in range(10)])
    for folder in (source, place):
        folder.mkdir()
    write_dream3(arrays, source, 10, "ecoli1")
    monkeypatch.setitem(DIGESTS, "dream3/size10_ecoli1", digest_of(as_stored(arrays, "")))

    def check(again: bool) -> None:
        if again or (place / "dream3" / "size10_ecoli1.npz").exists():  # whole, where only the folder's fsync failed
            np.testing.assert_array_equal(read_stored("dream3/size10_ecoli1", place)["series"], arrays["series"])

    command = ["datasets", "prepare", "dream3/size10_ecoli1", "--source", str(source), "--out", str(place)]
    each_write(grngc, place, command, fault, emptied(place), check)


@pytest.mark.parametrize("fault", FAULTS)
def test_bench_run(grngc: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    place, undisturbed = tmp_path / "place", []
    place.mkdir()
    written(tmp_path)

    def run(jobs: Iterable[Job], **_: Any) -> Iterator[tuple[Any, Any]]:
        for job in jobs:
            yield job.key, job.function(*job.arguments)

    monkeypatch.setattr("grngc.bench.run.run", run)  # in this process: only the disk is on trial

    def check(again: bool) -> None:
        rows = Results(place / "results").read()
        for row in rows.values():
            assert json.dumps(row)
            assert row["metrics"]["auroc"] >= 0
        if again:
            undisturbed.extend([] if undisturbed else [digest(rows.values())])
            assert digest(sorted(rows.values(), key=lambda row: row["key"])) == undisturbed[0]

    command = ["bench", "run", "small", "--tables", str(tmp_path), "--results", str(place / "results")]
    command += ["--rows", "correlation", "--columns", "var", "--workers", "1"]
    each_write(grngc, place, command, fault, emptied(place), check)
