"""Every name through every output: its own reader gives it back letter for letter, or it is refused by name."""

import csv
import io
import json
import os
import re
import shutil
import tempfile
import warnings
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import pyplot

from bench_tables import SMALL
from bench_tables import read as read_benchmark
from grngc import CausalGraph, Discovery, GroupDiscovery, InputError, as_panel, plots
from grngc.arguments import brief
from grngc.bench import page
from grngc.bench.lines import lines_of
from grngc.cli import main
from grngc.comparison import compare
from grngc.dataset import Dataset
from grngc.datasets.files import read_panel, read_truth
from grngc.datasets.writing import write_dataset
from grngc.export import FORMATS, chosen, content
from grngc.group import group_of
from grngc.labels import clipped, columns_of, isolated, told_apart
from grngc.record import conclude
from grngc.record import plain as as_json
from grngc.storage import csv_text, write_atomically
from grngc.subject_names import subject_names
from grngc.subjects import discover_group
from hostile import NAMES, legible
from reports import Parsed, renamed, sure, trained
from test_export import READERS

Names = Sequence[str]


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for no disk: thousands of files are written here."""
    monkeypatch.setattr("os.fsync", lambda _: None)


ABOUT: dict[str, Callable[[Discovery], Any]] = {
    "run": lambda found: found,
    "group": lambda found: group_of({"ann": found, "bob": found}, {}, {}),
    "comparison": lambda found: compare(found, found),
}
"""What there are pages and summaries of."""


@cache
def plain(about: str) -> Parsed:
    return Parsed(ABOUT[about](sure()).report_html())


def table(text: str, columns: Names = ("source", "target")) -> set[str]:
    """Return the names in a table, read by Python's reader and by pandas."""
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    frame = pd.read_csv(io.StringIO(text, newline=""), dtype=str, keep_default_na=False, engine="python")
    found = [{row[column] for row in rows for column in columns}, {*frame[[*columns]].to_numpy().ravel()}]
    assert "\0" in text or found[0] == found[1]
    return found[0]


def edges_csv(found: Discovery, folder: Path) -> set[str]:
    found.save(folder)
    return table((folder / "edges.csv").read_bytes().decode())


def graph_npz(found: Discovery, folder: Path) -> set[str]:
    found.graph.save(folder / "graph.npz")
    return {*CausalGraph.load(folder / "graph.npz").names}


def run_json(found: Discovery, folder: Path) -> set[str]:
    found.save(folder)
    record = json.loads((folder / "run.json").read_bytes())
    assert {*record["confidence"]["forecast_gain"]["targets"]} == {*record["data"]["series"]}
    assert Discovery.load(folder).record == record
    return {*record["data"]["series"]}


def report_html(found: Discovery, folder: Path, about: str = "run") -> set[str]:
    made, usual = Parsed(ABOUT[about](found).report(folder / "page.html").read_bytes().decode()), plain(about)
    assert (made.scripts, made.styles, made.policy) == (usual.scripts, usual.styles, usual.policy)
    warned = {tag for tag, _ in made.elements} - {tag for tag, _ in usual.elements}
    assert warned <= {"ul", "li", "strong"}
    assert legible(made.text)
    written = {as_json(name) if about == "comparison" else name: name for name in found.graph.names}  # half characters
    return {written[name] for name in json.loads(made.json)["names"]}


def group_files(found: Discovery, folder: Path) -> set[str]:
    ABOUT["group"](found).save(folder)
    again = GroupDiscovery.load(folder)
    names = {*again.graph.names}
    assert {*again.record["data"]["series"]} == names
    assert table((folder / "group_edges.csv").read_bytes().decode()) == names
    return names


def compared(found: Discovery, folder: Path) -> set[str]:
    both = ABOUT["comparison"](found)
    write_atomically(folder / "compared.csv", both.csv())
    assert {*json.loads(json.dumps(both.record))["series"]} == {*found.graph.names}
    return table((folder / "compared.csv").read_bytes().decode())


