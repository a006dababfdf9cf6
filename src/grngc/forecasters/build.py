"""From a choice to a forecaster, and from a trained forecaster to a file and back."""

import inspect
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
from torch import nn

from ..errors import InputError
from ..storage import write_atomically
from .kan import KAN
from .linear import Linear, LinearSkip
from .lstm import LSTM
from .mlp import MLP
from .tcn import TCN

FORECASTERS: dict[str, Callable[..., nn.Module]] = {"kan": KAN, "linear": Linear, "lstm": LSTM, "mlp": MLP, "tcn": TCN}

ForecasterChoice = str | Callable[[int, int], nn.Module]


def build_forecaster(
    choice: ForecasterChoice, n_series: int, n_lags: int, *, options: Mapping[str, Any], skip: bool
) -> nn.Module:
    """Return a fresh forecaster.

    Parameters
    ----------
    choice : str or callable
        A name in ``FORECASTERS``, or a factory ``(n_series, n_lags) -> Module`` that keeps the contract.
    options : mapping
        Arguments of the named forecaster; a factory takes none.
    skip : bool
        Put a linear path beside it (see :class:`LinearSkip`); the linear forecaster is one already.
    """
    if callable(choice):
        if options:
            raise InputError(f"a forecaster factory takes no options, got {', '.join(options)}: set them in the factory")
        module = choice(n_series, n_lags)
        if not isinstance(module, nn.Module):
            raise InputError(f"the forecaster factory returned {type(module).__name__}, expected a torch.nn.Module")
    else:
        if choice not in FORECASTERS:
            raise InputError(f"forecaster {choice!r} is not known; choose one of {', '.join(FORECASTERS)}")
        factory = FORECASTERS[choice]
        known = [name for name in inspect.signature(factory).parameters if name not in ("n_series", "n_lags")]
        unknown = [name for name in options if name not in known]
        if unknown:
            raise InputError(f"forecaster {choice!r} has no option {unknown[0]!r}; it has {', '.join(known) or 'none'}")
        module = factory(n_series, n_lags, **options)
    return LinearSkip(module, n_series, n_lags) if skip and not isinstance(module, Linear) else module


def save_forecaster(
    path: Path | str, forecaster: nn.Module, choice: ForecasterChoice, n_series: int, n_lags: int,
    *, options: Mapping[str, Any], skip: bool,
) -> Path:  # fmt: skip
    """Write the parameters as safetensors, with what rebuilds a named forecaster in the file's metadata."""
    recipe = {
        "forecaster": choice if isinstance(choice, str) else None,
        "n_series": n_series,
        "n_lags": n_lags,
        "options": dict(options),
        "skip": skip,
    }
    tensors = {name: value.detach().cpu().contiguous() for name, value in forecaster.state_dict().items()}
    return write_atomically(path, safetensors.torch.save(tensors, metadata={"grngc": json.dumps(recipe)}))


def load_forecaster(path: Path | str, factory: Callable[[int, int], nn.Module] | None = None) -> nn.Module:
    """Rebuild a saved forecaster; ``factory`` is needed where the forecaster was given as one."""
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            recipe = json.loads((file.metadata() or {})["grngc"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, KeyError, ValueError, safetensors.SafetensorError) as error:
        raise InputError(f"{path}: not a forecaster written by grngc ({error})") from error
    choice = recipe["forecaster"] or factory
    if choice is None:
        raise InputError(f"{path}: holds a forecaster made by a factory of your own: pass it as factory=")
    module = build_forecaster(
        choice, recipe["n_series"], recipe["n_lags"], options=recipe["options"], skip=recipe["skip"]
    )
    module.load_state_dict(tensors)
    return module
