"""GRNGC: Granger causality from the penalised input gradient of one forecaster for all series.

Equation numbers are those of the paper; docs/equations.md says which function is which equation, and docs/decisions how
the ambiguous ones are read.

References
----------
M. Liu, D. Wen, X. Yang, Y. Xu, Z. Li, Z. Si, X. Yang, Z. Zhao, Gradient regularization-based neural Granger causality,
arXiv 2507.11178 (2025).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from .checkpoints import Checkpoints, gone_on_from, processor
from .device import check_tf32, device_kind, resolve_device
from .environment import code, versions
from .estimators import forget, remember_series
from .forecasters import ForecasterChoice, save_forecaster
from .forecasting import continue_panel
from .gradients import reads_sequence
from .graph import CausalGraph
from .panel import Panel, as_panel
from .parameters import check_parameters
from .penalty_rules import PenaltyPath
from .rules import Pairs, rules_of
from .runtime import MEMORY_BUDGET
from .scaling import Scaling
from .task import Task
from .training import Progress
from .window_reader import WindowReader


class GRNGC(BaseEstimator):
    """Granger-causal graph of a panel of time series, read from the input gradient of one forecaster.

    One forecaster predicts every series from the last ``lag`` steps of all series. Training minimises, for each
    target (eq. 8-14)::

        mean over windows of (forecast - x_t)^2
        + penalty * sum over (lag, source) of mean over windows of |d forecast / d x[lag, source]|

    and the graph's scores are that last mean, ``scores[target, source]``, summed over lags.

    Parameters
    ----------
    forecaster : {"auto", "linear", "mlp", "kan", "lstm", "tcn", "residual"} or callable
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
    penalty : float, "auto" or a rule's name
        Weight of the gradient penalty. ``"auto"``: ``1.5 sqrt(log(p k) / N)`` per output for *p* series, *k* lags and
        *N* windows, the rate at which the largest of so many chance correlations shrinks. A name in
        :data:`grngc.penalty_rules.RULES` (``"cv"``, ``"cv-1se"``, ``"bic"``, ...) picks from a path of penalties.
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
    penalty_targets : int, optional
        Targets that the penalty is measured on at a step, in turns, each once before any twice; None: all. For
        hundreds of series: less work a step, more of them to settle; expectations do not depend on it.
    penalty_draw : {"random", "stratified"}
        How the windows of ``penalty_batch`` are drawn from a batch: any of them, or one from each of as many stretches
        of it in order of time. Unbiased both; stratified varies less where windows that are near in time are alike and
        a good part of them is drawn (benchmarks/subsampling.py).
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
    sources : list of str, optional
        Series that may drive others, each by name; all others drive nothing but themselves. None: all.
    forbidden, required : list of (source, target), optional
        Pairs that no path may lead through, and pairs that the penalty spares and that are always listed; ``"*"`` is
        every other series.
    never_compared : list of lists of str, optional
        Groups of series: no series of one drives any of another; see docs/how-to/prior-knowledge.md.
    random_state : int
        The same seed gives the same graph on the same machine.
    device : str
        ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"auto"``. Forecasters are trained there; exact linear fits and the
        noise floor are computed by the CPU. Batches and noise are drawn there too, so a GPU's scores differ from the
        CPU's by rounding alone (docs/how-to/device.md).
    tf32 : bool
        Round the factors of float32 products to TF32 (10 bits instead of 23), for speed on NVIDIA GPUs from Ampere on;
        refused elsewhere.
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
        Scores at or below it are what unrelated series give; see :mod:`grngc.floor`. Infinite where nothing can be
        told from chance: below ten windows, and where the forecaster diverges on unrelated series. NaN for
        ``sequence_tcn``: its scores are sums over later forecasts, of which the floor's linear surrogates say nothing.
    choice_ : Choice
        Forecaster and lag, and the held-out errors they were chosen by.
    present_ : Present
        Whether the contemporaneous part is used, and what it and the others' pasts save of the held-out error.
    penalty_ : float
        The penalty used, in units of ``penalty_scale``.
    penalty_path_ : PenaltyPath, optional
        What ``penalty`` was picked from, where a rule picked it; see :meth:`penalty_path` for others.
    panel_ : Panel
        What was fitted, before scaling.
    n_windows_ : int
        Windows trained on: those without gaps.
    scaling_ : Scaling
    device_ : torch.device
        Where the forecaster was trained, and is.
    reader_ : WindowReader
        The forecaster beside its panel: ``reader_.forecasts()``.
    recipe_ : Recipe
        What rebuilds the forecaster.
    n_features_in_ : int
        Number of series.
    rules_ : Rules
        What was known beforehand, as masks.
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
        penalty: float | str = "auto",
        penalty_scale: str = "per_output",
        norm: str = "l1",
        penalise_own_past: bool = False,
        learning_rate: float = 1e-2,
        schedule: str = "cosine",
        steps: int = 1000,
        batch: int | None = 256,
        penalty_batch: int | None = 32,
        penalty_targets: int | None = None,
        penalty_draw: str = "random",
        input_noise: float = 0.3,
        weight_decay: float = 1.0,
        scaling: str = "pooled",
        cross_boundary: bool = False,
        lag_collapse: str = "sum",
        contemporaneous: bool | Literal["auto"] = "auto",
        sources: Sequence[str] | None = None,
        forbidden: Pairs | None = None,
        required: Pairs | None = None,
        never_compared: Sequence[Sequence[str]] | None = None,
        random_state: int = 0,
        device: str = "cpu",
        tf32: bool = False,
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
        self.penalty_targets = penalty_targets
        self.penalty_draw = penalty_draw
        self.input_noise = input_noise
        self.weight_decay = weight_decay
        self.scaling = scaling
        self.cross_boundary = cross_boundary
        self.lag_collapse = lag_collapse
        self.contemporaneous = contemporaneous
        self.sources = sources
        self.forbidden = forbidden
        self.required = required
        self.never_compared = never_compared
        self.random_state = random_state
        self.device = device
        self.tf32 = tf32
        self.memory_budget = memory_budget

    def fit(
        self,
        X: Any,
        y: None = None,
        *,
        progress: Callable[[Progress], None] | None = None,
        snapshot: Callable[[int, np.ndarray], None] | None = None,
        snapshot_every: int = 1,
        checkpoint: Checkpoints | Path | str | None = None,
    ) -> "GRNGC":
        """Train the forecaster and read the graph.

        Parameters
        ----------
        X : Panel or anything :func:`grngc.as_panel` takes
            (time, series) array, list of such arrays, (trajectory, time, series) array, data frame.
        y : ignored
            Present by scikit-learn's convention.
        progress : callable, optional
            Called about a hundred times a training, once where the forecaster is solved for, with a
            :class:`~grngc.training.Progress`, which says what for.
        snapshot : callable, optional
            Called after every ``snapshot_every`` updates, and after the last, with the step, from 1, and the scores
            (target, source) that the graph would have if training ended there; once, with those it has, where the
            forecaster is solved for. It changes no result and costs a reading of the gradient each time.
        snapshot_every : int
        checkpoint : path or Checkpoints, optional
            Folder where the state is kept every twenty seconds. A fit that was killed and is called again with the same
            data, parameters and folder goes on from there to the very same graph (same versions, same kind of
            processor); snapshots of before the stop come again. The folder is removed when the fit ends; that of a
            :class:`~grngc.checkpoints.Checkpoints` is the caller's to clear. A state that cannot be written is a
            :class:`~grngc.errors.CheckpointWarning`, and changes no result.

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
        device = resolve_device(self.device)
        check_tf32(device, self.tf32)
        panel = as_panel(X)
        rules = rules_of(panel.names, panel.exogenous, self.get_params(deep=False))
        scaling = Scaling.of(panel, self.scaling)
        scaled = scaling.apply(panel)
        with gone_on_from(checkpoint, lambda: self._identity(panel, device, snapshot and snapshot_every)) as kept:
            task = Task(self.get_params(deep=False), rules, device, progress, kept)
            choice = task.choose(partial(task.windows, scaled))
            windows, recipe = task.windows(scaled, choice.lag), task.recipe(choice.forecaster, choice.lag)
            task, path = task.settled(recipe, windows)
            present = task.present(choice, windows)
            together, near = task.together(windows) if present.used else (None, None)
            added = 0.0 if together is None else np.abs(together)
            watch = None if snapshot is None else lambda step, found: snapshot(step, task.collapse(found) + added)
            fitted = task.fit(recipe, windows, snapshot=watch, snapshot_every=snapshot_every)  # eq. 8-14
            scores = task.collapse(fitted.lag_scores)  # eq. 11
            nearness = None if fitted.nearness is None else fitted.nearness.max(axis=1)
            reader = WindowReader(fitted.forecaster, panel, scaling, choice.lag, self.cross_boundary)
            graph = CausalGraph(
                scores + added,
                panel.names,
                fitted.lag_scores,
                fitted.signs,
                exogenous=panel.exogenous,
                nearness=nearness if nearness is None or near is None else np.maximum(nearness, near),
                contemporaneous=together,
                forbidden=rules.forbidden,
                required=rules.required,
                sign_constancy=fitted.sign_constancy,
                read_over_time=reader.over_time,
            )
            sequence = reads_sequence(fitted.forecaster)
            floor = math.nan if sequence else task.floor(recipe, windows, scores, present)
        self.graph_, self.noise_floor_ = graph, floor  # and the rest, once nothing can go wrong any more
        self.choice_, self.present_, self.penalty_ = choice, present, task.penalty(windows)
        self.penalty_path_ = path
        self.forecaster_, self.record_, self.recipe_ = fitted.forecaster, fitted.record, recipe
        self.panel_, self.scaling_, self.n_windows_ = panel, scaling, len(windows)
        self.device_, self.rules_, self.reader_ = device, rules, reader
        remember_series(self, X, panel)
        return self

    def _identity(self, panel: Panel, device: torch.device, snapshots: Any) -> dict[str, Any]:
        """Return all that decides the bits of a fit, and which of its snapshots are kept with its states."""
        running = {"versions": versions(), "code": code(), "processor": processor(), "threads": torch.get_num_threads()}
        running |= {"device": device_kind(device), "snapshots": snapshots}  # the device's parameter may be "auto"
        return {"data": panel.digest(), "parameters": self.get_params(deep=False)} | running

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

    def penalty_path(self) -> PenaltyPath:
        """Return what a row of penalties gives on the fitted record, and so what each rule would have picked.

        One that picked the penalty is returned as it is; otherwise it is made: for the linear forecaster some times the
        work of the fit, for one that is trained four to five trainings on four fifths of the record.
        """
        check_is_fitted(self, "forecaster_")
        if self.penalty_path_ is not None:
            return self.penalty_path_
        task = Task(self.get_params(deep=False), self.rules_, self.device_, None)
        return task.path(self.recipe_, task.windows(self.scaling_.apply(self.panel_), self.recipe_.n_lags))

    def save_forecaster(self, path: Path | str) -> Path:
        """Write the trained forecaster as safetensors; :func:`grngc.forecasters.load_forecaster` reads it back."""
        check_is_fitted(self, "forecaster_")
        return save_forecaster(path, self.forecaster_, self.recipe_)
