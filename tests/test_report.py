"""The page of a run: what is on it is what was found, it stands alone, and no name breaks it."""

import base64
import json
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grngc import CausalGraph, Discovery, Edge, InputError, as_panel
from grngc.evidence import Evidence
from grngc.report import summarise_run
from grngc.report.render import SCRIPTS, asset, json_for_html, legible, source_hash
from grngc.report.summary import LISTED
from reports import HOSTILE, NAMES, Parsed, check_alone, nothing, renamed, series, sure, trained

RUNS = {"sure": sure, "trained": trained, "nothing": nothing}


def summary(found: Discovery) -> dict[str, Any]:
    return summarise_run(found.graph, found.record, found.noise_floor, found.reader)


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_a_page_stands_alone_and_its_policy_names_all_of_it(run: Callable[[], Discovery]) -> None:
    assert len(check_alone(run().report_html()).scripts) == len(SCRIPTS)


def test_the_policys_hashes_are_those_of_known_texts() -> None:
    assert source_hash("alert('Hello, world.');") == "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_the_data_of_a_page_are_those_of_the_graph(run: Callable[[], Discovery]) -> None:
    found = run()
    data, graph = json.loads(Parsed(found.report_html()).json), found.graph
    assert data == summary(found)["data"]
    assert data["names"] == list(NAMES)
    pairs, known = data["pairs"], {edge[:2]: edge for edge in graph.edges()}
    assert data["n_pairs"] == len(pairs["source"]) == len(known)
    for k, (source, target) in enumerate(zip(pairs["source"], pairs["target"], strict=True)):
        edge = known[NAMES[source], NAMES[target]]
        for name in Edge._fields[2:]:
            got = None if pairs[name] is None else pairs[name][k]
            assert got == (pytest.approx(value, rel=1e-3) if isinstance(value := getattr(edge, name), float) else value)
    standing = [(edge.source, edge.target) for edge in found.standing_out()]
    first = slice(0, data["standing_out"])
    named = [(NAMES[i], NAMES[j]) for i, j in zip(pairs["source"][first], pairs["target"][first], strict=True)]
    assert named == standing
    levels = np.frombuffer(base64.b64decode(data["heat"]["bytes"]), np.uint8).reshape(4, 4)
    off = graph.pairs()
    np.testing.assert_allclose(data["heat"]["largest"] * (levels[off] / 255) ** 2, graph.scores[off], atol=0.01)
    assert ((levels == 0) == ~(off & (graph.scores > 0))).all()


def test_edges_that_stand_out_come_first_though_others_score_higher() -> None:
    found = sure()
    selected = np.zeros((4, 4), dtype=bool)
    selected[2, 1] = True  # river -> mud, the weaker of both
    arrays = {field.name: getattr(found.graph.evidence, field.name) for field in fields(Evidence)}
    graph = replace(found.graph, evidence=Evidence(**arrays | {"selected": selected}))
    data = summarise_run(graph, found.record, found.noise_floor)["data"]
    named = [(NAMES[i], NAMES[j]) for i, j in zip(data["pairs"]["source"], data["pairs"]["target"], strict=True)]
    assert data["standing_out"] == 1
    assert named[:2] == [("river", "mud"), ("rain", "river")]
    assert len(set(named)) == 12


def test_lag_profiles_are_the_graphs() -> None:
    found = trained()
    data = summary(found)["data"]
    target, source = data["pairs"]["target"][0], data["pairs"]["source"][0]
    np.testing.assert_allclose(data["profiles"]["size"][0], found.graph.lag_scores[target, :, source], rtol=1e-3)
    np.testing.assert_allclose(data["profiles"]["signed"][0], found.graph.signs[target, :, source], rtol=1e-3)
    assert data["profiles"]["first_lag"] == 1


def test_a_profile_with_the_present_begins_at_lag_0() -> None:
    together = np.array([[0, 0.5], [-0.5, 0]])
    lags = np.array([[[0.1, 0.2]], [[0.3, 0.1]]])
    graph = CausalGraph(lags[:, 0] + np.abs(together), ("a", "b"), lags, lags, contemporaneous=together)
    record = renamed(nothing(), ("a", "b")).record
    profiles = summarise_run(graph, record, 0.1)["data"]["profiles"]
    assert profiles["first_lag"] == 0
    by_pair = {tuple(map(tuple, row)) for row in zip(profiles["size"], profiles["signed"], strict=True)}
    assert by_pair == {((0.5, 0.2), (0.5, 0.2)), ((0.5, 0.3), (-0.5, 0.3))}


