import math

import numpy as np

from grngc import CausalGraph
from grngc.record import conclude, plain, standing_out

NAMES = ("rain", "river", "mud")


def graph(scores: list[list[list[float]]]) -> CausalGraph:
    """Three series, lag scores (target, lag, source), their sum as scores."""
    sizes = np.array(scores)
    return CausalGraph(sizes.sum(axis=1), NAMES, sizes, sizes)


def test_only_a_pair_above_the_floor_stands_out() -> None:
    weak = graph([[[0, 0, 0.1]], [[0.2, 0.5, 0]], [[0, 0, 0]]])
    assert [edge[:2] for edge in standing_out(weak, 0.1)] == [("rain", "river")]  # mud -> rain is at it


def test_conclusions_in_plain_words() -> None:
    settled = {"converged": True}
    moving = {"converged": False, "exact": False, "score_change": 0.3, "steps": 700, "reach": 2.0}
    weak = graph([[[0, 0, 0.09]], [[0.2, 0.5, 0]], [[0, 0, 0]]])
    assert conclude(weak, 0.1, standing_out(weak, 0.1), settled, 100) == (
        "1 of 6 ordered pairs stands out: rain -> river (lag 1, +)."
    )
    assert conclude(weak, 0.05, standing_out(weak, 0.05), settled, 100) == (
        "2 of 6 ordered pairs stand out, most of all rain -> river (lag 1, +)."
    )
    nothing = conclude(weak, 0.3, [], settled, 100)
    assert nothing.startswith("Nothing stands out")
    assert "0.2 (rain -> river), the noise floor 0.3" in nothing
    assert "moved the scores by 30% (limit 15%). Raise steps (--steps, now 700)" in conclude(weak, 0.3, [], moving, 100)
    short = moving | {"reach": 0.02, "steps": 5}
    assert "5 steps at this learning rate are too few to get anywhere" in conclude(weak, 0.3, [], short, 100)
    unsolved = conclude(weak, 0.3, [], moving | {"exact": True, "score_change": 1.0}, 100)
    assert "not at its minimum after 700 iterations" in unsolved
    assert "(--columns)" in unsolved
    assert "--steps" not in unsolved  # they mean nothing to an exact fit
    alone = CausalGraph(np.ones((1, 1)), ("rain",))
    assert "one series only" in conclude(alone, 0.1, [], settled, 100)
    exogenous = CausalGraph(weak.scores, NAMES, exogenous=("mud",))
    assert conclude(exogenous, 0.1, standing_out(exogenous, 0.1), settled, 100).startswith("1 of 4 ordered pairs")


def test_what_moves_together_within_a_step_is_said_to_have_no_direction() -> None:
    sizes = np.array([[[0, 0.5, 0]], [[0.1, 0.5, 0]], [[0, 0, 0.5]]])  # river -> rain at lag 1
    together = np.array([[0, 0.2, 0], [0.9, 0, 0], [0, 0.3, 0]])
    both = CausalGraph(sizes.sum(axis=1) + abs(together), NAMES, sizes, sizes, contemporaneous=together)
    edges = standing_out(both, 0.25)
    assert conclude(both, 0.25, edges, {"converged": True}, 100) == (
        "3 of 6 ordered pairs stand out, most of all rain and river (lag 0, +). 2 of them (lag 0) move together within "
        "one time step (direction unknown: sampled too slowly?)."
    )
    sudden = standing_out(both, 0.9)
    assert "The two" not in conclude(both, 0.9, sudden, {"converged": True}, 100)
    assert "They move together within one time step (direction" in conclude(both, 0.9, sudden, {"converged": True}, 100)
    known = CausalGraph(both.scores, NAMES, sizes, sizes, exogenous=("rain",), contemporaneous=together)
    assert "direction" not in conclude(known, 0.9, standing_out(known, 0.9), {"converged": True}, 100)
    assert "(rain and river), the noise floor 2" in conclude(both, 2.0, [], {"converged": True}, 100)


def test_numbers_that_json_lacks_are_null() -> None:
    assert plain({"a": (math.nan, np.float64("inf")), 1: np.bool_(True)}) == {"a": [None, None], "1": True}


def test_too_few_windows_are_said_to_be_too_few() -> None:
    weak = graph([[[0, 0, 0.09]], [[0.2, 0.5, 0]], [[0, 0, 0]]])
    assert conclude(weak, np.inf, standing_out(weak, np.inf), {"converged": True}, 9).startswith("Too few windows")


def test_a_floor_that_training_ran_away_from_is_told_from_too_few_windows() -> None:
    weak = graph([[[0, 0, 0.09]], [[0.2, 0.5, 0]], [[0, 0, 0]]])
    told = conclude(weak, np.inf, standing_out(weak, np.inf), {"converged": True}, 10)
    assert told.startswith("Nothing can be told from chance: on unrelated series like these training diverges")
