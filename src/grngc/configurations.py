"""Named settings of GRNGC: the library's default and what the authors released. Parameters, nothing else.

``default`` is one configuration for all data; its values are GRNGC's own defaults and docs/defaults.md says why.

The ``published`` ones are the settings of the authors' released code (shared between DREAM3 and DREAM4, one for each
other data set), to be read at the last epoch: KAN or ReLU MLP with one hidden layer, or a TCN over the whole record as
one sequence; lag 1, replicates joined end to end, the whole record in every step, constant learning rate, own past
penalised. They are not at a minimum when they stop, so what they give depends on the number of epochs. Of NetSim a
search grid was released and no single setting, of Traffic nothing, nor any LSTM. Lorenz-96's TCN was released for
forcing 10, its others for 20.
"""

from collections.abc import Mapping
from typing import Any

from .arguments import check_choice

_RELEASED: dict[str, Any] = {
    "lag": 1,
    "skip": False,
    "penalty_scale": "code",
    "norm": "l1",
    "penalise_own_past": True,
    "schedule": "constant",
    "batch": None,
    "penalty_batch": None,
    "input_noise": 0.0,
    "weight_decay": 0.0,
    "scaling": "pooled",
    "cross_boundary": True,
    "lag_collapse": "sum",
    "contemporaneous": False,
}
_KAN: dict[str, Any] = {"forecaster": "kan", "forecaster_options": {"base": "identity"}}
_MLP: dict[str, Any] = {"forecaster": "mlp", "forecaster_options": {"activation": "relu"}}
_TCN: dict[str, Any] = {"forecaster": "sequence_tcn", "forecaster_options": {"depth": 3, "kernel": 3}}

_DREAM: dict[str, Any] = {"hidden": 128, "learning_rate": 0.01, "penalty": 0.008, "steps": 200}
_LORENZ96: dict[str, Any] = {"hidden": 512, "learning_rate": 0.01, "penalty": 0.0015, "steps": 200}
_MEDICAL: dict[str, Any] = {"learning_rate": 0.001, "penalty": 0.01, "steps": 500}

CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "default": {},
    "published": _RELEASED | _KAN | _DREAM,
    "published-mlp": _RELEASED | _MLP | _DREAM,
    "published-tcn": _RELEASED | _TCN | _DREAM,
    "published-lorenz96": _RELEASED | _KAN | _LORENZ96,
    "published-lorenz96-mlp": _RELEASED | _MLP | _LORENZ96,
    "published-lorenz96-tcn": _RELEASED | _TCN | _LORENZ96 | {"penalty": 0.0009},
    "published-medical": _RELEASED | _KAN | _MEDICAL | {"hidden": 256},
    "published-medical-mlp": _RELEASED | _MLP | _MEDICAL | {"hidden": 512},
    "published-medical-tcn": _RELEASED | _TCN | _MEDICAL | {"hidden": 512},
}
"""Name -> parameters of GRNGC; ``GRNGC(**CONFIGURATIONS["published"])``. ``published`` alone is the DREAM one."""


def parameters_of(configuration: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters of GRNGC: those of the named configuration, then those given."""
    check_choice("configuration", configuration, CONFIGURATIONS)
    named = dict(CONFIGURATIONS[configuration])
    if given.get("forecaster", named.get("forecaster")) != named.get("forecaster"):
        named.pop("forecaster_options", None)  # they belong to the forecaster that is no longer there
    return named | dict(given)
