"""Yes-or-no graphs in tables: whose edges they are, what stands beside an accuracy, what becomes of printed figures."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench_tables import SMALL, made_up, read
from grngc import GRNGC
from grngc.baselines import Correlation, GrangerFTest
from grngc.bench import page
from grngc.bench.cells import cells_of
from grngc.bench.claims import claim_sentence, claims, reasons
from grngc.bench.compute import compute, data_digest
from grngc.bench.decisions import DECISIONS, EMPTY, FIGURES, decided, decides
from grngc.bench.figures import METRICS, shown
from grngc.bench.lines import Line, lines_of
from grngc.bench.run import choose, plan
from grngc.bench.table import Table
from grngc.datasets import load
from grngc.errors import InputError
from grngc.metrics import score_edges

PRINTED = """table,method,dataset,metric,mean,sd,sd_over
paper,Old,var,accuracy,0.7,,
paper,Old,two,accuracy,0.9,,
paper,Old,var,auroc,0.8,,
"""
ROWS = """
[[rows]]
label = "empty graph"
method = "empty_graph"
chosen = "nothing"

[[rows]]
label = "F-test"
method = "granger_f_test"
chosen = "lag 1"
reproduces = "Old"
differs = "the paper does not say how long it trained."
"""
DECIDED = (
    SMALL.replace('title = "Small"', 'title = "Small"\npublished = "paper"\nmetrics = ["accuracy", "auroc"]') + ROWS
)


@pytest.fixture
def table(tmp_path: Path) -> Table:
    (tmp_path / "published.csv").write_text(PRINTED)
    return read(tmp_path, DECIDED)


def all_lines(table: Table, folder: Path, ours: Mapping[str, float], auroc: float = 0.5) -> list[Line]:
    """The table's lines: on column ``var`` the empty graph has 0.75, on ``two`` 0.8; the F-test has ``ours``."""
    empty = {"var": 0.75, "two": 0.8}
    rows = []
    for row in table.rows[2:]:
        for column in table.columns:
            had = empty[column.name] if row.method == EMPTY else ours[column.name]
            decision = {"rule": "", "edges": 3, "accuracy": had, "empty_accuracy": empty[column.name]}
            for group in cells_of(table, row, column).values():
                rows += [made_up(cell, auroc, decision=decision) for cell in group]
    return lines_of(table, {row["key"]: row for row in rows}, folder / "published.csv")


def test_every_name_of_a_figure_of_edges_is_one_that_is_computed() -> None:
    assert score_edges(np.eye(5), load("var", n_series=5)).keys() == FIGURES
    assert {name for name, metric in METRICS.items() if metric.place[0] == "decision"} == FIGURES


def test_each_method_decides_by_its_own_rule_and_without_the_truth() -> None:
    data = load("var", n_series=4, n_times=80, random_state=1)
    tested = GrangerFTest().fit(data.panel)
    found = decided("granger_f_test", tested, data)
    assert found == {"rule": "p is below 0.05", "edges": int((tested.p_values_ < 0.05).sum())} | score_edges(
        tested.p_values_ < 0.05, data
    )
    fitted = GRNGC(forecaster="linear", steps=50).fit(data.panel)
    above = fitted.graph_.scores > fitted.noise_floor_
    found = decided("grngc", fitted, data)
    assert found is not None
    assert found["edges"] == above.sum() > 0
    assert found["accuracy"] == score_edges(above, data)["accuracy"]
    fitted.noise_floor_ = float("nan")  # as for a forecaster that reads the record as one sequence
    assert decided("grngc", fitted, data) is None
    zeros = decided("cmlp", fitted, data)  # a method with exact zeros: what is not one is an edge
    assert zeros is not None
    assert zeros["edges"] == (fitted.graph_.scores > 0).sum()
    assert decided("correlation", Correlation().fit(data.panel), data) is None


def test_a_row_holds_its_edges_and_a_network_what_its_training_took(tmp_path: Path) -> None:
    table = read(tmp_path, DECIDED.replace('configuration = "default"', "parameters = { steps = 20, hidden = 3 }"))
    rows: dict[str, dict[str, Any]] = {}
    for cell in choose(table, columns=["var"], seeds=[0]):
        assert cell.decided is decides(cell.method)
        rows[cell.method] = compute(cell, data_digest(cell))
    assert set(rows["grngc"]["decision"]) >= {"rule", "edges", "accuracy", "mcc_full", "empty_accuracy"}
    assert rows["grngc"]["steps"] > 0
    assert {"n_parameters", "n_windows", "converged", "chosen", "oracle"} <= set(rows["grngc"])
    assert "decision" not in rows["correlation"]
    assert not {"n_parameters", "steps", "oracle"} & set(rows["correlation"])
    empty = rows["empty_graph"]
    assert empty["decision"]["edges"] == 0
    assert empty["decision"]["accuracy"] == empty["decision"]["empty_accuracy"] == 1 - empty["metrics"]["prevalence"]


