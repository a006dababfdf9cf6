"""Files into a panel, and truths: what is read, and what each fault says. Row 1 is the header, as in a spreadsheet."""

import io
import sys
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grngc import npz
from grngc.datasets.files import read_panel, read_truth
from grngc.errors import InputError, InputWarning

X = np.array([[1.0, 10.5], [-2.0, 20.0], [3e5, 15.0], [4.0, 0.125]])
ROWS = "1,10.5\n-2,20\n3e5,15\n+4.0,.125\n"
CSV = "a,b\n" + ROWS


def write(folder: Path, content: str | bytes | np.ndarray | dict, name: str = "data.csv") -> Path:
    path = folder / name
    if isinstance(content, np.ndarray):
        np.save(path, content)
    elif isinstance(content, dict):
        np.savez(path, **content)
    else:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def says(error: BaseException, *parts: str) -> None:
    assert all(part in str(error) for part in parts), str(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("data.csv", CSV),
        ("data.CSV", CSV.replace("\n", "\r\n")),
        ("data.csv", CSV.replace("\n", "\r")),
        ("data.csv", "\ufeff" + CSV),
        ("data.csv", CSV + "\n\n,\n"),
        ("data.csv", "\n" + CSV.rstrip()),
        ("data.csv", CSV.replace(",", ";")),
        ("data.csv", CSV.replace(",", " , ")),
        ("data.csv", '"a","b"\n"1","10.5"\n' + ROWS.partition("\n")[2]),
        ("data.tsv", CSV.replace(",", "\t")),
        ("data.txt", CSV.replace(",", "\t")),
        ("data.csv", ",a,b\n" + "".join(f"{n},{row}\n" for n, row in enumerate(ROWS.split()))),
        ("data.csv", "a,b,\n" + ROWS.replace("\n", ",\n")),
        ("data.npz", {"series": X, "names": np.array(["a", "b"])}),
        (
            "data.npz",
            {"series": X.astype("f4"), "names": np.array(["a", "b"]), "time": np.arange(4), "graph": np.eye(2)},
        ),
    ],
)
def test_the_same_numbers_from_every_kind_of_file(tmp_path: Path, name: str, content: object) -> None:
    path = write(tmp_path, content, name)
    panel = read_panel(path)
    assert panel.names == ("a", "b")
    assert panel.origin == str(path)
    np.testing.assert_array_equal(panel.trajectories[0], X)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_trajectory_and_time_columns(tmp_path: Path, suffix: str) -> None:
    frame = pd.DataFrame(X, columns=["a", "b"]).assign(who=["u", "v"] * 2, day=["2020-01-01"] * 2 + ["2020-01-02"] * 2)
    path = tmp_path / f"data.{suffix}"
    frame.to_csv(path, index=False) if suffix == "csv" else frame.to_parquet(path, index=False)
    panel = read_panel(path, trajectory="who", time="day", exogenous=["b"], transform={"b": "log"})
    assert panel.names == ("a", "b")
    assert panel.labels == ("u", "v")
    assert panel.exogenous == ("b",)
    assert panel.transform_steps == {"b": ["log"]}
    np.testing.assert_allclose(panel.trajectories[1], np.column_stack([X[1::2, 0], np.log(X[1::2, 1])]))


def test_arrays_take_names(tmp_path: Path) -> None:
    path = write(tmp_path, np.stack([X, 2 * X]), "data.npy")
    assert read_panel(path).names == ("x1", "x2")
    panel = read_panel(path, names=["a", "b"], series="b")
    assert panel.names == ("b",)
    np.testing.assert_array_equal(panel.trajectories[1], 2 * X[:, 1:])
    assert read_panel(write(tmp_path, {"series": X}, "data.npz"), names=["p", "q"]).names == ("p", "q")


