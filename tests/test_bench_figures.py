"""From rows to pages: means and deviations, what is missing, what was published, verdicts."""

from pathlib import Path

import numpy as np
import pytest

from bench_tables import SMALL, made_up, read
from grngc.bench import page
from grngc.bench.cells import cells_of
from grngc.bench.figures import Figure, shown
from grngc.bench.lines import lines_of, on_other_data
from grngc.bench.table import Table
from grngc.bench.verdict import compare, verdicts
from grngc.errors import InputError

PRINTED = """table,method,dataset,metric,mean,sd,sd_over
paper,GRNGC,var,auroc,0.8,0.02,runs
paper,GRNGC,other,auroc,0.1,,
paper,cMLP,var,auroc,0.7,,
"""


@pytest.fixture
def table(tmp_path: Path) -> Table:
    (tmp_path / "published.csv").write_text(PRINTED)
    return read(tmp_path, SMALL.replace('title = "Small"', 'title = "Small"\npublished = "paper"'))


def test_means_over_data_sets_then_over_seeds(tmp_path: Path, table: Table) -> None:
    correlation, two = table.rows[0], table.columns[1]
    values = iter([0.5, 0.7, 0.9, 0.9])
    rows = [made_up(cell, next(values)) for group in cells_of(table, correlation, two).values() for cell in group]
    line = lines_of(table, {row["key"]: row for row in rows}, tmp_path / "published.csv")[0]
    figure = line.figures["two", "auroc"]
    assert figure.values == pytest.approx({0: 0.6, 1: 0.9})
    assert figure.mean == pytest.approx(0.75)
    assert figure.sd == pytest.approx(0.2121, abs=1e-4)
    assert line.seconds == (2.0,)
    assert line.spent == 8.0
    assert line.figures["var", "auroc"].mean is None


def test_what_is_missing_failed_half_done_or_not_run_is_said(tmp_path: Path, table: Table) -> None:
    default, fixed = table.rows[1], table.columns[0]
    first, second = (group[0] for group in cells_of(table, default, fixed).values())
    rows = {"a": made_up(first, 0.7), "b": made_up(second, 0.0, status="failed", metrics={})}
    path = tmp_path / "published.csv"
    assert shown(lines_of(table, {}, path)[1].figures["var", "auroc"], 3) == "missing"
    assert shown(lines_of(table, {"a": rows["a"]}, path)[1].figures["var", "auroc"], 3) == "0.700 (1 of 2 seeds)"
    assert shown(lines_of(table, {"b": rows["b"]}, path)[1].figures["var", "auroc"], 3) == "failed"
    assert shown(lines_of(table, rows, path)[1].figures["two", "auroc"], 3) == "not run"
    text = page.csv_of(table, lines_of(table, {}, path))
    assert "small,var,default,default,one for all,auroc,,,0,0" in text.splitlines()
    assert ",0.0," not in text


def test_a_group_with_one_data_set_missing_has_no_mean_for_that_seed(tmp_path: Path, table: Table) -> None:
    cells = [cell for group in cells_of(table, table.rows[0], table.columns[1]).values() for cell in group]
    rows = {str(n): made_up(cell, 0.5) for n, cell in enumerate(cells[:3])}
    figure = lines_of(table, rows, tmp_path / "published.csv")[0].figures["two", "auroc"]
    assert list(figure.values) == [0]


def test_the_oracle_is_a_line_of_its_own(tmp_path: Path) -> None:
    table = read(tmp_path, SMALL.replace('label = "default"', 'label = "default"\noracle = true'))
    cell = cells_of(table, table.rows[1], table.columns[0])[0][0]
    row = made_up(cell, 0.6, oracle={"step": 3, "metrics": {"auroc": 0.9, "auprc": 0.8}, "curve": []})
    lines = lines_of(table, {"a": row}, tmp_path / "none.csv")
    assert [line.kind for line in lines] == ["control", "default", "oracle"]
    assert [line.figures["var", "auroc"].mean for line in lines[1:]] == [0.6, 0.9]
    assert lines[2].chosen == "oracle"


def test_what_was_published_stands_below_with_its_own_deviation(tmp_path: Path, table: Table) -> None:
    *_, ours, other = lines_of(table, {}, tmp_path / "published.csv")
    assert [(line.label, line.kind) for line in (ours, other)] == [
        ("GRNGC, as printed", "published"),
        ("cMLP, as printed", "published"),
    ]
    assert shown(ours.figures["var", "auroc"], 3) == "0.800 ± 0.020"
    assert shown(other.figures["var", "auroc"], 3) == "0.700"
    assert shown(ours.figures["var", "auprc"], 3) == "-"
    assert page.terminal(table, [ours]).count("as printed") == 1  # not in the block of a metric that it has not