def test_forecasts_are_beside_what_was_observed_in_its_units() -> None:
    found = trained()
    part = summary(found)["data"]["forecasts"]
    x = series()
    for place, k in enumerate(part["series"]):
        np.testing.assert_allclose(part["observed"][place], x[2:, k], rtol=1e-8)
        errors = np.array(part["observed"][place]) - part["forecast"][place]
        assert part["unexplained"][place] == pytest.approx(errors.var() / x[2:, k].var(), rel=0.05, abs=0.01)
    assert part["time"] == list(range(2, 240))
    assert part["series"][0] == NAMES.index(found.standing_out()[0].target)
    assert part["unexplained"][0] < 0.5
    assert part["left_out"] == 0


def test_forecasts_of_several_trajectories_each_in_its_own_units() -> None:
    x = series()
    from grngc import discover

    found = discover(
        [x[:120], 100 + 10 * x[120:]], names=NAMES, forecaster="linear", lag=1, scaling="per_trajectory",
        confidence=False, contemporaneous=False,
    )  # fmt: skip
    part = summary(found)["data"]["forecasts"]
    assert part["breaks"] == [0, 119]
    assert len(part["trajectory"]) == 2
    place = part["series"].index(1)
    observed, forecast = np.array(part["observed"][place]), np.array(part["forecast"][place])
    np.testing.assert_allclose(observed[119:], 100 + 10 * x[121:, 1], rtol=1e-8)
    for half in (slice(0, 119), slice(119, None)):
        assert np.var(observed[half] - forecast[half]) < 0.6 * np.var(observed[half])


def test_couplings_over_time_are_the_gradient_of_the_windows() -> None:
    found = trained()
    part = summary(found)["data"]["over_time"]
    edge = found.standing_out()[0]
    first = part["edges"][0]
    assert (NAMES[first["source"]], NAMES[first["target"]], first["lag"]) == edge[:3]
    over_time = found.graph.over_time(source=edge.source, target=edge.target, lag=edge.lag)
    np.testing.assert_allclose(first["values"], over_time.gradient[:, 0, 0, 0], rtol=1e-3, atol=1e-6)
    assert part["windows_a_point"] == 1
    assert summary(sure())["data"]["over_time"] is None  # the same in every window


def test_long_records_are_told_in_stretches_and_by_their_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grngc.report.course.POINTS", 50)
    monkeypatch.setattr("grngc.report.course.NUMBERS", 100)
    found = trained()
    data = summary(found)["data"]
    edge = found.standing_out()[0]
    gradient = found.graph.over_time(source=edge.source, target=edge.target, lag=edge.lag).gradient.ravel()
    part = data["over_time"]
    assert part["windows_a_point"] == 5  # of 238 windows
    assert part["edges"][0]["values"][-1] == pytest.approx(gradient[235:].mean(), rel=1e-3)
    assert part["time"][:2] == [2, 7]
    assert (data["forecasts"]["left_out"], len(data["forecasts"]["series"])) == (188, 1)
    assert data["forecasts"]["time"] == list(range(190, 240))
    assert "The first 188 windows are left out." in Parsed(found.report_html()).text


def test_results_from_files_give_the_same_page_with_the_panel_and_less_without(tmp_path: Path) -> None:
    found = trained()
    found.save(tmp_path / "out")
    again = Discovery.load(tmp_path / "out", as_panel(series(), names=NAMES))
    assert summary(again) == summary(found)
    alone = summary(Discovery.load(tmp_path / "out"))
    assert alone["data"] == summary(found)["data"] | {"over_time": None, "forecasts": None}
    text = Parsed(Discovery.load(tmp_path / "out").report_html()).text
    assert "Couplings over time" not in text
    assert "Observed and forecast" not in text


def test_the_head_says_what_was_found_how_sure_and_what_is_amiss() -> None:
    found = sure()
    text = " ".join(Parsed(found.report_html()).text.split())
    assert found.record["conclusion"] in text
    assert "Each edge has a false discovery rate q of at most 0.1" in text
    assert "The pasts of the other series save" in text
    assert "arXiv:2507.11178" in text
    assert found.record["data"]["sha256"] in text
    assert f"torch {found.record['versions']['torch']}" in text
    assert "above the noise floor of" in summary(trained())["head"]["sure"]
    assert not found.record["diagnostics"]
    assert "warning" not in text
    head = summary(nothing())["head"]
    assert [one["kind"] for one in head["warnings"]] == ["nothing found"]
    assert "Each edge has" not in head["sure"]


