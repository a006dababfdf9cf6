"""The graph: direction, order, signs, exchange, and the file."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grngc.errors import InputError
from grngc.graph import CausalGraph, Edge

NAMES = ("a", "b", "c")
LAGS = np.zeros((3, 2, 3))
LAGS[1, 0, 0], LAGS[1, 1, 0] = 0.1, 0.6  # a drives b, mostly at lag 2
LAGS[2, 0, 1] = 0.5  # b drives c
LAGS[0, 0, 0] = 2.0  # a's own past
SIGNED = LAGS * np.array([1.0, -0.9, 0.4])[:, None, None]
GRAPH = CausalGraph(LAGS.sum(axis=1), NAMES, LAGS, SIGNED)


def pairs(edges: list[Edge]) -> list[str]:
    return [f"{edge.source}{edge.target}" for edge in edges]


def test_edges_are_named_records_strongest_first() -> None:
    edges = GRAPH.edges(top=2)
    assert edges == [Edge("a", "b", 2, pytest.approx(0.7), "-"), Edge("b", "c", 1, 0.5, "±")]
    assert all(type(edge.lag) is int and type(edge.score) is float for edge in edges)


def test_edges_can_be_chosen() -> None:
    assert len(GRAPH.edges()) == 6
    assert pairs(GRAPH.edges(own_past=True, top=1)) == ["aa"]
    assert pairs(GRAPH.edges(min_score=0.5)) == ["ab", "bc"]  # the bound itself is in
    assert pairs(GRAPH.edges(min_score=0.51)) == ["ab"]
    assert GRAPH.edges(top=0) == []
    assert len(GRAPH.edges(top=np.int64(100))) == 6
    assert len(GRAPH.edges(by_lag=True, own_past=True)) == 18
    first = GRAPH.edges(by_lag=True, top=3)
    assert [(e.source, e.target, e.lag, e.score) for e in first] == [
        ("a", "b", 2, 0.6),
        ("b", "c", 1, 0.5),
        ("a", "b", 1, 0.1),
    ]


@pytest.mark.parametrize("top", [-1, 1.5, "3", True])
def test_a_number_of_edges_is_a_whole_number(top: object) -> None:
    with pytest.raises(InputError, match="top must be a whole number of at least 0; got"):
        GRAPH.edges(top=top)  # type: ignore[arg-type]


def test_ties_have_a_fixed_order() -> None:
    assert pairs(CausalGraph(np.ones((3, 3)), NAMES).edges()) == ["ab", "ac", "ba", "bc", "ca", "cb"]


@pytest.mark.parametrize(("signed", "sign"), [(0.4, "+"), (-0.4, "-"), (0.2, "+"), (0.19, "±"), (-0.19, "±"), (0, "±")])
def test_sign_needs_windows_that_agree(signed: float, sign: str) -> None:
    """A mean signed gradient of half the mean absolute one is the least that counts."""
    graph = CausalGraph(np.full((2, 2), 0.4), ("a", "b"), np.full((2, 1, 2), 0.4), np.full((2, 1, 2), signed))
    assert graph.edges(top=1)[0].sign == sign


def test_no_effect_has_no_sign() -> None:
    assert {edge.sign for edge in CausalGraph(np.zeros((2, 2)), ("a", "b")).edges()} == {"±"}


def test_exogenous_series_are_sources_only() -> None:
    graph = CausalGraph(GRAPH.scores, NAMES, exogenous=("b",))
    assert {edge.target for edge in graph.edges(own_past=True)} == {"a", "c"}
    assert {edge.source for edge in graph.edges(own_past=True)} == {"a", "b", "c"}


class TestPerTarget:
    def test_order_is_each_row_over_its_own_level(self) -> None:
        """Two sources of b crowd out c's only one; over the level of the rows c's comes first. Scores stay."""
        scores = np.array([[0, 0, 0], [3.0, 0, 2.0], [0, 1.5, 0]])
        graph = CausalGraph(scores, NAMES)
        assert pairs(graph.edges(top=3)) == ["ab", "cb", "bc"]
        edges = graph.edges(top=3, per_target=True)
        assert pairs(edges) == ["ab", "bc", "cb"]
        assert [edge.score for edge in edges] == [3.0, 1.5, 2.0]
        level = 6.5 / 6  # mean of all off-diagonal entries; rows: 0, 2.5, 0.75
        expected = scores / np.array([level, 2.5 + level, 0.75 + level])[:, None]
        np.testing.assert_allclose(graph.ranking(per_target=True), expected)
        np.testing.assert_array_equal(graph.ranking(), scores)

    def test_by_lag_weighs_each_lag_by_its_targets_level(self) -> None:
        """0.6 of b's 0.7 over a level of 0.35 + 0.2 comes after c's 0.5 over 0.25 + 0.2."""
        assert pairs(GRAPH.edges(by_lag=True, top=2)) == ["ab", "bc"]
        assert pairs(GRAPH.edges(by_lag=True, per_target=True, top=2)) == ["bc", "ab"]

    @given(st.integers(0, 1000), st.floats(1e-6, 0.05))
    def test_an_undriven_target_is_not_lifted_above_driven_ones(self, seed: int, noise: float) -> None:
        """One row of small noise among rows that each have a true source."""
        rng = np.random.default_rng(seed)
        p = 6
        scores = rng.uniform(0, noise, (p, p))
        scores[np.arange(1, p), np.arange(p - 1)] = rng.uniform(0.5, 2, p - 1)
        order = CausalGraph(scores, tuple("abcdef")).ranking(per_target=True)
        np.fill_diagonal(order, 0)
        assert order[0].max() < order[1:].max(axis=1).min()

    def test_a_graph_of_zeros_stays_zero(self) -> None:
        graph = CausalGraph(np.zeros((3, 3)), NAMES)
        assert not graph.ranking(per_target=True).any()
        assert len(graph.edges(per_target=True)) == 6

    @given(st.integers(0, 1000))
    def test_the_unit_does_not_matter(self, seed: int) -> None:
        scores = np.random.default_rng(seed).uniform(size=(4, 4))
        one, thousand = (CausalGraph(c * scores, tuple("abcd")).edges(per_target=True) for c in (1, 1000))
        assert pairs(one) == pairs(thousand)

    def test_one_series(self) -> None:
        graph = CausalGraph(np.array([[0.3]]), ("a",))
        assert graph.edges(per_target=True) == []
        assert pairs(graph.edges(own_past=True, per_target=True)) == ["aa"]


def test_frame_has_a_row_for_every_ordered_pair_and_lag() -> None:
    frame = GRAPH.to_frame()
    assert list(frame.columns) == list(Edge._fields)
    assert len(frame) == 18
    assert frame["score"].is_monotonic_decreasing
    assert frame.iloc[0].tolist() == ["a", "a", 1, 2.0, "+", *[None] * 10]


def test_networkx_arrow_runs_from_source_to_target() -> None:
    graph = GRAPH.to_networkx(min_score=0.2)
    assert list(graph.nodes) == list(NAMES)
    assert list(graph.edges(data=True)) == [
        ("a", "b", {"score": pytest.approx(0.7), "lag": 2, "sign": "-", "directed": True}),
        ("b", "c", {"score": 0.5, "lag": 1, "sign": "±", "directed": True}),
    ]
    assert GRAPH.to_networkx(top=1).number_of_edges() == 1
    assert list(GRAPH.to_networkx(edges=GRAPH.edges()[1:2]).edges) == [("b", "c")]


def test_a_graph_cannot_be_changed() -> None:
    scores = np.ones((3, 3))
    graph = CausalGraph(scores, NAMES)
    scores[0, 1] = 7
    assert graph.scores[0, 1] == 1
    assert scores.flags.writeable
    for array in (graph.scores, graph.lag_scores, graph.signs, graph.ranking()):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 2
    with pytest.raises(AttributeError):
        graph.names = ("x", "y", "z")  # type: ignore[misc]


def test_without_lags_there_is_one() -> None:
    graph = CausalGraph(np.ones((3, 3)), NAMES)
    assert graph.n_lags == 1
    np.testing.assert_array_equal(graph.lag_scores[:, 0], graph.scores)


@pytest.mark.parametrize(
    "arguments",
    [
        {"scores": np.ones((2, 2))},
        {"scores": np.ones(3)},
        {"scores": np.ones((3, 3)), "lag_scores": np.ones((3, 3))},
        {"scores": np.ones((3, 3)), "lag_scores": np.ones((3, 1, 3)), "signs": np.ones((3, 2, 3))},
        {"scores": np.full((3, 3), np.nan)},
        {"scores": np.ones((3, 3)), "exogenous": ("z",)},
        {"scores": np.ones((3, 3)), "names": ("a", "b", "a")},
    ],
    ids=["size", "vector", "no lag axis", "signs", "nan", "unknown exogenous", "duplicate name"],
)
def test_what_is_no_graph_is_refused(arguments: dict) -> None:
    with pytest.raises(InputError):
        CausalGraph(**({"names": NAMES} | arguments))


def test_graphs_can_be_compared() -> None:
    """Arrays in a data class make == raise; two records of the same numbers may be equal or not, but must say."""
    assert (CausalGraph(GRAPH.scores, NAMES) == CausalGraph(GRAPH.scores, NAMES)) in (True, False)


class TestFile:
    @settings(max_examples=50)
    @given(names=st.lists(st.text(max_size=6), min_size=2, max_size=2, unique=True))
    def test_comes_back_whatever_the_names(self, tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
        lags = np.random.default_rng(0).normal(size=(2, 3, 2)) ** 2
        graph = CausalGraph(lags.max(axis=1), tuple(names), lags, -lags, exogenous=(names[1],))
        again = CausalGraph.load(graph.save(tmp_path_factory.mktemp("graph") / "graph.npz"))
        assert again.names == tuple(names)
        assert again.exogenous == (names[1],)
        for key in ("scores", "lag_scores", "signs"):
            np.testing.assert_array_equal(getattr(again, key), getattr(graph, key))

    def test_hostile_names(self, tmp_path: Path) -> None:
        names = ("../../etc", 'a,b\n"c"', "\u202egenes", "$x$", "\x00", "a\x00", "a", "", "\U0001f9ec", "é", "e\u0301")
        graph = CausalGraph(np.zeros((len(names),) * 2), names)
        assert CausalGraph.load(graph.save(tmp_path / "g.npz")).names == names

    def test_holds_plain_arrays_and_says_its_orientation(self, tmp_path: Path) -> None:
        with np.load(GRAPH.save(tmp_path / "graph.npz"), allow_pickle=False) as archive:
            assert {"scores", "lag_scores", "signs", "names"} <= set(archive)
            assert archive["names"].tolist() == list(NAMES)
            np.testing.assert_array_equal(archive["scores"], GRAPH.scores)
            assert json.loads(str(archive["meta"]))["orientation"] == "[target, source]"

    @pytest.fixture
    def saved(self, tmp_path: Path) -> Path:
        return GRAPH.save(tmp_path / "graph.npz")

    @staticmethod
    def rewritten(path: Path, **changes: object) -> Path:
        """Return the file with some of its arrays replaced, or left out where None."""
        with np.load(path) as archive:
            arrays = dict(archive)
        np.savez(path, **{key: value for key, value in (arrays | changes).items() if value is not None})
        return path

    def test_a_later_format_is_refused_with_the_remedy(self, saved: Path) -> None:
        self.rewritten(saved, meta=np.array(json.dumps({"format_version": 99, "exogenous": []})))
        with pytest.raises(InputError, match="graph format 99; this version reads 1: update grngc"):
            CausalGraph.load(saved)

    @pytest.mark.parametrize(
        "changes",
        [
            {"meta": None},
            {"scores": None},
            {"meta": np.array("[]")},
            {"meta": np.array("not json")},
            {"meta": np.array(json.dumps({"format_version": 1}))},
            {"names": np.array(["a", object()], dtype=object)},
            {"scores": np.array([["x"] * 3] * 3)},
            {"scores": np.ones((2, 3))},
            {"scores": np.full((3, 3), np.nan)},
        ],
        ids=["no meta", "no scores", "list", "no json", "no exogenous", "pickle", "text", "shape", "nan"],
    )
    def test_other_contents_are_refused(self, saved: Path, changes: dict) -> None:
        with pytest.raises(InputError):
            CausalGraph.load(self.rewritten(saved, **changes))

    @pytest.mark.parametrize("content", [b"", b"PK", b"\x93NUMPY", b"source,target\na,b\n", b"\x80\x04K\x01."])
    def test_other_files_are_refused(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "graph.npz"
        path.write_bytes(content)
        with pytest.raises(InputError, match="not a graph written by grngc"):
            CausalGraph.load(path)

    def test_a_plain_array_or_an_empty_archive_is_refused(self, tmp_path: Path) -> None:
        np.save(tmp_path / "array.npy", np.ones((3, 3)))
        with zipfile.ZipFile(tmp_path / "empty.npz", "w"):
            pass
        for name in ("array.npy", "empty.npz"):
            with pytest.raises(InputError, match="not a graph written by grngc"):
                CausalGraph.load(tmp_path / name)

    def test_an_absent_file_or_a_folder_says_so(self, tmp_path: Path) -> None:
        for path in (tmp_path / "none.npz", tmp_path):
            with pytest.raises(InputError, match="cannot be read"):
                CausalGraph.load(path)

    @settings(max_examples=150)
    @given(st.data())
    def test_a_damaged_file_is_refused_or_read_right(
        self, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
    ) -> None:
        path = tmp_path_factory.mktemp("damaged") / "graph.npz"
        content = bytearray(GRAPH.save(path).read_bytes())
        if data.draw(st.booleans(), label="cut"):
            content = content[: data.draw(st.integers(0, len(content) - 1), label="length")]
        else:
            at = data.draw(st.integers(0, len(content) - 1), label="at")
            content[at] ^= data.draw(st.integers(1, 255), label="flip")
        path.write_bytes(content)
        try:
            graph = CausalGraph.load(path)
        except InputError:
            return
        np.testing.assert_array_equal(graph.scores, GRAPH.scores)
        assert graph.names == NAMES


class TestNearness:
    """Pairs whose score is exactly 0 are ordered by how near they are to another."""

    SCORES = np.array([[0.5, 0.0, 0.2], [0.0, 0.0, 0.0], [0.01, 0.0, 0.4]])
    NEAR = np.array([[1.0, 0.7, 1.0], [0.2, 0.9, 0.4], [1.0, 0.0, 1.0]])
    GRAPH = CausalGraph(SCORES, NAMES, nearness=NEAR)

    def test_it_orders_the_zeros_below_all_others(self) -> None:
        ranking = self.GRAPH.ranking()
        np.testing.assert_allclose(ranking, [[0.5, -0.3, 0.2], [-0.8, -0.1, -0.6], [0.01, -1.0, 0.4]])
        entered = self.SCORES > 0
        np.testing.assert_array_equal(ranking[entered], self.SCORES[entered])
        assert ranking[~entered].max() < ranking[entered].min()

    def test_within_targets_too(self) -> None:
        plain = CausalGraph(self.SCORES, NAMES).ranking(per_target=True)
        ranking = self.GRAPH.ranking(per_target=True)
        entered = self.SCORES > 0
        np.testing.assert_array_equal(ranking[entered], plain[entered])
        np.testing.assert_allclose(ranking[~entered], self.NEAR[~entered] - 1)

    def test_exogenous_rows_are_last(self) -> None:
        """They are no statement, whatever else is none."""
        graph = CausalGraph(np.where([[1], [0], [1]], self.SCORES, 0), NAMES, exogenous=("b",), nearness=self.NEAR)
        ranking = graph.ranking()
        np.testing.assert_array_equal(ranking[1], -1)
        assert (np.delete(ranking, 1, axis=0) >= -1).all()
        assert ranking[0, 1] == pytest.approx(-0.3)

    @pytest.mark.parametrize("per_target", [False, True])
    def test_edges_come_in_the_order_of_the_ranking(self, per_target: bool) -> None:
        edges = self.GRAPH.edges(own_past=True, per_target=per_target)
        ranking = self.GRAPH.ranking(per_target=per_target)
        assert [ranking[NAMES.index(e.target), NAMES.index(e.source)] for e in edges] == sorted(ranking.flat)[::-1]
        assert [self.NEAR[NAMES.index(e.target), NAMES.index(e.source)] for e in edges] == [e.nearness for e in edges]
        assert self.GRAPH.edges(top=4)[2:] == [Edge("b", "a", 1, 0.0, "±", 0.7), Edge("c", "b", 1, 0.0, "±", 0.4)]

    def test_lags_of_score_0_come_by_the_nearness_of_their_pair(self) -> None:
        lags = np.stack([self.SCORES, np.zeros((3, 3))], axis=1)
        graph = CausalGraph(self.SCORES, NAMES, lags, nearness=self.NEAR)
        rows = [(e.score, e.nearness) for e in graph.edges(own_past=True, by_lag=True)]
        assert rows == sorted(rows, reverse=True)
        assert graph.to_frame()["nearness"].tolist() == [near for _, near in rows]

    def test_no_score_is_drawn_from_it(self) -> None:
        without = CausalGraph(self.SCORES, NAMES)
        for graph in (self.GRAPH, without):
            assert [edge.score for edge in graph.edges()] == [0.2, 0.01, 0.0, 0.0, 0.0, 0.0]
        assert [e[:5] for e in self.GRAPH.edges(min_score=0.001)] == [e[:5] for e in without.edges(min_score=0.001)]
        assert {edge.nearness for edge in without.edges()} == {None}

    def test_it_is_kept_in_the_file(self, tmp_path: Path) -> None:
        again = CausalGraph.load(self.GRAPH.save(tmp_path / "graph.npz"))
        np.testing.assert_array_equal(again.nearness, self.NEAR)
        np.testing.assert_array_equal(again.ranking(), self.GRAPH.ranking())

    def test_files_of_before_have_none(self, tmp_path: Path) -> None:
        path = CausalGraph(self.SCORES, NAMES).save(tmp_path / "graph.npz")
        with np.load(path) as archive:
            assert "nearness" not in archive
        again = CausalGraph.load(path)
        assert again.nearness is None
        np.testing.assert_array_equal(again.ranking(), self.SCORES)

    @pytest.mark.parametrize(
        "wrong", [np.full((3, 3), 1.1), np.full((3, 3), -0.1), np.full((3, 3), np.nan), np.ones((2, 3))]
    )
    def test_other_numbers_are_refused(self, wrong: np.ndarray) -> None:
        with pytest.raises(InputError, match="nearness is a"):
            CausalGraph(self.SCORES, NAMES, nearness=wrong)

    def test_it_cannot_be_written_to(self) -> None:
        given = self.NEAR.copy()
        graph = CausalGraph(self.SCORES, NAMES, nearness=given)
        given[:] = 0
        np.testing.assert_array_equal(graph.nearness, self.NEAR)
        with pytest.raises(ValueError, match="read-only"):
            graph.nearness[0, 0] = 0


class TestSignConstancy:
    SHARES = np.random.default_rng(0).uniform(size=LAGS.shape)
    GRAPH = CausalGraph(LAGS.sum(axis=1), NAMES, LAGS, SIGNED, sign_constancy=SHARES)

    def test_an_edge_has_that_of_its_lag(self) -> None:
        edge = self.GRAPH.edges(top=1)[0]
        assert (edge.source, edge.target, edge.lag) == ("a", "b", 2)
        assert edge.sign_constancy == self.SHARES[1, 1, 0]
        by_lag = {(e.source, e.target, e.lag): e for e in self.GRAPH.edges(by_lag=True)}
        assert by_lag["a", "b", 1].sign_constancy == self.SHARES[1, 0, 0]

    def test_none_where_there_is_no_gradient_or_it_is_not_known(self) -> None:
        assert {e.sign_constancy for e in self.GRAPH.edges() if e.score == 0} == {None}
        assert {e.sign_constancy for e in GRAPH.edges()} == {None}

    def test_none_at_lag_0(self) -> None:
        together = np.zeros((3, 3))
        together[1, 0] = together[0, 1] = 5.0
        scores = LAGS.sum(axis=1) + together
        graph = CausalGraph(scores, NAMES, LAGS, SIGNED, contemporaneous=together, sign_constancy=self.SHARES)
        first = graph.edges(top=1)[0]
        assert (first.lag, first.sign_constancy) == (0, None)
        later = [e for e in graph.edges(by_lag=True) if (e.source, e.target, e.lag) == ("a", "b", 2)]
        assert later[0].sign_constancy == self.SHARES[1, 1, 0]

    def test_it_is_kept_in_the_file_and_older_files_have_none(self, tmp_path: Path) -> None:
        loaded = CausalGraph.load(self.GRAPH.save(tmp_path / "graph.npz"))
        np.testing.assert_array_equal(loaded.sign_constancy, self.SHARES)
        assert CausalGraph.load(GRAPH.save(tmp_path / "older.npz")).sign_constancy is None

    @pytest.mark.parametrize("wrong", [np.ones((3, 3)), np.full((3, 2, 3), 1.1), np.full((3, 2, 3), np.nan)])
    def test_other_arrays_are_refused(self, wrong: np.ndarray) -> None:
        with pytest.raises(InputError, match=r"sign_constancy is a \(3, 2, 3\) array of numbers from 0 to 1"):
            CausalGraph(GRAPH.scores, NAMES, LAGS, sign_constancy=wrong)
        with pytest.raises(ValueError, match="read-only"):
            self.GRAPH.sign_constancy[0] = 0  # type: ignore[index]
