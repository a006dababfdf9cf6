"""What a trained forecaster says window by window: its gradient over time, its forecasts and what they miss."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from .arguments import check_whole, gib, nearest
from .device import computing_on
from .errors import InputError
from .forecasters import FORECASTERS, SEQUENCE_FORECASTERS, load_forecaster
from .gradients import gradient_over_time, windows_at_once
from .over_time import OverTime
from .panel import Panel
from .runtime import MEMORY_BUDGET
from .scaling import Scaling
from .windows import Windows, make_windows


@dataclass(frozen=True, eq=False)
class Forecasts:
    """What was observed, and what was forecast for it one step ahead from the true past, window by window.

    Attributes
    ----------
    observed, forecast : array (window, series)
        In the units of the panel that was fitted: scaling is undone, transforms are not.
    trajectory : array of str (window,)
        Label of the trajectory in which the window's target step stands.
    time : int array (window,)
        That step, as in :class:`~grngc.over_time.OverTime`.
    names : tuple of str
        Series that are forecast; exogenous ones are not.
    """

    observed: np.ndarray
    forecast: np.ndarray
    trajectory: np.ndarray
    time: np.ndarray
    names: tuple[str, ...]

    def of(self, series: str, trajectory: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return time, observed and forecast of one series in one trajectory, each (window,)."""
        if series not in self.names:
            raise InputError(f"no forecast of {series!r}{nearest(str(series), self.names)}")
        if not (here := self.trajectory == trajectory).any():
            raise InputError(
                f"no window in trajectory {trajectory!r}{nearest(str(trajectory), [*set(self.trajectory)])}"
            )
        column = self.names.index(series)
        return self.time[here], self.observed[here, column], self.forecast[here, column]


@dataclass(frozen=True, eq=False)
class WindowReader:
    """A trained forecaster beside the panel it was trained on; windows are cut again when they are asked for.

    Attributes
    ----------
    forecaster : Module
    panel : Panel
        Before scaling.
    scaling : Scaling
    lag : int
    cross_boundary : bool
        Whether windows cross from one trajectory into the next.
    """

    forecaster: nn.Module
    panel: Panel
    scaling: Scaling
    lag: int
    cross_boundary: bool = False

    def windows(self) -> Windows:
        """Return the scaled windows of the fit."""
        return make_windows(self.scaling.apply(self.panel), self.lag, cross_boundary=self.cross_boundary)

    def errors(self, windows: Windows) -> np.ndarray:
        """Return what the forecasts of windows miss, (window, series), scaled."""
        return windows.y - self._forecast(windows)

    def forecasts(self) -> Forecasts:
        """Return the observed and the forecast step of every window of the fit."""
        windows = self.windows()
        at, time = self.places(windows)
        trajectory = np.array(self.panel.labels)[at]
        targets = self.panel.targets
        observed, forecast = (self._unscaled(values, at)[:, targets] for values in (windows.y, self._forecast(windows)))
        names = tuple(name for name, is_target in zip(self.panel.names, targets, strict=True) if is_target)
        return Forecasts(observed, forecast, trajectory, time, names)

    def forecast(self, windows: Windows) -> np.ndarray:
        """Return what was forecast for the step after each window, (window, series), in the panel's units."""
        return self._unscaled(self._forecast(windows), self.places(windows)[0])

    def over_time(
        self, targets: Sequence[str], lags: Sequence[int], sources: Sequence[str], memory_budget: int
    ) -> OverTime:
        """Return the gradient of every window; refuse what is larger than the budget (bytes) before it is computed."""
        windows, place = self.windows(), {name: i for i, name in enumerate(self.panel.names)}
        x = self._tensor(windows)
        size = len(x) * len(targets) * len(lags) * len(sources) * x.element_size()
        if size > memory_budget:
            counts = {"target": targets, "lag": lags, "source": sources}
            asked = [f"{len(chosen)} {name}{'s' * (len(chosen) != 1)}" for name, chosen in counts.items()]
            raise InputError(
                f"over_time() of {len(x)} windows, {asked[0]}, {asked[1]} and {asked[2]} takes {gib(size)}, more than "
                f"memory_budget={gib(memory_budget)}: name fewer with source=, target= and lag=, or raise memory_budget"
            )
        with computing_on(x.device):
            gradient = gradient_over_time(
                self.forecaster,
                x,
                targets=[place[name] for name in targets],
                lags=[lag - 1 for lag in lags],
                sources=[place[name] for name in sources],
            )
        trajectory, time = self.places(windows)
        labels = np.array(self.panel.labels, dtype=object)[trajectory]
        return OverTime(gradient.numpy(), labels, time, tuple(targets), tuple(lags), tuple(sources))

    def _forecast(self, windows: Windows) -> np.ndarray:
        """Return the forecast step of each window, (window, series), scaled."""
        x = self._tensor(windows)
        with torch.no_grad(), computing_on(x.device):
            chunk = windows_at_once(self.forecaster, x, MEMORY_BUDGET)
            forecast = torch.cat([self.forecaster(part) for part in x.split(chunk)])
        return forecast.cpu().numpy()

    def _unscaled(self, values: np.ndarray, trajectory: np.ndarray) -> np.ndarray:
        """Return values (window, series) in the panel's units; ``trajectory`` (window,) is where each stands."""
        parts = self.scaling.undo([values[trajectory == r] for r in range(self.panel.n_trajectories)])
        found = np.empty(values.shape)
        for r, part in enumerate(parts):
            found[trajectory == r] = part
        return found

    def _tensor(self, windows: Windows) -> torch.Tensor:
        like = next(self.forecaster.parameters())
        return torch.tensor(windows.x, dtype=like.dtype, device=like.device)

    def places(self, windows: Windows) -> tuple[np.ndarray, np.ndarray]:
        """Return the place of the trajectory, and the time in it, that each window's target step stands at."""
        trajectory, time = windows.trajectory, windows.time
        if self.cross_boundary:  # counted through all trajectories
            ends = np.cumsum([len(values) for values in self.panel.trajectories])
            trajectory = np.searchsorted(ends, time, side="right")
            time = time - np.concatenate([[0], ends])[trajectory]
        return trajectory, time


def reread(path: Path, record: Mapping[str, Any], panel: Panel) -> WindowReader:
    """Return the reader of a run from its files.

    Parameters
    ----------
    path : Path
        Of the forecaster.
    record : mapping
        As in ``run.json``.
    panel : Panel
        That of the run; another is refused.
    """
    if not isinstance(panel, Panel):
        raise InputError(
            "data is a Panel, as read_panel or as_panel make it with the options of the run; got "
            f"{type(panel).__name__}"
        )
    data, settings = record["data"], record["configuration"]
    if (came := panel.digest()) != data.get("sha256"):
        raise InputError(
            f"{path.parent}: not the data of this run (SHA-256 {came[:12]}, not {str(data.get('sha256'))[:12]}): read "
            "them with the options of that time; run.json has its series, transforms and origin under data"
        )
    if record["choice"].get("forecaster") not in FORECASTERS | SEQUENCE_FORECASTERS:
        raise InputError(f"{path}: a forecaster made by a factory of your own cannot be read here: fit it again")
    forecaster = load_forecaster(path).eval()
    lag = record["choice"].get("lag")
    check_whole(f"{path.parent}: lag", lag)
    crosses = settings.get("cross_boundary") is True
    return WindowReader(forecaster, panel, Scaling.of(panel, settings.get("scaling")), lag, crosses)
