import os
from collections.abc import Callable
from pathlib import Path

import pytest

from grngc import InputError, folders
from grngc.folders import check_folder, write_folder


def test_check_folder_creates_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(InputError, match="file"):
            check_folder(place, overwrite=True)
    assert check_folder(tmp_path / "a" / "b") == tmp_path / "a" / "b"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), RuntimeError("bug"), KeyboardInterrupt()])
def test_a_failure_leaves_nothing_behind(fault: BaseException, tmp_path: Path) -> None:
    def fail(path: Path) -> None:
        raise fault

    writers: dict[str, Callable[[Path], object]] = {"one": lambda path: path.write_text("1"), "two": fail}
    with pytest.raises(InputError if isinstance(fault, OSError) else type(fault)) as raised:
        write_folder(tmp_path / "a" / "b", writers)
    assert not (tmp_path / "a").exists()
    if isinstance(fault, OSError):
        assert "No space left on device" in str(raised.value)


def replacing(tmp_path: Path) -> dict[str, Callable[[Path], object]]:
    for name in ("one", "run.json"):
        (tmp_path / name).write_text("old")
    return {name: lambda path: path.write_text("new") for name in ("one", "run.json")}


def test_the_last_file_is_missing_while_others_are_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, real = [], os.replace

    def replace(there: Path, then: Path) -> None:
        real(there, then)
        seen.append([(tmp_path / name).read_text() for name in ("one", "run.json") if (tmp_path / name).exists()])

    writers = replacing(tmp_path)
    monkeypatch.setattr(folders.os, "replace", replace)
    write_folder(tmp_path, writers, overwrite=True)
    assert seen == [["old"], [], ["new"], ["new", "new"]]  # run.json goes first and comes last
    assert sorted(os.listdir(tmp_path)) == ["one", "run.json"]


@pytest.mark.parametrize("failing", range(4))
def test_old_results_come_back_when_new_ones_cannot_take_their_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    writers, real, calls = replacing(tmp_path), os.replace, iter(range(9))

    def replace(there: Path, then: Path) -> None:
        if next(calls) == failing:
            raise OSError(5, "Input/output error")
        real(there, then)

    monkeypatch.setattr(folders.os, "replace", replace)
    with pytest.raises(InputError, match="Input/output error"):
        write_folder(tmp_path, writers, overwrite=True)
    assert {name: (tmp_path / name).read_text() for name in os.listdir(tmp_path)} == {"one": "old", "run.json": "old"}
