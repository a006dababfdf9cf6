"""From a choice to a forecaster, and from a trained forecaster to a file and back."""

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.torch
import torch
from torch import nn

from ..arguments import check_choice, check_whole
from ..errors import InputError
from ..npz import shown_cause
from ..opening import check_file
from ..partition import Part
from ..storage import write_atomically
from .kan import KAN
from .linear import Linear, LinearSkip
from .lstm import LSTM
from .masked import Masked, Padded
from .mlp import MLP
from .residual import ResidualMLP
from .sequence_tcn import SequenceTCN
from .tcn import TCN

FORECASTERS: dict[str, Callable[..., nn.Module]] = {
    "kan": KAN, "linear": Linear, "lstm": LSTM, "mlp": MLP, "residual": ResidualMLP, "tcn": TCN,
}  # fmt: skip
"""Name -> class of those that keep the contract."""

SEQUENCE_FORECASTERS: dict[str, Callable[..., nn.Module]] = {"sequence_tcn": SequenceTCN}
"""Published ones that read the whole record as one sequence and do not keep the contract."""

LARGEST_OPTION = 1024
"""Whole numbers up to this are read whatever the size of the file: a kernel's width, a number of knots."""

UNBUILT = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What building a forecaster from options that make no sense, or filling it with the parameters of another, raises."""

ForecasterChoice = str | Callable[[int, int], nn.Module]
"""A name, or a factory ``(n_series, n_lags) -> Module``."""


@dataclass(frozen=True)
class Recipe:
    """What rebuilds a forecaster.

    Attributes
    ----------
    choice : str or callable
        A name in ``FORECASTERS`` or ``SEQUENCE_FORECASTERS``, or a factory ``(n_series, n_lags) -> Module`` that keeps
        the contract.
    n_series, n_lags : int
    options : mapping
        Arguments of the named forecaster; a factory takes none.
    skip : bool
        Put a linear path beside it (see :class:`LinearSkip`); the linear forecaster is one already.
    parts : tuple of Part
        Targets that may read some of the series only, each part with a forecaster of its own (:class:`Masked`); empty:
        one forecaster that reads all.
    """

    choice: ForecasterChoice
    n_series: int
    n_lags: int
    options: Mapping[str, Any]
    skip: bool
    parts: tuple[Part, ...] = ()


def build_forecaster(recipe: Recipe) -> nn.Module:
    """Return a fresh forecaster. Raises :class:`InputError` for a choice or an option that is not known."""
    choice, skip = recipe.choice, recipe.skip
    if isinstance(choice, nn.Module):
        raise InputError(
            f"got a {type(choice).__name__}, which could not start afresh: pass a factory (n_series, n_lags)"
        )
    n_series, n_lags = int(recipe.n_series), int(recipe.n_lags)
    options = {name: _plain(value) for name, value in recipe.options.items()}
    if callable(choice) and options:
        raise InputError(f"a forecaster factory takes no options, got {', '.join(options)}: set them in the factory")
    if not callable(choice):
        _check_options(choice, options)
    if recipe.parts and choice in tuple(SEQUENCE_FORECASTERS):
        raise InputError(f"{choice} reads the whole record at once and can be forbidden no series: choose tcn instead")

    def of(part: Part | None) -> nn.Module:
        """Return the forecaster of a part, or of everything."""
        if callable(choice):
            n = n_series if part is None else len(part.sources) + len(part.beside)
            module = _brought(choice, n, n_lags)
            module = module if part is None else Padded(module, part)
        elif part is None:
            module = (FORECASTERS | SEQUENCE_FORECASTERS)[choice](n_series, n_lags, **options)
        else:
            module = FORECASTERS[choice](len(part.sources), n_lags, n_targets=len(part.targets), **options)
        if not skip or isinstance(module, Linear):
            return module
        if part is None:
            return LinearSkip(module, n_series, n_lags)
        return LinearSkip(module, len(part.sources), n_lags, n_targets=len(part.targets))

    return Masked(n_series, n_lags, recipe.parts, of) if recipe.parts else of(None)


def _check_options(choice: str, options: Mapping[str, Any]) -> None:
    """Refuse a name or an option that is not known."""
    if choice not in tuple(SEQUENCE_FORECASTERS):
        check_choice("forecaster", choice, FORECASTERS)
    factory = (FORECASTERS | SEQUENCE_FORECASTERS)[choice]
    ours = ("n_series", "n_lags", "n_targets")
    known = [name for name in inspect.signature(factory).parameters if name not in ours]
    unknown = [name for name in options if name not in known]
    if unknown:
        raise InputError(f"forecaster {choice!r} has no option {unknown[0]!r}; it has {', '.join(known) or 'none'}")


def _brought(factory: Callable[[int, int], nn.Module], n_series: int, n_lags: int) -> nn.Module:
    """Return a module of a user's factory, if it is one."""
    module = factory(n_series, n_lags)
    if not isinstance(module, nn.Module):
        raise InputError(f"the forecaster factory returned {type(module).__name__}, expected a torch.nn.Module")
    _check_shape(module, n_series, n_lags)
    return module


