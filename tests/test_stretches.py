"""Stretches for recurrent networks: each step is forecast, none across a gap; what is behind an end is not judged."""

import numpy as np
import pytest
import torch

from grngc import InputError, as_panel
from grngc.componentwise.losses import squared_error
from grngc.componentwise.stretches import Stretches, make_stretches


def numbered(*lengths: int) -> list[np.ndarray]:
    """Trajectories of one step after another, each from its own hundred, of two series."""
    return [np.stack([100 * r + np.arange(n), -100 * r - np.arange(n)], axis=1) for r, n in enumerate(lengths, 1)]


def steps(found: Stretches) -> list[float]:
    """Return the first series at all steps that are forecast."""
    return sorted(found.y[..., 0][found.counted])


@pytest.mark.parametrize("context", [1, 3, 4, 20])
def test_every_step_is_forecast_once_from_what_is_before_it(context: int) -> None:
    trajectories = numbered(9, 2, 6)
    found = make_stretches(as_panel(trajectories), context)
    assert steps(found) == [each for values in trajectories for each in values[1:, 0]]
    np.testing.assert_array_equal(np.abs(found.y - found.x)[found.counted], 1)
    assert found.counted.sum(axis=1).max() == min(context, 8)
    assert found.counted[:, 0].all()
    assert (np.diff(found.counted.astype(int), axis=1) <= 0).all()  # nothing counts behind an end
    assert not found.x[~found.counted].any()


def test_all_stretches_there_are_and_those_between() -> None:
    panel = as_panel(numbered(8))
    every = make_stretches(panel, 3, stride=1)
    assert every.x[:, 0, 0].tolist() == [100, 101, 102, 103, 104]
    assert every.counted.all()
    half = make_stretches(panel, 3, stride=2)
    assert half.x[:, 0, 0].tolist() == [100, 102, 104]
    assert set(steps(make_stretches(as_panel(numbered(9)), 3, stride=2))) == set(range(101, 109))


def test_no_stretch_holds_a_gap() -> None:
    values = numbered(12)[0].astype(float)
    values[4, 0] = values[9, 1] = np.nan  # whole until 3, from 5 to 8, from 10 to 11
    found = make_stretches(as_panel(values, missing="drop"), 10)
    assert steps(found) == [101, 102, 103, 106, 107, 108, 111]
    values[::2] = np.nan
    with pytest.raises(InputError, match="no two consecutive points are free of missing values"):
        make_stretches(as_panel(values, missing="drop"), 10)


def test_what_is_behind_an_end_is_not_judged() -> None:
    generator = torch.Generator().manual_seed(0)
    forecast, wanted = (torch.randn(3, 4, 2, generator=generator, dtype=torch.float64) for _ in range(2))
    counted = torch.tensor([[True] * 4, [True, True, False, False], [True, False, False, False]])
    kept = (forecast - wanted)[counted].square().mean(dim=0)
    torch.testing.assert_close(squared_error(forecast, wanted, counted), kept)
    torch.testing.assert_close(
        squared_error(forecast[:1], wanted[:1]),
        squared_error(forecast, wanted, counted & (torch.arange(3) == 0)[:, None]),
    )
