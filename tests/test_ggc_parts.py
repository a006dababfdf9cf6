"""What GGC is made of, each part where its answer is known."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from grngc import InputError, as_panel
from grngc.ggc import distance_correlation as dc
from grngc.ggc.adjacency import NORMALISATIONS, adjacency
from grngc.ggc.losses import PulledGroupLasso, kl_divergence, shares, triplet
from grngc.ggc.network import graph_layer, weights_from
from grngc.ggc.sequences import cut_sequences, default_window

RNG = np.random.default_rng(0)
BENT = RNG.normal(size=50)
PAIRS = np.stack([BENT, BENT**2, np.sin(3 * BENT) + 0.1 * RNG.normal(size=50), RNG.normal(size=50)], axis=1)
DCOR = {
    (0, 1): 0.6412907742837661,
    (0, 2): 0.4017971137688838,
    (0, 3): 0.16219421351126043,
    (1, 2): 0.31467976984321666,
    (2, 3): 0.17004643494321783,
}
"""What ``dcor.distance_correlation`` of dcor 0.7 returned for pairs of columns of ``PAIRS``."""


def series(least: int = 2, most: int = 30) -> st.SearchStrategy[np.ndarray]:
    sizes = st.tuples(st.integers(least, most), st.integers(1, 4))
    return sizes.flatmap(lambda size: arrays(float, size, elements=st.floats(-100, 100, width=32)))


def by_definition(x: np.ndarray, y: np.ndarray) -> float:
    """Definition 4 as it stands: all distances, doubly centred."""

    def centred(values: np.ndarray) -> np.ndarray:
        d = np.abs(values[:, None] - values)
        return d - d.mean(axis=0) - d.mean(axis=1)[:, None] + d.mean()

    a, b = centred(x), centred(y)
    size = np.sqrt((a * a).mean() * (b * b).mean())
    return float(np.sqrt(max(0, (a * b).mean() / size))) if size > 0 else 0.0


def test_distance_correlation_is_dcors() -> None:
    found = dc.distance_correlation(PAIRS)
    for pair, expected in DCOR.items():
        assert found[pair] == pytest.approx(expected, rel=1e-10)


def test_distance_correlation_beside_dcor_itself() -> None:
    threads = torch.get_num_threads()
    dcor = pytest.importorskip(
        "dcor", reason="dcor is not installed: with numba and llvmlite 210 MB; values it gave are in this file"
    )
    torch.set_num_threads(threads)  # numba, which comes with it, sets them
    for seed in range(5):
        values = np.random.default_rng(seed).normal(size=(40, 3)) ** 3
        found = dc.distance_correlation(values)
        for i in range(3):
            for j in range(3):
                assert found[i, j] == pytest.approx(dcor.distance_correlation(values[:, i], values[:, j]), rel=1e-9)


@settings(max_examples=40, deadline=None)
@given(series())
def test_distance_correlation_is_its_definition(values: np.ndarray) -> None:
    found = dc.distance_correlation(values)
    np.testing.assert_array_equal(found, found.T)
    assert ((found >= 0) & (found <= 1)).all()
    for i in range(values.shape[1]):
        assert found[i, i] == float(np.ptp(values[:, i]) > 0)
        for j in range(i):
            assert found[i, j] ** 2 == pytest.approx(by_definition(values[:, i], values[:, j]) ** 2, abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.floats(0.01, 100), st.floats(-50, 50))
def test_distance_correlation_has_no_unit(seed: int, factor: float, shift: float) -> None:
    values = np.random.default_rng(seed).normal(size=(30, 3))
    expected = dc.distance_correlation(values)
    np.testing.assert_allclose(dc.distance_correlation(values * factor + shift), expected, atol=1e-9)
    np.testing.assert_allclose(dc.distance_correlation(values * [1, -1, 1]), expected, atol=1e-12)
    np.testing.assert_allclose(dc.distance_correlation(values[::-1]), expected, atol=1e-12)


def test_distance_correlation_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = dc.distance_correlation(PAIRS)
    monkeypatch.setattr(dc, "CHUNK", 1)
    np.testing.assert_allclose(dc.distance_correlation(PAIRS), whole, atol=1e-14)


def test_missing_points_are_left_out_and_long_records_thinned() -> None:
    gappy = np.insert(PAIRS, 7, [np.nan, 9, 9, 9], axis=0)
    np.testing.assert_array_equal(dc.distance_correlation(gappy), dc.distance_correlation(PAIRS))
    long = np.random.default_rng(1).normal(size=(3 * dc.MOST_TIMES, 2))
    kept = np.linspace(0, len(long) - 1, dc.MOST_TIMES).round().astype(int)
    np.testing.assert_array_equal(dc.distance_correlation(long), dc.distance_correlation(long[kept]))


def test_levels_of_trajectories_are_no_dependence_within_them() -> None:
    parts = [RNG.normal(size=(60, 2)) + level for level in (0, 10, 20)]
    assert dc.distance_correlation(np.concatenate(parts))[0, 1] > 0.9
    assert dc.within_trajectories(parts)[0, 1] < 0.4
    np.testing.assert_allclose(dc.within_trajectories([PAIRS]), dc.distance_correlation(PAIRS))


@pytest.mark.parametrize("name", NORMALISATIONS)
def test_adjacency(name: str) -> None:
    values = np.random.default_rng(2).normal(size=(80, 4)) * [1, 10, 0.1, 3]
    found = adjacency(values, normalisation=name)
    unit = (values - values.min(axis=0)) / np.ptp(values, axis=0)
    raw = np.array([[(unit[:, i] * unit[:, j]).mean() for j in range(4)] for i in range(4)])
    ratio = found / raw
    if name == "sym":
        assert np.abs(np.linalg.eigvals(found)).max() == pytest.approx(1)
    if name == "row":
        np.testing.assert_allclose(found.sum(axis=1), 1)
    else:
        np.testing.assert_allclose(found, found.T)
    if name == "max":
        np.testing.assert_allclose(ratio, 1 / raw.max())
    if name == "cosine":
        np.testing.assert_allclose(found.diagonal(), 1)
    assert (found >= 0).all()
    without = adjacency(values, normalisation=name, diagonal=False)
    assert not without.diagonal().any()
    assert (without[~np.eye(4, dtype=bool)] > 0).all()


def test_adjacency_of_z_scores_is_a_correlation_and_of_nothing_is_nothing() -> None:
    values = np.random.default_rng(3).normal(size=(80, 3))
    found = adjacency(values, of="zscore", normalisation="cosine")
    np.testing.assert_allclose(found, np.corrcoef(values.T))
    flat = adjacency(np.concatenate([values, np.ones((80, 1))], axis=1))
    assert not flat[3].any()
    assert np.isfinite(flat).all()


def rows(seed: int) -> torch.Tensor:
    return torch.tensor(np.random.default_rng(seed).uniform(0.01, 1, size=(3, 4)))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 500), st.sampled_from(["sum", "softmax"]))
def test_divergence_is_never_negative_and_0_where_equal(seed: int, how: str) -> None:
    p, q = shares(rows(seed), how), shares(rows(seed + 1), how)
    assert (p.sum(dim=1) - 1).abs().max() < 1e-12
    assert (kl_divergence(p, q) > 0).all()
    assert kl_divergence(p, p).abs().max() < 1e-12


def test_triplet_is_never_negative_and_0_where_the_other_is_far() -> None:
    truth = torch.tensor(RNG.normal(size=(6, 5, 3)))
    assert (triplet(truth, truth, truth) == 1).all()  # the margin
    assert (triplet(truth, truth, truth + 1) == 0).all()  # sqrt(5) away
    torch.testing.assert_close(triplet(truth + 1, truth, truth + 1), torch.full((3,), 1 + 5**0.5, dtype=torch.float64))


@pytest.mark.parametrize("level", [0.0, 0.3])
def test_proximal_step_is_at_its_minimum(level: float) -> None:
    generator = torch.Generator().manual_seed(0)
    weights = torch.randn(3, 8, 4, generator=generator, dtype=torch.float64) * 0.3
    pull = torch.rand(3, 4, generator=generator, dtype=torch.float64) * 0.1
    pull[0, 0] = 0
    penalty, chosen, step = PulledGroupLasso(level, pull), torch.arange(3), torch.full((3, 1), 0.7, dtype=torch.float64)
    moved = penalty.shrunk(weights, step, chosen).requires_grad_()
    cost = 0.7 * penalty.value(moved, chosen) + (moved - weights).square().flatten(1).sum(dim=1) / 2
    (slope,) = torch.autograd.grad(cost.sum(), moved)
    assert slope.abs().max() < 1e-7
    some = torch.tensor([2, 0])
    torch.testing.assert_close(penalty.shrunk(weights[some], step[some], some), moved[some].detach())


def test_only_a_source_without_a_pull_reaches_0() -> None:
    weights = torch.full((1, 2, 2), 1e-3, dtype=torch.float64)
    penalty = PulledGroupLasso(1.0, torch.tensor([[0.0, 0.1]], dtype=torch.float64))
    for _ in range(200):
        weights = penalty.shrunk(weights, torch.tensor([[0.1]], dtype=torch.float64), torch.arange(1))
    sizes = weights.square().sum(dim=1).sqrt()[0]
    assert sizes[0] == 0
    assert sizes[1] == pytest.approx(0.1)  # pull over level


def test_graph_layer_is_eq_3() -> None:
    states, matrix = torch.randn(2, 3, 4, 5), torch.randn(5, 5)
    expected = torch.stack([sum(matrix[i, j] * states[..., j] for j in range(5)) for i in range(5)], dim=-1)
    torch.testing.assert_close(graph_layer(matrix)(states), expected)
    torch.testing.assert_close(graph_layer(torch.stack([matrix, matrix]))(states), expected)
    torch.testing.assert_close(graph_layer(matrix, "relu")(states), expected.clamp_min(0))


def test_a_graph_layer_is_another_way_to_write_the_read_out() -> None:
    """w'(A h) = (A'w)'h: what a network with the layer can forecast, one without it can, and the other way round."""
    values = np.random.default_rng(4).normal(size=(100, 4))
    matrix = torch.tensor(adjacency(values))
    states, readout = torch.randn(3, 6, 5, 4, dtype=torch.float64), torch.randn(4, dtype=torch.float64)
    torch.testing.assert_close(graph_layer(matrix)(states) @ readout, states @ (matrix.T @ readout))
    assert torch.linalg.matrix_rank(matrix) == 4
    torch.testing.assert_close(graph_layer(matrix)(states) @ torch.linalg.solve(matrix.T, readout), states @ readout)


