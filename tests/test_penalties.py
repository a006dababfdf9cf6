"""Group penalties against closed forms, and against minimisers found otherwise."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import Tensor

from grngc import InputError
from grngc.penalties import NORMS, GroupPenalty, soft_threshold

pytestmark = pytest.mark.usefixtures("float64")

VALUES = st.floats(-10, 10, allow_nan=False).filter(lambda value: value == 0 or abs(value) > 1e-6)
LEVELS = st.floats(0, 20)
BLOCKS = arrays(float, (2, 2, 2, 3), elements=VALUES)
FEW = settings(max_examples=25)


def of_all(norm: str, level: float, weights: Tensor) -> GroupPenalty:
    return GroupPenalty(norm, torch.full((len(weights), weights.shape[2]), level))


def shrunk(norm: str, weights: Tensor, level: float) -> Tensor:
    targets = torch.arange(len(weights))
    return of_all(norm, level, weights).shrunk(weights, torch.ones(len(weights), 1), targets)


def value(norm: str, weights: Tensor, level: float = 1.0) -> Tensor:
    return of_all(norm, level, weights).value(weights, torch.arange(len(weights)))


def threshold(block: np.ndarray, level: float) -> np.ndarray:
    """The proximal step of one group, in the words of the textbook."""
    size = np.linalg.norm(block)
    return np.zeros_like(block) if size <= level else block * (1 - level / size)


@FEW
@given(BLOCKS, LEVELS)
def test_a_step_of_gl_is_the_soft_threshold_of_every_source(block: np.ndarray, level: float) -> None:
    found = shrunk("GL", torch.tensor(block), level).numpy()
    for j, i in np.ndindex(2, 2):
        np.testing.assert_allclose(found[j, :, i], threshold(block[j, :, i], level), atol=1e-12)


@FEW
@given(BLOCKS, LEVELS)
def test_nested_groups_are_shrunk_one_after_the_other_inner_first(block: np.ndarray, level: float) -> None:
    found = {norm: shrunk(norm, torch.tensor(block), level).numpy() for norm in ("GSGL", "H")}
    for j, i in np.ndindex(2, 2):
        lag_wise = np.stack([threshold(block[j, :, i, k], level) for k in range(3)], axis=-1)
        np.testing.assert_allclose(found["GSGL"][j, :, i], threshold(lag_wise, level), atol=1e-9)
        tails = block[j, :, i].copy()
        for oldest in (1, 2, 3):
            tails[:, 3 - oldest :] = threshold(tails[:, 3 - oldest :], level)
        np.testing.assert_allclose(found["H"][j, :, i], tails, atol=1e-9)


@pytest.mark.parametrize("norm", NORMS)
@FEW
@given(block=BLOCKS, seed=st.integers(0, 1000), level=st.floats(0.01, 5))
def test_no_other_weights_are_a_better_proximal_point(norm: str, block: np.ndarray, seed: int, level: float) -> None:
    weights = torch.tensor(block)
    near = shrunk(norm, weights, level)
    other = np.random.default_rng(seed).normal(size=block.shape)

    def cost(z: Tensor) -> float:
        return float((z - weights).square().sum() / 2 + value(norm, z, level).sum())

    for share in (1e-3, 0.1, 1.0):
        assert cost(near) <= cost(near + share * torch.tensor(other)) + 1e-9


@pytest.mark.parametrize("norm", NORMS)
def test_values_are_sums_of_group_norms(norm: str) -> None:
    weights = torch.randn(1, 3, 1, 4)
    whole, lags = weights.norm(), [weights[..., k].norm() for k in range(4)]
    tails = [weights[..., 4 - m :].norm() for m in (1, 2, 3, 4)]
    wanted = {"GL": whole, "GSGL": whole + sum(lags), "H": sum(tails)}
    torch.testing.assert_close(value(norm, weights)[0], torch.as_tensor(wanted[norm]))


@FEW
@given(st.floats(0.05, 2))
def test_the_hierarchical_norm_shrinks_the_longest_lag_most(level: float) -> None:
    left = shrunk("H", torch.ones(1, 3, 1, 5), level)[0, 0, 0]
    assert (left[:-1] >= left[1:]).all()
    assert left[0] > left[-1] or not left.any()


@pytest.mark.parametrize("norm", NORMS)
def test_zeros_are_exact_and_nothing_stays_nothing(norm: str) -> None:
    weights = torch.cat([torch.full((1, 3, 1, 2), 1e-3), torch.full((1, 3, 1, 2), 9.0)], dim=2)
    after = shrunk(norm, weights, 0.5)
    assert not after[:, :, 0].any()
    assert after[:, :, 1].all()
    for level in (0.0, 1.0):
        torch.testing.assert_close(shrunk(norm, torch.zeros(1, 3, 2, 2), level), torch.zeros(1, 3, 2, 2))
    torch.testing.assert_close(shrunk(norm, weights, 0.0), weights)


def test_levels_are_of_each_target_and_source_and_of_the_step() -> None:
    weights = torch.ones(2, 1, 2)
    penalty = GroupPenalty("GL", torch.tensor([[0.0, 9.0], [0.1, 0.2]]))
    after = penalty.shrunk(weights, torch.tensor([[1.0], [2.0]]), torch.arange(2))
    torch.testing.assert_close(after, torch.tensor([[[1.0, 0.0]], [[0.8, 0.6]]]))
    second = penalty.shrunk(weights[1:], torch.tensor([[2.0]]), torch.tensor([1]))
    torch.testing.assert_close(second, after[1:])
    torch.testing.assert_close(penalty.value(weights, torch.arange(2)), torch.tensor([9.0, 0.3]))


def test_an_unknown_norm_names_those_there_are() -> None:
    with pytest.raises(InputError, match="GL, GSGL, H"):
        GroupPenalty("L1", torch.ones(1, 1))


def test_the_threshold_of_nothing_is_finite() -> None:
    assert torch.isfinite(soft_threshold(torch.zeros(2), torch.tensor([0.0, 1.0]))).all()
