"""What each update reads: every window in its turn, and a part of them for the penalty, unbiased."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from grngc.batches import Batches, one_of_each


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@given(st.integers(1, 60), st.data(), st.integers(0, 2**32 - 1))
def test_one_of_each_stretch_comes_first_and_nothing_is_lost(n: int, data: st.DataObject, seed: int) -> None:
    strata = data.draw(st.integers(1, n))
    order = one_of_each(n, strata, generator(seed))
    assert sorted(order.tolist()) == list(range(n))
    first = order[:strata]
    assert (first.diff() > 0).all(), "in order of time"
    if n % strata == 0:
        assert (first // (n // strata)).tolist() == list(range(strata))


def test_every_window_is_as_likely_to_be_first() -> None:
    n, strata, draws = 11, 4, 6000
    told, counts = generator(), np.zeros(n)
    for _ in range(draws):
        counts[one_of_each(n, strata, told)[:strata]] += 1
    expected = draws * strata / n
    spread = np.sqrt(draws * (strata / n) * (1 - strata / n))
    assert abs(counts - expected).max() < 4 * spread


def test_stratified_draws_vary_less_where_neighbours_are_alike() -> None:
    n, m = 240, 24
    value = torch.linspace(0, 1, n)  # as alike as neighbours can be

    def means(stratified: bool) -> np.ndarray:
        x = value[:, None, None]
        batches = Batches(x, x[:, 0], None, 0.0, generator(), penalised=m, stratified=stratified)
        return np.array([float(next(batches).x[:m].mean()) for _ in range(400)])

    simple, stratified = means(False), means(True)
    assert abs(simple.mean() - 0.5) < 4 * simple.std() / 20
    assert abs(stratified.mean() - 0.5) < 4 * stratified.std() / 20 + 1e-6
    assert stratified.var() < 0.05 * simple.var()


def test_a_drawn_batch_is_put_in_order_of_time_before_it_is_cut_into_stretches() -> None:
    x = torch.arange(100.0)[:, None, None]
    batches = Batches(x, x[:, 0], 20, 0.0, generator(), penalised=5, stratified=True)
    seen: list[float] = []
    for _ in range(5):  # a round
        batch = next(batches)
        assert batch.penalised == 5
        drawn = batch.x.flatten()
        ranks = drawn.sort().values.tolist()
        assert [ranks.index(each) // 4 for each in drawn[:5].tolist()] == [0, 1, 2, 3, 4]
        assert (batch.x.flatten() == batch.y.flatten()).all()
        seen += drawn.tolist()
    assert sorted(seen) == list(range(100))
