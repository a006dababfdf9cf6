"""Warnings about a record: each of its bad case, none of records that are well."""

from collections.abc import Callable

import numpy as np
import pytest

from grngc import Panel, as_panel, discover, discover_group
from grngc.datasets.lorenz96 import lorenz96
from grngc.datasets.var import simulate_var, var_coefficients
from grngc.diagnostics import KINDS, SHOWN, Diagnostic, diagnose
from grngc.scaling import Scaling
from grngc.windows import make_windows

Rng = np.random.Generator
SEEDS = range(100)


def warned(x: object, lag: int = 1, present_used: bool = False) -> dict[str, Diagnostic]:
    """Return the warnings about series whose forecasts are a ridge regression's on all pasts."""
    panel = x if isinstance(x, Panel) else as_panel(x)
    windows = make_windows(Scaling.of(panel, "pooled").apply(panel), lag)
    past = windows.x.reshape(len(windows), -1)
    ridge = 0.09 * len(windows) * np.eye(past.shape[1])
    forecast = past @ np.linalg.solve(past.T @ past + ridge, past.T @ windows.y)
    found = diagnose(panel, windows, windows.y - forecast, present_used=present_used)
    assert len({one.kind for one in found}) == len(found)
    assert {one.kind for one in found} <= set(KINDS)
    assert all(np.isfinite(list(one.figures.values())).all() for one in found)
    return {one.kind: one for one in found}


def autoregression(rng: Rng, n_times: int = 200, n_series: int = 10, coefficient: float = 0.6) -> np.ndarray:
    x = rng.normal(size=(n_times + 100, n_series))
    for t in range(1, len(x)):
        x[t] += coefficient * x[t - 1]
    return x[100:]


def network(rng: Rng) -> np.ndarray:
    seeds = rng.integers(10**6, size=2)
    return simulate_var(var_coefficients(10, 2, random_state=int(seeds[0])), 300, random_state=int(seeds[1]))


WELL: dict[str, Callable[[Rng], object]] = {
    "noise": lambda rng: rng.normal(size=(200, 10)),
    "autoregression": autoregression,
    "slow autoregression": lambda rng: autoregression(rng, 500, coefficient=0.9),
    "network": network,
    "short trajectories": lambda rng: [autoregression(rng, 21) for _ in range(10)],
    "differenced random walks": lambda rng: np.diff(np.cumsum(rng.normal(size=(201, 10)), axis=0), axis=0),
}


@pytest.mark.parametrize("kind", WELL)
def test_records_that_are_well_give_hardly_a_warning(kind: str) -> None:
    found = [warned(WELL[kind](np.random.default_rng(seed))) for seed in SEEDS]
    assert sum(map(bool, found)) <= 0.05 * len(found), [list(each) for each in found if each]


def with_one(x: np.ndarray, series: int, values: np.ndarray) -> np.ndarray:
    x = x.copy()
    x[:, series] = values
    return x


def together(rng: Rng) -> np.ndarray:
    """Autoregressions whose innovations have a common part."""
    innovations = rng.normal(size=(400, 10)) * 0.4 + rng.normal(size=(400, 1)) * (np.arange(10) < 3)
    x = np.zeros_like(innovations)
    for t in range(1, len(x)):
        x[t] = 0.8 * x[t - 1] + innovations[t]
    return x


def spread(rng: Rng) -> np.ndarray:
    x = autoregression(rng, 600)
    x[300:, 4] *= 3
    return x


