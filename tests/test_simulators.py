import pickle
import random

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.tsa.api import VAR
from statsmodels.tsa.stattools import adfuller

from grngc.dataset import Dataset
from grngc.datasets import DATASETS, lorenz96, simulate_var, slow_sampling, us_macro, var, var_coefficients
from grngc.datasets.lorenz96 import _derivative
from grngc.datasets.var import SPECTRAL_RADIUS, spectral_radius
from grngc.errors import InputError


def values(dataset: Dataset) -> np.ndarray:
    (trajectory,) = dataset.panel.trajectories
    return trajectory


def random_states() -> tuple[bytes, ...]:
    """The global random states, which a simulator must leave alone."""
    numpy_state = np.random.get_state()  # noqa: NPY002 - the global state is the subject
    return pickle.dumps(numpy_state), torch.get_rng_state().numpy().tobytes(), pickle.dumps(random.getstate())


# ---- the contract of every simulated data set ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["lorenz96", "slow_sampling", "var"])
def test_contract(name: str) -> None:
    before = random_states()
    first = DATASETS[name](n_series=6, n_times=40, random_state=1)
    assert values(first).shape == (40, 6)
    assert first.truth.shape == first.scored.shape == (6, 6)
    assert first.truth.diagonal().all()
    assert first.scored.all()
    assert name in first.name
    np.testing.assert_array_equal(values(first), values(DATASETS[name](n_series=6, n_times=40, random_state=1)))
    assert not np.allclose(values(first), values(DATASETS[name](n_series=6, n_times=40, random_state=2)))
    assert random_states() == before


# ---- slow sampling ---------------------------------------------------------------------------------------------------


def lead(x: np.ndarray, truth: np.ndarray, lag: int) -> float:
    """How much more the source at ``t - lag`` correlates with the target at ``t`` than the other way, over edges."""
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    lagged = z[lag:].T @ z[:-lag] / len(z)
    edges = truth & ~truth.T
    return float((lagged - lagged.T)[edges].mean())


def test_the_source_leads_where_sampling_is_fast_and_no_longer_where_it_is_slow() -> None:
    fast = slow_sampling(n_times=6000, every=4, noise=0.0, random_state=1)
    slow = slow_sampling(n_times=2500, every=200, noise=0.0, random_state=1)
    assert lead(values(fast), fast.truth, 2) > 0.03
    assert abs(lead(values(slow), slow.truth, 1)) < 0.01
    for made in (fast, slow):
        z = (values(made) - values(made).mean(axis=0)) / values(made).std(axis=0)
        together = z.T @ z / len(z)
        direct = (made.truth | made.truth.T) & ~np.eye(15, dtype=bool)
        assert together[direct].mean() > together[~direct & ~np.eye(15, dtype=bool)].mean() + 0.1


def test_slow_sampling_has_the_edges_and_the_noise_asked_for() -> None:
    dense, sparse = (slow_sampling(density=density, random_state=2) for density in (1.0, 0.1))
    assert dense.truth.all()
    assert sparse.truth.sum() == 15 + 21
    assert np.isfinite(values(dense)).all()
    assert values(dense).std() < 100  # couplings are scaled down until it is stable
    quiet, loud = (values(slow_sampling(n_times=4000, every=5, noise=noise)) for noise in (0.0, 1.0))
    np.testing.assert_allclose((loud - quiet).std(axis=0) / quiet.std(axis=0), 1, rtol=0.05)


@pytest.mark.parametrize(
    "options", [{"n_series": 0}, {"n_times": 1}, {"every": 0}, {"density": 1.5}, {"density": -0.1}, {"noise": -1.0}]
)
def test_slow_sampling_refuses_what_cannot_be(options: dict[str, float]) -> None:
    ((name, value),) = options.items()
    with pytest.raises(InputError, match=f"{name}={value}"):
        slow_sampling(**options)


# ---- Lorenz-96 -------------------------------------------------------------------------------------------------------


def test_lorenz_truth_is_the_pattern_of_the_derivative() -> None:
    p = 7
    rng = np.random.default_rng(0)
    x, small = rng.normal(size=p), 1e-6 * np.eye(p)
    slope = np.stack([_derivative(x + e, 0, 10.0) - _derivative(x - e, 0, 10.0) for e in small], axis=1)
    truth = lorenz96(n_series=p, n_times=5, burn_in=0).truth
    np.testing.assert_array_equal(np.abs(slope) > 1e-9, truth)
    assert truth.sum() == 4 * p
    assert set(np.flatnonzero(truth[0])) == {p - 2, p - 1, 0, 1}
    assert not np.array_equal(truth, truth.T)


@pytest.mark.parametrize("forcing", [10.0, 20.0])
def test_lorenz_moves_along_its_derivative(forcing: float) -> None:
    path = values(lorenz96(n_times=400, forcing=forcing, step=0.001, noise=0, burn_in=3000))
    i, x = 3, path[1:-1]
    rate = (x[:, i + 1] - x[:, i - 2]) * x[:, i - 1] - x[:, i] + forcing
    step = 0.001 * 3400 / 3399  # the published time grid
    np.testing.assert_allclose((path[2:, i] - path[:-2, i]) / (2 * step), rate, atol=1e-4 * np.abs(rate).max())


