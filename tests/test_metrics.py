import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    balanced_accuracy_score,
    matthews_corrcoef,
    roc_auc_score,
)

from grngc.dataset import Dataset
from grngc.errors import InputError, InputWarning
from grngc.graph import CausalGraph
from grngc.metrics import auprc, auroc, chance, diagonal_floor, score, score_edges
from grngc.panel import Panel

CHAIN = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 1]])
OFF = ~np.eye(3, dtype=bool)


def dataset(truth: np.ndarray = CHAIN, scored: np.ndarray | None = None, names: str = "abc") -> Dataset:
    panel = Panel((np.zeros((4, len(names))),), tuple(names))
    return Dataset("chain", panel, truth, scored)  # type: ignore[arg-type]


@given(st.integers(0, 10_000), st.integers(2, 8))
def test_areas_are_those_of_scikit_learn_with_ties_and_a_mask(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.random((size, size)) < 0.3
    truth[0, :2] = True, False
    scores = rng.integers(0, 4, (size, size)) / 7
    scores[0, :2] = 2, 3
    scored = rng.random((size, size)) < 0.8
    scored[0, :2] = True
    assert auroc(scores, truth, scored) == pytest.approx(roc_auc_score(truth[scored], scores[scored]), abs=1e-12)
    assert auprc(scores, truth, scored) == pytest.approx(average_precision_score(truth[scored], scores[scored]))
    # only ranks count
    assert auroc(7 * scores - 3, truth, scored) == pytest.approx(auroc(scores, truth, scored), abs=1e-12)


def test_areas_by_hand() -> None:
    truth, scores = np.array([[1, 0, 1, 0]]), np.array([[4, 3, 2, 1]])
    assert auroc(scores, truth) == 3 / 4
    assert auprc(scores, truth) == pytest.approx((1 / 1 + 2 / 3) / 2)


@pytest.mark.parametrize(
    "scores",
    [np.zeros((3, 3)), np.full((3, 3), 2.5), np.where(CHAIN, 1, np.nan), np.where(CHAIN, np.inf, 0)],
    ids=["zero", "constant", "nan", "infinite"],
)
def test_degenerate_scores_earn_chance_and_a_warning(scores: np.ndarray) -> None:
    with pytest.warns(InputWarning, match="no better than chance"):
        assert auroc(scores, CHAIN) == 0.5
    with pytest.warns(InputWarning, match="no better than chance"):
        assert auprc(scores, CHAIN) == pytest.approx(CHAIN.mean())


@pytest.mark.parametrize("truth", [np.zeros((3, 3)), np.ones((3, 3))])
def test_nothing_to_tell_apart_is_refused(truth: np.ndarray) -> None:
    scores = np.arange(9).reshape(3, 3)
    for area in (auroc, auprc):
        with pytest.raises(InputError, match=f"{int(truth.sum())} of 9 scored entries are true"):
            area(scores, truth)
    with pytest.raises(InputError, match=r"^chain: "):
        score(scores, dataset(truth))


def test_shapes_must_agree() -> None:
    with pytest.raises(InputError, match=r"\(2, 2\), \(3, 3\)"):
        auroc(np.eye(2), CHAIN)
    with pytest.raises(InputError, match="3 names"):
        score(np.eye(2), dataset())


def test_score_knows_all_views() -> None:
    scores = np.array([[0.0, 0.1, 0.2], [0.9, 0.0, 0.8], [0.3, 0.7, 0.0]])
    result = score(scores, dataset(scored=OFF))
    assert result == {
        "auroc": 7 / 8,  # of 2 x 4 pairs one is wrong: 0.7 below 0.8
        "auprc": pytest.approx((1 + 2 / 3) / 2),
        "auroc_full": pytest.approx(auroc(scores, CHAIN)),
        "auprc_full": pytest.approx(auprc(scores, CHAIN)),
        "auroc_off_diagonal": 7 / 8,
        "auprc_off_diagonal": pytest.approx((1 + 2 / 3) / 2),
        "prevalence": pytest.approx(2 / 6),
    }
    assert score(scores, dataset())["auroc"] == result["auroc_full"] < 0.5


def test_a_transposed_graph_is_another_graph() -> None:
    perfect = CHAIN * [[1.0], [0.8], [0.9]]
    assert score(perfect, dataset(scored=OFF))["auroc"] == 1
    assert score(perfect.T, dataset(scored=OFF))["auroc"] == pytest.approx(0.25)


def test_a_graph_is_matched_by_its_names() -> None:
    order = [2, 0, 1]
    graph = CausalGraph(CHAIN[np.ix_(order, order)], ("c", "a", "b"))
    assert score(graph, dataset())["auroc"] == 1
    assert score(CHAIN[np.ix_(order, order)], dataset())["auroc"] < 1
    with pytest.raises(InputError, match=r"chain: .*\['c', 'z'\]"):
        score(CausalGraph(CHAIN, ("a", "b", "z")), dataset())


def test_per_target_ranks_each_target_on_its_own_level() -> None:
    truth = np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0]])
    scores = np.array([[0, 10, 6.0], [0.1, 0, 5.0], [0, 0, 0]])
    assert score(scores, dataset(truth, OFF))["auroc"] < 1
    assert score(scores, dataset(truth, OFF), per_target=True)["auroc"] == 1