BAD: dict[str, tuple[Callable[[Rng], object], set[str]]] = {
    "random_walk": (lambda rng: np.cumsum(rng.normal(size=(300, 10)), axis=0), set()),
    "trend": (
        lambda rng: autoregression(rng) + np.linspace(0, 7, 200)[:, None] * (np.arange(10) < 3), {"x1", "x2", "x3"}
    ),
    "changing_spread": (spread, {"x5"}),
    "near_duplicates": (
        lambda rng: with_one(x := autoregression(rng), 7, 3 * x[:, 2] + 1e-3 * rng.normal(size=200)),
        {"x3", "x8"},
    ),
    "contemporaneous": (together, {"x1", "x2", "x3"}),
    "slow_sampling": (
        lambda rng: rng.normal(size=(300, 10)) + 3 * rng.normal(size=(300, 1)) * (np.arange(10) < 2), {"x1", "x2"}
    ),
    "fast_sampling": (
        lambda rng: lorenz96(6, 2000, step=0.01, noise=0, random_state=int(rng.integers(99))).panel.trajectories[0],
        set(),
    ),
    "extremes": (lambda rng: with_one(x := autoregression(rng), 6, x[:, 6] + 100 * (np.arange(200) == 50)), {"x7"}),
    "few_windows": (lambda rng: rng.normal(size=(30, 10)), set()),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_told_of_its_bad_case(kind: str) -> None:
    make, concerned = BAD[kind]
    for seed in range(20):
        found = warned(make(np.random.default_rng(seed)))
        assert kind in found
        if concerned:
            assert set(found[kind].series) == concerned


def test_series_are_named_up_to_three_and_counted() -> None:
    found = warned(np.cumsum(np.random.default_rng(0).normal(size=(300, 10)), axis=0))["random_walk"]
    assert len(found.series) > SHOWN
    assert found.text.startswith(f"{len(found.series)} series (")
    assert f"and {len(found.series) - SHOWN} more)" in found.text
    one = warned(with_one(x := autoregression(np.random.default_rng(0)), 6, x[:, 6] + 100 * (np.arange(200) == 50)))
    assert "1 of 200 points make up most of the variance of series 'x7'" in one["extremes"].text


def test_nothing_is_said_twice() -> None:
    """Of duplicates not that they move together, of the present not where the graph reads it, of slips not at all."""
    rng = np.random.default_rng(0)
    assert set(warned(BAD["near_duplicates"][0](rng))) == {"near_duplicates"}
    assert "contemporaneous" not in warned(together(rng), present_used=True)
    with pytest.warns(UserWarning, match="times as far from the middle"):
        slip = as_panel(with_one(x := autoregression(rng), 6, x[:, 6] + 1e9 * (np.arange(200) == 50)))
    assert "extremes" not in warned(slip)


def test_what_random_walks_and_trends_are_told_apart_by() -> None:
    rng = np.random.default_rng(0)
    walks = np.cumsum(rng.normal(size=(1000, 5)), axis=0)
    assert "trend" not in warned(np.cumsum(rng.normal(size=(1000, 5)), axis=0))
    assert "random_walk" not in warned(autoregression(rng, 1000, 5) + np.linspace(0, 9, 1000)[:, None])
    assert warned(np.diff(walks, axis=0)) == {}  # the remedy


def test_gaps_and_series_that_are_missing_from_a_trajectory_do_no_harm() -> None:
    rng = np.random.default_rng(0)
    x = np.cumsum(rng.normal(size=(2, 300, 4)), axis=1)
    x[0, 10:20, 0] = np.nan
    x[1, :, 3] = np.nan
    found = warned(as_panel(list(x), missing="drop"))
    assert "random_walk" in found
    x[0, ::2, 1] = 0.0  # not a walk any more
    x[0, 40:, 2] = 1.0  # constant for long
    warned(as_panel(list(x), missing="drop"))


def test_exogenous_series_are_not_judged_by_forecasts_they_have_not() -> None:
    x = spread(np.random.default_rng(0))
    assert warned(as_panel(x, exogenous=["x5"])) == {}


def test_units_do_not_matter() -> None:
    x = with_one(x := autoregression(np.random.default_rng(0)), 6, x[:, 6] + 100 * (np.arange(200) == 50))
    assert warned(x)["extremes"].text == warned(1e200 * x)["extremes"].text


def test_they_are_in_the_record_and_on_the_page() -> None:
    walks = np.cumsum(np.random.default_rng(0).normal(size=(300, 3)), axis=0)
    found = discover(walks, forecaster="linear", lag=1)
    (told,) = found.record["diagnostics"]
    assert (told["kind"], set(told)) == ("random_walk", {"kind", "series", "figures", "text"})
    page = found.summary()
    block = page[page.index("Warnings:\n- 3 series ('x") :]
    assert 'transform="difference"' in block.replace("\n  ", " ")
    assert "\n" + "=" * 78 + "\n" in block
    assert "Warnings:" not in discover(np.diff(walks, axis=0), forecaster="linear", lag=1).summary()


def test_warnings_of_the_input_join_them_and_older_records_have_none() -> None:
    x = np.random.default_rng(0).normal(size=(200, 2))
    x[5, 1] = 1e9
    with pytest.warns(UserWarning, match="times as far"):
        found = discover(x, forecaster="linear", lag=1)
    assert "Warnings:\n- 1e+09 in time index 5" in found.summary()
    del found.record["diagnostics"]
    found.record["warnings"] = []
    assert "Warnings:" not in found.summary()


def test_a_group_counts_its_subjects() -> None:
    rng = np.random.default_rng(0)
    walks = {name: np.cumsum(rng.normal(size=(300, 3)), axis=0) for name in ("ann", "bob")}
    found = discover_group(walks | {"eve": rng.normal(size=(300, 3))}, forecaster="linear", lag=1, workers=1)
    assert "Warnings:       random walk: 2 of 3 subjects\n" in found.summary()
