"""What is minimised: eq. 14, and that a penalty measured on a part of the windows is the same on average."""

from typing import Any

import numpy as np
import pytest
import torch

import grngc.fitting
from grngc.batches import Batch, Batches
from grngc.gradients import gradient_penalty
from grngc.grngc import GRNGC
from grngc.lasso import Effort
from grngc.panel import as_panel
from grngc.training import Record
from grngc.windows import make_windows
from simulated import QUICK, SMALL

DRAWS = 1000
SETTINGS = QUICK | {"lag": 2, "input_noise": 0.0, "penalty": 0.7}
N_WINDOWS = 38 + 58


def draws(monkeypatch: pytest.MonkeyPatch, count: int, **change: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return errors with penalties (draw, 2) and derivatives (draw, parameter) of a forecaster that is never moved."""
    parts, slopes = [], []

    def watched(forecaster: torch.nn.Module, objective: Any, batches: Batches, **rest: Any) -> Record:
        rest["scores"]()
        torch.manual_seed(0)
        for parameter in forecaster.parameters():
            parameter.data.normal_(std=0.5)  # a linear path that starts at zero has no slope of |.| to speak of
        for _ in range(count):
            forecaster.zero_grad()
            parts.append(objective(next(batches)).tolist())
            slopes.append(torch.cat([q.grad.flatten() for q in forecaster.parameters() if q.grad is not None]).numpy())
        return Record(1, ({"forecast_error": 0.0},), 0.0, 1.0, 0.0)

    monkeypatch.setattr(grngc.fitting, "minimise", watched)
    monkeypatch.setattr("grngc.task.noise_floor", lambda *args, **options: 0.0)
    GRNGC(**SETTINGS | change).fit(SMALL)
    return np.array(parts), np.array(slopes, dtype=float)


@pytest.mark.parametrize("batch", [None, 40], ids=["whole record", "drawn batch"])
def test_a_penalty_on_some_windows_is_right_on_average(batch: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its mean over many draws, and that of its derivative, are those on all windows: no window is left out of it."""
    (everything,), (slope,) = draws(monkeypatch, 1, batch=None, penalty_batch=None)
    parts, slopes = draws(monkeypatch, DRAWS, batch=batch, penalty_batch=8)
    assert np.ptp(parts[:, 1]) > 0.01 * everything[1]  # it does vary from draw to draw
    for found, expected in ((parts, everything), (slopes, slope)):
        tolerance = 5 * found.std(axis=0) / np.sqrt(DRAWS) + 1e-5
        assert (np.abs(found.mean(axis=0) - expected) < tolerance).all()
    if batch is None:
        np.testing.assert_allclose(parts[:, 0], everything[0], rtol=1e-5)  # the error is on all windows, every time


def test_a_penalty_on_some_targets_is_right_on_average_and_exact_over_a_round(monkeypatch: pytest.MonkeyPatch) -> None:
    (everything,), (slope,) = draws(monkeypatch, 1, batch=None, penalty_batch=None)
    parts, slopes = draws(monkeypatch, 3, batch=None, penalty_batch=None, penalty_targets=1)  # of three targets
    assert np.ptp(parts[:, 1]) > 0.01 * everything[1]
    np.testing.assert_allclose(parts.mean(axis=0), everything, rtol=1e-5)
    np.testing.assert_allclose(slopes.mean(axis=0), slope, rtol=1e-3, atol=1e-5)
    parts, slopes = draws(monkeypatch, DRAWS, batch=None, penalty_batch=8, penalty_targets=2)
    for found, expected in ((parts, everything), (slopes, slope)):
        tolerance = 5 * found.std(axis=0) / np.sqrt(DRAWS) + 1e-5
        assert (np.abs(found.mean(axis=0) - expected) < tolerance).all()


@pytest.mark.parametrize("penalty_targets", [3, 50])
def test_as_many_targets_as_there_are_is_all(penalty_targets: int, monkeypatch: pytest.MonkeyPatch) -> None:
    every, slope = draws(monkeypatch, 1, batch=None, penalty_batch=None)
    found, found_slope = draws(monkeypatch, 1, batch=None, penalty_batch=None, penalty_targets=penalty_targets)
    np.testing.assert_array_equal(found, every)
    np.testing.assert_array_equal(found_slope, slope)


@pytest.mark.parametrize("penalty_batch", [N_WINDOWS, 10_000])
def test_as_many_as_there_are_is_all(penalty_batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    every, slope = draws(monkeypatch, 1, batch=None, penalty_batch=None)
    found, found_slope = draws(monkeypatch, 1, batch=None, penalty_batch=penalty_batch)
    np.testing.assert_array_equal(found, every)
    np.testing.assert_array_equal(found_slope, slope)


def test_what_is_minimised_is_eq_14(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the public parts: the squared error of every target, and the weighted mean gradient of all but own pasts."""
    seen: dict[str, Any] = {}
    real = grngc.fitting.minimise

    def watched(forecaster: torch.nn.Module, objective: Any, batches: Batches, **rest: Any) -> Record:
        x, y, *_ = next(batches)
        weights = torch.tensor(0.7 / 3 * (1 - np.eye(3))[:, None, :].repeat(2, axis=1), dtype=torch.float32)
        forecast, size = gradient_penalty(forecaster, x, weights)
        seen["expected"] = (forecast - y).square().mean().item(), size.item()
        seen["found"] = objective(Batch(x, y)).tolist()
        return real(forecaster, objective, batches, **rest)

    monkeypatch.setattr(grngc.fitting, "minimise", watched)
    GRNGC(**SETTINGS, skip=False, penalty_batch=None).fit(SMALL)
    assert seen["found"] == pytest.approx(seen["expected"], rel=1e-5)
    assert min(seen["found"]) > 0


def test_the_record_of_an_exact_fit_is_that_of_its_minimum() -> None:
    model = GRNGC(**SETTINGS | {"forecaster": "linear"}).fit(SMALL)
    record = model.record_.to_dict()
    assert record["exact"]
    assert record["converged"]
    (row,) = record["trace"]
    assert row["step"] == record["steps"] > 1
    assert row["penalty"] == pytest.approx(0.7 / 3 * model.graph_.scores[~np.eye(3, dtype=bool)].sum())
    assert row["loss"] == row["forecast_error"] + row["penalty"]


def test_an_exact_fit_that_was_stopped_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grngc.fitting, "EXACT", Effort(1e-7, 3))
    record = GRNGC(**SETTINGS | {"forecaster": "linear"}).fit(SMALL).record_
    assert record.exact
    assert not record.converged


def test_the_exact_fit_is_put_into_the_forecaster_constant_and_all() -> None:
    """No forecast of its windows is off on average, and its weights are the graph."""
    model = GRNGC(**SETTINGS | {"forecaster": "linear"}, scaling="none").fit(SMALL)
    windows = make_windows(as_panel(SMALL), 2)
    with torch.no_grad():
        forecast = model.forecaster_(torch.tensor(windows.x, dtype=torch.float32)).numpy()
    np.testing.assert_allclose((windows.y - forecast).mean(axis=0), 0, atol=1e-6)
    weight = model.forecaster_.direct.weight.detach().numpy().reshape(3, 2, 3)
    np.testing.assert_allclose(np.abs(weight), model.graph_.lag_scores, atol=1e-6)