@pytest.mark.parametrize("wrong", ["paper,GRNGC,var,auprc,much,,\n", "paper,GRNGC,var,auprc\n"])
def test_a_bad_published_figure_is_one_line(tmp_path: Path, table: Table, wrong: str) -> None:
    (tmp_path / "published.csv").write_text(PRINTED + wrong)
    with pytest.raises(InputError, match=r"published\.csv: no table of published figures"):
        lines_of(table, {}, tmp_path / "published.csv")


@pytest.mark.parametrize(
    ("ours", "other", "said"),
    [
        ({0: 0.80, 1: 0.80}, {None: 0.70}, "better"),
        ({0: 0.80, 1: 0.80}, {None: 0.90}, "worse"),
        ({0: 0.80, 1: 0.80}, {None: 0.809}, "equal within noise"),
        ({0: 0.70, 1: 0.90}, {None: 0.70}, "equal within noise"),
        # the same seeds: 0.05 better on each, however far the seeds are apart
        ({0: 0.70, 1: 0.90}, {0: 0.65, 1: 0.85}, "better"),
        ({0: 0.70, 1: 0.90}, {0: 0.85, 1: 0.65}, "equal within noise"),
        # two seeds 0.002 apart: one degree of freedom, 12.7 standard errors
        ({0: 0.801, 1: 0.803}, {None: 0.790}, "equal within noise"),
        ({0: 0.801, 1: 0.803}, {None: 0.785}, "better"),
        ({None: 0.80}, {None: 0.70}, "better"),
        ({0: 0.80}, {None: 0.70}, "not known yet"),
        ({}, {None: 0.70}, "not known yet"),
    ],
)
def test_a_verdict_needs_more_than_chance_and_more_than_a_hundredth(
    ours: dict[int | None, float], other: dict[int | None, float], said: str
) -> None:
    wanted = 1 if ours == {None: 0.80} else 2
    assert compare(Figure(ours, wanted), Figure(other, len(other))) == said


def test_a_published_deviation_counts_as_one_of_five_runs() -> None:
    ours = Figure({0: 0.80, 1: 0.80}, 2)
    assert compare(ours, Figure({None: 0.73}, printed_sd=0.05)) == "better"  # 2.78 * 0.05 / sqrt(5) = 0.062
    assert compare(ours, Figure({None: 0.75}, printed_sd=0.05)) == "equal within noise"
    assert compare(ours, Figure({None: 0.75}, printed_sd=0.05, sd_over="networks")) == "better"


@pytest.mark.parametrize("paired", [True, False])
def test_equal_methods_are_told_apart_once_in_twenty(paired: bool) -> None:
    draw = np.random.default_rng(0)
    said = []
    for _ in range(2000):
        ours, other = (Figure(dict(enumerate(row)), 5) for row in draw.normal(0.5, 0.1, size=(2, 5)).tolist())
        if not paired:
            other = Figure({None: other.mean or 0.0}, printed_sd=other.sd)
        said.append(compare(ours, other))
    wrong = 1 - said.count("equal within noise") / len(said)
    assert 0.025 < wrong < 0.065  # Welch's interval is a little wide for five runs


def test_a_control_that_is_not_whole_leaves_the_verdict_open(tmp_path: Path, table: Table) -> None:
    another = 'label = "other"\nmethod = "lagged_correlation"\nchosen = "-"\n\n[[rows]]\nlabel = "default"'
    table = read(tmp_path, SMALL.replace('label = "default"', another))
    ours = [group[0] for group in cells_of(table, table.rows[2], table.columns[0]).values()]
    controls = [cells_of(table, row, table.columns[0])[None][0] for row in table.rows[:2]]
    rows = [*(made_up(cell, 0.9) for cell in ours), made_up(controls[0], 0.5)]
    path = tmp_path / "published.csv"
    said = [
        verdicts(table, lines_of(table, {row["key"]: row for row in there}, path))[0].rivals[0].said
        for there in (rows, [*rows, made_up(controls[1], 0.6)])
    ]
    assert said == ["not known yet", "better"]


def test_runs_that_are_the_same_are_said_to_be_and_have_no_deviation(tmp_path: Path, table: Table) -> None:
    cells = [group[0] for group in cells_of(table, table.rows[1], table.columns[0]).values()]
    rows = {cell.identity: made_up(cell, 0.7) for cell in cells}
    text = page.terminal(table, lines_of(table, rows, tmp_path / "published.csv"))
    assert "0.700" in text
    assert "0.700 ±" not in text
    assert "2, the same" in text


