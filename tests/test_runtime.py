"""What a run stands on is put back as the caller had it."""

import pytest
import torch

from grngc.runtime import seeded

CPU = torch.device("cpu")


def test_the_seed_decides_inside_and_nothing_is_left_outside() -> None:
    before = torch.get_rng_state()
    drawn = []
    for seed in (1, 1, 2):
        with seeded(seed, CPU) as generator:
            drawn.append((float(torch.rand(())), float(torch.rand((), generator=generator))))
    assert drawn[0] == drawn[1] != drawn[2]
    assert torch.equal(torch.get_rng_state(), before)


def test_a_run_on_the_cpu_seeds_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """The state of a GPU that is not used is not put back either, so it must not be touched."""
    touched: list[str] = []
    for name in ("manual_seed", "manual_seed_all"):
        monkeypatch.setattr(torch.cuda, name, lambda seed, name=name: touched.append(name))
    with seeded(0, CPU):
        pass
    assert not touched


def test_what_torch_is_set_to_is_put_back_after_a_failure(float64: None) -> None:
    def settings() -> tuple[torch.dtype, bool, bool]:
        return torch.get_default_dtype(), torch.is_grad_enabled(), torch.is_inference_mode_enabled()

    def fail() -> None:
        with seeded(0, CPU):
            assert settings() == (torch.float32, True, False)
            raise KeyError

    with torch.inference_mode():
        before = settings()
        with pytest.raises(KeyError):
            fail()
        assert settings() == before
