"""``grngc export``: which file, which edges, what is said, what is refused."""

import json
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest

from failing_disk import FAULTS, FailingDisk
from grngc.cli import main
from grngc.export import FORMATS, content
from grngc.results import Discovery
from made import discovery, graph

SCORES = [[0, 0.05, 0], [0.8, 0, 0], [0.02, 0.3, 0]]


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Results in which rain -> river and river -> mud stand out."""
    discovery(graph(SCORES), 0.1).save(tmp_path / "results")
    return Path("results")


@pytest.mark.parametrize("to", FORMATS)
def test_the_file_lies_beside_the_results(grngc: Any, results: Path, to: str) -> None:
    ran = grngc("export", results, "--to", to)
    path = results / f"exported{FORMATS[to].suffix}"
    assert (ran.code, ran.out, ran.err) == (0, f"2 edges of 3 series in {path}\n", "")
    assert path.read_bytes() == content(Discovery.load(results), to)
    again = grngc("export", results, "--to", to)
    assert (again.code, again.out) == (2, "")
    assert f"{path}: exists already: choose another, or overwrite=True (--overwrite)" in again.err
    assert grngc("export", results, "--to", to, "--overwrite", "--top", 0).code == 0
    assert path.read_bytes() == content(Discovery.load(results), to, [])


def test_every_file_has_a_name_of_its_own() -> None:
    names = {f"exported{each.suffix}" for each in FORMATS.values()}
    assert len(names) == len(FORMATS)


@pytest.mark.parametrize(
    ("options", "pairs"),
    [
        ("", {"rain river", "river mud"}), ("--top 1", {"rain river"}), ("--min-score 0.5", {"rain river"}),
        ("--all --min-score 0.05", {"rain river", "river mud", "river rain"}),
        ("--all --top 3", {"rain river", "river mud", "river rain"}),
    ],
)  # fmt: skip
def test_edges_are_chosen(grngc: Any, results: Path, options: str, pairs: set[str]) -> None:
    ran = grngc("export", results, "--to", "graphml", "--out", "a.graphml", *options.split())
    assert (ran.code, ran.err) == (0, "")
    assert {" ".join(pair) for pair in nx.read_graphml("a.graphml").edges} == pairs
    assert grngc("export", results, "--to", "graphml", "--out", "b.graphml", "--all").code == 0
    assert nx.read_graphml("b.graphml").number_of_edges() == 6


@pytest.mark.parametrize("to", FORMATS)
def test_stdout_has_the_file_and_nothing_else(tmp_path: Path, capfdbinary: Any, to: str) -> None:
    folder = tmp_path / "results"
    discovery(graph(SCORES), 0.1).save(folder)
    before = sorted(folder.iterdir())
    assert main(["export", str(folder), "--to", to, "--out", "-"]) == 0
    ran = capfdbinary.readouterr()
    assert (ran.out, ran.err) == (content(Discovery.load(folder), to), b"")
    assert sorted(folder.iterdir()) == before


def test_arrays_are_not_written_to_a_terminal(grngc: Any, results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    ran = grngc("export", results, "--to", "npz", "--out", "-")
    assert (ran.code, ran.out) == (2, "")
    assert "--to npz is no text for a terminal: choose --out FILE" in ran.err


def test_where_nothing_stands_out_it_is_said(grngc: Any, tmp_path: Path) -> None:
    found = discovery(graph(SCORES), np.inf)
    found.record["conclusion"] = "No pair stands out."
    found.save(tmp_path / "none")
    ran = grngc("export", "none", "--to", "cytoscape")
    assert (ran.code, ran.out) == (0, "0 edges of 3 series in none/exported.cyjs\n")
    assert ran.err == "grngc: warning: No pair stands out.\n"
    assert len(json.loads(Path("none/exported.cyjs").read_text())["elements"]["nodes"]) == 3


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("results", "Missing option '--to'"),
        ("results --to gml", "--to 'gml' is not known; choose one of graphml, gexf, cytoscape, dot, csv,"),
        ("nowhere --to csv", "nowhere: no such folder"),
        ("results/run.json --to csv", "results/run.json: is a file, expected a folder of results"),
        (". --to csv", "run.json: cannot be read"),
        ("results --to csv --top -1", "top (--top) must be a whole number of at least 0; got -1"),
        ("results --to csv --min-score nan", "min_score (--min-score) is a number of at least 0; got nan"),
        ("results --to csv --out results/edges.csv --overwrite", "is one of the results themselves, which are never"),
        ("results --to csv --out .", ".: is a folder, expected a file"),
        ("results --to csv --out no/where.csv", "no/where.csv: its folder is not there"),
        ("study --to csv", "study: results of several subjects: export one of them, a folder in study"),
    ],
)
def test_mistakes(grngc: Any, results: Path, tmp_path: Path, arguments: str, says: str) -> None:
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "group.json").touch()
    ran = grngc("export", *arguments.split())
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("grngc: error: ")
    assert ran.err.count("\n") == 1
    assert says in ran.err
    assert not list(tmp_path.rglob("exported*"))


def test_a_name_that_a_format_cannot_hold_is_refused(grngc: Any, tmp_path: Path) -> None:
    discovery(graph(SCORES, ("rain", "bell\x07", "mud"))).save(tmp_path / "results")
    ran = grngc("export", "results", "--to", "gexf")
    assert ran.code == 2
    assert (
        "series 2, 'bell\\x07': GEXF cannot hold the character U+0007: rename it in the data, or export to" in ran.err
    )
    assert not list(tmp_path.rglob("exported*"))
    assert grngc("export", "results", "--to", "csv").code == 0


def test_help_lists_every_format(grngc: Any) -> None:
    text = grngc("export", "--help").out
    for name in FORMATS:
        assert f"\n    {name} " in text
    assert "graphml, gexf, cytoscape, dot, csv, tigramite or npz" in " ".join(text.split())
    assert list(FORMATS) == ["graphml", "gexf", "cytoscape", "dot", "csv", "tigramite", "npz"]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failing_disk_leaves_the_old_file_or_the_new_one(
    grngc: Any, results: Path, tmp_path: Path, fault: str
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    path = place / "a.graphml"
    command = ["export", results, "--to", "graphml", "--out", path, "--overwrite"]
    assert grngc(*command).code == 0
    new = path.read_bytes()
    for at in range(20):
        path.write_bytes(b"old")
        with pytest.MonkeyPatch.context() as patch:
            disk = FailingDisk(patch, place, at, fault)
            ran = grngc(*command)
        assert path.read_bytes() in (b"old", new)
        if disk.count <= at:
            assert ran.code == 0
            break
        if ran.code:
            assert ran.code == 2
            assert ran.err.startswith(f"grngc: error: {path}: cannot be written (")
        for left in place.glob(".*.part"):
            left.unlink()
    else:
        pytest.fail("it writes more than it should")
