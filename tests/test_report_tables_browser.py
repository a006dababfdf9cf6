"""Pages of groups, comparisons and benchmarks in a real browser: silent, and doing what they are there for."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bench_tables import read
from grngc.bench.lines import lines_of
from grngc.bench.summary import summarise_tables
from grngc.group import group_of
from grngc.report import benchmarks_page, write_page
from reports import HOSTILE, NAMES, PRINTED, TABLE, benchmark_rows, compared, subjects

GROUND = "getComputedStyle(document.body).backgroundColor"
WIDE = "document.documentElement.scrollWidth"


@dataclass(frozen=True)
class Benchmarks:
    """Two tables, the second without what was published."""

    folder: Path
    text: str = TABLE

    def report(self, path: Path) -> Path:
        (self.folder / "published.csv").write_text(PRINTED)
        tables = [
            read(self.folder, self.text),
            read(self.folder, self.text.replace('published = "paper"', ""), "second"),
        ]
        shown = [(table, lines_of(table, benchmark_rows(), self.folder / "published.csv")) for table in tables]
        return write_page(path, benchmarks_page(summarise_tables(shown, 10)))


@pytest.fixture
def pages(tmp_path: Path) -> dict[str, Any]:
    return {"group": subjects(), "comparison": compared(), "benchmarks": Benchmarks(tmp_path)}


def texts(page: Any, query: str) -> list[str]:
    return [" ".join(text.split()) for text in page.locator(query).all_inner_texts()]


def downloaded(page: Any, button: Any) -> list[dict[str, str]]:
    with page.expect_download() as download:
        button.click()
    text = Path(download.value.path()).read_bytes().decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("kind", ["group", "comparison", "benchmarks"])
@pytest.mark.parametrize("width", [1280, 400])
def test_pages_are_silent_fit_and_wear_light_and_dark(opened: Any, pages: Any, kind: str, width: int) -> None:
    page = opened(pages[kind], width, color_scheme="dark")
    assert page.evaluate(WIDE) <= width
    assert page.evaluate(GROUND) == "rgb(15, 19, 24)"
    page.click("#theme")
    assert page.evaluate(GROUND) == "rgb(255, 255, 255)"
    assert page.locator("svg.strip .mark").count() > 0
    page.emulate_media(media="print")
    assert not page.is_visible("#theme")


def test_a_group_is_drawn_and_each_subject_of_a_pair_is_shown(opened: Any) -> None:
    found = subjects()
    page = opened(found)
    assert page.inner_text("#threshold-said") == "the one that stands out"
    page.locator("#table tbody button").first.click()
    details = page.locator("#details")
    facts = dict(zip(texts(page, "#details dt"), texts(page, "#details dd"), strict=True))
    assert facts["stands out in"] == "5 of 5 subjects"
    edge = found.edges()[0]
    assert float(facts["mean score"]) == pytest.approx(edge.mean_score, rel=1e-3)
    assert float(facts["sd over subjects"]) == pytest.approx(edge.sd, rel=1e-2)
    assert details.locator("circle.dot").count() == 5
    assert details.locator("circle.dot.open").count() == 0
    page.uncheck("#only")
    page.click("[data-key=share]")
    assert texts(page, "#table tbody td:nth-child(7)")[:3] == ["100 %", "40 %", "0 %"]
    table = downloaded(page, page.locator("#download"))
    assert [float(row["share"]) for row in table[:3]] == [1, 0.4, 0]
    assert (table[0]["source"], table[0]["target"]) == ("rain", "river")
    assert float(table[0]["mean_score"]) == pytest.approx(edge.mean_score, rel=1e-5)


def test_the_heat_map_of_a_group_shows_means_or_shares(opened: Any) -> None:
    page = opened(subjects())
    assert not page.is_visible("#heat-share")
    page.click("#view-heat")
    assert "score 0 to 0.5" in page.inner_text("#legend")
    before = page.evaluate("document.getElementById('heat-canvas').toDataURL()")
    page.click("#heat-share")
    assert page.get_attribute("#heat-share", "aria-pressed") == "true"
    assert "share of subjects, 0 to 100 %" in page.inner_text("#legend")
    assert page.evaluate("document.getElementById('heat-canvas').toDataURL()") != before
    page.focus("#heat-canvas")
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    assert page.inner_text("#heat-said").startswith("river → mud: score 0.1")
    assert page.inner_text("#heat-said").endswith(", in 40 % of the subjects")


def test_a_comparison_is_sorted_chosen_from_and_downloaded(opened: Any) -> None:
    page = opened(compared())
    assert texts(page, "#table tbody td:nth-child(1)") == ["gained"]
    assert not page.is_visible("#alike")
    page.check("#kind-same")
    assert texts(page, "#table tbody td:nth-child(1)") == ["gained", "same"]
    page.click("[data-key=score_a]")
    assert page.locator("th[aria-sort=descending]").inner_text().startswith("in A")
    assert texts(page, "#table tbody td:nth-child(2)") == ["rain", "river"]
    page.click("[data-key=status]")
    assert texts(page, "#table tbody td:nth-child(1)") == ["gained", "same"]
    page.fill("#filter", "mud")
    (row,) = downloaded(page, page.locator("#download"))
    assert (row["source"], row["target"], row["status"]) == ("river", "mud", "gained")
    assert float(row["p_familywise"]) == pytest.approx(2 / 252, rel=1e-3)


def test_a_benchmark_sorts_changes_its_figure_and_hides_kinds(opened: Any, pages: Any) -> None:
    page = opened(pages["benchmarks"])
    assert page.locator("section.benchmark").count() == 2
    labels = "#table-1 tbody th bdi"
    order = ["default", "published", "published, best step", "correlation", "GRNGC, as printed", "cMLP, as printed"]
    assert texts(page, labels) == order
    assert "picked on the truth" in page.inner_text("#table-1 tr.kind-oracle")
    assert "one for all" in page.inner_text("#table-1 tr.kind-default")
    assert texts(page, "#table-1 tr.kind-default td")[:2] == ["0.810 ± 0.014", "0.800 (1 of 2 seeds, 1 failed)"]
    assert page.locator("#table-1 tr.kind-default svg.strip .mark.open").count() == 1  # not all seeds
    assert texts(page, "#table-1 tfoot strong") == ["better", "not known yet", "worse"]
    page.focus("#table-1 [data-key=column-0]")
    page.keyboard.press("Enter")
    means = [float(text.split()[0]) for text in texts(page, "#table-1 tbody td:nth-child(2)")]
    assert means == sorted(means, reverse=True)
    assert page.evaluate("document.activeElement.dataset.key") == "column-0"
    assert page.locator("#table-1 th[aria-sort=descending]").count() == 1
    assert page.locator("#table-2 th[aria-sort]").count() == 0
    for kind in ("oracle", "published"):
        page.uncheck(f"#table-1 [data-kind={kind}]")
    assert texts(page, labels) == ["default", "published", "correlation"]
    page.select_option("#metric-1", label="Parameters of the forecaster")
    assert texts(page, labels) == ["default", "published"]  # a correlation has no parameters
    assert page.locator("#table-1 tfoot tr").count() == 0


def test_all_figures_of_a_table_are_downloaded_as_bench_table_gives_them(opened: Any, pages: Any) -> None:
    page = opened(pages["benchmarks"])
    rows = downloaded(page, page.locator("#table-1 .download"))
    assert len(rows) == 6 * 2 * 3
    (first,) = [row for row in rows if (row["row"], row["column"], row["metric"]) == ("default", "var", "auroc")]
    assert (float(first["mean"]), first["seeds"], first["kind"]) == (pytest.approx(0.81), "2", "default")


@pytest.mark.parametrize("kind", ["group", "comparison", "benchmarks"])
def test_every_control_of_these_pages_is_reached_by_tab(opened: Any, pages: Any, kind: str) -> None:
    page = opened(pages[kind])
    seen = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.id || document.activeElement.className"))
    wanted = {
        "group": {"theme", "view-network", "view-heat", "search", "threshold", "filter", "download"},
        "comparison": {"theme", "filter", "kind-gained", "kind-same", "download"},
        "benchmarks": {"theme", "metric-1", "download"},
    }
    assert wanted[kind] <= seen


@pytest.mark.parametrize("start", range(0, len(HOSTILE), 4))
def test_names_run_nothing_in_groups_and_comparisons(opened: Any, start: int) -> None:
    names = (*HOSTILE[start : start + 4], *NAMES)[:4]
    for make in (subjects, compared):
        page = opened(make(names))
        page.locator("#table tbody tr").first.hover()
        assert page.evaluate("window.broken") is None
        assert page.evaluate(WIDE) <= 1280


ALIKE = ("zo\u00e9", "zoe\u0301", "x" * 70 + "1" + "x" * 70, "x" * 70 + "2" + "x" * 70)


def test_subjects_that_look_alike_are_told_apart(opened: Any) -> None:
    found = subjects(n=4)
    page = opened(group_of(dict(zip(ALIKE, found.subjects.values(), strict=True)), {"anna": "diverged"}, {}))
    called = [text.partition(" #")[2] for text in texts(page, "#subjects tbody tr:not(.weak) bdi")]
    assert called == ["1", "2", "3", "4"]
    page.locator("#table tbody button").first.click()
    drawn = [text for text in page.locator("#details svg.chart text").all_text_contents() if "#" in text]
    assert sorted(text.partition(" #")[2] for text in drawn) == called
    assert "zo\u00e9 #1" in drawn


def test_series_that_look_alike_are_told_apart_and_found_in_groups_and_comparisons(opened: Any) -> None:
    wanted = {"zo\u00e9 #1", "zoe\u0301 #2"}
    for make in (subjects, compared):
        page = opened(make(ALIKE))
        for box in page.locator("#only:checked, #kinds input:not(:checked)").all():
            box.click()
        assert page.is_visible("#alike")
        for typed in ALIKE[:2]:
            page.fill("#filter", typed.upper())
            assert wanted <= set(texts(page, "#table tbody td.name bdi"))


def test_methods_that_look_alike_are_told_apart(opened: Any, tmp_path: Path) -> None:
    text = TABLE.replace('label = "correlation"', f'label = "{ALIKE[0]}"').replace(
        '"default"\nmethod', f'"{ALIKE[1]}"\nmethod'
    )
    page = opened(Benchmarks(tmp_path, text))
    labels = texts(page, "#table-2 tbody th bdi")
    assert {"zoe\u0301 #2", "zo\u00e9 #1", "published"} <= set(labels)
