"""Tables: what is wrong in one is said in one line, and what a table means does not depend on how it is written."""

from pathlib import Path

import pytest

from bench_tables import SMALL, read, written
from grngc.bench import cells
from grngc.bench.cells import Cell, cells_of, check_names
from grngc.bench.compute import compute, data_digest
from grngc.bench.run import choose
from grngc.bench.table import find_table, read_table
from grngc.errors import InputError

TABLES = Path(__file__).parents[1] / "benchmarks"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("seeds = [0, 1]", "sedes = [0, 1]", r"small.toml: key 'sedes' is not known; did you mean 'seeds'\?"),
        ('chosen = "nothing"', 'choosen = "nothing"', r"rows\[1\]: key 'chosen' is missing|did you mean 'chosen'\?"),
        ("seed_option", "seed_optoin", r"columns\[2\]: key 'seed_optoin' is not known; did you mean 'seed_option'\?"),
        ('title = "Small"', "", "small.toml: key 'title' is missing"),
        ("seeds = [0, 1]", 'seeds = "0"', r"small.toml: key 'seeds': .*; got '0'"),
        ("seeds = [0, 1]", "seeds = [0, 1", "not a readable TOML table"),
        ('label = "default"', 'label = "correlation"', "row 'correlation' is there twice"),
        (
            'label = "default"',
            'label = "default, one"',
            "row 'default, one' has a comma, which tells rows apart in --rows",
        ),
        ('columns = ["var"]', 'columns = ["vra"]', r"row 'default': column 'vra' is not known; did you mean 'var'\?"),
    ],
)
def test_what_is_wrong_in_a_table_is_one_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in SMALL
    with pytest.raises(InputError, match=said) as error:
        read(tmp_path, SMALL.replace(old, new))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('datasets = ["var"]', 'datasets = ["vr"]', r"column 'var': data set 'vr' is not known; did you mean 'var'\?"),
        ("n_times = 60", "n_time = 60", r"option of var 'n_time' is not known; did you mean 'n_times'\?"),
        ('seed_option = "random_state"', 'seed_option = "subject"', "option of lorenz96 'subject' is not known"),
        ('method = "correlation"', 'method = "corelation"', r"method 'corelation' is not known; did you mean"),
        (
            'configuration = "default"',
            'configuration = "defualt"',
            r"configuration 'defualt' .* did you mean 'default'\?",
        ),
        ('chosen = "one for all"', 'chosen = ""\nparameters = { step = 3 }', r"parameter of grngc 'step' .*'steps'\?"),
        ('chosen = "one for all"', 'chosen = ""\nparameters = { steps = 0 }', "row 'default': steps must be a whole"),
        ('chosen = "one for all"', 'chosen = ""\nparameters = { random_state = 1 }', "'random_state' is not known"),
        ('chosen = "nothing"', 'chosen = ""\noracle = true', "only grngc has steps"),
        ('chosen = "nothing"', 'chosen = ""\nconfiguration = "default"', "configurations are grngc's"),
    ],
)
def test_names_that_do_not_exist_are_refused_before_anything_runs(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert old in SMALL
    with pytest.raises(InputError, match=said):
        check_names(read(tmp_path, SMALL.replace(old, new, 1)))


def test_a_table_is_found_by_name_or_path(tmp_path: Path) -> None:
    path = written(tmp_path)
    assert find_table("small", tmp_path) == path
    assert find_table(str(path), Path("nowhere")) == path
    with pytest.raises(InputError, match=r"no table 'smal'; did you mean 'small'\?"):
        find_table("smal", tmp_path)
    with pytest.raises(InputError, match="no such folder; say where the tables are with --tables"):
        find_table("small", tmp_path / "no")


def test_one_seed_where_nothing_takes_one_and_the_seed_in_the_data_where_the_column_says_so(tmp_path: Path) -> None:
    table = read(tmp_path)
    (correlation, default), (fixed, simulated) = table.rows, table.columns
    assert list(cells_of(table, correlation, fixed)) == [None]
    assert list(cells_of(table, default, fixed)) == [0, 1]
    made = cells_of(table, correlation, simulated)
    assert [[cell.dataset for cell in group] for group in made.values()] == [["lorenz96", "var"]] * 2
    assert [[cell.options["random_state"] for cell in group] for group in made.values()] == [[0, 0], [1, 1]]
    assert cells_of(table, default, simulated) == {}


def test_a_cell_holds_all_parameters_and_its_key_changes_with_each_of_its_parts(tmp_path: Path) -> None:
    table = read(tmp_path)
    cell = cells_of(table, table.rows[1], table.columns[0])[0][0]
    assert cell.parameters["steps"] == 1000
    assert "random_state" not in cell.parameters
    others = [
        Cell("lorenz96", cell.options, "grngc", cell.parameters, 0),
        Cell("var", {"n_series": 6}, "grngc", cell.parameters, 0),
        Cell("var", cell.options, "ridge_var", cell.parameters, 0),
        Cell("var", cell.options, "grngc", dict(cell.parameters) | {"steps": 999}, 0),
        Cell("var", cell.options, "grngc", cell.parameters, 1),
    ]
    keys = [cell.key("a"), cell.key("b"), *(other.key("a") for other in others)]
    assert len(set(keys)) == len(keys)
    shuffled = dict(reversed(cell.parameters.items()))
    assert Cell("var", dict(reversed(cell.options.items())), "grngc", shuffled, 0, watched=True).key("a") == keys[0]


def test_a_key_is_the_same_in_every_version() -> None:
    cell = Cell("var", {"n_series": 5}, "ridge_var", {"lag": 1, "alpha": "cv"}, 0)
    assert cell.key("00") == "1ae98ff2c48daacd4625023776f0492e"


def test_a_parameter_that_came_later_leaves_old_cells_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = read(tmp_path)
    before = cells_of(table, table.rows[1], table.columns[0])[0][0]
    monkeypatch.setitem(cells.LATER, "steps", before.parameters["steps"])
    monkeypatch.setitem(cells.LATER, "hidden", 1)
    after = cells_of(table, table.rows[1], table.columns[0])[0][0]
    assert set(before.parameters) - set(after.parameters) == {"steps"}


def test_such_a_cell_is_computed_with_the_value_that_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = 'chosen = "one for all"\nparameters = { steps = 2, hidden = 3 }'
    table = read(tmp_path, SMALL.replace('chosen = "one for all"', given))
    before = cells_of(table, table.rows[1], table.columns[0])[0][0]
    monkeypatch.setitem(cells.LATER, "hidden", 3)
    after = cells_of(table, table.rows[1], table.columns[0])[0][0]
    assert "hidden" not in after.parameters
    rows = [compute(cell, data_digest(cell)) for cell in (before, after)]
    assert rows[0]["metrics"] == rows[1]["metrics"]
    assert rows[0]["n_parameters"] == rows[1]["n_parameters"]


def test_cells_that_rows_share_are_chosen_once_and_watched_if_one_row_asks_for_it(tmp_path: Path) -> None:
    again = '\n[[rows]]\nlabel = "again"\nmethod = "grngc"\nchosen = ""\ncolumns = ["var"]\noracle = true\n'
    table = read(tmp_path, SMALL + again)
    both = choose(table, rows=["default", "again"])
    assert [(cell.seed, cell.watched) for cell in both] == [(0, True), (1, True)]
    assert [cell.seed for cell in choose(table, columns=["var"], seeds=[1])] == [None, 1]
    with pytest.raises(InputError, match=r"row 'agian' is not known; did you mean 'again'\?"):
        choose(table, rows=["agian"])


@pytest.mark.parametrize("path", sorted(TABLES.glob("*.toml")), ids=lambda path: path.stem)
def test_the_tables_of_the_project_name_what_exists(path: Path) -> None:
    table = read_table(path)
    check_names(table)
    assert len(choose(table)) >= len(table.columns)
    of_one_method = table.name in ("grngc-table6", "ablation")  # their columns stand with controls in other tables
    assert any(row.method == "correlation" for row in table.rows) or of_one_method
