"""Arrays and frames into a panel: what is accepted, what is kept, and what each fault says."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays as array_strategy

from grngc.errors import InputError, InputWarning
from grngc.panel import Panel, as_panel

X = np.random.default_rng(0).normal(size=(12, 3))
FRAME = pd.DataFrame(X, columns=["a", "b", "c"])
LONG = FRAME.assign(who=["u", "v"] * 6, when=np.repeat(np.arange(6), 2))


def changed(time: int, series: int, value: object, dtype: type = float) -> np.ndarray:
    values = X.astype(dtype)
    values[time, series] = value
    return values


def says(error: BaseException, *parts: str) -> None:
    assert all(part in str(error) for part in parts), str(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("data", "lengths"),
    [
        (X, [12]),
        (X.tolist(), [12]),
        (X.astype(object), [12]),
        ([X, X[:5]], [12, 5]),
        ((X[:4], X[4:8], X[8:]), [4, 4, 4]),
        ([X.tolist(), X[:5].tolist()], [12, 5]),
        (X.reshape(3, 4, 3), [4, 4, 4]),
        (np.ma.MaskedArray(X), [12]),
        (X[:, :1], [12]),
    ],
)
def test_arrays_and_lists(data: object, lengths: list[int]) -> None:
    panel = as_panel(data)
    assert [len(values) for values in panel.trajectories] == lengths
    assert panel.n_times == sum(lengths)
    assert panel.names == ("x1", "x2", "x3")[: panel.n_series]
    assert panel.labels == ("1", "2", "3")[: panel.n_trajectories]
    np.testing.assert_array_equal(panel.trajectories[0], X[: lengths[0], : panel.n_series])


def test_the_panel_is_a_read_only_copy() -> None:
    values = X.copy()
    panel = as_panel(values)
    values[0, 0] = 99
    assert panel.trajectories[0][0, 0] == X[0, 0]
    with pytest.raises(ValueError, match="read-only"):
        panel.trajectories[0][0, 0] = 1


@pytest.mark.parametrize("library", [pd.DataFrame, pl.from_pandas], ids=["pandas", "polars"])
def test_frames_split_by_trajectory_keep_names_and_order(library) -> None:
    panel = as_panel(library(LONG), trajectory="who", time="when")
    assert panel.names == ("a", "b", "c")
    assert panel.labels == ("u", "v")
    np.testing.assert_array_equal(panel.trajectories[1], X[1::2])
    chosen = as_panel(library(LONG), series=["c", "a"])
    assert chosen.names == ("c", "a")
    np.testing.assert_array_equal(chosen.trajectories[0], X[:, [2, 0]])


def test_a_list_of_frames_is_a_list_of_trajectories() -> None:
    panel = as_panel([FRAME, FRAME[["c", "b", "a"]][:6]])
    np.testing.assert_array_equal(panel.trajectories[1], X[:6])
    with pytest.raises(InputError, match="frame 2 has the series 'a', 'b' and frame 1 has 'a', 'b', 'c'"):
        as_panel([FRAME, FRAME[["a", "b"]]])
    with pytest.raises(InputError, match="each is a trajectory"):
        as_panel([LONG, LONG], trajectory="who")


def test_numeric_trajectory_labels_stay_whole_numbers() -> None:
    assert as_panel(FRAME.assign(id=[7.0] * 6 + [3.0] * 6), trajectory="id").labels == ("7", "3")


def test_missing_values_of_every_kind_are_nan() -> None:
    frame = pd.DataFrame({"a": pd.array([1, None, 3], dtype="Int64"), "b": [True, False, None], "c": [1, 2, None]})
    panel = as_panel(frame, missing="drop")
    np.testing.assert_array_equal(panel.trajectories[0], [[1, 1, 1], [np.nan, 0, 2], [3, np.nan, np.nan]])
    masked = as_panel(np.ma.MaskedArray(X, mask=X > 1), missing="drop")
    np.testing.assert_array_equal(np.isnan(masked.trajectories[0]), X > 1)
    assert masked.missing == "drop"


def test_names_and_series_of_arrays() -> None:
    panel = as_panel([X, X], names=["p", "q", "r"], series="q", exogenous=())
    assert panel.names == ("q",)
    np.testing.assert_array_equal(panel.trajectories[1], X[:, [1]])


def test_exogenous_series_are_no_targets() -> None:
    panel = as_panel(FRAME, exogenous="b")
    assert panel.exogenous == ("b",)
    assert panel.targets.tolist() == [True, False, True]


def test_constant_series_can_be_left_out() -> None:
    data = np.column_stack([X[:, 0], np.full(12, 0.1), X[:, 1], 0.1 * np.arange(12)])
    panel = as_panel(
        data, drop_constant=True, exogenous=["x2", "x3"], transform={"x2": "log", "x4": "difference"}
    )  # fmt: skip
    assert panel.names == ("x1", "x3")
    assert panel.exogenous == ("x3",)
    assert panel.notes == ("left out constant series: 'x2'", "left out constant series after difference: 'x4'")
    assert panel.transform_steps == {}
    assert len(panel.trajectories[0]) == 11


def test_a_series_constant_in_each_trajectory_still_varies_over_the_panel() -> None:
    doses = [np.column_stack([X[:, 0], np.full(12, dose)]) for dose in (1.0, 2.0)]
    assert as_panel(doses).n_series == 2


@pytest.mark.parametrize(
    ("data", "options", "parts"),
    [
        (X[:, 0], {}, ["Reshape your data", "shape (12,)"]),
        (pd.Series(X[:, 0]), {}, ["Reshape your data"]),
        (None, {}, ["NoneType"]),
        (X[:1], {}, ["1 sample(s)", "at least 2 points"]),
        (np.empty((0, 3)), {}, ["0 sample(s)"]),
        (np.empty((12, 0)), {}, ["0 feature(s) (shape=(12, 0)) while a minimum of 1 is required."]),
        (np.empty((0, 4, 3)), {}, ["no trajectory"]),
        ([X, X[:1]], {}, ["trajectory '2' has 1 sample(s)"]),
        ([X, X[:, :2]], {}, ["trajectory 2 has 2 series and trajectory 1 has 3"]),
        ([[1.0, 2.0], [3.0]], {}, ["uneven nested lists"]),
        (X + 1j, {}, ["Complex data not supported"]),
        (changed(0, 0, 1j, object), {}, ["Complex data not supported"]),
        (scipy.sparse.csr_array(X), {}, ["sparse", "toarray"]),
        (X.astype("datetime64[s]"), {}, ["expected an array of numbers", "datetime64"]),
        (changed(4, 1, "foo", object), {}, ["could not convert", "'foo'"]),
        ("data.csv", {}, ["grngc.read_panel('data.csv')"]),
        (changed(4, 1, np.inf), {}, ["infinity", "time index 4, column 'x2'", "--missing drop"]),
        (changed(4, 1, np.nan), {}, ["NaN", "1 missing (x2: 1)", "time index 4", 'missing="drop" (--missing drop)']),
        ([X, changed(5, 0, np.nan)], {}, ["(x1: 1)", "time index 5 of trajectory '2'"]),
        (X * [1, np.nan, 1], {"missing": "drop"}, ["no number at all", "'x2'", "--columns"]),
        (X, {"missing": "zero"}, ['"refuse" or "drop"', "'zero'"]),
        (X * [1, 0, 1], {}, ["constant series: 'x2'", "drop_constant=True (--drop-constant)"]),
        (X * 0, {"drop_constant": True}, ["every series is constant", "'x1', 'x2', 'x3'"]),
        (0.1 * np.arange(12.0)[:, None], {"transform": "difference"}, ["constant series after difference: 'x1'"]),
        (X, {"names": ["a", "b"]}, ["2 names for 3 series"]),
        (X, {"names": ["a", "b", "a"]}, ["duplicate name 'a' in columns 1, 3"]),
        (X, {"names": ["a", 2, "c"]}, ["names= takes names as text"]),
        (X, {"names": ["a", "", "c"]}, ["column 2 has no name"]),
        (X, {"series": ["x1", "x9"]}, ["no column 'x9' for series= (--columns)", "there are 'x1', 'x2'"]),
        (X, {"series": ["x1", "x1"]}, ["each once"]),
        (X, {"time": "x1"}, ["an array has none", "list of (time, series) arrays"]),
        (X, {"exogenous": ["y"]}, ["no column 'y' for exogenous= (--exogenous)", "'x1', 'x2', 'x3'"]),
        (X, {"exogenous": ["x1", "x1"]}, ["names a series twice"]),
        (X, {"exogenous": ["x1", "x2", "x3"]}, ["at least one must remain as a target"]),
        (FRAME[["a", "b", "a"]], {}, ["duplicate name 'a' in columns 1, 3"]),
        (FRAME, {"names": ["x", "y", "z"]}, ["a table brings its own names"]),
        (pl.LazyFrame({"a": [1.0]}), {}, ["lazy", "collect()"]),
        (LONG, {}, ["column 'who' holds text ('u' in row 0)", "--time", "--trajectory", "--columns"]),
        (FRAME.assign(d=pd.date_range("2020", periods=12)), {}, ["column 'd' holds text ('2020-01-01", "--time"]),
        (FRAME.astype(object).replace({X[3, 1]: "oops"}), {}, ["could not convert 'oops' in row 3, column 'b'"]),
        (FRAME.assign(z=1j), {}, ["Complex data not supported: column 'z'"]),
        (LONG, {"trajectory": "wo"}, ["no column 'wo' for trajectory=", "did you mean 'who'?"]),
        (LONG, {"trajectory": np.arange(12)}, ["takes the name of a column", "ndarray"]),
        (LONG, {"trajectory": "who", "time": "who"}, ["cannot be both trajectory and time"]),
        (LONG, {"trajectory": "who", "series": ["a", "who"]}, ["'who' is the trajectory or the time"]),
        (LONG[["who", "when"]], {"trajectory": "who", "time": "when"}, ["no column is left"]),
        (LONG.assign(who=["u", None] * 6), {"trajectory": "who"}, ["trajectory column 'who' is empty in row 1"]),
        (LONG, {"time": "when", "series": "a"}, ["time does not increase", "'when' is 0 in row 1", "--trajectory"]),
        (
            LONG.assign(when=LONG["when"].replace(4, 3)),
            {"time": "when", "trajectory": "who"},
            ["within trajectory 'u'", "'when' is 3 in row 8 after 3", "sort"],
        ),
        (LONG, {"time": "who", "series": "a"}, ["time column 'who' holds 'u' in row 0", "ISO date", "2020Q1"]),
        (FRAME.assign(t=[1.0, None] * 6), {"time": "t"}, ["time column 't' has no time in row 1"]),
        (FRAME.set_index(pd.date_range("2020", periods=12)[::-1]), {}, ["time does not increase", "'index'"]),
    ],
)
def test_faults_say_what_where_and_what_to_do(data: object, options: dict, parts: list[str]) -> None:
    with pytest.raises(InputError) as error:
        as_panel(data, **options)
    says(error.value, *parts)


def test_an_entry_that_is_no_number_at_all_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="argument must be a string or a number"):
        as_panel(changed(0, 0, {"foo": "bar"}, object))


@pytest.mark.parametrize(
    "times",
    [
        np.arange(12) * 0.1,
        [f"{n / 3:.2f}" for n in range(12)],
        pd.date_range("2020-01-31", periods=12, freq="ME"),
        pd.date_range("2020-01-30", periods=12, freq="ME").strftime("%Y-%m"),
        pd.date_range("2019-01-01", periods=12, freq="QS", tz="Europe/Berlin"),
        pd.period_range("1959Q1", periods=12, freq="Q"),
        [f"{1959 + n // 4}-Q{n % 4 + 1}" for n in range(12)],
        pd.date_range("1990-06-30", periods=12, freq="YE").strftime("%Y-%m-%d"),
        pd.date_range("2020-01-01", periods=12, freq="36h").strftime("%Y-%m-%dT%H:%M"),
        np.arange("2995", "3007", dtype="datetime64[Y]").astype("datetime64[s]"),  # nanoseconds end in 2262
    ],
)
@pytest.mark.parametrize("library", [pd.DataFrame, pl.from_pandas], ids=["pandas", "polars"])
def test_equal_steps_by_number_or_calendar_pass_without_a_warning(times: object, library) -> None:
    frame = FRAME.assign(when=times)
    if library is not pd.DataFrame:
        frame["when"] = frame["when"].astype(str)
    assert as_panel(library(frame), time="when").n_series == 3
    stamps = frame["when"]
    if isinstance(stamps.dtype, pd.DatetimeTZDtype | pd.PeriodDtype):
        assert as_panel(FRAME.set_index(stamps)).n_series == 3


@pytest.mark.parametrize(
    ("times", "parts"),
    [
        ([0, 1, 2, 5, *range(6, 14)], ["'when' steps by 3 before row 3", "usually by 1 ", "9% of the steps"]),
        (
            pd.date_range("2020-01-01", periods=13, freq="MS").delete(6),
            ["by 2 months before row 6", "usually by 1 months", "9% of"],
        ),
    ],
)
def test_unequal_steps_warn(times: object, parts: list[str]) -> None:
    with pytest.warns(InputWarning) as caught:
        as_panel(FRAME.assign(when=times), time="when")
    says(caught[0].message, "unequal time steps", "resample", *parts)


def test_a_step_that_differs_between_trajectories_warns() -> None:
    times = np.r_[np.arange(8), [0, 5, 10, 15]]
    with pytest.warns(InputWarning, match="steps by 5 before row 9"):
        as_panel(FRAME.assign(when=times, who=["u"] * 8 + ["v"] * 4), time="when", trajectory="who")


def test_a_table_that_looks_transposed_warns() -> None:
    with pytest.warns(InputWarning, match="3 series but only 2 points in time: is the table transposed"):
        as_panel(X[:2])


def test_a_forgotten_time_column_warns_unless_it_was_chosen() -> None:
    with pytest.warns(InputWarning, match=r"'when' rises at every row like a clock.*time='when' \(--time when\)"):
        as_panel(FRAME.assign(when=np.arange(12)))
    restarting = FRAME.assign(Time=[0, 1, 4, 9] * 3)
    with pytest.warns(InputWarning, match=r"starts over in row 4.*--trajectory"):
        as_panel(restarting)
    assert as_panel(restarting, series=["a", "Time"]).names == ("a", "Time")
    assert as_panel(FRAME.assign(level=np.arange(12) ** 2)).n_series == 4


def test_a_panel_passes_through_and_takes_no_options() -> None:
    panel = as_panel(X)
    assert as_panel(panel) is panel
    for options in ({"missing": "drop"}, {"transform": "log"}, {"exogenous": ["x1"]}, {"series": ["x1"]}):
        with pytest.raises(InputError, match="already made"):
            as_panel(panel, **options)


def test_a_panel_built_by_hand_is_checked() -> None:
    with pytest.raises(InputError, match=r"a panel of 2 names.*got \(12, 3\)"):
        Panel((X,), ("a", "b"))
    with pytest.raises(InputError, match="one label for each trajectory"):
        Panel((X,), ("a", "b", "c"), labels=("u", "v"))


def test_digest_is_of_names_shapes_and_values() -> None:
    digest = as_panel(X).digest()
    assert digest == as_panel(np.asfortranarray(X)).digest() == as_panel(X.tolist()).digest()
    others = [as_panel(X, names=list("abc")), as_panel([X[:6], X[6:]]), as_panel(changed(0, 0, 1.0))]
    assert len({digest, *(other.digest() for other in others)}) == 4
    zeros, minus = changed(0, 0, 0.0), changed(0, 0, -0.0)
    assert as_panel(zeros).digest() == as_panel(minus).digest()
    known = as_panel(np.array([[1.0, 2.0], [3.0, 5.0]])).digest()
    assert known == "24b021e8cf3e849efe9f83852d9338fc4868f12e09ba07d523e7f06a7152e031"


@given(array_strategy(float, (6, 2), elements=st.floats(allow_nan=True, allow_infinity=True)))
def test_any_array_is_a_panel_of_the_same_numbers_or_an_input_error(values: np.ndarray) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*times as far from the middle", category=InputWarning)
        try:
            panel = as_panel(values, missing="drop")
        except InputError:
            return
    np.testing.assert_array_equal(panel.trajectories[0], values)


def test_how_an_array_lies_in_memory_does_not_matter() -> None:
    x = np.random.default_rng(0).normal(size=(60, 4))
    panels = [as_panel(x), as_panel(np.asfortranarray(x)), as_panel(np.repeat(x, 2, axis=1)[:, ::2])]
    turned = as_panel(x[:, ::-1], names=list("dcba"), series=list("abcd"))
    for panel in (*panels, turned):
        assert panel.trajectories[0].flags.c_contiguous
        np.testing.assert_array_equal(panel.trajectories[0], x)