def data_set(found: Discovery, folder: Path, n_trajectories: int = 1) -> set[str]:
    """A data set's two files, as ``simulate`` writes them."""
    names, p = found.graph.names, len(found.graph.names)
    x = np.random.default_rng(0).normal(size=(n_trajectories, 9, p))
    truth = np.tri(p, dtype=bool)
    data, known = write_dataset(Dataset("made", as_panel([*x], names=names), truth), folder)
    panel = read_panel(data, trajectory="trajectory" if n_trajectories > 1 else None)
    np.testing.assert_array_equal(read_truth(known, names)[0], truth)
    np.testing.assert_array_equal(panel.trajectories[-1], x[-1])
    return {*panel.names}


def exported(to: str) -> Callable[[Discovery, Path], set[str]]:
    def read(found: Discovery, folder: Path) -> set[str]:
        links = READERS[to](content(found, to, chosen(found, every_pair=True))).links
        return {name for link in links for name in link[:2]}

    return read


OUTPUTS: dict[str, Callable[[Discovery, Path], set[str]]] = {
    "edges.csv": edges_csv, "graph.npz": graph_npz, "run.json": run_json, "report.html": report_html,
    "report of a group": lambda found, folder: report_html(found, folder, "group"),
    "report of a comparison": lambda found, folder: report_html(found, folder, "comparison"),
    "group": group_files, "compare": compared, "data set": data_set,
    "data set of two": lambda found, folder: data_set(found, folder, 2),
    **{to: exported(to) for to in FORMATS},
}  # fmt: skip

NO_TEXT = {"\ud800", "a\udfffb"}
NO_DATA = {"\0", "a\0b", "a\0", "x" * 10_000, ""}
"""What data, which are checked, never have as a name; and a table of them cannot hold."""


def refusals(output: str, names: Names, folder: Path) -> dict[str, str]:
    """Return which of the names an output refuses, and what it says; the others came back."""
    place = folder / str(sum(1 for _ in folder.iterdir()))
    place.mkdir()
    found = renamed(sure(), names)
    try:
        assert OUTPUTS[output](found, place) == {*found.graph.names}
    except InputError as error:
        if len(names) == 1:
            return {names[0]: str(error)}
        return {name: said for one in names for name, said in refusals(output, [one], folder).items()}
    return {}


def says_which(name: str, said: str) -> bool:
    """Whether an error is one line that tells which name it is about, and why."""
    told = (brief(name), "U+", "column 1 has no name", "characters")
    return legible(said) and "\n" not in said and len(said) < 500 and any(each in said for each in told)


@pytest.mark.parametrize("output", OUTPUTS)
def test_every_name_comes_back_or_is_refused_by_name_in_one_line(output: str, tmp_path: Path) -> None:
    refused: dict[str, str] = {}
    for n in range(0, len(NAMES), 3):
        refused |= refusals(output, NAMES[n : n + 3], tmp_path)
    assert [(name, said) for name, said in refused.items() if not says_which(name, said)] == []
    if output.startswith("report"):
        assert refused == {}
    elif output in FORMATS:
        assert {"", "\ud800"} <= {*refused}
        assert len(refused) < 25  # which, is in tests/test_export.py
    elif output.startswith("data set"):
        spaced = {name for name in NAMES if name != name.strip()}
        assert {*refused} == NO_TEXT | NO_DATA | spaced | ({"trajectory"} if "two" in output else set())
    else:
        assert {*refused} == NO_TEXT


LETTERS = st.one_of(st.characters(exclude_categories=()), st.sampled_from("\"'\n\r\t ;|,=<>&\0\ufeff\u202eab"))


