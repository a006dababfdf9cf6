import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from grngc import CausalGraph, GroupDiscovery, InputError
from grngc.group import group_of, mean_graph
from grngc.npz import load_npz
from made import NAMES, csv_rows, discovery, edge_of, graph

STRONG = [[0.5, 0, 0], [0.4, 0.3, 0.0], [0, 0.05, 0]]  # rain -> river
WEAK = [[0.7, 0, 0], [0.2, 0.3, 0.0], [0, 0.15, 0]]  # and river -> mud
NONE = [[0.3, 0, 0], [0.0, 0.3, 0.0], [0, 0.07, 0.02]]


def three() -> GroupDiscovery:
    against = [[1, 1, 1], [1, 1, 1], [1, -1, 1]]
    subjects = {
        "ann": discovery(graph(STRONG)),
        "bob": discovery(graph(WEAK, signs=against), windows=120),
        "cy": discovery(graph(NONE), floor=np.inf),
    }
    return group_of(subjects, {"dee": "diverged"}, {"seconds": 1.5})


def test_means_shares_and_signs_are_those_of_the_subjects() -> None:
    found = three()
    np.testing.assert_allclose(found.graph.scores, np.mean([STRONG, WEAK, NONE], axis=0))
    np.testing.assert_allclose(found.share, np.array([[0, 0, 0], [2, 0, 0], [0, 1, 0]]) / 3)
    first = edge_of(found.edges(), "rain", "river")
    assert (first.lag, first.mean_score, first.n_subjects, first.sign) == (1, pytest.approx(0.2), 3, "+")
    assert first.sd == pytest.approx(0.2)  # of 0.4, 0.2 and 0, by n - 1
    assert (first.share, first.sign_agreement) == (2 / 3, 1)
    mixed = edge_of(found.edges(), "river", "mud")  # 0.05, -0.15 and 0.07
    assert (mixed.sign, mixed.share, mixed.sign_agreement) == ("±", 1 / 3, 1)
    own = edge_of(found.edges(), "rain", "rain")
    assert (own.mean_score, own.share, own.sign_agreement) == (0.5, None, None)
    assert len(found.edges()) == 9
    assert found.trustworthy


def test_signs_that_subjects_disagree_on_are_told() -> None:
    signs = [[[1, 1, 1], [s, 1, 1], [1, 1, 1]] for s in (1, 1, -1, -1, -1)]
    subjects = {str(n): discovery(graph(STRONG, signs=each)) for n, each in enumerate(signs)}
    edge = edge_of(group_of(subjects, {}, {}).edges(), "rain", "river")
    assert (edge.sign, edge.sign_agreement) == ("±", 3 / 5)


def test_the_record_and_the_page_say_who_was_there() -> None:
    found = three()
    record, page = found.record, " ".join(found.summary().split())
    assert record["conclusion"] == (
        "1 of 6 ordered pairs stands out in more than half of the 3 subjects, most often rain -> river (2 of 3, lag 1, "
        "+). No noise floor, so nothing stands out, in 1 of them: 'cy'. Failed, and left out: 'dee'."
    )
    assert [each["name"] for each in record["subjects"]] == ["ann", "bob", "cy"]
    assert record["failed"] == {"dee": "diverged"}
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert record["conclusion"] in page
    assert "Points in time: 101 to 121" in page
    assert "Failed: dee (diverged)" in page
    assert "rain -> river 1 0.2000 0.2000 2/3 +" in page
    assert max(map(len, found.summary().splitlines())) <= 78
    assert "rain    ->  river" not in found.summary(top=0)


def test_subjects_with_nothing_in_common_have_no_common_graph() -> None:
    one, other = graph([[0, 0, 0], [1, 0, 0], [0, 0, 0]]), graph([[0, 0, 0], [0, 0, 0], [0, 1, 0]])
    third = graph([[0, 1, 0], [0, 0, 0], [0, 0, 0]])
    subjects = {str(n): discovery(each) for n, each in enumerate((one, other, third))}
    found = group_of(subjects, {}, {})
    assert not found.trustworthy
    assert found.record["conclusion"].startswith("No pair stands out in more than half of the 3 subjects")
    assert "In 3 of them something stands out" in found.record["conclusion"]


def test_a_lag_that_a_graph_has_not_is_zero_there() -> None:
    two_lags = np.zeros((3, 2, 3))
    two_lags[1, :, 0] = 0.3, 0.5
    long, short = CausalGraph(two_lags.sum(axis=1), NAMES, two_lags, -two_lags), graph(STRONG)
    mean = mean_graph([long, short])
    assert mean.n_lags == 2
    np.testing.assert_allclose(mean.scores, mean.lag_scores.sum(axis=1))  # as in every graph whose lags are summed
    assert mean.scores[1, 0] == pytest.approx((0.8 + 0.4) / 2)
    np.testing.assert_allclose(mean.lag_scores[1, :, 0], [0.35, 0.25])
    np.testing.assert_allclose(mean.signs[1, :, 0], [0.05, -0.25])


