"""A fit that is stopped anywhere and begun again gives the very bits of one that was not."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import redirect_stderr, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import grngc.checkpoints
from failing_disk import FAULTS, FailingDisk
from grngc import GRNGC, DivergenceError, InputError
from grngc.checkpoints import Checkpoints, states
from grngc.cli import main
from grngc.datasets import lorenz96
from grngc.errors import CheckpointWarning
from grngc.training import Progress

DATA = lorenz96(n_series=5, n_times=90, random_state=0).panel
LONG = {"forecaster": "mlp", "lag": 1, "steps": 60, "batch": 32, "penalty_batch": 16, "hidden": 8}
CASES: dict[str, dict[str, Any]] = {
    "mlp": LONG,
    "kan, all windows": LONG | {"forecaster": "kan", "batch": None},
    "targets in turns": LONG | {"penalty_targets": 2},
    "lstm": LONG | {"forecaster": "lstm", "steps": 12},
    "tcn": LONG | {"forecaster": "tcn", "steps": 12},
    "auto": {"steps": 60},
}


class StoppedError(Exception):
    pass


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep a state after every step."""
    monkeypatch.setattr(grngc.checkpoints.Checkpoint, "due", lambda self, ended: True)


def stopped(parameters: dict[str, Any], folder: Path, after: int) -> GRNGC | None:
    """Fit until ``after`` messages of progress have come, then fail; return the fit if it came to its end."""
    heard = 0

    def stop(now: Progress) -> None:
        nonlocal heard
        heard += 1
        if heard == after:
            raise StoppedError

    try:
        return GRNGC(**parameters).fit(DATA, progress=stop, checkpoint=folder)
    except StoppedError:
        return None


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("case", CASES)
def test_going_on_gives_the_same_bits(case: str, tmp_path: Path) -> None:
    known = GRNGC(**CASES[case]).fit(DATA)
    stops = 0
    for after in (1, 7, 23, 40, 10_000):
        found = stopped(CASES[case], tmp_path / "kept", after)
        stops += found is None
        if found is not None:
            break
    assert stops >= 2
    assert found is not None
    np.testing.assert_array_equal(found.graph_.lag_scores, known.graph_.lag_scores)
    np.testing.assert_array_equal(found.graph_.signs, known.graph_.signs)
    assert found.noise_floor_ == known.noise_floor_
    assert found.record_.trace == known.record_.trace
    assert found.record_.score_change == known.record_.score_change
    for mine, other in zip(found.forecaster_.parameters(), known.forecaster_.parameters(), strict=True):
        assert torch.equal(mine, other)
    assert not (tmp_path / "kept").exists()


