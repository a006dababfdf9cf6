import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from grngc import Discovery, GroupDiscovery, as_panel, compare
from reports import NAMES, Parsed, series, subjects, sure

MLP = ("--no-confidence", "--forecaster", "mlp", "--lag", 1, "--steps", 60, "--trajectory", "plate")


def test_report_makes_a_page_of_results(grngc: Any) -> None:
    sure().save("found")
    ran = grngc("report", "found")
    size = f"{os.path.getsize('found/report.html') / 1000:.0f} kB"
    assert (ran.code, ran.out, ran.err) == (0, f"Report in found/report.html ({size}): open it in a browser\n", "")
    page = Path("found/report.html").read_text()
    assert page == Discovery.load("found").report_html()
    assert sure().record["conclusion"] in Parsed(page).text
    refused = grngc("report", "found")
    assert refused.code == 2
    assert refused.err == (
        "grngc: error: found/report.html: exists already: choose another, or overwrite=True (--overwrite)\n"
    )
    assert grngc("report", "found", "--overwrite").code == 0
    assert grngc("report", "found", "--out", "for-anna.html").code == 0
    assert Path("for-anna.html").read_text() == page


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: None, "found: no such folder"),
        (lambda: Path("found").write_text("x"), "found: is a file, expected a folder of results"),
        (lambda: Path("found").mkdir(), "found/run.json: cannot be read"),
        (lambda: _older(), "found/run.json: has no 'candidates': written by another version? Run discover again"),
        (lambda: _older_group(), "found/group.json: has no 'converged': written by another version? Run discover"),
    ],
)
def test_what_is_no_folder_of_results_is_told_in_one_line(grngc: Any, make: Any, said: str) -> None:
    make()
    ran = grngc("report", "found")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"grngc: error: {said}")
    assert len(ran.err.splitlines()) == 1


def _older() -> None:
    sure().save("found")
    record = json.loads(Path("found/run.json").read_text())
    del record["choice"]["candidates"]
    Path("found/run.json").write_text(json.dumps(record))


def _older_group() -> None:
    subjects().save("found")
    record = json.loads(Path("found/group.json").read_text())
    del record["subjects"][0]["converged"]
    Path("found/group.json").write_text(json.dumps(record))


def test_report_of_several_subjects_is_about_what_they_have_in_common(grngc: Any) -> None:
    subjects().save("study")
    ran = grngc("report", "study")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Report in study/report.html (")
    assert Path("study/report.html").read_text() == GroupDiscovery.load("study").report_html()
    assert "exists already" in grngc("report", "study").err


def test_compare_makes_a_page_where_it_is_asked_for(grngc: Any) -> None:
    for folder in ("a", "b"):
        subjects().save(folder)
    ran = grngc("compare", "a", "b", "--out", "d.csv", "--report", "d.html")
    assert (ran.code, ran.err) == (0, "")
    assert re.search(r"All pairs in d.csv\nReport in d.html \(\d+ kB\): open it in a browser\n$", ran.out)
    assert Path("d.html").read_text() == compare("a", "b").report_html()
    assert "d.html: exists already" in grngc("compare", "a", "b", "--report", "d.html").err
    same = grngc("compare", "a", "b", "--out", "e.html", "--report", "e.html").err
    assert same == "grngc: error: e.html: --out and --report are two files; got one name for both\n"


def test_a_report_beside_results_of_other_places(grngc: Any) -> None:
    sure().save("found")
    ran = grngc("report", "found", "--out", "no/page.html")
    assert ran.code == 2
    assert ran.err == "grngc: error: no/page.html: its folder is not there, expected a file\n"


def test_discover_makes_the_page_with_the_courses_unless_told_not_to(grngc: Any, data_csv: Path) -> None:
    ran = grngc("discover", data_csv, "--out", "found", *MLP)
    assert ran.code == 0
    assert ran.out.rstrip().endswith("report.html, run.json")
    data = json.loads(Parsed(Path("found/report.html").read_text()).json)
    assert data["over_time"]["edges"]
    assert data["forecasts"]["series"]
    again = grngc("discover", data_csv, "--out", "found", "--overwrite", "--no-report", "--json", *MLP)
    assert [Path(name).name for name in json.loads(again.out)["files"]][-1] == "run.json"
    assert not Path("found/report.html").exists()  # it would be about results that are no longer there


def test_a_report_in_python_is_that_of_the_command_where_there_is_no_panel(grngc: Any) -> None:
    sure().save("found")
    grngc("report", "found")
    assert Path("found/report.html").read_text() == sure().without_forecaster().report_html()
    with_panel = Discovery.load("found", as_panel(series(), names=NAMES)).report_html()
    assert with_panel == sure().report_html()
