import json
from pathlib import Path
from typing import Any

import pytest

from grngc import InputError
from grngc.cli_methods import value_of
from grngc.methods import METHODS

QUIET = ("--out", "new", "-q")


def test_a_graph_by_another_method(grngc: Any, data_csv: Path) -> None:
    ran = grngc("discover", data_csv, "--out", "new", "--method", "ridge_var", "--lag", 2, "--set", "alpha=0.1")
    assert (ran.code, ran.err) == (0, "")
    assert "Graph by ridge_var" in ran.out
    assert "rain    ->  river     1" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80
    assert sorted(path.name for path in Path("new").iterdir()) == ["edges.csv", "graph.npz", "report.html", "run.json"]
    record = json.loads(Path("new/run.json").read_text("utf-8"))
    assert record["configuration"] == {"lag": 2, "alpha": 0.1}
    assert grngc("report", "new", "--overwrite").code == 0
    assert grngc("export", "new", "--to", "graphml", "--out", "new.graphml").code == 0
    same = ("--method", "ridge_var", "--lag", 2, "--set", "alpha=0.1", "--seed", 0)
    again = grngc("discover", data_csv, "--json", *same)
    assert json.loads(again.out)["noise_floor"] == record["noise_floor"]


def test_edges_without_a_direction_have_no_arrow(grngc: Any, data_csv: Path) -> None:
    data_csv.write_text(
        "a,b,c\n" + "\n".join(f"{t * 37 % 101},{t * 37 % 101 + t % 3},{t * t % 89}" for t in range(200)) + "\n"
    )
    ran = grngc("discover", data_csv, "--out", "new", "--method", "correlation", "--surrogates", 5, "--no-confidence")
    assert ran.code == 0
    assert "a       --  b         0" in ran.out
    assert "->  b" not in ran.out
    assert "These scores claim no direction" in " ".join(ran.out.split())


def test_nothing_found_is_said_and_ends_with_3(grngc: Any, data_csv: Path) -> None:
    ran = grngc("discover", data_csv, *QUIET, "--method", "correlation", "--surrogates", 0)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("grngc: warning: No surrogates were asked for")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("--method corelation", "no method 'corelation'; did you mean 'correlation'?"),
        (
            "--method ridge_var --hidden 5 --tf32",
            "ridge_var has no '--hidden', '--tf32'; it has 'alpha', 'lag'",
        ),
        ("--method ridge_var --sources rain", "ridge_var has no '--sources'"),
        ("--method ridge_var --forbid rain->mud", "ridge_var has no '--forbid'"),
        ("--method ridge_var --fdr 0.1", "ridge_var has no '--fdr'"),
        ("--method correlation --lag 2", "correlation has no '--lag'; it has no parameters"),
        ("--method ridge_var --lag auto", "lag must be a whole number of at least 1; got 'auto'"),
        ("--method ridge_var --configuration published", "configuration= is GRNGC's own"),
        ("--method ridge_var --surrogates 1", "surrogates must be at least 3, or 0 for none; got 1"),
        ("--method ridge_var --set alpah=3", "--set: ridge_var has no 'alpah'; did you mean 'alpha'?"),
        ("--method ridge_var --set trajectory=plate", "--set: ridge_var has no 'trajectory'"),
        ("--method ridge_var --set alpha", "--set takes NAME=VALUE; got 'alpha'"),
        ("--method ridge_var --set alpha=-1", 'alpha must be "cv" or a number of at least 0; got -1'),
        ("--method ridge_var --set alpha=1 --set alpha=2", "--set: alpha is given twice; give it once"),
        ("--method ridge_var --lag 1 --set lag=2", "--set: lag is given with --lag; give it once"),
        ("--surrogates 20", "surrogates= is for methods other than grngc"),
        ("--set alpha=1", "--set: grngc has no 'alpha'"),
        ("--seed 1 --set random_state=2", "--set: random_state is given with --seed"),
        ("--method ridge_var data.csv", "--method ridge_var is for one file"),
    ],
)
def test_what_a_method_does_not_have_is_one_line(grngc: Any, data_csv: Path, arguments: str, says: str) -> None:
    ran = grngc("discover", data_csv, *QUIET, *arguments.split())
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("grngc: error: ")
    assert ran.err.count("\n") == 1
    assert says in ran.err
    assert not Path("new").exists()


def test_set_reaches_parameters_of_grngc_too(grngc: Any, data_csv: Path) -> None:
    ran = grngc(
        "discover", data_csv, "--json", "--no-confidence", "--forecaster", "linear", "--lag", 1,
        "--set", "norm=frobenius", "--set", "penalise_own_past=true",
    )  # fmt: skip
    settings = json.loads(ran.out)["configuration"]
    assert (settings["norm"], settings["penalise_own_past"]) == ("frobenius", True)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3), ("0.5", 0.5), ("1e-3", 1e-3), ("true", True), ("none", None), ("cv", "cv"), ('"a b"', "a b"),
        ("[8, 8]", [8, 8]), ("{depth = 2}", {"depth": 2}), ("cv-1se", "cv-1se"),
    ],
)  # fmt: skip
def test_values_are_read_as_toml_has_them(text: str, value: Any) -> None:
    assert value_of(text) == value
    assert type(value_of(text)) is type(value)


@pytest.mark.parametrize("text", ["", "1\nother = 2", "a b", "[1", "=", "1 2"])
def test_what_is_no_value_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is no value"):
        value_of(text)


def test_methods_are_listed(grngc: Any) -> None:
    ran = grngc("methods")
    assert (ran.code, ran.err) == (0, "")
    assert [line for line in ran.out.splitlines() if not line.startswith(" ")] == list(METHODS)
    assert "parameters: alpha='cv', lag=1" in ran.out
    assert "Econometrica 37 (1969)" in ran.out
    told = json.loads(grngc("methods", "--json").out)
    assert told["ridge_var"]["parameters"] == {"alpha": "cv", "lag": 1}


def test_help_names_every_method(grngc: Any) -> None:
    text = " ".join(grngc("discover", "--help").out.split())
    about = text.split(" --method ")[-1].split(" --")[0]
    for name in METHODS:
        assert name in about  # in cli_methods.Method
