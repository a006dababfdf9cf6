"""Whether a series returns to its level, or to a line, or wanders like a random walk.

References
----------
D. A. Dickey, W. A. Fuller, Distribution of the estimators for autoregressive time series with a unit root, JASA 74
(1979): the statistic ``n (1 - rho)``. Written for all series at once; statsmodels' ``adfuller`` takes them one by one.
"""

import numpy as np

AUGMENTED = 4
"""Past differences in their regression."""

AT_ONCE = 2**19
"""Numbers of the regressions that are made at a time."""

LEAST_INERTIA = 0.2
"""What their sum may leave of 1: by chance it exceeds 1 in short records, and the quotient would change its sign."""


FEWEST = 50
"""Points without which a series says nothing: it then counts as one that returns."""


def centred(values: np.ndarray) -> np.ndarray:
    """Return series (time, series) less their means, with 0 in gaps."""
    there = np.isfinite(values)
    known = np.where(there, values, 0)
    return np.where(there, known - known.sum(axis=0) / np.maximum(there.sum(axis=0), 1), 0)


def course(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return for each series: share of variance on a line, its slope's t, and ``n (1 - rho)`` about level and line."""
    there = np.isfinite(values)
    time = np.linspace(-1, 1, len(values))[:, None] * there
    n = np.maximum(there.sum(axis=0), 1)
    time = np.where(there, time - time.sum(axis=0) / n, 0)
    level = centred(values)
    along = np.square(time).sum(axis=0)
    slope = (time * level).sum(axis=0) / np.maximum(along, 1e-300)
    left = level - slope * time
    total, missed = np.square(level).sum(axis=0), np.square(left).sum(axis=0)
    rho = np.clip((left[1:] * left[:-1]).sum(axis=0) / np.maximum(missed, 1e-300), 0, 1 - 1 / len(values))
    error = np.sqrt(missed / np.maximum(n - 2, 1) / np.maximum(along, 1e-300) * (1 + rho) / (1 - rho))
    share = 1 - missed / np.maximum(total, 1e-300)
    on_line = np.where(there, left, np.nan)
    return share, slope / np.maximum(error, 1e-300), _towards_level(values, False), _towards_level(on_line, True)


def _towards_level(values: np.ndarray, line: bool) -> np.ndarray:
    """Return the augmented ``n (1 - rho)`` of every series (time, series): large where it returns to its level."""
    at_once = max(1, AT_ONCE // (len(values) * (AUGMENTED + 3)))
    blocks = [values[:, start : start + at_once] for start in range(0, values.shape[1], at_once)]
    return np.concatenate([_returning(block, line) for block in blocks])


def _returning(values: np.ndarray, line: bool) -> np.ndarray:
    step = np.diff(values, axis=0)
    rows = slice(AUGMENTED, None)
    past = [step[AUGMENTED - k : len(step) - k] for k in range(1, AUGMENTED + 1)]
    ones = np.ones_like(step[rows])
    course = [np.linspace(-1, 1, len(ones))[:, None] * ones] if line else []
    design = np.stack([values[AUGMENTED:-1], *past, ones, *course], axis=2).transpose(1, 0, 2)  # (series, time, term)
    there = np.isfinite(design).all(axis=2) & np.isfinite(step[rows]).T
    design, answer = np.where(there[:, :, None], design, 0), np.where(there, step[rows].T, 0)
    gram = design.transpose(0, 2, 1) @ design
    found = (np.linalg.pinv(gram, hermitian=True) @ (design.transpose(0, 2, 1) @ answer[:, :, None]))[:, :, 0]
    inertia = np.maximum(1 - found[:, 1 : AUGMENTED + 1].sum(axis=1), LEAST_INERTIA)
    told = (there.sum(axis=1) >= FEWEST) & answer.any(axis=1)
    return np.where(told, -there.sum(axis=1) * found[:, 0] / inertia, np.inf)
