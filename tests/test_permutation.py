import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from grngc import InputError
from grngc.permutation import Permuted, permute


def sparse(rng: np.random.Generator, subjects: int, quantities: int) -> np.ndarray:
    """Scores as they come: skewed, many exactly 0, of unlike size."""
    values = rng.gamma(0.7, size=(subjects, quantities)) * 10.0 ** rng.integers(-2, 2, size=quantities)
    return np.where(rng.random(values.shape) < 0.4, 0, values)


def t_by_hand(a: np.ndarray, b: np.ndarray) -> float:
    """Student's, two-sided; infinite where groups are constant and differ."""
    with np.errstate(invalid="ignore", divide="ignore"):
        pooled = ((len(a) - 1) * a.var(ddof=1) + (len(b) - 1) * b.var(ddof=1)) / (len(a) + len(b) - 2)
        return float(abs(b.mean() - a.mean()) / np.sqrt(pooled * (1 / len(a) + 1 / len(b))))


def test_exact_enumeration_is_brute_force_with_students_t() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(3, 4)), rng.normal(size=(4, 4)) + np.array([6, 0, 0, 0])
    both, found = np.concatenate([a, b]), []
    for chosen in itertools.combinations(range(7), 4):
        others = [n for n in range(7) if n not in chosen]
        found.append([t_by_hand(both[others][:, q], both[list(chosen)][:, q]) for q in range(4)])
    every, observed = np.array(found), np.array([t_by_hand(a[:, q], b[:, q]) for q in range(4)])
    test = permute(a, b)
    assert (test.relabellings, test.exact, test.smallest) == (35, True, 1 / 35)
    np.testing.assert_allclose(test.p, (every >= observed - 1e-9).mean(axis=0))
    np.testing.assert_allclose(test.p_familywise, (every.max(axis=1)[:, None] >= observed - 1e-9).mean(axis=0))
    assert test.p_familywise[0] <= 0.06


def test_exact_enumeration_of_signs_is_brute_force() -> None:
    rng = np.random.default_rng(0)
    a = rng.normal(size=(5, 3))
    b = a + rng.normal(size=(5, 3)) + [2, 0, 0]
    by_hand = []
    for signs in itertools.product((1, -1), repeat=5):
        by_hand.append([abs(stats.ttest_1samp(np.array(signs) * (b - a)[:, q], 0).statistic) for q in range(3)])
    every, observed = np.array(by_hand), np.abs(stats.ttest_rel(b, a).statistic)
    test = permute(a, b, paired=True)
    assert (test.relabellings, test.exact, test.smallest) == (32, True, 2 / 32)
    np.testing.assert_allclose(test.p, (every >= observed - 1e-9).mean(axis=0))
    np.testing.assert_allclose(test.p_familywise, (every.max(axis=1)[:, None] >= observed - 1e-9).mean(axis=0))


@pytest.mark.parametrize("paired", [False, True])
def test_it_is_scipys_for_each_quantity(paired: bool) -> None:
    rng = np.random.default_rng(1)
    a, b = sparse(rng, 6, 5), sparse(rng, 6, 5)
    known = stats.permutation_test(
        (a, b),
        lambda x, y, axis: np.abs(x.mean(axis) - y.mean(axis)),
        permutation_type="samples" if paired else "independent",
        alternative="greater",
        vectorized=True,
        n_resamples=10**5,
    )
    test = permute(a, b, paired=paired)
    np.testing.assert_allclose(test.p, known.pvalue)
    np.testing.assert_allclose(test.q, stats.false_discovery_control(test.p))


def test_drawn_relabellings_come_near_to_all() -> None:
    rng = np.random.default_rng(2)
    a, b = sparse(rng, 8, 6), sparse(rng, 8, 6)
    every, drawn = permute(a, b, permutations=12_870), permute(a, b, permutations=4000, random_state=5)
    assert (every.exact, drawn.exact, drawn.relabellings) == (True, False, 4000)
    assert np.abs(every.p - drawn.p).max() < 4 * np.sqrt(0.25 / 4000)
    assert np.abs(every.p_familywise - drawn.p_familywise).max() < 4 * np.sqrt(0.25 / 4000)
    again, other = permute(a, b, permutations=4000, random_state=5), permute(a, b, permutations=4000, random_state=6)
    np.testing.assert_array_equal(again.p, drawn.p)
    assert not np.array_equal(other.p, drawn.p)


