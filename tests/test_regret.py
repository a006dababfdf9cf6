"""The page of regrets is what its script makes of the committed lines, and a regret is what it says."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def regret() -> ModuleType:
    spec = importlib.util.spec_from_file_location("regret", ROOT / "benchmarks" / "regret.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["regret"] = module
    spec.loader.exec_module(module)
    return module


def test_the_page_is_generated_from_the_lines(regret: ModuleType) -> None:
    assert regret.PAGE.read_text() == regret.page(regret.read_rows())


def test_every_record_is_measured_once(regret: ModuleType) -> None:
    wanted = [
        regret.key({"dataset": name, "options": options, "forecaster": forecaster})
        for _, name, options, forecaster in regret.records()
    ]
    assert [regret.key(row) for row in regret.read_rows()] == wanted


def test_a_regret_is_what_the_point_scores_below_the_best(regret: ModuleType) -> None:
    points = [{"auroc": 0.6, "auprc": 0.5}, {"auroc": 0.9, "auprc": 0.3}]
    row = {"points": points, "rules": {"cv": points[1]}}
    row["lags"] = {"points": points, "rules": {"cv": 1, "always 1": 1}}
    np.testing.assert_allclose(regret.regrets(row)["cv"], [0, 0.2])
    np.testing.assert_allclose(regret.lag_regrets(row)["cv"], [0.3, 0])
    rows = [
        {"family": family, "points": points, "rules": {"rate": points[0], "cv": points[at]}}
        for family, at in (("A", 0), ("A", 1), ("B", 0))
    ]
    table = regret.table(rows, regret.regrets, "rate").splitlines()
    assert table[0] == "| rule | A | B | **mean of families** | worst | all, beside `rate` |"
    assert table[2] == "| `rate` | 300 / 0 | 300 / 0 | **300 / 0** | 300 / 0 |  |"
    assert table[3].startswith("| `cv` | 150 / 100 | 300 / 0 | **225 / 50** | 300 / 200 | -16.7 ± ")
