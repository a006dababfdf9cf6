"""The pages that Sphinx builds are complete, and the examples do what their text says; building needs no test here."""

import re
import runpy
import tempfile
from fnmatch import fnmatch
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from grngc.methods import METHODS

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
REFERENCE = sorted(DOCS.glob("api/*.rst"))
NO_PAGES = ("_build", "_templates", "gallery", "examples", "generated", "pictures")

SAID = {
    "1_first_graph": ["queue, 2 minutes before", "again in 100% of the halves", "report.html"],
    "2_several_experiments": ["Nothing stands out", "2 of 12 ordered pairs stand out", "waste -> enzyme: gained"],
    "3_what_to_believe": ["6 pairs at q <= 0.1\n5 of them selected", "Nothing stands out", "forecast: p = 0."],
    "4_gene_network": ["nothing known: AUPRC 0.9", "regulators known: AUPRC 0.9", "41 edges are there"],
    "5_large_panel": ["first look: ", "79 of 79 edges are right, 80 are there", "pump0: 8 sensors, truly 8"],
}
"""What each example prints, and its text speaks of."""

SLOW = ("1_first_graph", "2_several_experiments", "5_large_panel")
"""One trains candidates, one starts processes, one is large."""


@pytest.mark.filterwarnings("ignore:FigureCanvasAgg is non-interactive")
@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in SAID])
def test_an_example_runs_and_says_what_its_text_speaks_of(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pyplot = pytest.importorskip("matplotlib.pyplot", reason="the pictures of the examples need matplotlib")
    pyplot.switch_backend("agg")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    try:
        runpy.run_path(str(DOCS / "examples" / f"{name}.py"), run_name="__main__")
        assert pyplot.get_fignums()
    finally:
        pyplot.close("all")
    said = capsys.readouterr().out
    assert [line for line in SAID[name] if line not in said] == []


def test_every_example_is_tested_and_is_a_page() -> None:
    there = {path.stem: path.read_text() for path in DOCS.glob("examples/*.py")}
    assert sorted(there) == sorted(SAID)
    for name, text in there.items():
        assert re.match(r'"""\n(.+)\n(=+)\n', text), name
        assert "What to conclude" in text, name
        assert len(text.splitlines()) <= 100, name


def entries(page: Path) -> list[str]:
    """Return what the toctrees of a page list, as paths from docs/ without a suffix, globs too."""
    text = page.read_text()
    blocks = re.findall(r"```\{toctree\}\n(.*?)```", text, re.DOTALL)
    blocks += re.findall(r"\.\. toctree::\n((?:[ \n].*\n?)+)", text)
    lines = [line.strip() for block in blocks for line in block.splitlines() if line.strip() and ":" not in line]
    names = [re.sub(r"^.*<(.+)>$", r"\1", line) for line in lines]
    return [(page.parent.relative_to(DOCS) / name).as_posix() for name in names]


def test_every_page_is_reached_from_the_first() -> None:
    pages = {
        path.relative_to(DOCS).with_suffix("").as_posix(): path
        for path in [*DOCS.rglob("*.md"), *DOCS.rglob("*.rst")]
        if not set(NO_PAGES) & set(path.relative_to(DOCS).parts)
    }
    reached, todo = set[str](), ["index"]
    while todo:
        name = todo.pop()
        reached.add(name)
        listed = entries(pages[name])
        assert all(entry == "gallery/index" or any(fnmatch(page, entry) for page in pages) for entry in listed), name
        todo += [page for page in pages if page not in reached and any(fnmatch(page, entry) for entry in listed)]
    assert sorted(set(pages) - reached) == []
    assert "how-to/confidence" in reached


def listed_objects() -> dict[str, Any]:
    """Return every object that the reference has a page of, by its full name."""
    found: dict[str, Any] = {}
    for page in REFERENCE:
        module = ""
        for line in page.read_text().splitlines():
            if line.startswith(".. currentmodule::"):
                module = line.split()[-1]
            elif re.fullmatch(r"   [\w.]+", line) and page.stem != "index":
                *inner, name = line.strip().split(".")
                found[f"{module}.{line.strip()}"] = getattr(import_module(".".join([module, *inner])), name)
    return found


def test_the_reference_has_every_public_name() -> None:
    listed = listed_objects()
    shown = {id(value) for value in listed.values()}
    modules = {name for page in REFERENCE for name in re.findall(r"\.\. automodule:: (\S+)", page.read_text())}
    assert {"grngc", "grngc.plots", "grngc.export", "grngc.datasets", "grngc.confidence"} <= modules
    missing = [
        f"{module}.{name}"
        for module in sorted(modules)
        for name in getattr(import_module(module), "__all__", ())
        if name != "__version__" and id(getattr(import_module(module), name)) not in shown
    ]
    missing += [f"{one.__module__}.{one.__name__}" for one in METHODS.values() if one not in listed.values()]
    assert not missing, f"list these on a page of docs/api: {missing}"