def test_one_column_needs_no_separator(tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    path.write_text("rain fall\n1.5\n2.5\n1.0\n")
    panel = read_panel(path)
    assert panel.names == ("rain fall",)
    assert panel.trajectories[0].ravel().tolist() == [1.5, 2.5, 1.0]


def test_a_file_without_a_header_warns_or_takes_names(tmp_path: Path) -> None:
    path = write(tmp_path, ROWS)
    with pytest.warns(InputWarning, match=r"data.csv: no header.*x1 to x2"):
        panel = read_panel(path)
    assert panel.names == ("x1", "x2")
    np.testing.assert_array_equal(panel.trajectories[0], X)
    assert read_panel(path, names=["a", "b"]).names == ("a", "b")
    with pytest.raises(InputError, match="1 names for 2 columns"):
        read_panel(path, names=["a"])
    assert read_panel(write(tmp_path, "0,1\n" + ROWS)).names == ("0", "1")  # as pandas numbers its columns


def test_missing_cells(tmp_path: Path) -> None:
    tokens = ["", "NA", "N/A", "#N/A", "NaN", "nan", "null", "NULL", "None", "?", "-", "."]
    path = write(tmp_path, "a,b\n1,2\n" + "".join(f"{token},{n}\n" for n, token in enumerate(tokens)) + ",\n3,4\n")
    values = read_panel(path, missing="drop").trajectories[0]
    assert np.flatnonzero(np.isnan(values[:, 0])).tolist() == list(range(1, len(tokens) + 2))
    assert np.isnan(values[:, 1]).sum() == 1  # the row of two empty cells
    with pytest.raises(InputError) as error:
        read_panel(path)
    says(error.value, "data.csv", "14 missing (a: 13, b: 1)", "row 3, column 'a'", "--missing drop")


def test_columns_left_out_are_noted(tmp_path: Path) -> None:
    panel = read_panel(write(tmp_path, ",a,\n1,5,\n2,6,\n"))
    assert panel.names == ("a",)
    assert panel.notes == (
        "left out column 1: no name, and it only numbers the rows",
        "left out column 3: no name and no values",
    )


@given(values=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=4, max_size=12, unique=True))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@pytest.mark.filterwarnings("ignore:.*as far from the middle of its series:grngc.errors.InputWarning")
def test_written_numbers_come_back_to_the_last_bit(tmp_path: Path, values: list[float]) -> None:
    data = np.array([values, values[::-1]]).T
    path = write(tmp_path, "a,b\n" + "".join(f"{x!r},{y!r}\n" for x, y in data.tolist()))
    try:
        panel = read_panel(path, series=["a", "b"])
    except InputError as error:  # numbers so close that only rounding tells them apart, or too far apart
        says(error, "constant series")
        return
    np.testing.assert_array_equal(panel.trajectories[0], data)


