"""What is held out: whole trajectories, or blocks of time that share no point with the rest."""

import numpy as np
import pytest

from grngc import as_panel
from grngc.errors import InputError
from grngc.folds import FOLDS, folds
from grngc.windows import make_windows

LONG = np.random.default_rng(0).normal(size=(200, 4))


def test_held_out_windows_share_no_point_with_the_rest() -> None:
    lag = 3
    windows = make_windows(as_panel(LONG[:60]), lag)
    splits = list(folds(windows))
    assert len(splits) == FOLDS
    np.testing.assert_array_equal(sum(test.astype(int) for _, test in splits), 1)
    for train, test in splits:
        used = [{t - k for t in windows.time[mask] for k in range(lag + 1)} for mask in (train, test)]
        assert not used[0] & used[1]


def test_whole_trajectories_are_held_out() -> None:
    windows = make_windows(as_panel([LONG[20 * r : 20 * r + 20] for r in range(7)]), 1)
    splits = list(folds(windows))
    assert len(splits) == FOLDS
    np.testing.assert_array_equal(sum(test.astype(int) for _, test in splits), 1)
    for train, test in splits:
        np.testing.assert_array_equal(train, ~test)
        assert not set(windows.trajectory[train]) & set(windows.trajectory[test])


def test_two_trajectories_are_held_out_one_by_one() -> None:
    windows = make_windows(as_panel([LONG[:20], LONG[30:60]]), 2)
    tests = [set(windows.trajectory[test]) for _, test in folds(windows)]
    assert tests == [{0}, {1}]


@pytest.mark.parametrize("lag", [1, 2, 5])
def test_the_least_record_that_can_be_split(lag: int) -> None:
    shortest = 2 * (lag + 2)
    splits = list(folds(make_windows(as_panel(LONG[: shortest + lag]), lag)))
    assert len(splits) == 2
    assert all(train.any() and test.any() for train, test in splits)
    with pytest.raises(InputError, match=f"at least {shortest} windows at lag {lag}; it has {shortest - 1}"):
        list(folds(make_windows(as_panel(LONG[: shortest + lag - 1]), lag)))


def test_gaps_leave_their_neighbours_together() -> None:
    """Windows with missing values are gone; what remains is split all the same, without a shared point."""
    x = LONG[:80].copy()
    x[30:33, 0] = np.nan
    windows = make_windows(as_panel(x, missing="drop"), 2)
    np.testing.assert_array_equal(sum(test.astype(int) for _, test in folds(windows)), 1)
    for train, test in folds(windows):
        used = [{t - k for t in windows.time[mask] for k in range(3)} for mask in (train, test)]
        assert used[0]
        assert not used[0] & used[1]
