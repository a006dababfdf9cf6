"""What is said to differ, where it is known what does."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from grngc import Discovery, GroupDiscovery, InputError, compare, discover
from grngc.edges import ALPHA, STATUSES
from grngc.group import group_of
from made import csv_rows, discovery, edge_of, graph, group

PAIRS = 6


def scores(rng: np.random.Generator, subjects: int, planted: float = 0.0) -> np.ndarray:
    """Scores (subject, target, source) of three series: x1 drives x2 in all, and x2 drives x3 where planted."""
    values = rng.gamma(1.0, 0.04, size=(subjects, 3, 3))
    values[:, 1, 0] += 0.5
    values[:, 2, 1] += planted
    return values


def test_a_planted_edge_is_gained_and_lost_the_other_way_round() -> None:
    rng = np.random.default_rng(0)
    without, planted = group(scores(rng, 8), prefix="a"), group(scores(rng, 9, 0.4), prefix="b")
    gained, lost = compare(without, planted), compare(planted, without)
    edge = edge_of(gained.edges, "x2", "x3")
    assert gained.edges[0] == edge
    assert (edge.status, edge.share_b, edge.sign_b) == ("gained", 1, "+")
    assert edge.difference == pytest.approx(edge.score_b - edge.score_a)
    assert edge.p == edge.p_familywise == 1 / 10001 or edge.p_familywise < 0.001
    assert edge_of(lost.edges, "x2", "x3").status == "lost"
    assert edge_of(gained.edges, "x1", "x2").status == "same"
    assert gained.record["counts"] == {"gained": 1, "lost": 0, "changed": 0, "same": 1, "absent": 4}
    assert gained.record["test"]["seed"] == 0  # 24,310 relabellings are there
    assert "From A to B: 1 gained, 0 lost, 0 changed, of" in gained.record["conclusion"]
    assert "8 and 9 subjects (family-wise p <= 0.05, 10,000 drawn relabellings" in gained.record["conclusion"]
    assert len(gained.edges) == PAIRS


def test_an_edge_of_both_groups_is_changed_and_one_of_neither_too() -> None:
    rng = np.random.default_rng(1)
    a, b = scores(rng, 8), scores(rng, 8)
    b[:, 1, 0] += 0.3
    a[:, 0, 2], b[:, 0, 2] = 0.01, 0.08
    b[:3, 0, 2] = 0.2
    found = compare(group(a), group(b))
    assert edge_of(found.edges, "x1", "x2").status == "changed"
    faint = edge_of(found.edges, "x3", "x1")
    assert (faint.share_a, faint.share_b, faint.status) == (0, 3 / 8, "changed")


def test_pairs_that_stand_out_nowhere_are_not_tested() -> None:
    rng = np.random.default_rng(0)
    found = compare(group(scores(rng, 6), floor=0.35), group(scores(rng, 6), floor=0.35))
    assert found.record["test"]["tested_pairs"] == 1
    assert [edge.p is None for edge in found.edges].count(False) == 1
    none = compare(group(scores(rng, 6), floor=9), group(scores(rng, 6), floor=9))
    assert none.record["conclusion"].startswith("No pair stands out in any of the 6 and 6 subjects")


def test_groups_of_one_simulator_seldom_differ() -> None:
    """Real graphs of one population, dealt out at random: a difference is found in 5 % of comparisons or fewer."""
    people = []
    for seed in range(48):
        x = np.random.default_rng(seed).normal(size=(70, 3))
        x[1:, 1] += 0.5 * x[:-1, 0]
        x[1:, 2] += (0.6 if seed % 2 else 0.0) * x[:-1, 1]  # an edge of half of the population
        people.append(discover(x, forecaster="linear", lag=1, confidence=False))
    rng, trials, alarms, single = np.random.default_rng(0), 150, 0, []
    for _ in range(trials):
        order = rng.permutation(len(people))
        sides = [group_of({str(n): people[n] for n in chosen}, {}, {}) for chosen in (order[:7], order[7:14])]
        found = compare(*sides, permutations=500)
        alarms += any(edge.status in STATUSES[:3] for edge in found.edges)
        single += [edge.p for edge in found.edges if edge.p is not None]
    assert alarms <= stats.binom.ppf(0.9995, trials, ALPHA)
    assert np.mean(np.array(single) <= 0.25) == pytest.approx(0.25, abs=0.08)
    assert edge_of(found.edges, "x1", "x2").status == "same"


@pytest.mark.parametrize(
    ("sizes", "paired", "smallest"), [((3, 3), False, 0.1), ((5, 5), True, 0.0625), ((2, 4), False, 1 / 15)]
)
def test_too_few_subjects_are_said_to_be_too_few(sizes: tuple[int, int], paired: bool, smallest: float) -> None:
    rng = np.random.default_rng(0)
    found = compare(group(scores(rng, sizes[0])), group(scores(rng, sizes[1], 5.0)), paired=paired)
    assert found.record["test"]["smallest_p"] == pytest.approx(smallest)
    assert found.record["conclusion"].startswith("No difference can be significant at 0.05: the smallest p that")
    assert f"can give is {smallest:.3g}. More subjects are needed." in found.record["conclusion"]
    assert edge_of(found.edges, "x2", "x3").status == "same"
    enough = compare(group(scores(rng, 4)), group(scores(rng, 4, 5.0)))
    assert enough.record["test"]["smallest_p"] == 2 / 70
    assert edge_of(enough.edges, "x2", "x3").status == "gained"


def test_too_few_permutations_are_said_to_be_too_few() -> None:
    rng = np.random.default_rng(0)
    found = compare(group(scores(rng, 9)), group(scores(rng, 9)), permutations=10)
    assert "10 relabellings can give is 0.0909. More relabellings are needed." in found.record["conclusion"]


def test_paired_subjects_are_matched_by_name() -> None:
    """Every subject gains a little, far less than subjects differ."""
    rng = np.random.default_rng(0)
    before = scores(rng, 9)
    before[:, 2, 1] += np.linspace(0.2, 2, 9)
    after = before + rng.uniform(0, 0.01, size=before.shape)
    after[:, 2, 1] += 0.05
    a, b = group(before), group(after)
    shuffled = GroupDiscovery(dict(reversed(b.subjects.items())), {}, b.graph, b.record)
    found = compare(a, shuffled, paired=True)
    edge = edge_of(found.edges, "x2", "x3")
    assert (edge.status, edge.p) == ("changed", 2 / 512)
    assert found.record["test"]["exact"]
    apart = compare(a, b)
    assert edge_of(apart.edges, "x2", "x3").status == "same"
    assert "Subjects have the same names on both sides" in apart.record["conclusion"]
    assert "the same names" not in found.record["conclusion"]
    with pytest.raises(InputError, match="B: subject 's8' of A is not there: --paired"):
        compare(a, group(after[:8]), paired=True)
    with pytest.raises(InputError, match="A: subject 's8' of B is not there: --paired"):
        compare(group(before[:8]), b, paired=True)


def test_two_graphs_are_told_apart_by_their_floors_and_nothing_is_called_significant() -> None:
    names = ("x1", "x2", "x3")
    signs = [[1, 1, 1], [1, 1, 1], [1, -1, 1]]
    a = discovery(graph([[1, 0, 0], [0.5, 1, 0.3], [0.2, 0.3, 1]], names), floor=0.1)
    b = discovery(graph([[1, 0.2, 0], [0.55, 1, 0.5], [0.1, 0.3, 1]], names, signs), floor=0.15)
    found = compare(a, b)
    status = {(edge.source, edge.target): edge.status for edge in found.edges}
    assert status == {
        ("x2", "x1"): "gained",  # 0 and 0.2
        ("x1", "x3"): "lost",  # 0.2 and 0.1
        ("x3", "x2"): "changed",  # by 0.2, more than either floor
        ("x2", "x3"): "changed",  # its sign
        ("x1", "x2"): "same",
        ("x3", "x1"): "absent",
    }
    assert [edge.status for edge in found.edges] == ["gained", "lost", "changed", "changed", "same", "absent"]
    assert {edge.p for edge in found.edges} == {None}
    assert found.record["test"] is None
    assert "No significance can be given" in found.record["conclusion"]
    assert "From A to B: 1 gained, 1 lost, 2 changed; 1 the same." in found.summary().replace("\n", " ")
    assert "absent" not in found.summary()
    unknown = compare(replace(a, noise_floor=np.inf), replace(b, noise_floor=np.inf))
    assert {edge.status for edge in unknown.edges} == {"absent"}


def test_series_in_another_order_are_matched_by_name(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    a, b = scores(rng, 5), scores(rng, 5, 0.4)
    order = [2, 0, 1]
    turned = group_of(
        {
            f"s{n}": discovery(graph(each[np.ix_(order, order)], tuple(f"x{i + 1}" for i in order)))
            for n, each in enumerate(b)
        },
        {},
        {},
    )
    plain, other = compare(group(a), group(b)), compare(group(a), turned)
    assert other.edges == plain.edges
    one, two = (each.subjects["s0"] for each in (group(b), turned))
    assert {edge.status for edge in compare(one, two).edges} <= {"same", "absent"}


def test_folders_are_read_as_what_they_hold(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    a, b = group(scores(rng, 5)), group(scores(rng, 5, 0.4))
    a.save(tmp_path / "a")
    b.save(tmp_path / "b")
    found = compare(str(tmp_path / "a"), tmp_path / "b")
    assert found.edges == compare(a, b).edges
    assert (found.record["a"]["label"], found.record["a"]["subjects"]) == (str(tmp_path / "a"), list(a.subjects))
    assert found.summary().count("(5 subjects)") == 2
    single = compare(tmp_path / "a" / "s1", b.subjects["s1"])
    assert single.record["test"] is None
    rows = csv_rows(found.csv())
    assert [row["status"] for row in rows] == [edge.status for edge in found.edges]
    assert [float(row["p_familywise"]) for row in rows if row["p_familywise"]] == [
        edge.p_familywise for edge in found.edges if edge.p_familywise is not None
    ]
    assert json.loads(json.dumps(found.record, allow_nan=False)) == found.record
    with pytest.raises(InputError, match=r"nowhere/run\.json: cannot be read"):
        compare(tmp_path / "nowhere", a)


def one_and_group() -> tuple[Discovery, GroupDiscovery]:
    found = group(scores(np.random.default_rng(0), 4))
    return found.subjects["s0"], found


def test_what_cannot_be_compared_is_refused() -> None:
    one, several = one_and_group()
    with pytest.raises(InputError, match="A is one graph and B a group of them: compare two of a kind"):
        compare(one, several)
    with pytest.raises(InputError, match="B is one graph and A a group"):
        compare(several, one)
    with pytest.raises(InputError, match="for two groups of subjects"):
        compare(one, one, paired=True)
    with pytest.raises(InputError, match="compare takes two results of discover"):
        compare(one, 3)  # type: ignore[arg-type]
    other = discovery(graph(np.eye(3), ("x1", "x2", "snow")))
    with pytest.raises(InputError, match="B: lacks 'x3', which A has"):
        compare(one, other)
    more = discovery(graph(np.eye(4), ("x1", "x2", "x3", "x4")))
    with pytest.raises(InputError, match="A: lacks 'x4', which B has"):
        compare(one, more)
    driven = discovery(replace(one.graph, scores=one.graph.scores * [[1], [1], [0]], exogenous=("x3",)))
    with pytest.raises(InputError, match="B: has other exogenous series than A"):
        compare(one, driven)


def test_groups_made_with_other_settings_are_refused_and_graphs_are_told_of() -> None:
    rng = np.random.default_rng(0)
    a, b = group(scores(rng, 5), lag=1, penalty=0.1), group(scores(rng, 5), lag=1, penalty=0.2)
    with pytest.raises(InputError, match="A and B were made with other settings \\('penalty'\\)"):
        compare(a, b)
    single = compare(a.subjects["s0"], b.subjects["s0"])
    assert "They were made with other settings: 'penalty'." in single.record["conclusion"]
    compare(a, group(scores(rng, 5), lag=1, penalty=0.1, random_state=3))  # a seed does not change what scores mean


def test_records_of_unlike_length_and_twins_are_told_of() -> None:
    rng = np.random.default_rng(0)
    values = scores(rng, 5)
    short, long = group(values, prefix="a"), group(scores(rng, 5), windows=200, prefix="b")
    assert "median windows: 100 in A, 200 in B" in compare(short, long).record["conclusion"]
    fixed = compare(group(values, penalty=0.1), group(scores(rng, 5), windows=200, penalty=0.1))
    assert "median windows" not in fixed.record["conclusion"]
    twins = compare(short, group(values, prefix="b"))
    assert "5 subjects have the same numbers on both sides." in twins.record["conclusion"]
