import json
from pathlib import Path
from typing import Any

import pytest

from grngc import CausalGraph, Edge
from grngc.cli_values import names, transforms
from grngc.errors import InputError

MLP = ("--no-confidence", "--forecaster", "mlp", "--lag", 1, "--steps", 60)


def test_discover_writes_and_tells(grngc: Any, data_csv: Path) -> None:
    ran = grngc("discover", data_csv, "--out", "results/first", "--trajectory", "plate", "--top", 1, *MLP)
    assert ran.code == 0
    assert "rain    ->  river" in ran.out
    files = "edges.csv, graph.npz, forecaster.safetensors, report.html, run.json"
    assert ran.out.rstrip().endswith(f"Results in results/first: {files}")
    assert CausalGraph.load("results/first/graph.npz").edges(top=1)[0][:2] == ("rain", "river")
    assert json.loads(Path("results/first/run.json").read_text())["data"]["times"] == 200
    lines = ran.err.splitlines()
    assert len(lines) == 10
    assert lines[0].startswith("grngc: training: step 6 of 60, loss ")
    assert lines[-1].startswith("grngc: training: step 60 of 60, loss ")


def test_every_option_is_felt(grngc: Any, data_csv: Path) -> None:
    ran = grngc(
        "discover", data_csv, "--json", "--trajectory", "plate", "--columns", "river, rain", "--exogenous", "rain",
        "--transform", "river=difference,detrend", "--transform", "rain=difference", "--missing", "drop", "--lag", 2,
        "--configuration", "published", "--forecaster", "linear", "--penalty", 0.1, "--steps", 4, "--seed", 7,
        "--learning-rate", 0.01, "--device", "auto", "--threads", 1, "--hidden", 9, "--penalty-batch", 3,
        "--penalty-targets", 1, "--fdr", 0.3,
    )  # fmt: skip
    record = json.loads(ran.out)
    settings, data = record["configuration"], record["data"]
    assert record["configuration_name"] == "published"
    expected = {
        "lag": 2, "forecaster": "linear", "penalty": 0.1, "steps": 4, "learning_rate": 0.01, "random_state": 7,
        "device": "auto", "hidden": 9, "penalty_batch": 3, "penalty_targets": 1,
    }  # fmt: skip
    assert {name: settings[name] for name in expected} == expected
    assert (data["series"], data["exogenous"], data["missing"]) == (["river", "rain"], ["rain"], "drop")
    assert data["transforms"] == {"river": ["difference", "detrend"], "rain": ["difference"]}
    assert [one["times"] for one in data["trajectories"]] == [99, 99]
    assert record["confidence"]["fdr"] == 0.3
    assert (record["seed"], record["threads"], record["files"]) == (7, 1, [])
    assert len(record["edges"]) == 1 * 2 * 2
    assert list(record["edges"][0]) == list(Edge._fields)


def test_auto_may_be_said(grngc: Any, data_csv: Path) -> None:
    settings = [word for name in ("forecaster", "lag", "hidden", "penalty") for word in (f"--{name}", "auto")]
    said = json.loads(grngc("discover", data_csv, "--json", "--no-confidence", "--steps", 20, *settings).out)
    unsaid = json.loads(grngc("discover", data_csv, "--json", "--no-confidence", "--steps", 20).out)
    assert said["configuration"] == unsaid["configuration"]
    assert said["edges"] == unsaid["edges"]
    over = json.loads(
        grngc(
            "discover", data_csv, "--json", "--no-confidence", "--configuration", "published", "--steps", 2, *settings
        ).out
    )
    assert over["configuration"]["penalty_scale"] == "code"
    assert over["configuration"]["forecaster"] == "auto"
    assert {one["forecaster"] for one in over["choice"]["candidates"]} == {"linear", "mlp"}


def test_time_and_constant_columns(grngc: Any) -> None:
    rows = "\n".join(f"2020-01-{day:02d},{day * day % 7},5,{day % 3}" for day in range(1, 29))
    Path("daily.csv").write_text(f"day,a,b,c\n{rows}\n")
    refused = grngc("discover", "daily.csv", "--out", "out", "--time", "day")
    assert refused.code == 2
    assert "--drop-constant" in refused.err
    ran = grngc("discover", "daily.csv", "--json", "--time", "day", "--drop-constant", "--steps", 2)
    assert json.loads(ran.out)["data"]["series"] == ["a", "c"]


def test_json_goes_with_files_and_quiet_says_nothing(grngc: Any, data_csv: Path) -> None:
    ran = grngc(
        "discover", data_csv, "--columns", "rain,river", "--out", "a", "--steps", 250, "--json", "--no-confidence"
    )
    record = json.loads(ran.out)
    files = ("edges.csv", "graph.npz", "forecaster.safetensors", "report.html", "run.json")
    assert record["files"] == [f"a/{name}" for name in files]
    assert {name: record[name] for name in json.loads(Path("a/run.json").read_text())} == json.loads(
        Path("a/run.json").read_text()
    )
    quiet = grngc(
        "discover", data_csv, "--columns", "rain,river", "--out", "b", "--steps", 250, "-q", "--no-confidence"
    )
    assert quiet == (0, "", "")
    assert Path("a/edges.csv").read_bytes() == Path("b/edges.csv").read_bytes()


def test_nothing_above_the_floor_is_written_and_said(grngc: Any, data_csv: Path) -> None:
    noise = ("discover", data_csv, "--columns", "rain,mud", "--penalty", 5, "--steps", 300, "--no-confidence")
    ran = grngc(*noise, "--out", "loud")
    assert ran.code == 3
    assert "Nothing stands out" in ran.out
    assert json.loads(Path("loud/run.json").read_text())["trustworthy"] is False
    quiet = grngc(*noise, "--out", "quiet", "--quiet")
    assert (quiet.code, quiet.out) == (3, "")
    assert quiet.err.startswith("grngc: warning: Nothing stands out")
    assert quiet.err.count("\n") == 1
    assert Path("quiet/edges.csv").exists()


def test_divergence_is_one_line_and_writes_nothing(grngc: Any, data_csv: Path) -> None:
    ran = grngc("discover", data_csv, "--out", "new/out", *MLP, "--penalty", "1e38", "--learning-rate", 10, "-q")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("grngc: error: training diverged")
    assert ran.err.count("\n") == 1
    assert not Path("new").exists()


def test_a_folder_in_use_is_refused_before_the_data_are_read(grngc: Any) -> None:
    Path("full").mkdir()
    Path("full/notes.txt").write_text("mine")
    ran = grngc("discover", "no-such-file.csv", "--out", "full")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "grngc: error: full: exists and is not empty: choose another, or overwrite=True (--overwrite)\n"


def test_overwrite(grngc: Any, data_csv: Path) -> None:
    command = ("discover", data_csv, "--out", "out", *MLP, "-q")
    grngc(*command)
    assert grngc(*command).code == 2
    first = Path("out/edges.csv").read_text()
    grngc(*command, "--overwrite", "--seed", 1)
    assert Path("out/edges.csv").read_text() != first


def test_names_and_transforms_are_parsed() -> None:
    assert names(None) is None
    assert names('a, "b,c" ,d') == ["a", "b,c", "d"]
    assert transforms(None) is None
    assert transforms(["log,difference"]) == ["log", "difference"]
    assert transforms(["a=log,difference", "b=c=growth"]) == {"a": ["log", "difference"], "b=c": ["growth"]}
    for wrong in (["log", "growth"], ["a=log", "a=growth"], ["=log"]):
        with pytest.raises(InputError, match="--transform"):
            transforms(wrong)
