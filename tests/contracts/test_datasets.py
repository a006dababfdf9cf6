"""What every published data set keeps: published counts, the right direction, finite values, one meaning of its name.

Needs the files (GRNGC_DATA); without them every test here skips and says so.
"""

import re
from pathlib import Path

import numpy as np
import pytest

from grngc.datasets import ABOUT, DATASETS, digest, load
from grngc.datasets.about import PAIRS
from grngc.datasets.causaltime import SMALLER
from grngc.datasets.digests import DIGESTS
from grngc.npz import load_npz

# Edges known from elsewhere, source -> target, and not the other way. In DREAM from the challenges' knock-outs: without
# the source the target's level changes by .4 or more, without the target the source's by less than .13. Others: lexA
# represses uvrD and dinI; EGF binds EGFR; NetSim's first edge as in eSRU's files; Medical as its generator masks.
KNOWN = {
    "dream3/size10_ecoli1": ("G2", "G3"),
    "dream3/size10_ecoli2": ("G5", "G10"),
    "dream3/size10_yeast1": ("G5", "G7"),
    "dream3/size10_yeast2": ("G6", "G5"),
    "dream3/size10_yeast3": ("G7", "G3"),
    "dream3/size50_ecoli1": ("G28", "G17"),
    "dream3/size50_ecoli2": ("G47", "G50"),
    "dream3/size50_yeast1": ("G9", "G10"),
    "dream3/size50_yeast2": ("G48", "G43"),
    "dream3/size50_yeast3": ("G19", "G10"),
    "dream3/size100_ecoli1": ("G93", "G97"),
    "dream3/size100_ecoli2": ("G74", "G77"),
    "dream3/size100_yeast1": ("G51", "G75"),
    "dream3/size100_yeast2": ("G8", "G58"),
    "dream3/size100_yeast3": ("G17", "G19"),
    "dream4/size100_1": ("G44", "G63"),
    "dream4/size100_2": ("G94", "G95"),
    "dream4/size100_3": ("G53", "G68"),
    "dream4/size100_4": ("G45", "G90"),
    "dream4/size100_5": ("G71", "G100"),
    "netsim/sim3": ("N1", "N2"),
    "causaltime/medical": ("medical_19", "medical_00"),
    "sos/sos9_m3d": ("lexA", "dinI"),
    "sos/sos8_ronen": ("lexA", "uvrD"),
    "blca/blca": ("EGF", "EGFR"),
}
SYMMETRIC = {"causaltime/traffic"}
DREAM = [name for name in ABOUT if name.startswith("dream")]


@pytest.mark.parametrize("name", ABOUT)
def test_counts_are_the_published_ones(name: str, data: Path) -> None:
    dataset, about = load(name, data), ABOUT[name]
    panel, p = dataset.panel, about.series
    assert dataset.name == name
    assert [values.shape for values in panel.trajectories] == [(about.times, p)] * about.trajectories
    assert dataset.truth.shape == dataset.scored.shape == dataset.known.shape == (p, p)
    assert dataset.truth.sum() == about.edges
    assert dataset.truth.diagonal().sum() == about.own_pasts
    assert dataset.scored.sum() == about.n_scored
    assert dataset.scored.diagonal().any() == (about.scored != PAIRS)
    assert not (dataset.scored & ~dataset.known).any()
    assert dataset.known.sum() == (about.known_series or p) ** 2
    assert len(set(panel.names)) == p
    assert all(np.isfinite(values).all() for values in panel.trajectories)
    assert all(np.ptp(values, axis=0).any() for values in panel.trajectories)


@pytest.mark.parametrize("name", ABOUT)
def test_a_known_edge_points_the_right_way(name: str, data: Path) -> None:
    dataset = load(name, data)
    if name in SYMMETRIC:
        np.testing.assert_array_equal(dataset.truth, dataset.truth.T)
        return
    source, target = (dataset.panel.names.index(series) for series in KNOWN[name])
    assert dataset.truth[target, source]
    assert not dataset.truth[source, target]


@pytest.mark.parametrize("name", DREAM)
def test_knock_outs_act_along_the_edges_and_not_against_them(name: str, data: Path) -> None:
    path = data / f"{name}_interventions.npz"
    if not path.is_file():
        pytest.skip(f"no knock-outs at {path}")
    tables, truth = load_npz(path), load(name, data).truth
    knocked_out = tables["knockouts" if "knockouts" in tables else "null_mutants"]  # row: the gene without
    change = np.abs(knocked_out - tables["wildtype"]).T  # (target, source)
    one_way = truth & ~truth.T
    assert change[one_way].mean() > 2.5 * change.T[one_way].mean()