@pytest.mark.parametrize(
    ("content", "options", "parts"),
    [
        ("", {}, ["the file is empty"]),
        ("\ufeff\n\n", {}, ["the file is empty"]),
        ("a,b\n", {}, ["no rows below the header", "'a', 'b'"]),
        (CSV + "5,x6\n", {}, ["could not convert 'x6' in row 6, column 'b'", "--missing drop"]),
        (CSV + "5,1_000\n", {}, ["could not convert '1_000' in row 6"]),
        (CSV + "5,٣\n", {}, ["could not convert '٣' in row 6"]),
        ("when,a\nmon,1\ntue,2\n", {}, ["column 'when' holds text ('mon' in row 2)", "--time", "--columns"]),
        (CSV + "5,inf\n", {}, ["infinity", "row 6, column 'b'"]),
        (CSV + "1e999,1\n", {}, ["infinity (or a number beyond float64) in row 6, column 'a'"]),
        (CSV + "5\n", {}, ["row 6 has 1 cells where the first row has 2", "separators"]),
        (CSV + "5,6,7\n", {}, ["row 6 has 3 cells where the first row has 2"]),
        ("a,b\n1,5,2,5\n3,5,4,1\n", {}, ["row 2 has 4 cells", "decimal commas", "decimal points"]),
        ("a;b\n1;2\n1,5;3\n", {}, ["'1,5' in row 3, column 'a'", "decimal comma", "decimal=','"]),
        ("a\tb\n1,5\t2\n", {}, ["'1,5' in row 2", "decimal comma"]),
        (CSV + '"5,6\n7,8\n', {}, ["row 6 cannot be cut into cells", "quotes"]),
        (CSV + "\n5,6\n", {}, ["row 6 is blank, and rows follow", "--trajectory"]),
        ("a,b,a\n1,2,3\n4,5,6\n", {}, ["duplicate name 'a' in columns 1, 3"]),
        (",a\n2020-01-01,1\n2020-01-02,2\n", {}, ["column 1 has no name", "--time"]),
        ("a,\n1,2\n2,3\n", {}, ["column 2 has no name"]),
        ("1.0 2.0\n3.0 4.0\n", {}, ["separated by spaces", "commas or tabs"]),
        ("a b\n3.0 4.0\n", {}, ["separated by spaces"]),
        (CSV.encode("utf-16"), {}, ["UTF-16", "UTF-8"]),
        (CSV.encode("utf-16-le"), {}, ["zero bytes"]),
        ("a,b\n1,2\n3,4\nÄ,5\n".encode("latin-1"), {}, ["row 4, column 'a' holds the byte 0xc4", "not UTF-8", "iconv"]),
        (CSV, {"names": ["p", "q"]}, ["names= is for files without a header", "'a', 'b'"]),
        (CSV, {"series": ["a", "d"]}, ["no column 'd' for series= (--columns)"]),
        (CSV, {"exogenous": ["ab"]}, ["no column 'ab' for exogenous=", "did you mean 'b'?"]),
        ("t,a\n0,1\n1,2\n1,5\n", {"time": "t"}, ["time does not increase", "'t' is 1 in row 4 after 1"]),
        ("t,a\n0,1\n,2\n", {"time": "t"}, ["time column 't' has no time in row 3"]),
        ("t,a\n2020-01-01,1\n01/02/2020,2\n", {"time": "t"}, ["holds '01/02/2020' in row 3", "ISO date"]),
        ("t,a\n2020-01-01,1\n2020-13-02,2\n", {"time": "t"}, ["holds '2020-13-02' in row 3"]),
        ("w,a\nu,1\n,2\n", {"trajectory": "w"}, ["trajectory column 'w' is empty in row 3"]),
        ("a,b\n1,2\n1,3\n", {}, ["constant series: 'a'", "--drop-constant"]),
        ("a,b\n1,2\n0,3\n", {"transform": "log"}, ["log needs values above zero", "'a' is 0 at row 3", "--transform"]),
        ("a,b\n1,2\n2,0\n0,1\n1,4\n", {"transform": ["difference", "growth"]}, ["'a' is -2 at row 4", "growth"]),
    ],
)
def test_faults_of_text_name_file_column_and_row(tmp_path: Path, content, options: dict, parts: list[str]) -> None:
    path = write(tmp_path, content)
    with pytest.raises(InputError) as error:
        read_panel(path, **options)
    assert str(error.value).startswith(f"{path}: ")
    says(error.value, *parts)


def test_unequal_steps_name_the_row(tmp_path: Path) -> None:
    with pytest.warns(InputWarning, match=r"data.csv: unequal time steps: column 't' steps by 3 before row 5"):
        read_panel(write(tmp_path, "t,a\n0,1\n1,2\n2,5\n5,6\n6,7\n"), time="t")


def npy_bytes(values: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=True)
    return buffer.getvalue()


