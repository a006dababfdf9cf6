"""Files made to harm: what would fill the memory, take for ever, or be read as something else."""

import io
import json
import os
import time
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import safetensors.torch

from grngc import InputError, npz
from grngc.bench.results import Results
from grngc.bench.table import read_table
from grngc.datasets.files import read_panel
from grngc.forecasters import Recipe, build_forecaster, load_forecaster
from grngc.graph import CausalGraph

X = np.random.default_rng(0).normal(size=(40, 3))


def refused(path: Path, says: str, **options: object) -> None:
    start = time.monotonic()
    with pytest.raises(InputError, match=says) as raised:
        read_panel(path, **options)
    assert str(raised.value).startswith(str(path))
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 2000
    assert time.monotonic() - start < 60  # it does not hang, also on a busy machine


def archive(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def npy(values: np.ndarray, head: str | None = None) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values)
    if head is None:
        return buffer.getvalue()
    return b"\x93NUMPY\1\0" + (len(head) + 1).to_bytes(2, "little") + head.encode() + b"\n"


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "data.csv")
    refused(tmp_path / "data.csv", "not a plain file but a pipe")
    with pytest.raises(InputError, match="not a plain file"):
        CausalGraph.load(tmp_path / "data.csv")


def test_a_device_that_never_ends_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data.csv").symlink_to("/dev/zero")
    refused(tmp_path / "data.csv", "not a plain file but a pipe or a device")


@pytest.mark.parametrize("name", ["data.csv", "data.npy", "data.npz", "data.parquet"])
def test_a_file_beyond_the_limit_is_refused_unread(tmp_path: Path, name: str) -> None:
    with (tmp_path / name).open("wb") as file:
        file.truncate(2**31 + 1)  # takes no room on the disk
    refused(tmp_path / name, r"2\.0 GiB; at most .* GiB are read")


@pytest.mark.parametrize("cell", ["1" * 120_000 + "x", "1" * 60_000 + "." + "1" * 60_000 + "e", "9" * 130_000])
def test_a_long_cell_takes_no_time(tmp_path: Path, cell: str) -> None:
    """The time grew with the square of the digits, for the pattern tried every way to part them."""
    (tmp_path / "data.csv").write_text(f"a,b\n1,2\n{cell},3\n")
    refused(tmp_path / "data.csv", "row 3, column 'a'")


def test_a_third_of_a_million_blank_rows_take_no_memory(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("a,b\n1,2\n" + ",\n" * 3 * 10**5 + "3,x\n")
    refused(tmp_path / "data.csv", "could not convert 'x' in row 300003")


@pytest.mark.parametrize(
    ("head", "says"),
    [
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 1099511627776), }", "0 sample"),
        ("{'descr': '<U0', 'fortran_order': False, 'shape': (1000000000, 3), }", "not a NumPy array of numbers"),
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 1" + "0" * 40 + "), }", "not a whole .npz file"),
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (-1, -8), }", "header promises"),
        ("(" * 5000, "not a NumPy array"),
        ("[" + "-" * 9000 + "1]", "not a NumPy array"),
    ],
)
def test_headers_that_promise_the_absurd(tmp_path: Path, head: str, says: str) -> None:
    refused(archive(tmp_path / "data.npz", {"series.npy": npy(X, head)}), says)


def test_an_array_is_there_once_and_compressed_as_numpy_does_it(tmp_path: Path) -> None:
    twice = archive(tmp_path / "data.npz", {"series.npy": npy(X), "serieS.npy": npy(2 * X)})
    twice.write_bytes(twice.read_bytes().replace(b"serieS.npy", b"series.npy"))
    refused(tmp_path / "data.npz", "'series.npy' is there twice")
    refused(archive(tmp_path / "data.npz", {"series.npy": npy(X), "series": npy(X)}), "is there twice")
    refused(archive(tmp_path / "lzma.npz", {"series.npy": npy(X)}, zipfile.ZIP_LZMA), "compressed as NumPy never does")


def test_a_list_of_members_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive(tmp_path / "data.npz", {f"{n:0200}.npy": b"" for n in range(100)})
    monkeypatch.setattr(npz, "MAX_DIRECTORY", 2**14)
    refused(tmp_path / "data.npz", "not a whole .npz file")


