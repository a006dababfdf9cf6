"""Pictures of reports for the documents, each light, dark, and 400 pixels wide; needs playwright and Chromium.

    python docs/pictures/report.py [report] [group] [benchmarks]    # in the project's root; all if none is named

``report``: the US economy of ``grngc demo``. ``group``: subjects 1 to 8 of NetSim, simulation 3, whose file is in the
folder GRNGC_DATA. ``benchmarks``: the committed results.
"""

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import sync_playwright

from grngc import discover_group
from grngc.cli import main as grngc
from grngc.datasets import load
from grngc.demo import measured

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
FORMS = {
    "light": {"width": 1100, "height": 1050, "theme": "light"},
    "dark": {"width": 1100, "height": 1050, "theme": "dark"},
    "narrow": {"width": 400, "height": 1400, "theme": "light"},
}
TOP = "scrollTo({top: 0, behavior: 'instant'})"


def report(path: Path) -> None:
    """Make the page of a run."""
    measured().report(path)


def group(path: Path) -> None:
    """Make the page of several subjects."""
    subjects = {f"subject {n}": load("netsim/sim3", subject=n).panel for n in range(1, 9)}
    discover_group(subjects, forecaster="linear", lag=1).report(path)


def benchmarks(path: Path) -> None:
    """Make the page of all tables."""
    grngc(["bench", "report", "--out", str(path)])


PAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "report": (report, f"document.querySelector('#table tbody button').click(); {TOP}"),
    "group": (
        group,
        "['#view-heat', '#heat-share', '#table tbody button'].forEach((one) => document.querySelector(one).click()); "
        + TOP,
    ),
    "benchmarks": (benchmarks, "document.querySelector('#table-2').scrollIntoView({behavior: 'instant'})"),
}
"""What is pictured -> how its page is made, and what is done on it before its picture is taken."""


def main() -> None:
    """Make the pages and take their pictures."""
    place = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=place, args=FLAGS)
        for kind in sys.argv[1:] or PAGES:
            make, prepare = PAGES[kind]
            path = Path(folder, f"{kind}.html")
            make(path)
            for form, how in FORMS.items():
                size = {"width": how["width"], "height": how["height"]}
                page = browser.new_page(viewport=size, color_scheme=how["theme"])
                page.goto(path.as_uri())
                page.wait_for_selector("table tbody tr")
                page.evaluate(prepare)
                page.wait_for_timeout(300)
                page.screenshot(path=Path(__file__).with_name(f"{kind}-{form}.png"))
                page.close()
        browser.close()


if __name__ == "__main__":
    main()
