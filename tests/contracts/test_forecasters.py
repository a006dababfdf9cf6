"""The contract of every forecaster, alone and beside a linear path, and of a module a user brings."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import Tensor, nn

from grngc.errors import InputError
from grngc.forecasters import (
    FORECASTERS,
    KAN,
    LSTM,
    MLP,
    TCN,
    Recipe,
    build_forecaster,
    load_forecaster,
    save_forecaster,
)
from grngc.gradients import gradient_penalty, input_gradient

SERIES, LAGS, WINDOWS = 4, 3, 9


class Own(nn.Module):
    """What a user might write: knows nothing of this package, offers neither ``jacobian`` nor ``head``."""

    def __init__(self, n_series: int, n_lags: int) -> None:
        super().__init__()
        self.inner = nn.Linear(n_series * n_lags, 6)
        self.outer = nn.Linear(6, n_series)

    def forward(self, x: Tensor) -> Tensor:
        return self.outer(torch.sin(self.inner(x.flatten(1))))


CASES = [
    (choice, skip) for choice in [*FORECASTERS, Own] for skip in (False, True) if (choice, skip) != ("linear", True)
]


@pytest.fixture(params=CASES, ids=lambda case: f"{getattr(case[0], '__name__', case[0])}{'+linear' if case[1] else ''}")
def recipe(request: pytest.FixtureRequest, float64: None) -> dict:
    choice, skip = request.param
    return {"choice": choice, "options": {} if choice in ("linear", Own) else {"hidden": 6}, "skip": skip}


@pytest.fixture
def forecaster(recipe: dict) -> nn.Module:
    return build_forecaster(Recipe(recipe["choice"], SERIES, LAGS, recipe["options"], recipe["skip"]))


def windows() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(WINDOWS, LAGS, SERIES, generator=generator)
    return x, torch.randn(WINDOWS, SERIES, generator=generator)


def step(forecaster: nn.Module) -> None:
    """Do one step on the total loss and leave the gradients of the next."""
    x, y = windows()
    optimiser = torch.optim.Adam(forecaster.parameters(), lr=0.01)
    for update in (True, False):
        optimiser.zero_grad()
        forecast, penalty = gradient_penalty(forecaster, x, torch.full((SERIES, LAGS, SERIES), 0.1))
        ((forecast - y).square().mean() + penalty).backward()
        if update:
            optimiser.step()


def test_maps_windows_to_forecasts(forecaster: nn.Module) -> None:
    assert forecaster(windows()[0]).shape == (WINDOWS, SERIES)


def test_treats_each_window_on_its_own(forecaster: nn.Module) -> None:
    step(forecaster)
    x, _ = windows()
    before = forecaster(x)
    x[2] += 1
    changed = (forecaster(x) != before).any(dim=1)
    assert changed.tolist() == [n == 2 for n in range(WINDOWS)]
    torch.testing.assert_close(forecaster(x[5:6]), before[5:6], rtol=1e-12, atol=1e-12)


def test_every_parameter_feels_the_loss_after_one_step(forecaster: nn.Module) -> None:
    step(forecaster)
    deaf = [name for name, p in forecaster.named_parameters() if p.grad is None or not p.grad.any()]
    assert not deaf, f"no gradient reaches {', '.join(deaf)}"


def test_input_gradient_is_each_windows_jacobian(forecaster: nn.Module) -> None:
    step(forecaster)
    x, _ = windows()
    forecast, gradient = input_gradient(forecaster, x)
    torch.testing.assert_close(forecast, forecaster(x), rtol=1e-12, atol=1e-12)
    for window, found in zip(x, gradient, strict=True):
        known = torch.autograd.functional.jacobian(lambda w: forecaster(w[None])[0], window)
        torch.testing.assert_close(found, known, rtol=1e-9, atol=1e-12)


def test_the_most_recent_step_is_read(forecaster: nn.Module) -> None:
    step(forecaster)
    assert (input_gradient(forecaster, windows()[0])[1][:, :, 0] != 0).any(dim=0).all()


def test_comes_back_from_a_file(forecaster: nn.Module, recipe: dict, tmp_path: Path) -> None:
    step(forecaster)
    choice, options, skip = recipe["choice"], recipe["options"], recipe["skip"]
    path = save_forecaster(tmp_path / "forecaster.safetensors", forecaster, Recipe(choice, SERIES, LAGS, options, skip))
    again = load_forecaster(path, factory=Own)
    assert torch.equal(again(windows()[0]), forecaster(windows()[0]))


def test_works_in_float32(forecaster: nn.Module) -> None:
    step(forecaster)
    x, _ = windows()
    _, wide = input_gradient(forecaster, x)
    forecast, gradient = input_gradient(forecaster.float(), x.float())
    assert forecast.dtype == gradient.dtype == torch.float32
    torch.testing.assert_close(gradient.double(), wide, rtol=1e-4, atol=1e-5)


@pytest.mark.usefixtures("float64")
def test_sequence_forecasters_read_lag_index_0_last() -> None:
    """A memory that is cut leaves the most recent step only: index 0."""
    lstm = LSTM(SERIES, LAGS, hidden=5)
    with torch.no_grad():
        lstm.recurrent.weight_hh_l0.zero_()
        lstm.recurrent.bias_ih_l0[5:10] = -1e3  # the forget gate
    for forecaster in (lstm, TCN(SERIES, LAGS, hidden=5, kernel=1)):
        gradient = input_gradient(forecaster, windows()[0])[1]
        assert gradient[:, :, 0].any()
        assert not gradient[:, :, 1:].any()


@pytest.mark.usefixtures("float64")
def test_a_linear_path_starts_from_the_empty_graph() -> None:
    for choice in ("kan", "mlp", "lstm", "tcn"):
        forecaster = build_forecaster(Recipe(choice, SERIES, LAGS, {}, True))
        assert not input_gradient(forecaster, windows()[0])[1].any(), choice


@pytest.mark.parametrize("option", ["hidden", "depth"])
@pytest.mark.parametrize("choice", ["kan", "mlp", "lstm", "tcn"])
def test_no_layers_or_no_width_is_refused(choice: str, option: str) -> None:
    with pytest.raises(InputError, match=option):
        build_forecaster(Recipe(choice, SERIES, LAGS, {option: 0}, False))


@pytest.mark.parametrize(
    ("choice", "options", "message"),
    [
        ("transformer", {}, "'transformer' is not known; choose one of kan, linear, lstm, mlp, residual, tcn"),
        ("mlp", {"grid_size": 3}, "'mlp' has no option 'grid_size'; it has hidden, depth, activation"),
        ("linear", {"hidden": 3}, "'linear' has no option 'hidden'; it has none"),
        ("mlp", {"activation": "step"}, "activation 'step' is not known; choose one of relu, tanh, silu, gelu"),
        ("kan", {"base": "step"}, "base 'step' is not known; choose one of silu, identity"),
        ("kan", {"grid_range": (1, -1)}, "low < high"),
        ("kan", {"grid_size": 0}, "at least one interval"),
        ("tcn", {"kernel": 0}, "kernel must be at least 1; got 0"),
        (Own, {"hidden": 3}, "factory takes no options, got hidden"),
        (lambda n_series, n_lags: "a", {}, "returned str, expected a torch.nn.Module"),
        (lambda n_series, n_lags: nn.Sequential(nn.Flatten(), nn.LazyLinear(1)), {}, "into (2, 1), expected (2, 4)"),
        (lambda n_series, n_lags: nn.LSTM(n_series, 2), {}, "into tuple, expected (2, 4)"),
        (Own(SERIES, LAGS), {}, "factory"),  # a module where its factory is wanted: it cannot start afresh
    ],
)
def test_what_cannot_be_built_is_refused(choice: object, options: dict, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        build_forecaster(Recipe(choice, SERIES, LAGS, options, False))


class TestFiles:
    def test_own_module_needs_its_factory(self, tmp_path: Path) -> None:
        path = save_forecaster(tmp_path / "f", Own(2, 1), Recipe(Own, 2, 1, {}, False))
        with pytest.raises(InputError, match="pass it as factory="):
            load_forecaster(path)

    @pytest.mark.parametrize("content", [b"", b"\x08\0\0\0\0\0\0\0{}      ", b"{" * 100])
    def test_other_files_are_refused(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "f.safetensors"
        path.write_bytes(content)
        with pytest.raises(InputError, match="not a forecaster written by grngc"):
            load_forecaster(path)

    @pytest.mark.parametrize(
        "change",
        [{"n_series": 3}, {"forecaster": "lstm"}, {"options": {"width": 2}}, {"n_lags": None}, None],
        ids=["shape", "kind", "option", "number", "no recipe"],
    )
    def test_a_recipe_that_does_not_fit_is_refused(self, tmp_path: Path, change: dict | None) -> None:
        path = save_forecaster(tmp_path / "f", MLP(2, 1), Recipe("mlp", 2, 1, {}, False))
        with safetensors.safe_open(path, framework="pt") as file:
            recipe = json.loads(file.metadata()["grngc"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        recipe = [] if change is None else recipe | change
        safetensors.torch.save_file(tensors, path, metadata={"grngc": json.dumps(recipe)})
        with pytest.raises(InputError):
            load_forecaster(path)

    def test_options_and_numbers_of_numpy_are_kept(self, tmp_path: Path) -> None:
        options = {"hidden": np.int64(3), "base": "silu", "grid_range": (-3, 3), "grid_size": 4, "scaler": False}
        kan = KAN(2, 1, **options)
        again = load_forecaster(save_forecaster(tmp_path / "f", kan, Recipe("kan", 2, np.int64(1), options, False)))
        x = torch.randn(5, 1, 2)
        assert torch.equal(again(x), kan(x))

    def test_parameters_that_share_memory(self, tmp_path: Path) -> None:
        class Tied(Own):
            def __init__(self, n_series: int, n_lags: int) -> None:
                super().__init__(n_series, n_lags)
                self.again = self.inner

        tied = Tied(2, 1)
        again = load_forecaster(save_forecaster(tmp_path / "f", tied, Recipe(Tied, 2, 1, {}, False)), factory=Tied)
        assert again.again.weight is again.inner.weight
        assert torch.equal(again.inner.weight, tied.inner.weight)

    def test_reading_leaves_the_random_state(self, tmp_path: Path) -> None:
        path = save_forecaster(tmp_path / "f", MLP(2, 1), Recipe("mlp", 2, 1, {}, False))
        before = torch.get_rng_state()
        load_forecaster(path)
        assert torch.equal(torch.get_rng_state(), before)
