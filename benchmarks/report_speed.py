"""How long a page of a report takes in a browser: until it is drawn, and until the network of so many edges is.

    python benchmarks/report_speed.py            # needs playwright and Chromium

Graphs are drawn at random: the numbers of series and edges are what counts. Seconds of the fastest of three openings.
"""

import argparse
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import sync_playwright

from grngc import CausalGraph
from grngc.report import run_page, summarise_run

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
ALL_EDGES = "s => {s.value = s.max; s.dispatchEvent(new Event('input')); s.dispatchEvent(new Event('change'))}"


def page_of(n_series: int, n_edges: int) -> str:
    """Return the page of a random graph in which so many pairs stand out."""
    rng = np.random.default_rng(0)
    pairs = rng.permutation([k for k in range(n_series**2) if k // n_series != k % n_series])[:n_edges]
    scores = np.zeros((n_series, n_series))
    scores.flat[pairs] = 0.1 + rng.gamma(2, 0.2, n_edges)
    signs = scores * rng.choice([-1, 1], size=scores.shape)
    names = tuple(f"series {i}" for i in range(n_series))
    graph = CausalGraph(scores, names, scores[:, None], signs[:, None])
    choice = {"forecaster": "linear", "lag": 1, "penalty": 0.1, "candidates": []}
    record: dict[str, Any] = {
        "conclusion": f"{n_edges} pairs stand out.", "trustworthy": True, "noise_floor": 0.05,
        "configuration": {"forecaster": "linear", "lag": 1, "penalty_scale": "-", "tf32": False},
        "versions": {"grngc": "-"}, "configuration_name": "-", "seed": 0, "device": "cpu",
        "choice": choice | {"contemporaneous": {"present_saves": None, "used": False}},
        "data": {"series": names, "times": 0, "windows": 0, "trajectories": [], "exogenous": [], "origin": "random",
                 "sha256": "-", "transforms": {}, "notes": []},
        "training": {"converged": True, "exact": True, "steps": 0, "seconds": 0.0, "trace": []},
    }  # fmt: skip
    return run_page(summarise_run(graph, record, 0.05))


def seconds(browser: Any, path: Path, n_edges: int) -> tuple[float, float]:
    """Return the seconds until a page stands, and until the network of all edges does."""
    page = browser.new_page()
    clock = time.perf_counter()
    page.goto(path.as_uri())
    page.wait_for_selector("#table tbody tr")
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    opened = time.perf_counter() - clock
    clock = time.perf_counter()
    page.click("#view-network")
    page.eval_on_selector("#threshold", ALL_EDGES)
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert str(n_edges) in page.inner_text("#threshold-said")
    drawn = time.perf_counter() - clock
    page.close()
    return opened, drawn


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    place = shutil.which("chromium") or shutil.which("google-chrome")
    print(f"{'series':>8}{'edges':>8}{'page (kB)':>12}{'opened (s)':>12}{'network (s)':>13}")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=place, args=FLAGS)
        for n_series, n_edges in ((10, 30), (100, 300), (1000, 3000)):
            path = Path(folder, f"{n_series}.html")
            path.write_text(page_of(n_series, n_edges))
            runs = [seconds(browser, path, n_edges) for _ in range(repeats)]
            opened, drawn = (min(column) for column in zip(*runs, strict=True))
            print(f"{n_series:>8}{n_edges:>8}{path.stat().st_size / 1000:>12.0f}{opened:>12.2f}{drawn:>13.2f}")
        browser.close()


if __name__ == "__main__":
    main()
