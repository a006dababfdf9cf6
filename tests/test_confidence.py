"""How sure an edge is: where the answer is known, and that nothing of it hangs on how it was computed."""

import math

import numpy as np
import pytest
from scipy.stats import kstest

from grngc import GRNGC
from grngc.checkpoints import Checkpoints
from grngc.confidence import assess, benjamini_hochberg, examine, expected_false
from grngc.datasets.var import simulate_var, var
from grngc.errors import InputError

SHORT = {"forecaster": "mlp", "lag": 1, "hidden": 4, "steps": 20, "batch": 32}


def chain(n=600, seed=0):
    """x1 drives x2 drives x3, one step each; x4 is alone."""
    coefficients = np.diag([0.5, 0.5, 0.5, 0.8])[None].copy()
    coefficients[0, 1, 0] = coefficients[0, 2, 1] = 0.6
    return simulate_var(coefficients, n, random_state=seed)


def alone(n=300, p=6, seed=0):
    return np.random.default_rng(seed).normal(size=(n, p))


def linear(x, **options):
    return GRNGC(**{"forecaster": "linear", "lag": 1, "contemporaneous": False} | options).fit(x)


def test_a_chain_is_found_and_what_it_passes_on_is_not():
    found = assess(linear(chain()), fdr=0.05)
    expected = np.zeros((4, 4), dtype=bool)
    expected[1, 0] = expected[2, 1] = True
    assert np.array_equal(found.evidence.selected, expected)
    assert found.evidence.p[2, 0] > 0.01  # x1 -> x3 goes through x2, which is known
    assert (found.evidence.frequency[expected] == 1).all()
    assert (found.evidence.lag_frequency[expected] == 1).all()
    assert (found.evidence.sign_frequency[expected] == 1).all()


def test_transposed_roles_do_not_pass():
    found = assess(linear(chain()[:, [2, 1, 0, 3]]))
    assert found.evidence.selected[0, 1]
    assert found.evidence.selected[1, 2]
    assert not found.evidence.selected[1, 0]
    assert not found.evidence.selected[2, 1]


def test_p_values_of_independent_series_are_uniform():
    p = np.concatenate([examine(linear(alone(seed=seed))).p.ravel() for seed in range(12)])
    p = p[np.isfinite(p)]
    assert len(p) == 12 * 30
    assert kstest(p, "uniform").pvalue > 0.01


def test_common_transients_are_no_coupling():
    rng = np.random.default_rng(1)
    start = 3 * rng.normal(size=6)
    panel = []
    for _ in range(12):
        x = np.empty((21, 6))
        x[0] = start + rng.normal(size=6)
        for t in range(1, 21):
            x[t] = 0.8 * x[t - 1] + 0.3 * rng.normal(size=6)
        panel.append(x)
    found = assess(linear(panel))
    assert not found.evidence.selected.any()
    assert np.nanmin(found.evidence.q) > 0.1


def test_trends_in_common_are_no_coupling():
    x = alone() + np.linspace(0, 8, 300)[:, None] * np.array([1, -1, 0.5, 2, 1, -0.5])
    assert not assess(linear(x)).evidence.selected.any()


def test_sources_that_are_shrunk_leave_nothing_for_what_moves_with_them():
    made = var(100, 300, density=0.01, random_state=1)  # without it 35 in a hundred pairs at q .1 were wrong
    found = assess(linear(made.panel))
    between = ~np.eye(100, dtype=bool)
    believed = (found.evidence.q <= 0.1) & between
    assert (believed & ~made.truth).sum() < 0.2 * believed.sum()
    assert (believed & made.truth).sum() > 0.9 * (made.truth & between).sum()
    assert not (found.evidence.selected & between & ~made.truth).any()


def test_a_lag_of_three_is_tested_as_a_whole():
    coefficients = np.zeros((3, 3, 3))
    coefficients[0] = 0.3 * np.eye(3)
    coefficients[2, 1, 0] = 0.5
    found = assess(linear(simulate_var(coefficients, 600, random_state=3), lag=3))
    assert found.evidence.selected[1, 0]
    assert found.evidence.selected.sum() == 1


