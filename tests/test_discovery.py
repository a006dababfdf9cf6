import csv
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import grngc
from grngc import CausalGraph, Discovery, Edge, InputError, InputWarning, Panel
from grngc.configurations import CONFIGURATIONS
from grngc.discovery import discover
from grngc.forecasters import load_forecaster
from grngc.parameters import automatic_penalty
from grngc.penalty_rules import RULES

NAMES = ("rain", "river", "mud")
MLP: dict[str, Any] = {"forecaster": "mlp", "steps": 60, "lag": 2, "confidence": False}
FILES = ["edges.csv", "graph.npz", "forecaster.safetensors", "run.json"]


def chain() -> np.ndarray:
    """Rain drives river at lag 1, and nothing drives rain or mud."""
    x = np.random.default_rng(0).normal(size=(200, 3))
    x[1:, 1] -= 2 * x[:-1, 0]
    return x


@pytest.fixture(scope="module")
def found() -> Discovery:
    return discover(chain(), names=NAMES, **MLP)


def test_the_driver_is_found_with_lag_and_sign(found: Discovery) -> None:
    first = found.graph.edges(top=1)[0]
    assert (first.source, first.target, first.lag, first.sign) == ("rain", "river", 1, "-")
    assert found.standing_out()[0] == first
    assert found.trustworthy
    assert "rain -> river (lag 1, -)" in found.record["conclusion"]


def test_files_read_back(found: Discovery, tmp_path: Path) -> None:
    paths = found.save(tmp_path / "new" / "folder")
    assert [path.name for path in paths] == FILES
    assert sorted(path.name for path in (tmp_path / "new" / "folder").iterdir()) == sorted(FILES)
    edges, graph, forecaster, record = paths
    loaded = CausalGraph.load(graph)
    assert loaded.names == NAMES
    assert np.array_equal(loaded.lag_scores, found.graph.lag_scores)
    with edges.open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    assert header == list(Edge._fields)
    assert {row[5] for row in rows} == {""}  # it is known where a fit is exact
    assert {field for row in rows for field in row[7:]} == {""}  # how sure it is was not asked for
    read = [
        Edge(source, target, int(lag), float(score), sign, None, float(constancy))
        for source, target, lag, score, sign, _, constancy, *_ in rows
    ]
    assert read == found.graph.edges(own_past=True, by_lag=True)  # every digit kept, every pair and lag, sorted
    assert len(read) == 3 * 3 * 2
    assert json.loads(record.read_text("utf-8")) == found.record
    parameters = dict(load_forecaster(forecaster).named_parameters())
    for name, value in found.estimator.forecaster_.named_parameters():
        assert value.equal(parameters[name])


def test_names_come_through_the_files_letter_for_letter(tmp_path: Path) -> None:
    names = ("=1+1", 'with "quotes", commas', "tab\tand\nline")
    discover(chain(), names=names, steps=2).save(tmp_path / "out")
    with (tmp_path / "out" / "edges.csv").open(newline="", encoding="utf-8") as file:
        assert {row["source"] for row in csv.DictReader(file)} == set(names)
    assert CausalGraph.load(tmp_path / "out" / "graph.npz").names == names


def test_the_record_says_how_it_was_done(found: Discovery) -> None:
    record = found.record
    assert list(record)[:5] == ["format_version", "conclusion", "trustworthy", "converged", "noise_floor"]
    assert record["format_version"] == 1
    assert record["configuration"] == found.estimator.get_params() | {"forecaster_options": None}
    assert record["seed"] == 0
    data = record["data"]
    assert data["sha256"] == Panel((chain(),), NAMES).digest()
    assert (data["series"], data["times"], data["windows"]) == (list(NAMES), 200, 198)  # lag 2
    assert data["trajectories"] == [{"label": "1", "times": 200}]
    assert record["versions"]["torch"].startswith("2.")
    assert record["training"]["steps"] == 60
    assert record["timings"]["seconds"] >= record["timings"]["seconds_fitting"] > 0
    assert record["edges_above_noise_floor"] == len(found.standing_out())


