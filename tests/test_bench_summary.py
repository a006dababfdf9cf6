"""The report of benchmarks: every figure is a table's, every sentence counts them."""

import json
from pathlib import Path
from typing import Any

import pytest

from bench_tables import read
from grngc.bench.lines import lines_of
from grngc.bench.summary import summarise_tables, told
from grngc.bench.table import Table
from grngc.report import benchmarks_page
from reports import PRINTED, TABLE, benchmark_rows, check_alone


@pytest.fixture
def made(tmp_path: Path) -> tuple[Table, Any]:
    (tmp_path / "published.csv").write_text(PRINTED)
    table = read(tmp_path, TABLE)
    return table, lines_of(table, benchmark_rows(), tmp_path / "published.csv")


def test_figures_are_those_of_the_table(made: Any) -> None:
    table, lines = made
    (data,) = summarise_tables([made], 10)["data"]["tables"]
    assert data["columns"] == ["var", "=Other"]
    assert [each["more_is_better"] for each in data["metrics"]] == [True, True, False]
    for line, told_of in zip(lines, data["lines"], strict=True):
        assert (told_of["label"], told_of["kind"], told_of["chosen"]) == (line.label, line.kind, line.chosen)
        for m, metric in enumerate(table.metrics):
            for c, column in enumerate(table.columns):
                figure, shown = line.figures[column.name, metric], told_of["figures"][m][c]
                assert (shown["mean"], shown["sd"], shown["whole"]) == (figure.mean, figure.sd, figure.whole)
    by_kind = {line["kind"]: line for line in data["lines"] if line["kind"] != "published"}
    assert by_kind["default"]["figures"][0][0]["said"] == "0.810 ± 0.014"
    assert by_kind["default"]["figures"][0][1]["said"] == "0.800 (1 of 2 seeds, 1 failed)"
    assert by_kind["grngc"]["figures"][0][1]["said"] == "not run"
    assert by_kind["oracle"]["figures"][0][0]["mean"] == 0.95
    assert by_kind["control"]["figures"][2][0]["nothing"]
    assert by_kind["default"]["parameters"] == {"least": 1200, "said": "1,200"}
    assert by_kind["default"]["memory"] == {"least": 4e8, "said": "400"}
    assert by_kind["oracle"]["memory"] is None
    against = data["verdicts"][0]
    assert [each and each["said"] for each in against["The default against the best control"]] == [
        "better", "not known yet",
    ]  # fmt: skip
    assert [each and each["said"] for each in against["The default against what was published"]] == ["worse", None]
    assert data["verdicts"][2] == {}


def test_sentences_count_what_the_table_holds(made: Any) -> None:
    table, lines = made
    assert told(table, lines) == (
        "The default's AUROC, beside the best control: better in 1 of 2 columns and not known yet in 1; beside what "
        "was published: worse in 1 of 1 columns. Its AUPRC, beside the best control: better in 1 of 2 columns and not "
        "known yet in 1."
    )
    head = summarise_tables([made], 10)["head"]
    assert head["conclusion"].startswith("The default's AUROC, beside the best control: better in 1 of 2 data sets")
    assert head["also"].startswith("The default's AUPRC, beside the best control: better in 1 of 2 data sets")
    assert head["missing"] == "1 failed of 10 runs: their places say so."
    assert head["tables"][0]["missing"] == head["missing"]


def test_one_column_is_told_with_its_figures(made: Any) -> None:
    table, lines = made
    one = table.model_copy(update={"columns": table.columns[:1]})
    assert told(one, lines).startswith(
        "The default: AUROC 0.810 ± 0.014; better than the best control (correlation 0.610 ± 0.014); worse than the "
        "published figure (GRNGC 0.900 ± 0.010). AUPRC"
    )


def test_a_table_that_judges_nothing_says_which_of_ours_has_most(made: Any) -> None:
    table, lines = made
    alone = [line for line in lines if line.kind in ("default", "grngc", "oracle")]
    assert told(table, alone) == (
        "Highest AUROC of our own lines: default in 2 of 2 columns. The default is not judged here: there is no "
        "control and no published figure beside it."
    )
    assert summarise_tables([(table, alone)], 1)["head"]["conclusion"].startswith("No table here judges")


def test_missing_runs_are_counted(made: Any, tmp_path: Path) -> None:
    table, _ = made
    empty = lines_of(table, {}, tmp_path / "published.csv")
    head = summarise_tables([(table, empty)], 0)["head"]
    assert head["missing"] == "10 missing of 10 runs: their places say so."


def test_the_page_stands_alone_and_labels_what_was_picked_on_the_truth(made: Any) -> None:
    content = benchmarks_page(summarise_tables([made], 10))
    page = check_alone(content)
    assert "cytoscape" not in content
    assert json.loads(page.json) == summarise_tables([made], 10)["data"]
    assert "Small <b>&amp;" in page.text
    assert "pick the training step on it" in page.text
