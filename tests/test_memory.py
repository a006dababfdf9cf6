"""What a fit takes in memory: counted right where the answer is known, and refused in words where it is too much."""

import gc
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import grngc.footprint
import grngc.grngc
import grngc.memory
from grngc.errors import InputError
from grngc.footprint import Tally, step_bytes
from grngc.forecasters import FORECASTERS, Recipe
from grngc.grngc import GRNGC
from grngc.memory import Demand, available, check_memory
from pretended_gpu import DEVICE, pretended_gpu
from simulated import QUICK, SMALL

CPU = torch.device("cpu")
BUDGET = 256 * 2**20
MIB = 2**20


def demand(choice: str = "mlp", p: int = 20, lag: int = 1, windows: int = 500, hidden: int = 32) -> Demand:
    options = {} if choice == "linear" else {"hidden": hidden}
    return Demand(Recipe(choice, p, lag, options, True), windows, 256, 32, None, BUDGET, CPU)


def test_a_tally_counts_what_is_alive() -> None:
    gc.collect()
    with Tally() as tally:
        a = torch.empty(1000, device="meta")  # 4,000 bytes
        b = a + 1
        view = b[:10]
        assert tally.now == 8000
        del a
        assert tally.now == 4000
        del b
        assert tally.now == 4000, "a view keeps it"
        del view
        assert (tally.now, tally.most) == (0, 8000)


def test_a_linear_step_is_parameters_derivatives_and_two_of_adam() -> None:
    wide = 4 * (1000 * 1000 + 1000)
    found = step_bytes(Recipe("mlp", 10, 1, {"hidden": 1}, True), 4, 4, None, BUDGET)
    assert grngc.footprint.ALWAYS < found < grngc.footprint.ALWAYS + MIB
    found = step_bytes(Recipe("linear", 1000, 1, {}, True), 2, 2, None, BUDGET)
    alive = (found - grngc.footprint.ALWAYS) / grngc.footprint.ALLOCATOR
    assert 4 * wide <= alive <= 9 * wide  # beside the penalty's weights and derivative, of the same size


@pytest.mark.parametrize("choice", sorted(set(FORECASTERS) - {"linear"}))
def test_more_of_anything_takes_more(choice: str) -> None:
    base = demand(choice)
    for name in ("n_windows",):
        assert replace(base, n_windows=50_000).bytes() > base.bytes(), name
    assert demand(choice, p=50).bytes() > base.bytes()
    assert demand(choice, lag=5).bytes() > base.bytes()
    assert demand(choice, hidden=512).bytes() > base.bytes()
    assert base.bytes() <= base.at_most()


def test_a_loop_keeps_something_for_every_target() -> None:
    all_of_them = step_bytes(Recipe("lstm", 60, 2, {"hidden": 16}, True), 32, 32, None, BUDGET)
    a_few = step_bytes(Recipe("lstm", 60, 2, {"hidden": 16}, True), 32, 32, 6, BUDGET)
    assert all_of_them - grngc.footprint.ALWAYS > 4 * (a_few - grngc.footprint.ALWAYS)