def test_input_weights_begin_at_distance_correlations() -> None:
    correlation = torch.rand(4, 4)
    found = weights_from(correlation, "lstm", 3)
    assert found.shape == (3, 16, 4)
    torch.testing.assert_close(found[2, 4:8], correlation / 2)


def test_sequences_are_windows_and_what_follows_each_step() -> None:
    parts = [np.arange(12.0).reshape(6, 2), 100 + np.arange(8.0).reshape(4, 2)]
    found = cut_sequences(as_panel(parts), 3)
    assert len(found) == 3 + 1  # none across the trajectories
    np.testing.assert_array_equal(found.x[1], parts[0][1:4])
    np.testing.assert_array_equal(found.y[1], parts[0][2:5])
    np.testing.assert_array_equal(found.time, [3, 4, 5, 3])
    assert found.n_forecast() == 5 + 3
    assert len(cut_sequences(as_panel(parts), 3, cross_boundary=True)) == 7
    np.testing.assert_array_equal(cut_sequences(as_panel(parts), 3, stride=2).time, [3, 5, 3])
    assert [default_window(as_panel(parts), longest) for longest in (6, 2)] == [2, 1]
    with pytest.raises(InputError, match="stride must be a whole number of at least 1; got 0"):
        cut_sequences(as_panel(parts), 3, stride=0)