@pytest.mark.usefixtures("eager")
def test_it_goes_on_instead_of_beginning_again(tmp_path: Path) -> None:
    assert stopped(LONG, tmp_path, 40) is None
    steps: list[int] = []
    GRNGC(**LONG).fit(DATA, progress=lambda now: steps.append(now.step), checkpoint=tmp_path)
    assert steps[0] == 40  # the 40th had been told but not kept


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"penalty": 0.3}, "begun with another parameters"),
        ({"random_state": 1}, "begun with another parameters"),
        ({"data": lorenz96(n_series=5, n_times=90, random_state=1).panel}, "begun with another data"),
    ],
)
def test_states_of_another_fit_are_refused(change: dict[str, Any], said: str, tmp_path: Path) -> None:
    assert stopped(LONG, tmp_path, 5) is None
    data = change.pop("data", DATA)
    with pytest.raises(InputError, match=said):
        GRNGC(**LONG | change).fit(data, checkpoint=tmp_path)


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04nothing", b"\x80\x04cos\nsystem\n(S'true'\ntR."])
def test_what_is_no_state_is_one_line(content: bytes, tmp_path: Path) -> None:
    assert stopped(LONG, tmp_path, 5) is None
    (tmp_path / "001.pt").write_bytes(content)
    with pytest.raises(InputError, match=r"001\.pt: not a checkpoint .* remove"):
        GRNGC(**LONG).fit(DATA, checkpoint=tmp_path)
    (tmp_path / "run.json").write_bytes(b"{")
    with pytest.raises(InputError, match="not a folder of checkpoints"):
        Checkpoints(tmp_path).begin({})


def test_a_short_fit_leaves_nothing_and_a_long_one_little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert stopped(LONG, tmp_path / "short", 30) is None
    assert not (tmp_path / "short").exists()
    clock = iter(range(10_000_000))
    monkeypatch.setattr(grngc.checkpoints.time, "monotonic", lambda: float(next(clock)))
    kept: list[int] = []
    save = grngc.checkpoints.Checkpoint.save
    monkeypatch.setattr(
        grngc.checkpoints.Checkpoint, "save", lambda self, state: (kept.append(state["step"]), save(self, state))
    )
    assert stopped(LONG, tmp_path / "long", 50) is None
    assert 1 < len(kept) < 20


COMMAND = ["--no-confidence", "--forecaster", "mlp", "--lag", "1", "--steps", "500", "--quiet"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of what the command gives when nothing stops it, beside its data."""
    folder = tmp_path_factory.mktemp("undisturbed")
    np.savetxt(folder / "data.csv", DATA.trajectories[0], delimiter=",", header="a,b,c,d,e", comments="")
    with redirect_stderr(io.StringIO()) as told:
        main(["discover", str(folder / "data.csv"), "--out", str(folder / "whole"), *COMMAND])
    (folder / "told").write_text(told.getvalue())
    return folder


@pytest.mark.parametrize("name", ["SIGKILL", "SIGINT"])
def test_the_command_goes_on(name: str, whole: Path, tmp_path: Path) -> None:
    code = (
        "import grngc.checkpoints, sys; grngc.checkpoints.EVERY_SECONDS = 0.2\n"
        "grngc.checkpoints.Checkpoints.__init__.__defaults__ = (0.2, False)\n"
        "from grngc.cli import main; sys.exit(main(sys.argv[1:]))"
    )

    def begin() -> subprocess.Popen:
        command = [sys.executable, "-c", code, "discover", str(whole / "data.csv"), "--out", str(tmp_path / "again")]
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        return subprocess.Popen([*command, *COMMAND], stderr=subprocess.PIPE, text=True, env=environment)

    disturbed = begin()
    state = tmp_path / "again" / ".unfinished" / "001.pt"
    deadline = time.monotonic() + 60
    while not state.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    disturbed.send_signal(getattr(signal, name))
    clock = time.monotonic()
    _, told = disturbed.communicate(timeout=60)
    assert time.monotonic() - clock < 20  # 2 s where nothing else runs
    assert state.exists()
    if name == "SIGINT":
        assert disturbed.returncode == 130
        assert told.strip().splitlines()[-1] == "grngc: error: interrupted; the same command goes on where it was"
    assert begin().communicate(timeout=240)[1] == (whole / "told").read_text()
    for file in ("edges.csv", "forecaster.safetensors"):
        assert (tmp_path / "again" / file).read_bytes() == (whole / "whole" / file).read_bytes()
    assert not state.parent.exists()
    record = json.loads((tmp_path / "again" / "run.json").read_text())
    assert record["timings"]["seconds_fitting"] > record["training"]["seconds"]  # both count what came before the stop


def test_a_run_killed_while_it_asks_how_sure_edges_are_goes_on(tmp_path: Path) -> None:
    np.savetxt(tmp_path / "data.csv", DATA.trajectories[0], delimiter=",", header="a,b,c,d,e", comments="")
    command = ["discover", str(tmp_path / "data.csv"), "--forecaster", "mlp", "--lag", "1", "--steps", "40"]
    command += ["--workers", "1", "--quiet", "--out"]
    with redirect_stderr(io.StringIO()):
        main([*command, str(tmp_path / "whole")])
    disturbed = subprocess.Popen([sys.executable, "-m", "grngc", *command, str(tmp_path / "again")])
    kept = tmp_path / "again" / ".unfinished"
    deadline = time.monotonic() + 60
    while not (kept / "confidence-007.pt").exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    disturbed.kill()
    disturbed.wait()
    assert len(list(kept.glob("confidence-*.pt"))) >= 8
    assert not (tmp_path / "again" / "run.json").exists()
    with redirect_stderr(io.StringIO()):
        main([*command, str(tmp_path / "again")])
    assert (tmp_path / "again" / "edges.csv").read_bytes() == (tmp_path / "whole" / "edges.csv").read_bytes()
    assert not kept.exists()


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("at", [0, 2, 9])
def test_a_disk_that_fails_is_told_once_and_costs_nothing(tmp_path: Path, fault: str, at: int) -> None:
    known = GRNGC(**LONG).fit(DATA)
    place = tmp_path / "kept"
    with pytest.MonkeyPatch.context() as patch:
        FailingDisk(patch, place, at, fault)
        with pytest.warns(CheckpointWarning) as told:
            found = GRNGC(**LONG).fit(DATA, checkpoint=place)
    assert [str(each.message).startswith(f"{place}: the state cannot be kept (") for each in told] == [True]
    np.testing.assert_array_equal(found.graph_.lag_scores, known.graph_.lag_scores)
    assert (fault == "read-only" and at) or not place.exists()


@pytest.mark.usefixtures("eager")
def test_snapshots_of_before_the_stop_come_again(tmp_path: Path) -> None:
    def watched(stop: int, every: int = 7) -> dict[int, np.ndarray]:
        seen: dict[int, np.ndarray] = {}

        def note(step: int, scores: np.ndarray) -> None:
            seen[step] = scores

        def end(now: Progress) -> None:
            if now.step == stop:
                raise StoppedError

        with suppress(StoppedError):
            GRNGC(**LONG).fit(DATA, progress=end, snapshot=note, snapshot_every=every, checkpoint=tmp_path / "kept")
        return seen

    known = watched(-1)
    assert list(known) == [7, 14, 21, 28, 35, 42, 49, 56, 60]
    assert list(watched(30)) == [7, 14, 21, 28]
    assert list(watched(43)) == [7, 14, 21, 28, 35, 42]
    with pytest.raises(InputError, match="begun with another snapshots"):
        watched(-1, every=5)
    found = watched(-1)
    assert list(found) == list(known)
    for step, scores in known.items():
        np.testing.assert_array_equal(found[step], scores)


@pytest.mark.usefixtures("eager")
def test_a_fit_that_diverged_leaves_no_state_and_a_killed_write_none_either(tmp_path: Path) -> None:
    with pytest.raises(DivergenceError):
        GRNGC(**LONG | {"learning_rate": 1e4}).fit(DATA, checkpoint=tmp_path / "kept")
    assert not (tmp_path / "kept").exists()
    assert stopped(LONG, tmp_path / "kept", 5) is None
    (tmp_path / "kept" / ".001.pt.half.part").write_bytes(b"PK\x03\x04half")
    GRNGC(**LONG).fit(DATA, checkpoint=tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


@pytest.mark.usefixtures("eager")
def test_results_that_cannot_be_written_leave_the_state(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savetxt(tmp_path / "data.csv", DATA.trajectories[0], delimiter=",", header="a,b,c,d,e", comments="")
    out = tmp_path / "out"
    command = [
        "discover",
        str(tmp_path / "data.csv"),
        "--out",
        str(out),
        "--no-confidence",
        "--forecaster",
        "mlp",
        "--lag",
        "1",
    ]
    command += ["--steps", "60", "--quiet"]

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device", str(out))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("grngc.folders._put_in_place", full)
        assert main(command) == 2
    assert states(out / ".unfinished")
    assert "No space left on device" in capsys.readouterr().err
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("grngc.batches.Batches.__next__", full)  # nothing is trained again
        assert main(command) in (0, 3)
    assert not (out / ".unfinished").exists()
