"""What is said of a choice: the lag that suffices, where a penalty stands on its path."""

from typing import Any

import pytest

from grngc.reasons import lags_said, path_said


def chosen(lag: int, *rows: tuple[str, int, float | None], forecaster: str = "linear") -> dict[str, Any]:
    told = [
        {"forecaster": name, "lag": at, "error": 1.0} | ({} if saves is None else {"saves": saves})
        for name, at, saves in rows
    ]
    return {"forecaster": forecaster, "lag": lag, "candidates": told}


LINEAR = (("linear", 1, None), ("linear", 2, 0.004))


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (chosen(1, *LINEAR), "lag 2 saves 0.4% of the held-out error: lag 1 suffices"),
        (
            chosen(1, ("linear", 1, None), ("linear", 2, -0.02)),
            "lag 2 saves nothing of the held-out error: lag 1 suffices",
        ),
        (
            chosen(2, ("linear", 1, None), ("linear", 2, 0.121), ("linear", 3, 0.01), ("mlp", 2, 0.3)),
            "lag 2 saves 12.1%, lag 3 saves 1.0% of the held-out error: 2 lags are used",
        ),
        (
            chosen(1, *LINEAR, ("mlp", 1, None), forecaster="mlp"),
            "lag 2 saves 0.4% of the held-out error (linear): lag 1 suffices",
        ),
        (
            chosen(1, ("linear", 2, 0.1), ("mlp", 1, None), ("mlp", 2, 0.03), forecaster="mlp"),
            "lag 2 saves 3.0% of the held-out error: lag 1 suffices",
        ),
        (
            chosen(1, *LINEAR, ("mlp", 1, None), ("kan", 1, 0.3), forecaster="kan"),
            "lag 2 saves 0.4% of the held-out error (linear): lag 1 suffices",
        ),
        (chosen(1), ""),
    ],
)
def test_it_is_said_whether_more_than_one_lag_pays(choice: dict, said: str) -> None:
    assert lags_said(choice, {"lag": "auto"}) == said
    assert lags_said(choice, {"lag": 1}) == ""


def test_the_path_is_one_line() -> None:
    path = {"penalties": [1.23456, 0.5, 0.0123], "rule": "auto", "chosen": 0.131}
    path |= {"rules": {"rate": 0.131, "cv": 0.05, "bic": 0.131, "stability": 0.347}}
    assert path_said(path) == "1.23 (no edge) to 0.0123; auto: 0.131; other rules: 0.05 (cv) to 0.347 (stability)"
    path |= {"rule": "stability", "chosen": 0.347}
    assert path_said(path) == "1.23 (no edge) to 0.0123; stability: 0.347; other rules: 0.05 (cv) to 0.131 (bic)"
    assert path_said(None) == ""
