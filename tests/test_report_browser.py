"""The page of a run in a real browser: it asks for nothing, complains of nothing, and does what it is there for."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grngc import CausalGraph, Discovery, GroupDiscovery
from grngc.export.table import cell_of, name_of_cell
from grngc.group import group_of
from hostile import NAMES as EVERY
from reports import HOSTILE, NAMES, many, nothing, renamed, sure, trained


def rows(page: Any, column: int) -> list[str]:
    return page.locator(f"#table tbody td:nth-child({column})").all_inner_texts()


@pytest.mark.parametrize("run", [sure, trained, nothing], ids=lambda run: run.__name__)
@pytest.mark.parametrize("width", [1280, 400])
def test_a_page_opens_without_a_request_or_a_complaint_and_fits(opened: Any, run: Any, width: int) -> None:
    page = opened(run(), width)
    for view in ("#view-heat", "#view-network"):
        page.click(view)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("figure svg.chart").count() > 0


def test_many_series_open_as_a_heat_map_and_are_drawn_when_asked_for(opened: Any) -> None:
    page = opened(many())
    assert page.get_attribute("#view-heat", "aria-pressed") == "true"
    assert not page.is_visible("#network")
    page.click("#view-network")
    assert page.inner_text("#threshold-said") == "60 strongest of 150, the weakest of score 0.61"
    assert page.locator("#network canvas").count() > 0
    assert "series without an edge are not drawn" in page.inner_text("#legend")
    page.focus("#threshold")
    page.keyboard.press("End")
    assert page.inner_text("#threshold-said") == "all 150 that stand out"
    page.click("#more")
    assert len(rows(page, 1)) == 150


def test_the_slider_draws_more_and_fewer_edges(opened: Any) -> None:
    page = opened(sure())
    n = len(sure().standing_out())
    said = page.locator("#threshold-said")
    assert said.inner_text() == f"all {n} that stand out"
    page.focus("#threshold")
    page.keyboard.press("Home")
    assert said.inner_text() == "none"
    assert page.is_visible("#nothing")
    page.keyboard.press("ArrowRight")
    assert said.inner_text().startswith(f"1 strongest of {n}")
    page.keyboard.press("End")
    assert said.inner_text().startswith(f"{n} that stand out and ")


def test_a_record_without_edges_draws_none_and_says_so(opened: Any) -> None:
    page = opened(nothing())
    assert page.get_attribute("#view-heat", "aria-pressed") == "true"
    page.click("#view-network")
    assert "Nothing stands out" in page.inner_text("#nothing")
    assert "No edge stands out" in page.inner_text("#details")
    assert not page.is_visible("#only-label")


def test_search_shows_what_drives_a_series_and_what_it_drives(opened: Any) -> None:
    page = opened(sure())
    page.fill("#search", "RIV")
    details = page.locator("#details")
    assert details.locator("h3").all_inner_texts() == ["river", "is driven by", "drives"]
    assert details.locator("li:not(.weak) bdi").all_inner_texts() == ["rain", "mud"]
    details.locator("li button", has_text="rain").click()
    assert details.locator("h3").first.inner_text() == "rain → river"
    facts = dict(zip(details.locator("dt").all_inner_texts(), details.locator("dd").all_inner_texts(), strict=True))
    edge = sure().standing_out()[0]
    assert float(facts["score"]) == pytest.approx(edge.score, rel=1e-3)
    assert facts["lag of its largest part"] == "1 step"
    assert facts["sign there"] == "+ (more gives more)"
    assert facts["found again in halves"] == f"{edge.frequency:.0%}".replace("%", " %")
    assert facts["stands out"] == "yes"
    assert "q (false discovery rate)" in facts
    assert details.locator("svg.chart rect").count() == 4  # two lags
    details.locator("button", has_text="Close").click()
    page.fill("#search", "nobody")
    assert page.inner_text("#search-said") == "No series is called so."


def test_the_network_is_chosen_from_with_the_mouse(opened: Any) -> None:
    page = opened(sure())
    place = page.locator("#network").bounding_box()
    page.mouse.click(place["x"] + place["width"] / 2, place["y"] + 45)  # the first of the ring
    assert page.locator("#details h3").first.inner_text() == "rain"


def test_the_heat_map_is_walked_by_keys(opened: Any) -> None:
    page = opened(sure())
    page.click("#view-heat")
    page.focus("#heat-canvas")
    page.keyboard.press("ArrowDown")
    assert page.inner_text("#heat-said").startswith("rain → river: score ")
    assert page.inner_text("#heat-said").endswith(", stands out")
    page.keyboard.press("Enter")
    assert page.locator("#details h3").first.inner_text() == "rain → river"
    page.keyboard.press("ArrowRight")
    assert "own past" in page.inner_text("#heat-said")
    page.keyboard.press("Escape")
    assert "Choose a series" in page.inner_text("#details")


def test_the_table_sorts_filters_and_is_downloaded_as_it_stands(opened: Any) -> None:
    page = opened(sure())
    assert list(zip(rows(page, 1), rows(page, 2), strict=True)) == [edge[:2] for edge in sure().standing_out()]
    page.uncheck("#only")
    assert len(rows(page, 1)) == 12
    page.click("[data-key=source]")
    assert rows(page, 1) == sorted(rows(page, 1))
    assert page.locator("th[aria-sort=ascending]").inner_text().startswith("source")
    page.click("[data-key=source]")
    assert rows(page, 1) == sorted(rows(page, 1), reverse=True)
    page.click("[data-key=score]")
    scores = [float(text) for text in rows(page, 4)]
    assert scores == sorted(scores, reverse=True)
    page.fill("#filter", "mud")
    assert all("mud" in pair for pair in zip(rows(page, 1), rows(page, 2), strict=True))
    assert len(rows(page, 1)) == 6
    page.fill("#least", "0.1")
    kept = [edge for edge in sure().graph.edges(min_score=0.1) if "mud" in edge[:2]]
    with page.expect_download() as download:
        page.click("#download")
    assert download.value.suggested_filename == "edges.csv"
    table = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text())))
    assert [(row["source"], row["target"], int(row["lag"])) for row in table] == [edge[:3] for edge in kept]
    assert [float(row["score"]) for row in table] == pytest.approx([edge.score for edge in kept], rel=1e-5)
    assert table[0]["selected"] == "true"


def test_forecasts_are_downloaded_exactly(opened: Any) -> None:
    page = opened(trained())
    with page.expect_download() as download:
        page.click("#download-forecasts")
    table = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text())))
    observed = trained().reader.panel.trajectories[0][2:, NAMES.index("river")]
    assert [float(row["river observed"]) for row in table] == pytest.approx(observed.tolist(), rel=1e-8)
    assert [int(row["time"]) for row in table] == list(range(2, 240))


def test_dark_and_light_follow_the_system_and_the_switch(opened: Any) -> None:
    page = opened(sure(), color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(15, 19, 24)"
    page.click("#theme")
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    page.emulate_media(color_scheme="light")
    page.click("#theme")
    assert page.evaluate(ground) == "rgb(15, 19, 24)"
    scrolls = "getComputedStyle(document.documentElement).scrollBehavior"
    assert page.evaluate(scrolls) == "smooth"
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(scrolls) == "auto"
    page.emulate_media(media="print")
    assert not page.is_visible("#search")


def test_every_control_is_reached_by_tab(opened: Any) -> None:
    page = opened(sure())
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id"))
    assert {
        "theme",
        "view-network",
        "view-heat",
        "search",
        "threshold",
        "filter",
        "least",
        "only",
        "download",
    } <= reached


@pytest.mark.parametrize("start", range(0, len(HOSTILE), 4))
def test_names_run_nothing_ask_for_nothing_and_come_back(opened: Any, start: int) -> None:
    names = HOSTILE[start : start + 4]
    page = opened(renamed(sure(), names))
    page.uncheck("#only")
    for view in ("#view-heat", "#view-network"):
        page.click(view)
        for name in filter(str.strip, names):
            page.fill("#search", name[:50].replace("\n", " ").replace("\r", " "))
    page.locator("#table tbody button").first.click()
    assert page.evaluate("window.broken") is None
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    with page.expect_download() as download:
        page.click("#download")
    text = Path(download.value.path()).read_bytes().decode()
    sources = {row["source"] for row in csv.DictReader(io.StringIO(text, newline=""))}
    known = {"\ufffd" if name == "\ud800" else cell_of(name) for name in names}  # half a character is not in UTF-8
    assert sources == known | set(NAMES[len(names) :])
    assert page.is_visible("#formulas") == any(cell_of(name) != name for name in names)


def of_every_name() -> Discovery:
    """Return results in which each hostile name drives the next."""
    p = len(EVERY)
    scores = np.roll(np.eye(p), 1, axis=0) * np.linspace(1, 0.5, p)
    graph = CausalGraph(scores, EVERY, scores[:, None], scores[:, None])
    return replace(renamed(trained().without_forecaster(), NAMES), graph=graph, noise_floor=0.1)


def subjects_of_every_name() -> GroupDiscovery:
    """Return two subjects with these results, called alike."""
    return group_of(dict.fromkeys(("zo\u00e9", "zoe\u0301"), of_every_name()), {}, {})


@pytest.mark.parametrize("found", [of_every_name, subjects_of_every_name], ids=["run", "group"])
def test_a_page_of_every_name_is_searched_sorted_filtered_and_downloaded(
    opened: Any, found: Callable[[], Discovery | GroupDiscovery]
) -> None:
    page = opened(found())
    heading = page.locator("#details h3").first
    for name in EVERY:
        typed = name.strip()
        if typed == name and len(name) < 200 and name.isprintable() and name:
            page.fill("#search", name)
            assert heading.inner_text().partition(" #")[0] == (name if len(name) < 60 else heading.inner_text())
    for typed, shown in (("RAIN", "RAIN"), ("Rain", "Rain"), ("rain", "Rain"), ("__PROTO__", "__proto__")):
        page.fill("#search", typed)
        assert heading.inner_text() == shown
    for composed in ("\u00e9", "e\u0301"):
        page.fill("#filter", composed)
        assert {"\u00e9 #77", "e\u0301 #78"} <= {*rows(page, 1), *rows(page, 2)}
    page.fill("#filter", "</script>")
    assert len(rows(page, 1)) == 4  # three names in a row, and what drives the first
    page.fill("#filter", "")
    page.click("[data-key=source]")
    page.click("#more")
    assert len(rows(page, 1)) == len(EVERY)
    assert page.is_visible("#alike")
    page.locator("#table tbody button", has_text="<!--").first.click()
    page.click("#view-network")
    page.click("#view-heat")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    assert page.evaluate("window.__pwned") is None
    with page.expect_download() as download:
        page.click("#download")
    text = Path(download.value.path()).read_bytes().decode()
    sources = {name_of_cell(row["source"]) for row in csv.DictReader(io.StringIO(text, newline=""))}
    assert sources == {name.replace("\ud800", "\ufffd").replace("\udfff", "\ufffd") for name in EVERY}


def test_what_would_get_into_the_page_is_not_run_and_not_fetched(chromium: Any, tmp_path: Path) -> None:
    """The policy by itself: a script, a handler, a style and an image put in by force."""
    page = chromium.new_page()
    fetched: list[str] = []
    page.on("requestfinished", lambda request: fetched.append(request.url))
    place = sure().report(tmp_path / "page.html").as_uri()
    page.goto(place)
    page.wait_for_selector("#table tbody tr")
    refused = page.evaluate(
        """async () => {
          const refused = [];
          document.addEventListener("securitypolicyviolation", (event) => refused.push(event.effectiveDirective));
          const script = document.createElement("script");
          script.textContent = "window.__pwned = 1";
          document.body.append(script);
          document.body.insertAdjacentHTML("beforeend", "<p onclick='window.__pwned = 2'></p>"
            + "<style>body { color: red }</style><img src='http://evil.example/x.png'>");
          document.body.lastElementChild.previousElementSibling.previousElementSibling.click();
          await fetch("http://evil.example/").catch(() => null);
          await new Promise((then) => setTimeout(then, 300));
          return refused;
        }"""
    )
    assert {"script-src-elem", "script-src-attr", "style-src-elem", "img-src", "connect-src"} <= {*refused}
    assert page.evaluate("window.__pwned") is None
    assert page.evaluate("getComputedStyle(document.body).color") != "rgb(255, 0, 0)"
    assert fetched == [place]
    page.close()


def test_an_arrow_beside_names_from_right_to_left_points_to_the_target(opened: Any) -> None:
    page = opened(renamed(sure(), ("\u05d2\u05e9\u05dd", "\u05e0\u05d4\u05e8")))
    page.click("#view-heat")
    page.focus("#heat-canvas")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    for place in ("#heat-said", "#details h3"):
        left = [one.bounding_box()["x"] for one in page.locator(f"{place} bdi").all()[:2]]
        assert left[0] < left[1]


def test_the_keyboard_does_what_the_mouse_does(opened: Any) -> None:
    page = opened(sure())
    page.focus("#view-heat")
    page.keyboard.press("Enter")
    assert page.get_attribute("#view-heat", "aria-pressed") == "true"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    assert page.get_attribute("#view-network", "aria-pressed") == "true"
    page.focus("#theme")
    page.keyboard.press("Space")
    assert page.get_attribute("html", "data-theme") == "dark"
    page.focus("#only")
    page.keyboard.press("Space")
    assert len(rows(page, 1)) == 12
    page.focus("[data-key=lag]")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.dataset.key") == "lag"  # it is still where it was
    assert page.locator("th[aria-sort=ascending]").inner_text().startswith("lag")
    page.locator("#table tbody button").first.focus()
    page.keyboard.press("Enter")
    assert "→" in page.locator("#details h3").first.inner_text()
    page.locator("details summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("details").first.get_attribute("open") is not None
    outline = "getComputedStyle(document.activeElement).outlineWidth"
    assert page.evaluate(outline) == "3px"  # where one is, is seen


def test_a_printed_page_is_light_and_holds_what_is_read(opened: Any) -> None:
    page = opened(trained(), color_scheme="dark")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    for hidden in ("#search", "#theme", "#download", "footer"):
        assert not page.is_visible(hidden)
    for shown in (".conclusion", ".warnings", "#network", "#details", "#table", "#forecasts svg", "#made", "#cite"):
        assert page.locator(shown).first.is_visible()
    assert len(page.pdf(format="A4")) > 20_000
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.get_attribute("html", "data-theme") == "dark"
