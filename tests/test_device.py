"""A fit on a GPU: the same graph. What needs none is felt on a pretended one (``pretended_gpu``)."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import grngc.grngc
from grngc import GRNGC, InputError, as_panel, discover
from grngc.datasets import lorenz96
from grngc.device import check_tf32, computing_on, described, resolve_device
from grngc.factors import GPU_SLAB_BYTES, SLAB_BYTES, slab_bytes
from grngc.forecasters import FORECASTERS
from pretended_gpu import DEVICE, Elsewhere, pretended_gpu
from simulated import QUICK, SMALL, Bump

CPU, GPU = torch.device("cpu"), torch.device("cuda", 0)
EVERY = [*FORECASTERS, "sequence_tcn", Bump]


def settings_of(forecaster: Any, **changes: Any) -> dict[str, Any]:
    settings = QUICK | {"forecaster": forecaster, "steps": 6} | changes
    if forecaster == "sequence_tcn":
        settings |= {"batch": None, "penalty_batch": None, "cross_boundary": True, "penalty_targets": None}
    if forecaster is Bump:
        del settings["hidden"]
    return settings


class TestPretended:
    """The whole path, on tensors that mix with none of the CPU."""

    @pytest.fixture
    def elsewhere(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
        monkeypatch.setattr(grngc.grngc, "resolve_device", lambda name: CPU if name == "cpu" else DEVICE)
        with pretended_gpu() as waits:
            yield waits

    def test_it_is_felt(self, elsewhere: Counter[str]) -> None:
        there = torch.zeros(3, device=DEVICE)
        assert isinstance(there, Elsewhere)
        with pytest.raises(RuntimeError, match="same device"):
            there + torch.ones(3)
        with pytest.raises(RuntimeError, match="same device"):
            torch.ones(3)[torch.zeros(2, dtype=torch.int64, device=DEVICE)]
        assert not elsewhere.total()
        assert float((there + 1).sum()) == 3
        assert there.to("cpu", non_blocking=True).tolist() == [0, 0, 0]
        there[there > 0] = torch.ones((), device=DEVICE)
        assert elsewhere.total() == 3
        torch.ones(3).to(DEVICE, non_blocking=True)
        assert elsewhere.total() == 3
        torch.ones(3).to(DEVICE)
        assert elsewhere.total() == 4

    @pytest.mark.parametrize("forecaster", EVERY, ids=str)
    @pytest.mark.parametrize(
        "changes",
        [{"penalty_targets": 1, "penalty_batch": 8, "lag": 2}, {"batch": None, "penalty_batch": 9}],
        ids=["targets in turns", "all windows"],
    )
    def test_every_forecaster_finds_the_graph_that_the_cpu_finds(
        self, forecaster: Any, changes: dict[str, Any], elsewhere: Counter[str]
    ) -> None:
        changes = changes | ({"lag": 1} if forecaster == "sequence_tcn" else {})
        settings, panel = settings_of(forecaster, **changes), as_panel(SMALL, exogenous=["x2"])
        here, there = (GRNGC(**settings, device=device).fit(panel) for device in ("cpu", "cuda"))
        assert elsewhere.total() > 0
        assert isinstance(next(there.forecaster_.parameters()).data, Elsewhere)
        np.testing.assert_allclose(there.graph_.lag_scores, here.graph_.lag_scores, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(there.graph_.signs, here.graph_.signs, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(there.noise_floor_, here.noise_floor_, rtol=1e-4)
        if forecaster != "sequence_tcn":
            future = np.zeros((2, 1))
            np.testing.assert_allclose(
                there.forecast(2, exogenous=future), here.forecast(2, exogenous=future), rtol=1e-4, atol=1e-6
            )

    @pytest.mark.parametrize(
        ("forecaster", "changes"), [("mlp", {"penalty_targets": 1}), ("kan", {"batch": None, "penalty_batch": 9})]
    )
    def test_updates_do_not_wait_for_the_device(
        self, forecaster: str, changes: dict[str, Any], elsewhere: Counter[str]
    ) -> None:
        """The losses apart, which are read at each of so few steps, nothing does."""

        def waits(steps: int) -> int:
            elsewhere.clear()
            GRNGC(**settings_of(forecaster, **changes, steps=steps, penalty=1.0), device="cuda").fit(SMALL)
            return elsewhere.total()

        assert waits(30) - waits(20) == 10

    def test_the_choice_and_the_floor_are_made_too(self, elsewhere: Counter[str]) -> None:
        settings = {"steps": 5, "hidden": 8}
        here, there = (GRNGC(**settings, device=device).fit(SMALL[1]) for device in ("cpu", "cuda"))
        assert {one["forecaster"] for one in here.choice_.candidates} == {"linear", "mlp"}
        for mine, other in zip(there.choice_.candidates, here.choice_.candidates, strict=True):
            assert mine.pop("forecaster") == other.pop("forecaster")
            assert mine == pytest.approx(other, rel=1e-4)
        np.testing.assert_allclose(there.graph_.scores, here.graph_.scores, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("forecaster", EVERY, ids=str)
def test_a_default_device_of_the_callers_changes_nothing(forecaster: Any) -> None:
    """Whatever is made without saying where would lie on ``meta``, and hold no number."""
    known = GRNGC(**settings_of(forecaster)).fit(SMALL)
    torch.set_default_device("meta")
    try:
        found = GRNGC(**settings_of(forecaster)).fit(SMALL)
        assert torch.get_default_device() == torch.device("meta")
    finally:
        torch.set_default_device(None)
    np.testing.assert_array_equal(found.graph_.lag_scores, known.graph_.lag_scores)


def precision() -> list[Any]:
    """All settings that a fit changes on a GPU."""
    cudnn = torch.backends.cudnn
    new = [torch.backends.cuda.matmul, cudnn.conv, cudnn.rnn] if hasattr(cudnn, "conv") else []
    return [cudnn.enabled, cudnn.benchmark, cudnn.deterministic, *(kind.fp32_precision for kind in new)]


def rounds() -> tuple[bool, bool]:
    return torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32


class TestSettings:
    """They can be set and read without a GPU, which alone would feel them."""

    @pytest.mark.parametrize("tf32", [False, True])
    @pytest.mark.parametrize("before", [False, True])
    def test_inside_only(self, tf32: bool, before: bool) -> None:
        at_first, first = rounds(), precision()
        cudnn = torch.backends.cudnn
        try:
            torch.backends.cuda.matmul.allow_tf32 = cudnn.allow_tf32 = cudnn.benchmark = before
            known, whole = rounds(), precision()
            with suppress(KeyError), computing_on(GPU, tf32=tf32):
                FORECASTERS["lstm"](2, 1)(torch.zeros(3, 1, 2))
                assert rounds() == (tf32, tf32)
                assert (cudnn.benchmark, cudnn.deterministic, cudnn.enabled) == (False, True, first[0])
                raise KeyError
            assert (rounds(), precision()) == (known, whole)
        finally:
            torch.backends.cuda.matmul.allow_tf32, cudnn.allow_tf32 = at_first
            cudnn.benchmark = first[1]

    @pytest.mark.skipif(not hasattr(torch.backends.cudnn, "conv"), reason="torch before 2.9 has no such settings")
    def test_of_whom_has_used_the_newer_ones(self) -> None:
        """Who has cannot read the older ones any more. A process of its own: not all of them can be put back."""
        code = (
            "import torch; from grngc.device import computing_on\n"
            "matmul, conv = torch.backends.cuda.matmul, torch.backends.cudnn.conv\n"
            "matmul.fp32_precision, conv.fp32_precision = 'tf32', 'ieee'\n"
            "with computing_on(torch.device('cuda', 0)):\n"
            "    assert not matmul.allow_tf32 and matmul.fp32_precision == 'ieee', matmul.fp32_precision\n"
            "    assert not torch.backends.cudnn.allow_tf32 and conv.fp32_precision != 'tf32'\n"
            "assert (matmul.fp32_precision, conv.fp32_precision) == ('tf32', 'ieee')\n"
        )
        subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)

    def test_nothing_is_set_for_the_cpu(self) -> None:
        known = precision(), rounds()
        with computing_on(CPU):
            assert (precision(), rounds()) == known


FULL = (
    "CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total capacity of 139.81 GiB of which 3.20 GiB is "
    "free. Of the allocated memory 130.00 GiB is allocated by PyTorch. If reserved but unallocated memory is large try "
    "setting PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True."
)


def test_a_full_gpu_is_one_line_with_what_helps() -> None:
    with pytest.raises(InputError) as caught, computing_on(GPU):
        raise torch.OutOfMemoryError(FULL)
    assert str(caught.value) == (
        "cuda:0 ran out of memory (Tried to allocate 20.00 GiB; GPU 0 has a total capacity of 139.81 GiB of which 3.20 "
        "GiB is free): take a GPU that nothing else uses, lower hidden, lag, batch or memory_budget, or give "
        "device='cpu'"
    )
    with pytest.raises(InputError, match=r"ran out of memory \(no more to be had\)"), computing_on(GPU):
        raise torch.OutOfMemoryError


def test_tf32_is_refused_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    check_tf32(CPU, False)
    with pytest.raises(InputError, match="runs on cpu"):
        check_tf32(CPU, True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "NVIDIA T4")
    for capability in ((7, 5), (8, 0)):
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device, found=capability: found)
        if capability == (8, 0):
            check_tf32(GPU, True)
        else:
            with pytest.raises(InputError, match="tf32: NVIDIA T4 has no"):
                check_tf32(GPU, True)
    assert described(GPU) == "cuda:0 (NVIDIA T4)"


def test_a_gpu_forms_larger_pieces() -> None:
    assert slab_bytes(CPU) == SLAB_BYTES < slab_bytes(GPU) == GPU_SLAB_BYTES


def test_a_checkpoint_of_another_device_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``device="auto"`` may be another one the second time, and its last bits others."""
    monkeypatch.setattr(grngc.checkpoints.Checkpoint, "due", lambda self, ended: True)

    def stop(now: Any) -> None:
        if now.step == 5:
            raise KeyError

    settings = settings_of("mlp", device="auto")
    with monkeypatch.context() as patched:
        patched.setattr(grngc.grngc, "device_kind", lambda device: "NVIDIA H200")
        with pytest.raises(KeyError):
            GRNGC(**settings).fit(SMALL, checkpoint=tmp_path, progress=stop)
    with pytest.raises(InputError, match="begun with another device"):
        GRNGC(**settings).fit(SMALL, checkpoint=tmp_path)


