"""GRNGC: Granger causality from the penalised input gradient of one forecaster for all series.

References
----------
GRNGC: gradient regularisation-based neural Granger causality, arXiv 2507.11178. Equation numbers are that paper's;
docs/equations.md says which function is which equation, and docs/decisions how the ambiguous ones are read.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from .contemporaneous import Present, present_coefficients, present_floor, weigh_present
from .estimators import forget, remember_series
from .fitting import Fitted, fit_forecaster
from .floor import noise_floor
from .forecasters import SEQUENCE_FORECASTERS, ForecasterChoice, Recipe, save_forecaster
from .forecasting import continue_panel
from .gradients import reads_sequence
from .graph import CausalGraph
from .panel import Panel, as_panel
from .parameters import COLLAPSES, automatic_penalty, automatic_width, check_parameters
from .runtime import MEMORY_BUDGET, resolve_device
from .scaling import Scaling
from .selection import CANDIDATES, LONGEST_LAG, Choice, Forecast, called, choose
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
    forecaster : {"auto", "linear", "mlp", "kan", "lstm", "tcn"} or callable
        A name, or a factory ``(n_series, n_lags) -> Module`` that keeps the contract in ``grngc.forecasters``.
        ``"auto"``: ``linear``, unless ``mlp`` adds to its forecasts of windows that were held out; see
        :mod:`grngc.selection`. ``linear`` is solved for exactly and has no use for what training needs
        (``learning_rate``, ``schedule``, ``steps``, ``batch``, ``weight_decay``). (``"sequence_tcn"`` is the authors'
        TCN over the whole record, for their published settings.)
    lag : int or "auto"
        Steps of the past that the forecaster sees. ``"auto"``: one, and one more as long as that makes held-out
        forecasts clearly better.
    hidden : int or "auto"
        Width of the forecaster (no meaning for ``linear`` and for factories). ``"auto"``: for ``mlp`` five times the
        number of series, at least 64 and at most 512; 64 for the others.
    forecaster_options : dict, optional
        Further arguments of the named forecaster, e.g. ``{"base": "silu", "grid_range": (-3, 3)}`` for ``kan``,
        ``{"activation": "tanh"}`` for ``mlp``, ``{"depth": 2}``.
    skip : bool
        Put a linear path beside the forecaster, whose last layer then starts at zero.
    penalty : float or "auto"
        Weight of the gradient penalty. ``"auto"``: ``1.5 sqrt(log(p k) / N)`` per output for *p* series, *k* lags and
        *N* windows, the rate at which the largest of so many chance correlations shrinks.
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
    penalty_batch : int, optional
        Windows of each batch, drawn at random, that the penalty is measured on, for speed; None: all. The expected
        penalty and its expected derivative do not depend on it.
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
    contemporaneous : bool or "auto"
        Whether what series do *within* one time step counts too: to the scores are added the sizes of the
        coefficients of the others' present values, in a linear regression on all pasts and the others' present. Those
        say that two series move together, not which drives which. ``"auto"``: where a linear forecaster is used, the
        pasts of others hardly help it and their present clearly does, as in a record sampled too slowly for its
        couplings; see :mod:`grngc.contemporaneous`. The forecaster itself only ever sees the past.
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
    choice_ : Choice
        Forecaster and lag, and the held-out errors they were chosen by.
    present_ : Present
        Whether the contemporaneous part is used, and what it and the others' pasts save of the held-out error.
    penalty_ : float
        The penalty used, in units of ``penalty_scale``.
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
        forecaster: ForecasterChoice = "auto",
        lag: int | Literal["auto"] = "auto",
        hidden: int | Literal["auto"] = "auto",
        forecaster_options: Mapping[str, Any] | None = None,
        skip: bool = True,
        penalty: float | Literal["auto"] = "auto",
        penalty_scale: str = "per_output",
        norm: str = "l1",
        penalise_own_past: bool = False,
        learning_rate: float = 1e-2,
        schedule: str = "cosine",
        steps: int = 1000,
        batch: int | None = 256,
        penalty_batch: int | None = 32,
        input_noise: float = 0.3,
        weight_decay: float = 1.0,
        scaling: str = "pooled",
        cross_boundary: bool = False,
        lag_collapse: str = "sum",
        contemporaneous: bool | Literal["auto"] = "auto",
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
        self.penalty_batch = penalty_batch
        self.input_noise = input_noise
        self.weight_decay = weight_decay
        self.scaling = scaling
        self.cross_boundary = cross_boundary
        self.lag_collapse = lag_collapse
        self.contemporaneous = contemporaneous
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
        snapshot_every: int = 1,
    ) -> "GRNGC":
        """Train the forecaster and read the graph.

        Parameters
        ----------
        X : Panel or anything :func:`grngc.as_panel` takes
            (time, series) array, list of such arrays, (trajectory, time, series) array, data frame.
        y : ignored
            Present by scikit-learn's convention.
        progress : callable, optional
            Called about a hundred times a training with a :class:`~grngc.training.Progress`, which says what for.
        snapshot : callable, optional
            Called after every ``snapshot_every`` updates, and after the last, with the step, from 1, and the scores
            (target, source) that the graph would have if training ended there. It changes no result and costs a
            reading of the gradient each time.
        snapshot_every : int

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
        scaled, device = scaling.apply(panel), resolve_device(self.device)
        choice = self._choose(scaled, device, progress)
        windows = make_windows(scaled, choice.lag, cross_boundary=self.cross_boundary)
        recipe = self._recipe(choice.forecaster, choice.lag, panel.n_series)
        collapse = COLLAPSES[self.lag_collapse]
        present = self._weigh_present(choice, windows, panel.targets)
        together, near = self._together(windows, panel.targets) if present.used else (None, None)
        added = 0.0 if together is None else np.abs(together)
        watch = None if snapshot is None else lambda step, found: snapshot(step, collapse(found) + added)
        fitted = self._fit(
            recipe, windows, panel.targets, device, progress=progress, snapshot=watch, snapshot_every=snapshot_every
        )
        scores = collapse(fitted.lag_scores)
        nearness = None if fitted.nearness is None else fitted.nearness.max(axis=1)
        self.graph_ = CausalGraph(
            scores + added,
            panel.names,
            fitted.lag_scores,
            fitted.signs,
            exogenous=panel.exogenous,
            nearness=nearness if nearness is None or near is None else np.maximum(nearness, near),
            contemporaneous=together,
        )
        self.choice_, self.present_, self.penalty_ = choice, present, self._penalty(windows, panel.targets)
        self.noise_floor_ = math.nan
        if not reads_sequence(fitted.forecaster):
            self.noise_floor_ = noise_floor(
                windows,
                self._weights_per_output(windows, panel.targets),
                panel.targets,
                collapse=collapse,
                scores=scores,
                refit=lambda others: (
                    self._fit(
                        recipe, others, panel.targets, device, progress=_doing("training for the noise floor", progress)
                    ).lag_scores
                ),
                random_state=self.random_state,
                **self._exact(),
            )
            if present.used:
                self.noise_floor_ = max(self.noise_floor_, self._floor_together(windows, panel.targets))
        self.forecaster_, self.record_, self.recipe_ = fitted.forecaster, fitted.record, recipe
        self.panel_, self.scaling_, self.n_windows_ = panel, scaling, len(windows)
        remember_series(self, X, panel)
        return self

    def _choose(self, scaled: Panel, device: torch.device, progress: Callable[[Progress], None] | None) -> Choice:
        """Decide on forecaster and lag where they are ``"auto"``, by held-out forecasts of this very estimator."""

        def cut(lag: int) -> Windows:
            return make_windows(scaled, lag, cross_boundary=self.cross_boundary)

        def train(forecaster: ForecasterChoice, windows: Windows) -> Forecast:
            lag = windows.x.shape[1]
            heard = _doing(f"trying {called(forecaster)}, lag {lag}", progress)
            recipe = self._recipe(forecaster, lag, scaled.n_series)
            return self._fit(recipe, windows, scaled.targets, device, progress=heard).forecast

        forecasters = CANDIDATES if self.forecaster == "auto" else (self.forecaster,)
        lags = tuple(range(1, LONGEST_LAG + 1)) if isinstance(self.lag, str) else (int(self.lag),)
        if len(lags) > 1 and self.forecaster in tuple(SEQUENCE_FORECASTERS):
            lags = (1,)
        return choose(forecasters, lags, cut, train, scaled.targets)

    def _weigh_present(self, choice: Choice, windows: Windows, targets: np.ndarray) -> Present:
        """Decide whether what series do within one time step counts."""
        automatic = isinstance(self.contemporaneous, str)
        if not self.contemporaneous or (automatic and choice.forecaster != "linear"):
            return Present(False)
        found = weigh_present(windows, lambda some: self._weights_per_output(some, targets), targets, **self._exact())
        return found if automatic else replace(found, used=True)

    def _together(self, windows: Windows, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        return present_coefficients(windows, self._weights_per_output(windows, targets), targets, **self._exact())

    def _floor_together(self, windows: Windows, targets: np.ndarray) -> float:
        return present_floor(
            windows,
            self._weights_per_output(windows, targets),
            targets,
            collapse=COLLAPSES[self.lag_collapse],
            random_state=self.random_state,
            **self._exact(),
        )

    def _exact(self) -> dict[str, Any]:
        """Return what exact linear fits are told beside their weights."""
        return {"norm": self.norm, "input_noise": self.input_noise}

    def _fit(
        self, recipe: Recipe, windows: Windows, targets: np.ndarray, device: torch.device, **course: Any
    ) -> Fitted:
        settings: dict[str, Any] = {
            "norm": self.norm,
            "steps": self.steps,
            "batch": self.batch,
            "penalty_batch": self.penalty_batch,
            "learning_rate": self.learning_rate,
            "schedule": self.schedule,
            "input_noise": self.input_noise,
            "weight_decay": self._decay(len(windows)),
            "seed": self.random_state,
            "device": device,
            "memory_budget": self.memory_budget,
        }
        return fit_forecaster(recipe, windows, self._weights(windows, targets), targets, **settings | course)

    def forecast(self, steps: int = 1, *, exogenous: ArrayLike | None = None) -> np.ndarray:
        """Continue every fitted trajectory, one step at a time, each forecast feeding the next.

        Only the past is read: a contemporaneous part of the graph helps no forecast.

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

    def _recipe(self, forecaster: ForecasterChoice, lag: int, n_series: int) -> Recipe:
        return Recipe(forecaster, n_series, lag, self._options(forecaster, n_series), self.skip)

    def _options(self, forecaster: ForecasterChoice, n_series: int) -> dict[str, Any]:
        named = isinstance(forecaster, str) and forecaster != "linear"
        width = automatic_width(forecaster, n_series) if self.hidden == "auto" else self.hidden
        options = {} if self.forecaster == "auto" and forecaster == "linear" else dict(self.forecaster_options or {})
        return ({"hidden": width} if named else {}) | options

    def _penalty(self, windows: Windows, targets: np.ndarray) -> float:
        if not isinstance(self.penalty, str):
            return self.penalty
        per_output = automatic_penalty(windows.x.shape[1] * windows.x.shape[2], len(windows))
        return per_output if self.penalty_scale == "per_output" else per_output / targets.sum()

    def _weights(self, windows: Windows, targets: np.ndarray) -> np.ndarray:
        """Return the weight of each gradient entry in the penalty, (target, lag, source)."""
        p, lags = len(targets), windows.x.shape[1]
        scale = self._penalty(windows, targets) / (targets.sum() if self.penalty_scale == "per_output" else 1)
        penalised = np.ones((p, p)) if self.penalise_own_past else 1 - np.eye(p)
        return (scale * targets[:, None] * penalised)[:, None, :].repeat(lags, axis=1)

    def _weights_per_output(self, windows: Windows, targets: np.ndarray) -> np.ndarray:
        """Return the same beside each target's own squared error, not their mean."""
        return self._weights(windows, targets) * targets.sum()


def _doing(what: str, progress: Callable[[Progress], None] | None) -> Callable[[Progress], None] | None:
    """Return a callback that passes progress on, and says what for."""
    return None if progress is None else lambda now: progress(now._replace(doing=what))