@given(names=st.lists(st.text(LETTERS, max_size=12), min_size=2, max_size=3, unique=True))
@hypothesis.settings(max_examples=10)
def test_any_text_as_a_name(names: list[str]) -> None:
    if {*names} & {"rain", "river", "mud", "wind"}:
        return
    with tempfile.TemporaryDirectory() as folder:
        for output in OUTPUTS:
            place = Path(folder, output)
            place.mkdir()
            for name, said in refusals(output, names, place).items():
                assert says_which(name, said)
                odd = name != name.strip() or {"\0", "\\", "%"} & {*name} or not name or not name.isprintable()
                assert odd or not name.isascii() or output == "data set of two"


SHOWN: dict[str, Callable[[Discovery], str]] = {
    "summary": lambda found: found.summary(20),
    "group": lambda found: ABOUT["group"](found).summary(20),
    "comparison": lambda found: ABOUT["comparison"](found).summary(20),
    "notebook": lambda found: found.graph._repr_html_(),
    "conclusion": lambda found: conclude(
        found.graph, 0.1, found.standing_out(), found.record["training"], windows=100, fdr=0.1
    ),
    "conclusion of a group": lambda found: ABOUT["group"](found).record["conclusion"],
    **{f"page of a {about}": lambda found, of=of: Parsed(of(found).report_html()).text for about, of in ABOUT.items()},
}


@pytest.mark.parametrize("output", SHOWN)
def test_what_is_shown_moves_no_cursor_and_turns_no_direction(output: str) -> None:
    for n in range(0, len(NAMES), 3):
        text = SHOWN[output](renamed(sure(), NAMES[n : n + 3]))
        assert legible(text), NAMES[n : n + 3]
        assert "conclusion" not in output or "\n" not in text
        assert len(text) < (500 if "conclusion" in output else 60_000), NAMES[n : n + 3]
        assert "<script>" not in text or output != "notebook"


@pytest.mark.parametrize("output", ["summary", "group", "comparison"])
def test_columns_of_a_summary_stand_in_line_whatever_the_letters(output: str) -> None:
    wide = "\u4e2d\u6587\u540d\u79f0", "e\u0301te\u0301", "\U0001f600"
    text = SHOWN[output](renamed(sure(), wide))
    rows = [line for line in text.splitlines() if "  ->  " in line]
    assert len(rows) >= 3
    assert len({columns_of(row.split("->")[0]) for row in rows}) == 1
    assert len({columns_of(row) for row in rows[1:]}) == 1


def test_names_that_look_alike_are_told_apart() -> None:
    alike = ("\u00e9", "e\u0301", "a\nb", "a\\nb", f"{'x' * 30}1{'x' * 30}", f"{'x' * 30}2{'x' * 30}", "rain")
    shown = told_apart(alike, 22)
    assert [*shown][:2] == [*alike][:2]
    assert [text.partition(" #")[2] for text in shown.values()] == ["1", "2", "3", "4", "5", "6", ""]
    assert max(map(len, shown.values())) <= 22
    found = renamed(sure(), alike[:2])
    assert "\u00e9 #1" in found.summary()
    assert "<bdi>e\u0301 #2</bdi>" in found.graph._repr_html_()
    labels = [label.get_text() for label in plots.heat_map(found).get_yticklabels()]
    assert labels == ["\u00e9 #1", "e\u0301 #2", "mud", "wind"]
    assert {*labels} == {text.get_text() for text in plots.network(found, edges=found.graph.edges()).texts}


def test_the_middle_of_long_names_is_left_out_and_spaces_are_seen() -> None:
    assert clipped("temperature of sensor 17", 12) == "temper…or 17"
    assert [clipped(name, 9) for name in ("", " ", "a ", "a")] == ['""', '" "', '"a "', "a"]
    assert columns_of("e\u0301\u4e2d") == 3