def test_rows_from_before_there_were_figures_of_edges_are_computed_again_only_where_these_are_asked_for(
    tmp_path: Path, table: Table
) -> None:
    plain = read(tmp_path, SMALL, "plain")
    cells = cells_of(plain, plain.rows[1], plain.columns[0])[0]
    data = data_digest(cells[0])
    old = made_up(cells[0], 0.5, data, oracle={"step": 1})
    assert plan(cells, {old["key"]: old}).missing == []
    asked = cells_of(table, table.rows[1], table.columns[0])[0]
    ((cell, _),) = plan(asked, {old["key"]: old}).missing
    assert cell.key(data) == old["key"]
    assert cell.watched, "the new row replaces the old one, whose best step another table shows"
    assert plan(asked, {old["key"]: old | {"decision": None}}).missing == []
    line = lines_of(table, {old["key"]: old}, tmp_path / "published.csv")[1]
    assert shown(line.figures["var", "accuracy"], 3) == "missing"


def test_beside_each_accuracy_stands_that_of_the_empty_graph(tmp_path: Path, table: Table) -> None:
    lines = all_lines(table, tmp_path, {"var": 0.7, "two": 0.95})
    text = page.terminal(table, lines)
    block = text.split("\n\n")[1].splitlines()
    assert block[0] == "Accuracy / that of the empty graph"
    assert [line.split()[0] for line in block[2:]] == ["default", "empty", "F-test", "Old,"], "a correlation has none"
    assert "0.700 / 0.750" in block[-2]
    assert "0.950 / 0.800" in block[-2]
    assert "0.900 / 0.800" in block[-1], "beside what was printed too"
    assert "An edge is a pair whose p is below 0.05: F-test." in text
    assert "/" not in text.split("\n\n")[2].splitlines()[2], "nothing stands beside an AUROC"


@pytest.mark.parametrize(
    ("two", "auroc", "said"),
    [
        (0.95, 0.805, ["not a meaningful number", "exceeded", "reproduced"]),
        (0.85, 0.70, ["not a meaningful number", "not reproduced", "not reproduced"]),
    ],
)
def test_what_becomes_of_each_printed_figure(
    tmp_path: Path, table: Table, two: float, auroc: float, said: list[str]
) -> None:
    lines = all_lines(table, tmp_path, {"var": 0.99, "two": two}, auroc)
    found = claims(table, lines)
    assert [(each.column, each.metric) for each in found] == [
        ("var", "accuracy"),
        ("two", "accuracy"),
        ("var", "auroc"),
    ]
    assert [each.said for each in found] == said
    first = "Accuracy of Old printed 0.700, the empty graph has 0.750; F-test here 0.990: not a meaningful number"
    assert claim_sentence(found[0]) == first
    assert f"var: {first}" in page.terminal(table, lines, width=300)
    row = "| var, Old, Accuracy | 0.700 | 0.750 | 0.990 | **not a meaningful number** |"
    assert row in page.markdown(table, lines)
    why = ["Why F-test may fall short of Old as printed: the paper does not say how long it trained."]
    assert reasons(table, found) == (why if "not reproduced" in said else [])
    assert (why[0] in page.markdown(table, lines)) is ("not reproduced" in said)


def test_one_seed_decides_only_where_one_is_all_that_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "published.csv").write_text(PRINTED)
    capped = DECIDED.replace('reproduces = "Old"', 'reproduces = "Old"\nseeds = [0]')
    capped = capped.replace('name = "var"', 'name = "var"\nseed_option = "random_state"')
    for text, said in ((capped, "not reproduced"), (capped.replace("seeds = [0]\n", ""), "not known yet")):
        table = read(tmp_path, text)
        row, column = table.rows[-1], table.columns[0]
        cell = cells_of(table, row, column)[0][0]
        rows = {"a": made_up(cell, 0.5, decision={"accuracy": 0.5, "empty_accuracy": 0.2})}
        found = claims(table, lines_of(table, rows, tmp_path / "published.csv"))
        assert [each.said for each in found if each.column == "var"] == [said, said]


def test_a_published_method_that_is_not_there_is_refused(tmp_path: Path, table: Table) -> None:
    wrong = read(tmp_path, DECIDED.replace('reproduces = "Old"', 'reproduces = "Odl"'))
    with pytest.raises(InputError, match=r"row 'F-test': published method 'Odl' is not known; did you mean 'Old'\?"):
        claims(wrong, lines_of(wrong, {}, tmp_path / "published.csv"))


def test_decisions_are_of_methods_without_a_cut_by_the_truth() -> None:
    assert {"correlation", "lagged_correlation", "ridge_var"}.isdisjoint(DECISIONS)
