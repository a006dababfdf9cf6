"""Options of what is known beforehand."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grngc import Discovery
from made import csv_rows

LINEAR = ("--no-confidence", "--columns", "rain,river,mud", "--forecaster", "linear", "--lag", "1", "-q")


def test_options_and_files_come_to_the_same(grngc: Any, data_csv: Path, tmp_path: Path) -> None:
    (tmp_path / "rules.csv").write_text("source,target,rule,why\n*,rain,forbidden,weather\nmud,river,required,seen\n")
    (tmp_path / "sources.txt").write_text("rain\nmud\n")
    files = ("--sources", "sources.txt", "--rules", "rules.csv")
    words = ("--sources", "rain, mud", "--forbid", "* -> rain", "--require", "mud->river")
    for out, options in (("files", files), ("words", words)):
        assert grngc("discover", data_csv, "--out", out, *LINEAR, *options).code == 0
    found, same = (Discovery.load(tmp_path / out) for out in ("files", "words"))
    np.testing.assert_array_equal(found.graph.scores, same.graph.scores)
    assert found.record["configuration"] == same.record["configuration"]
    assert found.record["rules"] == {"sources": ["rain", "mud"], "forbidden_pairs": 3, "required": [["mud", "river"]]}
    rows = csv_rows((tmp_path / "files" / "edges.csv").read_text())
    between = [(row["source"], row["target"]) for row in rows if row["source"] != row["target"]]
    assert between == [("rain", "river"), ("mud", "river"), ("rain", "mud")]


def test_groups_that_are_never_compared(grngc: Any, data_csv: Path) -> None:
    ran = grngc("discover", data_csv, "--json", *LINEAR, "--never-compared", "rain,river|mud")
    edges = {(edge["source"], edge["target"]) for edge in json.loads(ran.out)["edges"]}
    assert {(a, b) for a, b in edges if a != b} == {("rain", "river"), ("river", "rain")}


def test_several_files_share_rules(grngc: Any, data_csv: Path, tmp_path: Path) -> None:
    text = data_csv.read_text().splitlines()
    (tmp_path / "other.csv").write_text("\n".join([text[0], *text[50:]]))
    ran = grngc("discover", data_csv, "other.csv", "--out", "g", *LINEAR[1:], "--forbid", "rain->mud", "--workers", "1")
    assert ran.code == 0
    assert "rain,mud" not in (tmp_path / "g" / "group_edges.csv").read_text()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--forbid", "rain-"), "--forbid: expected \"A->B\" in quotes, source first; got 'rain-'"),
        (("--require", "rain->mud->river"), 'expected "A->B" in quotes'),
        (("--forbid", "rain->rivr"), "no series 'rivr' for forbidden= (--forbid); did you mean 'river'?"),
        (("--sources", "rain,rivr"), "no series 'rivr' for sources= (--sources)"),
        (("--forbid", "rain->mud", "--require", "rain->mud"), "'rain' -> 'mud', which is forbidden: take one of them"),
        (("--never-compared", "rain,mud"), "takes two groups of names or more"),
        (("--rules", "data.csv"), "no column 'source'; a table of rules has source, target, rule, this one rain"),
        (("--rules", "nowhere.csv"), "nowhere.csv: cannot be read"),
    ],
)
def test_mistakes_are_one_line(grngc: Any, data_csv: Path, options: tuple[str, ...], message: str) -> None:
    ran = grngc("discover", data_csv, "--out", "o", *LINEAR, *options)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert message in ran.err.replace("'rain', 'river'", "rain")