PICTURES: dict[str, Callable[[Discovery, Any], Any]] = {
    "heat_map": lambda found, ax: plots.heat_map(found, ax=ax),
    "network": lambda found, ax: plots.network(found, ax=ax),
    "lag_profile": lambda found, ax: plots.lag_profile(found, *found.graph.names[:2], ax=ax),
    "coupling": lambda found, ax: plots.coupling(found, *found.graph.names[:2], ax=ax),
    "forecast": lambda found, ax: plots.forecast(found, found.graph.names[1], ax=ax),
}
"""Pictures that show names of series; labels of curves and tables are in tests/test_plots.py."""


def of(names: Names) -> CausalGraph:
    """Return a ring: each series drives the next."""
    scores = np.roll(np.eye(len(names)), 1, axis=0)
    return CausalGraph(scores, tuple(names), scores[:, None], scores[:, None])


@pytest.mark.parametrize("picture", PICTURES)
def test_pictures_show_names_as_they_are(picture: str) -> None:
    figure, ax = pyplot.subplots()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # no font has every letter
        many = picture in ("heat_map", "network")
        step = 24 if many else 2
        for n in range(0, len(NAMES), step):
            ax.clear()
            names = NAMES[n : n + step]
            PICTURES[picture](of(names) if many else renamed(trained(), names), ax)
            labels = ax.get_yticklabels() if picture == "heat_map" else []
            texts = [text for text in (*ax.texts, *labels, ax._left_title) if text.get_text()]
            assert texts
            assert not any(text.get_parse_math() or text.get_usetex() for text in texts)
            assert legible("".join(text.get_text() for text in texts).translate(dict.fromkeys((0x2068, 0x2069))))
            assert max(len(text.get_text()) for text in texts) < 70
        figure.savefig(io.BytesIO(), format="svg")
    pyplot.close(figure)


def test_an_arrow_points_to_the_target_though_names_are_written_from_right_to_left() -> None:
    hebrew = "\u05e0\u05d4\u05e8", "\u05d2\u05e9\u05dd"
    assert [isolated(name) for name in ("rain", hebrew[0])] == ["rain", f"\u2068{hebrew[0]}\u2069"]
    title = plots.lag_profile(renamed(sure(), hebrew), *hebrew).get_title(loc="left")
    assert title == f"\u2068{hebrew[0]}\u2069 → \u2068{hebrew[1]}\u2069"
    pyplot.close("all")


def test_names_that_are_no_names_are_refused_with_the_data() -> None:
    x = np.random.default_rng(0).normal(size=(9, 2))
    for name in ("", "\ud800", "x" * 1001, "b"):
        with pytest.raises(InputError) as raised:
            as_panel(x, names=[name, "b"])
        assert legible(str(raised.value))
        assert len(str(raised.value)) < 200
    x[2, 0] = np.nan
    for name in ("a\nb\x1b[31m", "\u202e" + "x" * 900):
        with pytest.raises(InputError, match="NaN or empty: 1 missing") as raised:
            as_panel(x, names=[name, "b"])
        assert legible(str(raised.value))
        assert "\n" not in str(raised.value)
        assert len(str(raised.value)) < 400
    with pytest.raises(InputError, match="names that differ") as raised:
        CausalGraph(np.zeros((999, 999)), ["x" * 999] * 999)
    assert len(str(raised.value)) < 1000


def test_subjects_are_called_as_their_files_or_refused(tmp_path: Path) -> None:
    odd = "a\nb\u202e\x1b[31m =1"
    group_of({odd: sure(), "ann": sure()}, {}, {}).save(tmp_path / "odd")
    again = GroupDiscovery.load(tmp_path / "odd")
    assert [*again.subjects] == [odd, "ann"]
    assert legible(again.summary())
    assert subject_names(["__proto__.csv", "NaN.csv"]) == ["__proto__", "NaN"]
    no_text = os.fsdecode(b"\xff")  # a file's name may be any bytes
    with pytest.raises(InputError, match=r"^'\\udcff' cannot be the name of a subject"):
        discover_group({no_text: np.zeros((9, 2)), "ann": np.zeros((9, 2))})


