"""Pictures of a report for the documents: the US economy of ``grngc demo``, light, dark, and 400 pixels wide.

python docs/pictures/report.py    # needs playwright and Chromium; writes report-*.png beside itself
"""

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from grngc.demo import measured

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
CHOOSE = "document.querySelector('#table tbody button').click(); scrollTo(0, 0)"
PICTURES = {
    "report-light": {"width": 1100, "height": 1050, "theme": "light"},
    "report-dark": {"width": 1100, "height": 1050, "theme": "dark"},
    "report-narrow": {"width": 400, "height": 1400, "theme": "light"},
}


def main() -> None:
    """Make the report and take its pictures."""
    place = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        page_file = measured().report(Path(folder, "report.html"))
        browser = playwright.chromium.launch(executable_path=place, args=FLAGS)
        for name, how in PICTURES.items():
            size = {"width": how["width"], "height": how["height"]}
            page = browser.new_page(viewport=size, color_scheme=how["theme"])
            page.goto(page_file.as_uri())
            page.wait_for_selector("#table tbody tr")
            page.evaluate(CHOOSE)
            page.wait_for_timeout(300)
            page.screenshot(path=Path(__file__).with_name(f"{name}.png"))
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