def test_p_is_never_zero() -> None:
    a, b = np.zeros((9, 1)) + np.arange(9)[:, None] / 100, np.ones((9, 1)) + np.arange(9)[:, None] / 100
    test = permute(a, b, permutations=99)
    assert not test.exact
    assert test.p[0] == test.smallest == 1 / 100


@pytest.mark.parametrize("paired", [False, True])
def test_drawn_relabellings_do_not_depend_on_the_memory(paired: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    a, b = sparse(rng, 15, 7), sparse(rng, 15, 7)
    whole = permute(a, b, paired=paired, permutations=300)
    monkeypatch.setattr("grngc.permutation.CHUNK", 100)
    np.testing.assert_array_equal(permute(a, b, paired=paired, permutations=300).p_familywise, whole.p_familywise)
    few = permute(a[:4], b[:4], paired=paired)
    monkeypatch.undo()
    np.testing.assert_array_equal(few.p_familywise, permute(a[:4], b[:4], paired=paired).p_familywise)


@pytest.mark.parametrize("paired", [False, True])
def test_false_alarms_are_as_rare_as_they_say(paired: bool) -> None:
    """Groups of one distribution: a pair's p is at most .05 in about 5 % of cases, and any pair's familywise p too."""
    rng, seeds, tests = np.random.default_rng(0), 400, []
    for seed in range(seeds):
        a, b = np.split(sparse(rng, 14, 12), 2)
        tests.append(permute(a, b, paired=paired, permutations=499, random_state=seed))
    any_of_all = sum(bool((test.p_familywise <= 0.05).any()) for test in tests)
    low, high = stats.binom.ppf([0.0005, 0.9995], seeds, 0.05)
    assert low <= any_of_all <= high
    alone = sum(int((test.p[:1] <= 0.05).sum()) for test in tests)
    assert alone <= high
    each = np.concatenate([test.p for test in tests])
    for level in (0.1, 0.3, 0.5):
        assert (each <= level).mean() == pytest.approx(level, abs=0.03)


@given(
    seed=st.integers(0, 10**6),
    n=st.integers(2, 5),
    m=st.integers(2, 5),
    quantities=st.integers(1, 4),
    paired=st.booleans(),
)
def test_what_every_test_keeps(seed: int, n: int, m: int, quantities: int, paired: bool) -> None:
    rng = np.random.default_rng(seed)
    a, b = sparse(rng, n, quantities), sparse(rng, n if paired else m, quantities)
    test, back = permute(a, b, paired=paired), permute(b, a, paired=paired)
    for one, other in ((test.p, back.p), (test.p_familywise, back.p_familywise)):
        np.testing.assert_allclose(one, other)  # A and B may change places
    assert (test.p >= test.smallest - 1e-12).all()
    assert (test.p_familywise >= test.p - 1e-12).all()
    assert (test.q >= test.p - 1e-12).all()
    assert (test.q <= 1).all()
    scaled = permute(a * 7.5, b * 7.5, paired=paired)
    np.testing.assert_allclose(scaled.p, test.p)
    order = rng.permutation(n)
    shuffled = permute(a[order], b[order] if paired else b, paired=paired)
    np.testing.assert_allclose(shuffled.p_familywise, test.p_familywise)
    wider = permute(np.c_[a, np.ones(len(a))], np.c_[b, np.ones(len(b))], paired=paired)
    np.testing.assert_allclose(wider.p_familywise[:-1], test.p_familywise)  # what does not vary counts for nothing
    assert wider.p[-1] == wider.q[-1] == 1


def test_nothing_to_test_is_no_error() -> None:
    test = permute(np.zeros((3, 0)), np.zeros((4, 0)))
    assert test.p.shape == (0,)
    constant = permute(np.full((3, 2), 0.1), np.full((4, 2), 0.1))
    assert isinstance(constant, Permuted)
    np.testing.assert_array_equal(constant.p_familywise, 1)


def test_what_cannot_be_tested_is_refused() -> None:
    with pytest.raises(InputError, match="same subjects; got 3 and 4"):
        permute(np.ones((3, 1)), np.ones((4, 1)), paired=True)
    with pytest.raises(InputError, match="permutations must be a whole number of at least 1; got 0"):
        permute(np.ones((3, 1)), np.ones((4, 1)), permutations=0)
    with pytest.raises(InputError, match="random_state"):
        permute(np.ones((3, 1)), np.ones((4, 1)), random_state=-1)
