"""GRNGC: Granger causality from the penalised input gradient of one forecaster for all series.

References
----------
GRNGC: gradient regularisation-based neural Granger causality, arXiv 2507.11178. Equation numbers are that paper's;
docs/equations.md says which function is which equation, and docs/decisions how the ambiguous ones are read.
"""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from .estimators import forget, remember_series
from .fitting import Fitted, fit_forecaster
from .floor import noise_floor
from .forecasters import ForecasterChoice, Recipe, save_forecaster
from .forecasting import continue_panel
from .gradients import reads_sequence
from .graph import CausalGraph
from .panel import as_panel
from .parameters import COLLAPSES, check_parameters
from .runtime import MEMORY_BUDGET, resolve_device
from .scaling import Scaling
from .training import Progress
from .windows import Windows, make_windows


class GRNGC(BaseEstimator):
    """Granger-causal graph of a panel of time series, read from the input gradient of one forecaster.

    One forecaster predicts every series from the last ``lag`` steps of all series. Training minimises, for each
    target (eq. 8-14),

        mean over windows of (forecast - x_t)^2  +  penalty * sum over (lag, source) of
        mean over windows of |d forecast / d x[lag, source]|

    and the graph's scores are that last mean, ``scores[target, source]``, summed over lags.

    Parameters
    ----------
    forecaster : {"mlp", "kan", "lstm", "tcn", "linear"} or callable
        A name, or a factory ``(n_series, n_lags) -> Module`` that keeps the contract in ``grngc.forecasters``.
        (``"sequence_tcn"`` is the authors' TCN over the whole record, for their published settings.)
    lag : int
        Steps of the past that the forecaster sees.
    hidden : int
        Width of the forecaster (no meaning for ``linear`` and for factories).
    forecaster_options : dict, optional
        Further arguments of the named forecaster, e.g. ``{"base": "silu", "grid_range": (-3, 3)}`` for ``kan``,
        ``{"activation": "tanh"}`` for ``mlp``, ``{"depth": 2}``.
    skip : bool
        Put a linear path beside the forecaster, whose last layer then starts at zero.
    penalty : float
        Weight of the gradient penalty.
    penalty_scale : {"per_output", "code"}
        What ``penalty`` multiplies. ``per_output``: per target, the sum over sources (eq. 8 with the squared norm
        of the vector); the value then means the same for any number of series. ``code``: the authors' code, which
        also averages the squared error over targets; ``penalty_per_output = n_targets * penalty_code``.
    norm : {"l1", "frobenius"}
        Mean absolute gradient, or mean squared gradient.
    penalise_own_past : bool
        Whether the influence of a series on itself is penalised too.
    learning_rate, schedule, steps, batch
        Adam from ``learning_rate``, decayed along a ``"cosine"`` or ``"constant"``, for ``steps`` updates of
        ``batch`` windows each (None: all windows).
    input_noise : float
        Standard deviation of Gaussian noise on the inputs while training, in units of ``scaling``.
    weight_decay : float
        Decoupled decay (AdamW) of everything but the linear path, in units of the learning rate, for a record of
        1,000 windows; shorter records decay more in proportion. The forecaster bends where that forecasts better,
        and stays straight where the data do not say so.
    scaling : {"pooled", "per_trajectory", "none"}
        z-scores over all trajectories together, over each on its own, or the series as they come.
    cross_boundary : bool
        Train on windows that cross from one trajectory into the next, as published code does.
    lag_collapse : {"sum", "max", "l2"}
        From (target, lag, source) to (target, source).
    random_state : int
        The same seed gives the same graph on the same machine.
    device : str
        ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"auto"``.
    memory_budget : int
        Bytes for the arrays of one chunk; the result does not depend on it beyond rounding.

    Attributes
    ----------
    graph_ : CausalGraph
    forecaster_ : torch.nn.Module
        Trained, in units of ``scaling``.
    record_ : Record
        The course of training and whether it had settled.
    noise_floor_ : float
        Scores at or below it are what unrelated series give; see :mod:`grngc.floor`. NaN for ``sequence_tcn``: its
        scores are sums over later forecasts, which the floor's linear surrogates say nothing about.
    panel_ : Panel
        What was fitted, before scaling.
    n_windows_ : int
        Windows trained on: those without gaps.
    scaling_ : Scaling
    recipe_ : Recipe
        What rebuilds the forecaster.
    n_features_in_ : int
        Number of series.
    feature_names_in_ : array of str
        Their names, where the data brought names.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(300, 2))
    >>> x[1:, 1] += 0.8 * x[:-1, 0]  # the first series drives the second
    >>> edge = GRNGC(steps=200).fit(x).graph_.edges(top=1)[0]
    >>> edge.source, edge.target, edge.lag, edge.sign
    ('x1', 'x2', 1, '+')
    """

    def __init__(
        self,
        *,
        forecaster: ForecasterChoice = "mlp",
        lag: int = 1,
        hidden: int = 64,
        forecaster_options: Mapping[str, Any] | None = None,
        skip: bool = True,
        penalty: float = 0.2,
        penalty_scale: str = "per_output",
        norm: str = "l1",
        penalise_own_past: bool = False,
        learning_rate: float = 1e-2,
        schedule: str = "cosine",
        steps: int = 1000,
        batch: int | None = 256,
        input_noise: float = 0.3,
        weight_decay: float = 1.0,
        scaling: str = "pooled",
        cross_boundary: bool = False,
        lag_collapse: str = "sum",
        random_state: int = 0,
        device: str = "cpu",
        memory_budget: int = MEMORY_BUDGET,
    ) -> None:
        self.forecaster = forecaster
        self.lag = lag
        self.hidden = hidden
        self.forecaster_options = forecaster_options
        self.skip = skip
        self.penalty = penalty
        self.penalty_scale = penalty_scale
        self.norm = norm
        self.penalise_own_past = penalise_own_past
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.steps = steps
        self.batch = batch
        self.input_noise = input_noise
        self.weight_decay = weight_decay
        self.scaling = scaling
        self.cross_boundary = cross_boundary
        self.lag_collapse = lag_collapse
        self.random_state = random_state
        self.device = device
        self.memory_budget = memory_budget

    def fit(
        self,
        X: Any,
        y: None = None,
        *,
        progress: Callable[[Progress], None] | None = None,
        snapshot: Callable[[int, np.ndarray], None] | None = None,
    ) -> "GRNGC":
        """Train the forecaster and read the graph.

        Parameters
        ----------
        X : Panel or anything :func:`grngc.as_panel` takes
            (time, series) array, list of such arrays, (trajectory, time, series) array, data frame.
        y : ignored
            Present by scikit-learn's convention.
        progress : callable, optional
            Called about a hundred times with a :class:`~grngc.training.Progress`.
        snapshot : callable, optional
            Called after every update with the step, from 1, and the scores (target, source) that the graph would have
            if training ended there. It changes no result and costs a reading of the gradient a step.

        Returns
        -------
        GRNGC
            Itself.

        Raises
        ------
        InputError
            The data or a parameter cannot be used.
        DivergenceError
            Training ran away; no graph was made.
        """
        check_parameters(self.get_params())
        forget(self)
        panel = as_panel(X)
        scaling = Scaling.of(panel, self.scaling)
        windows = make_windows(scaling.apply(panel), self.lag, cross_boundary=self.cross_boundary)
        device = resolve_device(self.device)
        recipe = Recipe(self.forecaster, panel.n_series, self.lag, self._options(), self.skip)
        collapse = COLLAPSES[self.lag_collapse]
        watch = None if snapshot is None else lambda step, found: snapshot(step, collapse(found))
        fitted = self._fit(recipe, windows, panel.targets, device, progress, watch)
        scores = collapse(fitted.lag_scores)
        self.graph_ = CausalGraph(scores, panel.names, fitted.lag_scores, fitted.signs, exogenous=panel.exogenous)
        self.noise_floor_ = math.nan
        if not reads_sequence(fitted.forecaster):
            self.noise_floor_ = noise_floor(
                windows,
                self._weights(panel.targets) * panel.targets.sum(),
                panel.targets,
                norm=self.norm,
                collapse=collapse,
                input_noise=self.input_noise,
                scores=scores,
                refit=lambda others: self._fit(recipe, others, panel.targets, device).lag_scores,
                random_state=self.random_state,
            )
        self.forecaster_, self.record_, self.recipe_ = fitted.forecaster, fitted.record, recipe
        self.panel_, self.scaling_, self.n_windows_ = panel, scaling, len(windows)
        remember_series(self, X, panel)
        return self

    def _fit(
        self,
        recipe: Recipe,
        windows: Windows,
        targets: np.ndarray,
        device: torch.device,
        progress: Callable[[Progress], None] | None = None,
        snapshot: Callable[[int, np.ndarray], None] | None = None,
    ) -> Fitted:
        return fit_forecaster(
            recipe,
            windows,
            self._weights(targets),
            targets,
            norm=self.norm,
            steps=self.steps,
            batch=self.batch,
            learning_rate=self.learning_rate,
            schedule=self.schedule,
            input_noise=self.input_noise,
            weight_decay=self._decay(len(windows)),
            seed=self.random_state,
            device=device,
            memory_budget=self.memory_budget,
            progress=progress,
            snapshot=snapshot,
        )

    def forecast(self, steps: int = 1, *, exogenous: ArrayLike | None = None) -> np.ndarray:
        """Continue every fitted trajectory, one step at a time, each forecast feeding the next.

        Parameters
        ----------
        steps : int
        exogenous : array (steps, exogenous series) or (trajectory, steps, exogenous series), optional
            The future of the exogenous series, in the panel's units (after its transforms); needed where there are any.

        Returns
        -------
        array (steps, series), or (trajectory, steps, series) for several trajectories
            In the units the data came in: scaling and transforms are undone.
        """
        check_is_fitted(self, "forecaster_")
        return continue_panel(
            self.forecaster_, self.panel_, self.scaling_, lag=self.recipe_.n_lags, steps=steps, exogenous=exogenous
        )

    def save_forecaster(self, path: Path | str) -> Path:
        """Write the trained forecaster as safetensors; :func:`grngc.forecasters.load_forecaster` reads it back."""
        check_is_fitted(self, "forecaster_")
        return save_forecaster(path, self.forecaster_, self.recipe_)

    def _decay(self, n_windows: int) -> float:
        # a step takes learning_rate * decay off a parameter: all of it at the most
        return min(self.weight_decay * 1000 / n_windows, 1 / max(self.learning_rate, 1e-12))

    def _options(self) -> dict[str, Any]:
        named = isinstance(self.forecaster, str) and self.forecaster != "linear"
        return ({"hidden": self.hidden} if named else {}) | dict(self.forecaster_options or {})

    def _weights(self, targets: np.ndarray) -> np.ndarray:
        """Return the weight of each gradient entry in the penalty, (target, lag, source)."""
        p = len(targets)
        scale = self.penalty / (targets.sum() if self.penalty_scale == "per_output" else 1)
        penalised = np.ones((p, p)) if self.penalise_own_past else 1 - np.eye(p)
        return (scale * targets[:, None] * penalised)[:, None, :].repeat(self.lag, axis=1)
