"""cLSTM and cRNN: one recurrent network a target, reading all series step by step."""

from collections.abc import Callable
from typing import Any

from sklearn.base import BaseEstimator

from ..arguments import check_whole
from ..componentwise.networks import ComponentwiseRNN, recurrent_numbers
from ..componentwise.stretches import make_stretches
from ..panel import Panel
from ..training import Progress
from .fitting import fit_estimator
from .models import Examples, Model


class CLSTM(BaseEstimator):
    """Score *source* drives *target* by the norm of the weights with which the target's own LSTM reads the source.

    For each target, a network of its own minimises

        mean over steps of (forecast - x_t)^2  +  ridge * squares of recurrent weights and read-out
        +  penalty * sum over sources of the norm of its input weights

    by proximal steps, which set the weights of a source to exactly 0: the source then is not read at all. All targets
    are computed at once, each with its own stop. Recurrent weights do not tell lags apart, so the graph has no lags:
    its one lag stands for the whole past.

    Parameters
    ----------
    context : int
        Longest past of a forecast: records are read in stretches of so many steps, each from a state of zeros, and at
        every step the next is forecast.
    stride : int, optional
        Steps from the start of one stretch to that of the next. None: ``context``, every step is forecast once. 1: as
        published, ``context`` times as many stretches, and as much work
        (docs/decisions/0022-component-wise-models.md).
    hidden : int
        Width of the state.
    penalty : float or "auto"
        Weight of the group penalty. ``"auto"``: of a few, the largest that forecasts what was
        held out as well as the best (``grngc.neural_gc.penalty``); the fit goes on from that trial.
    penalise_own_past : bool
        Whether reading the target's own past costs too.
    ridge : float
    optimiser : {"adam", "ista", "gista"}
        As in :class:`~grngc.neural_gc.CMLP`.
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
        ``scores``: norms of the input weights, exactly 0 where a source is not read. ``signs``: these, times mean over
        mean absolute derivative of the last forecast of a stretch by a shift of the source all through it.
    forecaster_ : ComponentwiseRNN
        The networks, in units of ``scaling``; one for each series that is not exogenous.
    record_ : Record
    penalty_ : float
        The penalty used.
    held_out_ : dict of float
        Penalty -> squared error of forecasts held out, where it was ``"auto"``; else empty.
    panel_, scaling_, device_
        What was fitted, before scaling; how it was scaled; where.
    n_windows_ : int
        Stretches.
    n_features_in_ : int
    feature_names_in_ : array of str
        Only after a fit on a panel or a data frame.

    References
    ----------
    A. Tank, I. Covert, N. Foti, A. Shojaie, E. Fox, Neural Granger causality, IEEE TPAMI 44 (2022), section 3.3.
    """

    def __init__(
        self,
        *,
        context: int = 10,
        stride: int | None = None,
        hidden: int = 32,
        penalty: float | str = "auto",
        penalise_own_past: bool = True,
        ridge: float = 1e-2,
        optimiser: str = "adam",
        learning_rate: float = 1e-2,
        steps: int = 400,
        check_every: int = 50,
        scaling: str = "pooled",
        random_state: int = 0,
        device: str = "cpu",
    ) -> None:
        self.context = context
        self.stride = stride
        self.hidden = hidden
        self.penalty = penalty
        self.penalise_own_past = penalise_own_past
        self.ridge = ridge
        self.optimiser = optimiser
        self.learning_rate = learning_rate
        self.steps = steps
        self.check_every = check_every
        self.scaling = scaling
        self.random_state = random_state
        self.device = device

    def fit(self, X: Any, y: None = None, *, progress: Callable[[Progress], None] | None = None) -> "CLSTM":
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
        fit_estimator(self, X, lambda: _model(self, "lstm", "tanh"), progress)
        return self


class CRNN(BaseEstimator):
    """Score *source* drives *target* by the norm of the weights with which the target's own RNN reads the source.

    :class:`CLSTM` with a plain recurrent cell, ``state = activation(inputs x_t + recurrent state + bias)``: a quarter
    of the work, and of the memory for the past.

    Parameters
    ----------
    context, stride, hidden
        As in :class:`CLSTM`.
    activation : {"relu", "tanh"}
        Of the cell.
    penalty, penalise_own_past, ridge, optimiser, learning_rate, steps, check_every, scaling, random_state, device
        As in :class:`CLSTM`.

    Attributes
    ----------
    graph_, forecaster_, record_, penalty_, held_out_, panel_, scaling_, device_, n_windows_, n_features_in_
        As of :class:`CLSTM`.
    feature_names_in_ : array of str
        Only after a fit on a panel or a data frame.

    References
    ----------
    A. Tank, I. Covert, N. Foti, A. Shojaie, E. Fox, Neural Granger causality, IEEE TPAMI 44 (2022), section 3.3.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=(300, 2))
    >>> x[2:, 1] -= x[:-2, 0]
    >>> edge = CRNN(hidden=10, steps=200).fit(x).graph_.edges(top=1)[0]
    >>> edge.source, edge.target, edge.sign
    ('x1', 'x2', '-')
    """

    def __init__(
        self,
        *,
        context: int = 10,
        stride: int | None = None,
        hidden: int = 32,
        activation: str = "relu",
        penalty: float | str = "auto",
        penalise_own_past: bool = True,
        ridge: float = 1e-2,
        optimiser: str = "adam",
        learning_rate: float = 1e-2,
        steps: int = 400,
        check_every: int = 50,
        scaling: str = "pooled",
        random_state: int = 0,
        device: str = "cpu",
    ) -> None:
        self.context = context
        self.stride = stride
        self.hidden = hidden
        self.activation = activation
        self.penalty = penalty
        self.penalise_own_past = penalise_own_past
        self.ridge = ridge
        self.optimiser = optimiser
        self.learning_rate = learning_rate
        self.steps = steps
        self.check_every = check_every
        self.scaling = scaling
        self.random_state = random_state
        self.device = device

    def fit(self, X: Any, y: None = None, *, progress: Callable[[Progress], None] | None = None) -> "CRNN":
        """Train all networks and read the graph; see :meth:`CLSTM.fit`."""
        fit_estimator(self, X, lambda: _model(self, "rnn", self.activation), progress)
        return self


def _model(estimator: CLSTM | CRNN, cell: str, activation: str) -> Model:
    context, stride, hidden = estimator.context, estimator.stride, estimator.hidden
    check_whole("hidden", hidden)

    def build(p: int, n_targets: int) -> ComponentwiseRNN:
        return ComponentwiseRNN(p, hidden=hidden, cell=cell, activation=activation, n_targets=n_targets)

    def examples(scaled: Panel) -> Examples:
        cut = make_stretches(scaled, context, stride=stride)
        return Examples(cut.x, cut.y[..., scaled.targets], cut.counted)

    def numbers(panel: Panel) -> int:
        steps, every = sum(len(values) for values in panel.trajectories), context if stride is None else stride
        steps *= -(-context // every)  # stretches overlap
        return recurrent_numbers(int(panel.targets.sum()), panel.n_series, steps, hidden=hidden, cell=cell)

    return Model(build, examples, numbers, 1, "GL", ("recurrent", "readout"), "hidden, or thin the data")