def _check_shape(module: nn.Module, n_series: int, n_lags: int) -> None:
    """Refuse a module whose forecast is not (window, series): one column would be spread over all series in silence."""
    training, tensors = module.training, [*module.parameters(), *module.buffers()]
    like = next((tensor for tensor in tensors if tensor.is_floating_point()), torch.zeros(()))
    with torch.no_grad():
        forecast = module.eval()(torch.zeros(2, n_lags, n_series, dtype=like.dtype, device=like.device))
    module.train(training)
    if not isinstance(forecast, torch.Tensor) or forecast.shape != (2, n_series):
        shape = tuple(forecast.shape) if isinstance(forecast, torch.Tensor) else type(forecast).__name__
        raise InputError(
            f"the forecaster turns windows (2, {n_lags}, {n_series}) into {shape}, expected (2, {n_series}): "
            "one forecast for each window and series"
        )


def save_forecaster(path: Path | str, forecaster: nn.Module, recipe: Recipe) -> Path:
    """Write the parameters as safetensors, with what rebuilds a named forecaster in the file's metadata.

    Parameters that share memory are written each on its own: safetensors refuses shared ones.
    """
    meta = {
        "forecaster": recipe.choice if isinstance(recipe.choice, str) else None,
        "n_series": int(recipe.n_series),
        "n_lags": int(recipe.n_lags),
        "options": {name: _plain(value) for name, value in recipe.options.items()},
        "skip": bool(recipe.skip),
        "parts": recipe.parts,
    }
    tensors = {name: value.detach().cpu().contiguous().clone() for name, value in forecaster.state_dict().items()}
    return write_atomically(path, safetensors.torch.save(tensors, metadata={"grngc": json.dumps(meta)}))


def load_forecaster(path: Path | str, factory: Callable[[int, int], nn.Module] | None = None) -> nn.Module:
    """Rebuild a saved forecaster; ``factory`` is needed where the forecaster was given as one."""
    try:
        check_file(path)
        with safetensors.safe_open(path, framework="pt") as file:
            meta = json.loads((file.metadata() or {})["grngc"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        named, n_series, n_lags = meta["forecaster"], int(meta["n_series"]), int(meta["n_lags"])
        options, skip = dict(meta["options"]), bool(meta["skip"])
        parts = tuple(Part(*map(tuple, part)) for part in meta.get("parts", ()))
        if any(not isinstance(j, int) or not 0 <= j < n_series for part in parts for each in part for j in each):
            raise ValueError("parts")
    except (OSError, *UNBUILT, safetensors.SafetensorError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: not a forecaster written by grngc ({shown_cause(error)})") from error
    choice = named or factory
    if choice is None:
        raise InputError(f"{path}: holds a forecaster made by a factory of your own: pass it as factory=")
    recipe = Recipe(choice, n_series, n_lags, options, skip, parts)
    _check_room(path, recipe, tensors)
    try:
        with torch.random.fork_rng(devices=[]):
            module = build_forecaster(recipe)
        module.load_state_dict(tensors)
    except UNBUILT as error:
        raise InputError(f"{path}: the parameters do not fit the forecaster ({shown_cause(error)})") from error
    return module


def _check_room(path: Path | str, recipe: Recipe, tensors: Mapping[str, torch.Tensor]) -> None:
    """Refuse a recipe that would take more memory than the parameters beside it, which are there already."""
    for name in ("n_series", "n_lags"):
        check_whole(f"{path}: {name}", getattr(recipe, name))
    there = sum(tensor.numel() for tensor in tensors.values())
    sizes = {"n_series": recipe.n_series, "n_lags": recipe.n_lags, **recipe.options}
    for name, value in sizes.items():
        parts = value if isinstance(value, list) else [value]
        if any(isinstance(part, int) and part > max(there, LARGEST_OPTION) for part in parts):
            raise InputError(f"{path}: {name} {value!r} does not go with {there} parameters: the file is damaged")
    if not callable(recipe.choice):
        try:
            with torch.device("meta"), torch.random.fork_rng(devices=[]):  # shapes without numbers
                wanted = sum(tensor.numel() for tensor in build_forecaster(recipe).state_dict().values())
        except UNBUILT as error:
            raise InputError(f"{path}: no forecaster is made of {sizes} ({shown_cause(error)})") from error
        if wanted != there:
            raise InputError(f"{path}: the parameters do not fit the forecaster: {there} where {sizes} has {wanted}")


def _plain(value: Any) -> Any:
    """Return NumPy's numbers as Python's."""
    return value.item() if isinstance(value, np.generic) else value
