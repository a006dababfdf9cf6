"""JRNGC: one residual forecaster for all series, its input gradient kept small, the graph read from it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator
from torch import Tensor, nn

from .arguments import check_amount, check_choice, check_seed, check_switch, check_whole
from .batches import Batch, Batches
from .device import computing_on, resolve_device
from .estimators import forget, remember_series
from .forecasters import Recipe, build_forecaster
from .gradients import NORMS, gradient_penalty, gradient_scores, windows_at_once
from .graph import CausalGraph
from .memory import Demand, check_memory
from .panel import as_panel
from .projections import draw_directions, projected_penalty
from .runtime import MEMORY_BUDGET, seeded
from .scaling import SCALINGS, Scaling
from .training import SCHEDULES, Progress, minimise
from .windows import Windows, make_windows

_LEAST = dict.fromkeys(("lag", "hidden", "steps", "batch", "projections", "memory_budget"), 1)
_LEAST |= {"depth": 0}
_OPTIONAL = ("batch", "projections")


class JRNGC(BaseEstimator):
    """Jacobian-regularised neural Granger causality: one forecaster, whose input gradient is penalised and read.

    A residual network (:class:`~grngc.forecasters.ResidualMLP`) forecasts all series from a window of their past. Its
    loss is the squared error, averaged over windows and targets, and a penalty on its input gradient J (window, target,
    lag, source), averaged over windows: ``penalty / d`` times, for d targets,

        ``norm="l1"``          sum of abs(J)       (JRNGC-L1)
        ``norm="frobenius"``   sum of J^2 / 2      (JRNGC-F), estimated from random projections

    Scores are the means of ``|J|`` over windows, of all lags the largest. GRNGC came later and is the same penalty and
    the same reading with other forecasters, one lag, and a sum over lags; its paper does not compare itself with JRNGC.

    The authors' weight stands beside the mean over targets: ``penalty`` is d times theirs, and means the same for any
    number of series. Their 1e-4 (frobenius) and 1e-5 (l1) for Lorenz-96 with ten series are 1e-3 and 1e-4 here, their
    0.01 for linear systems of ten series is 0.1. What else differs: single precision throughout, a cosine of learning
    rates, batches, and a number of steps that is given, where theirs watches the training loss for up to 10,000 steps
    on all windows.

    Parameters
    ----------
    lag : int
    hidden : int
        Units of every layer.
    depth : int
        Residual blocks; 0: a linear forecaster, theirs for linear systems.
    dropout : float
        Share of a block's outputs that is set to 0 while training; the penalty is measured without.
    norm : {"frobenius", "l1"}
    projections : int, optional
        Random projections that ``frobenius`` is estimated from at each step, a backward pass each. None: exactly.
    penalty : float
    both_windows : bool
        Measure the penalty on the window that ends with what is forecast too, as the authors' code does.
    learning_rate, schedule, steps, batch
        Adam from ``learning_rate``, along a ``"cosine"`` or ``"constant"``, for ``steps`` updates of ``batch`` windows
        each (None: all windows).
    scaling : {"pooled", "per_trajectory", "none"}
        z-scores over all trajectories together, over each on its own (theirs for DREAM3), or the series as they come.
    random_state : int
    device : str
        ``"cpu"``, ``"cuda"``, ``"cuda:N"`` or ``"auto"``.
    memory_budget : int
        Bytes that the arrays of one chunk may take.

    Attributes
    ----------
    graph_ : CausalGraph
        Resolved by lag; ``signs`` are means of the signed gradient. Rows of exogenous series are zero. No score is
        exactly 0, and nothing tells edges from other pairs: the scores rank.
    forecaster_ : ResidualMLP
    record_ : Record
    n_windows_ : int
    device_ : torch.device
        Where it was trained, and is.
    n_features_in_ : int
    feature_names_in_ : array of str
        Only after a fit on a panel or a data frame.

    References
    ----------
    W. Zhou et al., Jacobian Regularizer-based Neural Granger Causality, ICML 2024 (arXiv 2405.08779).
    J. Hoffman et al., Robust Learning with Jacobian Regularization (2019), arXiv 1908.02729: the projections.

    Examples
    --------
    >>> from grngc.jrngc import JRNGC
    >>> from grngc.datasets import load
    >>> data = load("var", n_series=4, n_times=200)
    >>> graph = JRNGC(lag=1, depth=0, hidden=8, steps=100, learning_rate=0.01).fit(data.panel).graph_
    >>> graph.scores.shape
    (4, 4)
    """

    def __init__(
        self,
        *,
        lag: int = 5,
        hidden: int = 100,
        depth: int = 5,
        dropout: float = 0.2,
        norm: str = "frobenius",
        projections: int | None = 1,
        penalty: float = 1e-3,
        both_windows: bool = True,
        learning_rate: float = 1e-3,
        schedule: str = "cosine",
        steps: int = 500,
        batch: int | None = 128,
        scaling: str = "pooled",
        random_state: int = 0,
        device: str = "cpu",
        memory_budget: int = MEMORY_BUDGET,
    ) -> None:
        self.lag = lag
        self.hidden = hidden
        self.depth = depth
        self.dropout = dropout
        self.norm = norm
        self.projections = projections
        self.penalty = penalty
        self.both_windows = both_windows
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.steps = steps
        self.batch = batch
        self.scaling = scaling
        self.random_state = random_state
        self.device = device
        self.memory_budget = memory_budget

    def fit(self, X: Any, y: None = None, *, progress: Callable[[Progress], None] | None = None) -> "JRNGC":
        """Train the forecaster and read the graph.

        Parameters
        ----------
        X : Panel or anything :func:`grngc.as_panel` takes
        y : ignored
            Present by scikit-learn's convention.
        progress : callable, optional
            Called about a hundred times with a :class:`~grngc.training.Progress`.

        Raises
        ------
        InputError
            The data or a parameter cannot be used.
        DivergenceError
            Training ran away; no graph was made.
        """
        self._check()
        forget(self)
        device, panel = resolve_device(self.device), as_panel(X)
        options = {"hidden": self.hidden, "depth": self.depth, "dropout": self.dropout}
        recipe = Recipe("residual", panel.n_series, int(self.lag), options, skip=False)
        n_windows = sum(max(0, len(each) - self.lag) for each in panel.trajectories)
        check_memory(Demand(recipe, n_windows, self.batch, None, None, self.memory_budget, device))
        windows = make_windows(Scaling.of(panel, self.scaling).apply(panel), self.lag)
        with computing_on(device), seeded(self.random_state, device) as generator:
            forecaster = build_forecaster(recipe).to(device)
            training = _Training(self, forecaster, windows, torch.tensor(panel.targets, device=device), generator)
            record = training.run(progress)
        size, signed, constancy = training.read
        self.graph_ = CausalGraph(
            size.max(axis=1), panel.names, size, signed, exogenous=panel.exogenous, sign_constancy=constancy
        )
        self.forecaster_, self.record_, self.n_windows_ = forecaster.eval(), record, len(windows)
        self.device_ = device
        remember_series(self, X, panel)
        return self

    def _check(self) -> None:
        for name, known in {"norm": NORMS, "schedule": SCHEDULES, "scaling": SCALINGS}.items():
            check_choice(name, getattr(self, name), known)
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if value is not None or name not in _OPTIONAL:
                check_whole(name, value, least)
        check_seed(self.random_state)
        for name in ("penalty", "learning_rate", "dropout"):
            check_amount(name, getattr(self, name))
        check_switch("both_windows", self.both_windows)


class _Training:
    """The loss of one fit, on its windows; ``run`` minimises it and leaves what is read of the gradient in ``read``."""

    def __init__(
        self, settings: JRNGC, forecaster: nn.Module, windows: Windows, targets: Tensor, generator: torch.Generator
    ) -> None:
        self.settings, self.forecaster, self.targets, self.generator = settings, forecaster, targets, generator
        self.x = torch.tensor(windows.x, dtype=torch.float32, device=targets.device)
        self.y = torch.tensor(windows.y, dtype=torch.float32, device=targets.device)
        self.among = targets.nonzero().flatten()
        factor = settings.penalty / len(self.among) * (0.5 if settings.norm == "frobenius" else 1.0)
        self.weight = factor * targets
        self.chunk = windows_at_once(forecaster, self.x, settings.memory_budget)
        self.read: tuple[np.ndarray, np.ndarray, np.ndarray]

    def run(self, progress: Callable[[Progress], None] | None) -> Any:
        given = self.settings
        return minimise(
            self.forecaster.train(),
            self._objective,
            Batches(self.x, self.y, given.batch, 0.0, self.generator),
            steps=given.steps,
            learning_rate=given.learning_rate,
            schedule=given.schedule,
            weight_decay=0.0,
            decayed=[],
            mean_error=float(self._error(self.y - self.y.mean(dim=0))),
            scores=self._scores,
            progress=progress,
        )

    def _objective(self, batch: Batch) -> Tensor:
        parts, n = torch.zeros(2, device=self.x.device), len(batch.x)
        for x, y in zip(batch.x.split(self.chunk), batch.y.split(self.chunk), strict=True):
            error = self._error(self.forecaster(x) - y)
            self.forecaster.eval()  # no dropout in the penalty
            size = self._penalty(torch.cat([x, later(x, y)]) if self.settings.both_windows else x)
            self.forecaster.train()
            error, size = error * (len(x) / n), size * (len(x) / n)
            (error + size).backward()
            parts += torch.stack([error.detach(), size.detach()])
        return parts

    def _error(self, missed: Tensor) -> Tensor:
        return missed[:, self.among].square().mean()

    def _penalty(self, x: Tensor) -> Tensor:
        norm, count = self.settings.norm, self.settings.projections
        if norm == "frobenius" and count is not None:
            directions = draw_directions(count, len(x), self.targets, self.generator)
            found = projected_penalty(self.forecaster, x, directions, len(self.among))
            return self.weight.max() * found
        weights = self.weight[:, None, None].expand(-1, *x.shape[1:])
        return gradient_penalty(self.forecaster, x, weights, norm=norm)[1]

    def _scores(self) -> np.ndarray:
        found = gradient_scores(self.forecaster.eval(), self.x, memory_budget=self.settings.memory_budget)
        self.forecaster.train()
        size, signed, constancy = (part.cpu().numpy() * self.targets.cpu().numpy()[:, None, None] for part in found)
        self.read = size, signed, constancy
        return size


def later(x: Tensor, y: Tensor) -> Tensor:
    """Return the windows (window, lag, series) that end with what is forecast, one step after those of ``x``."""
    return torch.cat([y.unsqueeze(1), x[:, :-1]], dim=1)
