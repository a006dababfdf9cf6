"""Fast couplings seen through slow filters and sampled seldom: what fMRI does to the activity of brain regions."""

import numpy as np
from scipy.signal import lfilter

from ..dataset import Dataset
from ..errors import InputError
from ..panel import Panel
from .var import spectral_radius

MEMORY = 0.88
"""Share of a series' activity that is left after one fast step: it fades to a third in nine."""

COUPLING = (0.024, 0.048)
"""Least and largest coefficient of a coupling, a fast step."""

STABLE = 0.98
"""Spectral radius above which couplings are scaled down."""

FILTER = 0.05
"""Share of the way that each of the two filters in series goes to its input in a fast step: 20 steps of memory each."""

BURN_IN = 500
"""Fast steps left out at the start."""


def slow_sampling(
    n_series: int = 15,
    n_times: int = 200,
    every: int = 30,
    density: float = 0.1,
    noise: float = 0.1,
    random_state: int = 0,
) -> Dataset:
    """Simulate a sparse linear network whose record is too slow to see which series moves first.

    Activity follows ``s_t = A s_{t-1} + e_t`` in fast steps. Each series is observed through two first-order low-pass
    filters in series, a crude haemodynamic response, at every ``every``-th step, with noise. The default resembles the
    simulations of S. M. Smith et al., Network modelling methods for FMRI, NeuroImage 54 (2011), of which NetSim's Sim3
    has 15 series of 200 points, without their neural and balloon models: with lags gone, the past of others forecasts
    nothing and only their present tells.

    Parameters
    ----------
    n_series : int
    n_times : int
        Points kept.
    every : int
        Fast steps between two points. At 1 the record is fast, though still filtered; from about 20 on the present of
        the other series tells more than their past.
    density : float
        Share of the ordered pairs of two series that are coupled, from 0 to 1; all couplings are positive.
    noise : float
        Standard deviation of the observation noise, in standard deviations of the series without it.
    random_state : int

    Returns
    -------
    Dataset
        One trajectory. Truth: the coefficients ``A`` that are not zero, the diagonal among them. All entries are
        scored.
    """
    if n_series < 1 or n_times < 2 or every < 1 or not 0 <= density <= 1 or noise < 0:
        raise InputError(
            "n_series and every must be at least 1, n_times at least 2, density from 0 to 1 and noise not below 0; got "
            f"n_series={n_series}, n_times={n_times}, every={every}, density={density}, noise={noise}"
        )
    rng = np.random.default_rng(random_state)
    coefficients = _coefficients(n_series, density, rng)
    shocks = rng.normal(size=(BURN_IN + (n_times - 1) * every + 1, n_series))
    activity = np.zeros_like(shocks)
    for t in range(1, len(activity)):
        activity[t] = coefficients @ activity[t - 1] + shocks[t]
    for _ in range(2):
        activity = lfilter([FILTER], [1, FILTER - 1], activity, axis=0)
    seen = activity[BURN_IN::every]
    seen = seen + rng.normal(size=seen.shape) * noise * seen.std(axis=0)
    name = f"slow_sampling p={n_series} T={n_times} every={every}"
    return Dataset(name, Panel((seen,), tuple(f"x{i + 1}" for i in range(n_series))), coefficients != 0)


def _coefficients(n_series: int, density: float, rng: np.random.Generator) -> np.ndarray:
    """Draw coefficients (target, source) of a stable process."""
    coefficients = np.zeros((n_series, n_series))
    targets, sources = np.nonzero(~np.eye(n_series, dtype=bool))
    edges = rng.permutation(len(targets))[: round(density * len(targets))]
    coefficients[targets[edges], sources[edges]] = rng.uniform(*COUPLING, size=len(edges))
    own = MEMORY * np.eye(n_series)
    fastest = spectral_radius((own + coefficients)[None])
    if fastest > STABLE:  # the own past adds MEMORY to every eigenvalue
        coefficients *= (STABLE - MEMORY) / (fastest - MEMORY)
    return own + coefficients
