"""GGC: one recurrent network a target with a graph layer, trained towards what the series' dependence suggests."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator

from ..arguments import check_amount, check_choice, check_seed, check_switch, check_whole
from ..componentwise.networks import ACTIVATIONS, CELLS, ComponentwiseRNN, recurrent_numbers
from ..componentwise.optimisers import OPTIMISERS
from ..componentwise.proximal import descend
from ..errors import InputError
from ..estimators import forget, remember_series
from ..memory import SMALL_NUMBER, check_room
from ..panel import as_panel
from ..parameters import automatic_penalty
from ..runtime import seeded
from ..scaling import SCALINGS, Scaling
from ..training import Progress
from . import losses
from .adjacency import NORMALISATIONS, VALUES, adjacency
from .distance_correlation import distance_correlation, within_trajectories
from .network import GRAPH_ACTIVATIONS, INITIAL, weights_from
from .objective import Objective
from .sequences import check_window, cut_sequences, default_window, joined_length

DISTANCES = ("all", "per_trajectory")
PENALTY_SHARE = 0.4
"""Of the automatic penalty of GRNGC, what GGC takes: the norm of a recurrent network's input weights is no gradient."""
PENALTY_NORMS = ("group_lasso", "ridge_squared")
ERRORS = ("mean", "sum")
NEGATIVES = ("least_dcor", "random")

_CHOICES: dict[str, Any] = {
    "cell": CELLS, "activation": ACTIVATIONS, "adjacency": NORMALISATIONS, "adjacency_of": VALUES,
    "graph_activation": GRAPH_ACTIVATIONS, "initial": INITIAL, "distances": DISTANCES, "error": ERRORS,
    "penalty_norm": PENALTY_NORMS, "kl_norm": losses.KL_NORMS, "kl_from": losses.KL_FROM, "negative": NEGATIVES,
    "optimiser": OPTIMISERS, "scaling": SCALINGS,
}  # fmt: skip


