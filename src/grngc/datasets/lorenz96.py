"""Lorenz-96: a ring of chaotic series, each driven by its neighbours."""

import numpy as np
from scipy.integrate import odeint

from ..dataset import Dataset
from ..errors import InputError
from ..panel import Panel


def lorenz96(
    n_series: int = 10,
    n_times: int = 500,
    forcing: float = 10.0,
    step: float = 0.1,
    noise: float = 0.1,
    burn_in: int = 1000,
    random_state: int = 0,
) -> Dataset:
    """Simulate the Lorenz-96 model and observe it with noise.

    dx_i/dt = (x_{i+1} - x_{i-2}) x_{i-1} - x_i + F, indices on a ring (eq. 15 of arXiv 2507.11178, up to the
    arrangement of signs). Start at 0.01 N(0, 1).

    Parameters
    ----------
    n_series : int
        At least 4: with fewer the neighbours coincide.
    n_times : int
        Points kept.
    forcing : float
        F: 10, 20 and 40 are usual; chaotic from about 8, harder to forecast the larger.
    step : float
        Time between points, up to a factor n / (n - 1), n = ``burn_in + n_times``: the grid is
        ``linspace(0, n * step, n)`` in the published simulators, and so it is here.
    noise : float
        Standard deviation of the Gaussian observation noise.
    burn_in : int
        Points left out at the start.
    random_state : int
        Decides start and noise. Drawn as the simulator of Neural-GC, which GRNGC and others use, draws them, so that
        the same seed gives the record of the published tables, as far as a chaotic path can be computed twice.

    Returns
    -------
    Dataset
        Raw values, one trajectory. Truth: series *i* is driven by *i* - 2, *i* - 1, *i* and *i* + 1, 4 ``n_series``
        entries; all entries are scored.
    """
    if n_series < 4:
        raise InputError(f"Lorenz-96 needs at least 4 series, for its neighbours to differ; got n_series={n_series}")
    if n_times < 1 or burn_in < 0 or step <= 0 or noise < 0:
        raise InputError(
            "n_times and step must be above zero, burn_in and noise not below; "
            f"got n_times={n_times}, step={step}, burn_in={burn_in}, noise={noise}"
        )
    rng = np.random.RandomState(random_state)  # not default_rng: the published seeds are of this generator
    n = burn_in + n_times
    path = odeint(_derivative, rng.normal(scale=0.01, size=n_series), np.linspace(0, n * step, n), args=(forcing,))
    path += rng.normal(scale=noise, size=path.shape)
    name = f"lorenz96 p={n_series} T={n_times} F={forcing:g}"
    names = tuple(f"x{i + 1}" for i in range(n_series))
    return Dataset(name, Panel((path[burn_in:],), names), _truth(n_series))


def _derivative(x: np.ndarray, _time: float, forcing: float) -> np.ndarray:
    """dx/dt (series,)."""
    ring = np.concatenate([x[-2:], x, x[:1]])  # three slices of one ring: np.roll would take four times as long
    return (ring[3:] - ring[:-3]) * ring[1:-2] - x + forcing


def _truth(n_series: int) -> np.ndarray:
    """Which series stand in the derivative of which, (target, source)."""
    target = np.arange(n_series)
    truth = np.zeros((n_series, n_series), dtype=bool)
    for offset in (-2, -1, 0, 1):
        truth[target, (target + offset) % n_series] = True
    return truth
