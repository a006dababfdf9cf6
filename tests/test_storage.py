"""Files appear whole or not at all."""

import os
import stat
from pathlib import Path

import pytest

from grngc import storage
from grngc.storage import write_atomically


def test_text_is_utf8_and_bytes_are_bytes(tmp_path: Path) -> None:
    assert write_atomically(tmp_path / "a", "é\n").read_bytes() == b"\xc3\xa9\n"
    assert write_atomically(str(tmp_path / "a"), b"\0\xff").read_bytes() == b"\0\xff"
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize("failing", ["fsync", "replace", "chmod"])
def test_a_failing_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    path = write_atomically(tmp_path / "a", "old")

    def fail(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(storage.os, failing, fail)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a"]


def test_content_is_on_disk_before_the_name_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(storage.os, name, lambda *a, name=name, real=real: (calls.append(name), real(*a))[1])
    write_atomically(tmp_path / "a", "text")
    assert calls == ["fsync", "replace", "fsync"]  # the file, its name, the folder


def test_a_result_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    modes = {stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "plain", write_atomically(tmp_path / "a", ""))}
    assert len(modes) == 1


def test_a_missing_folder_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "no" / "a", "")
    assert not os.listdir(tmp_path)
