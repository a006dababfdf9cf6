from collections.abc import Callable
from pathlib import Path

import pytest

from grngc import InputError
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


def test_the_last_file_is_missing_while_others_are_replaced(tmp_path: Path) -> None:
    writers: dict[str, Callable[[Path], object]] = {
        "one": lambda path: path.write_text(str((tmp_path / "run.json").exists())),
        "run.json": lambda path: path.write_text("new"),
    }
    (tmp_path / "run.json").write_text("old")
    write_folder(tmp_path, writers, overwrite=True)
    assert (tmp_path / "one").read_text() == "False"
    assert (tmp_path / "run.json").read_text() == "new"
