import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("discover data.csv", "no --out DIR"),
        ("discover --out new", "Missing argument 'FILE'; see 'grngc discover --help'"),
        ("discover data.csv --out new --lga 2", "--lag"),
        ("discover data.csv --out new --lag two", "Invalid value for '--lag'"),
        ("discover data.csv --out new --lag 1.5", "'1.5' is not a whole number, nor auto"),
        (
            "discover data.csv --out new --hidden wide",
            "Invalid value for '--hidden': 'wide' is not a whole number, nor",
        ),
        (
            "discover data.csv --out new --penalty much",
            "penalty must be a number of at least 0, 'auto', or a rule (rate, cv,",
        ),
        ("discover data.csv --out new --penalty-batch 0", "penalty_batch must be a whole number of at least 1"),
        ("discover data.csv --out new --lag", "requires an argument"),
        ("discover data.csv --out new --lag 0", "lag"),
        ("discover data.csv --out new --lag 200", "lag"),
        ("discover data.csv --out new --steps -3", "steps must be a whole number of at least 1"),
        ("discover data.csv --out new --seed -1", "random_state"),
        ("discover data.csv --out new --penalty nan", "penalty"),
        ("discover data.csv --out new --forecaster cnn", "forecaster 'cnn' is not known; choose one of kan"),
        ("discover data.csv --out new --configuration x", "configuration 'x' is not known"),
        ("discover data.csv --out new --device tpu7", "device 'tpu7' cannot be used here"),
        ("discover data.csv --out new --device mps", "device 'mps' is not supported; choose cpu, cuda"),
        ("discover data.csv --out new --tf32", "tf32 rounds on a GPU only, and this fit runs on cpu: leave it out"),
        ("discover data.csv --out new --threads 0", "threads must be"),
        ("discover data.csv --out new --top -1", "--top must be at least 0; got -1"),
        ("discover data.csv --out new --missing guess", "--missing"),
        ("discover data.csv --out new --columns rian", "did you mean 'rain'?"),
        ("discover data.csv --out new --columns ,", "--columns"),
        ("discover data.csv --out new --exogenous rian", "did you mean 'rain'?"),
        ("discover data.csv --out new --trajectory no", "no column 'no'"),
        ("discover data.csv --out new --time no", "no column 'no'"),
        ("discover data.csv --out new --transform sqrt", "sqrt"),
        ("discover data.csv --out new --transform rain=log", "data.csv"),
        ("discover data.csv --out new --transform log --transform rain=growth", "--transform: give it once"),
        ("discover none.csv --out new", "none.csv: cannot be read (No such file or directory)"),
        ("discover . --out new", "cannot be read"),
        ("discover data.csv --out data.csv", "data.csv: is a file, expected a folder"),
        ("discover data.csv --out data.csv/x", "is a file, expected a folder"),
        ("discover data.csv more.csv --out new", "more.csv: cannot be read (No such file or directory)"),
        ("discver data.csv", "No such command 'discver'"),
        ("--nonsense", "No such option: --nonsense"),
        ("score", "Missing argument 'GRAPH'"),
        ("score data.csv truth.csv", "data.csv: not a graph written by grngc"),
        ("score . truth.csv", "graph.npz: cannot be read"),
        ("simulate", "Missing command"),
        ("simulate rain", "No such command 'rain'"),
        ("simulate var", "Missing option '--out'"),
        ("simulate var --out new --density 2", "density"),
        ("simulate lorenz96 --out new --series 2", "at least 4 series"),
        ("simulate lorenz96 --out new --seed -1", "--seed must be from 0 to 4294967295; got -1"),
        ("simulate var --out data.csv", "data.csv: is a file, expected a folder"),
        ("demo --out data.csv", "data.csv is a file, expected a folder"),
    ],
)
def test_every_mistake_is_one_line_and_writes_nothing(grngc: Any, data_csv: Path, arguments: str, says: str) -> None:
    ran = grngc(*arguments.split())
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("grngc: error: ")
    assert ran.err.count("\n") == 1
    assert says in ran.err
    assert [path.name for path in Path().iterdir()] == ["data.csv"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("a,b\n1,2\n3,x\n5,6\n", "'x'"),
        ("a,b\n1,2\n3,\n5,6\n", "--missing drop"),
        ("a,b\n1,2\n3,inf\n5,6\n", "infinity"),
        ("a,a\n1,2\n3,4\n5,6\n", "duplicate name 'a'"),
        ("a,b\n1,2\n", "at least 2 points"),
        ("", "empty"),
    ],
)
def test_faults_of_the_data_name_the_file(grngc: Any, content: str, says: str) -> None:
    Path("bad.csv").write_text(content)
    ran = grngc("discover", "bad.csv", "--out", "new", "-q")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("grngc: error: bad.csv: ")
    assert ran.err.count("\n") == 1
    assert says in ran.err
    assert not Path("new").exists()


def test_oddities_of_the_data_are_one_warning_line(grngc: Any) -> None:
    names = [f"s{n}" for n in range(9)]
    rows = np.random.default_rng(0).normal(size=(8, 9)).tolist()
    Path("wide.csv").write_text("\n".join(",".join(map(str, row)) for row in [names, *rows]) + "\n")
    ran = grngc("discover", "wide.csv", "--json", "--steps", 2)
    warning = ran.err.splitlines()[0]
    assert warning.startswith("grngc: warning: wide.csv: 9 series but only 8 points in time")
    assert json.loads(ran.out)["warnings"] == [warning.removeprefix("grngc: warning: ")]
