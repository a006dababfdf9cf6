"""What the documents say runs: the Python and the commands of the README, and every name that the documents cite."""

import doctest
import importlib
import pkgutil
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import grngc
from grngc.cli import app
from grngc.datasets.stored import read_stored
from publishers import write_dream3

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
DOCUMENTS = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")]


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_the_python_of_the_readme_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = blocks(README, "python")
    exec(compile(code, "README.md", "exec"), {})
    shown = capsys.readouterr().out
    assert shown.strip().splitlines()[-1].startswith("x1 -> x2 + 0.")
    assert "1 of 6 ordered pairs stands out: x1 -> x2 (lag 1, +)." in shown


def test_the_command_of_the_readme_writes_the_files_it_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    series = np.random.default_rng(0).normal(size=(200, 2))
    series[1:, 1] += series[:-1, 0]
    np.savetxt(tmp_path / "series.csv", series, delimiter=",", header="a,b", comments="")
    monkeypatch.chdir(tmp_path)
    (line,) = [
        line for block in blocks(README, "sh") for line in block.splitlines() if line.startswith("grngc discover")
    ]
    result = CliRunner().invoke(app, [*shlex.split(line)[1:], "--steps", "200", "--quiet"])
    assert result.exit_code == 0, result.output
    listed = re.findall(r"^\| `([\w.]+)` \|", README, re.MULTILINE)
    assert sorted(path.name for path in (tmp_path / "result").iterdir()) == sorted(listed)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("path", sorted(ROOT.glob("docs/how-to/*.md")), ids=lambda path: path.name)
def test_the_python_and_the_commands_of_a_how_to_run(
    path: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRNGC_DATA", str(data))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "downloads").mkdir()  # what a page takes for the publishers' files
    for name in ("ecoli1", "ecoli2", "yeast1", "yeast2", "yeast3"):
        write_dream3(read_stored(f"dream3/size10_{name}", data), tmp_path / "downloads", 10, name)
    text = path.read_text()
    if "matplotlib" in text:
        pytest.importorskip("matplotlib", reason="the pictures of this page need matplotlib")
    (tmp_path / "benchmarks").symlink_to(ROOT / "benchmarks")  # where a page speaks of a checkout
    ran, names = 0, dict[str, object]()  # a block may go on from the one before
    for language, code in re.findall(r"```(python|sh)\n(.*?)```", text, re.DOTALL):  # in the order of the page
        if language == "python":
            exec(compile(code, path.name, "exec"), names)
            ran += 1
            continue
        for line in code.splitlines():
            if line.startswith("grngc "):
                result = CliRunner().invoke(app, shlex.split(line)[1:])
                assert result.exit_code == 0, (line, result.output)
                ran += 1
    assert ran


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_and_files_that_a_document_names_are_there(path: Path) -> None:
    text = path.read_text()
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    files = re.findall(r"`((?:benchmarks|docs|tests|src)/[\w./-]+\.\w+)`", text)
    missing = [name for name in links if not (path.parent / name).exists()]
    missing += [name for name in files if not (ROOT / name).exists()]
    assert not missing


def test_functions_of_the_equations_page_are_there() -> None:
    page = (ROOT / "docs" / "equations.md").read_text()
    cited = set(re.findall(r"`(\w+(?:\.\w+)+)`", page))
    assert len(cited) > 10
    for name in cited:
        here: object = grngc
        for part in name.split("."):
            here = getattr(here, part) if hasattr(here, part) else __import__(f"grngc.{part}", fromlist=[part])


MODULES = [module.name for module in pkgutil.walk_packages(grngc.__path__, "grngc.")]


def test_examples_in_docstrings_run() -> None:
    found = [doctest.testmod(importlib.import_module(name)) for name in MODULES]
    assert sum(result.failed for result in found) == 0
    assert sum(result.attempted for result in found) > 5