def test_warnings_come_gravest_first() -> None:
    record = sure().record
    record = record | {
        "trustworthy": False, "noise_floor": None, "training": record["training"] | {"converged": False},
        "confidence": {"skipped": "too short"}, "warnings": ["steps differ"],
        "diagnostics": [{"kind": "random_walk", "series": [], "figures": {}, "text": "It wanders."}],
    }  # fmt: skip
    head = summarise_run(sure().graph, record, np.inf)["head"]
    kinds = ["nothing found", "no noise floor", "not converged", "confidence", "random walk", "input"]
    assert [one["kind"] for one in head["warnings"]] == kinds
    assert head["sure"] == "How sure it is was not told (too short), and there is no noise floor."
    ran_away = record | {"confidence": sure().record["confidence"] | {"diverged": 2}}
    told = summarise_run(sure().graph, ran_away, 0.1)["head"]["warnings"][3]
    assert told == {"kind": "divergence", "text": "Training ran away on 2 of 50 halves of the record."}


def test_of_one_series_nothing_is_told_of_others() -> None:
    from grngc import discover

    found = discover(series()[:, :1], forecaster="linear", lag=1, workers=1)
    head = summary(found)["head"]
    assert head["conclusion"] == "Nothing stands out: there is one series only, and no other to drive it."
    assert head["sure"] == "Bring the series that may drive it, as further columns."
    assert head["warnings"] == [{"kind": "nothing found", "text": "There is no pair to draw."}]


@pytest.mark.parametrize("start", range(0, len(HOSTILE), 4))
def test_no_name_breaks_a_page(start: int) -> None:
    names = HOSTILE[start : start + 4]
    found = renamed(sure(), names)
    content = found.report_html()
    content.encode()
    page, plain = Parsed(content), Parsed(sure().report_html())
    data = json.loads(page.json)
    assert tuple(data["names"]) == (*names, *NAMES[len(names) :])
    assert page.scripts == plain.scripts
    warnings = [("section", 1), ("h2", 1), ("ul", 1), ("li", 4), ("strong", 4)]
    for tag in {tag for tag, _ in page.elements}:
        more = dict(warnings).get(tag, 0)
        assert len([1 for one, _ in page.elements if one == tag]) == more + len(
            [1 for one, _ in plain.elements if one == tag]
        )
    assert not set("\u202e\x00\x1b") & set(content)
    assert "<" not in page.json
    assert "49" not in Parsed(content).text.split("ordered pairs")[0].split("Granger-causal graph")[-1]


def test_text_for_people_has_no_endless_words_and_no_marks_that_turn_it() -> None:
    assert legible("a  \n b\u202ec") == "a b\\u202ec"
    assert legible("x" * 500 + " y") == "x" * 30 + "…" + "x" * 29 + " y"
    assert json.loads(json_for_html({"</script>&": "\u2028"})) == {"</script>&": "\u2028"}
    assert not set("<>&\u2028") & set(json_for_html({"</script>&": "\u2028"}))


def test_a_page_of_100_series_of_1000_points_is_below_one_and_a_half_megabytes() -> None:
    rng = np.random.default_rng(0)
    from grngc import discover

    x = rng.normal(size=(1000, 100))
    found = discover(x, forecaster="linear", lag=2, penalty=0.01, confidence=False, contemporaneous=False)
    arrays = {field.name: rng.uniform(size=(100, 100)) for field in fields(Evidence)}
    arrays["selected"] = arrays["q"] < 0.1
    graph = replace(found.graph, evidence=Evidence(**arrays))
    page = replace(found, graph=graph).report_html()
    assert len(page.encode()) < 1_500_000
    data = json.loads(Parsed(page).json)
    assert len(data["pairs"]["source"]) == LISTED
    assert data["n_pairs"] == 9900
    assert len(data["forecasts"]["series"]) == 8


def test_a_page_that_is_there_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    assert nothing().report(path) == path
    before = path.read_text()
    with pytest.raises(InputError, match="exists already"):
        sure().report(path)
    assert path.read_text() == before
    sure().report(path, overwrite=True)
    assert path.read_text() == sure().report_html()
    with pytest.raises(InputError, match="its folder is not there"):
        sure().report(tmp_path / "no" / "page.html")
    with pytest.raises(InputError, match="is a folder"):
        sure().report(tmp_path, overwrite=True)


def test_cytoscape_is_there_with_its_licence_and_its_style_is_the_pages() -> None:
    code = asset("cytoscape.min.js")
    assert "Permission is hereby granted, free of charge" in asset("cytoscape.LICENSE")
    assert "The Cytoscape Consortium" in code[:200]
    assert '"__________cytoscape_stylesheet"' in code  # it looks for this element, and else makes one, which is refused
    assert ("style", {"id": "__________cytoscape_stylesheet"}) in Parsed(sure().report_html()).elements
