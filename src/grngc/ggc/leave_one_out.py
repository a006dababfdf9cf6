"""GGC-LOO: a series drives those whose forecasts get worse when it is left out."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from sklearn.base import BaseEstimator
from torch import Tensor

from ..arguments import check_amount, check_choice, check_seed, check_switch, check_whole
from ..batches import Batch, Batches
from ..componentwise.graphs import graph_of
from ..componentwise.networks import ACTIVATIONS, CELLS, recurrent_numbers
from ..errors import InputError
from ..estimators import forget, remember_series
from ..memory import SMALL_NUMBER, check_room
from ..panel import Panel, as_panel
from ..runtime import MEMORY_BUDGET, seeded
from ..scaling import SCALINGS, Scaling
from ..training import Progress, Record, minimise
from .adjacency import NORMALISATIONS, VALUES, adjacency
from .network import GRAPH_ACTIVATIONS
from .networks_without import NetworksWithout
from .sequences import Sequences, check_window, cut_sequences, default_window

COMPARED = ("target", "total")
JUDGED_ON = ("held_out", "training")

_CHOICES: dict[str, Any] = {
    "cell": CELLS, "activation": ACTIVATIONS, "adjacency": NORMALISATIONS, "adjacency_of": VALUES,
    "graph_activation": GRAPH_ACTIVATIONS, "compared": COMPARED, "judged_on": JUDGED_ON, "scaling": SCALINGS,
}  # fmt: skip


class GGCLeaveOneOut(BaseEstimator):
    """GGC-LOO: scores are how much a target's forecast loses where a source is left out.

    One network forecasts all series from all; for every series another does so without it: its values are 0, and so are
    its row and column of the graph. All begin at the same weights and read the same batches. With ``E[i]`` the squared
    error of target i, and ``E_-j[i]`` that of the network without series j, ``j`` drives ``i`` where
    ``log(E_-j[i] / E[i])`` is above the margin (the paper: above 0). These logarithms are the scores where the decision
    is yes, and 0 elsewhere; what is below is in ``log_ratios_``, and orders the zeros (``graph_.nearness``).

    The paper leaves open whose error is compared, on which data, and by how much it must differ: parameters here, see
    ``docs/decisions/0023-readings-of-ggc.md``.

    Parameters
    ----------
    cell : {"lstm", "rnn"}
    activation : {"tanh", "relu"}
        Of the cell ``rnn``.
    window : int, optional
        Steps of a window. None: as many as series, at most 20, at most what trajectories have before what is held out.
    graph_layer : bool
    adjacency : {"sym", "row", "max", "cosine"}
    adjacency_of : {"minmax", "zscore"}
    graph_activation : {"none", "relu"}
    compared : {"target", "total"}
        The error of each target, or of all together, which says who drives but not whom: all rows are then the same.
    judged_on : {"held_out", "training"}
        The end of every trajectory, which no network is trained on; or what they were trained on.
    held_out : float
        Share of each trajectory at its end, above 0 and at most 0.5.
    margin : float
        What a logarithm must be above.
    repeats : int
        Seeds that logarithms are averaged over.
    ridge : float
        Weight of the squares of recurrent and read-out weights.
    learning_rate, steps, batch
        Of Adam: its rate at the start, updates, and windows of each (None: all).
    scaling : {"pooled", "per_trajectory", "none"}
    cross_boundary : bool
        Join trajectories end to end, as much published code does. What is held out is then the end of all.
    random_state : int

    Attributes
    ----------
    graph_ : CausalGraph
        ``signs`` come from the mean input gradient of the network of all series.
    log_ratios_ : array (target, source)
        Before the decision; 0 in rows of exogenous series.
    errors_ : array (target,)
        E, of the network of all series, the mean over repeats.
    adjacency_ : array (series, series)
    records_ : tuple of Record
        One a repeat; ``record_`` is the first.
    n_windows_ : int
        Windows that networks are trained on.
    n_features_in_ : int
    feature_names_in_ : array of str
        Only after a fit on a panel or a data frame.

    References
    ----------
    R. Patil, H. Vaida et al., Graph Granger Causality, BICOB 2022, section 3.
    """

    def __init__(
        self,
        *,
        cell: str = "lstm",
        activation: str = "tanh",
        window: int | None = None,
        graph_layer: bool = True,
        adjacency: str = "sym",
        adjacency_of: str = "minmax",
        graph_activation: str = "none",
        compared: str = "target",
        judged_on: str = "held_out",
        held_out: float = 0.2,
        margin: float = 0.0,
        repeats: int = 1,
        ridge: float = 0.01,
        learning_rate: float = 0.01,
        steps: int = 300,
        batch: int | None = 128,
        scaling: str = "pooled",
        cross_boundary: bool = False,
        random_state: int = 0,
    ) -> None:
        self.cell = cell
        self.activation = activation
        self.window = window
        self.graph_layer = graph_layer
        self.adjacency = adjacency
        self.adjacency_of = adjacency_of
        self.graph_activation = graph_activation
        self.compared = compared
        self.judged_on = judged_on
        self.held_out = held_out
        self.margin = margin
        self.repeats = repeats
        self.ridge = ridge
        self.learning_rate = learning_rate
        self.steps = steps
        self.batch = batch
        self.scaling = scaling
        self.cross_boundary = cross_boundary
        self.random_state = random_state

    def fit(self, X: Any, y: None = None, *, progress: Callable[[Progress], None] | None = None) -> "GGCLeaveOneOut":
        """Train the network of all series beside those without one each, and compare what they forecast.

        Parameters
        ----------
        X : Panel or anything :func:`grngc.as_panel` takes
        y : ignored
            Present by scikit-learn's convention.
        progress : callable, optional
            Called about a hundred times a repeat with a :class:`~grngc.training.Progress`.

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
        scaled = Scaling.of(panel, self.scaling).apply(panel)
        train, judge = self._parts(scaled)
        p, (n, window) = panel.n_series, train.x.shape[:2]
        numbers = recurrent_numbers(p + 1, p, n * window, hidden=p, cell=self.cell)
        task = f"{p + 1:,} networks on {n:,} windows of {window} steps"
        remedy = "choose a smaller window, or thin the data"
        check_room(SMALL_NUMBER * numbers + MEMORY_BUDGET, torch.device("cpu"), task, remedy)
        matrix = adjacency(np.concatenate(scaled.trajectories), of=self.adjacency_of, normalisation=self.adjacency)
        found = [self._compared(panel, train, judge, matrix, repeat, progress) for repeat in range(self.repeats)]
        ratios, shares, constancy, errors = (np.mean(each, axis=0) for each in list(zip(*found, strict=True))[:4])
        decided = ratios > self.margin
        nearness = np.where(decided, 1, np.exp(np.minimum(ratios - self.margin, 0)))
        constancy = constancy * decided[:, None]
        self.graph_ = graph_of(panel, np.where(decided, ratios, 0)[:, None], shares, constancy, nearness)
        self.log_ratios_, self.errors_ = np.zeros((panel.n_series, panel.n_series)), errors
        self.log_ratios_[panel.targets] = ratios
        self.records_ = tuple(each.record for each in found)
        self.adjacency_, self.record_, self.n_windows_ = matrix, self.records_[0], len(train)
        remember_series(self, X, panel)
        return self

    def _parts(self, scaled: Panel) -> tuple[Sequences, Sequences]:
        """Return the windows that networks are trained on, and those whose last steps they are judged by."""
        joined = sum(map(len, scaled.trajectories))
        lengths = np.array([joined] if self.cross_boundary else [len(values) for values in scaled.trajectories])
        ends = lengths - np.ceil(self.held_out * lengths).astype(int)  # the first step that is held out
        window = self.window or default_window(scaled, ends.max())
        sequences = cut_sequences(scaled, window, cross_boundary=self.cross_boundary)
        before = sequences.time < ends[sequences.trajectory]
        if before.all() or not before.any():
            raise InputError(
                f"leaving series out needs windows before and in the last {self.held_out:.0%} of trajectories; with "
                f"window={window} {before.sum()} of {len(before)} lie before: choose a smaller window, or bring longer "
                "trajectories"
            )
        train = sequences.subset(before)
        return train, train if self.judged_on == "training" else sequences.subset(~before)

    def _compared(
        self,
        panel: Panel,
        train: Sequences,
        judge: Sequences,
        matrix: np.ndarray,
        repeat: int,
        progress: Callable[[Progress], None] | None,
    ) -> "_Comparison":
        """Train all networks from one seed, and compare their forecasts."""
        targets = np.flatnonzero(panel.targets)
        seed = int(np.random.SeedSequence([self.random_state, repeat]).generate_state(1)[0])
        tell = None
        if progress is not None:
            doing = f"training, repeat {repeat + 1} of {self.repeats}" if self.repeats > 1 else "training"
            tell = lambda now: progress(now._replace(doing=doing))  # noqa: E731
        with seeded(seed, torch.device("cpu")) as generator:
            x, y = (torch.tensor(each).float() for each in (train.x, train.y[..., targets]))
            judged = torch.tensor(judge.x).float(), torch.tensor(judge.y[:, -1, targets]).float()
            graph = torch.tensor(matrix).float() if self.graph_layer else None
            networks = NetworksWithout(
                panel.n_series, len(targets), graph, self.graph_activation, cell=self.cell, activation=self.activation
            )

            def objective(batch: Batch) -> Tensor:
                error = (networks(batch.x) - batch.y).square().mean(dim=(1, 2))  # (network, target)
                size = self.ridge * networks.squares()
                (error.mean(dim=1) + size).sum().backward()
                return torch.stack([error.detach().mean(), size.detach().mean()])

            record = minimise(
                networks,
                objective,
                Batches(x, y, self.batch, 0.0, generator),
                steps=self.steps,
                learning_rate=self.learning_rate,
                schedule="cosine",
                weight_decay=0.0,
                decayed=[],
                mean_error=float(y.var(dim=(0, 1), correction=0).mean()),
                scores=lambda: log_ratios(networks.errors(*judged), self.compared).clamp_min(0).numpy(),
                progress=tell,
            )
            shares, constancy = networks.signs_of_all(x)
            errors = networks.errors(*judged)
            return _Comparison(log_ratios(errors, self.compared).numpy(), shares, constancy, errors[0].numpy(), record)

    def _check(self) -> None:
        values = self.get_params(deep=False)
        for name, known in _CHOICES.items():
            check_choice(name, values[name], known)
        for name in ("margin", "ridge", "learning_rate"):
            check_amount(name, values[name])
        for name in ("graph_layer", "cross_boundary"):
            check_switch(name, values[name])
        for name in ("steps", "repeats"):
            check_whole(name, values[name])
        check_seed(self.random_state)
        check_window(self.window)
        if self.batch is not None:
            check_whole("batch", self.batch)
        check_amount("held_out", self.held_out)
        if not 0 < self.held_out <= 0.5:
            raise InputError(f"held_out must be a share above 0 and at most 0.5; got {self.held_out!r}")


class _Comparison(NamedTuple):
    """Logarithms (target, source), shares and constancy of signs (target, lag, source), E (target,), the training."""

    log_ratios: np.ndarray
    shares: np.ndarray
    constancy: np.ndarray
    errors: np.ndarray
    record: Record


def log_ratios(errors: Tensor, compared: str) -> Tensor:
    """Return ``log(E_-j[i] / E[i])`` (target, source) of errors (network, target), the first those of all series."""
    if compared == "total":
        errors = errors.sum(dim=1, keepdim=True).expand_as(errors)
    kept = errors.clamp_min(torch.finfo(errors.dtype).tiny).log()
    return (kept[1:] - kept[0]).T
