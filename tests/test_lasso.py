"""The penalised linear forecast: known answers, the conditions of its minimum, and what is nearest to entering it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grngc.lasso import EXACT, Effort, nearness, penalised_linear


def orthonormal(n: int = 64, p: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Return x (window, 1, series) with unit covariance, and y."""
    rng = np.random.default_rng(0)
    q = np.linalg.qr(rng.normal(size=(n, p)))[0] * np.sqrt(n)
    return q[:, None, :], q @ rng.uniform(-1, 1, (p, p)) + rng.normal(size=(n, p))


ALL = np.ones((4, 4), bool)
LONG = Effort(EXACT.tolerance, 100_000)


def test_the_lasso_on_an_orthonormal_design_is_soft_thresholding() -> None:
    x, y = orthonormal()
    marginal = y.T @ x[:, 0] / len(x)
    weights = np.full((4, 1, 4), 0.6)
    weights[0] = 0
    found = penalised_linear(x, y, weights, admitted=ALL)[0][:, 0]
    expected = np.sign(marginal) * np.maximum(np.abs(marginal) - weights[:, 0] / 2, 0)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert (found[1:] == 0).any()


def test_the_squared_penalty_shrinks_and_noise_on_the_inputs_is_a_ridge() -> None:
    x, y = orthonormal()
    marginal = y.T @ x[:, 0] / len(x)
    weights = np.full((4, 1, 4), 0.6)
    ridge = penalised_linear(x, y, weights, admitted=ALL, norm="frobenius")[0][:, 0]
    np.testing.assert_allclose(ridge, marginal / 1.6)
    noisy = penalised_linear(x, y, 0 * weights, admitted=ALL, input_noise=0.5)[0][:, 0]
    np.testing.assert_allclose(noisy, marginal / 1.25)


@pytest.mark.parametrize("norm", ["l1", "frobenius"])
def test_only_admitted_sources_have_a_coefficient(norm: str) -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(50, 3, 4)), rng.normal(size=(50, 4))
    found, _ = penalised_linear(x, y, np.zeros((4, 3, 4)), admitted=np.eye(4, dtype=bool), norm=norm)
    assert (found[~np.eye(4, dtype=bool).repeat(3, axis=0).reshape(4, 3, 4)] == 0).all()
    own = np.linalg.lstsq(x[:, :, 2], y[:, 2], rcond=None)[0]
    np.testing.assert_allclose(found[2, :, 2], own, atol=1e-6)


# ---- the conditions of the minimum, for any data ---------------------------------------------------------------------


@st.composite
def problems(draw: st.DrawFn) -> dict:
    """Windows with sources that look alike, weights of any size and some of them 0, some sources not admitted."""
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    n, lags, p = draw(st.integers(3, 60)), draw(st.integers(1, 3)), draw(st.integers(1, 5))
    shared = draw(st.floats(0, 3))
    x = rng.normal(size=(n, lags, p)) + shared * rng.normal(size=(n, 1, 1))
    y = np.einsum("jli,nli->nj", rng.normal(size=(p, lags, p)), x) + rng.normal(size=(n, p))
    free = draw(st.floats(0, 1))
    weights = draw(st.floats(0.01, 4)) * (rng.random((p, lags, p)) >= free)
    return {
        "x": x - x.mean(axis=0),
        "y": y - y.mean(axis=0),
        "weights": weights,
        "admitted": rng.random((p, p)) < draw(st.floats(0.2, 1)),
        "input_noise": draw(st.sampled_from([0.0, 0.3])),
    }


def slope(problem: dict, found: np.ndarray) -> np.ndarray:
    """Return half the downward slope of the squared error, (target, lag, source)."""
    x, y = problem["x"], problem["y"]
    left = y - np.einsum("jli,nli->nj", found, x)
    return np.einsum("nj,nli->jli", left, x) / len(x) - problem["input_noise"] ** 2 * found


@settings(max_examples=75)
@given(problems())
def test_no_coefficient_can_move_and_lower_the_objective(problem: dict) -> None:
    found, steps = penalised_linear(**problem, effort=LONG)
    assert steps < 100_000
    down, half = slope(problem, found), problem["weights"] / 2
    admitted = np.broadcast_to(problem["admitted"][:, None], found.shape)
    close = 1e-4 * np.square(problem["x"]).mean() + 1e-9  # tolerance is on coefficients, this on covariances
    assert (found[~admitted] == 0).all()
    inside, resting = admitted & (found != 0), admitted & (found == 0)
    np.testing.assert_allclose(down[inside], (half * np.sign(found))[inside], atol=close)  # free ones: 0
    assert (np.abs(down[resting]) <= half[resting] + close).all()


