"""What simple methods reach on the benchmark data: ``methods.md`` section 17 of the shared texts, reproduced.

Windows inside trajectories, pooled standardisation. One number is not that section's: the AUPRC of the correlation on
NetSim Sim3, .826 (full) and .436 (off the diagonal) instead of .837 and .493. Where the truth is asymmetric and
the scores are not, the order within a pair is a tie; in the section it was broken by the rounding of the matrix.
"""

from pathlib import Path

import numpy as np
import pytest
from sklearn.base import BaseEstimator

from grngc.baselines import Correlation, LaggedCorrelation, RidgeVAR
from grngc.dataset import Dataset
from grngc.datasets import lorenz96
from grngc.metrics import chance, diagonal_floor, score
from grngc.panel import as_panel

TOLERANCE = 0.01

REFERENCES = [
    # data, method, the data set's own view, AUROC, AUPRC where the section gives it
    ("dream3/size100_ecoli1", Correlation(), "off_diagonal", 0.670, None),
    ("dream3/size100_ecoli2", Correlation(), "off_diagonal", 0.596, None),
    ("dream3/size100_yeast1", Correlation(), "off_diagonal", 0.503, None),
    ("dream3/size100_yeast2", Correlation(), "off_diagonal", 0.478, None),
    ("dream3/size100_yeast3", Correlation(), "off_diagonal", 0.501, None),
    ("dream3/size100_ecoli1", LaggedCorrelation(), "off_diagonal", 0.695, 0.064),
    ("dream3/size100_ecoli2", LaggedCorrelation(), "off_diagonal", 0.616, 0.056),
    ("dream3/size100_yeast1", LaggedCorrelation(), "off_diagonal", 0.527, 0.060),
    ("dream3/size100_yeast2", LaggedCorrelation(), "off_diagonal", 0.491, 0.056),
    ("dream3/size100_yeast3", LaggedCorrelation(), "off_diagonal", 0.512, 0.062),
    ("dream3/size100_ecoli1", RidgeVAR(alpha=0.1), "off_diagonal", 0.592, None),
    ("dream3/size100_ecoli2", RidgeVAR(alpha=0.1), "off_diagonal", 0.593, None),
    ("dream3/size100_yeast1", RidgeVAR(alpha=0.1), "off_diagonal", 0.641, None),
    ("dream3/size100_yeast2", RidgeVAR(alpha=0.1), "off_diagonal", 0.532, None),
    ("dream3/size100_yeast3", RidgeVAR(alpha=0.1), "off_diagonal", 0.547, None),
    ("dream4/size100_1", Correlation(), "off_diagonal", 0.739, None),
    ("dream4/size100_2", Correlation(), "off_diagonal", 0.617, None),
    ("dream4/size100_3", Correlation(), "off_diagonal", 0.692, None),
    ("dream4/size100_4", Correlation(), "off_diagonal", 0.664, None),
    ("dream4/size100_5", Correlation(), "off_diagonal", 0.702, None),
    ("dream4/size100_1", RidgeVAR(alpha=0.3), "off_diagonal", 0.725, None),
    ("dream4/size100_2", RidgeVAR(alpha=0.3), "off_diagonal", 0.613, None),
    ("dream4/size100_3", RidgeVAR(alpha=0.3), "off_diagonal", 0.659, None),
    ("dream4/size100_4", RidgeVAR(alpha=0.3), "off_diagonal", 0.670, None),
    ("dream4/size100_5", RidgeVAR(alpha=0.3), "off_diagonal", 0.718, None),
    ("causaltime/medical", Correlation(), "full", 0.917, 0.912),
    ("causaltime/traffic", Correlation(), "full", 0.640, 0.478),
    ("causaltime/medical", RidgeVAR(alpha=1.0), "full", 0.928, 0.897),
]


def read(file: Path, trajectories: slice = slice(None)) -> Dataset:
    with np.load(file, allow_pickle=False) as archive:
        return Dataset(file.stem, as_panel(archive["series"][trajectories].astype(float)), archive["graph"])


@pytest.mark.parametrize(
    ("file", "method", "view", "auroc", "auprc"), REFERENCES, ids=[f"{r[0]}-{type(r[1]).__name__}" for r in REFERENCES]
)
def test_reference(data: Path, file: str, method: BaseEstimator, view: str, auroc: float, auprc: float | None) -> None:
    dataset = read(data / f"{file}.npz")
    result = score(method.fit(dataset.panel).graph_, dataset)
    assert result[f"auroc_{view}"] == pytest.approx(auroc, abs=TOLERANCE)
    if auprc is not None:
        assert result[f"auprc_{view}"] == pytest.approx(auprc, abs=TOLERANCE)


def test_correlation_on_netsim(data: Path) -> None:
    results = []
    for subject in range(5):
        dataset = read(data / "netsim" / "sim3.npz", slice(subject, subject + 1))
        results.append(score(Correlation().fit(dataset.panel).graph_, dataset))
    mean = {key: np.mean([result[key] for result in results]) for key in results[0]}
    assert mean["auroc_full"] == pytest.approx(0.951, abs=TOLERANCE)
    assert mean["auroc_off_diagonal"] == pytest.approx(0.910, abs=TOLERANCE)
    assert mean["auprc_full"] == pytest.approx(0.826, abs=TOLERANCE)
    assert mean["auprc_off_diagonal"] == pytest.approx(0.436, abs=TOLERANCE)
    # most of it is the diagonal: what knowing that alone earns
    assert diagonal_floor(dataset)["auroc_full"] == pytest.approx((15 + 18 / 2) / 33)
    assert chance(dataset)["auprc_full"] == pytest.approx(33 / 225)


@pytest.mark.parametrize(
    ("forcing", "correlation", "ridge"),
    [(10, (0.846, 0.513), (1.000, 0.996)), (20, (0.857, 0.534), (0.974, 0.914)), (40, (0.918, 0.580), (0.860, 0.697))],
)
def test_lorenz_of_the_published_seed(forcing: int, correlation: tuple, ridge: tuple) -> None:
    dataset = lorenz96(n_series=100, n_times=1000, forcing=forcing)
    for method, expected in ((Correlation(), correlation), (RidgeVAR(alpha=0.1), ridge)):
        result = score(method.fit(dataset.panel).graph_, dataset)
        # wider: a chaotic path differs between versions of the solver
        assert (result["auroc"], result["auprc"]) == pytest.approx(expected, abs=0.03)
