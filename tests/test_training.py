"""The training loop, on objectives whose every step is known."""

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from grngc import training
from grngc.batches import Batch, Batches
from grngc.errors import DivergenceError, InputError
from grngc.training import Progress, Record, minimise


def losses(error: float, penalty: float = 0.0) -> Tensor:
    return torch.tensor([error, penalty], dtype=torch.float64)


class Point(nn.Module):
    """A forecaster that is one number."""

    def __init__(self) -> None:
        super().__init__()
        self.at = nn.Parameter(torch.zeros(()))


def steady(forecaster: nn.Module) -> Callable[[Batch], tuple[float, float]]:
    """Return an objective of slope 1 everywhere: Adam then moves by exactly its learning rate."""

    def objective(batch: Batch) -> Tensor:
        for parameter in forecaster.parameters():
            parameter.grad = torch.ones_like(parameter)
        return losses(1.0, 0.5)

    return objective


def run(forecaster: nn.Module, objective: Callable | None = None, *, n: int = 8, **changes: Any) -> Record:
    x = torch.arange(float(n)).reshape(n, 1, 1).repeat(1, 2, 3)
    y = torch.arange(float(n)).reshape(n, 1)
    generator = torch.Generator().manual_seed(0)
    batches = Batches(x, y, changes.pop("batch", None), changes.pop("input_noise", 0.0), generator)
    settings: dict[str, Any] = {
        "steps": 100, "learning_rate": 0.01, "schedule": "constant", "weight_decay": 0.0, "decayed": [],
        "mean_error": 5.25, "scores": lambda: np.ones(2),
    }  # fmt: skip
    return minimise(forecaster, objective or steady(forecaster), batches, **(settings | changes))


@pytest.mark.parametrize(("schedule", "share"), [("constant", 1.0), ("cosine", 101 / 200)])
def test_schedule(schedule: str, share: float) -> None:
    """The way gone is the sum of the learning rates; a cosine over n steps sums to (n + 1) / 2."""
    point = Point()
    run(point, schedule=schedule)
    assert float(point.at.detach()) == pytest.approx(-0.01 * 100 * share, rel=1e-4)


def test_weight_decay_is_decoupled_and_only_where_asked() -> None:
    pair = nn.ModuleList([Point(), Point()])
    with torch.no_grad():
        for point in pair:
            point.at += 5.0

    def flat(batch: Batch) -> tuple[float, float]:
        for parameter in pair.parameters():
            parameter.grad = torch.zeros_like(parameter)
        return losses(1.0)

    run(pair, flat, weight_decay=2.0, decayed=[pair[0].at])
    assert float(pair[0].at.detach()) == pytest.approx(5 * (1 - 0.01 * 2) ** 100, rel=1e-4)
    assert float(pair[1].at.detach()) == 5


def seen_by(batch: int | None, **changes: Any) -> list[Tensor]:
    point, seen = Point(), []
    inner = steady(point)

    def objective(batch: Batch) -> Tensor:
        assert torch.equal(batch.x[:, 0, 0].round(), batch.y[:, 0])
        seen.append(batch.x.clone())
        return inner(batch)

    run(point, objective, batch=batch, **changes)
    return seen


def test_batches_read_every_window_once_before_any_twice() -> None:
    order = torch.stack([x[:, 0, 0] for x in seen_by(2)]).reshape(25, 8)  # 25 rounds of 4 batches
    assert all(sorted(row.tolist()) == list(range(8)) for row in order)
    assert len({tuple(row.tolist()) for row in order}) > 20


@pytest.mark.parametrize("batch", [None, 8, 100])
def test_a_batch_of_all_is_all_in_order(batch: int | None) -> None:
    assert all(torch.equal(x[:, 0, 0], torch.arange(8.0)) for x in seen_by(batch))


def test_input_noise_is_new_gaussian_noise_at_every_step() -> None:
    noise = torch.stack(seen_by(None, input_noise=0.05)) - torch.arange(8.0).reshape(1, 8, 1, 1)
    assert float(noise.std()) == pytest.approx(0.05, rel=0.03)
    assert abs(float(noise.mean())) < 0.003
    assert len(noise.unique()) > 0.99 * noise.numel()