def test_times_are_the_least_and_watching_is_not_counted(tmp_path: Path) -> None:
    table = read(tmp_path, SMALL.replace('title = "Small"', 'title = "Small"\nmetrics = ["auroc", "seconds_per_step"]'))
    cells = [group[0] for group in cells_of(table, table.rows[1], table.columns[0]).values()]
    watched = {"oracle": {"step": 3, "metrics": {}}, "wall_seconds": 500.0}
    rows = {
        c.identity: made_up(c, 0.7, seconds_per_step=t, **watched) for c, t in zip(cells, (0.02, 0.01), strict=True)
    }
    line = lines_of(table, rows, tmp_path / "published.csv")[1]
    assert shown(line.figures["var", "seconds_per_step"], 3) == "0.010"
    assert line.seconds == pytest.approx((0.015 * 1000,))  # the default's steps
    assert line.spent == 1000.0


def test_sentences_are_wrapped(tmp_path: Path) -> None:
    table = read(tmp_path, SMALL.replace('title = "Small"', 'title = "Small"\nnotes = ["' + "word " * 40 + '"]'))
    text = page.terminal(table, lines_of(table, {}, tmp_path / "published.csv"), width=60)
    assert max(len(line) for line in text.splitlines() if "word" in line) <= 60


def test_the_default_is_judged_against_the_best_control_and_the_claim(tmp_path: Path, table: Table) -> None:
    cells = [group[0] for group in cells_of(table, table.rows[1], table.columns[0]).values()]
    control = cells_of(table, table.rows[0], table.columns[0])[None][0]
    rows = [made_up(cell, 0.85) for cell in cells] + [made_up(control, 0.9)]
    lines = lines_of(table, {row["key"]: row for row in rows}, tmp_path / "published.csv")
    said = {
        (each.column, each.metric, rival.kind): rival.said for each in verdicts(table, lines) for rival in each.rivals
    }
    assert said["var", "auroc", "best control"] == "worse"
    assert said["var", "auroc", "published"] == "better"
    assert ("var", "auprc", "published") not in said
    told = "worse than the best control (correlation 0.900); better than the published figure (GRNGC 0.800 ± 0.020)"
    assert f"var: AUROC 0.850; {told}" in page.terminal(table, lines, width=300)
    row = "| var, AUROC | 0.850 | correlation 0.900 | **worse** | 0.800 ± 0.020 | **better** |"
    assert row in page.markdown(table, lines)


def test_a_row_that_is_run_nowhere_is_not_taken_for_the_default(tmp_path: Path) -> None:
    unreleased = (
        '[[rows]]\nlabel = "published"\nmethod = "grngc"\ncolumns = []\nelsewhere = "not released"\nchosen = "-"\n\n'
    )
    before = '[[rows]]\nlabel = "default"'
    table = read(tmp_path, SMALL.replace(before, unreleased + before))
    cells = [group[0] for group in cells_of(table, table.rows[2], table.columns[0]).values()]
    cells += [group[0] for group in cells_of(table, table.rows[0], table.columns[0]).values()]
    rows = {row["key"]: row for row in (made_up(cell, 0.85) for cell in cells)}
    lines = lines_of(table, rows, tmp_path / "published.csv")
    assert [line.kind for line in lines] == ["control", "grngc", "default"]
    assert {verdict.ours.mean for verdict in verdicts(table, lines) if verdict.column == "var"} == {0.85, 0.425}


def test_results_on_other_data_are_told(tmp_path: Path, table: Table) -> None:
    cell = cells_of(table, table.rows[0], table.columns[0])[None][0]
    rows = {row["key"]: row for row in (made_up(cell, 0.5, "1"), made_up(cell, 0.6, "2"))}
    assert on_other_data(rows) == ["var n_series=5 n_times=60, correlation: results on 2 versions of the data"]
    first = min(rows.values(), key=lambda row: row["key"])
    line = lines_of(table, rows, tmp_path / "published.csv")[0]
    assert line.figures["var", "auroc"].mean == first["metrics"]["auroc"]


def test_how_to_make_a_row_again_is_said_with_its_cost_once_the_row_is_whole(tmp_path: Path, table: Table) -> None:
    cells = [group[0] for group in cells_of(table, table.rows[1], table.columns[0]).values()]
    rows = {cell.identity: made_up(cell, 0.7, wall_seconds=600.0) for cell in cells}
    path = tmp_path / "published.csv"
    told = 'grngc bench run small --rows "default" --results again`, about 10 min on two cores'
    assert told in page.markdown(table, lines_of(table, rows, path))
    assert told in page.terminal(table, lines_of(table, rows, path))
    del rows[cells[0].identity]
    assert "again" not in page.markdown(table, lines_of(table, rows, path))
