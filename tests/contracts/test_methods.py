"""What every method of METHODS keeps: one file for all, so that a new one is tested by its line in the dict."""

import pickle
import random
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import BaseEstimator, clone

from grngc import InputError, as_panel
from grngc.datasets import simulate_var
from grngc.methods import METHODS

QUICK: dict[str, dict[str, Any]] = {
    "grngc": {"forecaster": "mlp", "hidden": 8, "steps": 150},
    "jrngc": {"lag": 1, "hidden": 16, "depth": 1, "penalty": 0.05, "learning_rate": 0.02, "steps": 60},
    "cmlp": {"lag": 2, "hidden": 8, "steps": 100, "penalty": 0.2},
    "clstm": {"context": 5, "hidden": 6, "steps": 60, "penalty": 0.2, "learning_rate": 0.03},
    "crnn": {"context": 5, "hidden": 8, "steps": 80, "penalty": 0.2},
    "ggc": {"steps": 60, "penalty": 0.1, "learning_rate": 0.04, "stride": 3},
    "ggc_loo": {"steps": 80, "batch": None, "learning_rate": 0.03},
}
"""Settings that make a method quick enough to test."""

# x1 -> x2, and x3 on its own; x1 has a memory, so that the edge shows at the same time too
DATA = simulate_var(np.array([[[0.6, 0, 0], [0.8, 0.3, 0], [0, 0, 0.3]]]), 300, random_state=1)
OTHER = simulate_var(np.array([[[0.3, 0, 0], [0, 0.3, 0.8], [0, 0, 0.3]]]), 200, random_state=2)
FRAME = pd.DataFrame(DATA, columns=["rain", "river", "wind"])


@pytest.fixture(params=METHODS)
def method(request: pytest.FixtureRequest) -> BaseEstimator:
    """An estimator that is not fitted."""
    return METHODS[request.param](**QUICK.get(request.param, {}))


def random_states() -> tuple[bytes, ...]:
    """numpy's, torch's and Python's global random states."""
    numpy_state = np.random.get_state()  # noqa: NPY002 - the global state is the subject
    return pickle.dumps(numpy_state), torch.get_rng_state().numpy().tobytes(), pickle.dumps(random.getstate())


def test_fit_returns_itself_and_changes_no_parameter(method: BaseEstimator) -> None:
    before = clone(method).get_params()
    assert method.fit(DATA) is method
    assert method.get_params() == before


def test_scores_are_finite_and_agree_with_their_lags(method: BaseEstimator) -> None:
    graph = method.fit(DATA).graph_
    assert graph.scores.shape == (3, 3)
    assert graph.lag_scores.shape == graph.signs.shape
    assert np.isfinite(graph.scores).all()
    assert (graph.scores >= 0).all()
    assert (np.abs(graph.signs) <= graph.lag_scores + 1e-6).all()


def test_the_edge_stands_out_in_its_direction_and_sign(method: BaseEstimator) -> None:
    graph = method.fit(DATA).graph_
    unrelated = graph.scores[[0, 2, 1, 2], [2, 0, 2, 1]]
    assert graph.scores[1, 0] > 2 * unrelated.max()
    assert graph.edges(top=1)[0].sign == "+"
    if np.array_equal(graph.scores, graph.scores.T):
        return  # exactly symmetric scores claim no direction
    assert graph.scores[1, 0] > 1.5 * graph.scores[0, 1]
    assert graph.edges(top=1)[0][:2] == ("x1", "x2")


def test_a_negative_influence_has_its_sign(method: BaseEstimator) -> None:
    assert method.fit(DATA * [1, -1, 1]).graph_.edges(top=1)[0].sign == "-"


def test_a_second_fit_is_a_fresh_fit(method: BaseEstimator) -> None:
    fresh = clone(method).fit(OTHER).graph_
    again = method.fit(DATA).fit(OTHER).graph_
    np.testing.assert_array_equal(again.scores, fresh.scores)
    np.testing.assert_array_equal(again.signs, fresh.signs)
    assert not np.allclose(fresh.scores, clone(method).fit(DATA).graph_.scores)


def test_a_fit_that_fails_leaves_no_graph_of_other_data(method: BaseEstimator) -> None:
    method.fit(FRAME)
    with pytest.raises(InputError):
        method.fit(DATA * np.nan)
    assert not [name for name in vars(method) if name.endswith("_")]


def test_data_and_global_random_states_are_left_alone(method: BaseEstimator) -> None:
    data, before = DATA.copy(), random_states()
    method.fit(data)
    np.testing.assert_array_equal(data, DATA)
    assert random_states() == before


def test_global_random_states_decide_nothing(method: BaseEstimator) -> None:
    first = method.fit(DATA).graph_
    torch.manual_seed(9)
    torch.rand(3)
    np.testing.assert_array_equal(clone(method).fit(DATA).graph_.scores, first.scores)


def test_names_are_kept(method: BaseEstimator) -> None:
    graph = method.fit(FRAME).graph_
    assert graph.names == ("rain", "river", "wind")
    np.testing.assert_array_equal(graph.scores, clone(method).fit(DATA).graph_.scores)


def test_units_do_not_matter(method: BaseEstimator) -> None:
    scaled = method.fit(DATA * [1e-3, 1, 1e4] + [5, 0, -7]).graph_
    np.testing.assert_allclose(scaled.scores, clone(method).fit(DATA).graph_.scores, atol=1e-3)


def test_trajectories_of_unequal_length(method: BaseEstimator) -> None:
    graph = method.fit([DATA[:100], DATA[120:160], DATA[200:]]).graph_
    assert graph.scores[1, 0] > 2 * graph.scores[[0, 2, 1, 2], [2, 0, 2, 1]].max()


def test_exogenous_series_are_never_targets(method: BaseEstimator) -> None:
    graph = method.fit(as_panel(FRAME, exogenous=["rain"])).graph_
    assert not graph.scores[0].any()
    assert graph.edges(top=1)[0][:2] == ("rain", "river")