def test_record_and_progress() -> None:
    heard: list[Progress] = []
    record = run(Point(), steps=250, progress=heard.append)
    assert [row["step"] for row in record.trace] == [p.step for p in heard]
    assert 50 <= len(heard) <= 200
    assert heard[-1][:5] == (250, 250, 1.5, 1.0, 0.5)
    assert heard[-1].seconds_left == 0 < heard[0].seconds_left
    assert record.trace[3] == {"step": 8, "loss": 1.5, "forecast_error": 1.0, "penalty": 0.5}
    assert json.loads(json.dumps(record.to_dict()))["trace"][3]["step"] == 8
    assert record.steps == 250
    assert record.seconds > 0


def test_losses_are_read_about_a_hundred_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each reading waits for a GPU."""
    read, readings = training._Course.read_losses, []
    monkeypatch.setattr(training._Course, "read_losses", lambda self, fail: (readings.append(0), read(self, fail)))
    run(Point(), steps=1000)
    assert len(readings) == 100


def test_trace_rows_are_means_since_the_row_before() -> None:
    values = iter(range(1, 1000))

    def objective(batch: Batch) -> Tensor:
        return losses(1 / next(values))

    record = run(Point(), objective, steps=205)  # rows every 2 steps, and a last one of 1
    assert record.trace[1]["loss"] == pytest.approx((1 / 3 + 1 / 4) / 2)
    assert record.trace[-1] == {"step": 205, "loss": 1 / 205, "forecast_error": 1 / 205, "penalty": 0.0}


@pytest.mark.parametrize(("later", "change", "converged"), [(1.05, 0.05 / 2.05, True), (3.0, 0.5, False)])
def test_settled_is_judged_by_the_second_half(later: float, change: float, converged: bool) -> None:
    steps_seen: list[int] = []
    point = Point()

    def scores() -> np.ndarray:
        steps_seen.append(round(-float(point.at.detach()) / 0.01))
        return np.array([1.0, 1.0 if steps_seen[-1] < 100 else later])

    record = run(point, scores=scores)
    assert steps_seen[0] == 50
    assert steps_seen[-1] == 100
    assert record.score_change == pytest.approx(change)
    assert record.converged is converged


def test_a_few_steps_have_not_settled_however_little_they_moved() -> None:
    record = run(Point(), steps=99)
    assert record.score_change == 0
    assert record.reach == pytest.approx(0.99)
    assert not record.converged
    assert run(Point(), steps=100).converged


def test_changes_of_next_to_nothing_are_not_judged() -> None:
    """Jitter below what a score can mean is left out; small sums are held against a least size."""
    values = iter([np.array([0.001, 0.0]), np.array([0.0, 0.002])])
    assert run(Point(), scores=lambda: next(values)).score_change == 0
    values = iter([np.array([0.05, 0.0]), np.array([0.01, 0.002])])
    assert run(Point(), scores=lambda: next(values)).score_change == pytest.approx(0.04 / 0.2)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_is_divergence(value: float) -> None:
    errors = iter([1.0] * 6 + [value] * 100)
    with pytest.raises(
        DivergenceError, match=r"loss became \w+ at step 7 of 100; no graph .* learning rate \(now 0.01\)"
    ):
        run(Point(), lambda _: losses(next(errors)))


def test_scores_that_are_not_finite_are_divergence() -> None:
    with pytest.raises(DivergenceError, match="gradient is not finite"):
        run(Point(), scores=lambda: np.array([math.nan]))


@pytest.mark.parametrize(("error", "fails"), [(14.0, False), (17.0, True)])
def test_an_error_far_above_the_means_is_divergence(error: float, fails: bool) -> None:
    """Three times the mean's 5.25 is 15.75."""
    errors = iter([1.0] + [error] * 99)
    if not fails:
        assert run(Point(), lambda _: losses(next(errors))).trace[-1]["forecast_error"] == error
        return
    with pytest.raises(DivergenceError, match=r"ended at 17, the mean alone gives 5\.25"):
        run(Point(), lambda _: losses(next(errors)))


def test_an_error_that_falls_is_no_divergence() -> None:
    """Far from its data still, as where series come unscaled, but on its way: a lower learning rate is no remedy."""
    errors = iter(np.linspace(1e6, 1e3, 100))
    assert run(Point(), lambda _: losses(next(errors))).trace[-1]["forecast_error"] == pytest.approx(1e3)


def test_unknown_schedule() -> None:
    with pytest.raises(InputError, match="schedule 'linear' is not known; choose one of cosine, constant"):
        run(Point(), schedule="linear")
