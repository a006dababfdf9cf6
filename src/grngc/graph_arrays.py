"""What a graph is given, checked: arrays of its own that nobody can write to, of one size, finite, in their ranges."""

from typing import TYPE_CHECKING, Any

import numpy as np

from .arguments import listed
from .errors import InputError

if TYPE_CHECKING:
    from .graph import CausalGraph


def checked(graph: "CausalGraph") -> dict[str, Any]:
    """Return the fields of a graph as they are to be, by name; refuse what is none."""
    scores = np.array(graph.scores, dtype=float)
    lags = (
        np.expand_dims(scores, min(1, scores.ndim))
        if graph.lag_scores is None
        else np.array(graph.lag_scores, dtype=float)
    )
    signs = np.zeros_like(lags) if graph.signs is None else np.array(graph.signs, dtype=float)
    p = len(graph.names)
    if scores.shape != (p, p) or lags.shape[::2] != (p, p) or lags.ndim != 3 or signs.shape != lags.shape:
        raise InputError(
            f"a graph of {p} names needs scores ({p}, {p}) and lag_scores, signs ({p}, lag, {p}); "
            f"got {scores.shape}, {lags.shape}, {signs.shape}"
        )
    names, exogenous = tuple(map(str, graph.names)), tuple(map(str, graph.exogenous))
    if len(set(names)) < p or not set(exogenous) <= set(names):
        raise InputError(
            f"a graph needs names that differ, and exogenous series among them; got {listed(names)}, exogenous "
            f"{listed(exogenous) or 'none'}"
        )
    near = None if graph.nearness is None else np.array(graph.nearness, dtype=float)
    if near is not None and (near.shape != (p, p) or not ((near >= 0) & (near <= 1)).all()):
        raise InputError(f"nearness is a ({p}, {p}) array of numbers from 0 to 1; got {near.shape}")
    present = None if graph.contemporaneous is None else np.array(graph.contemporaneous, dtype=float)
    if present is not None and (present.shape != (p, p) or present.diagonal().any()):
        raise InputError(f"contemporaneous is a ({p}, {p}) array with 0 on its diagonal; got {present.shape}")
    alike = None if graph.sign_constancy is None else np.array(graph.sign_constancy, dtype=float)
    if alike is not None and (alike.shape != lags.shape or not ((alike >= 0) & (alike <= 1)).all()):
        raise InputError(f"sign_constancy is a {lags.shape} array of numbers from 0 to 1; got {alike.shape}")
    arrays: dict[str, np.ndarray | None] = {"scores": scores, "lag_scores": lags, "signs": signs}
    arrays |= {"nearness": near, "contemporaneous": present, "sign_constancy": alike}
    if not all(np.isfinite(array).all() for array in arrays.values() if array is not None):
        raise InputError("the scores of a graph are finite numbers; got NaN or infinity")
    if graph.evidence is not None and graph.evidence.p.shape != (p, p):
        raise InputError(f"evidence is arrays ({p}, {p}); got {graph.evidence.p.shape}")
    forbidden, required = _mask("forbidden", graph.forbidden, p), _mask("required", graph.required, p)
    if forbidden is not None and (lags.any(axis=1) | (scores != 0))[forbidden].any():
        raise InputError("the scores of forbidden pairs are 0; got others")
    arrays |= {"forbidden": forbidden, "required": required}
    for array in arrays.values():
        if array is not None:
            array.setflags(write=False)
    return {"names": names, "exogenous": exogenous, **arrays}


def _mask(name: str, given: np.ndarray | None, p: int) -> np.ndarray | None:
    """Return a mask of pairs of two series, None where it has none."""
    if given is None or not np.any(given):
        return None
    mask = np.array(given)
    if mask.shape != (p, p) or mask.dtype != bool or mask.diagonal().any():
        raise InputError(f"{name} is a ({p}, {p}) array of True and False, False on its diagonal; got {mask.shape}")
    return mask
