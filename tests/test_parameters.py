"""What "auto" comes to, and where it means nothing."""

from typing import Any

import numpy as np
import pytest

from grngc.errors import InputError
from grngc.grngc import GRNGC
from grngc.parameters import automatic_penalty, automatic_width
from simulated import CHAIN, QUICK, SMALL


@pytest.mark.parametrize(
    ("forecaster", "n_series", "width"),
    [("mlp", 3, 64), ("mlp", 13, 65), ("mlp", 100, 500), ("mlp", 200, 512), ("kan", 100, 64), ("lstm", 100, 64)],
)
def test_width_follows_the_number_of_series(forecaster: str, n_series: int, width: int) -> None:
    assert automatic_width(forecaster, n_series) == width


def test_the_width_used_is_that() -> None:
    settings = QUICK | {"hidden": "auto", "steps": 2}
    assert GRNGC(**settings).fit(SMALL).recipe_.options == {"hidden": 64}
    many = np.random.default_rng(0).normal(size=(60, 20))
    assert GRNGC(**settings).fit(many).recipe_.options == {"hidden": 100}
    assert GRNGC(**settings | {"forecaster": "tcn"}).fit(many).recipe_.options == {"hidden": 64}
    assert GRNGC(**settings | {"forecaster": "linear"}).fit(many).recipe_.options == {}
    assert GRNGC(**settings | {"hidden": 7}).fit(many).recipe_.options == {"hidden": 7}


def test_penalty_shrinks_with_the_record_and_grows_with_the_inputs() -> None:
    assert automatic_penalty(100, 1000) == pytest.approx(1.5 * 0.0678614, rel=1e-4)
    assert automatic_penalty(10, 400) == automatic_penalty(10, 100) / 2
    assert automatic_penalty(100, 100) == pytest.approx(automatic_penalty(10, 100) * np.sqrt(2))
    assert automatic_penalty(1, 100) == automatic_penalty(2, 100) > 0  # one series: log 1 would be no penalty


@pytest.mark.parametrize(("left", "hidden"), [(1.0, False), (0.53, True)])
def test_it_hides_what_chance_gives_where_half_is_explained(left: float, hidden: bool) -> None:
    """The largest of a hundred correlations with noise of the deviation that is left to explain."""
    rng = np.random.default_rng(0)
    n, p = 400, 100
    largest = [np.abs(rng.normal(size=(p, n)) @ (left * rng.normal(size=n))).max() / n for _ in range(100)]
    assert (np.median(largest) < automatic_penalty(p, n) / 2) == hidden


def test_the_penalty_used_is_that() -> None:
    settings = QUICK | {"penalty": "auto", "lag": 2, "steps": 5}
    n_windows = 38 + 58
    model = GRNGC(**settings).fit(SMALL)
    assert model.penalty_ == pytest.approx(automatic_penalty(2 * 3, n_windows))
    given = GRNGC(**settings | {"penalty": model.penalty_}).fit(SMALL)
    np.testing.assert_array_equal(model.graph_.scores, given.graph_.scores)
    code = GRNGC(**settings, penalty_scale="code").fit(SMALL)
    assert code.penalty_ == pytest.approx(model.penalty_ / 3)
    np.testing.assert_allclose(code.graph_.scores, model.graph_.scores, rtol=1e-5)


@pytest.mark.parametrize(
    "name",
    ["steps", "batch", "penalty_batch", "penalty_targets", "input_noise", "weight_decay", "learning_rate", "skip",
     "norm", "scaling", "schedule", "random_state", "memory_budget", "forecaster_options"],
)  # fmt: skip
def test_auto_is_refused_where_it_means_nothing(name: str) -> None:
    with pytest.raises(InputError, match=rf"{name} .*'auto'"):
        GRNGC(**QUICK | {name: "auto"}).fit(SMALL)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lag": "many"}, "lag must be a whole number of at least 1; got 'many'"),
        ({"hidden": "Auto"}, "hidden must be a whole number of at least 1; got 'Auto'"),
        ({"penalty": "little"}, r"penalty must be a number of at least 0, 'auto', or a rule \(rate, cv, cv-1se,"),
        ({"penalty": np.inf}, "penalty must be a finite number of at least 0; got inf"),
        ({"penalty_batch": 0}, "penalty_batch must be a whole number of at least 1; got 0"),
        ({"forecaster": "automatic"}, "forecaster 'automatic' is not known"),
        (
            {"forecaster": "auto", "forecaster_options": {"activation": "tanh"}},
            r"forecaster_options \(activation\) belong to a named forecaster: give forecaster too",
        ),
    ],
    ids=lambda value: "" if isinstance(value, str) else "-".join(value),
)
def test_what_is_nearly_auto_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        GRNGC(**QUICK | change).fit(CHAIN[:60])
