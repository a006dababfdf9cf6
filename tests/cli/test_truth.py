import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grngc import CausalGraph, Panel, read_panel
from grngc.dataset import Dataset
from grngc.datasets import lorenz96, slow_sampling, var
from grngc.datasets.files import read_truth
from grngc.datasets.writing import write_dataset


@pytest.mark.parametrize(
    ("options", "dataset"),
    [
        (
            "lorenz96 --series 5 --times 60 --forcing 8 --noise 0.2 --seed 3",
            lambda: lorenz96(5, 60, 8.0, noise=0.2, random_state=3),
        ),
        (
            "var --series 4 --times 50 --lag 2 --density 0.5 --noise 2 --seed 3",
            lambda: var(4, 50, 2, density=0.5, noise=2.0, random_state=3),
        ),
        (
            "slow_sampling --series 4 --times 30 --every 5 --density 0.5 --noise 0.2 --seed 3",
            lambda: slow_sampling(4, 30, 5, density=0.5, noise=0.2, random_state=3),
        ),
        ("lorenz96", lorenz96),
        ("var", var),
    ],
)
def test_simulated_data_and_truth_read_back_to_the_last_digit(grngc: Any, options: str, dataset: Any) -> None:
    ran = grngc("simulate", *options.split(), "--out", "out")
    assert (ran.code, ran.err, ran.out.count("\n")) == (0, "", 1)
    expected, panel = dataset(), read_panel("out/data.csv")
    truth, names = read_truth("out/truth.csv")
    assert panel.names == names == expected.panel.names
    assert np.array_equal(panel.trajectories[0], expected.panel.trajectories[0])
    assert np.array_equal(truth, expected.truth)
    again = grngc("simulate", *options.split(), "--out", "out")
    assert again.code == 2
    assert grngc("simulate", *options.split(), "--out", "out", "--overwrite").code == 0


def test_several_trajectories_are_written_with_their_labels(tmp_path: Path) -> None:
    panel = Panel((np.ones((2, 2)) / 3, np.eye(2)), ("a", "b"), labels=("x", "y"))
    write_dataset(Dataset("two", panel, np.eye(2)), tmp_path / "out")
    read = read_panel(tmp_path / "out" / "data.csv", trajectory="trajectory")
    assert read.labels == ("x", "y")
    assert read.digest() == panel.digest()


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    """Two of the three strongest pairs are true; b is exogenous in nothing."""
    scores = np.array([[0.9, 0.1, 0.2], [0.8, 0.7, 0.3], [0.05, 0.6, 0.5]])
    path = tmp_path / "result"
    path.mkdir()
    CausalGraph(scores, ("a", "b", "c")).save(path / "graph.npz")
    return path


def test_score_by_name(grngc: Any, graph: Path) -> None:
    # the same truth, a -> b and c -> b and own pasts, in another order of series
    Path("truth.csv").write_text("target,c,b,a\nc,1,0,0\nb,1,1,1\na,0,0,1\n")
    ran = grngc("score", graph, "truth.csv", "--json")
    result = json.loads(ran.out)
    assert grngc("score", graph / "graph.npz", "truth.csv").code == 0
    assert (result["all_pairs"]["true"], result["all_pairs"]["entries"]) == (5, 9)
    off = result["without_own_past"]
    # true: 0.8, 0.3; false: 0.6, 0.2, 0.1, 0.05
    assert off["auroc"] == pytest.approx((4 + 3) / 8)
    assert off["auprc"] == pytest.approx((1 + 2 / 3) / 2)
    assert off["auprc_chance"] == pytest.approx(2 / 6)
    table = grngc("score", graph, "truth.csv").out
    assert "without own past    0.8750   0.5000     0.8333   0.3333    2 of 6" in table
    relative = json.loads(grngc("score", graph, "truth.csv", "--per-target", "--json").out)
    assert relative["per_target"] is True
    assert relative["without_own_past"]["auroc"] == pytest.approx((3 + 2) / 8)


def test_score_with_a_list_of_edges_and_without_own_past_in_the_truth(grngc: Any, graph: Path) -> None:
    Path("truth.csv").write_text("source,target\na,b\nc,b\n")
    result = json.loads(grngc("score", graph, "truth.csv", "--json").out)
    assert (result["all_pairs"]["true"], result["without_own_past"]["true"]) == (2, 2)
    assert result["without_own_past"]["auroc"] == pytest.approx(7 / 8)


def test_score_needs_something_to_tell_apart(grngc: Any, graph: Path) -> None:
    Path("truth.csv").write_text("source,target\na,a\n")
    ran = grngc("score", graph, "truth.csv")
    assert ran.code == 0
    assert "without own past         -        -          -        -    0 of 6" in ran.out
    Path("truth.csv").write_text("source,target\n")
    ran = grngc("score", graph, "truth.csv")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    Path("truth.csv").write_text("source,target\nz,a\n")
    assert "'z'" in grngc("score", graph, "truth.csv").err


def test_exogenous_series_are_no_targets_when_scored(grngc: Any) -> None:
    scores = np.array([[0.9, 0.1, 0.2], [0.8, 0.7, 0.3], [0, 0, 0]])
    CausalGraph(scores, ("a", "b", "c"), exogenous=("c",)).save("graph.npz")
    Path("truth.csv").write_text("source,target\na,b\n")
    result = json.loads(grngc("score", "graph.npz", "truth.csv", "--json").out)
    assert (result["all_pairs"]["entries"], result["without_own_past"]["entries"]) == (6, 4)