class GGC(BaseEstimator):
    """Graph Granger Causality, component-wise (GGC-cLSTM, GGC-cRNN): scores are the norms of input weights.

    For every target a recurrent network reads windows of all series, its hidden states, one for each series, are mixed
    by the graph ``A = N'N``, and a linear read-out forecasts the next step at every step. Its loss (eq. 4) is the
    squared error, a group lasso on the input weights of each source, a divergence that pulls their sizes towards the
    target's distance correlations, and a triplet loss. The score of a source is the norm of its input weights.

    The paper leaves much open, its numbers above all. Each open reading is a parameter here, with the default that
    ``docs/decisions/0023-readings-of-ggc.md`` argues for. Two terms work against the graph. The divergence pulls
    towards a *symmetric* matrix, and with it no score is exactly 0 (``kl_weight=0`` gives the group lasso's zeros).
    The triplet loss pays for reading the series that a forecast is to be far from, which is the least related one.

    Parameters
    ----------
    cell : {"lstm", "rnn"}
    activation : {"tanh", "relu"}
        Of the cell ``rnn``.
    window : int, optional
        Steps of a window. None: as many as series, at most 20, at most what trajectories have.
    stride : int
        Steps from one window of a trajectory to the next.
    hidden : int, optional
        Width of the state. None: one unit for each series, which graph layer and distance correlations need.
    graph_layer : bool
    adjacency : {"sym", "row", "max", "cosine"}
        How A is normalised (``grngc.ggc.adjacency.NORMALISATIONS``).
    adjacency_of : {"minmax", "zscore"}
        What N of eq. 1 holds.
    adjacency_diagonal : bool
        Whether A joins series with themselves.
    graph_activation : {"none", "relu"}
        What follows the graph layer.
    initial : {"hidden_state", "input_weights", "both", "none"}
        What begins at the distance correlations: the first hidden state of target j at row j, every gate of the input
        weights at all of them, or neither.
    distances : {"all", "per_trajectory"}
        Distance correlations of all points together, or of distances within trajectories.
    error : {"mean", "sum"}
        Squared error per step, or summed over the steps of a window. It sets what the weights below are beside.
    penalty : float or "auto"
        Weight of the group lasso, lambda1. ``"auto"``: ``PENALTY_SHARE`` of the rate at which chance correlations
        shrink (:func:`grngc.parameters.automatic_penalty`), told the number of series and of different steps forecast.
    penalty_norm : {"group_lasso", "ridge_squared"}
        The norm of each source's weights, or its square, as eq. 4 is printed (and sets nothing to 0).
    kl_weight : float
        Weight of the divergence, lambda2.
    kl_norm : {"sum", "softmax"}
        How both become shares that add up to 1 for each target.
    kl_from : {"distance_correlation", "scores"}
        KL(distance correlation || scores), or KL(scores || distance correlation).
    triplet_weight : float
        Weight of the triplet loss.
    negative : {"least_dcor", "random"}
        Which series' window a forecast is to be far from: that of the least distance correlation, or one drawn.
    ridge : float
        Weight of the squares of recurrent and read-out weights.
    optimiser : {"adam", "ista", "gista"}
        Proximal Adam, proximal descent, or that with a line search
        (:func:`grngc.componentwise.proximal.descend`).
    learning_rate : float
        Adam's rate at the start, the length of a step, or of the first that is tried.
    steps : int
        At most so many of every target.
    scaling : {"pooled", "per_trajectory", "none"}
    cross_boundary : bool
        Join trajectories end to end, as much published code does.
    random_state : int

    Attributes
    ----------
    graph_ : CausalGraph
        Of one lag, for a recurrent network does not resolve lags. ``signs`` come from the mean input gradient of the
        last forecast of each window.
    network_ : ComponentwiseRNN
    adjacency_, distance_correlation_ : array (series, series)
    penalty_ : float
        The weight used.
    record_ : Record
    n_windows_ : int
    n_features_in_ : int
    feature_names_in_ : array of str
        Only after a fit on a panel or a data frame.

    References
    ----------
    R. Patil, H. Vaida et al., Graph Granger Causality, BICOB 2022, equations 1-4.
    """

    def __init__(
        self,
        *,
        cell: str = "lstm",
        activation: str = "tanh",
        window: int | None = None,
        stride: int = 1,
        hidden: int | None = None,
        graph_layer: bool = True,
        adjacency: str = "sym",
        adjacency_of: str = "minmax",
        adjacency_diagonal: bool = True,
        graph_activation: str = "none",
        initial: str = "hidden_state",
        distances: str = "all",
        error: str = "mean",
        penalty: float | str = "auto",
        penalty_norm: str = "group_lasso",
        kl_weight: float = 0.1,
        kl_norm: str = "sum",
        kl_from: str = "distance_correlation",
        triplet_weight: float = 1.0,
        negative: str = "least_dcor",
        ridge: float = 0.01,
        optimiser: str = "adam",
        learning_rate: float = 0.01,
        steps: int = 300,
        scaling: str = "pooled",
        cross_boundary: bool = False,
        random_state: int = 0,
    ) -> None:
        self.cell = cell
        self.activation = activation
        self.window = window
        self.stride = stride
        self.hidden = hidden
        self.graph_layer = graph_layer
        self.adjacency = adjacency
        self.adjacency_of = adjacency_of
        self.adjacency_diagonal = adjacency_diagonal
        self.graph_activation = graph_activation
        self.initial = initial
        self.distances = distances
        self.error = error
        self.penalty = penalty
        self.penalty_norm = penalty_norm
        self.kl_weight = kl_weight
        self.kl_norm = kl_norm
        self.kl_from = kl_from
        self.triplet_weight = triplet_weight
        self.negative = negative
        self.ridge = ridge
        self.optimiser = optimiser
        self.learning_rate = learning_rate
        self.steps = steps
        self.scaling = scaling
        self.cross_boundary = cross_boundary
        self.random_state = random_state

    def fit(self, X: Any, y: None = None, *, progress: Callable[[Progress], None] | None = None) -> "GGC":
        """Train one network a target and read the graph off their input weights.

        Parameters
        ----------
        X : Panel or anything :func:`grngc.as_panel` takes
        y : ignored
            Present by scikit-learn's convention.
        progress : callable, optional
            Called now and then with a :class:`~grngc.training.Progress`.

        Raises
        ------
        InputError
            The data or a parameter cannot be used.
        DivergenceError
            Training ran away; no graph was made.
        """
        self._check()
        forget(self)
        panel = as_panel(X)
        p, targets = panel.n_series, np.flatnonzero(panel.targets)
        width = self._width(p)
        scaled = Scaling.of(panel, self.scaling).apply(panel)
        window = self.window or default_window(panel, joined_length(panel, self.cross_boundary))
        sequences = cut_sequences(scaled, window, stride=self.stride, cross_boundary=self.cross_boundary)
        numbers = recurrent_numbers(len(targets), p, len(sequences) * window, hidden=width, cell=self.cell)
        task = f"{len(targets):,} networks on {len(sequences):,} windows of {window} steps"
        remedy = "choose a smaller window or a larger stride, or thin the data"
        check_room(SMALL_NUMBER * numbers, torch.device("cpu"), task, remedy)
        points = np.concatenate(scaled.trajectories)
        matrix = adjacency(points, of=self.adjacency_of, normalisation=self.adjacency, diagonal=self.adjacency_diagonal)
        if self.distances == "all":
            correlation = distance_correlation(points)
        else:
            correlation = within_trajectories(scaled.trajectories)
        automatic = isinstance(self.penalty, str)
        penalty = PENALTY_SHARE * automatic_penalty(p, sequences.n_forecast()) if automatic else float(self.penalty)
        with seeded(self.random_state, torch.device("cpu")) as generator:
            objective = Objective(self, penalty, sequences, matrix, correlation, targets, generator)
            network = ComponentwiseRNN(
                p, hidden=width, cell=self.cell, activation=self.activation, n_targets=len(targets)
            )
            begin = {name: each.detach() for name, each in network.named_parameters()}
            if self.initial in ("input_weights", "both"):
                begin["inputs"] = weights_from(objective.correlation, self.cell, len(targets))
            descent = descend(
                begin,
                lambda parameters, chosen: objective.smooth(network, parameters, chosen),
                objective.penalty(),
                optimiser=self.optimiser,
                learning_rate=self.learning_rate,
                steps=self.steps,
                progress=progress,
            )
            network.load_state_dict(descent.parameters)
            graph = objective.read(network, panel)
        self.graph_, self.network_, self.record_ = graph, network, descent.record
        self.penalty_, self.n_windows_ = penalty, len(sequences)
        self.adjacency_, self.distance_correlation_ = matrix, correlation
        remember_series(self, X, panel)
        return self

    def _check(self) -> None:
        values = self.get_params(deep=False)
        for name, known in _CHOICES.items():
            check_choice(name, values[name], known)
        for name in ("penalty", "kl_weight", "triplet_weight", "ridge", "learning_rate"):
            check_amount(name, values[name], automatic=name == "penalty")
        for name in ("graph_layer", "adjacency_diagonal", "cross_boundary"):
            check_switch(name, values[name])
        for name in ("stride", "steps"):
            check_whole(name, values[name])
        check_seed(self.random_state)
        check_window(self.window)
        if self.hidden is not None:
            check_whole("hidden", self.hidden)

    def _width(self, n_series: int) -> int:
        """Return the width of the state: one unit a series wherever units stand for series."""
        if self.hidden is None or self.hidden == n_series:
            return n_series
        needed = [*["graph_layer=False"] * bool(self.graph_layer), *["initial='none'"] * (self.initial != "none")]
        if needed:
            raise InputError(
                f"hidden must be the number of series, {n_series}, for a unit of the state to stand for each; got "
                f"{self.hidden}: leave hidden out, or give {' and '.join(needed)}"
            )
        return self.hidden
