import io
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from grngc.cli import main
from grngc.errors import InputError
from grngc.terminal import duration, exit_code_of, shown_progress
from grngc.training import Progress

MLP = ["--no-confidence", "--forecaster", "mlp", "--lag", "1"]
COMMAND = [sys.executable, "-c", "import sys; from grngc.cli import main; sys.exit(main())"]


def test_a_message_is_one_line_without_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> int:
        raise InputError("a\nb \x1b[2J é")

    assert exit_code_of(fail) == 2
    assert capsys.readouterr().err == "grngc: error: a b \\x1b[2J é\n"


def test_our_bugs_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> int:
        raise KeyError("forgotten")

    assert exit_code_of(fail) == 1
    first, second, *_ = capsys.readouterr().err.splitlines()
    assert first == "grngc: error: a bug in grngc, please report it with the lines below: KeyError: 'forgotten'"
    assert second.startswith("Traceback")


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_too_large_a_job_is_no_bug(library: str, capsys: pytest.CaptureFixture[str]) -> None:
    def ask() -> int:
        huge = 10**15
        return len(np.zeros(huge) if library == "numpy" else torch.zeros(huge))

    assert exit_code_of(ask) == 2
    err = capsys.readouterr().err
    assert err.startswith("grngc: error: out of memory: use fewer series")
    assert err.count("\n") == 1


def test_interruption_is_130_and_leaves_nothing(data_csv: Path) -> None:
    command = [*COMMAND, "discover", "data.csv", "--out", "new", "--steps", "5000", *MLP]
    with subprocess.Popen(command, cwd=data_csv.parent, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("grngc: training: step 500 of 5000")
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    assert process.returncode == 130
    assert rest.splitlines()[-1] == "grngc: error: interrupted; nothing was kept"
    assert not (data_csv.parent / "new").exists()


def test_the_installed_command_hands_over_the_exit_code(data_csv: Path) -> None:
    command = [Path(sys.executable).with_name("grngc"), "discover", "data.csv", "--out", "data.csv"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=data_csv.parent)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "grngc: error: data.csv: is a file, expected a folder\n"


def test_a_reader_that_goes_away_is_no_bug() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([*COMMAND, "--version"], stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_below_our_output_is_no_bug() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run([*COMMAND, "--version"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.stderr == "grngc: error: the output cannot be written (No space left on device)\n"
    assert done.returncode == 2


def test_a_terminal_without_the_letters_is_served(data_csv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data_csv.write_text(data_csv.read_text().replace("rain", "Größe"))
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", terminal)
    assert (
        main(["discover", str(data_csv), "--out", str(data_csv.parent / "out"), "--steps", "60", "--no-confidence"])
        == 0
    )
    assert b"Gr\\xf6\\xdfe" in terminal.buffer.getvalue()  # type: ignore[attr-defined]


def test_a_terminal_gets_a_bar(data_csv: Path) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "discover", "data.csv", "--out", "out", "--steps", "60", *MLP],
        cwd=data_csv.parent, stderr=theirs, stdout=subprocess.PIPE, text=True, env=os.environ | {"TERM": "xterm"},
    )  # fmt: skip
    os.close(theirs)
    shown = b"".join(_until_closed(ours)).decode()
    out = process.communicate()[0]
    assert process.returncode == 0
    assert "100%" in shown
    assert "loss" in shown
    assert "left" in shown
    assert "rain    ->  river" in out


def _until_closed(descriptor: int) -> Iterator[bytes]:
    while True:
        try:
            yield os.read(descriptor, 65536)
        except OSError:
            return


def test_plain_progress_is_about_ten_lines_however_many_steps(capsys: pytest.CaptureFixture[str]) -> None:
    for steps in (1, 3, 10, 1000):
        with shown_progress() as show:
            for step in range(1, steps + 1):
                show(Progress(step, steps, 0.5, 0.4, 0.1, 90.0 if step < steps else 0.0))  # type: ignore[misc]
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == min(steps, 10)
        assert lines[-1] == f"grngc: training: step {steps} of {steps}, loss 0.5"
        if steps > 1:
            assert lines[0].endswith(", 1 min 30 s left")


@pytest.mark.parametrize(("seconds", "says"), [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (7500, "2 h 5 min")])
def test_duration(seconds: float, says: str) -> None:
    assert duration(seconds) == says
