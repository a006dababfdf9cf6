"""Fit the networks of all targets, and read the graph off their input weights."""

from collections.abc import Callable
from typing import Any

from sklearn.base import BaseEstimator

from ..componentwise.graphs import graph_of
from ..componentwise.optimisers import Parameters
from ..componentwise.signs import signed_shares
from ..device import computing_on, resolve_device
from ..estimators import forget, remember_series
from ..memory import SMALL_NUMBER, check_room
from ..panel import as_panel
from ..penalties import source_sizes
from ..runtime import seeded
from ..scaling import Scaling
from ..training import Progress
from .checks import check_parameters
from .models import Descents, Model
from .penalty import chosen_penalty


def fit_estimator(
    estimator: BaseEstimator,
    X: Any,
    modelled: Callable[[], Model],
    progress: Callable[[Progress], None] | None,
) -> None:
    """Check, fit and remember: what ``fit`` of the three estimators does.

    Parameters
    ----------
    estimator : CMLP, CLSTM or CRNN
    X : Panel or anything :func:`grngc.as_panel` takes
    modelled : callable
        Returns the model of the estimator's parameters, once these are checked.
    progress : callable, optional
    """
    given = estimator.get_params(deep=False)
    check_parameters(given)
    forget(estimator)
    model, device, panel = modelled(), resolve_device(given["device"]), as_panel(X)
    n_targets = int(panel.targets.sum())
    task = f"{n_targets:,} networks on {panel.n_times:,} points in time"
    check_room(SMALL_NUMBER * model.numbers(panel), device, task, f"lower {model.remedy}")
    scaling = Scaling.of(panel, given["scaling"])
    scaled = scaling.apply(panel)
    examples = model.examples(scaled)
    penalty: float = given["penalty"]
    held_out: dict[float, float] = {}
    start: Parameters | None = None
    if isinstance(penalty, str):
        with seeded(given["random_state"], device), computing_on(device):
            penalty, held_out, start = chosen_penalty(model, scaled, examples.n_forecasts, given, device, progress)
    with seeded(given["random_state"], device), computing_on(device):
        descents = Descents(model, panel, examples, given, device)
        found = descents.descend(penalty, int(given["steps"]), start=start, progress=progress)
        network = descents.network
        network.load_state_dict(found.parameters)
        sizes = source_sizes(found.parameters["inputs"]).transpose(1, 2).cpu().numpy().astype(float)
        shares, constancy = signed_shares(network.eval(), descents.x, descents.counted)
    estimator.graph_ = graph_of(panel, sizes, shares, constancy)
    estimator.forecaster_, estimator.record_ = network, found.record
    estimator.penalty_, estimator.held_out_ = float(penalty), held_out
    estimator.panel_, estimator.scaling_, estimator.device_ = panel, scaling, device
    estimator.n_windows_ = len(examples)
    remember_series(estimator, X, panel)
