"""Rules on paths that are written down: which point each takes, and what it needs to judge one."""

import math
from typing import Any

import numpy as np

from grngc.penalty_rules import COUNTING, DISAGREE, KEPT, RULES, PenaltyPath

PENALTIES = np.array([1.0, 0.5, 0.25, 0.125, 0.0625])


def made(**changed: Any) -> PenaltyPath:
    values: dict[str, Any] = {
        "errors": [1.0, 0.8, 0.62, 0.6, 0.7],
        "standard_errors": [0.1] * 5,
        "excess_errors": [0.1, 0.1, 0.01, 0.0, 0.01],
        "edges": [0, 1, 3, 6, 9],
        "bic": [9.0, 7.0, 8.0, 9.0, 10.0],
        "ebic": [9.0, 9.5, 9.6, 9.7, 9.8],
        "disagreement": [0.0, 0.02, 0.05, 0.3, 0.4],
    } | changed
    arrays = {name: None if value is None else np.array(value) for name, value in values.items()}
    return PenaltyPath(PENALTIES, rate=0.2, **arrays)


def taken(rule: str, **changed: Any) -> int | None:
    return RULES[rule](made(**changed))


def test_each_rule_takes_its_point() -> None:
    assert made().choices() == {
        "rate": 0.2, "cv": 0.125, "cv-1se": 0.25, "cv-paired": 0.125, "gain": 0.25, "bic": 0.5, "ebic": 1.0,
        "stability": 0.25,
    }  # fmt: skip


def test_one_standard_error_is_that_of_the_least() -> None:
    assert taken("cv-1se", standard_errors=[0.0, 0.0, 0.0, 0.21, 0.0]) == 1
    assert taken("cv-1se", standard_errors=[9.0, 9.0, 9.0, 0.0, 9.0]) == 3
    assert taken("cv-1se", standard_errors=[0.5] * 5) == 0


def test_a_paired_difference_is_judged_by_its_own_error() -> None:
    assert taken("cv-paired", excess_errors=[0.1, 0.1, 0.03, 0.0, 0.0]) == 2
    assert taken("cv-paired", excess_errors=[0.1, 0.25, 0.0, 0.0, 0.0]) == 1


def test_most_of_the_gain_is_kept() -> None:
    assert taken("gain", errors=[1.0, 1 - 0.4 * (KEPT + 0.01), 0.7, 0.6, 0.8]) == 1
    assert taken("gain", errors=[1.0, 1 - 0.4 * (KEPT - 0.01), 0.7, 0.6, 0.8]) == 3
    assert taken("gain", errors=[1.0, 1.1, 1.2, 1.3, 1.4]) == 0  # nothing is gained from other series


def test_stability_ends_at_the_first_disagreement() -> None:
    assert taken("stability", disagreement=[0, DISAGREE, DISAGREE + 0.01, 0, 0]) == 1  # and not where all is an edge
    assert taken("stability", disagreement=[0.5] * 5) == 0
    assert taken("stability", disagreement=[0.0] * 5) == 4


def test_a_criterion_may_be_infinite_where_there_are_too_many_coefficients() -> None:
    assert taken("bic", bic=[3.0, 2.0, math.inf, math.inf, math.inf]) == 1


def test_what_a_path_lacks_its_rules_cannot_take() -> None:
    trained = made(bic=None, ebic=None, disagreement=None)
    assert set(trained.choices()) == {"rate", "cv", "cv-1se", "cv-paired", "gain"}
    assert set(RULES) - set(trained.choices()) == set(COUNTING)


def test_plain_data_hold_the_arrays_and_what_each_rule_would_take() -> None:
    told = made(bic=None).to_dict()
    assert set(told) == {
        "penalties", "errors", "standard_errors", "excess_errors", "edges", "ebic", "disagreement", "rules",
    }  # fmt: skip
    assert told["rules"]["cv"] == 0.125
