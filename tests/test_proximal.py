"""Proximal descent where the answer is known: linear networks, separable losses, one step."""

import math

import pytest
import torch
from torch import Tensor

from grngc import DivergenceError, InputError
from grngc.componentwise.optimisers import OPTIMISERS, REMEMBERED, SUFFICIENT, Gista, Parameters
from grngc.componentwise.proximal import PATIENCE, descend
from grngc.penalties import GroupPenalty

pytestmark = pytest.mark.usefixtures("float64")

CENTRE = torch.tensor([[[3.0, 0.1]], [[-2.0, 4.0]], [[0.05, -0.2]]], dtype=torch.float64)
"""(target, unit, source): where each target's loss would be least."""


def bowl(parameters: Parameters, targets: Tensor) -> Tensor:
    return (parameters["inputs"] - CENTRE[targets]).square().sum(dim=(1, 2)) / 2


def begun() -> Parameters:
    return {"inputs": torch.ones_like(CENTRE)}


def level(value: float) -> GroupPenalty:
    return GroupPenalty("GL", torch.full((3, 2), value))


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_the_minimum_is_found_and_its_zeros_are_exact(optimiser: str) -> None:
    found = descend(begun(), bowl, level(0.5), optimiser=optimiser, learning_rate=0.1, steps=2000, check_every=10)
    wanted = CENTRE.sign() * (CENTRE.abs() - 0.5).clamp_min(0)
    torch.testing.assert_close(found.parameters["inputs"], wanted, atol=1e-3, rtol=0)
    assert torch.equal(found.parameters["inputs"] == 0, wanted == 0)
    torch.testing.assert_close(found.losses, bowl({"inputs": wanted}, torch.arange(3)) + 0.5 * wanted.abs().sum((1, 2)))
    assert found.record.converged


