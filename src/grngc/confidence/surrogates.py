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

from ..floor import Rings, roll
from ..windows import Windows

RIDGE = 0.6
"""Times inputs over windows: the ridge, in units of the inputs' variance, of the regression of a source's past on the
others' pasts. Without it nothing would be left of a source where inputs are as many as windows."""

LONG = 50
"""Windows from which a trajectory has a level and a trend of its own. Two series that rise together are not coupled."""


def levels(windows: Windows) -> np.ndarray:
    """Return what a record's level and trend are made of, (window, direction): a constant, and for each trajectory of
    at least ``LONG`` windows its own level and line."""
    labels, sizes = np.unique(windows.trajectory, return_counts=True)
    columns = [np.ones(len(windows))]
    for label in labels[sizes >= LONG]:
        inside = windows.trajectory == label
        if len(labels) > 1:
            columns.append(inside.astype(float))
        columns.append(np.where(inside, windows.time - windows.time[inside].mean(), 0.0))
    return np.stack(columns, axis=1)


def orthonormal(matrix: np.ndarray) -> np.ndarray:
    """Return an orthonormal basis of the columns (row, column), 0 for those that the others give."""
    left, size, _ = np.linalg.svd(matrix / np.maximum(np.linalg.norm(matrix, axis=0), 1e-300), full_matrices=False)
    return left * (size > 1e-8 * size[0])


def own_part(windows: Windows, sources: np.ndarray) -> np.ndarray:
    """Return what each source's past holds that neither its level and trend nor the pasts of other sources tell.

    By ridge regression; the lags of a series are regressed on those of others only.

    Parameters
    ----------
    windows : Windows
        Scaled.
    sources : bool array (series,)
        Series that may drive another; 0 is returned for the rest.

    Returns
    -------
    array (window, lag, series)
    """
    x = windows.x[:, :, sources]
    n, lags, p = x.shape
    flat = x.transpose(0, 2, 1).reshape(n, p * lags)  # the lags of a series side by side
    course = orthonormal(levels(windows))
    flat = flat - course @ (course.T @ flat)
    scale = np.sqrt(np.square(flat).mean(axis=0))
    flat = flat / np.where(scale > 0, scale, 1)
    precision = np.linalg.inv(flat.T @ flat / n + RIDGE * p * lags / n * np.eye(p * lags))
    own = np.zeros(windows.x.shape)
    for number, i in enumerate(np.flatnonzero(sources)):
        block = slice(number * lags, (number + 1) * lags)
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
        by[ring] = roll(ring, rng, columns)
    return rings.turned(by)
