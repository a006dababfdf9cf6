"""What forecasts missed, without what a penalised forecaster misses of itself.

It shrinks own pasts and what drives a target, and it has not seen the level of what is held out. What is left of these
in what it missed goes together with every series that moves with them, and would be believed of those.
"""

import numpy as np

from ..windows import Windows
from .refits import Refit
from .surrogates import levels, orthonormal

SHARE = 10
"""Windows held out for each past of another series that what the forecast missed is freed of."""


def strongest(refit: Refit, held: Windows, among: np.ndarray) -> np.ndarray:
    """Return the strongest sources of each target to a forecaster that did not see what is held out, (target, rank).

    So many that their pasts are a tenth of what is held out, -1 where fewer have a score.
    """
    scores = np.where(among, np.asarray(refit.lag_scores, dtype=float).sum(axis=1), 0.0)
    most = min(scores.shape[1], len(held) // (SHARE * held.x.shape[1]))
    order = np.argsort(-scores, axis=1, kind="stable")[:, :most]
    return np.where(np.take_along_axis(scores, order, axis=1) > 0, order, -1)


def basis_of(held: Windows, reads: np.ndarray | None = None) -> np.ndarray:
    """Return, for each target, an orthonormal basis of its own past and of the levels of what is held out.

    What the forecast missed is freed of it: a penalised forecaster shrinks own pasts, and a level or a trend that it
    did not see is nothing that another series could explain. It shrinks what drives a target too: with ``reads``,
    sources of each target (target, rank), their pasts are in the basis.

    Returns
    -------
    array (target, window, direction)
    """
    common, targets = levels(held), held.x.shape[2]
    reads = np.empty((targets, 0), dtype=int) if reads is None else reads
    return np.stack([_basis(common, held, j, reads[j]) for j in range(targets)])


def basis_without(source: int, basis: np.ndarray, held: Windows, reads: np.ndarray) -> np.ndarray:
    """Return the basis in which ``source`` is none of the sources of its targets."""
    found = np.flatnonzero((reads == source).any(axis=1))
    if not len(found):
        return basis
    basis, common = basis.copy(), levels(held)
    for j in map(int, found):
        basis[j] = _basis(common, held, j, np.where(reads[j] == source, -1, reads[j]))
    return basis


def _basis(common: np.ndarray, held: Windows, target: int, sources: np.ndarray) -> np.ndarray:
    """Return the basis (window, direction) of levels, own past and the pasts of sources; -1 is none."""
    pasts = np.where(sources >= 0, held.x[:, :, sources], 0.0).reshape(len(held), -1)
    return orthonormal(np.concatenate([common, held.x[:, :, target], pasts], axis=1))


def freed(values: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """Return values (window, target) without what lies in each target's basis (target, window, direction)."""
    inside = np.einsum("jnd,nj->jd", basis, values)
    return values - np.einsum("jnd,jd->nj", basis, inside)
