"""The path of penalties: its largest in closed form, its points those of single fits, what ends it."""

import math
from typing import Any

import numpy as np
import pytest

from grngc import penalty_path
from grngc.confidence.assessment import _task
from grngc.errors import DivergenceError, InputError
from grngc.floor import ADAM_FLOOR, centred
from grngc.folds import folds
from grngc.grngc import GRNGC
from grngc.lasso import EXACT, NEARLY, Covariance, penalised_linear
from grngc.panel import as_panel
from grngc.penalty_path import geometric, largest_penalty, linear_path, trained_path
from grngc.penalty_rules import PenaltyPath
from grngc.windows import Windows, make_windows
from simulated import autoregression

DRIVEN = {(0, 1, 1): 0.6, (1, 2, 1): -0.6, (3, 3, 1): 0.5}


def windows_of(x: np.ndarray, lag: int = 1) -> Windows:
    return make_windows(as_panel((x - x.mean(axis=0)) / x.std(axis=0)), lag)


def between(p: int, lag: int = 1) -> np.ndarray:
    """Weights that leave the own past free."""
    return (1 - np.eye(p))[:, None, :].repeat(lag, axis=1)


def everything(penalised: np.ndarray) -> np.ndarray:
    return np.ones(penalised.shape, dtype=bool)


def path_of(windows: Windows, noise: float = 0.0, **options: Any) -> PenaltyPath:
    penalised = between(windows.y.shape[1], windows.x.shape[1])
    return linear_path(windows, penalised, everything(penalised), input_noise=noise, rate=0.1, **options)


def solved(windows: Windows, penalty: float, noise: float = 0.0) -> np.ndarray:
    windows, penalised = centred(windows), penalty * between(windows.y.shape[1], windows.x.shape[1])
    told = {"admitted": everything(penalised), "input_noise": noise, "effort": EXACT._replace(tolerance=1e-10)}
    return penalised_linear(windows.x, windows.y, penalised, **told)[0]


# ---- the largest -----------------------------------------------------------------------------------------------------


def orthonormal(n: int = 64, p: int = 4) -> Windows:
    """Inputs of unit covariance and mean 0, and targets that they explain in part."""
    rng = np.random.default_rng(0)
    q = np.linalg.qr(np.column_stack([np.ones(n), rng.normal(size=(n, p))]))[0][:, 1:] * math.sqrt(n)
    y = q @ rng.uniform(-1, 1, (p, p)) + rng.normal(size=(n, p))
    return Windows(q[:, None, :], y - y.mean(axis=0), np.zeros(n, int), np.arange(1, n + 1))


def test_on_an_orthonormal_design_it_is_twice_the_largest_covariance() -> None:
    windows = orthonormal()
    covariance = np.abs(windows.y.T @ windows.x[:, 0]) / len(windows)
    found = largest_penalty(windows, between(4), everything(between(4)), input_noise=0.5)
    np.testing.assert_allclose(found, 2 * (covariance * (1 - np.eye(4))).max(axis=1))
    # where the own past is penalised too, nothing is partialled out, and it must be at 0 as well
    every = np.ones((4, 1, 4))
    np.testing.assert_allclose(
        largest_penalty(windows, every, everything(every), input_noise=0.0), 2 * covariance.max(axis=1)
    )
    # a coefficient that costs twice as much rests at zero from half the penalty on
    np.testing.assert_allclose(
        largest_penalty(windows, 2 * every, everything(every), input_noise=0.0), covariance.max(axis=1)
    )


def test_along_an_orthonormal_design_the_path_is_soft_thresholding(monkeypatch: pytest.MonkeyPatch) -> None:
    windows, seen, real = orthonormal(), [], penalty_path._criteria

    def noted(whole: Any, found: np.ndarray, targets: np.ndarray) -> tuple[float, float]:
        seen.append(found)
        return real(whole, found, targets)

    monkeypatch.setattr(penalty_path, "_criteria", noted)
    path = path_of(windows, patience=None)
    marginal = windows.y.T @ windows.x[:, 0] / len(windows)
    shrunk = np.sign(marginal) * np.maximum(np.abs(marginal) - path.penalties[:, None, None] / 2, 0)
    expected = np.where(np.eye(4, dtype=bool), marginal, shrunk)
    np.testing.assert_allclose(np.array(seen)[:, :, 0], expected, atol=1e-12)
    off = ~np.eye(4, dtype=bool)
    np.testing.assert_array_equal(path.edges, (expected[:, off] != 0).sum(axis=1))
    left = np.square(windows.y - windows.x[:, 0] @ expected[7].T).sum(axis=0)
    used = (expected[7] != 0).sum(axis=1)
    bic = (64 * np.log(left / 64) + used * np.log(64)).sum()
    assert path.bic[7] == pytest.approx(bic)
    assert path.ebic[7] == pytest.approx(bic + used.sum() * np.log(4))


