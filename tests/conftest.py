"""What all tests share: one thread, seeds that do not leak, a guard on torch's global settings, the shared data."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

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


FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
PATIENT = 30_000
"""Milliseconds that a busy machine may take for what takes one."""


@pytest.fixture(scope="module")  # not longer: its loop is in the way of others
def chromium() -> Iterator[Any]:
    """Start a real browser; skip with the reason where there is none."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        pytest.skip("no playwright here: pip install playwright")
    place = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if place is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=place, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Open the page of what has a ``report``; when the test ends, nothing was asked for, nothing complained of."""
    said: list[str] = []
    asked: list[str] = []
    contexts = []

    def open_page(found: Any, width: int = 1280, **options: Any) -> Any:
        context = chromium.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENT)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.on("dialog", lambda dialog: said.append(dialog.message))
        place = found.report(tmp_path / f"{len(contexts)}.html").as_uri()
        page.goto(place)
        page.wait_for_selector("table thead button")
        asked.remove(place)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert said == []
    assert [url for url in asked if not url.startswith("blob:")] == []