def test_what_was_chosen_is_told_and_what_was_asked_for_is_kept() -> None:
    found = discover(chain(), names=NAMES, steps=60)
    record = json.loads(found.run_json())
    asked = {name: record["configuration"][name] for name in ("forecaster", "lag", "hidden", "penalty")}
    assert set(asked.values()) == {"auto"}
    choice = record["choice"]
    assert (choice["forecaster"], choice["lag"], choice["hidden"]) == ("linear", 1, None)
    assert choice["penalty"] == pytest.approx(automatic_penalty(3, 199))
    rows = {(one["forecaster"], one["lag"]): one for one in choice["candidates"]}
    tried = {key: f"{one['error']:.3g}" for key, one in rows.items()}
    saves, adds = rows["linear", 2]["saves"], rows["mlp", 1]["adds"]
    assert set(tried) == {("linear", 1), ("linear", 2), ("mlp", 1)}
    page = " ".join(found.summary().split())
    assert "Forecaster: linear" in page
    assert f"Penalty: {choice['penalty']:.3g} (per_output)" in page
    assert (
        f"Chosen: linear, lag 1: held-out error {tried['linear', 1]} "
        f"(lag 2 {tried['linear', 2]}, saves {saves:.1%}; mlp lag 1 {tried['mlp', 1]}, adds {adds:.1%})" in page
    )
    assert "Training: solved: the linear fit has one minimum;" in page


def test_the_path_of_penalties_is_kept_where_it_costs_little() -> None:
    found = discover(chain(), names=NAMES, forecaster="linear", penalty_scale="code")
    path = json.loads(found.run_json())["penalty_path"]
    assert path["rule"] == "auto"
    assert path["chosen"] == path["rules"]["rate"] == pytest.approx(automatic_penalty(3, 199))  # per output
    assert set(path["rules"]) == {"rate", *RULES}
    assert path["edges"][0] == 0
    assert len(path["penalties"]) == len(path["errors"]) == len(path["disagreement"])
    page = " ".join(found.summary().split())
    assert f"Penalty path: {path['penalties'][0]:.3g} (no edge) to {path['penalties'][-1]:.3g}; auto:" in page
    assert "of the held-out error: lag 1 suffices" in page
    assert found.record["timings"]["seconds_choosing"] > 0


def test_the_path_of_a_forecaster_that_is_trained_is_kept_where_a_rule_asked_for_it() -> None:
    settings = {"forecaster": "mlp", "lag": 1, "steps": 10, "hidden": 4}
    assert discover(chain(), **settings).record["penalty_path"] is None
    path = discover(chain(), **settings, penalty="cv").record["penalty_path"]
    assert (path["rule"], path["chosen"]) == ("cv", path["rules"]["cv"])
    assert "bic" not in path


@pytest.mark.parametrize(
    ("x", "options"),
    [
        (chain()[:5], {}),
        (chain()[:, :1], {}),
        (chain(), {"norm": "frobenius"}),
        (np.random.default_rng(0).normal(size=(60, 51)), {"lag": 5}),  # dear
    ],
)
def test_where_there_is_no_path_there_is_none(x: np.ndarray, options: dict) -> None:
    assert discover(x, forecaster="linear", **options).record["penalty_path"] is None


def test_the_width_that_was_chosen_is_told() -> None:
    found = discover(chain(), forecaster="mlp", lag=1, steps=5)
    assert found.record["choice"]["hidden"] == 64
    assert found.record["choice"]["candidates"] == []
    assert "Chosen:" not in found.summary()  # it was asked for


def test_a_record_too_short_to_choose_by_says_so() -> None:
    found = discover(chain()[:5])
    assert found.record["choice"]["candidates"] == []
    assert "Chosen: linear, lag 1: too short a record to try others" in " ".join(found.summary().split())


def test_a_trial_that_diverged_is_told() -> None:
    found = discover(chain(), learning_rate=1e6, steps=20)
    row = json.loads(found.run_json())["choice"]["candidates"][-1]
    assert (row["forecaster"], row["error"]) == ("mlp", None)
    assert "mlp lag 1 diverged" in " ".join(found.summary().split())


