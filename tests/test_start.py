import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
import start

ROOT = Path(__file__).parents[1]
CONSTRAINTS = (ROOT / "constraints.txt").read_text()
PYPROJECT = (ROOT / "pyproject.toml").read_text()


def test_stamp_changes_with_every_thing_that_decides_what_is_installed() -> None:
    stamps = {
        start.stamp_of("3.11.7 /a/.venv", b"project", b"pins"),
        start.stamp_of("3.12.1 /a/.venv", b"project", b"pins"),
        start.stamp_of("3.11.7 /b/.venv", b"project", b"pins"),
        start.stamp_of("3.11.7 /a/.venv", b"project2", b"pins"),
        start.stamp_of("3.11.7 /a/.venv", b"project", b"pins2"),
        start.stamp_of("3.11.7 /a/.venv", b"projectp", b"ins"),
    }
    assert len(stamps) == 6
    assert start.stamp_of("3.11", b"project", b"pins") == start.stamp_of("3.11", b"project", b"pins")


@pytest.mark.parametrize(
    ("platform", "nvidia", "index", "expected"),
    [
        ("linux", False, "", ["torch==2.13.0+cpu", "torch==2.13.0"]),
        ("linux", True, "", ["torch==2.13.0"]),
        ("darwin", False, "", ["torch==2.13.0"]),
        ("linux", False, "file:///wheels", ["torch==2.13.0+cpu", "torch==2.13.0"]),
    ],
)
def test_torch_is_looked_for_in_order(platform: str, nvidia: bool, index: str, expected: list[str]) -> None:
    attempts = start.torch_attempts("2.13.0", platform=platform, nvidia=nvidia, index=index)
    assert [attempt.requirement for attempt in attempts] == expected
    assert [attempt.final for attempt in attempts] == [False] * (len(expected) - 1) + [True]
    assert attempts[-1].index_url == index


def test_gigabytes_are_announced_before_they_come_and_only_then() -> None:
    def says(**options: object) -> list[bool]:
        attempts = start.torch_attempts("2.13.0", **{"platform": "linux", "nvidia": False, "index": "", **options})
        return ["several GB" in attempt.says for attempt in attempts]

    assert says() == [False, True]
    assert says(nvidia=True) == [True]
    assert says(platform="darwin") == [False]
    assert says(index="file:///wheels") == [False, False]


@pytest.mark.parametrize(
    ("version", "expected"),
    [("2.13.0+cpu", True), ("2.6.0", True), ("2.5.1", False), ("3.0.0", False), ("2.14.0.dev1", True), ("", False)],
)
def test_a_torch_in_range_is_kept(version: str, expected: bool) -> None:
    assert start.in_range(version, PYPROJECT) is expected


def test_constraints_pin_what_the_project_asks_for() -> None:
    assert start.in_range(start.pinned(CONSTRAINTS, "torch"), PYPROJECT)
    assert start.pinned("a-torch==1\ntorch==2.13.0\ntorch-x==3\n", "torch") == "2.13.0"
    assert start.with_torch("numpy==2\ntorch==2.13.0\n", "2.8.0") == "numpy==2\ntorch==2.8.0\n"
    with pytest.raises(start.SetupError, match="pins no torch"):
        start.pinned("numpy==2", "torch")


def test_command_lines_for_pip_and_uv() -> None:
    python, constraints = Path("/v/bin/python"), Path("/v/c.txt")
    pip = start.install_command(["-e", ".[test]"], uv="", python=python, constraints=constraints, index_url="")
    assert pip == ["/v/bin/python", "-m", "pip", "install", "-c", "/v/c.txt", "-e", ".[test]"]
    uv = start.install_command(["torch==2"], uv="/uv", python=python, constraints=constraints, index_url="file:///i")
    assert uv == ["/uv", "pip", "install", "--python", "/v/bin/python", "--index-url", "file:///i", "torch==2"]


def test_uv_is_told_where_pip_looks() -> None:
    listing = "global.find-links='/a /b'\nglobal.index-url='file:///i'\n:env:.cert='/x'\n"
    settings = start.pip_settings(listing, {"PIP_CERT": "/c.pem", "HOME": "/root"})
    assert settings == {"find-links": "/a /b", "index-url": "file:///i", "cert": "/c.pem"}
    environment = start.uv_environment({"HOME": "/root", "UV_DEFAULT_INDEX": "mine"}, settings)
    assert environment == {
        "HOME": "/root",
        "UV_DEFAULT_INDEX": "mine",
        "UV_FIND_LINKS": "/a,/b",
        "SSL_CERT_FILE": "/c.pem",
    }
    assert start.uv_environment({}, settings)["UV_DEFAULT_INDEX"] == "file:///i"


