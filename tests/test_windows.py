"""Lag windows: known cuts, the order of lags, trajectories, gaps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grngc.checks import Reading
from grngc.dataset import Dataset
from grngc.errors import InputError
from grngc.panel import Panel
from grngc.scaling import Scaling
from grngc.windows import make_windows


def numbered(*lengths: int, n_series: int = 2, **options: object) -> Panel:
    """Return trajectories in which every value tells its place: trajectory, time, series."""
    code = lambda r, n: 1e4 * r + 10 * np.arange(n)[:, None] + np.arange(n_series)  # noqa: E731
    names = tuple(f"x{i + 1}" for i in range(n_series))
    return Panel(tuple(code(r, n) for r, n in enumerate(lengths)), names, **options)  # type: ignore[arg-type]


def test_known_cut() -> None:
    windows = make_windows(Panel((np.array([[1.0], [2], [3], [4]]),), ("a",)), 2)
    assert windows.x[:, :, 0].tolist() == [[2, 1], [3, 2]]  # index 0 is lag 1, the most recent
    assert windows.y[:, 0].tolist() == [3, 4]
    assert windows.time.tolist() == [2, 3]
    assert len(windows) == 2


@given(st.lists(st.integers(1, 9), min_size=1, max_size=4), st.integers(1, 4), st.integers(1, 3))
def test_every_window_reads_the_lags_before_its_time(lengths: list[int], lag: int, n_series: int) -> None:
    panel = numbered(*lengths, n_series=n_series)
    if max(lengths) <= lag:
        message = rf"lag of {lag} needs at least {lag + 1} points .* longest has .*{max(lengths)}"
        with pytest.raises(InputError, match=message):
            make_windows(panel, lag)
        return
    windows = make_windows(panel, lag)
    assert len(windows) == sum(max(0, n - lag) for n in lengths)
    for x, y, r, t in zip(windows.x, windows.y, windows.trajectory, windows.time, strict=True):
        np.testing.assert_array_equal(y, panel.trajectories[r][t])
        for k in range(lag):
            np.testing.assert_array_equal(x[k], panel.trajectories[r][t - 1 - k])


def test_boundaries_are_crossed_only_on_request() -> None:
    panel = numbered(5, 4, 6)
    assert len(make_windows(panel, 1)) == 4 + 3 + 5
    joined = make_windows(panel, 1, cross_boundary=True)
    assert len(joined) == 15 - 1
    with pytest.raises(InputError, match="n_samples = 15"):
        make_windows(panel, 15, cross_boundary=True)
    crossing = (joined.x[:, 0] // 1e4 != joined.y // 1e4).any(axis=1)
    assert crossing.sum() == 2


def test_windows_with_gaps_are_left_out() -> None:
    values = np.arange(16.0).reshape(8, 2)
    values[3, 1] = np.nan
    windows = make_windows(Panel((values,), ("a", "b"), missing="drop"), 2)
    assert windows.time.tolist() == [2, 6, 7]
    assert np.isfinite(windows.x).all()
    assert np.isfinite(windows.y).all()


def test_nothing_but_gaps() -> None:
    values = np.arange(12.0).reshape(6, 2)
    values[1::2, 0] = np.nan
    with pytest.raises(InputError, match=r"^f\.csv: no window of 2 consecutive points is free of missing values"):
        make_windows(Panel((values,), ("a", "b"), missing="drop", origin="f.csv"), 1)


@pytest.mark.parametrize("lag", [0, -1, 1.5, "2", None, True])
def test_lag_is_a_whole_number(lag: object) -> None:
    with pytest.raises(InputError, match=r"lag must be a whole number of at least 1; got"):
        make_windows(numbered(5), lag)  # type: ignore[arg-type]


def test_records_of_arrays_are_compared_as_things() -> None:
    """Entry by entry, the answer would be an array, and ``==`` an error."""
    panel = numbered(5)
    for make in (
        lambda: make_windows(panel, 1),
        lambda: Scaling.of(panel, "pooled"),
        lambda: Dataset("numbers", panel, np.eye(2)),
        lambda: Reading(panel.trajectories, panel.names),
    ):
        one = make()
        assert one == one
        assert one != make()
        assert len({one, make()}) == 2