def test_the_exact_fit_is_kept_and_continued(tmp_path: Path) -> None:
    found = discover(chain(), names=NAMES, forecaster="linear")
    paths = {path.name: path for path in found.save(tmp_path / "out")}
    again = load_forecaster(paths["forecaster.safetensors"])
    assert again.direct.weight.equal(found.estimator.forecaster_.direct.weight)
    graph = CausalGraph.load(paths["graph.npz"])
    np.testing.assert_array_equal(graph.nearness, found.graph.nearness)
    with paths["edges.csv"].open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if float(row["score"]) == 0]
    near = [float(row["nearness"]) for row in rows]
    assert len(rows) > 2
    assert near == sorted(near, reverse=True)
    assert 0 < near[-1] < 1
    forecast = found.estimator.forecast(2)
    assert forecast.shape == (2, 3)
    x = chain()
    assert forecast[0, 1] == pytest.approx(-2 * x[-1, 0], abs=0.7)  # shrunk by the penalty and the noise on its inputs
    assert found.converged


def test_the_same_seed_gives_the_same_graph_and_another_does_not(found: Discovery) -> None:
    again = discover(chain(), names=NAMES, **MLP)
    other = discover(chain(), names=NAMES, **MLP, random_state=1)
    assert np.array_equal(found.graph.scores, again.graph.scores)
    assert not np.array_equal(found.graph.scores, other.graph.scores)


def test_the_windows_that_gaps_leave_are_told() -> None:
    values = chain()
    values[10, 0] = np.nan  # as the step that follows, and as the past of the next
    found = discover(values, missing="drop", lag=1, steps=2)
    assert found.record["data"]["windows"] == 199 - 2
    assert "Windows:        197" in found.summary()


def test_a_file_is_read_with_the_options_of_the_data(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    rows = "\n".join(f"{t % 2},{a},{b},{c}" for t, (a, b, c) in enumerate(chain().tolist()))
    path.write_text(f"run,a,b,c\n{rows}\n")
    options = {"trajectory": "run", "series": ["a", "b"], "exogenous": ["b"], "transform": "difference"}
    found = discover(str(path), steps=2, **options)
    data = found.record["data"]
    assert (data["origin"], data["series"], data["exogenous"]) == (str(path), ["a", "b"], ["b"])
    assert [one["times"] for one in data["trajectories"]] == [99, 99]
    assert data["transforms"] == {"a": ["difference"], "b": ["difference"]}
    assert "difference of 2 series" in found.summary()
    assert found.graph.scores[1].max() == 0  # exogenous: never a target


def test_warnings_reach_the_caller_and_the_record() -> None:
    with pytest.warns(InputWarning, match="transposed") as caught:
        found = discover(np.random.default_rng(0).normal(size=(12, 20)), steps=2)
    assert found.record["warnings"] == [str(caught[0].message)]
    assert caught[0].filename == __file__


def test_configurations_are_starting_points() -> None:
    published = discover(chain(), configuration="published", steps=2, hidden=4)
    assert published.record["configuration_name"] == "published"
    assert (
        published.estimator.get_params()
        == grngc.GRNGC(**CONFIGURATIONS["published"] | {"steps": 2, "hidden": 4}).get_params()
    )
    # the options of the configuration's forecaster do not outlive it
    assert (
        discover(chain(), configuration="published", forecaster="linear", steps=2).estimator.forecaster_options is None
    )
    kept = discover(chain(), configuration="published", forecaster="kan", steps=2, hidden=4).estimator
    assert kept.forecaster_options == CONFIGURATIONS["published"]["forecaster_options"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"configuration": "publish"}, "configuration 'publish' is not known; choose one of default, published"),
        ({"penalti": 1}, "no option 'penalti'; did you mean 'penalty'?"),
        ({"qqqq": 1}, "no option 'qqqq'; there are 'batch'"),
        ({"threads": 0}, "threads must be a whole number of at least 1; got 0"),
        ({"threads": True}, "threads must be a whole number of at least 1; got True"),
        ({"threads": 10**12}, "threads must be at most 1024; got 1000000000000"),
    ],
)
def test_what_cannot_be_done_is_refused(options: dict, says: str) -> None:
    with pytest.raises(InputError, match=says.replace("?", r"\?")):
        discover(chain(), **options)