GROWTH = """
import sys, torch
from grngc.forecasters import Recipe, build_forecaster
from grngc.gradients import gradient_penalty, windows_at_once
torch.set_num_threads(1)
choice, p, lag, hidden, n = sys.argv[1], *map(int, sys.argv[2:])
def status(name):
    return int(next(line for line in open("/proc/self/status") if line.startswith(name)).split()[1]) * 1024
def train(p, hidden, n):
    torch.manual_seed(0)
    forecaster = build_forecaster(Recipe(choice, p, lag, {"hidden": hidden}, True))
    optimiser = torch.optim.AdamW(forecaster.parameters())
    weights, x = torch.full((p, lag, p), 0.1), torch.randn(256, lag, p)
    windows_at_once(forecaster, x, 2**28)
    for _ in range(3):
        optimiser.zero_grad()
        forecast, penalty = gradient_penalty(forecaster, x[:n], weights)
        (forecast.square().mean() + penalty).backward()
        del forecast, penalty
        forecaster(x[n:]).square().mean().backward()
        optimiser.step()
train(5, 4, 2)
before = status("VmRSS")
train(p, hidden, n)
print(status("VmHWM") - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process is read from /proc")
@pytest.mark.parametrize(
    ("choice", "p", "lag", "hidden", "windows"), [("mlp", 1200, 1, 512, 16), ("kan", 400, 2, 128, 64)]
)
def test_a_step_takes_what_was_predicted(choice: str, p: int, lag: int, hidden: int, windows: int) -> None:
    command = [sys.executable, "-c", GROWTH, choice, *map(str, (p, lag, hidden, windows))]
    took = int(subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout)
    predicted = step_bytes(Recipe(choice, p, lag, {"hidden": hidden}, True), 256, windows, None, BUDGET)
    assert 0.75 * took <= predicted <= 1.25 * took, (took / MIB, predicted / MIB)


# ---- refusing --------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grngc.memory, "available", lambda device: 120 * MIB)


@pytest.mark.usefixtures("small_machine")
@pytest.mark.filterwarnings("ignore:.*is the table transposed")
def test_a_fit_that_does_not_fit_is_refused_before_anything_is_made_with_what_would() -> None:
    x = np.random.default_rng(0).normal(size=(30, 3000))
    with pytest.raises(
        InputError,
        match=r"3,000 series in 29 windows, with linear and lag 1, take about [\d.]+ GiB of "
        r"memory, and 120 MiB are free; would fit: at most [\d,]+ series",
    ) as told:
        GRNGC(lag=1, contemporaneous=False).fit(x)
    series = int(str(told.value).split("at most ")[1].split(" series")[0].replace(",", ""))
    check_memory(demand("linear", p=series, windows=29))
    with pytest.raises(InputError):
        check_memory(demand("linear", p=2 * series, windows=29))


@pytest.mark.usefixtures("small_machine")
@pytest.mark.parametrize(
    ("asked", "remedy"),
    [
        (demand("mlp", hidden=2**20), "hidden="),
        (demand("mlp", p=250, lag=9), "lag=1"),
        (demand("mlp", p=4, windows=2_000_000), "windows"),
    ],
)
def test_what_is_said_to_fit_fits(asked: Demand, remedy: str) -> None:
    with pytest.raises(InputError, match="would fit: .*" + remedy) as told:
        check_memory(asked)
    text = str(told.value)
    if remedy == "hidden=":
        width = int(text.split("hidden=")[1].split(";")[0])
        check_memory(replace(asked, recipe=replace(asked.recipe, options={"hidden": width})))
    elif remedy == "windows":
        check_memory(replace(asked, n_windows=int(text.split("at most ")[-1].split(" windows")[0].replace(",", ""))))
    else:
        check_memory(replace(asked, recipe=replace(asked.recipe, n_lags=1)))


@pytest.mark.parametrize("filled", ["cpu", "meta"])
def test_on_a_gpu_both_memories_are_looked_at(filled: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grngc.grngc, "resolve_device", lambda name: CPU if name == "cpu" else DEVICE)
    free = {"cpu": 80 * 2**30, "meta": 80 * 2**30}
    monkeypatch.setattr(grngc.memory, "available", lambda device: free[device.type])
    with pretended_gpu():
        GRNGC(**QUICK | {"forecaster": "mlp"}, device="cuda").fit(SMALL)
        free[filled] = MIB
        with pytest.raises(InputError, match=f"and 1 MiB are free{' on meta' if filled == 'meta' else ';'}"):
            GRNGC(**QUICK | {"forecaster": "mlp"}, device="cuda").fit(SMALL)


def test_a_users_factory_is_taken_to_need_the_budget() -> None:
    def factory(n_series: int, n_lags: int) -> nn.Module:
        raise AssertionError("it is called when it is needed")

    asked = Demand(Recipe(factory, 3, 1, {}, False), 100, 256, 32, None, BUDGET, CPU)
    assert BUDGET < asked.bytes() < 2 * BUDGET
    check_memory(asked)


def test_a_containers_limit_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit, used = tmp_path / "memory.max", tmp_path / "memory.current"
    limit.write_text("max\n")
    used.write_text("1000\n")
    monkeypatch.setattr(grngc.memory, "CGROUP", ((str(limit), str(used)),))
    machine = available(CPU)
    assert machine > 10 * MIB
    limit.write_text("5000\n")
    assert available(CPU) == 4000
    used.write_text("6000\n")
    assert available(CPU) == 0
