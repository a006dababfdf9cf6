"""``discover`` by every method of METHODS: a new one is tested by its line in the dict."""

import json
import math
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from contracts.test_methods import QUICK
from grngc import Discovery, InputError, as_panel, compare, discover, discover_group, export
from grngc.baselines import RidgeVAR
from grngc.chance import floor_of, largest_by_chance
from grngc.datasets import simulate_var
from grngc.grngc import GRNGC
from grngc.methods import METHODS, about
from grngc.other_methods import OF_TRAINED, SURROGATES, discover_by
from grngc.reading import read_data
from reports import Parsed

OTHERS = [name for name in METHODS if name != "grngc"]
NAMES = ("rain", "river", "wind")
DATA = simulate_var(np.array([[[0.6, 0, 0], [0.8, 0.3, 0], [0, 0, 0.3]]]), 300, random_state=1)
UNRELATED = simulate_var(0.5 * np.eye(3)[None], 200, random_state=5)


@cache
def found(method: str) -> Discovery:
    return discover(DATA, names=NAMES, method=method, **QUICK.get(method, {}))


@pytest.mark.parametrize("method", OTHERS)
def test_the_edge_stands_out_and_is_told(method: str) -> None:
    result = found(method)
    first = result.standing_out()[0]
    assert {first.source, first.target} == {"rain", "river"}
    assert result.trustworthy
    record = result.record
    assert record["method"] == method
    assert record["noise_floor"] == pytest.approx(result.noise_floor)
    assert record["edges_above_noise_floor"] == len(result.standing_out())
    assert record["chance"]["surrogates"] == len(record["chance"]["largest"])
    trained = hasattr(result.estimator, "record_")
    assert record["chance"]["surrogates"] == (OF_TRAINED if trained else SURROGATES)
    assert record["confidence"] is None
    assert f"noise floor of {method}" in record["conclusion"]
    page = " ".join(result.summary().split())
    assert f"Graph by {method}" in page
    assert "Confidence: GRNGC's alone" in page
    if first.lag:
        assert first[:2] == ("rain", "river")
        assert "rain -> river" in record["conclusion"]
    else:
        assert "rain and river" in record["conclusion"]
        assert "claim no direction" in record["conclusion"]
        assert "the past of its source" not in page


@pytest.mark.parametrize("method", OTHERS)
def test_files_read_back_and_go_everywhere(method: str, tmp_path: Path) -> None:
    result = found(method)
    written = result.save(tmp_path / "out", report=True)
    assert [path.name for path in written] == ["edges.csv", "graph.npz", "report.html", "run.json"]
    again = Discovery.load(tmp_path / "out")
    assert again.record == json.loads(result.run_json())
    assert again.standing_out() == result.standing_out()
    assert again.noise_floor == result.noise_floor
    assert again.summary() == result.summary()
    page = Parsed((tmp_path / "out" / "report.html").read_text("utf-8"))
    assert f"Graph by {method}" in page.text
    assert "GRNGC alone" in page.text
    assert "arXiv:2507.11178" not in page.text  # another method is cited
    data = json.loads(page.json)
    assert data["standing_out"] == len(result.standing_out())
    assert data["gain"] is data["path"] is data["forecasts"] is None
    rows = export.content(again, "csv").decode().splitlines()
    assert len(rows) == 1 + len(result.standing_out())
    with pytest.raises(InputError, match=f"results of {method}, without a forecaster: leave data= out"):
        Discovery.load(tmp_path / "out", as_panel(DATA, names=NAMES))


@pytest.mark.parametrize("method", OTHERS)
def test_unrelated_series_do_not_stand_out(method: str) -> None:
    surrogates = 3 if method in QUICK else None
    result = discover(UNRELATED, method=method, surrogates=surrogates, **QUICK.get(method, {}))
    assert not result.trustworthy
    assert result.standing_out() == []
    assert result.record["conclusion"].startswith("Nothing stands out: no score is above what")


@pytest.mark.parametrize("method", ["lagged_correlation", "ridge_var"])
def test_the_same_seed_gives_the_same_floor(method: str) -> None:
    again = discover(DATA, names=NAMES, method=method, random_state=0)
    assert again.noise_floor == found(method).noise_floor
    np.testing.assert_array_equal(again.graph.scores, found(method).graph.scores)


def test_options_go_to_the_method_and_the_data() -> None:
    result = discover(DATA, names=NAMES, method="ridge_var", lag=2, alpha=0.5, transform="difference", random_state=3)
    assert result.record["configuration"] == {"lag": 2, "alpha": 0.5}
    assert result.record["options"] == {"lag": 2, "alpha": 0.5}
    assert result.record["data"]["transforms"]["rain"] == ["difference"]
    assert result.record["seed"] == 3
    assert result.record["choice"]["lag"] == 2
    assert "alpha 0.5" in result.summary()
    assert result.record["data"]["windows"] == 297
    assert result.noise_floor != discover(DATA, method="ridge_var", lag=2, alpha=0.5).noise_floor


