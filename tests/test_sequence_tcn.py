"""The published TCN over the whole record: what it sees, what its summed gradient means, what it cannot be asked."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from grngc.configurations import CONFIGURATIONS
from grngc.discovery import discover
from grngc.errors import InputError
from grngc.forecasters import FORECASTERS, TCN, SequenceTCN, load_forecaster
from grngc.gradients import gradient_penalty, gradient_scores, input_gradient, reads_sequence, windows_at_once
from grngc.grngc import GRNGC
from grngc.panel import as_panel
from simulated import CHAIN, SMALL

SERIES, TIMES = 3, 50
REACH = 29  # steps a forecast sees: three blocks of two convolutions of kernel 3, 1 + 2 * 2 * (1 + 2 + 4)
PUBLISHED = CONFIGURATIONS["published-tcn"] | {"hidden": 8, "steps": 5}


def record() -> Tensor:
    return torch.randn(TIMES, 1, SERIES, generator=torch.Generator().manual_seed(1))


def delays(weights: list[np.ndarray]) -> SequenceTCN:
    """Return a TCN that is linear: forecast[t] = sum over k of weights[k] x[t - k], by one kernel of as many taps.

    A constant far above zero takes the inputs through the ReLUs unbent, and the head takes it off again.
    """
    made = SequenceTCN(SERIES, 1, hidden=SERIES, depth=1, kernel=len(weights))
    (block,) = made.blocks
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.zero_()
        for k, weight in enumerate(weights):
            block.first.weight[:, :, len(weights) - 1 - k] = torch.tensor(weight)
        block.first.bias += 100.0
        block.second.weight[:, :, -1] = torch.eye(SERIES)
        made.head.weight += torch.eye(SERIES)
        made.head.bias -= 100.0
    return made


@pytest.mark.usefixtures("float64")
class TestSequence:
    def test_a_forecast_sees_its_row_and_earlier_ones_as_far_as_it_reaches(self) -> None:
        jacobian = torch.autograd.functional.jacobian(SequenceTCN(SERIES, 1, hidden=64), record())[:, :, :, 0]
        seen = (jacobian != 0).any(dim=3).any(dim=1)  # (time of the forecast, time of the input)
        behind = torch.arange(TIMES)[:, None] - torch.arange(TIMES)
        assert not seen[behind < 0].any()
        assert behind[seen].max() == REACH - 1
        assert seen[behind == 0].all()

    def test_it_is_the_tcn_of_windows_run_along_the_record(self) -> None:
        """With the same parameters, the forecast of a row is that of the window of all rows up to it."""
        sequence, window = SequenceTCN(SERIES, 1, hidden=6), TCN(SERIES, TIMES, hidden=6)
        window.load_state_dict(sequence.state_dict())
        x = record()
        torch.testing.assert_close(sequence(x)[-1], window(x[:, 0].flip(0)[None])[0])

    def test_one_tap_has_the_weight_as_its_gradient(self) -> None:
        weight = np.array([[0.9, -0.3, 0.0], [0.2, 0.0, -0.6], [0.0, 0.5, 0.4]])
        made, x = delays([weight]), record()
        forecast, gradient = input_gradient(made, x)
        torch.testing.assert_close(forecast, x[:, 0] @ torch.tensor(weight).T)
        torch.testing.assert_close(gradient, torch.tensor(weight)[None, :, None].expand(TIMES, -1, -1, -1))
        size, signed, _ = gradient_scores(made, x)
        np.testing.assert_allclose(size[:, 0], abs(weight))
        np.testing.assert_allclose(signed[:, 0], weight)

    def test_the_summed_gradient_adds_influences_on_all_later_forecasts_sign_by_sign(self) -> None:
        """Two taps of opposite sign cancel, but for the last row, whose second influence the record does not hold."""
        one, two = np.full((SERIES, SERIES), 0.5), np.full((SERIES, SERIES), -0.5)
        two[0, 1] = 0.25
        size, signed, _ = gradient_scores(delays([one, two]), record())
        expected = np.full((SERIES, SERIES), 0.5 / TIMES)
        expected[0, 1] = 0.75 - 0.25 / TIMES
        np.testing.assert_allclose(size[:, 0], expected)
        np.testing.assert_allclose(signed[:, 0], expected)

    def test_the_penalty_is_that_of_the_published_code(self) -> None:
        """Weight times the sum over pairs of the mean over time of |gradient|, and its derivative."""
        made, x, weight = SequenceTCN(SERIES, 1, hidden=5), record(), 0.008
        _, penalty = gradient_penalty(made, x, torch.full((SERIES, 1, SERIES), weight))
        leaf, expected = x.clone().requires_grad_(), torch.zeros(())
        forecast = made(leaf)
        for j in range(SERIES):
            (row,) = torch.autograd.grad(forecast[:, j].sum(), leaf, create_graph=True)
            expected = expected + weight * row.abs().mean(dim=0).sum()
        torch.testing.assert_close(penalty, expected)
        kernel = made.blocks[1].first.weight
        ours, theirs = (torch.autograd.grad(value, kernel)[0] for value in (penalty, expected))
        torch.testing.assert_close(ours, theirs)
        assert ours.any()

    @pytest.mark.parametrize("budget", [1, 2**30])
    def test_a_sequence_is_never_cut(self, budget: int) -> None:
        made, x = SequenceTCN(SERIES, 1, hidden=5), record()
        assert windows_at_once(made, x, budget) == TIMES
        assert torch.equal(gradient_scores(made, x, memory_budget=budget)[0], gradient_scores(made, x)[0])

    def test_windows_cannot_be_taken_one_by_one(self) -> None:
        with pytest.raises(InputError, match="use 'loop'"):
            input_gradient(SequenceTCN(SERIES, 1), record(), method="vmap")


def test_it_is_no_ordinary_forecaster() -> None:
    assert "sequence_tcn" not in FORECASTERS
    assert reads_sequence(SequenceTCN(2, 1))
    assert not reads_sequence(TCN(2, 1))


class TestFit:
    def test_it_finds_a_chain(self) -> None:
        """Of one block: three fit 600 points to the last digit, and their influences cancel in the sum over time."""
        settings = PUBLISHED | {"steps": 100, "penalty": 0.02, "forecaster_options": {"depth": 1, "kernel": 2}}
        graph = GRNGC(**settings).fit(CHAIN).graph_
        assert {(edge.source, edge.target) for edge in graph.edges(top=2)} == {("x1", "x2"), ("x2", "x3")}

    def test_the_graph_is_read_from_the_joined_record(self) -> None:
        model = GRNGC(**PUBLISHED, random_state=3).fit(SMALL)
        joined = np.concatenate(SMALL)
        whole = GRNGC(**PUBLISHED, random_state=3).fit(joined)
        np.testing.assert_array_equal(model.graph_.scores, whole.graph_.scores)
        scaled = torch.tensor((joined - joined.mean(axis=0)) / joined.std(axis=0), dtype=torch.float32)[:-1, None]
        np.testing.assert_allclose(model.graph_.lag_scores, gradient_scores(model.forecaster_, scaled)[0], rtol=1e-4)
        assert model.n_windows_ == len(joined) - 1

    @pytest.mark.parametrize("skip", [True, False])
    def test_same_seed_same_bits_watched_or_not_beside_a_linear_path_or_not(self, skip: bool) -> None:
        settings = PUBLISHED | {"skip": skip}
        seen: list[np.ndarray] = []
        first = GRNGC(**settings).fit(SMALL).graph_
        second = GRNGC(**settings).fit(SMALL, snapshot=lambda step, scores: seen.append(scores)).graph_
        np.testing.assert_array_equal(first.scores, second.scores)
        np.testing.assert_array_equal(seen[-1], first.scores)

    def test_there_is_no_floor_and_the_conclusion_says_so(self) -> None:
        found = discover(SMALL, configuration="published-tcn", steps=2, hidden=4)
        assert math.isnan(found.noise_floor)
        assert not found.trustworthy
        assert "no noise floor for a forecaster that reads the record as one sequence" in found.record["conclusion"]
        assert found.record["noise_floor"] is None
        assert "Noise floor:    none" in found.summary()

    def test_it_comes_back_from_a_file(self, tmp_path: Path) -> None:
        model = GRNGC(**PUBLISHED).fit(SMALL)
        again = load_forecaster(model.save_forecaster(tmp_path / "f.safetensors"))
        x = record()
        assert torch.equal(again(x), model.forecaster_(x))
        assert reads_sequence(again)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"batch": 20}, "reads the whole record at every step; got batch=20: pass batch=None"),
            ({"penalty_batch": 20}, "the whole record at every step; got penalty_batch=20: pass penalty_batch=None"),
            ({"cross_boundary": False}, "one unbroken sequence; got 2 trajectories: pass cross_boundary=True"),
            ({"lag": 2}, "needs lag=1; got 2"),
            ({"forecaster_options": {"kernel": 0}}, "kernel must be at least 1"),
            (
                {"forecaster_options": {"width": 3}},
                "'sequence_tcn' has no option 'width'; it has hidden, depth, kernel",
            ),
        ],
    )
    def test_what_cannot_be_is_refused(self, change: dict, message: str) -> None:
        with pytest.raises(InputError, match=message):
            GRNGC(**PUBLISHED | change).fit(SMALL)

    def test_gaps_are_refused(self) -> None:
        x = CHAIN[:50].copy()
        x[20, 1] = np.nan
        with pytest.raises(InputError, match="one unbroken sequence; got a record with missing values"):
            GRNGC(**PUBLISHED).fit(as_panel(x, missing="drop"))
        assert GRNGC(**PUBLISHED | {"cross_boundary": False}).fit(CHAIN[:50]).graph_.scores.any()

    def test_it_continues_no_trajectory(self) -> None:
        with pytest.raises(InputError, match="continues no trajectory: choose forecaster='tcn'"):
            GRNGC(**PUBLISHED).fit(SMALL).forecast()


def test_the_published_settings() -> None:
    dream, lorenz, medical = (CONFIGURATIONS[f"published{name}-tcn"] for name in ("", "-lorenz96", "-medical"))
    keys = ("hidden", "learning_rate", "penalty", "steps")
    assert [dream[key] for key in keys] == [128, 0.01, 0.008, 200]
    assert [lorenz[key] for key in keys] == [512, 0.01, 0.0009, 200]
    assert [medical[key] for key in keys] == [512, 0.001, 0.01, 500]
    for settings in (dream, lorenz, medical):
        assert settings["forecaster"] == "sequence_tcn"
        assert settings["penalty_scale"] == "code"
        assert (settings["batch"], settings["cross_boundary"], settings["lag"]) == (None, True, 1)
