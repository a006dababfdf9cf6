"""Transforms: known answers, alignment, refusals, and the way back for forecasts."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grngc.errors import InputError
from grngc.panel import as_panel
from grngc.transforms import parse_transform

A = np.array([1.0, 2, 4, 8, 17])
X = np.column_stack([A, [10.0, 20, 10, 40, 50]])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("difference", [1, 2, 4, 9]),
        ("log", np.log(A)),
        ("growth", [1, 1, 1, 9 / 8]),
        ("detrend", [2.2, -0.6, -2.4, -2.2, 3.0]),  # around 6.4 + 3.8 (t - 2)
        ("seasonal_difference:2", [3, 6, 13]),
    ],
)
def test_known_answers(name: str, expected: list[float]) -> None:
    np.testing.assert_allclose(parse_transform(name).apply(A), expected, atol=1e-12)


def test_series_stay_aligned_when_they_lose_different_first_points() -> None:
    panel = as_panel(X, names=["a", "b"], transform={"a": ["log", "seasonal_difference:2"]})
    np.testing.assert_allclose(panel.trajectories[0][:, 0], np.log([4, 4, 17 / 4]))
    np.testing.assert_array_equal(panel.trajectories[0][:, 1], X[2:, 1])


def test_names_apply_in_order_to_every_series_and_are_recorded_as_plain_data() -> None:
    panel = as_panel(X, names=["a", "b"], transform=["log", "difference"])
    np.testing.assert_allclose(panel.trajectories[0], np.diff(np.log(X), axis=0))
    assert json.loads(json.dumps(panel.transform_steps)) == {"a": ["log", "difference"], "b": ["log", "difference"]}


def test_detrend_is_per_trajectory_and_blind_to_gaps() -> None:
    line = np.arange(6.0)
    wave = np.array([1.0, -1, -1, 1, 0, 0])  # orthogonal to every line over its first four points
    values = np.column_stack([np.r_[3 * line[:4], np.nan, np.nan] + wave, line**2])
    panel = as_panel([values, np.column_stack([line**2, line**3])], transform={"x1": "detrend"}, missing="drop")
    np.testing.assert_allclose(panel.trajectories[0][:4, 0], wave[:4], atol=1e-12)
    np.testing.assert_allclose(panel.trajectories[1][:, 0].mean(), 0, atol=1e-12)


def test_seasonal_period_repeats_under_a_forecast() -> None:
    season = np.tile([5.0, 1.0, 3.0], 4) + np.r_[np.zeros(6), np.ones(6)]
    panel = as_panel(season[:, None], transform="seasonal_difference:3")
    np.testing.assert_allclose(panel.restore([np.zeros((5, 1))])[0][:, 0], [6, 2, 4, 6, 2])


@pytest.mark.parametrize(
    ("transform", "expected"),
    [
        ("log", ["'x2'", "-3", "time index 2", "trajectory '2'", "above zero", "--transform"]),
        ("growth", ["'x2'", "-3", "time index 2", "trajectory '2'", "changes its sign"]),
        (["difference", "growth"], ["'x1'", "is 0 at time index 3 of trajectory '1'"]),
        ("seasonal_difference:4", ["first 4 points", "has 5", "trajectory '1'", "shorter period"]),
        ("seasonal_difference", ["no transform 'seasonal_difference'", "seasonal_difference:PERIOD"]),
        ("seasonal_difference:0", ["no transform", "seasonal_difference:12"]),
        ("logg", ["no transform 'logg'", "difference", "growth", "detrend"]),
        ({"y": "log"}, ["not there", "'y'", "'x1'"]),
        ({"x1": ["log", "boo"]}, ["no transform 'boo'"]),
    ],
)
def test_refusals_name_series_and_place(transform: object, expected: list[str]) -> None:
    first = np.column_stack([[1.0, 2, 4, 4, 5], [1.0, 3, 2, 4, 6]])
    second = np.column_stack([[1.0, 2, 4, 8, 6], [1.0, 2, -3, 4, 5]])
    with pytest.raises(InputError) as error:
        as_panel([first, second], transform=transform)
    assert all(part in str(error.value) for part in expected), str(error.value)


def test_a_growth_that_overflows_is_refused() -> None:
    with pytest.raises(InputError, match="growth of series 'x1' is infinite at time index 2"):
        as_panel(np.array([[1.0], [1e-300], [1e300], [2.0]]), transform="growth")


def test_forecasts_must_fit_the_panel() -> None:
    panel = as_panel(X)
    with pytest.raises(InputError, match="2 forecasts for 1 trajectories"):
        panel.restore([X, X])
    with pytest.raises(InputError, match=r"with 2 series; got \(3, 1\)"):
        panel.restore([np.ones((3, 1))])


STEPS = st.sampled_from(["difference", "detrend", "seasonal_difference:3", "seasonal_difference:1"])
CHAINS = st.one_of(
    st.lists(STEPS, max_size=3),
    st.lists(STEPS, max_size=2).map(lambda steps: ["log", *steps]),
    st.lists(STEPS, max_size=2).map(lambda steps: ["growth", *steps]),
)


def true_continuation(steps: list[str], past: np.ndarray, future: np.ndarray) -> np.ndarray:
    """Transform what follows: differences look back into the past, a line fitted to the past alone goes on."""
    for name in steps:
        whole = np.concatenate([past, future])
        if name == "detrend":
            line = np.polynomial.Polynomial.fit(np.arange(len(past)), past, 1)
            future = future - line(np.arange(len(past), len(whole)))
        else:
            future = parse_transform(name).apply(whole)[-len(future) :]
        past = parse_transform(name).apply(past)
    return future


@settings(max_examples=150, deadline=None)
@given(chains=st.tuples(CHAINS, CHAINS), lengths=st.lists(st.integers(14, 30), min_size=1, max_size=3),
       steps=st.integers(1, 7), seed=st.integers(0, 2**32 - 1))  # fmt: skip
def test_restore_returns_the_original_continuation(chains, lengths, steps, seed) -> None:
    random = np.random.default_rng(seed)
    whole = [random.uniform(0.5, 3, size=(length + steps, 2)) for length in lengths]
    panel = as_panel([x[:-steps] for x in whole], names=["a", "b"], transform=dict(zip("ab", chains, strict=True)))
    forecasts = [
        np.column_stack([true_continuation(chains[i], x[:-steps, i], x[-steps:, i]) for i in range(2)]) for x in whole
    ]
    for restored, x in zip(panel.restore(forecasts), whole, strict=True):
        np.testing.assert_allclose(restored, x[-steps:], rtol=1e-7, atol=1e-9)
