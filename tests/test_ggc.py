"""GGC and GGC-LOO as a whole: every parameter is felt, what is impossible is refused, decisions are right."""

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.base import BaseEstimator

from grngc import InputError, as_panel
from grngc.datasets import lorenz96, simulate_var
from grngc.ggc import GGC, GGCLeaveOneOut
from grngc.ggc.leave_one_out import log_ratios
from grngc.ggc.networks_without import NetworksWithout
from grngc.metrics import score

# x1 -> x2 -> x3, three trajectories of different level; x4 on its own
CHAIN = np.array([[[0.5, 0, 0, 0], [0.9, 0, 0, 0], [0, 0.9, 0, 0], [0, 0, 0, 0.5]]])
DATA = [simulate_var(CHAIN, 40, random_state=seed) + seed for seed in range(3)]
TWO = simulate_var(np.array([[[0.5, 0], [0.9, 0]]]), 600, random_state=0)
QUICK = {"steps": 6, "learning_rate": 0.05, "stride": 2}
QUICK_LOO = {"steps": 6, "learning_rate": 0.05}

OTHER_VALUES: dict[str, Any] = {
    "cell": "rnn", "window": 3, "stride": 1, "graph_layer": False, "adjacency": "row", "adjacency_of": "zscore",
    "adjacency_diagonal": False, "graph_activation": "relu", "initial": "both", "distances": "per_trajectory",
    "error": "sum", "penalty": 1.0, "penalty_norm": "ridge_squared", "kl_weight": 2.0, "kl_norm": "softmax",
    "kl_from": "scores", "triplet_weight": 0.0, "negative": "random", "ridge": 1.0, "optimiser": "ista",
    "learning_rate": 0.01, "steps": 3, "scaling": "none", "cross_boundary": True, "random_state": 7,
}  # fmt: skip
BESIDE = {
    "activation": ({"cell": "rnn"}, "relu"), "hidden": ({"graph_layer": False, "initial": "none"}, 7),
}  # fmt: skip
"""Parameters that others must make room for."""

OTHER_LOO: dict[str, Any] = {
    "cell": "rnn", "window": 3, "graph_layer": False, "adjacency": "row", "adjacency_of": "zscore",
    "graph_activation": "relu", "compared": "total", "judged_on": "training", "held_out": 0.4, "margin": 0.01,
    "repeats": 2, "ridge": 1.0, "learning_rate": 0.01, "steps": 3, "batch": 8, "scaling": "none",
    "cross_boundary": True, "random_state": 7,
}  # fmt: skip


def test_every_parameter_is_listed() -> None:
    assert set(GGC().get_params()) == set(OTHER_VALUES) | set(BESIDE)
    assert set(GGCLeaveOneOut().get_params()) == {*OTHER_LOO, "activation"}


@pytest.fixture(scope="module")
def plain() -> np.ndarray:
    return GGC(**QUICK).fit(DATA).graph_.ranking()


@pytest.mark.parametrize("name", OTHER_VALUES)
def test_every_parameter_is_felt(name: str, plain: np.ndarray) -> None:
    found = GGC(**QUICK | {name: OTHER_VALUES[name]}).fit(DATA).graph_.ranking()
    assert np.abs(found - plain).max() > 1e-6


@pytest.mark.parametrize("name", BESIDE)
def test_parameters_beside_others_are_felt(name: str) -> None:
    beside, value = BESIDE[name]
    first, second = (GGC(**QUICK | beside | more).fit(DATA).graph_.scores for more in ({}, {name: value}))
    assert np.abs(first - second).max() > 1e-6


@pytest.mark.parametrize("initial", ["hidden_state", "input_weights", "both", "none"])
def test_every_beginning_differs(initial: str, plain: np.ndarray) -> None:
    found = GGC(**QUICK, initial=initial).fit(DATA).graph_.scores
    assert (np.abs(found - plain).max() > 1e-6) == (initial != "hidden_state")


@pytest.fixture(scope="module")
def plain_loo() -> np.ndarray:
    return GGCLeaveOneOut(**QUICK_LOO).fit(DATA).graph_.ranking()


