"""What all tests share: one thread, seeds that do not leak, a guard on torch's global settings, the shared data."""

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import torch
from threadpoolctl import threadpool_limits

from grngc.execution.job import ONE_THREAD
from here import connected

hypothesis.settings.register_profile("grngc", derandomize=True, deadline=None)
hypothesis.settings.load_profile("grngc")
os.environ.setdefault("MPLBACKEND", "agg")  # pictures are made and closed unseen
torch.set_num_threads(1)
threadpool_limits(1)
os.environ |= {name: os.environ.get(name, threads) for name, threads in ONE_THREAD.items()}  # for processes of tests


def _settings() -> dict[str, object]:
    return {
        "default dtype": torch.get_default_dtype(),
        "threads": torch.get_num_threads(),
        "grad mode": torch.is_grad_enabled(),
        "default device": torch.get_default_device(),
        "cuDNN": torch.backends.cudnn.enabled,
        "deterministic algorithms": torch.are_deterministic_algorithms_enabled(),
    }


@pytest.fixture(autouse=True)
def _gpu(request: pytest.FixtureRequest) -> None:
    """Skip what needs a GPU where there is none; from one place, so that it is said in one line."""
    if request.node.get_closest_marker("gpu") and not torch.cuda.is_available():
        pytest.skip("no GPU here; where there is one: start.py test -m gpu")


@pytest.fixture(autouse=True)
def _isolated() -> Iterator[None]:
    """Seed torch inside the test only, and fail a test that leaves one of torch's settings changed."""
    before = _settings()
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):  # without a list it warns of several GPUs
        torch.manual_seed(0)
        yield
    assert _settings() == before


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the jobs of local workers in this process."""
    monkeypatch.setattr("grngc.execution.on_loky.connected", connected)


@pytest.fixture
def float64() -> Iterator[None]:
    """Make float64 torch's default inside the test, so that known answers hold to many digits."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


@pytest.fixture(scope="session")
def data() -> Path:
    """Folder of the shared data sets; the test is skipped where there is none."""
    root = Path(os.environ.get("GRNGC_DATA", Path(__file__).parents[1] / ".." / "shared" / "data"))
    if not root.is_dir():
        pytest.skip(f"no shared data at {root}: set GRNGC_DATA to their folder")
    return root.resolve()
