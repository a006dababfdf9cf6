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
    assert tests == [{1}, {0}]


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


def held(lengths: list[int], lag: int = 1) -> list[tuple[int, int]]:
    """Return how many windows every fold trains on and holds out, and see that they share no point."""
    windows = make_windows(as_panel([LONG[:n] for n in lengths]), lag)
    splits = list(folds(windows))
    np.testing.assert_array_equal(sum(test.astype(int) for _, test in splits), 1)
    for train, test in splits:
        points = [
            {(r, t - k) for r, t in zip(windows.trajectory[mask], windows.time[mask], strict=True) for k in range(2)}
            for mask in (train, test)
        ]
        assert not points[0] & points[1]
    return [(int(train.sum()), int(test.sum())) for train, test in splits]


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ([21, 151], [(119, 50), (138, 30), (138, 30), (138, 30), (139, 30)]),  # the long one in blocks of time
        ([11, 100, 6, 6], None),
        ([41, 61], [(40, 60), (60, 40)]),  # of two the middle one is the second: it trains on the longer
        ([51, 51, 4, 4, 4], [(53, 56), (56, 53)]),
        ([21, 21, 61, 21, 21, 31], None),
        ([3, 4, 4, 5, 30], None),
    ],
)
def test_the_order_of_unequal_trajectories_does_not_matter(
    lengths: list[int], expected: list[tuple[int, int]] | None
) -> None:
    found = held(lengths)
    assert expected in (None, found)
    assert held(lengths[::-1]) == held(sorted(lengths)) == found
    assert 2 <= len(found) <= FOLDS
    trained, out = found[len(found) // 2]
    assert trained >= out


def test_a_gap_leaves_the_folds_of_trajectories_as_they_are() -> None:
    parts = [LONG[20 * r : 20 * r + 20].copy() for r in range(7)]
    whole = make_windows(as_panel(parts), 1)
    parts[2][10, 0] = np.nan
    gap = make_windows(as_panel(parts, missing="drop"), 1)
    for (_, one), (_, other) in zip(folds(whole), folds(gap), strict=True):
        assert set(whole.trajectory[one]) == set(gap.trajectory[other])


def test_one_too_short_for_blocks_is_held_out_whole() -> None:
    assert held([7, 3], lag=2) == [(1, 5), (5, 1)]
