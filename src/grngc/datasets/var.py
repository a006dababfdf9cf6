"""Vector autoregressions: the linear case, in which everything is known."""

from collections.abc import Sequence

import numpy as np

from ..dataset import Dataset
from ..errors import InputError
from ..panel import Panel

SPECTRAL_RADIUS = 0.9
"""Largest modulus of the companion matrix's eigenvalues: shocks fade to a tenth in 22 steps."""


def var(
    n_series: int = 10,
    n_times: int = 500,
    n_lags: int = 1,
    density: float = 0.2,
    noise: float = 1.0,
    random_state: int = 0,
) -> Dataset:
    """Simulate a sparse, stable vector autoregression whose graph is known.

    Parameters
    ----------
    n_series, n_times, n_lags : int
    density : float
        Of edges, as in :func:`var_coefficients`, which gives the coefficients for the same ``random_state``.
    noise : float
        As in :func:`simulate_var`.
    random_state : int

    Returns
    -------
    Dataset
        One trajectory. Truth: an entry is true when a coefficient at any lag is not zero; the diagonal is.
        All entries are scored.
    """
    coefficients = var_coefficients(n_series, n_lags, density=density, random_state=random_state)
    values = simulate_var(coefficients, n_times, noise=noise, random_state=(random_state, 1))
    name = f"var p={n_series} T={n_times} lags={n_lags}"
    names = tuple(f"x{i + 1}" for i in range(n_series))
    return Dataset(name, Panel((values,), names), (coefficients != 0).any(axis=0))


def var_coefficients(n_series: int = 10, n_lags: int = 1, *, density: float = 0.2, random_state: int = 0) -> np.ndarray:
    """Draw coefficients (lag, target, source) of a stable process, signs mixed.

    Every series depends on its own past at lag 1. Of the ordered pairs of two series the share ``density``, rounded,
    are edges; each has one lag, and every lag has as many edges, within one. Sizes are uniform in [0.5, 1], then
    lag *k* is scaled by c^k, which scales every eigenvalue of the companion matrix by c, where its spectral radius is
    above ``SPECTRAL_RADIUS``.

    Parameters
    ----------
    n_series, n_lags : int
    density : float
        From 0 to 1.
    random_state : int
    """
    if n_series < 1 or n_lags < 1 or not 0 <= density <= 1:
        raise InputError(
            "n_series and n_lags must be at least 1 and density from 0 to 1; "
            f"got n_series={n_series}, n_lags={n_lags}, density={density}"
        )
    rng = np.random.default_rng(random_state)
    coefficients = np.zeros((n_lags, n_series, n_series))
    targets, sources = np.nonzero(~np.eye(n_series, dtype=bool))
    edges = rng.permutation(len(targets))[: round(density * len(targets))]
    coefficients[np.arange(len(edges)) % n_lags, targets[edges], sources[edges]] = 1
    coefficients[0] += np.eye(n_series)
    coefficients *= rng.uniform(0.5, 1, coefficients.shape) * rng.choice([-1, 1], coefficients.shape)
    shrink = min(1.0, SPECTRAL_RADIUS / spectral_radius(coefficients))
    return coefficients * shrink ** np.arange(1, n_lags + 1)[:, None, None]


def spectral_radius(coefficients: np.ndarray) -> float:
    """Return the largest modulus of the companion matrix's eigenvalues; a process is stable where it is below 1.

    Parameters
    ----------
    coefficients : array (lag, target, source)
    """
    n_lags, p, _ = coefficients.shape
    companion = np.eye(n_lags * p, k=-p)
    companion[:p] = np.hstack(list(coefficients))
    return float(np.abs(np.linalg.eigvals(companion)).max())


def simulate_var(
    coefficients: np.ndarray, n_times: int, *, noise: float = 1.0, random_state: int | Sequence[int] = 0
) -> np.ndarray:
    """Simulate x_t = sum_k A_k x_{t-k} + e_t with e_t ~ N(0, noise^2).

    Parameters
    ----------
    coefficients : array (lag, target, source)
    n_times : int
        Points kept, after enough steps for the start at zero to be forgotten.
    noise : float
        Standard deviation of the innovations.
    random_state : int or sequence of int

    Returns
    -------
    array (time, series)

    Raises
    ------
    InputError
        When the process is not stable.
    """
    coefficients = np.asarray(coefficients, dtype=float)
    n_lags, p, _ = coefficients.shape
    if n_times < 1 or noise < 0:
        raise InputError(f"n_times must be above zero and noise not below; got n_times={n_times}, noise={noise}")
    radius = spectral_radius(coefficients)
    if radius >= 1:
        raise InputError(
            f"the process runs away: its spectral radius is {radius:.3g}, and it must be below 1; "
            "scale the coefficients of lag k by c^k with a c below its inverse"
        )
    forgotten = np.log(1e-6) / np.log(max(radius, 0.1))
    burn_in = n_lags + int(np.ceil(forgotten))
    shocks = np.random.default_rng(random_state).normal(scale=noise, size=(burn_in + n_times, p))
    values = np.zeros_like(shocks)
    by_age = np.hstack(list(coefficients))  # (target, lag x source), lag 1 first
    for t in range(n_lags, len(values)):
        past = values[t - n_lags : t][::-1].ravel()
        values[t] = by_age @ past + shocks[t]
    return values[burn_in:]