def test_members_that_climb_stay_in_memory(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    path = archive(folder / "data.npz", {"../../series.npy": npy(X), "/tmp/names.npy": npy(X), "series.npy": npy(X)})
    np.testing.assert_array_equal(read_panel(path).trajectories[0], X)
    assert [found.name for found in tmp_path.rglob("*.npy")] == []


@pytest.mark.parametrize(
    "names",
    [np.array(["a", "\ud800", "c"]), np.frombuffer(b"\xff\xff\xff\x7f" * 3, "<U1"), np.array([b"a", b"\xff", b"c"])],
)
def test_names_are_text(tmp_path: Path, names: np.ndarray) -> None:
    refused(archive(tmp_path / "data.npz", {"series.npy": npy(X), "names.npy": npy(names)}), "no text in UTF-8")


def test_names_of_bytes_are_read_as_text(tmp_path: Path) -> None:
    path = archive(tmp_path / "data.npz", {"series.npy": npy(X), "names.npy": npy(np.array([b"a", b"b", b"c"]))})
    assert read_panel(path).names == ("a", "b", "c")


def test_parquet_that_says_one_thing_a_million_times(tmp_path: Path) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.table({"a": np.zeros(2**22), "b": np.zeros(2**22)}), tmp_path / "data.parquet")
    refused(tmp_path / "data.parquet", "expands more than 500 times")
    who = pa.DictionaryArray.from_arrays(pa.array(np.zeros(4000, "i4")), pa.array(["x" * 500_000]))  # 2 GB written out
    pq.write_table(pa.table({"who": who, "a": np.random.default_rng(0).normal(size=4000)}), tmp_path / "text.parquet")
    assert read_panel(tmp_path / "text.parquet", trajectory="who").n_times == 4000


@pytest.mark.parametrize("metadata", [b"{", b"[" * 3000, b'{"index_columns": ["a"]}', b'{"index_columns": [{}, 7]}'])
def test_what_pandas_is_made_to_say_is_not_believed(tmp_path: Path, metadata: bytes) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    table = pa.table(dict(zip("abc", X.T, strict=True))).replace_schema_metadata({b"pandas": metadata})
    pq.write_table(table, tmp_path / "data.parquet")
    assert set(read_panel(tmp_path / "data.parquet").names) >= {"b", "c"}


def test_parquet_keeps_numbers_of_every_kind(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1, 2, 4, 1], "b": [True, False] * 2, "c": pd.array([1, None, 3, 1], "Int32")})
    frame["d"] = frame["a"].astype("category")
    frame.to_parquet(tmp_path / "data.parquet")
    values = read_panel(tmp_path / "data.parquet", missing="drop").trajectories[0]
    np.testing.assert_array_equal(values, [[1, 1, 1, 1], [2, 0, np.nan, 2], [4, 1, 3, 4], [1, 0, 1, 1]])


def test_a_graph_that_fills_the_memory_is_refused(tmp_path: Path) -> None:
    bomb = npy(np.zeros((2**22, 6)))
    path = archive(tmp_path / "graph.npz", {"scores.npy": bomb}, zipfile.ZIP_DEFLATED)
    with pytest.raises(InputError, match=r"not a graph written by grngc .*expands more than 500 times"):
        CausalGraph.load(path)


@pytest.mark.parametrize(
    "changed",
    [{"n_series": 10**12}, {"n_lags": 0}, {"options": {"hidden": 10**9}}, {"options": {"hidden": 1000, "depth": 900}},
     {"options": {"hidden": "x"}}, {"options": [1]}, {"forecaster": ["mlp"]}],
)  # fmt: skip
def test_a_forecaster_larger_than_its_file_is_never_built(tmp_path: Path, changed: dict[str, object]) -> None:
    tensors = build_forecaster(Recipe("mlp", 3, 2, {}, True)).state_dict()
    meta = {"forecaster": "mlp", "n_series": 3, "n_lags": 2, "options": {}, "skip": True} | changed
    (tmp_path / "f").write_bytes(safetensors.torch.save(tensors, metadata={"grngc": json.dumps(meta)}))
    start = time.monotonic()
    with pytest.raises(InputError, match=str(tmp_path)):
        load_forecaster(tmp_path / "f")
    assert time.monotonic() - start < 60  # it does not hang, also on a busy machine


@pytest.mark.parametrize(
    "content", [b"\xff", b"[" * 100_000, b'{"key": 1}', b'{"key": "a", "dataset": "b", "status": "ok"}']
)
def test_results_that_are_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "var.jsonl").write_bytes(content)
    with pytest.raises(InputError, match=r"var\.jsonl"):
        Results(tmp_path).read()


@pytest.mark.parametrize("content", [b"\xff", b"a = " + b"[" * 100_000, b"a = 1" + b"0" * 5000])
def test_tables_that_are_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t.toml").write_bytes(content)
    with pytest.raises(InputError, match=r"t\.toml: not a readable TOML table"):
        read_table(tmp_path / "t.toml")
