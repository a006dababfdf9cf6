"""The noise floor: its surrogates, and what passes it."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.signal import lfilter

from grngc.floor import ADAM_FLOOR, MIN_EXCHANGED, noise_floor, other_times
from grngc.grngc import GRNGC
from grngc.panel import Panel, as_panel
from grngc.rules import Rules
from grngc.windows import Windows, make_windows


def times_of(lengths: list[int]) -> Windows:
    """Return windows whose x says which trajectory and time it is from."""
    marked = [np.stack([np.full(n, r), np.arange(n)], axis=1).astype(float) for r, n in enumerate(lengths)]
    return make_windows(Panel(tuple(marked), ("trajectory", "time")), 1)


def test_trajectories_of_one_length_exchange_their_pasts_in_phase() -> None:
    windows = times_of([21] * 5)
    given = windows.x[other_times(windows, np.random.default_rng(0))][:, 0]
    assert (given[:, 1] == windows.x[:, 0, 1]).all()  # the same time ...
    assert (given[:, 0] != windows.x[:, 0, 0]).all()  # ... of another trajectory, everywhere
    assert sorted(map(tuple, given)) == sorted(map(tuple, windows.x[:, 0]))


@pytest.mark.parametrize("lengths", [[21] * 4 + [20], [12, 15, 21, 18, 21, 21], [2] * 40, [2, 3] * 20, [20, 20, 90]])
def test_trajectories_of_any_length_exchange_them_where_three_have_the_time(lengths: list[int]) -> None:
    windows = times_of(lengths)
    windows = windows.subset(np.arange(len(windows)) != 7)  # and one is missing
    own, given = windows.x[:, 0], windows.x[other_times(windows, np.random.default_rng(0))][:, 0]
    assert sorted(map(tuple, given)) == sorted(map(tuple, own))
    partners = np.array([(own[:, 1] == time).sum() for time in own[:, 1]])
    shared = partners >= MIN_EXCHANGED
    assert shared.any()
    assert (given[shared, 1] == own[shared, 1]).all()
    assert (given[shared, 0] != own[shared, 0]).all()
    assert (given[~shared, 0] == own[~shared, 0]).all()  # the rest is rolled within its trajectory
    assert (given[~shared, 1] == own[~shared, 1]).sum() <= 1  # one that is alone even there has no other


@pytest.mark.parametrize("lengths", [[101], [101, 101], [4, 8], [9]])
def test_one_or_two_trajectories_are_rolled_by_a_tenth_at_least(lengths: list[int]) -> None:
    windows = times_of(lengths)
    given = windows.x[other_times(windows, np.random.default_rng(0))][:, 0]
    assert (given[:, 0] == windows.x[:, 0, 0]).all()
    apart = np.abs(given[:, 1] - windows.x[:, 0, 1])
    count = np.array(lengths)[windows.trajectory] - 1
    assert (np.minimum(apart, count - apart) >= np.ceil(count / 10)).all()


def autoregressions(p: int, n: int, own: float, seed: int | np.random.Generator) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=(n + 200, p))
    return lfilter([1], [1, -own], noise, axis=0)[200:]


def transients(seed: int, lengths: list[int]) -> list[np.ndarray]:
    """Return trajectories of 8 series that share a transient and nothing else."""
    rng, t = np.random.default_rng(seed), np.arange(max(lengths))[:, None]
    sign = np.array([1, -1, 1, 1, -1, 1, -1, 1])
    return [
        (3 * sign * rng.uniform(0.5, 1.5, size=8) * np.exp(-t / 5) + autoregressions(8, len(t), 0.3, seed=rng))[:n]
        for n in lengths
    ]


@pytest.mark.parametrize("lengths", [[21] * 20, [20] + [21] * 19, [12, 15, 18, 21] * 5], ids=["equal", "one", "mixed"])
@pytest.mark.parametrize("gap", [False, True])
def test_a_gap_or_a_shorter_trajectory_does_not_make_a_shared_transient_a_coupling(
    lengths: list[int], gap: bool
) -> None:
    alarms = 0
    for seed in range(6):
        parts = transients(seed, lengths)
        if gap:
            parts[1][10, 0] = np.nan
        fitted = GRNGC(forecaster="linear", lag=1, contemporaneous=False).fit(as_panel(parts, missing="drop"))
        alarms += fitted.graph_.edges(top=1)[0].score > fitted.noise_floor_
    assert alarms <= 2


def test_the_level_of_a_series_does_not_matter() -> None:
    """Nor its absence: series as they come have one."""
    windows = make_windows(as_panel(autoregressions(4, 60, 0.5, seed=0)), 2)
    moved = Windows(windows.x + 50.0, windows.y + 50.0, windows.trajectory, windows.time)
    floors = [
        noise_floor(
            each, np.full((4, 2, 4), 0.1), Rules.none(np.ones(4, bool)), scores=np.zeros((4, 4)) + 0.02, norm="l1",
            refit=lambda others: np.ones((4, 2, 4)), collapse=lambda lags: lags.sum(axis=1), input_noise=0.3,
            random_state=0,
        )
        for each in (windows, moved)
    ]  # fmt: skip
    assert floors[0] > ADAM_FLOOR
    assert floors[1] == pytest.approx(floors[0], rel=1e-6)


@pytest.mark.parametrize(("n", "own", "lag"), [(100, 0.0, 1), (300, 0.9, 1), (300, 0.0, 5), (400, 0.5, 2)])
def test_independent_series_stay_below_and_a_coupling_comes_above(n: int, own: float, lag: int) -> None:
    series = autoregressions(6, n, own, seed=3)
    fitted = GRNGC(lag=lag, steps=300).fit(series)
    assert fitted.graph_.edges(top=1)[0].score < fitted.noise_floor_
    series[lag:, 4] += 0.7 * series[:-lag, 1]
    fitted = GRNGC(lag=lag, steps=300).fit(series)
    above = fitted.graph_.edges(min_score=fitted.noise_floor_)
    assert (above[0].source, above[0].target) == ("x2", "x5")


def test_the_floor_is_read_on_the_scale_of_the_graph_and_never_raised() -> None:
    windows = make_windows(as_panel(autoregressions(4, 60, 0.0, seed=0)), 1)
    settings = {"norm": "l1", "collapse": lambda scores: scores.sum(axis=1), "input_noise": 0.0, "random_state": 0}

    refits = []

    def refit(others: Windows) -> np.ndarray:
        refits.append(others)
        return np.full((4, 1, 4), 5.0)

    def floor(*largest: float) -> float:
        scores = np.zeros((4, 4))
        scores[0, 1 : 1 + len(largest)] = largest
        rules = Rules.none(np.ones(4, bool))
        return noise_floor(windows, np.full((4, 1, 4), 0.1), rules, scores=scores, refit=refit, **settings)  # type: ignore[arg-type]

    assert floor(0.0) == ADAM_FLOOR
    assert ADAM_FLOOR < floor(0.05) < floor(0.1) < floor(10.0) == floor(1000.0)
    assert not refits


def test_it_is_of_scores_collapsed_as_the_graphs_are_and_drawn_by_the_seed() -> None:
    windows = make_windows(as_panel(autoregressions(4, 80, 0.0, seed=0)), 4)
    scores = np.zeros((4, 4))
    scores[0, 1] = 10.0  # beyond all chance: the floor is not scaled down

    def floor(collapse: Callable[[np.ndarray], np.ndarray], seed: int = 0) -> float:
        return noise_floor(
            windows, np.full((4, 4, 4), 0.02), Rules.none(np.ones(4, bool)), scores=scores, norm="l1",
            collapse=collapse, refit=lambda others: np.zeros((4, 4, 4)), input_noise=0.3, random_state=seed,
        )  # fmt: skip

    summed = floor(lambda lags: lags.sum(axis=1))
    assert ADAM_FLOOR < floor(lambda lags: lags.max(axis=1)) < 0.8 * summed
    settings = {"forecaster": "linear", "lag": 2}
    one, other, same = (
        GRNGC(**settings, random_state=seed).fit(autoregressions(4, 80, 0.0, seed=0)).noise_floor_  # type: ignore[arg-type]
        for seed in (0, 1, 0)
    )
    assert one == same != other


def test_a_haze_is_held_against_the_same_forecaster_on_a_surrogate() -> None:
    hazy = GRNGC(forecaster="mlp", hidden=64, lag=5, penalty=0.2).fit(
        autoregressions(6, 300, 0.0, seed=3)
    )  # finds a little of everything everywhere
    assert np.median([edge.score for edge in hazy.graph_.edges()]) > ADAM_FLOOR
    assert hazy.graph_.edges(top=1)[0].score < hazy.noise_floor_
    dense = autoregressions(3, 500, 0.0, seed=0)
    for t in range(1, 500):
        dense[t] += dense[t - 1] @ np.full((3, 3), 0.25)  # everything drives everything
    fitted = GRNGC(steps=300).fit(dense)
    assert len(fitted.graph_.edges(min_score=fitted.noise_floor_)) == 6


def test_one_series_has_the_least_floor() -> None:
    assert GRNGC(steps=2).fit(autoregressions(1, 50, 0.5, seed=0)).noise_floor_ == ADAM_FLOOR


def test_a_handful_of_windows_tells_nothing() -> None:
    series = autoregressions(3, 20, 0.0, seed=0)
    assert GRNGC(steps=5).fit(series[:10]).noise_floor_ == np.inf
    assert np.isfinite(GRNGC(steps=5).fit(series[:11]).noise_floor_)