def npz_bytes(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return buffer.getvalue()


PICKLED = npy_bytes(np.array([{}], dtype=object))
LYING = npy_bytes(X).replace(b"(4, 2)", b"(9, 9)")


@pytest.mark.parametrize(
    ("name", "content", "options", "parts"),
    [
        ("data.npy", PICKLED, {}, ["pickled Python objects, which are never read"]),
        ("data.npz", npz_bytes(series=PICKLED), {}, ["data.npz, series.npy: holds pickled"]),
        ("data.npy", LYING, {}, ["64 bytes where its header promises 648", "cut"]),
        ("data.npy", npy_bytes(X)[:-8], {}, ["56 bytes where its header promises 64"]),
        ("data.npz", npz_bytes(series=LYING), {}, ["64 bytes where its header promises 648"]),
        ("data.npy", b"a,b\n1,2\n", {}, ["not a NumPy array"]),
        ("data.npz", b"a,b\n1,2\n", {}, ["not a whole .npz file"]),
        ("data.npz", npz_bytes(series=npy_bytes(X))[:-40], {}, ["not a whole .npz file"]),
        ("data.npz", {"data": X, "other": X}, {}, ["no key 'series'", "got 'data', 'other'"]),
        ("data.npz", {"series": X[:, 0]}, {}, ["Reshape your data"]),
        ("data.npz", {"series": X, "names": np.array(["a"])}, {}, ["1 names for 2 series"]),
        ("data.npz", {"series": X, "names": np.array(["a", "a"])}, {}, ["duplicate name 'a'"]),
        ("data.npz", {"series": X, "time": np.array([0, 1, 1, 2])}, {}, ["time does not increase", "time index 2"]),
        ("data.npz", {"series": X, "h": np.arange(3)}, {"time": "h"}, ["'h' has shape (3,)", "each of 4 points"]),
        ("data.npz", {"series": X}, {"time": "h"}, ["no key 'h' for time= (--time)"]),
        ("data.npz", {"series": X}, {"trajectory": "h"}, ["trajectory= (--trajectory) is for tables"]),
        ("data.npy", X, {"time": "h"}, ["an .npy file holds no time"]),
        ("data.npy", X + np.inf, {}, ["infinity", "time index 0"]),
        ("data.parquet", b"PAR1", {}, ["not a Parquet file"]),
        ("data.xlsx", b"PK", {}, ["cannot tell the format from '.xlsx'", "save the table as CSV"]),
        ("data", b"", {}, ["a name without a suffix"]),
    ],
)
def test_faults_of_binary_files(tmp_path: Path, name: str, content, options: dict, parts: list[str]) -> None:
    with pytest.raises(InputError) as error:
        read_panel(write(tmp_path, content, name), **options)
    says(error.value, str(tmp_path / name), *parts)


def test_archives_that_would_fill_the_memory_are_refused_unread(tmp_path: Path, monkeypatch) -> None:
    bomb = write(tmp_path, npz_bytes(series=npy_bytes(np.zeros((2**20, 3)))), "bomb.npz")
    with pytest.raises(InputError, match=r"'series.npy' expands more than 500 times"):
        read_panel(bomb)
    monkeypatch.setattr(npz, "MAX_UNPACKED", 2**20)
    with pytest.raises(InputError, match="GiB"):
        read_panel(bomb)


def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none.csv: cannot be read \(No such file or directory\)"):
        read_panel(tmp_path / "none.csv")
    with pytest.raises(InputError, match="Is a directory"):
        read_panel(tmp_path)


def test_parquet_keeps_a_date_index_as_time_and_says_what_to_install(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "data.parquet"
    pd.DataFrame(X, columns=["a", "b"], index=pd.date_range("2020", periods=4)[::-1]).to_parquet(path)
    with pytest.raises(InputError, match=r"data.parquet: time does not increase"):
        read_panel(path)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match=r'pip install "grngc\[parquet\]"'):
        read_panel(path)


@pytest.mark.parametrize("name", ["data.csv", "data.npy", "data.npz", "data.parquet", "truth.csv", "truth.npz"])
def test_a_damaged_file_is_an_input_error_or_numbers(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "data.parquet":
        pd.DataFrame(X, columns=["a", "b"]).to_parquet(path)
    else:
        contents = {"data.csv": CSV, "data.npy": X, "data.npz": {"series": X, "names": np.array(["a", "b"])}}
        contents |= {
            "truth.csv": "x,a,b\na,0,1\nb,1,0\n",
            "truth.npz": {"graph": np.eye(2), "names": np.array(["a", "b"])},
        }
        write(tmp_path, contents[name], name)
    whole = path.read_bytes()
    random = np.random.default_rng(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(150):
            damaged = bytearray(whole[: random.integers(1, len(whole) + 1)] if random.random() < 0.3 else whole)
            for at in random.integers(0, len(damaged), size=random.integers(0, 4)):
                damaged[at] = random.integers(256)
            path.write_bytes(damaged)
            try:
                if name.startswith("truth"):
                    read_truth(path)
                else:
                    assert all(np.isfinite(values).all() for values in read_panel(path).trajectories)
            except InputError as error:
                assert name in str(error)  # noqa: PT017 - no error is fine too


TRUTH = np.array([[False, True, False], [False, False, False], [True, True, False]])  # [target, source]


@pytest.mark.parametrize(
    ("name", "content", "names"),
    [
        ("truth.npz", {"graph": TRUTH.astype(np.int8), "names": np.array(["a", "b", "c"])}, None),
        ("truth.npz", {"graph": TRUTH}, ["a", "b", "c"]),
        ("truth.csv", "target,a,b,c\na,0,1,0\nb,0,0,0\nc,1,1,0\n", None),
        ("truth.tsv", "\ta\tb\tc\na\t0\t1\t0\nb\t0\t0\t0\nc\t1.0\t1\t0\n", None),
        ("truth.csv", "Source,Target\nb,a\na,c\nb,c\n", ["a", "b", "c"]),
        ("truth.csv", "target,source,why\na,b,x\nc,a,y\nc,b,z\n", ["a", "b", "c"]),
    ],
)
def test_truths_are_target_by_source(tmp_path: Path, name: str, content, names: list[str] | None) -> None:
    truth, found = read_truth(write(tmp_path, content, name), names)
    assert found == ("a", "b", "c")
    np.testing.assert_array_equal(truth, TRUTH)


def test_a_truth_follows_the_names_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path, {"graph": TRUTH, "names": np.array(["a", "b", "c"])}, "truth.npz")
    truth, names = read_truth(path, names=("c", "b"))
    assert names == ("c", "b")
    np.testing.assert_array_equal(truth, [[False, True], [False, False]])


@pytest.mark.parametrize(
    ("name", "content", "names", "parts"),
    [
        ("truth.npz", {"series": X}, None, ["no key 'graph' (target, source)", "got 'series'"]),
        ("truth.npz", {"graph": X}, None, ["must be a square (target, source) array", "(4, 2)"]),
        ("truth.npz", {"graph": np.full((2, 2), 0.5)}, None, ["0 and 1 only", "0.5"]),
        ("truth.npz", {"graph": TRUTH, "names": np.array(["a", "b"])}, None, ["2 names for a graph of 3 series"]),
        (
            "truth.npz",
            {"graph": TRUTH, "names": np.array(["a", "b", "c"])},
            ["a", "d"],
            ["no column 'd' for the truth"],
        ),
        ("truth.csv", "source,target\nb,a\n", None, ["does not say which series there are", "names="]),
        ("truth.csv", "source,target\nb,a\nd,a\n", ["a", "b"], ["no column 'd' for row 3"]),
        ("truth.csv", "source,target,lag,score,sign\nb,a,1,0.3,+\n", ["a", "b"], ["holds scores"]),
        ("truth.csv", "0,1\n1,0\n", None, ["expected names", "row = target, column = source"]),
        ("truth.csv", "x,a,b\nb,0,1\na,0,0\n", None, ["row 2 is named 'b'", "row = target, column = source"]),
        ("truth.csv", "x,a,b\na,0,1\n", None, ["1 rows for 2 columns"]),
        ("truth.csv", "x,a,b\na,0,1\nb,0.7,0\n", None, ["'0.7' in row 3, column 'a'", "0 and 1 only"]),
        ("truth.csv", "x,a,a\na,0,1\na,1,0\n", None, ["duplicate name 'a'"]),
        ("truth.json", "{}", None, ["expected a truth in .npz, .csv", "'.json'"]),
    ],
)
def test_faults_of_truths(tmp_path: Path, name: str, content, names: list[str] | None, parts: list[str]) -> None:
    with pytest.raises(InputError) as error:
        read_truth(write(tmp_path, content, name), names)
    says(error.value, str(tmp_path / name), *parts)
