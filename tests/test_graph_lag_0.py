"""Graphs with a contemporaneous part: its edges have lag 0, a sign, and no direction of their own."""

from pathlib import Path

import numpy as np
import pytest

from grngc.dataset import Dataset
from grngc.errors import InputError
from grngc.graph import CausalGraph
from grngc.metrics import score
from grngc.panel import Panel

NAMES = ("a", "b", "c")
LAGS = np.zeros((3, 2, 3))
LAGS[1, 1, 0] = 0.6  # a drives b at lag 2
LAGS[0, 0, 0] = 2.0  # a's own past
TOGETHER = np.array([[0, 0.3, 0], [0.2, 0, -0.4], [0, -0.5, 0]])  # b with c, and a little a with b
GRAPH = CausalGraph(LAGS.sum(axis=1) + abs(TOGETHER), NAMES, LAGS, LAGS, contemporaneous=TOGETHER)


def test_the_lag_and_the_sign_are_those_of_the_largest_part() -> None:
    told = [(*edge[:3], round(edge.score, 9), edge.sign) for edge in GRAPH.edges(min_score=0.1)]
    assert told == [
        ("a", "b", 2, 0.8, "+"),
        ("b", "c", 0, 0.5, "-"),
        ("c", "b", 0, 0.4, "-"),
        ("b", "a", 0, 0.3, "+"),
    ]


def test_every_lag_has_a_row_and_no_series_drives_its_own_present() -> None:
    rows = GRAPH.edges(by_lag=True, own_past=True)
    assert len(rows) == 9 * 2 + 6
    assert {edge.lag for edge in rows} == {0, 1, 2}
    assert all(edge.source != edge.target for edge in rows if edge.lag == 0)
    assert [(*edge[:3], edge.score) for edge in rows[:4]] == [
        ("a", "a", 1, 2.0),
        ("a", "b", 2, 0.6),
        ("b", "c", 0, 0.5),
        ("c", "b", 0, 0.4),
    ]
    assert len(GRAPH.edges(by_lag=True, own_past=True, per_target=True)) == len(rows)
    assert set(GRAPH.to_frame()["lag"]) == {0, 1, 2}
    assert GRAPH.n_lags == 2


def test_no_series_is_a_source_of_its_own_present_even_where_its_past_is_none() -> None:
    graph = CausalGraph(abs(TOGETHER), NAMES, np.zeros((3, 2, 3)), contemporaneous=TOGETHER)
    assert {edge.lag for edge in graph.edges(own_past=True) if edge.source == edge.target} == {1}
    own = np.zeros((3, 2, 3))
    own[0, 1, 0] = 0.5
    graph = CausalGraph(own.sum(axis=1) + abs(TOGETHER), NAMES, own, own, contemporaneous=TOGETHER)
    assert ("a", "a", 2) in {edge[:3] for edge in graph.edges(own_past=True)}


def test_networkx_has_arrows_both_ways() -> None:
    graph = GRAPH.to_networkx(min_score=0.1)
    assert graph["b"]["c"] == {"score": 0.5, "lag": 0, "sign": "-", "directed": False}
    assert graph["c"]["b"]["lag"] == 0


def test_exogenous_series_are_sources_only() -> None:
    together = np.array([[0, 0, 0], [0.2, 0, 0], [0.1, 0, 0]])
    graph = CausalGraph(abs(together), NAMES, np.zeros((3, 1, 3)), exogenous=("a",), contemporaneous=together)
    assert {edge.target for edge in graph.edges(by_lag=True)} == {"b", "c"}
    assert graph.edges(top=1)[0][:5] == ("a", "b", 0, 0.2, "+")


def test_it_is_kept_in_the_file(tmp_path: Path) -> None:
    read = CausalGraph.load(GRAPH.save(tmp_path / "graph.npz"))
    np.testing.assert_array_equal(read.contemporaneous, TOGETHER)
    assert read.edges(by_lag=True, own_past=True) == GRAPH.edges(by_lag=True, own_past=True)
    lagged = CausalGraph(LAGS.sum(axis=1), NAMES, LAGS, LAGS)
    with np.load(lagged.save(tmp_path / "old.npz")) as archive:
        assert "contemporaneous" not in archive  # what older versions wrote is read too
    assert CausalGraph.load(tmp_path / "old.npz").contemporaneous is None


def test_metrics_read_it_by_names_in_any_order() -> None:
    truth = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 1]])
    back = tuple(reversed(NAMES))
    dataset = Dataset("made up", Panel((np.zeros((4, 3)),), NAMES), truth)
    turned = Dataset("turned", Panel((np.zeros((4, 3)),), back), truth[::-1, ::-1])
    lagged = CausalGraph(LAGS.sum(axis=1), NAMES, LAGS, LAGS)
    assert score(GRAPH, dataset) == score(GRAPH, turned)
    assert score(GRAPH, dataset)["auroc_off_diagonal"] == 1
    assert score(lagged, dataset)["auroc_off_diagonal"] < 1


@pytest.mark.parametrize("wrong", [np.zeros((2, 2)), np.eye(3)])
def test_other_arrays_are_refused(wrong: np.ndarray) -> None:
    with pytest.raises(InputError, match=r"contemporaneous is a \(3, 3\) array with 0 on its diagonal"):
        CausalGraph(np.ones((3, 3)), NAMES, contemporaneous=wrong)


def test_only_finite_numbers_and_they_cannot_be_changed() -> None:
    with pytest.raises(InputError, match="finite"):
        CausalGraph(np.ones((3, 3)), NAMES, contemporaneous=np.array([[0, np.nan, 0], [0, 0, 0], [0, 0, 0]]))
    assert GRAPH.contemporaneous is not None
    with pytest.raises(ValueError, match="read-only"):
        GRAPH.contemporaneous[0, 1] = 1.0