def test_threads_are_those_asked_for_and_then_as_before() -> None:
    import torch
    from threadpoolctl import threadpool_info

    def note(_: object) -> None:
        inside.append((torch.get_num_threads(), *{pool["num_threads"] for pool in threadpool_info()}))

    before, inside = torch.get_num_threads(), []  # type: ignore[var-annotated]
    once = {"forecaster": "mlp", "lag": 1, "steps": 1, "progress": note}
    assert discover(chain(), **once).record["threads"] == 1
    assert discover(chain(), **once, threads=2).record["threads"] == 2
    assert list(dict.fromkeys(inside)) == [(1, 1), (2, 2)]  # in every training, the noise floor's too
    assert torch.get_num_threads() == before
    numpys = discover(chain(), forecaster="linear", lag=1, threads=np.int64(1))
    assert json.loads(numpys.run_json())["threads"] == 1


def test_the_time_of_candidates_and_floor_is_time_of_the_fit() -> None:
    """Nearly all of it, where the forecaster that is kept is solved for."""
    record = discover(chain(), steps=100).record
    assert record["choice"]["forecaster"] == "linear"
    parts = ("_reading", "_fitting", "_confidence", "")
    reading, fitting, sure, all_in_all = (record["timings"][f"seconds{of}"] for of in parts)
    assert record["training"]["seconds"] < 0.5 * fitting
    assert 0.7 * all_in_all < reading + fitting + sure <= all_in_all


def test_a_factory_and_numbers_of_numpy_are_plain_in_the_record() -> None:
    import torch

    class Zero(torch.nn.Module):
        def __init__(self, n_series: int, n_lags: int) -> None:
            super().__init__()
            self.head = torch.nn.Linear(n_series * n_lags, n_series)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.head(x.flatten(1))

    found = discover(chain(), forecaster=Zero, steps=np.int64(2), penalty=np.float32(0.5))
    record = json.loads(found.run_json())
    settings = record["configuration"]
    assert settings["forecaster"].endswith("Zero")
    assert record["choice"]["forecaster"] == settings["forecaster"]
    assert {one["forecaster"] for one in record["choice"]["candidates"]} == {settings["forecaster"]}
    assert len(max(found.summary().splitlines(), key=len)) <= 78
    assert (settings["steps"], settings["penalty"]) == (2, 0.5)


def test_summary_is_a_page_of_text(found: Discovery) -> None:
    page = found.summary(top=1)
    lines = page.splitlines()
    assert max(map(len, lines)) <= 78
    assert "rain    ->  river " in page
    assert page.count("->") == 3  # head, one edge, conclusion
    assert found.record["conclusion"] in " ".join(page.split())
    assert f"Noise floor:    {found.noise_floor:.3g}" in page


def test_summary_shows_names_that_would_move_the_cursor_or_the_columns() -> None:
    names = ("\x1b[2Jred", "very " * 20, "plain")
    page = discover(chain(), names=names, steps=60).summary()
    assert "\x1b" not in page
    assert "\\x1b[2Jred" in page
    assert '"very ve… very "' in page


def test_nothing_stands_out_where_there_is_nothing() -> None:
    found = discover(np.random.default_rng(0).normal(size=(100, 3)), penalty=5.0, steps=300)
    assert not found.trustworthy
    assert found.standing_out() == []
    assert "Nothing stands out" in found.summary()


def test_a_folder_in_use_is_refused_unless_told_otherwise(found: Discovery, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="not empty"):
        found.save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    found.save(tmp_path, overwrite=True)
    found.save(tmp_path, overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*FILES, "notes.txt"])


def test_other_warnings_pass_too() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", InputWarning)
        with pytest.raises(InputWarning):
            discover(np.random.default_rng(0).normal(size=(12, 20)), steps=2)