def test_the_mean_of_one_graph_is_that_graph() -> None:
    rng = np.random.default_rng(0)
    lags, present = rng.random((3, 2, 3)), rng.normal(size=(3, 3)) * (1 - np.eye(3))
    signs = lags * rng.uniform(-1, 1, size=lags.shape)
    near = np.where(lags.sum(axis=1) == 0, 0.5, 1.0)
    alone = CausalGraph(lags.sum(axis=1) + abs(present), NAMES, lags, signs, nearness=near, contemporaneous=present)
    for graphs in ([alone], [alone, alone, alone]):
        mean = mean_graph(graphs)
        for part in ("scores", "lag_scores", "signs", "nearness", "contemporaneous"):
            np.testing.assert_allclose(getattr(mean, part), getattr(alone, part), err_msg=part)


def test_lag_0_is_not_hidden_where_its_signs_differ() -> None:
    present = np.zeros((3, 3))
    present[1, 0] = 0.6
    flat = np.zeros((3, 1, 3))
    graphs = [CausalGraph(abs(present), NAMES, flat, flat, contemporaneous=sign * present) for sign in (1, -1, -1)]
    mean = mean_graph([*graphs, graph(STRONG)])  # of the last one the present was not read
    assert mean.contemporaneous[1, 0] == pytest.approx(-0.45)
    assert mean.nearness is None
    assert mean.edges(top=1)[0][:3] == ("rain", "river", 0)


def test_files_read_back(tmp_path: Path) -> None:
    found = three()
    paths = found.save(tmp_path / "study")
    assert [path.name for path in paths] == ["group_edges.csv", "group.npz", "group.json"]
    assert sorted(path.name for path in (tmp_path / "study").iterdir()) == sorted(
        ["ann", "bob", "cy", "group.json", "group.npz", "group_edges.csv"]
    )
    rows = csv_rows(paths[0].read_text())
    assert list(rows[0]) == [
        "source", "target", "lag", "mean_score", "sd", "share", "n_subjects", "sign", "sign_agreement",
    ]  # fmt: skip
    assert [float(row["mean_score"]) for row in rows] == [edge.mean_score for edge in found.edges()]
    np.testing.assert_array_equal(CausalGraph.load(paths[1]).scores, found.graph.scores)
    arrays = load_npz(paths[1])
    np.testing.assert_array_equal(arrays["subject_scores"], found.scores)
    np.testing.assert_array_equal(arrays["share"], found.share)
    assert arrays["subjects"].tolist() == ["ann", "bob", "cy"]
    assert arrays["noise_floors"].tolist() == [0.1, 0.1, np.inf]
    again = GroupDiscovery.load(tmp_path / "study")
    np.testing.assert_array_equal(again.scores, found.scores)
    np.testing.assert_array_equal(again.above, found.above)
    assert again.edges() == found.edges()
    assert again.summary() == found.summary()
    with pytest.raises(InputError, match="not empty"):
        found.save(tmp_path / "study")
    found.save(tmp_path / "study", overwrite=True)


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("group.json", "{", "not a record"),
        ("group.json", "[]", "not a record"),
        ("group.json", '{"format_version": 2}', "format 2, this version reads 1"),
        ("group.json", '{"format_version": 1}', "no 'subjects'"),
        ("ann/run.json", '{"format_version": 1, "conclusion": 3}', "no 'trustworthy'"),
        ("ann/graph.npz", "no", "not a graph"),
    ],
)
def test_damaged_results_are_one_line(file: str, content: str, says: str, tmp_path: Path) -> None:
    three().save(tmp_path / "study")
    (tmp_path / "study" / file).write_text(content)
    with pytest.raises(InputError, match=says) as caught:
        GroupDiscovery.load(tmp_path / "study")
    assert file in str(caught.value)
    assert "\n" not in str(caught.value)


def test_names_of_a_damaged_record_do_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    three().save(tmp_path / "study")
    record = json.loads((tmp_path / "study" / "group.json").read_text())
    for odd in ("../ann", "..", "/etc", "", 3):
        record["subjects"][0]["name"] = odd
        (tmp_path / "study" / "group.json").write_text(json.dumps(record))
        with pytest.raises(InputError, match="not a record written by grngc"):
            GroupDiscovery.load(tmp_path / "study")


def test_subjects_of_other_series_are_refused(tmp_path: Path) -> None:
    three().save(tmp_path / "study")
    other = replace(graph(STRONG), names=("rain", "mud", "river"))
    discovery(other).save(tmp_path / "study" / "bob", overwrite=True)
    with pytest.raises(InputError, match=r"study/bob: has other series than .*study/ann"):
        GroupDiscovery.load(tmp_path / "study")