def test_the_record_says_where() -> None:
    found = discover(SMALL[0], confidence=False, **settings_of("mlp"))
    assert (found.record["device"], found.record["configuration"]["tf32"]) == ("cpu", False)
    assert "Device:" not in found.summary()


@pytest.mark.gpu
class TestGPU:
    """What is stated in docs/how-to/device.md."""

    DATA = lorenz96(n_series=10, n_times=500, random_state=0).panel
    TOLERANCE = 0.01, 0.05
    """Of a score, in float32 and with TF32."""

    @staticmethod
    def settings(forecaster: Any) -> dict[str, Any]:
        steps = 300 if forecaster in ("mlp", "kan", "linear") else 100
        return settings_of(forecaster, hidden=32, steps=steps, lag=1 if forecaster == "sequence_tcn" else 2)

    @pytest.mark.parametrize("forecaster", EVERY, ids=str)
    def test_the_same_graph(self, forecaster: Any) -> None:
        settings = self.settings(forecaster)
        before = torch.cuda.get_rng_state()
        here, there = (GRNGC(**settings, device=device).fit(self.DATA) for device in ("cpu", "cuda"))
        assert torch.equal(torch.cuda.get_rng_state(), before)
        assert next(there.forecaster_.parameters()).is_cuda
        np.testing.assert_allclose(there.graph_.scores, here.graph_.scores, atol=self.TOLERANCE[0])
        assert strongest(there) == strongest(here)
        if forecaster != "sequence_tcn":
            np.testing.assert_allclose(there.forecast(2), here.forecast(2), rtol=0.01, atol=0.05)

    @pytest.mark.parametrize("forecaster", EVERY, ids=str)
    def test_a_seed_gives_the_same_bits(self, forecaster: Any) -> None:
        settings = self.settings(forecaster) | {"device": "cuda"}
        first, second = (GRNGC(**settings).fit(self.DATA).graph_ for _ in range(2))
        np.testing.assert_array_equal(first.lag_scores, second.lag_scores)

    @pytest.mark.parametrize("forecaster", ["mlp", "kan", "tcn"])
    def test_tf32_is_felt_and_finds_the_same_graph(self, forecaster: str) -> None:
        if torch.cuda.get_device_capability() < (8, 0):
            pytest.skip("this GPU has no TF32")
        settings = self.settings(forecaster) | {"device": "cuda"}
        exact, rounded = (GRNGC(**settings, tf32=tf32).fit(self.DATA) for tf32 in (False, True))
        assert (exact.graph_.scores != rounded.graph_.scores).any()
        np.testing.assert_allclose(rounded.graph_.scores, exact.graph_.scores, atol=self.TOLERANCE[1])

    @pytest.mark.parametrize("forecaster", ["mlp", "kan", "lstm", "tcn"])
    def test_going_on_gives_the_same_bits(
        self, forecaster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(grngc.checkpoints.Checkpoint, "due", lambda self, ended: True)
        settings = self.settings(forecaster) | {"device": "cuda"}

        def stop(now: Any) -> None:
            if now.step >= 40:
                raise KeyError

        with pytest.raises(KeyError):
            GRNGC(**settings).fit(self.DATA, checkpoint=tmp_path, progress=stop)
        found = GRNGC(**settings).fit(self.DATA, checkpoint=tmp_path)
        np.testing.assert_array_equal(found.graph_.lag_scores, GRNGC(**settings).fit(self.DATA).graph_.lag_scores)

    def test_a_full_gpu_is_one_line(self) -> None:
        device = resolve_device("cuda")
        total = torch.cuda.get_device_properties(device).total_memory
        with pytest.raises(InputError, match=r"cuda:\d+ ran out of memory \(Tried to allocate"), computing_on(device):
            torch.empty(2 * total, dtype=torch.uint8, device=device)

    def test_the_record_says_which(self) -> None:
        found = discover(SMALL[0], confidence=False, **settings_of("mlp"), device="cuda")
        assert found.record["device"].startswith("cuda:")
        assert json.loads(found.run_json())["configuration"]["device"] == "cuda"
        assert f"Device:         {found.record['device']}" in found.summary()


def strongest(model: GRNGC, top: int = 10) -> set[tuple[str, str]]:
    """Return the strongest pairs: all but those that another is within the tolerance of."""
    edges = model.graph_.edges(top=top + 1)
    return {(e.source, e.target) for e in edges[:top] if e.score - edges[top].score > 2 * TestGPU.TOLERANCE[0]}


@pytest.mark.gpu
def test_the_penalty_agrees_to_float32() -> None:
    """One step, whose rounding nothing has amplified."""
    from grngc.forecasters import KAN, MLP
    from grngc.gradients import gradient_penalty

    x, weights = torch.randn(40, 2, 30), torch.rand(30, 2, 30)

    def gradients(device: torch.device, build: Any) -> list[Tensor]:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            forecaster = build(30, 2, hidden=16).to(device)
        with computing_on(device):
            gradient_penalty(forecaster, x.to(device), weights.to(device))[1].backward()
        return [p.grad.cpu() for p in forecaster.parameters()]

    for build in (MLP, KAN):
        for here, there in zip(gradients(CPU, build), gradients(GPU, build), strict=True):
            torch.testing.assert_close(there, here, rtol=1e-3, atol=1e-4 * float(here.abs().max()))