@pytest.mark.parametrize("name", ABOUT)
def test_a_data_set_is_the_same_every_time(name: str, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = digest(load(name, data))
    monkeypatch.setenv("GRNGC_DATA", str(data))
    assert digest(load(name)) == first


def test_no_two_data_sets_are_the_same(data: Path) -> None:
    assert len({digest(load(name, data)) for name in ABOUT}) == len(ABOUT)


def test_everything_that_is_listed_is_told_and_has_a_digest() -> None:
    assert set(DATASETS) == {"lorenz96", "slow_sampling", "var", *ABOUT}
    assert set(DIGESTS) == set(ABOUT) == set(KNOWN) | SYMMETRIC
    for about in ABOUT.values():
        assert about.title
        assert about.source
        assert about.licence
        assert about.beware
        assert all(sentence.endswith(".") for sentence in about.beware)


# ---- options ---------------------------------------------------------------------------------------------------------


def test_a_subject_of_netsim_is_one_trajectory_of_all(data: Path) -> None:
    everyone, one = load("netsim/sim3", data), load("netsim/sim3", data, subject=46)
    assert one.panel.n_trajectories == 1
    np.testing.assert_array_equal(one.panel.trajectories[0], everyone.panel.trajectories[46])
    np.testing.assert_array_equal(one.truth, everyone.truth)
    assert np.abs(one.panel.trajectories[0]).max() > 20  # the subject with the spike
    assert one.panel.labels == ("46",) == everyone.panel.labels[46:47]
    assert digest(one) != digest(everyone)


@pytest.mark.parametrize("name", ["causaltime/medical", "causaltime/traffic"])
def test_samples_of_causaltime_are_as_described(name: str, data: Path) -> None:
    values = np.stack(load(name, data).panel.trajectories)
    series, residuals = values[..., :20], values[..., 20:]
    assert not residuals[:, :20].any()
    assert residuals[:, 20:].any(axis=(0, 1)).all()
    np.testing.assert_array_equal(series[:, 20], series[:, 19])


@pytest.mark.parametrize("record", ["medical", "traffic"])
def test_residuals_of_causaltime_are_as_much_smaller_as_is_said(record: str, data: Path) -> None:
    found = []
    for segments in ("all", "generated"):
        values = np.concatenate(load(f"causaltime/{record}", data, segments=segments).panel.trajectories)
        series, residuals = values[:, :20], values[:, 20:]
        found.append(series.std() / residuals.std())
    each = series.std(axis=0) / residuals.std(axis=0)
    assert tuple(round(times) for times in [*found, each.min(), each.max()]) == SMALLER[record]
    said = " ".join(ABOUT[f"causaltime/{record}"].beware)
    assert [int(times) for times in re.findall(r"\b1/(\d+)", said)] == list(SMALLER[record])


def test_options_of_causaltime(data: Path) -> None:
    full = load("causaltime/medical", data)
    half = load("causaltime/medical", data, channels="N")
    assert half.panel.names == full.panel.names[:20]
    assert full.panel.names[20] == "medical_00_residual"
    np.testing.assert_array_equal(half.truth, full.truth[:20, :20])
    assert half.known.all()
    assert half.scored.sum() == full.scored.sum() == 400
    np.testing.assert_array_equal(half.panel.trajectories[3], full.panel.trajectories[3][:, :20])
    late = load("causaltime/medical", data, segments="generated")
    np.testing.assert_array_equal(late.panel.trajectories[7], full.panel.trajectories[7][20:])
    scaled = np.stack(load("causaltime/medical", data, scaling="global_minmax").panel.trajectories)
    assert (scaled.min(), scaled.max()) == (0, 1)
    raw = np.stack(full.panel.trajectories)
    np.testing.assert_allclose(scaled * np.ptp(raw) + raw.min(), raw, atol=1e-12)


def test_experiments_of_sos8_start_at_zero(data: Path) -> None:
    for values in load("sos/sos8_ronen", data).panel.trajectories:
        assert not values[0].any()
        assert values[1:].any(axis=1).all()