def test_all_lifts_the_filter_and_the_rest_goes_to_pytest() -> None:
    def pytest_arguments(*arguments: str) -> list[str]:
        name, command = start.checks(arguments)[-1]
        assert name == "pytest"
        return command[3:]

    assert pytest_arguments() == ["-m", "not slow"]
    assert pytest_arguments("--all", "-x") == ["-x"]
    assert pytest_arguments("-k", "graph") == ["-m", "not slow", "-k", "graph"]
    assert [name for name, _ in start.checks()] == ["ruff", "mypy", "import-linter", "pytest"]


def test_tests_run_on_the_cores_there_are_unless_the_user_says_how() -> None:
    assert start.checks(["--all", "-x"], cores=4)[-1][1][3:] == ["-n", "4", "--dist", "worksteal", "-x"]
    assert start.checks((), cores=64)[-1][1][3:6] == ["-m", "not slow", "-n"]
    assert start.side_by_side((), 64)[1] == str(start.MOST_AT_ONCE)
    assert start.side_by_side((), 1) == []
    for own in (["-n", "3"], ["-n3"], ["--numprocesses=3"], ["-p", "no:xdist"], ["--pdb"], ["-s"], ["--dist=no"]):
        assert start.side_by_side(["-k", "graph", *own], 4) == []
    assert start.usable_cores() >= 1


def test_every_step_runs_and_the_first_failure_is_the_exit_code(capfd: pytest.CaptureFixture[str]) -> None:
    steps = [(f"step{code}", [sys.executable, "-c", f"raise SystemExit({code})"]) for code in (0, 3, 5)]
    assert start.run_all(steps) == 3
    said = capfd.readouterr().out
    assert "step0 passed" in said
    assert "step5 FAILED (exit code 5)" in said


def test_an_interrupted_install_leaves_no_valid_stamp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(start, "STAMP", tmp_path / "stamp")
    monkeypatch.setattr(start, "ensure_venv", lambda uv: "3.11.7 here")
    monkeypatch.setattr(start, "install", lambda *_: None)
    start.set_up()
    whole = start.STAMP.read_text()
    monkeypatch.setattr(start, "install", interrupt)
    start.set_up()  # the stamp is valid: nothing to install, nothing to interrupt
    start.STAMP.write_text("of older files")
    assert start.main(["check"]) == 130
    assert not start.STAMP.exists()
    monkeypatch.setattr(start, "install", lambda *_: None)
    start.set_up()
    assert start.STAMP.read_text() == whole


def test_documentation_has_a_stamp_and_pins_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []
    monkeypatch.setattr(start, "STAMP", tmp_path / "stamp")
    monkeypatch.setattr(start, "ensure_venv", lambda uv: "3.11.7 here")
    monkeypatch.setattr(start, "install", lambda uv, project, constraints, extra: asked.append((extra, constraints)))
    for extra in ("test", "docs", "docs", "test"):
        start.set_up(extra)
    (test, plain), (docs, both) = asked
    assert (test, docs) == ("test", "docs")
    assert plain == CONSTRAINTS
    assert both.startswith(plain)
    pinned = [line.partition("==")[0] for line in both.splitlines() if "==" in line]
    assert len(pinned) == len(set(pinned))
    for package in ("sphinx", "numpydoc", "myst-parser", "sphinx-gallery", "pydata-sphinx-theme"):
        assert start.pinned(both, package)
        assert f'"{package}>=' in PYPROJECT


def test_documentation_is_built_from_nothing_and_a_warning_fails_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = tmp_path / "gallery"
    made.mkdir()
    monkeypatch.setattr(start, "MADE_FOR_DOCS", (made, tmp_path / "never made"))
    assert "--fail-on-warning" in start.sphinx()
    for code, said in ((0, "index.html"), (3, "docs FAILED (exit code 3)")):
        monkeypatch.setattr(start, "sphinx", lambda code=code: [sys.executable, "-c", f"raise SystemExit({code})"])
        assert start.docs([]) == code
        assert said in capsys.readouterr().out
    assert not made.exists()


def test_a_folder_that_is_no_environment_is_not_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine").touch()
    monkeypatch.setattr(start, "VENV", tmp_path)
    monkeypatch.setattr(start, "PYTHON", tmp_path / "bin" / "python")
    with pytest.raises(start.SetupError, match="not a virtual environment"):
        start.ensure_venv("")
    assert (tmp_path / "mine").exists()


def test_an_old_python_gets_one_line(tmp_path: Path) -> None:
    pretend = "import sys; sys.version_info = (3, 9, 1); sys.version = '3.9.1 (x)'; exec(open('start.py').read())"
    command, no_python = [sys.executable, "-c", pretend], {**os.environ, "PATH": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=no_python, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "grngc needs Python 3.11 or newer; this is 3.9.1 and no newer one is on the path\n"
    assert done.stdout == ""


def test_usage_names_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert start.main([]) == 2
    assert capsys.readouterr().err == start.USAGE + "\n"
    assert start.main(["--help"]) == 0
    said = capsys.readouterr().out
    assert all(f"start.py {command}" in said for command in start.COMMANDS)
