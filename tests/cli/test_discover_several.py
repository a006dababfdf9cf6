"""Several files, and two folders of results, on the command line."""

import json
from collections.abc import Iterable
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grngc.execution import Job, Outcomes
from made import csv_rows
from simulated import autoregression

LINEAR = ("--forecaster", "linear", "--lag", 1)


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run jobs in this process: to start others takes seconds."""

    def run(jobs: Iterable[Job], **how: Any) -> Outcomes:
        asked.append(how)
        for job in jobs:
            try:
                yield job.key, job.function(*job.arguments)
            except Exception as error:  # noqa: BLE001  as a worker does
                yield job.key, error

    asked.clear()
    monkeypatch.setattr("grngc.subjects.run", run)


asked: list[dict[str, Any]] = []


def write(name: str, seed: int, second: float = 0.0, n: int = 150) -> str:
    """Write a subject in whom rain drives river, and river drives mud where ``second`` says so."""
    x = autoregression({(0, 1, 1): 0.7, (1, 2, 1): second}, n, 3, seed)
    np.savetxt(name, x, delimiter=",", header="rain,river,mud", comments="")
    return name


def test_several_files_are_several_subjects(grngc: Any) -> None:
    files = [write(f"{name}.csv", seed) for seed, name in enumerate(("ann", "bob", "cy"))]
    ran = grngc("discover", *files, "--out", "study", *LINEAR, "--workers", 2)
    assert ran.code == 0
    assert asked == [{"workers": 2, "executor": "local", "address": None}]
    assert [line.split(";")[0] for line in ran.err.splitlines()] == [
        f"grngc: [{n}/3] {name}: 1 pair stands out (linear, lag 1)" for n, name in enumerate(("ann", "bob", "cy"), 1)
    ]
    assert "rain    ->  river     1" in ran.out
    assert ran.out.rstrip().endswith(
        "Results in study: group_edges.csv, group.npz, group.json, report.html, and a folder for each subject"
    )
    assert csv_rows(Path("study/group_edges.csv").read_text())[0]["source"] == "rain"
    Path("truth.csv").write_text("source,target\nrain,river\n")
    scored = json.loads(grngc("score", "study", "truth.csv", "--json").out)
    assert scored["without_own_past"]["auroc"] == 1
    refused = grngc("discover", *files, "--out", "study", *LINEAR)
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "study: exists and is not empty" in refused.err
    assert json.loads(Path("study/group.json").read_text())["conclusion"] in unescape(
        Path("study/report.html").read_text()
    )
    again = grngc("discover", *files, "--out", "study", *LINEAR, "--overwrite", "--json", "--no-report")
    assert again.err == ""
    assert not Path("study/report.html").exists()
    record = json.loads(again.out)
    assert {name: record[name] for name in ("conclusion", "subjects")} == {
        name: json.loads(Path("study/group.json").read_text())[name] for name in ("conclusion", "subjects")
    }
    assert len(record["edges"]) == 9


def test_json_needs_no_folder_and_quiet_says_nothing(grngc: Any) -> None:
    files = [write(f"{name}.csv", seed) for seed, name in enumerate(("ann", "bob"))]
    ran = grngc("discover", *files, "--json", *LINEAR, "--seed", 3, "--columns", "rain,river")
    record = json.loads(ran.out)
    assert (ran.code, record["seed"], record["data"]["series"]) == (0, 3, ["rain", "river"])
    assert sorted(path.name for path in Path().iterdir()) == ["ann.csv", "bob.csv"]
    assert grngc("discover", *files, "--out", "study", "-q", *LINEAR) == (0, "", "")


def test_a_subject_that_fails_is_one_line_and_exit_code_4(grngc: Any) -> None:
    files = [write("ann.csv", 0), write("bob.csv", 1, n=5), write("cy.csv", 2)]
    command = ("discover", *files, "--out", "study", "--forecaster", "linear", "--lag", 6, "-q")
    ran = grngc(*command)
    assert (ran.code, ran.out, ran.err.count("\n")) == (4, "", 2)
    first, last = ran.err.splitlines()
    assert first.startswith("grngc: error: [2/3] bob: failed: ")
    assert last == "grngc: error: 1 of 3 subjects failed; the same command tries them again"
    assert Path("study/group.json").exists()
    write("bob.csv", 1)
    assert grngc(*command).code == 0
    nobody = grngc("discover", write("dee.csv", 1, n=5), write("eve.csv", 2, n=5), "--out", "none", *command[-5:])
    assert nobody.code == 2
    assert nobody.err.splitlines()[-1].startswith("grngc: error: no subject gave a graph; dee: ")


def test_subjects_with_nothing_in_common_end_with_3(grngc: Any) -> None:
    for seed in range(2):
        x = np.random.default_rng(seed).normal(size=(150, 3))
        np.savetxt(f"s{seed}.csv", x, delimiter=",", header="a,b,c", comments="")
    ran = grngc("discover", "s0.csv", "s1.csv", "--out", "study", "-q", *LINEAR)
    assert (ran.code, ran.out, ran.err.count("\n")) == (3, "", 1)
    assert ran.err.startswith("grngc: warning: No pair stands out in more than half of the 2 subjects")


def test_interrupted_it_says_what_is_kept(grngc: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(jobs: Iterable[Job], **_: Any) -> Outcomes:
        job = next(iter(jobs))
        yield job.key, job.function(*job.arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr("grngc.subjects.run", stopped)
    files = [write(f"{name}.csv", seed) for seed, name in enumerate(("ann", "bob"))]
    ran = grngc("discover", *files, "--out", "study", "-q", *LINEAR)
    assert ran == (
        130, "", "grngc: error: interrupted; 1 of 2 subjects are kept; the same command goes on with the rest\n"
    )  # fmt: skip
    assert grngc("discover", *files, "--json", *LINEAR).err.endswith("interrupted; nothing was kept\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("discover ann.csv bob.csv", "no --out DIR"),
        ("discover ann.csv bob.csv --out new --threads 2", "--threads is for one file; several run side by side"),
        ("discover ann.csv bob.csv --out new --fdr 0.2", "--fdr and --no-confidence are for one file"),
        ("discover ann.csv --out new --fdr 0.2 --no-confidence", "--fdr is the rate that confidence selects"),
        ("discover ann.csv --out new --fdr 7", "fdr is the share of selected pairs that may be wrong"),
        ("discover ann.csv bob.csv --out new --workers 0", "workers must be a whole number of at least 1; got 0"),
        ("discover ann.csv bob.csv --out new --executor slurm", "executor 'slurm' is not known"),
        ("discover ann.csv bob.csv --out new --address x:1", "local processes have none"),
        ("discover ann.csv ann.csv --out new", "ann.csv: given twice: give each subject once"),
        ("discover ann.csv bob.csv --out ann.csv", "ann.csv: is a file, expected a folder"),
        ("discover ann.csv none.csv --out new", "none.csv: cannot be read (No such file or directory)"),
        ("discover ann.csv other.csv --out new", "other.csv: other series than in ann.csv: lacks 'rain'"),
        ("compare ann.csv bob.csv", "ann.csv/run.json: cannot be read"),
        ("compare . .", "run.json: cannot be read"),
        ("compare .", "Missing argument 'B'"),
        ("compare . . --out ann.csv", "ann.csv: exists already: choose another, or overwrite=True (--overwrite)"),
        ("compare . . --out no/where.csv", "no/where.csv: its folder is not there, expected a file"),
        ("compare . . --out .", ".: is a folder, expected a file"),
        ("compare . . --top -1", "--top must be at least 0; got -1"),
    ],
)
def test_every_mistake_is_one_line_and_writes_nothing(grngc: Any, arguments: str, says: str) -> None:
    write("ann.csv", 0)
    write("bob.csv", 1)
    Path("other.csv").write_text("snow,river,mud\n1,2,3\n4,1,7\n9,8,2\n")
    ran = grngc(*arguments.split())
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("grngc: error: ")
    assert ran.err.count("\n") == 1
    assert says in ran.err
    assert sorted(path.name for path in Path().iterdir()) == ["ann.csv", "bob.csv", "other.csv"]


def test_compare_finds_what_was_planted(grngc: Any) -> None:
    for side, second in (("controls", 0.0), ("patients", 0.6)):
        Path(side).mkdir()
        files = [write(f"{side}/{side[0]}{n}.csv", n + 50 * (second > 0), second) for n in range(4)]
        assert grngc("discover", *files, "--out", f"{side[0]}-graphs", "-q", *LINEAR).code == 0
    ran = grngc("compare", "c-graphs", "p-graphs", "--out", "differences.csv")
    assert (ran.code, ran.err) == (0, "")
    assert "gained   river   ->  mud" in ran.out
    assert "From A to B: 1 gained, 0 lost, 0 changed" in ran.out
    assert ran.out.rstrip().endswith("All pairs in differences.csv")
    rows = csv_rows(Path("differences.csv").read_text())
    assert (rows[0]["source"], rows[0]["target"], rows[0]["status"]) == ("river", "mud", "gained")
    assert float(rows[0]["p_familywise"]) == 2 / 70
    told = json.loads(grngc("compare", "p-graphs", "c-graphs", "--json").out)
    assert told["counts"]["lost"] == 1
    assert told["edges"][0]["status"] == "lost"
    drawn = json.loads(grngc("compare", "c-graphs", "p-graphs", "--json", "--permutations", 30, "--seed", 4).out)
    assert (drawn["test"]["relabellings"], drawn["test"]["seed"]) == (30, 4)
    assert "subject 'c0' of c-graphs is not there" in grngc("compare", "c-graphs", "p-graphs", "--paired").err
    same = grngc("compare", "c-graphs", "c-graphs", "--paired", "--top", 0)
    assert "No difference can be significant" in same.out
    single = grngc("compare", "c-graphs/c0", "p-graphs/p0")
    assert single.code == 0
    assert "No significance can be given" in " ".join(single.out.split())
    mixed = grngc("compare", "c-graphs", "p-graphs/p0")
    assert mixed.err == "grngc: error: p-graphs/p0 is one graph and c-graphs a group of them: compare two of a kind\n"
