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
from torch import Tensor

from .errors import InputError
from .forecasters import ForecasterChoice, build_forecaster, curved_parameters, save_forecaster
from .gradients import NORMS, bytes_per_window, gradient_penalty, gradient_scores, windows_within
from .graph import CausalGraph
from .panel import Panel, as_panel
from .runtime import MEMORY_BUDGET, resolve_device, seeded
from .scaling import SCALINGS, Scaling
from .training import SCHEDULES, Progress, Record, minimise
from .windows import Windows, make_windows

COLLAPSES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "sum": lambda lag_scores: lag_scores.sum(axis=1),
    "max": lambda lag_scores: lag_scores.max(axis=1),
    "l2": lambda lag_scores: np.sqrt(np.square(lag_scores).sum(axis=1)),
}
"""(target, lag, source) -> (target, source). The sum is eq. 11-13's; JRNGC and others take the maximum."""

PENALTY_SCALES = ("per_output", "code")

ADAM_FLOOR = 0.03
"""Scores that mean nothing however long the record, in standard deviations per standard deviation."""


class GRNGC(BaseEstimator):
    """Granger-causal graph of a panel of time series, read from the input gradient of one forecaster.

    One forecaster predicts every series from the last ``lag`` steps of all series. Training minimises (eq. 8-14)

        mean over windows and targets of (forecast - x_t)^2  +  penalty * sum over (target, lag, source) of
        mean over windows of |d forecast[target] / d x[lag, source]|

    and the graph's scores are that last mean, ``scores[target, source]``, summed over lags.

    Parameters
    ----------
    forecaster : {"mlp", "kan", "lstm", "tcn", "linear"} or callable
        A name, or a factory ``(n_series, n_lags) -> Module`` that keeps the contract in ``grngc.forecasters``.
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
        Decoupled decay (AdamW) of everything but the linear path, in units of the learning rate: the forecaster
        bends where that forecasts better, and stays straight where it does not.
    scaling : {"pooled", "per_trajectory", "none"}
        z-scores over all trajectories together, over each on its own, or the series as they come.
    cross_boundary : bool
        Train on windows that cross from one trajectory into the next, as published code does.
    lag_collapse : {"sum", "max", "l2"}
        From (target, lag, source) to (target, source).
    random_state : int
        The same seed gives the same graph on the same machine.
    device : str
        ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"`` or ``"auto"``.
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
        Scores at or below it are what unrelated series give; see :func:`noise_floor`.
    panel_ : Panel
        What was fitted, before scaling.
    scaling_ : Scaling
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
        learning_rate: float = 3e-3,
        schedule: str = "cosine",
        steps: int = 1000,
        batch: int | None = 256,
        input_noise: float = 0.3,
        weight_decay: float = 2.0,
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

    def fit(self, X: Any, y: None = None, *, progress: Callable[[Progress], None] | None = None) -> "GRNGC":
        """Train the forecaster and read the graph.

        Parameters
        ----------
        X : Panel or anything :func:`grngc.as_panel` takes
            (time, series) array, list of such arrays, (trajectory, time, series) array, data frame.
        y : ignored
            Present by scikit-learn's convention.
        progress : callable, optional
            Called about a hundred times with a :class:`~grngc.training.Progress`.

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
        self._check_parameters()
        panel = as_panel(X)
        scaling = Scaling.of(panel, self.scaling)
        windows = make_windows(scaling.apply(panel), self.lag, cross_boundary=self.cross_boundary)
        device = resolve_device(self.device)
        with seeded(self.random_state) as generator:
            forecaster = build_forecaster(
                self.forecaster, panel.n_series, self.lag, options=self._options(), skip=self.skip
            ).to(device)
            record, size, signed = self._train(forecaster, windows, panel.targets, device, generator, progress)
        collapsed = COLLAPSES[self.lag_collapse](size)
        self.graph_ = CausalGraph(collapsed, panel.names, size, signed, exogenous=panel.exogenous)
        self.forecaster_, self.record_, self.panel_, self.scaling_ = forecaster, record, panel, scaling
        shrinkage = self._penalty_per_output(panel.targets) / 2 if self.norm == "l1" else 0.0
        pairs = panel.targets.sum() * panel.n_series * self.lag
        self.noise_floor_ = noise_floor(len(windows), int(pairs), shrinkage)
        self.n_features_in_ = panel.n_series
        if isinstance(X, Panel) or hasattr(X, "columns"):
            self.feature_names_in_ = np.array(panel.names, dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        return self

    def _train(
        self,
        forecaster: torch.nn.Module,
        windows: Windows,
        targets: np.ndarray,
        device: torch.device,
        generator: torch.Generator,
        progress: Callable[[Progress], None] | None,
    ) -> tuple[Record, np.ndarray, np.ndarray]:
        """Minimise eq. 14 and return the record, the scores of eq. 11 and their signed twin, (target, lag, source)."""
        x = torch.tensor(windows.x, dtype=torch.float32, device=device)
        y = torch.tensor(windows.y, dtype=torch.float32, device=device)
        weights, wanted = self._weights(targets).to(x), torch.tensor(targets, device=device)
        chunk = windows_within(self.memory_budget, bytes_per_window(forecaster, x))

        def objective(inputs: Tensor, outputs: Tensor) -> tuple[float, float]:
            parts = torch.zeros(2, device=device)
            for part, truth in zip(inputs.split(chunk), outputs.split(chunk), strict=True):
                share = len(part) / len(inputs)
                forecast, size = gradient_penalty(forecaster, part, weights, norm=self.norm)  # eq. 11-13
                error = (forecast - truth)[:, wanted].square().mean()  # eq. 8, the target read as x_t
                ((error + size) * share).backward()  # eq. 14
                parts += share * torch.stack([error.detach(), size.detach()])
            return float(parts[0]), float(parts[1])

        def read() -> tuple[np.ndarray, np.ndarray]:
            size, signed = gradient_scores(forecaster, x, memory_budget=self.memory_budget)
            return size.cpu().numpy() * targets[:, None, None], signed.cpu().numpy() * targets[:, None, None]

        record = minimise(
            forecaster,
            objective,
            x,
            y,
            steps=self.steps,
            batch=self.batch,
            learning_rate=self.learning_rate,
            schedule=self.schedule,
            input_noise=self.input_noise,
            weight_decay=dict.fromkeys(curved_parameters(forecaster), self.weight_decay),
            generator=generator,
            scores=lambda: read()[0],
            progress=progress,
        )
        return record, *read()

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
        if isinstance(steps, bool) or not isinstance(steps, (int, np.integer)) or steps < 1:
            raise InputError(f"steps must be a whole number of at least 1; got {steps!r}")
        scaled = self.scaling_.apply(self.panel_)
        given = self._future(steps, exogenous)
        columns = ~self.panel_.targets
        past = np.stack([values[-self.lag :][::-1] for values in scaled.trajectories])
        if not np.isfinite(past).all():
            raise InputError(f"the last {self.lag} points of a trajectory hold missing values: nothing to continue from")
        device = next(self.forecaster_.parameters()).device
        path = []
        with torch.no_grad():
            for step in range(steps):
                window = torch.tensor(past, dtype=torch.float32, device=device)
                following = self.forecaster_(window).double().cpu().numpy()
                following[:, columns] = given[:, step]
                path.append(following)
                past = np.concatenate([following[:, None], past[:, :-1]], axis=1)
        restored = self.panel_.restore(self.scaling_.undo(list(np.stack(path, axis=1))))
        return restored[0] if len(restored) == 1 else np.stack(restored)

    def save_forecaster(self, path: Path | str) -> Path:
        """Write the trained forecaster as safetensors; :func:`grngc.forecasters.load_forecaster` reads it back."""
        check_is_fitted(self, "forecaster_")
        return save_forecaster(
            path, self.forecaster_, self.forecaster, self.n_features_in_, self.lag,
            options=self._options(), skip=self.skip,
        )  # fmt: skip

    def _options(self) -> dict[str, Any]:
        named = isinstance(self.forecaster, str) and self.forecaster != "linear"
        return ({"hidden": self.hidden} if named else {}) | dict(self.forecaster_options or {})

    def _weights(self, targets: np.ndarray) -> Tensor:
        """Return the weight of each gradient entry in the penalty, (target, lag, source)."""
        p = len(targets)
        scale = self._penalty_per_output(targets) / targets.sum()
        penalised = np.ones((p, p)) if self.penalise_own_past else 1 - np.eye(p)
        return torch.tensor((scale * targets[:, None] * penalised)[:, None, :].repeat(self.lag, axis=1))

    def _penalty_per_output(self, targets: np.ndarray) -> float:
        return self.penalty * (1 if self.penalty_scale == "per_output" else int(targets.sum()))

    def _future(self, steps: int, exogenous: ArrayLike | None) -> np.ndarray:
        """Return the scaled future of the exogenous series, (trajectory, steps, exogenous series)."""
        columns = ~self.panel_.targets
        shape = (self.panel_.n_trajectories, steps, int(columns.sum()))
        if exogenous is None:
            if columns.any():
                raise InputError(f"the future of {', '.join(self.panel_.exogenous)} is needed: pass exogenous={shape[1:]}")
            return np.zeros(shape)
        values = np.asarray(exogenous, dtype=float)
        if values.shape not in (shape, shape[1:]) or not np.isfinite(values).all():
            raise InputError(f"exogenous must be finite numbers of shape {shape[1:]} or {shape}; got {values.shape}")
        return (values - self.scaling_.centre[:, None, columns]) / self.scaling_.spread[:, None, columns]

    def _check_parameters(self) -> None:
        choices = {
            "penalty_scale": PENALTY_SCALES, "norm": NORMS, "schedule": SCHEDULES, "scaling": SCALINGS,
            "lag_collapse": COLLAPSES,
        }  # fmt: skip
        for name, known in choices.items():
            if getattr(self, name) not in known:
                raise InputError(f"{name} {getattr(self, name)!r} is not known; choose one of {', '.join(known)}")
        least = {"steps": 1, "hidden": 1, "memory_budget": 1, "random_state": 0} | ({} if self.batch is None else {"batch": 1})
        for name, low in least.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < low:
                raise InputError(f"{name} must be a whole number of at least {low}; got {value!r}")
        for name in ("penalty", "input_noise", "weight_decay", "learning_rate"):
            value = getattr(self, name)
            if not isinstance(value, (int, float, np.number)) or not 0 <= value < math.inf:
                raise InputError(f"{name} must be a finite number of at least 0; got {value!r}")


def noise_floor(n_windows: int, n_entries: int, shrinkage: float) -> float:
    """Return the score that unrelated series stay below.

    The largest of ``n_entries`` correlations of unrelated standardised series over ``n_windows`` windows is about
    ``sqrt(2 log(n_entries) / n_windows)`` (the universal threshold of Donoho and Johnstone, Biometrika 1994), and the
    L1 penalty takes ``shrinkage``, half its weight per output, off each (docs/equations.md). Adam on an L1 term leaves
    small values, not zeros: ``ADAM_FLOOR`` is the least the floor can be. Checked on independent series in
    ``benchmarks/noise_floor.py``. A floor, not a test: confidence is another matter.
    """
    largest = math.sqrt(2 * math.log(max(n_entries, 2)) / n_windows)
    return max(ADAM_FLOOR, largest - shrinkage)
