"""Continue the trajectories of a panel with a trained forecaster."""

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import nn

from .arguments import check_whole
from .device import computing_on
from .errors import InputError
from .gradients import reads_sequence
from .panel import Panel
from .scaling import Scaling


def continue_panel(
    forecaster: nn.Module, panel: Panel, scaling: Scaling, *, lag: int, steps: int, exogenous: ArrayLike | None
) -> np.ndarray:
    """Return the ``steps`` that follow each trajectory, each forecast feeding the next.

    Parameters
    ----------
    forecaster : Module
        Trained in units of ``scaling``.
    panel : Panel
        As it was fitted, before scaling.
    exogenous : array (steps, exogenous series) or (trajectory, steps, exogenous series), optional
        The future of the exogenous series, in the panel's units.

    Returns
    -------
    array (steps, series), or (trajectory, steps, series) for several trajectories
        In the units the data came in.
    """
    check_whole("steps", steps)
    if reads_sequence(forecaster):
        raise InputError("a forecaster that reads a whole sequence continues no trajectory: choose forecaster='tcn'")
    past = _last_window(scaling.apply(panel), lag)
    given = _future(panel, scaling, steps, exogenous)
    device = next(forecaster.parameters()).device
    path = []
    with torch.no_grad(), computing_on(device):
        for step in range(steps):
            window = torch.tensor(past, dtype=torch.float32, device=device)
            following = forecaster(window).cpu().double().numpy()
            following[:, ~panel.targets] = given[:, step]
            path.append(following)
            past = np.concatenate([following[:, None], past[:, :-1]], axis=1)
    restored = panel.restore(scaling.undo(list(np.stack(path, axis=1))))
    return restored[0] if len(restored) == 1 else np.stack(restored)


def _last_window(scaled: Panel, lag: int) -> np.ndarray:
    """Return the last steps of each trajectory, (trajectory, lag, series), most recent first."""
    for label, values in zip(scaled.labels, scaled.trajectories, strict=True):
        if len(values) < lag:
            raise InputError(f"trajectory {label!r} is shorter than the lag of {lag}: nothing to continue from")
        if not np.isfinite(values[-lag:]).all():
            raise InputError(
                f"the last {lag} points of trajectory {label!r} hold missing values: nothing to continue from"
            )
    return np.stack([values[-lag:][::-1] for values in scaled.trajectories])


def _future(panel: Panel, scaling: Scaling, steps: int, exogenous: ArrayLike | None) -> np.ndarray:
    """Return the scaled future of the exogenous series, (trajectory, steps, exogenous series)."""
    columns = ~panel.targets
    shape = (panel.n_trajectories, steps, int(columns.sum()))
    if exogenous is None:
        if columns.any():
            needed = ", ".join(panel.exogenous)
            raise InputError(f"the future of {needed} is needed: pass exogenous= of shape {shape[1:]}")
        return np.zeros(shape)
    values = np.asarray(exogenous, dtype=float)
    if values.shape not in (shape, shape[1:]) or not np.isfinite(values).all():
        raise InputError(f"exogenous must be finite numbers of shape {shape[1:]} or {shape}; got {values.shape}")
    values = np.broadcast_to(values, shape)
    return np.stack([scaling.standardise(each, r, columns) for r, each in enumerate(values)])