def test_undefined_views_are_nan_and_the_own_view_is_not() -> None:
    result = score(np.eye(3), dataset(np.eye(3)))
    assert result["auroc"] == 1
    assert np.isnan([result["auroc_off_diagonal"], result["auprc_off_diagonal"]]).all()


def test_degenerate_graphs_warn_once_and_name_the_data_set() -> None:
    with pytest.warns(InputWarning, match=r"^chain: ") as caught:
        result = score(np.zeros((3, 3)), dataset())
    assert len(caught) == 1
    assert result == chance(dataset())


def test_chance_is_half_and_the_prevalence() -> None:
    result = chance(dataset(scored=OFF))
    assert result["auroc"] == result["auroc_full"] == result["auroc_off_diagonal"] == 0.5
    assert result["auprc"] == result["prevalence"] == pytest.approx(1 / 3)
    assert result["auprc_full"] == pytest.approx(5 / 9)
    assert result.keys() == score(CHAIN, dataset()).keys()


def test_the_floor_of_a_perfect_diagonal_in_closed_form() -> None:
    """p true own pasts on top, the other positives tied with all negatives."""
    p, extra = 10, 30
    truth = np.eye(p, dtype=bool)
    truth[np.nonzero(~truth)[0][:extra], np.nonzero(~truth)[1][:extra]] = True
    floor = diagonal_floor(dataset(truth, names="abcdefghij"))
    assert floor["auroc"] == pytest.approx((p + extra / 2) / (p + extra))
    assert floor["auprc"] == pytest.approx((p + extra * (p + extra) / p**2) / (p + extra))
    assert floor["auroc_off_diagonal"] == 0.5
    assert floor["auprc_off_diagonal"] == pytest.approx(extra / (p * (p - 1)))
    assert floor.keys() == score(CHAIN, dataset()).keys()


def test_the_floor_knows_an_empty_diagonal_too() -> None:
    truth = np.array([[0, 1], [0, 0]])
    assert diagonal_floor(dataset(truth, names="ab"))["auroc"] == pytest.approx((2 + 0.5) / 3)