def test_ista_without_a_penalty_is_gradient_descent() -> None:
    start = {"inputs": torch.randn(3, 4, 2), "readout": torch.randn(3, 4), "bias": torch.randn(3)}
    x, y = torch.randn(20, 2), torch.randn(20, 3)

    def smooth(parameters: Parameters, targets: Tensor) -> Tensor:
        states = torch.tanh(torch.einsum("jui,ni->jnu", parameters["inputs"], x))
        forecast = torch.einsum("jnu,ju->nj", states, parameters["readout"])
        return (forecast + parameters["bias"] - y[:, targets]).square().mean(dim=0)

    found = descend(start, smooth, level(0.0), learning_rate=0.05, steps=40)
    leaves = {name: each.clone().requires_grad_() for name, each in start.items()}
    descent = torch.optim.SGD(leaves.values(), lr=0.05)
    for _ in range(40):
        descent.zero_grad()
        smooth(leaves, torch.arange(3)).sum().backward()
        descent.step()
    searched = descend(start, smooth, level(0.0), optimiser="gista", learning_rate=1.0, steps=40)
    assert (searched.losses < found.losses).all()
    for name, each in leaves.items():
        torch.testing.assert_close(found.parameters[name], each.detach(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_a_target_does_not_feel_the_others(optimiser: str) -> None:
    told = {"optimiser": optimiser, "learning_rate": 0.1, "steps": 300, "check_every": 7}
    together = descend(begun(), bowl, level(0.3), **told)
    for j in range(3):
        alone = descend(
            {"inputs": torch.ones(1, 1, 2)},
            lambda parameters, targets, j=j: bowl(parameters, targets + j),
            GroupPenalty("GL", torch.full((1, 2), 0.3)),
            **told,
        )
        torch.testing.assert_close(alone.parameters["inputs"][0], together.parameters["inputs"][j], rtol=0, atol=0)
        assert alone.steps[0] == together.steps[j]


def test_one_that_the_line_search_stops_is_not_felt_either() -> None:
    centres = 4 * torch.randn(12, 1, 2, generator=torch.Generator().manual_seed(10))
    steep = torch.logspace(-2, 0, 12)  # some are stopped while others still climb now and then

    def hills(parameters: Parameters, targets: Tensor) -> Tensor:
        away = parameters["inputs"] - centres[targets]
        return steep[targets] * (away.square() + 2 * torch.sin(5 * away)).sum(dim=(1, 2))

    told = {"optimiser": "gista", "learning_rate": 5.0, "steps": 100, "check_every": 3}
    together = descend({"inputs": torch.ones(12, 1, 2)}, hills, GroupPenalty("GL", torch.zeros(12, 2)), **told)
    assert len(together.steps.unique()) > 5
    for j in range(12):
        alone = descend(
            {"inputs": torch.ones(1, 1, 2)},
            lambda parameters, targets, j=j: hills(parameters, targets + j),
            GroupPenalty("GL", torch.zeros(1, 2)),
            **told,
        )
        torch.testing.assert_close(alone.parameters["inputs"][0], together.parameters["inputs"][j], rtol=0, atol=0)
        assert alone.steps[0] == together.steps[j]


def test_a_target_stops_alone_and_keeps_its_best() -> None:
    slope = torch.tensor([1.0, 0.0, 0.0])  # the first can go down for ever, the others are at their best

    def smooth(parameters: Parameters, targets: Tensor) -> Tensor:
        return -slope[targets] * parameters["inputs"].sum(dim=(1, 2))

    found = descend(begun(), smooth, level(0.0), learning_rate=0.1, steps=100, check_every=2)
    assert found.steps.tolist() == [100, 2 * PATIENCE, 2 * PATIENCE]
    torch.testing.assert_close(found.parameters["inputs"][0], torch.full((1, 2), 11.0))
    torch.testing.assert_close(found.parameters["inputs"][1:], torch.ones(2, 1, 2))


def test_parameters_before_a_rise_are_kept() -> None:
    steep = descend(begun(), lambda p, t: 10 * bowl(p, t), level(0.0), learning_rate=0.25, steps=60, check_every=1)
    assert (steep.losses <= 10 * bowl(begun(), torch.arange(3))).all()
    torch.testing.assert_close(10 * bowl(steep.parameters, torch.arange(3)), steep.losses)


def test_the_line_search_takes_only_steps_that_descend(monkeypatch: pytest.MonkeyPatch) -> None:
    totals: list[Tensor] = []

    # a loss with hills, on which long steps go up
    def hills(parameters: Parameters, targets: Tensor) -> Tensor:
        away = parameters["inputs"] - CENTRE[targets]
        return (away.square() + 2 * torch.sin(5 * away)).sum(dim=(1, 2))

    penalty = level(0.2)
    step = Gista.step

    def watched(self, course, losses, gradient, share):
        before = course.parameters["inputs"].clone()
        totals.append(losses + course.cost())
        stuck = step(self, course, losses, gradient, share)
        after = bowl_of(course)
        length = course.kept["search"]["length"]
        worst = torch.stack(totals[-REMEMBERED:]).amax(dim=0)
        moved = (course.parameters["inputs"] - before).square().sum(dim=(1, 2))
        least = SUFFICIENT / 2 * moved / length  # the next length is at least the accepted one
        assert (stuck | (worst - after >= least - 1e-12)).all()
        assert torch.equal(before[stuck], course.parameters["inputs"][stuck])
        return stuck

    def bowl_of(course) -> Tensor:
        return hills(course.parameters, course.targets) + course.cost()

    monkeypatch.setattr(Gista, "step", watched)
    found = descend(begun(), hills, penalty, optimiser="gista", learning_rate=5.0, steps=40, check_every=1000)
    assert (found.losses < hills(begun(), torch.arange(3))).all()
    assert len(totals) > 10


def test_the_line_search_stops_a_target_that_has_nowhere_to_go() -> None:
    found = descend(begun(), bowl, level(0.0), optimiser="gista", learning_rate=1.0, steps=500, check_every=1000)
    assert (found.steps < 500).all()
    torch.testing.assert_close(found.parameters["inputs"], CENTRE, atol=1e-5, rtol=0)


def test_caller_s_parameters_are_left_alone() -> None:
    start = begun()
    for optimiser in OPTIMISERS:
        descend(start, bowl, level(0.1), optimiser=optimiser, learning_rate=0.1, steps=3)
    torch.testing.assert_close(start["inputs"], begun()["inputs"], rtol=0, atol=0)


def test_losses_that_are_not_finite_are_said() -> None:
    with pytest.raises(DivergenceError, match=r"3 of 3 targets is not finite at step .* learning rate \(now 50\)"):
        descend(begun(), lambda p, t: bowl(p, t) ** 3, level(0.0), learning_rate=50, steps=500)


def test_progress_tells_the_mean_over_targets() -> None:
    seen = []
    descend(begun(), bowl, level(0.5), learning_rate=0.1, steps=20, check_every=5, progress=seen.append)
    assert [each.step for each in seen] == [0, 5, 10, 15, 20]
    first = seen[0]
    assert math.isclose(first.forecast_error, float(bowl(begun(), torch.arange(3)).mean()))
    assert math.isclose(first.penalty, 0.5 * 2)
    assert math.isclose(first.loss, first.forecast_error + first.penalty)


def test_an_unknown_optimiser_names_those_there_are() -> None:
    with pytest.raises(InputError, match="ista, gista, adam"):
        descend(begun(), bowl, level(0.1), optimiser="sgd", learning_rate=0.1, steps=1)