def test_what_a_fit_chose_is_told_and_given_to_the_surrogates() -> None:
    result = found("ridge_var")
    alpha = result.estimator.alpha_
    assert result.record["configuration"]["alpha"] == "cv"
    assert result.record["choice"]["alpha"] == alpha
    largest = largest_by_chance(RidgeVAR(alpha=alpha), read_data(DATA, {"names": NAMES}).panel, SURROGATES)
    assert result.noise_floor == floor_of(largest)


def test_a_method_that_trains_tells_its_course_and_progress() -> None:
    told: list[str] = []
    estimator = GRNGC(forecaster="mlp", lag=1, hidden=4, steps=60)
    result = discover_by(
        read_data(DATA, {"names": NAMES}),
        "grngc",
        estimator,
        surrogates=3,
        places={"workers": 1},
        progress=lambda now: told.append(now.doing),
    )
    assert result.record["training"]["steps"] == 60
    assert len(result.record["training"]["trace"]) == 60
    assert result.record["chance"]["surrogates"] == len(result.record["chance"]["largest"]) == 3
    assert "training" in told
    assert "fitting surrogates" in told or result.record["timings"]["seconds_surrogates"] < 2
    assert not result.converged
    assert "Training had not converged: its second half" in result.record["conclusion"]
    assert "(--steps, now 60)" in result.record["conclusion"]
    assert result.standing_out()[0][:2] == ("rain", "river")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"surrogates": 0}, "No surrogates were asked for, so nothing tells scores from chance."),
        ({"missing": "drop", "short": 10}, "Too few windows to tell anything from chance: at least 10 are needed."),
        ({"series": ["rain"]}, "there is one series only"),
    ],
)
def test_without_a_floor_nothing_stands_out(options: dict[str, Any], says: str, tmp_path: Path) -> None:
    frame = pd.DataFrame(DATA, columns=NAMES)[: options.pop("short", None)]
    result = discover(frame, method="lagged_correlation", **options)
    assert says in result.record["conclusion"]
    assert not result.trustworthy
    result.save(tmp_path / "out", report=True)
    assert Discovery.load(tmp_path / "out").standing_out() == []
    if "series" not in options:
        assert math.isinf(result.noise_floor)
        assert "Noise floor: none" in " ".join(result.summary().split())


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"method": "ridge_vra"}, "no method 'ridge_vra'; did you mean 'ridge_var'?"),
        ({"method": 3}, "no method 3; there are 'grngc', 'correlation'"),
        ({"penalty": 1}, "ridge_var has no option 'penalty'; it has 'alpha', 'lag', and those of the data"),
        ({"confidence": True}, "confidence= is GRNGC's own: ridge_var has none"),
        ({"fdr": 0.1}, "fdr= is GRNGC's own"),
        ({"configuration": "published"}, "configuration= is GRNGC's own"),
        ({"checkpoint": "folder"}, "checkpoint= is GRNGC's own"),
        ({"surrogates": 2}, "surrogates must be at least 3, or 0 for none; got 2"),
        ({"surrogates": 2.5}, "surrogates must be a whole number of at least 0; got 2.5"),
        ({"method": "grngc", "surrogates": 20}, "surrogates= is for methods other than grngc"),
        ({"method": "correlation", "lag": 1}, "correlation has no option 'lag'; it has none, and those of the data"),
        ({"random_state": -1}, "random_state must be a whole number"),
        ({"executor": "cloud"}, "executor 'cloud' is not known"),
    ],
)
def test_what_a_method_does_not_have_is_refused(options: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError) as error:
        discover(DATA, **{"method": "ridge_var"} | options)
    assert says in str(error.value)


def test_groups_and_comparisons_of_two_methods_are_refused() -> None:
    with pytest.raises(InputError, match="method 'ridge_var' is for one record"):
        discover_group([DATA, UNRELATED], method="ridge_var")
    with pytest.raises(InputError, match="A is by ridge_var, B by correlation: scores of two methods have no unit"):
        compare(found("ridge_var"), found("correlation"))
    same = compare(found("ridge_var"), discover(UNRELATED, names=NAMES, method="ridge_var"))
    assert same.record["counts"]["lost"] >= 1
    assert "Two graphs by ridge_var compared" in same.summary()


@pytest.mark.parametrize("method", METHODS)
def test_every_method_says_what_it_is(method: str) -> None:
    told = about(method)
    assert 20 < len(told.sentence) < 200
    assert told.sentence.endswith(".")
    assert told.parameters == METHODS[method]().get_params()


def test_diagnostics_of_the_data_are_told_too() -> None:
    walks = np.cumsum(np.random.default_rng(0).normal(size=(300, 3)), axis=0)
    kinds = [one["kind"] for one in discover(walks, method="lagged_correlation").record["diagnostics"]]
    assert "random_walk" in kinds