@pytest.mark.parametrize("name", OTHER_LOO)
def test_every_parameter_of_leaving_out_is_felt(name: str, plain_loo: np.ndarray) -> None:
    found = GGCLeaveOneOut(**QUICK_LOO | {name: OTHER_LOO[name]}).fit(DATA).graph_.ranking()
    assert np.abs(found - plain_loo).max() > 1e-7


def test_the_activation_of_leaving_out_is_felt() -> None:
    first, second = (
        GGCLeaveOneOut(**QUICK_LOO, cell="rnn", activation=each).fit(DATA).log_ratios_ for each in ("tanh", "relu")
    )
    assert np.abs(first - second).max() > 1e-6


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cell": "gru"}, "cell 'gru' is not known; choose one of lstm, rnn"),
        ({"adjacency": "sqrt"}, "adjacency 'sqrt' is not known; choose one of sym, row, max, cosine"),
        ({"penalty": "cv"}, "penalty must be a finite number of at least 0, or 'auto'; got 'cv'"),
        ({"kl_weight": -1}, "kl_weight must be a finite number of at least 0; got -1"),
        ({"graph_layer": "yes"}, "graph_layer must be True or False; got 'yes'"),
        (
            {"window": 0},
            "window must be a whole number of at least 1; got 0; or None: as many steps as series, at most",
        ),
        ({"random_state": 2**63}, "random_state must be below"),
        ({"hidden": 7}, "hidden must be the number of series, 4, .* give graph_layer=False and initial='none'"),
        ({"hidden": 7, "graph_layer": False}, "leave hidden out, or give initial='none'"),
        (
            {"window": 40},
            "a window of 40 needs at least 41 points .*: choose a smaller window or bring longer",
        ),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        GGC(**QUICK | options).fit(DATA)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"compared": "all"}, "compared 'all' is not known; choose one of target, total"),
        ({"held_out": 0.7}, "held_out must be a share above 0 and at most 0.5; got 0.7"),
        ({"repeats": 0}, "repeats must be a whole number of at least 1; got 0"),
        ({"window": 38}, "windows before and in the last 20% of trajectories; with window=38 0 of 6 lie before"),
    ],
)
def test_what_cannot_be_left_out_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        GGCLeaveOneOut(**QUICK_LOO | options).fit(DATA)


@pytest.mark.parametrize("kind", [GGC, GGCLeaveOneOut])
def test_gaps_everywhere_are_refused(kind: type[BaseEstimator]) -> None:
    gappy = TWO.copy()
    gappy[::2, 0] = gappy[1::2, 1] = np.nan
    with pytest.raises(InputError, match=r"no window of 3 consecutive points .* choose a smaller window or fewer"):
        kind().fit(as_panel(gappy, missing="drop"))


