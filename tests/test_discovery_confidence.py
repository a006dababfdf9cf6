"""How sure edges are, in what a run gives: the record, the files, the page, the conclusion."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grngc import Discovery, InputError
from grngc.discovery import discover

LINEAR: dict[str, Any] = {"forecaster": "linear", "lag": 1, "contemporaneous": False}


def chain(n: int = 300) -> np.ndarray:
    """The first series drives the second, the third is alone."""
    x = np.random.default_rng(2).normal(size=(n, 3))
    x[1:, 1] += 0.6 * x[:-1, 0]
    return x


@pytest.fixture(scope="module")
def found() -> Discovery:
    return discover(chain(), names=("rain", "river", "mud"), **LINEAR)


def test_edges_are_those_that_are_selected(found: Discovery) -> None:
    assert [edge[:2] for edge in found.standing_out()] == [("rain", "river")]
    assert found.trustworthy
    assert found.record["conclusion"] == "1 of 6 ordered pairs stands out: rain -> river (lag 1, +)."
    sure = found.record["confidence"]
    assert (sure["fdr"], sure["tested"], sure["selected"], sure["halves"]) == (0.1, 6, 1, 50)
    gain = sure["forecast_gain"]
    assert gain["p"] < 1e-6
    assert gain["targets"]["river"]["saves"] > 0.1
    assert gain["targets"]["mud"]["p"] > 0.01


def test_files_hold_it(found: Discovery, tmp_path: Path) -> None:
    found.save(tmp_path / "out")
    loaded = Discovery.load(tmp_path / "out")
    assert [edge[:-1] for edge in loaded.standing_out()] == [edge[:-1] for edge in found.standing_out()]
    for name, array in found.graph.evidence.arrays().items():
        assert np.array_equal(loaded.graph.evidence.arrays()[name], array, equal_nan=array.dtype != bool)
    with (tmp_path / "out" / "edges.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    first = rows[0]
    assert (first["source"], first["selected"]) == ("rain", "True")
    assert float(first["low"]) < float(first["score"]) < float(first["high"])
    assert {row["q"] for row in rows if row["source"] == row["target"]} == {""}
    assert json.loads((tmp_path / "out" / "run.json").read_text())["confidence"]["selected"] == 1


def test_the_page_says_it(found: Discovery) -> None:
    page = found.summary()
    assert "halves        q" in page
    assert "100%   < 1e-6" in page
    assert "Confidence:     1 of 6 pairs at q <= 0.1" in page
    assert "Forecast gain:  others' pasts save" in page


def test_where_there_is_nothing_it_is_said() -> None:
    found = discover(np.random.default_rng(3).normal(size=(300, 3)), **LINEAR)
    assert not found.trustworthy
    assert found.standing_out() == []
    assert found.record["conclusion"].startswith("Nothing stands out: no series drives another by more than surrogates")
    assert "Confidence:     none of 6 pairs at q <= 0.1" in found.summary()


def test_the_rate_is_felt() -> None:
    x = np.random.default_rng(0).normal(size=(120, 6))
    x[1:, 1] += 0.35 * x[:-1, 0]
    x[1:, 2] += 0.35 * x[:-1, 1]
    selected = [len(discover(x, fdr=rate, **LINEAR).standing_out()) for rate in (1e-6, 0.5)]
    assert selected[0] < selected[1]


def test_without_confidence_the_noise_floor_decides() -> None:
    found = discover(chain(), confidence=False, **LINEAR)
    assert found.record["confidence"] is None
    assert found.graph.evidence is None
    assert all(edge.score > found.noise_floor and edge.q is None for edge in found.standing_out())
    assert "Confidence:" not in found.summary()


def test_a_record_too_short_to_be_parted_says_so_and_keeps_its_graph() -> None:
    found = discover(chain(16), **(LINEAR | {"lag": 6}))
    assert "skipped" in found.record["confidence"]
    assert found.graph.evidence is None
    assert "Confidence:     not told: holding out" in found.summary()


def test_required_pairs_have_their_confidence_and_are_not_selected_by_rule() -> None:
    found = discover(chain(), required=[("x3", "x1")], forbidden=[("x1", "x2")], **LINEAR)
    evidence = found.graph.evidence
    assert np.isnan(evidence.p[1, 0])  # forbidden: no statement
    assert np.isfinite(evidence.p[0, 2])
    assert not evidence.selected[0, 2]
    assert [edge[:2] for edge in found.standing_out()] == [("x3", "x1")]
    assert not found.trustworthy


def test_what_cannot_be_is_refused_before_any_work() -> None:
    for options in ({"fdr": 0}, {"workers": 0}, {"executor": "cloud"}, {"address": "here"}):
        with pytest.raises(InputError):
            discover(chain(), **LINEAR, **options)


def test_two_graphs_are_compared_by_what_is_selected(found: Discovery) -> None:
    from grngc.comparison import compare

    plain = discover(chain(), names=("rain", "river", "mud"), confidence=False, **LINEAR)
    same = compare(found, found)
    assert [edge[:3] for edge in same.edges if edge.status != "absent"] == [("rain", "river", "same")]
    mixed = compare(found, plain)
    assert "a false discovery rate of 0.1 in A, by the noise floor in B" in str(mixed.record)