def test_lorenz_noise_is_added_to_the_observation_alone() -> None:
    clean, noisy = (values(lorenz96(n_times=300, noise=sd)) for sd in (0, 0.3))
    assert np.std(noisy - clean) == pytest.approx(0.3, rel=0.05)


def test_lorenz_burn_in_leaves_the_start_out() -> None:
    assert np.abs(values(lorenz96(n_times=2, burn_in=0, noise=0))[0]).max() < 0.05
    assert np.std(values(lorenz96(n_times=20, burn_in=100, noise=0))) > 1


def test_lorenz_needs_four_series() -> None:
    with pytest.raises(InputError, match="n_series=3"):
        lorenz96(n_series=3)


@pytest.mark.parametrize("wrong", [{"n_times": 0}, {"step": 0}, {"burn_in": -1}, {"noise": -1}])
def test_lorenz_refuses_what_cannot_be(wrong: dict[str, int]) -> None:
    (name, value), *_ = wrong.items()
    with pytest.raises(InputError, match=f"{name}={value}"):
        lorenz96(**wrong)


# ---- VAR -------------------------------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(st.integers(1, 30), st.integers(1, 4), st.sampled_from([0.0, 0.1, 0.5, 1.0]), st.integers(0, 99))
def test_var_coefficients_are_stable_sparse_and_of_both_signs(p: int, lags: int, density: float, seed: int) -> None:
    coefficients = var_coefficients(p, lags, density=density, random_state=seed)
    assert coefficients.shape == (lags, p, p)
    assert spectral_radius(coefficients) <= SPECTRAL_RADIUS + 1e-6
    assert coefficients[0].diagonal().all()
    edges = (coefficients != 0).sum(axis=0) - np.eye(p)
    assert edges.sum() == round(density * p * (p - 1))
    assert edges.max() <= 1
    assert np.ptp((coefficients != 0).sum(axis=(1, 2)) - p * (np.arange(lags) == 0)) <= 1
    if edges.sum() > 20:
        assert (coefficients < 0).any()
        assert (coefficients > 0).any()


def test_spectral_radius_of_known_processes() -> None:
    assert spectral_radius(np.array([[[0.5, 3.0], [0.0, -0.8]]])) == pytest.approx(0.8)
    # x_t = 0.64 x_{t-2}: roots of z^2 = 0.64
    assert spectral_radius(np.array([[[0.0]], [[0.64]]])) == pytest.approx(0.8)


@pytest.mark.parametrize("n_lags", [1, 3])
def test_least_squares_recovers_the_coefficients(n_lags: int) -> None:
    dataset = var(n_series=5, n_times=5000, n_lags=n_lags, density=0.3, random_state=4)
    coefficients = var_coefficients(5, n_lags, density=0.3, random_state=4)
    found = VAR(values(dataset)).fit(n_lags, trend="c").coefs
    np.testing.assert_allclose(found, coefficients, atol=0.08)
    np.testing.assert_array_equal(dataset.truth, (coefficients != 0).any(axis=0))
    assert dataset.truth.sum() == 5 + 6


def test_var_has_the_stationary_spread_from_its_first_point() -> None:
    """AR(1): variance noise^2 / (1 - a^2), also at the first point kept."""
    starts = [simulate_var(np.array([[[0.8]]]), 1, noise=3, random_state=seed)[0, 0] for seed in range(400)]
    assert np.std(starts) == pytest.approx(3 / np.sqrt(1 - 0.64), rel=0.1)
    assert np.std(values(var(noise=2.0))) == pytest.approx(2 * np.std(values(var())))


def test_var_refuses_what_cannot_be() -> None:
    with pytest.raises(InputError, match=r"spectral radius is 1\.1"):
        simulate_var(np.array([[[1.1]]]), 10)
    with pytest.raises(InputError, match="n_times=0"):
        simulate_var(np.array([[[0.5]]]), 0)
    with pytest.raises(InputError, match="density=2"):
        var_coefficients(density=2)


# ---- US macroeconomy -------------------------------------------------------------------------------------------------


def test_us_macro_is_stationary_and_goes_back_to_levels() -> None:
    panel = us_macro()
    (record,) = panel.trajectories
    assert record.shape == (202, 9)
    assert panel.names[0] == "realgdp"
    assert record[0, 0] == pytest.approx(2778.801 / 2710.349 - 1)
    assert record[0, panel.names.index("unemp")] == pytest.approx(5.1 - 5.8)
    assert record[0, panel.names.index("infl")] == pytest.approx(2.34)
    for name, column in zip(panel.names, record.T, strict=True):
        assert adfuller(column, result_object=True).pvalue < 0.05, name
    (level,) = panel.restore([np.full((1, 9), 0.01)])
    assert level[0, 0] == pytest.approx(12990.341 * 1.01)