def test_names_through_the_commands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One file with every name that CSV can hold: what is printed is legible, what is written is read again."""
    names = [name for name in NAMES if outcome_in_csv(name)]
    assert len(names) > 80
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, len(names)))
    x[1:, 1::2] += x[:-1, ::2][:, : x[1:, 1::2].shape[1]]  # every second is driven by the one before it
    monkeypatch.chdir(tmp_path)
    write_atomically("data.csv", csv_text(names, x.tolist()))

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main([*arguments])
        out, err = capsys.readouterr()
        assert legible(out), out
        assert legible(err), err
        return code, out, err

    options = "--forecaster linear --lag 1 --no-confidence --contemporaneous no"
    code, out, _ = run("discover", "data.csv", "--out", "found", "--top", "60", *options.split())
    assert code == 0
    assert out.count("  ->  ") > 40
    assert table(Path("found/edges.csv").read_bytes().decode()) == {*names}
    assert run("report", "found", "--out", "page.html")[0] == 0
    assert run("compare", "found", "found", "--out", "compared.csv")[0] == 0
    assert table(Path("compared.csv").read_bytes().decode()) == {*names}
    for to in FORMATS:
        code, _, err = run("export", "found", "--to", to)
        assert code == 0 or (code, err.count("\n"), "cannot hold" in err) == (2, 1, True), err
    shutil.copytree("found", "other")
    assert run("score", "found", "found/edges.csv")[0] == 2


@pytest.mark.usefixtures("here")
def test_files_with_hostile_names_are_told_legibly(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    odd = "\x1b[31m\u202e\x07"
    rng = np.random.default_rng(0)
    files = [f"{odd}a.csv", "b\nc.csv"]
    for name in files:
        x = rng.normal(size=(80, 2))
        x[1:, 1] += x[:-1, 0]
        write_atomically(name, csv_text(["rain", "river"], x.tolist()))
    for arguments in (
        ["discover", *files, "--out", odd, "--forecaster", "linear", "--lag", "1", "--workers", "1"],
        ["discover", files[0], "--out", f"{odd}1", "--forecaster", "linear", "--lag", "1", "--no-confidence"],
        ["report", f"{odd}1", "--out", f"{odd}.html"],
        ["export", f"{odd}1", "--to", "dot"],
        ["compare", odd, odd, "--out", f"{odd}.csv"],
        ["export", f"{odd}none", "--to", "dot"],
    ):
        code = main(arguments)
        told = capsys.readouterr()
        assert code == (2 if "none" in arguments[1] else 0), told.err
        assert legible(told.out + told.err), arguments
        assert "\\x1b[31m" in told.out + told.err


def test_rows_of_benchmarks_are_cells_of_a_page_or_refused(tmp_path: Path) -> None:
    label = "<script>alert(1)</script> | $x$ {{ 7 }} `id`"
    table = read_benchmark(tmp_path, SMALL.replace('label = "default"', f'label = "{label}"'))
    lines = lines_of(table, {}, tmp_path / "none.csv")
    rows = [line for line in page.markdown(table, lines).splitlines() if "alert" in line and line.startswith("|")]
    assert len(rows) == len(table.metrics)
    for row in rows:
        assert "<script>" not in row
        assert len(re.split(r"(?<!\\)\|", row)) == len(table.columns) + 6
    told = list(csv.DictReader(io.StringIO(page.csv_of(table, lines), newline="")))
    assert {row["row"] for row in told} == {"correlation", label}
    for odd in ("a\\nb", "a\\u001b[31mb", "a\\u202eb"):
        with pytest.raises(InputError, match="has characters that do not show") as raised:
            read_benchmark(tmp_path, SMALL.replace('label = "default"', f'label = "{odd}"'))
        assert legible(str(raised.value))


def outcome_in_csv(name: str) -> bool:
    return name == name.strip() and "\0" not in name and 0 < len(name) <= 1000 and name.isascii() | name.isprintable()