@pytest.mark.parametrize(("lag", "noise"), [(1, 0.0), (3, 0.3)])
def test_at_the_largest_the_graph_is_empty_and_just_below_it_is_not(lag: int, noise: float) -> None:
    windows = windows_of(autoregression(DRIVEN, 200, 4), lag)
    penalised = between(4, lag)
    each = largest_penalty(windows, penalised, everything(penalised), input_noise=noise)
    for target in range(4):
        for factor, empty in ((1 + 1e-4, True), (1 - 1e-3, False)):
            found = solved(windows, factor * each[target], noise)[target] * penalised[target]
            assert (found == 0).all() == empty
    assert path_of(windows, noise).edges[0] == 0
    assert path_of(windows, noise).penalties[0] == pytest.approx(each.max(), rel=1e-6)


def test_what_is_not_admitted_does_not_count() -> None:
    windows = windows_of(autoregression(DRIVEN, 200, 4))
    admitted = everything(between(4))
    admitted[1, :, 0] = admitted[3] = False
    without = largest_penalty(windows, between(4), admitted, input_noise=0.0)
    every = largest_penalty(windows, between(4), everything(between(4)), input_noise=0.0)
    assert without[1] < every[1] / 3
    assert without[3] == 0
    np.testing.assert_allclose(without[[0, 2]], every[[0, 2]])


def test_the_path_is_geometric_over_two_decades() -> None:
    penalties = geometric(0.8, 21)
    np.testing.assert_allclose(penalties[1:] / penalties[:-1], 0.1**0.1)
    assert penalties[[0, -1]] == pytest.approx([0.8, 0.008], rel=1e-6)
    with pytest.raises(InputError, match="there is nothing to penalise: no series helps to forecast another"):
        geometric(0.0, 5)


# ---- its points ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_a_start_from_elsewhere_ends_at_the_same_minimum(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(120, 1))
    windows = centred(windows_of(autoregression(DRIVEN, 120, 4, seed=seed) + shared, 2))
    weights, told = 0.1 * between(4, 2), {"admitted": np.ones((4, 4), bool), "input_noise": 0.3}
    cold, _ = penalised_linear(windows.x, windows.y, weights, **told)
    covariance = Covariance(windows.x, 0.3)
    near, steps = penalised_linear(windows.x, windows.y, weights, **told, start=cold, covariance=covariance)
    assert steps == 1
    far, _ = penalised_linear(windows.x, windows.y, weights, **told, start=rng.normal(size=cold.shape))
    np.testing.assert_allclose(near, cold, atol=1e-6)
    np.testing.assert_allclose(far, cold, atol=1e-5)


def test_a_start_cannot_bring_in_what_is_not_admitted() -> None:
    windows = centred(windows_of(autoregression(DRIVEN, 80, 4)))
    told = {"admitted": np.eye(4, dtype=bool), "start": np.ones((4, 1, 4))}
    found, _ = penalised_linear(windows.x, windows.y, 0.01 * between(4), **told)
    assert (found[~np.eye(4, dtype=bool)[:, None]] == 0).all()


def test_the_points_are_those_of_fits_from_scratch() -> None:
    """Held-out errors, edges and disagreement: along the path as one penalty at a time, solved to the end."""
    windows = windows_of(autoregression(DRIVEN, 300, 4), 2)
    path = path_of(windows, 0.3, patience=None)
    for point in (2, 9, 15):
        penalty, missed = path.penalties[point], []
        assert path.edges[point] == ((solved(windows, penalty, 0.3) != 0).any(axis=1) & ~np.eye(4, dtype=bool)).sum()
        for seen, unseen in folds(windows):
            known, held = windows.subset(seen), windows.subset(unseen)
            forecast = known.y.mean(axis=0) + np.einsum(
                "jli,nli->nj", solved(known, penalty, 0.3), held.x - known.x.mean(axis=0)
            )
            missed.append(np.square(held.y - forecast).mean(axis=1))
        each = np.concatenate(missed)
        assert path.errors[point] == pytest.approx(each.mean(), rel=1e-4)
        assert path.standard_errors[point] == pytest.approx(each.std(ddof=1) / np.sqrt(len(each)), rel=1e-3)
    assert path.excess_errors[path.errors.argmin()] == 0
    assert (path.excess_errors < path.standard_errors).all()