@pytest.mark.parametrize(("estimator", "networks"), [(GGC(), 4), (GGCLeaveOneOut(), 5)])
def test_a_fit_that_would_not_fit_in_memory_is_refused(
    estimator: BaseEstimator, networks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grngc.memory.available", lambda device: 2**10)
    with pytest.raises(InputError, match=rf"{networks} networks on \d+ windows of 4 steps take .* 1.0 KiB are free: "):
        estimator.fit(DATA)


def test_without_a_divergence_scores_are_exactly_0_and_with_it_none_is() -> None:
    options = {"steps": 60, "learning_rate": 0.05, "stride": 2, "penalty": 0.5, "triplet_weight": 0.0}
    assert (GGC(**options, kl_weight=0).fit(DATA).graph_.scores == 0).any()
    assert (GGC(**options).fit(DATA).graph_.scores > 0).all()


def test_a_strong_divergence_gives_the_distance_correlations() -> None:
    fitted = GGC(steps=300, learning_rate=0.05, stride=4, kl_weight=100.0, penalty=0.0).fit(DATA)
    shares = fitted.graph_.scores / fitted.graph_.scores.sum(axis=1, keepdims=True)
    expected = fitted.distance_correlation_ / fitted.distance_correlation_.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(shares, expected, atol=0.01)


def test_windows_stay_inside_trajectories_and_training_is_told_of() -> None:
    seen = []
    fitted = GGC(steps=60).fit(DATA, progress=seen.append)
    assert fitted.n_windows_ == 3 * (40 - 4)
    assert seen[-1].step == fitted.record_.steps == 60
    loo = GGCLeaveOneOut(steps=3, repeats=2).fit(DATA, progress=seen.append)
    assert loo.n_windows_ == 3 * (32 - 4)
    assert seen[-1].doing == "training, repeat 2 of 2"


def test_lorenz_96() -> None:
    data = lorenz96(5, 300)
    fitted = GGC(steps=200, learning_rate=0.02, stride=3).fit(data.panel)
    assert score(fitted.graph_, data)["auroc"] > 0.9


def test_a_series_that_helps_is_found_and_one_that_does_not_is_not() -> None:
    fitted = GGCLeaveOneOut(steps=200, learning_rate=0.02, margin=0.05).fit(TWO)
    assert fitted.log_ratios_[1, 0] > 0.5
    assert abs(fitted.log_ratios_[0, 1]) < 0.05
    assert fitted.graph_.scores[1, 0] == fitted.log_ratios_[1, 0]
    assert fitted.graph_.scores[0, 1] == 0


def test_what_is_decided_against_is_ordered_by_its_logarithm(plain_loo: np.ndarray) -> None:
    fitted = GGCLeaveOneOut(**QUICK_LOO).fit(DATA)
    assert (fitted.log_ratios_ < 0).any()
    np.testing.assert_array_equal(fitted.graph_.scores > 0, fitted.log_ratios_ > 0)
    order = np.argsort(fitted.log_ratios_, axis=None)
    np.testing.assert_array_equal(np.argsort(plain_loo, axis=None), order)


def test_repeats_are_averages_of_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    each, compared = [], GGCLeaveOneOut._compared

    def watched(*given: Any) -> Any:
        each.append(compared(*given))
        return each[-1]

    monkeypatch.setattr(GGCLeaveOneOut, "_compared", watched)
    fitted = GGCLeaveOneOut(**QUICK_LOO, repeats=2).fit(DATA)
    first, second = (found.log_ratios for found in each)
    np.testing.assert_array_equal(GGCLeaveOneOut(**QUICK_LOO).fit(DATA).log_ratios_, first)
    assert np.abs(second - first).max() > 1e-6
    np.testing.assert_allclose(fitted.log_ratios_, (first + second) / 2, rtol=1e-6)
    assert len(fitted.records_) == 2


def test_total_errors_say_who_drives_but_not_whom() -> None:
    errors = torch.tensor([[1.0, 1.0], [3.0, 1.0], [1.0, 1.0]])
    torch.testing.assert_close(log_ratios(errors, "target"), torch.tensor([[3.0, 1.0], [1.0, 1.0]]).log())
    torch.testing.assert_close(log_ratios(errors, "total"), torch.tensor([[2.0, 1.0], [2.0, 1.0]]).log())


@pytest.mark.parametrize("cell", ["lstm", "rnn"])
def test_networks_begin_alike_and_never_read_what_they_are_without(cell: str) -> None:
    networks = NetworksWithout(3, 3, torch.rand(3, 3), cell=cell)
    optimiser = torch.optim.Adam(networks.parameters(), lr=0.1)
    for _ in range(3):
        optimiser.zero_grad()
        x = torch.randn(5, 4, 3)
        networks(x).square().sum().backward()
        optimiser.step()
    changed = x.clone()
    changed[..., 1] += 1
    same = (networks(x) == networks(changed)).flatten(1).all(dim=1)
    assert same.tolist() == [False, False, True, False]
    torch.manual_seed(3)
    fresh = NetworksWithout(3, 3, None, cell=cell)
    alone = torch.zeros(1, 2, 3)
    assert (fresh(alone) == fresh(alone)[:1]).all()
