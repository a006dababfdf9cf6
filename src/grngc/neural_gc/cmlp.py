"""cMLP: one multilayer perceptron a target, on the last lags of all series."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from sklearn.base import BaseEstimator

from ..componentwise.networks import ComponentwiseMLP
from ..panel import Panel
from ..training import Progress
from ..windows import make_windows
from .checks import widths
from .fitting import fit_estimator
from .models import Examples, Model


class CMLP(BaseEstimator):
    """Score *source* drives *target* by the norm of the weights with which the target's own MLP reads the source.

    For each target, a network of its own minimises

        mean over windows of (forecast - x_t)^2  +  ridge * squares of all later weights
        +  penalty * norm of the first layer's weights, in groups of one source

    by proximal steps, which set groups to exactly 0: the source then is not read at all. All targets are computed at
    once, each with its own stop.

    Parameters
    ----------
    lag : int
        Steps of the past that are read.
    hidden : int or sequence of int
        Width of the hidden layer, or of each of them.
    activation : {"relu", "tanh"}
    penalty : float or "auto"
        Weight of the group penalty. ``"auto"``: of a few, the largest that forecasts what was
        held out as well as the best (``grngc.neural_gc.penalty``); the fit goes on from that trial.
    norm : {"H", "GL", "GSGL"}
        ``GL``: all lags of a source are one group. ``GSGL``: each lag is one too. ``H``: the oldest lag is one, the two
        oldest are, and so on, so that the longest lags go first.
    penalise_own_past : bool
        Whether reading the target's own past costs too.
    ridge : float
    optimiser : {"adam", "ista", "gista"}
        ``ista`` is the published one: gradient steps of constant length ``learning_rate``, then the proximal step.
        ``gista``: each target's length by a line search that begins there. ``adam``: Adam's steps with a rate that
        decays from there, one length for all weights of a source, then the proximal step; it needs some hundred steps
        where the others need some ten thousand (docs/decisions/0022-component-wise-models.md).
    learning_rate : float
    steps : int
        At most; a target stops earlier where five checks in a row found its loss no lower.
    check_every : int
        Steps between checks.
    scaling : {"pooled", "per_trajectory", "none"}
        z-scores over all trajectories together, over each on its own, or the series as they come.
    random_state : int
        The same seed gives the same graph on the same machine.
    device : str
        ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"auto"``.

    Attributes
    ----------
    graph_ : CausalGraph
        ``lag_scores``: norms of the weights of a source at a lag; ``scores``: of all its lags; exactly 0 where the
        source is not read. ``signs``: these, times mean over mean absolute derivative of the forecast.
    forecaster_ : ComponentwiseMLP
        The networks, in units of ``scaling``; one for each series that is not exogenous.
    record_ : Record
    penalty_ : float
        The penalty used.
    held_out_ : dict of float
        Penalty -> squared error of forecasts held out, where it was ``"auto"``; else empty.
    panel_, scaling_, device_
        What was fitted, before scaling; how it was scaled; where.
    n_windows_ : int
    n_features_in_ : int
    feature_names_in_ : array of str
        Only after a fit on a panel or a data frame.

    References
    ----------
    A. Tank, I. Covert, N. Foti, A. Shojaie, E. Fox, Neural Granger causality, IEEE TPAMI 44 (2022), section 3.1-3.2.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=(300, 2))
    >>> x[2:, 1] -= x[:-2, 0]
    >>> edge = CMLP(lag=3, hidden=10, steps=200).fit(x).graph_.edges(top=1)[0]
    >>> edge.source, edge.target, edge.lag, edge.sign
    ('x1', 'x2', 2, '-')
    """

    def __init__(
        self,
        *,
        lag: int = 5,
        hidden: int | Sequence[int] = 32,
        activation: str = "relu",
        penalty: float | str = "auto",
        norm: str = "H",
        penalise_own_past: bool = True,
        ridge: float = 1e-2,
        optimiser: str = "adam",
        learning_rate: float = 1e-2,
        steps: int = 500,
        check_every: int = 50,
        scaling: str = "pooled",
        random_state: int = 0,
        device: str = "cpu",
    ) -> None:
        self.lag = lag
        self.hidden = hidden
        self.activation = activation
        self.penalty = penalty
        self.norm = norm
        self.penalise_own_past = penalise_own_past
        self.ridge = ridge
        self.optimiser = optimiser
        self.learning_rate = learning_rate
        self.steps = steps
        self.check_every = check_every
        self.scaling = scaling
        self.random_state = random_state
        self.device = device

    def fit(self, X: Any, y: None = None, *, progress: Callable[[Progress], None] | None = None) -> "CMLP":
        """Train all networks and read the graph.

        Parameters
        ----------
        X : Panel or anything :func:`grngc.as_panel` takes
        y : ignored
            Present by scikit-learn's convention.
        progress : callable, optional
            Called at every check with a :class:`~grngc.training.Progress`.

        Raises
        ------
        InputError
            The data or a parameter cannot be used.
        DivergenceError
            Training ran away; no graph was made.
        """
        fit_estimator(self, X, lambda: _model(self), progress)
        return self


def _model(estimator: CMLP) -> Model:
    lag, hidden = estimator.lag, widths(estimator.hidden)

    def build(p: int, n_targets: int) -> ComponentwiseMLP:
        return ComponentwiseMLP(p, lag, hidden=hidden, activation=estimator.activation, n_targets=n_targets)

    def examples(scaled: Panel) -> Examples:
        windows = make_windows(scaled, lag)
        return Examples(windows.x, windows.y[:, scaled.targets])

    def numbers(panel: Panel) -> int:
        n = sum(max(0, len(values) - lag) for values in panel.trajectories)
        weights = hidden[0] * panel.n_series * lag + sum(a * b for a, b in pairwise([*hidden, 1]))
        return int(panel.targets.sum()) * (15 * weights + 5 * n * sum(hidden)) + 6 * n * panel.n_series * lag

    return Model(build, examples, numbers, lag, estimator.norm, ("weights",), "hidden or lag, or thin the data")