def test_the_held_out_errors_of_exogenous_series_are_not_counted() -> None:
    windows = windows_of(autoregression(DRIVEN, 200, 4))
    admitted = everything(between(4))
    admitted[0] = False
    some = linear_path(windows, between(4), admitted, input_noise=0.0, rate=0.1)
    changed = Windows(windows.x, windows.y * np.array([1e3, 1, 1, 1]), windows.trajectory, windows.time)
    other = linear_path(changed, between(4), admitted, input_noise=0.0, rate=0.1)
    np.testing.assert_array_equal(some.errors, other.errors)
    np.testing.assert_array_equal(some.bic, other.bic)


def test_errors_of_many_trajectories_count_by_trajectory() -> None:
    """Twelve trajectories, each shifted as a whole: the windows of one miss the same thing."""
    rng = np.random.default_rng(0)
    shocks = rng.normal(size=(12, 1, 3)) + 0.3 * rng.normal(size=(12, 40, 3))
    parts = [each.cumsum(axis=0) * 0.1 for each in shocks]
    panel = as_panel(parts)
    windows = make_windows(panel, 1)
    path = path_of(windows)
    by_window = path_of(Windows(windows.x, windows.y, windows.trajectory // 2, windows.time))
    assert path.standard_errors[0] > 0
    assert len(np.unique(windows.trajectory // 2)) < penalty_path.FEW_UNITS
    assert path.standard_errors[0] > 1.5 * by_window.standard_errors[0]


def test_the_path_ends_where_errors_have_clearly_risen() -> None:
    windows = windows_of(autoregression({(0, 1, 1): 0.3}, 60, 8))
    whole, short = path_of(windows, patience=None), path_of(windows)
    n = len(short.errors)
    assert n < len(whole.errors) == penalty_path.POINTS
    np.testing.assert_array_equal(short.errors, whole.errors[:n])
    np.testing.assert_array_equal(short.penalties, whole.penalties[:n])
    assert len(short.edges) == len(short.bic) == len(short.disagreement) == n
    assert short.errors.argmin() < n - penalty_path.PATIENCE


def test_two_halves_agree_on_a_strong_coupling_and_not_on_noise() -> None:
    """At half the largest penalty there is the strong edge alone; further down chance differs from half to half."""
    path = path_of(windows_of(autoregression({(0, 1, 1): 0.9}, 400, 5)), patience=None)
    at = int((path.penalties > path.penalties[0] / 2).sum())
    assert path.disagreement[at] == 0
    assert path.edges[at] == 1
    assert path.disagreement.max() > 0.2
    other = path_of(windows_of(autoregression({(0, 1, 1): 0.9}, 400, 5)), patience=None, random_state=1)
    assert (other.disagreement != path.disagreement).any()
    np.testing.assert_array_equal(other.errors, path.errors)


def test_a_record_too_short_to_hold_any_of_it_out_is_refused() -> None:
    with pytest.raises(InputError, match="holding out a part of the record needs at least 6 windows at lag 1"):
        path_of(windows_of(np.random.default_rng(0).normal(size=(5, 3))))
    assert len(path_of(windows_of(np.random.default_rng(0).normal(size=(8, 3)))).errors)


# ---- a forecaster that is trained ------------------------------------------------------------------------------------


class Made:
    """A forecaster that misses what it is told to, and has so many scores above the floor."""

    def __init__(self, off: float, above: int) -> None:
        self.off, self.lag_scores = off, np.full((3, 1, 3), ADAM_FLOOR)
        self.lag_scores[2, 0, :above] = 1.0

    def forecast(self, x: np.ndarray) -> np.ndarray:
        return x[:, 0] + 1 - self.off


def test_a_trained_path_goes_on_from_point_to_point_on_one_fold() -> None:
    clock = np.repeat(np.arange(101.0)[:, None], 3, axis=1) + 0.1 * np.random.default_rng(0).normal(size=(101, 3))
    windows, told = make_windows(as_panel(clock), 1), []
    offs = [5.0, 3.0, 2.0, 1.0, 1.2, 1.2, 1.2, 1.2, 9.0, 9.0]

    def train(penalty: float, known: Windows, before: Made | None) -> Made:
        told.append((penalty, len(known), before))
        made.append(Made(offs[len(made)], min(len(made), 2)))
        return made[-1]

    made: list[Made] = []
    path = trained_path(windows, between(3), everything(between(3)), train, input_noise=0.0, rate=0.2)
    assert [before for _, _, before in told] == [None, *made[:-1]]
    assert {known for _, known, _ in told} == {100 - 20 - 2}
    np.testing.assert_allclose(path.errors, np.square(offs[:8]), rtol=0.2)  # then it had risen four times
    np.testing.assert_array_equal(path.edges, [0, 1, 2, 2, 2, 2, 2, 2])
    np.testing.assert_allclose(path.penalties, [penalty for penalty, _, _ in told])
    assert (path.bic, path.ebic, path.disagreement) == (None, None, None)


@pytest.mark.parametrize("at", [0, 3])
def test_a_training_that_runs_away_ends_the_path(at: int) -> None:
    windows = windows_of(autoregression({(0, 1, 1): 0.6}, 100, 3))
    made: list[Made] = []

    def train(penalty: float, known: Windows, before: Made | None) -> Made:
        if len(made) == at:
            raise DivergenceError("ran away")
        made.append(Made(1.0 / (1 + len(made)), 0))
        return made[-1]

    def path() -> PenaltyPath:
        return trained_path(windows, between(3), everything(between(3)), train, input_noise=0.0, rate=0.2)

    if at == 0:
        with pytest.raises(DivergenceError):
            path()
    else:
        assert len(path().errors) == at


# ---- in the estimator ------------------------------------------------------------------------------------------------


def test_a_rule_gives_the_graph_of_the_penalty_that_it_picks() -> None:
    x = autoregression(DRIVEN, 200, 4)
    model = GRNGC(forecaster="linear", lag=1, penalty="cv-paired").fit(x)
    assert model.penalty_ == model.penalty_path_.choices()["cv-paired"] in model.penalty_path_.penalties
    assert model.penalty_path() is model.penalty_path_
    by_number = GRNGC(forecaster="linear", lag=1, penalty=model.penalty_).fit(x)
    np.testing.assert_array_equal(model.graph_.scores, by_number.graph_.scores)
    assert model.noise_floor_ == by_number.noise_floor_
    assert by_number.penalty_path_ is None
    np.testing.assert_array_equal(by_number.penalty_path().errors, model.penalty_path_.errors)
    assert by_number.penalty_path().rate == GRNGC(forecaster="linear", lag=1).fit(x).penalty_


def test_the_path_keeps_to_what_is_known_beforehand() -> None:
    """Without its one strong pair the path begins lower; a required pair is no edge that the penalty decides on."""
    x = autoregression(DRIVEN | {(0, 3, 1): 0.2}, 300, 4)
    free, told = GRNGC(forecaster="linear", lag=1, penalty="cv"), {"forbidden": [("x1", "x2"), ("x2", "x3")]}
    kept = GRNGC(forecaster="linear", lag=1, penalty="cv", **told).fit(x)
    assert kept.penalty_path_.penalties[0] < free.fit(x).penalty_path_.penalties[0] / 2
    assert kept.penalty_path_.edges.max() <= 12 - 2
    assert kept.graph_.scores[1, 0] == kept.graph_.scores[2, 1] == 0
    spared = GRNGC(forecaster="linear", lag=1, penalty="cv", required=told["forbidden"]).fit(x)
    assert spared.penalty_path_.edges[0] == 0
    assert spared.penalty_path_.errors[0] < free.penalty_path_.errors[0] / 1.2
    assert spared.graph_.scores[1, 0] > 0.4


def test_confidence_trains_again_with_the_penalty_that_was_picked() -> None:
    model = GRNGC(forecaster="linear", lag=1, penalty="cv-1se").fit(autoregression(DRIVEN, 200, 4))
    task, windows = _task(model)
    assert task.penalty(windows.subset(np.arange(100))) == model.penalty_


def test_the_path_is_per_output_in_whatever_scale_the_penalty_is() -> None:
    x = autoregression(DRIVEN, 200, 4)
    settings = {"forecaster": "linear", "lag": 2, "penalty": "bic"}
    code, per_output = (
        GRNGC(**settings, penalty_scale=scale).fit(as_panel(x, exogenous=["x1"])) for scale in ("code", "per_output")
    )
    np.testing.assert_allclose(code.penalty_path_.penalties, per_output.penalty_path_.penalties)
    assert 3 * code.penalty_ == pytest.approx(per_output.penalty_)
    np.testing.assert_allclose(code.graph_.scores, per_output.graph_.scores, atol=1e-9)


def test_the_largest_penalty_leaves_an_estimator_without_edges() -> None:
    x = autoregression(DRIVEN, 200, 4)
    model = GRNGC(forecaster="linear", lag=1).fit(x)
    largest = model.penalty_path().penalties[0]
    off = ~np.eye(4, dtype=bool)
    assert (GRNGC(forecaster="linear", lag=1, penalty=1.0001 * largest).fit(x).graph_.scores[off] == 0).all()
    assert (GRNGC(forecaster="linear", lag=1, penalty=0.99 * largest).fit(x).graph_.scores[off] > 0).sum() == 1


def test_a_forecaster_that_is_trained_has_rules_by_forecasts_only() -> None:
    x = autoregression(DRIVEN, 120, 4)
    settings = {"forecaster": "mlp", "lag": 1, "hidden": 8, "steps": 40}
    model = GRNGC(**settings, penalty="cv").fit(x)
    assert set(model.penalty_path_.choices()) == {"rate", "cv", "cv-1se", "cv-paired", "gain"}
    assert model.penalty_ == model.penalty_path_.choices()["cv"]
    again = GRNGC(**settings, penalty=model.penalty_).fit(x)
    np.testing.assert_array_equal(model.graph_.scores, again.graph_.scores)


def test_a_rule_that_counts_zeros_is_refused_before_anything_is_trained_along_the_path() -> None:
    told = []
    message = (
        "penalty='bic' counts scores that are exactly 0, which only the linear forecaster has, and this is mlp: choo"
    )
    with pytest.raises(InputError, match=message):
        GRNGC(forecaster="mlp", lag=1, steps=10, penalty="bic").fit(
            autoregression(DRIVEN, 120, 4), progress=told.append
        )
    assert not told


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"penalty": "cw"}, "penalty must be a number of at least 0, 'auto', or a rule \\(rate, cv, cv-1se,"),
        ({"penalty": "cv", "norm": "frobenius"}, "penalty='cv': a squared penalty leaves no edge out"),
        ({"penalty": "cv", "forecaster": "sequence_tcn", "lag": 1}, "penalty='cv': sequence_tcn reads the"),
    ],
)
def test_what_a_rule_cannot_do_is_said(settings: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        GRNGC(**{"forecaster": "linear", "lag": 1} | settings).fit(autoregression(DRIVEN, 60, 4))


def test_one_series_has_no_path() -> None:
    x = np.random.default_rng(0).normal(size=(60, 1))
    with pytest.raises(InputError, match="penalty='cv': there is nothing to penalise"):
        GRNGC(forecaster="linear", lag=1, penalty="cv").fit(x)


def test_nearly_is_near() -> None:
    """Where a solution starts from that of other weights, what is held back of its accuracy is a part in a thousand."""
    windows = centred(windows_of(autoregression(DRIVEN, 200, 4) + np.random.default_rng(1).normal(size=(200, 1)), 2))
    told = {"admitted": np.ones((4, 4), bool), "input_noise": 0.3}
    start, _ = penalised_linear(windows.x, windows.y, 0.3 * between(4, 2), **told)
    near, _ = penalised_linear(windows.x, windows.y, 0.2 * between(4, 2), **told, start=start, effort=NEARLY)
    exact, _ = penalised_linear(windows.x, windows.y, 0.2 * between(4, 2), **told)
    np.testing.assert_allclose(near, exact, atol=1e-3 * np.abs(exact).max())