@settings(max_examples=50)
@given(problems())
def test_nearness_is_a_share_and_1_where_entered(problem: dict) -> None:
    found, _ = penalised_linear(**problem, effort=LONG)
    near = nearness(problem["x"], problem["y"], found, problem["weights"], input_noise=problem["input_noise"])
    assert near.shape == found.shape
    assert ((near >= 0) & (near <= 1)).all()
    assert (near[found != 0] == 1).all()
    resting = (found == 0) & (problem["weights"] > 0) & problem["admitted"][:, None]
    half = np.abs(slope(problem, found))[resting] / problem["weights"][resting]
    np.testing.assert_allclose(near[resting], np.minimum(2 * half, 1), atol=1e-9)


def correlated(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(80, 1, 8)) + 0.7 * rng.normal(size=(80, 1, 1))
    y = np.zeros((80, 8))
    y[:, 0] = x[:, 0] @ rng.normal(size=8) + rng.normal(size=80)
    return x - x.mean(axis=0), y - y.mean(axis=0)


@pytest.mark.parametrize("seed", range(4))
def test_the_nearest_is_the_next_to_enter(seed: int) -> None:
    """Walk down the penalty to the fourth entry, close in on it: just above it, the nearest is the one that enters."""
    x, y = correlated(seed)

    def fit(penalty: float) -> np.ndarray:
        weights = np.full((8, 1, 8), penalty)
        return penalised_linear(x, y, weights, admitted=np.ones((8, 8), bool), effort=LONG)[0][0, 0]

    above = 2 * np.abs(y[:, 0] @ x[:, 0] / len(x)).max()  # the least penalty at which all are zero
    while np.count_nonzero(fit(0.97 * above)) < 4:
        above *= 0.97
    below = 0.97 * above
    while above - below > 1e-5 * above:
        middle = (above + below) / 2
        above, below = (middle, below) if np.count_nonzero(fit(middle)) < 4 else (above, middle)
    before = fit(above)
    (entered,) = np.flatnonzero((before == 0) & (fit(below) != 0))
    coefficients = np.zeros((8, 1, 8))
    coefficients[0, 0] = before
    near = nearness(x, y, coefficients, np.full((8, 1, 8), above))[0, 0]
    assert np.where(before == 0, near, -1).argmax() == entered
    assert near[entered] == pytest.approx(1, abs=1e-3)


# ---- how fast it gets there ------------------------------------------------------------------------------------------


def without_restart(x: np.ndarray, y: np.ndarray, penalty: float) -> int:
    """Return the steps that plain accelerated proximal gradient (Beck and Teboulle 2009) takes."""
    gram, cross = x[:, 0].T @ x[:, 0] / len(x), y.T @ x[:, 0] / len(x)
    step, momentum = 1 / np.linalg.norm(gram, 2), 1.0
    beta = ahead = np.zeros_like(cross)
    for steps in range(1, 20_000):
        moved = ahead - step * (ahead @ gram - cross)
        moved = np.sign(moved) * np.maximum(np.abs(moved) - step * penalty / 2, 0)
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = moved + (momentum - 1) / following * (moved - beta)
        change, beta, momentum = np.abs(moved - beta).max(), moved, following
        if change < EXACT.tolerance:
            return steps
    return steps


@pytest.mark.parametrize("seed", range(3))
def test_restart_halves_the_steps_on_an_ill_conditioned_design(seed: int) -> None:
    """Series that are nearly copies of each other: a condition number of some ten thousand."""
    rng = np.random.default_rng(seed)
    x = 0.03 * rng.normal(size=(200, 1, 20)) + rng.normal(size=(200, 1, 1))
    y = x[:, 0] @ rng.normal(size=(20, 20)) + 0.1 * rng.normal(size=(200, 20))
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    weights = np.full((20, 1, 20), 1e-4)
    _, steps = penalised_linear(x, y, weights, admitted=np.ones((20, 20), bool))
    assert steps < without_restart(x, y, 1e-4) / 2
