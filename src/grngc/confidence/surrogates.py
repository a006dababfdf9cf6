"""What a series' past holds that no other's tells, and surrogates in which that is put at another time.

A surrogate of a source keeps what the other series tell of it, and its own dynamics, and loses its coupling to the
targets: under the hypothesis that the source adds nothing to the forecast of a target, record and surrogates are alike
(the conditional randomisation test of Candès et al.). Nothing is trained again, for a forecaster that never saw these
windows is as good for a surrogate as for the record.

References
----------
E. Candès, Y. Fan, L. Janson, J. Lv, Panning for gold: model-X knockoffs, J. R. Stat. Soc. B 80 (2018), section 4.
J. Theiler et al., Testing for nonlinearity in time series: the method of surrogate data, Physica D 58 (1992).
"""

import numpy as np

from ..floor import Rings

RIDGE = 0.6
"""Times inputs over windows: the ridge, in units of the inputs' variance, of the regression of a source's past on the
others' pasts. Without it nothing would be left of a source where inputs are as many as windows."""

CLOSEST = 0.1
"""A past that is put at another time of its trajectory moves by at least this share of it."""


def own_part(x: np.ndarray) -> np.ndarray:
    """Return what each source's past holds that the pasts of all others do not tell, by ridge regression.

    Parameters
    ----------
    x : array (window, lag, series)

    Returns
    -------
    array (window, lag, series)
        Residuals, of mean 0; the lags of a series are regressed on those of others only.
    """
    n, lags, p = x.shape
    flat = (x - x.mean(axis=0)).transpose(0, 2, 1).reshape(n, p * lags)  # the lags of a series side by side
    scale = np.sqrt(np.square(flat).mean(axis=0))
    flat = flat / np.where(scale > 0, scale, 1)
    precision = np.linalg.inv(flat.T @ flat / n + RIDGE * p * lags / n * np.eye(p * lags))
    own = np.empty_like(x, dtype=float)
    for i in range(p):
        block = slice(i * lags, (i + 1) * lags)
        own[:, :, i] = flat @ np.linalg.solve(precision[block, block], precision[block]).T * scale[block]
    return own


def turns(rings: Rings, columns: int, rng: np.random.Generator) -> np.ndarray:
    """Return, for every window and each of several columns, another window whose part it is given.

    Of windows that several trajectories have at one time, another trajectory's: all columns keep the transient that
    experiments share. Of others, one of the same trajectory, rolled around in time: dynamics are kept.

    Parameters
    ----------
    rings : Rings
        Of :func:`grngc.floor.rings`.
    columns : int
        Each is turned by itself.
    rng : Generator

    Returns
    -------
    int array (window, column)
    """
    by = np.ones((len(rings.order), columns), dtype=int)
    for places in rings.together:
        by[places] = rng.integers(1, rings.size[places[0]], columns)
    for ring in rings.alone:
        least = max(1, -int(-len(ring) * CLOSEST // 1))
        by[ring] = rng.integers(least, max(least, len(ring) - least) + 1, columns)
    return rings.turned(by)