def test_a_bent_coupling_is_seen_by_a_forecaster_that_bends():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 3))
    x[1:, 1] += 1.5 * (x[:-1, 0] ** 2 - 1)
    straight = examine(linear(x)).p
    bent = examine(GRNGC(forecaster="mlp", lag=1, steps=100, hidden=16).fit(x)).p
    assert straight[1, 0] > 0.05
    assert bent[1, 0] < 0.01
    assert np.nanmin(np.where(np.eye(3)[1][:, None] * np.eye(3)[0] == 1, np.nan, bent)) > 1e-3


def test_what_others_gain_is_told_for_each_target():
    gain = examine(linear(chain())).gain
    assert (gain.p[1:3] < 1e-4).all()
    assert (gain.p[[0, 3]] > 0.01).all()
    assert (gain.saves[1:3] > 0.1).all()
    assert (np.abs(gain.saves[[0, 3]]) < 0.03).all()
    assert gain.p_in_all < 1e-4
    assert examine(linear(alone())).gain.p_in_all > 0.01


def test_exogenous_series_are_sources_and_no_targets():
    from grngc import as_panel

    found = assess(linear(as_panel(chain(), exogenous=("x1",))))
    assert np.isnan(found.evidence.p[0]).all()
    assert np.isnan(found.gain.p[0])
    assert found.evidence.selected[1, 0]


def test_intervals_hold_the_scores_of_a_longer_record_nine_times_in_ten():
    penalty = linear(chain(400)).penalty_
    longer = linear(chain(20_000, seed=100), penalty=penalty).graph_.scores
    held = []
    for seed in range(15):
        evidence = examine(linear(chain(400, seed=seed), penalty=penalty)).at(0.1).evidence
        held += [evidence.low[edge] <= longer[edge] <= evidence.high[edge] for edge in ((1, 0), (2, 1))]
    assert 0.75 <= np.mean(held) <= 1


def test_rates_are_answered_from_one_examination():
    examined = examine(linear(var(10, 60, random_state=1).panel.trajectories[0]))
    counts = [examined.at(rate).evidence.selected.sum() for rate in (0.01, 0.1, 0.3)]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


@pytest.mark.parametrize("rate", [0, 1, -0.1, True, "0.1", math.nan])
def test_rates_that_are_none_are_refused(rate):
    with pytest.raises(InputError, match="fdr is the share"):
        assess(linear(alone(60)), fdr=rate)


def test_the_same_seed_gives_the_same_answer_and_leaves_the_estimator_alone():
    estimator = GRNGC(**SHORT).fit(chain(200))
    before = estimator.graph_.scores.copy()
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    one, two = examine(estimator), examine(estimator)
    assert np.array_equal(one.p, two.p, equal_nan=True)
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(one.halves, two.halves, strict=True))
    assert np.array_equal(estimator.graph_.scores, before)
    assert np.array_equal(np.random.get_state()[1], state)  # noqa: NPY002


def test_workers_change_nothing():
    estimator = GRNGC(**SHORT).fit(chain(120))
    here, there = examine(estimator), examine(estimator, places={"workers": 2})
    assert np.array_equal(here.p, there.p, equal_nan=True)
    assert np.array_equal(here.gain.p, there.gain.p, equal_nan=True)
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(here.halves, there.halves, strict=True))


def test_after_a_stop_only_the_rest_is_trained(tmp_path):
    estimator = GRNGC(**SHORT).fit(chain(120))
    whole = examine(estimator)
    kept, told = Checkpoints(tmp_path), []
    kept.begin({"of": "this test"})

    def stop(now):
        told.append(now.doing)
        if len(told) == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        examine(estimator, checkpoints=kept, progress=stop)
    again = []
    found = examine(estimator, checkpoints=kept, progress=lambda now: again.append(now.doing))
    assert len(again) == 5 + 4 + 20 - 7
    assert np.array_equal(found.p, whole.p, equal_nan=True)


def test_short_records_and_sequences_are_refused():
    with pytest.raises(InputError, match="at least 10 windows"):
        assess(linear(alone(8, 2)))
    with pytest.raises(InputError, match="holding out"):
        assess(linear(alone(24, 2), lag=12))


def test_benjamini_hochberg_leaves_out_what_is_no_test():
    p = np.array([[math.nan, 0.01], [0.04, math.nan]])
    assert np.allclose(benjamini_hochberg(p), [[math.nan, 0.02], [0.04, math.nan]], equal_nan=True)


def test_the_bound_on_chance_is_the_papers():
    assert expected_false(10, 100, 0.75) == pytest.approx(10**2 / (0.5 * 100))
    assert expected_false(10, 100, 0.5) == math.inf
