"""Standard units and the way back."""

import numpy as np
import pytest

from grngc.errors import InputError
from grngc.panel import Panel
from grngc.scaling import SCALINGS, Scaling

A = np.array([[0.0, 1e6], [2, 1e6 + 2]])
B = np.array([[10.0, 1e6], [14, 1e6 + 2], [12, 1e6 + 1]])
PANEL = Panel((A, B), ("a", "b"))


def test_pooled_measures_all_trajectories_together() -> None:
    scaled = np.concatenate(Scaling.of(PANEL, "pooled").apply(PANEL).trajectories)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(scaled.std(axis=0), 1)


def test_per_trajectory_measures_each_on_its_own() -> None:
    for values in Scaling.of(PANEL, "per_trajectory").apply(PANEL).trajectories:
        np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-9)
        np.testing.assert_allclose(values.std(axis=0), 1)


def test_none_leaves_the_numbers() -> None:
    for values, before in zip(Scaling.of(PANEL, "none").apply(PANEL).trajectories, (A, B), strict=True):
        np.testing.assert_array_equal(values, before)


@pytest.mark.parametrize("how", SCALINGS)
def test_undo_is_the_way_back(how: str) -> None:
    scaling = Scaling.of(PANEL, how)
    for values, before in zip(scaling.undo(list(scaling.apply(PANEL).trajectories)), (A, B), strict=True):
        np.testing.assert_allclose(values, before, atol=1e-12)


@pytest.mark.parametrize("level", [0.0, 5.0, 0.1, 1e9 / 3])
def test_a_series_without_spread_is_only_centred(level: float) -> None:
    """0.1 added up is not exactly its own mean; dividing by that rounding would make noise of it."""
    flat = np.column_stack([np.full(30, level), np.arange(30.0)])
    varied = flat + np.arange(30.0)[:, None]
    panel = Panel((flat, varied), ("a", "b"))
    scaled = Scaling.of(panel, "per_trajectory").apply(panel)
    np.testing.assert_allclose(scaled.trajectories[0][:, 0], 0, atol=1e-6)
    np.testing.assert_allclose(scaled.trajectories[1].std(axis=0), 1)


def test_gaps_do_not_count() -> None:
    panel = Panel((np.array([[1.0], [np.nan], [3.0]]),), ("a",), missing="drop")
    scaled = Scaling.of(panel, "pooled").apply(panel)
    np.testing.assert_allclose(scaled.trajectories[0][[0, 2], 0], [-1, 1])


def test_a_series_absent_from_one_trajectory_is_no_warning() -> None:
    """With missing="drop" a whole column of one trajectory may be empty: no mean of nothing is taken."""
    absent = np.column_stack([np.full(4, np.nan), np.arange(4.0)])
    panel = Panel((absent, np.arange(8.0).reshape(4, 2)), ("a", "b"), missing="drop")
    scaled = Scaling.of(panel, "per_trajectory").apply(panel)
    assert np.isnan(scaled.trajectories[0][:, 0]).all()
    np.testing.assert_allclose(scaled.trajectories[0][:, 1].std(), 1)


def test_unknown_scaling() -> None:
    with pytest.raises(InputError, match="scaling 'minmax' is not known; choose one of pooled, per_trajectory, none"):
        Scaling.of(PANEL, "minmax")


@pytest.mark.parametrize("power", [-1000, -600, 600, 1000])
@pytest.mark.parametrize("how", ["pooled", "per_trajectory"])
def test_huge_and_tiny_series_are_scaled_to_the_same_bits(how: str, power: int) -> None:
    """Their squares are beyond float64: they came out as zeros, and the graph said that nothing drives anything."""
    x = np.random.default_rng(0).normal(size=(2, 30, 2))
    plain, extreme = (Panel(tuple(np.ldexp(values, n) for values in x), ("a", "b")) for n in (0, power))
    wanted = Scaling.of(plain, how).apply(plain).trajectories
    scaling = Scaling.of(extreme, how)
    for values, expected in zip(scaling.apply(extreme).trajectories, wanted, strict=True):
        np.testing.assert_array_equal(values, expected)
    for back, values in zip(scaling.undo(list(wanted)), extreme.trajectories, strict=True):
        np.testing.assert_allclose(back, values, rtol=1e-12)


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_what_is_not_scaled_must_be_near_one(size: float) -> None:
    panel = Panel((A * size,), ("a", "b"))
    with pytest.raises(InputError, match=r"the largest number of series '[ab]' is .*scaling='none'"):
        Scaling.of(panel, "none")
