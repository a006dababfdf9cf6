import json
import subprocess
import sys
from typing import Any

import pytest

from grngc import GRNGC
from grngc.forecasters import FORECASTERS

COMMANDS = [
    "",
    "discover",
    "methods",
    "report",
    "compare",
    "export",
    "demo",
    "simulate",
    "simulate lorenz96",
    "simulate slow_sampling",
    "simulate var",
    "score",
    "datasets",
    "datasets list",
    "datasets show",
    "datasets path",
    "datasets prepare",
    "bench",
    "bench run",
    "bench table",
    "bench verdict",
    "bench docs",
    "doctor",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_fits_a_terminal_and_shows_how(grngc: Any, command: str) -> None:
    ran = grngc(*command.split(), "--help")
    assert (ran.code, ran.err) == (0, "")
    assert max(map(len, ran.out.splitlines())) <= 80
    assert f"grngc {command}".strip() in ran.out
    assert grngc(*command.split(), "-h").out == ran.out


def test_help_and_version_import_nothing_heavy() -> None:
    heavy = "{'torch', 'numpy', 'pandas', 'sklearn', 'scipy', 'narwhals', 'statsmodels'} & set(sys.modules)"
    run = "from grngc.cli import main; main(['discover', '--help']); main(['--version'])"
    code = f"import sys; {run}; sys.exit({heavy} or 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1].startswith("grngc 0.")


def test_without_a_command_the_overview_is_shown(grngc: Any) -> None:
    assert grngc() == grngc("--help")


def test_help_tells_the_true_defaults_and_choices(grngc: Any) -> None:
    text = " ".join(grngc("discover", "--help").out.split())
    defaults = GRNGC().get_params()
    for name in (
        "lag", "hidden", "penalty", "penalty_batch", "penalty_targets", "contemporaneous", "steps", "learning_rate",
        "device", "forecaster",
    ):  # fmt: skip
        about = text.split(f" --{name.replace('_', '-')} ")[-1].split(" --")[0]
        value = "all" if defaults[name] is None else defaults[name]
        assert f"[default: {value}]" in about
    for name in FORECASTERS:
        assert name in text
    assert "published" in text


def test_doctor(grngc: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = grngc("doctor")
    assert (ran.code, ran.err) == (0, "")
    assert "torch" in ran.out
    facts = json.loads(grngc("doctor", "--json").out)
    assert facts["versions"]["torch"].startswith("2.")
    assert facts["devices"][0] == "cpu"
    assert facts["problems"] == []
    monkeypatch.setitem(sys.modules, "torch", None)  # what an unusable torch looks like
    broken = grngc("doctor")
    assert broken.code == 2
    assert broken.err.startswith("grngc: error: torch cannot be imported: ")
    assert "numpy" in broken.out