def test_pairs_that_score_nothing_are_told_apart_by_nearness() -> None:
    """One edge was found; of the four others off the diagonal, the true one is the nearest to being found."""
    scores = np.array([[0.9, 0, 0], [0.5, 0.9, 0], [0, 0, 0.9]])
    near = np.array([[1, 0.2, 0.1], [1, 1, 0.3], [0.0, 0.8, 1]])
    blind = score(CausalGraph(scores, tuple("abc")), dataset())
    seeing = score(CausalGraph(scores, tuple("abc"), nearness=near), dataset())
    assert blind["auroc_off_diagonal"] < seeing["auroc_off_diagonal"] == 1
    assert seeing["auprc_off_diagonal"] == 1
    # and per target too, and whatever the order of series is
    assert (
        score(CausalGraph(scores, tuple("abc"), nearness=near), dataset(), per_target=True)["auroc_off_diagonal"] == 1
    )
    order = [2, 0, 1]
    turned = CausalGraph(scores[np.ix_(order, order)], tuple("cab"), nearness=near[np.ix_(order, order)])
    assert score(turned, dataset()) == seeing
    assert score(CausalGraph(scores, tuple("abc"), nearness=1 - near), dataset())["auroc_off_diagonal"] < 1


def test_edges_are_scored_as_scikit_learn_does_in_every_view() -> None:
    rng = np.random.default_rng(0)
    truth, edges = rng.random((2, 6, 6)) < [[[0.3]], [[0.4]]]
    known = rng.random((6, 6)) < 0.9
    panel = Panel((np.zeros((4, 6)),), tuple("abcdef"))
    data = Dataset("drawn", panel, truth & known, known & ~np.eye(6, dtype=bool), known)
    result = score_edges(edges, data)
    for view, scored in {"": data.scored, "_full": known, "_off_diagonal": data.scored}.items():
        labels, found = data.truth[scored], edges[scored]
        assert result[f"accuracy{view}"] == accuracy_score(labels, found)
        assert result[f"balanced_accuracy{view}"] == balanced_accuracy_score(labels, found)
        assert result[f"mcc{view}"] == pytest.approx(matthews_corrcoef(labels, found))
        assert result[f"empty_accuracy{view}"] == pytest.approx(accuracy_score(labels, np.zeros(len(labels), bool)))


def test_edges_by_hand() -> None:
    """Of CHAIN's two true pairs one is found, of the four false ones one is called an edge."""
    edges = np.array([[0, 0, 1], [1, 0, 0], [0, 0, 0]])
    result = score_edges(edges, dataset(scored=OFF))
    assert result["accuracy"] == pytest.approx(4 / 6)
    assert result["empty_accuracy"] == pytest.approx(4 / 6)
    assert result["balanced_accuracy"] == pytest.approx((1 / 2 + 3 / 4) / 2)
    assert result["mcc"] == pytest.approx((1 * 3 - 1 * 1) / np.sqrt(2 * 2 * 4 * 4))
    assert result["accuracy_full"] == pytest.approx(4 / 9)
    assert result["empty_accuracy_full"] == pytest.approx(4 / 9)


@pytest.mark.parametrize("edges", [np.zeros((3, 3)), np.ones((3, 3))], ids=["none", "all"])
def test_a_graph_that_does_not_look_at_the_data_earns_nothing_but_accuracy(edges: np.ndarray) -> None:
    result = score_edges(edges, dataset(scored=OFF))
    assert result["accuracy"] == pytest.approx(4 / 6 if not edges.any() else 2 / 6)
    assert (result["balanced_accuracy"], result["mcc"]) == (0.5, 0.0)


def test_edges_of_a_graph_are_what_is_above_0_brought_into_order_by_names() -> None:
    order = [2, 0, 1]
    graph = CausalGraph((CHAIN * 0.3 - 0.1)[np.ix_(order, order)], ("c", "a", "b"))
    assert score_edges(graph, dataset())["mcc"] == 1


def test_a_view_with_nothing_to_tell_apart_has_an_accuracy_only() -> None:
    result = score_edges(np.eye(3), dataset(np.eye(3)))
    assert (result["accuracy"], result["accuracy_off_diagonal"], result["empty_accuracy_off_diagonal"]) == (1, 1, 1)
    assert np.isnan([result["balanced_accuracy_off_diagonal"], result["mcc_off_diagonal"]]).all()
