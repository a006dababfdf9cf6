"""Results on disk: no row is lost or doubled, whatever is killed when, and whoever else writes."""

import json
import multiprocessing
import os
from pathlib import Path
from typing import Any

import pytest

from grngc.bench import results
from grngc.bench.results import FRESH, Results, digest, family, lines
from grngc.errors import InputError


def row(key: str, dataset: str = "var", **fields: Any) -> dict[str, Any]:
    who = {
        "key": key,
        "dataset": dataset,
        "options": {},
        "data": "0",
        "method": "ridge_var",
        "parameters": {},
        "seed": 0,
    }
    return who | {"status": "ok", "metrics": {"auroc": 0.5}, "wall_seconds": 1.0} | fields


def stored(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.glob("*.jsonl")}


def test_rows_are_read_before_and_after_they_are_folded_and_one_line_each_in_the_order_of_keys(tmp_path: Path) -> None:
    kept = Results(tmp_path / "results")
    assert kept.read() == {}
    for each in (row("b"), row("a"), row("c", "dream4/size100_1")):
        kept.add(each)
    assert stored(kept.folder) == {}
    before = kept.read()
    kept.fold()
    assert kept.read() == before
    assert set(stored(kept.folder)) == {"var.jsonl", "dream4.jsonl"}
    assert [json.loads(line)["key"] for line in stored(kept.folder)["var.jsonl"].splitlines()] == ["a", "b"]
    assert list((kept.folder / FRESH).glob("*.json")) == []


def test_git_does_not_see_fresh_rows(tmp_path: Path) -> None:
    Results(tmp_path).add(row("a"))
    assert (tmp_path / FRESH / ".gitignore").read_text() == "*\n"


def test_a_fresh_row_replaces_an_old_one_and_dropped_rows_go(tmp_path: Path) -> None:
    kept = Results(tmp_path)
    kept.add(row("a", seed=0))
    kept.add(row("b"))
    kept.fold()
    kept.add(row("a", seed=1))
    kept.fold(without=["b"])
    assert kept.read() == {"a": row("a", seed=1)}
    kept.fold(without=["a"])
    assert stored(tmp_path) == {"var.jsonl": ""}


@pytest.mark.parametrize("at", range(3))
def test_a_fold_that_is_killed_anywhere_loses_and_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """Two families and three rows: the process ends before the first write, between them, and before the removal."""
    kept, calls = Results(tmp_path), iter(range(100))
    for each in (row("a"), row("b", "lorenz96"), row("c")):
        kept.add(each)
    expected, write = kept.read(), results.write_atomically

    def killed(path: Path, content: str) -> Path:
        if next(calls) == at:
            raise SystemExit
        return write(path, content)

    def not_removed(path: Path, missing_ok: bool = False) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(results, "write_atomically", killed)
        patch.setattr(Path, "unlink", not_removed)
        with pytest.raises(SystemExit):
            kept.fold()
    assert kept.read() == expected
    kept.fold()
    assert kept.read() == expected
    assert "".join(stored(tmp_path).values()).count("\n") == 3


def test_what_a_killed_fold_left_half_written_is_swept_up(tmp_path: Path) -> None:
    kept = Results(tmp_path)
    kept.add(row("a"))
    (tmp_path / ".var.jsonl.x1y2.part").write_text('{"key": "a", "da')
    (tmp_path / FRESH / ".b.json.x1y2.part").write_text("{")
    kept.fold()
    assert sorted(path.name for path in tmp_path.iterdir()) == [FRESH, "var.jsonl"]
    assert sorted(path.name for path in (tmp_path / FRESH).iterdir()) == [".gitignore", "lock"]


def _add_many(folder: Path, name: str) -> None:
    kept = Results(folder)
    for n in range(40):
        kept.add(row(f"{name}{n:02}"))
        kept.fold()
    os._exit(0)


def test_two_processes_at_once_lose_no_row(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=_add_many, args=(tmp_path, name)) for name in "xy"]
    for process in both:
        process.start()
    while any(process.is_alive() for process in both):
        keys = set(Results(tmp_path).read())
        assert keys <= set(Results(tmp_path).read())
    assert set(Results(tmp_path).read()) == {f"{name}{n:02}" for name in "xy" for n in range(40)}
    assert stored(tmp_path)["var.jsonl"].count("\n") == 80


def test_the_digest_leaves_out_times_memory_and_versions_and_nothing_else() -> None:
    first = [row("a", wall_seconds=1.0, seconds_per_step=0.1, peak_memory=5, versions={"python": "3.11"}), row("b")]
    again = [row("b"), row("a", wall_seconds=2.0, seconds_per_step=0.2, peak_memory=6, versions={"python": "3.12"})]
    assert digest(first) == digest(again)
    for field in ("status", "metrics", "key", "dataset"):
        assert digest([first[0] | {field: "other"}, first[1]]) != digest(first)
    assert digest(first[:1]) != digest(first)


def test_a_family_is_what_stands_before_the_slash() -> None:
    assert family("dream4/size100_1") == "dream4"
    assert family("lorenz96") == "lorenz96"


def test_a_file_that_holds_no_results_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "var.jsonl").write_text(lines([row("a")]) + "{oops\n")
    with pytest.raises(InputError, match=r"var\.jsonl, line 2: not a result"):
        Results(tmp_path).read()
    (tmp_path / "var.jsonl").write_text(lines([row("a"), row("a")]))
    with pytest.raises(InputError, match=r"line 2: the key is there twice"):
        Results(tmp_path).read()


def test_results_that_cannot_be_written_are_an_error_of_one_line(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file")
    with pytest.raises(InputError, match="results cannot be written"):
        Results(tmp_path / "results").add(row("a"))


def test_numbers_that_json_has_not_are_refused_before_they_reach_a_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        Results(tmp_path).add(row("a", noise_floor=float("inf")))
    assert list((tmp_path / FRESH).glob("*.json")) == []
