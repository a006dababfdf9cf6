"""One record under one set of parameters of GRNGC: what each part of the method is told, so that it is told once."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from .checkpoints import Checkpoints
from .contemporaneous import Present, present_coefficients, present_floor, weigh_present
from .device import computing_on
from .errors import DivergenceError, InputError
from .fitting import Fitted, fit_forecaster
from .floor import noise_floor
from .forecasters import SEQUENCE_FORECASTERS, ForecasterChoice, Recipe
from .memory import Demand, check_memory
from .panel import Panel
from .parameters import COLLAPSES, automatic_penalty, automatic_width
from .penalty_path import linear_path, trained_path
from .penalty_rules import COUNTING, RULES, PenaltyPath
from .rules import Rules
from .selection import CANDIDATES, LONGEST_LAG, Choice, Forecast, called, choose
from .training import Progress
from .windows import Windows, make_windows

TRIAL_WINDOWS = 8
"""Windows of a batch that the penalty of a trial is measured on: held-out errors need no finer one, and on hundreds of
series a trial then takes a third of the time (docs/ablation.md)."""

PATH_STEPS = 4
"""Every point of a trained penalty path after the first goes on from the one before, with so many times fewer steps."""

Heard = Callable[[Progress], None] | None


@dataclass(frozen=True, eq=False)
class Task:
    """The parts of :meth:`grngc.GRNGC.fit`, each with the parameters it needs.

    Attributes
    ----------
    given : mapping
        All parameters of the estimator, checked.
    rules : Rules
        Which series may drive which, which are held to.
    device : torch.device
    progress : callable, optional
    checkpoints : Checkpoints, optional
        Where states of trainings are kept, and gone on from.
    """

    given: Mapping[str, Any]
    rules: Rules
    device: torch.device
    progress: Heard
    checkpoints: Checkpoints | None = None

    @property
    def targets(self) -> np.ndarray:
        """Bool array (series,), False where exogenous."""
        return self.rules.targets

    def choose(self, cut: Callable[[int], Windows]) -> Choice:
        """Decide on forecaster and lag where they are ``"auto"``, by held-out forecasts of this very task."""
        asked, lag = self.given["forecaster"], self.given["lag"]

        def train(forecaster: ForecasterChoice, windows: Windows) -> Forecast:
            recipe = self.recipe(forecaster, windows.x.shape[1])
            if forecaster in forecasters[2:]:
                self._check_memory(recipe, len(windows))  # where it does not fit it is not tried
            doing = f"trying {called(forecaster)}, lag {recipe.n_lags}"
            few = min(self.given["penalty_batch"] or TRIAL_WINDOWS, TRIAL_WINDOWS)
            return self.fit(recipe, windows, doing=doing, penalty_batch=few).forecast

        forecasters = self._candidates()
        lags = tuple(range(1, LONGEST_LAG + 1)) if isinstance(lag, str) else (int(lag),)
        if asked in tuple(SEQUENCE_FORECASTERS):
            lags = lags[:1]
        return choose(forecasters, lags, cut, train, self.targets)

    def windows(self, scaled: Panel, lag: int) -> Windows:
        """Cut windows, once it is known that all that follows from them fits in memory."""
        n_windows = sum(max(0, len(each) - lag) for each in scaled.trajectories)
        for forecaster in self._candidates()[:2]:  # a third is no reason to refuse a record
            self._check_memory(self.recipe(forecaster, lag), n_windows)
        return make_windows(scaled, lag, cross_boundary=self.given["cross_boundary"])

    def _check_memory(self, recipe: Recipe, n_windows: int) -> None:
        names = ("batch", "penalty_batch", "penalty_targets", "memory_budget")
        told: dict[str, Any] = {name: self.given[name] for name in names}
        check_memory(Demand(recipe, n_windows, **told, device=self.device))

    def _candidates(self) -> tuple[ForecasterChoice, ...]:
        asked = self.given["forecaster"]
        return CANDIDATES if isinstance(asked, str) and asked == "auto" else (asked,)

    def recipe(self, forecaster: ForecasterChoice, lag: int) -> Recipe:
        """Return what builds the forecaster, with its width."""
        n_series, hidden = len(self.targets), self.given["hidden"]
        options = dict(self.given["forecaster_options"] or {})
        if isinstance(forecaster, str) and forecaster != "linear":
            together = max((len(part.targets) for part in self.rules.parts), default=n_series)
            width = automatic_width(forecaster, together) if isinstance(hidden, str) else hidden
            options = {"hidden": width} | options
        parts = () if forecaster == "linear" else self.rules.parts  # a matrix of weights, 0 where it may not be
        return Recipe(forecaster, n_series, lag, options, self.given["skip"], parts)

    def fit(self, recipe: Recipe, windows: Windows, *, doing: str = "training", **course: Any) -> Fitted:
        """Train a fresh forecaster by eq. 8-14 and read it; ``course``: what is not as given, and snapshots."""
        names = (
            "norm", "steps", "batch", "penalty_batch", "penalty_targets", "penalty_draw", "learning_rate", "schedule",
            "input_noise", "memory_budget",
        )  # fmt: skip
        with computing_on(self.device, tf32=self.given["tf32"]):
            return fit_forecaster(
                recipe,
                windows,
                self.weights(windows) / self.targets.sum(),  # beside the mean over targets of the squared errors
                self.rules,
                **{name: self.given[name] for name in names} | course,
                weight_decay=self._decay(len(windows)),
                seed=self.given["random_state"],
                device=self.device,
                progress=None if self.progress is None else lambda now: self.progress(now._replace(doing=doing)),  # type: ignore[misc]
                checkpoint=None if self.checkpoints is None else self.checkpoints.next(),
            )

    def path(self, recipe: Recipe, windows: Windows) -> PenaltyPath:
        """Go down from the largest useful penalty, and judge every point by windows held out."""
        if self.given["norm"] != "l1":
            raise InputError("a squared penalty leaves no edge out, so no path of penalties begins at the empty graph")
        if recipe.choice in tuple(SEQUENCE_FORECASTERS):
            raise InputError(f"{recipe.choice} reads the whole record, so no part of it can be held out")
        penalised = self._at(1.0).weights(windows)
        admitted = self.rules.allowed & self.targets[:, None]
        told = (windows, penalised, np.broadcast_to(admitted[:, None], penalised.shape))
        rate = replace(self, given={**self.given, "penalty": "auto", "penalty_scale": "per_output"}).penalty(windows)
        noise = self.given["input_noise"]
        if recipe.choice == "linear":
            return linear_path(*told, input_noise=noise, rate=rate, random_state=self.given["random_state"])
        few = min(self.given["penalty_batch"] or TRIAL_WINDOWS, TRIAL_WINDOWS)

        def train(penalty: float, known: Windows, before: Fitted | None) -> Fitted:
            course: dict[str, Any] = {"doing": f"trying penalty {penalty:.3g}", "penalty_batch": few}
            if before is not None:
                steps = -(-self.given["steps"] // PATH_STEPS)
                course |= {"start": before.forecaster.state_dict(), "steps": steps}
            return self._at(penalty).fit(recipe, known, **course)

        return trained_path(*told, train, input_noise=noise, rate=rate)

    def settled(self, recipe: Recipe, windows: Windows) -> tuple["Task", PenaltyPath | None]:
        """Return the task with a number for its penalty where a rule picks one, and the path it picks from."""
        rule = self.given["penalty"]
        if rule not in tuple(RULES):
            return self, None
        if rule in COUNTING and recipe.choice != "linear":
            others = ", ".join(name for name in RULES if name not in COUNTING)
            raise InputError(
                f"penalty={rule!r} counts scores that are exactly 0, which only the linear forecaster has, and this is "
                f"{called(recipe.choice)}: choose forecaster='linear', or another rule ({others})"
            )
        try:
            path = self.path(recipe, windows)
        except InputError as error:
            raise InputError(f"penalty={rule!r}: {error}") from error
        return self._at(path.choices()[rule]), path

    def _at(self, per_output: float) -> "Task":
        """Return the task at a penalty per output."""
        code = 1 if self.given["penalty_scale"] == "per_output" else self.targets.sum()
        return replace(self, given={**self.given, "penalty": per_output / code})

    def present(self, choice: Choice, windows: Windows) -> Present:
        """Decide whether what series do within one time step counts."""
        wanted = self.given["contemporaneous"]
        if not wanted or (isinstance(wanted, str) and choice.forecaster != "linear"):
            return Present(False)
        found = weigh_present(windows, self.weights, self.rules, **self._exact())
        return found if isinstance(wanted, str) else replace(found, used=True)

    def together(self, windows: Windows) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the coefficients (target, source) of the others' present, and how near those at 0 are to entering."""
        return present_coefficients(windows, self.weights(windows), self.rules, **self._exact())

    def floor(self, recipe: Recipe, windows: Windows, scores: np.ndarray, present: Present) -> float:
        """Return what unrelated series give; ``scores`` (target, source) are those of the past alone.

        Infinite where the forecaster diverges on a surrogate: nothing is known of chance then, which is no reason to
        lose the graph.
        """
        doing = "training for the noise floor"
        told: dict[str, Any] = self._exact() | {"collapse": self.collapse, "random_state": self.given["random_state"]}
        try:
            floor = noise_floor(
                windows,
                self.weights(windows),
                self.rules,
                scores=scores,
                refit=lambda others: self.fit(recipe, others, doing=doing).lag_scores,
                **told,
            )
        except DivergenceError:
            return math.inf
        if not present.used:
            return floor
        return max(floor, present_floor(windows, self.weights(windows), self.rules, **told))

    @property
    def collapse(self) -> Callable[[np.ndarray], np.ndarray]:
        """(target, lag, source) -> (target, source)."""
        return COLLAPSES[self.given["lag_collapse"]]

    def penalty(self, windows: Windows) -> float:
        """Return the penalty used, in units of ``penalty_scale``; that of the rate where a rule has yet to pick one."""
        if not isinstance(self.given["penalty"], str):
            return self.given["penalty"]
        sources = int(self.rules.allowed[self.targets].sum(axis=1).max())
        per_output = automatic_penalty(windows.x.shape[1] * sources, len(windows))
        return per_output if self.given["penalty_scale"] == "per_output" else per_output / self.targets.sum()

    def weights(self, windows: Windows) -> np.ndarray:
        """Return the weight of each gradient entry beside its target's own squared error, (target, lag, source)."""
        p, lags = len(self.targets), windows.x.shape[1]
        scale = self.penalty(windows) * (1 if self.given["penalty_scale"] == "per_output" else self.targets.sum())
        penalised = np.ones((p, p)) if self.given["penalise_own_past"] else 1 - np.eye(p)
        penalised[self.rules.required] = 0
        return (scale * self.targets[:, None] * penalised)[:, None, :].repeat(lags, axis=1)

    def _decay(self, n_windows: int) -> float:
        # a step takes learning_rate * decay off a parameter: all of it at the most
        return min(self.given["weight_decay"] * 1000 / n_windows, 1 / max(self.given["learning_rate"], 1e-12))

    def _exact(self) -> dict[str, Any]:
        """Return what exact linear fits are told beside their weights."""
        return {"norm": self.given["norm"], "input_noise": self.given["input_noise"]}
