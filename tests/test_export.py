"""Every format read back by a reader of its own: directions, attributes, names, which edges."""

import csv
import io
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import hypothesis
import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from grngc import CausalGraph, Discovery, Edge, InputError
from grngc.evidence import Evidence
from grngc.export import FORMATS, chosen, content, name_of_cell, tigramite_arrays, write
from grngc.export.table import cell_of
from made import discovery, graph

ONE = graph([[0, 0], [0.8, 0]], ("x", "y"))  # x -> y
NETWORKS = ("graphml", "gexf", "cytoscape", "dot")
CONTROLS = [chr(code) for code in (*range(1, 9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF)]
HOSTILE = [
    "<script>alert(1)</script>", "</script><img src=x onerror=alert(1)>", "]]>", "<![CDATA[", "<!--", "-->", "a&b",
    "&lt;", "&amp;lt;", "&#65;", "'", '"', '""', "it's", "a\"b'c", "\u202eevil", "\u200f", "\ufeffbom", "x" * 10_000,
    "a\nb", "a\rb", "a\r\nb", "\ta", "a\t", " a", "a ", "\na", "a\x85", "a\u00a0", "a\u2028", "=1", "=cmd|'/c calc'!A1",
    "+1", "-1", "@SUM(A1)", "'=1", "''", "a;=1+1", 'a";=1', "a;'b", "\t=1", "\n\r=1", "\uff1d1", "1-2", "SEPT2", "007",
    "1e5", "NA", "nan", "null", "true", "a,b", "a|b", "a:b", "a->b", "a--b", "node", "graph", "strict", "a%", "\\N",
    "\\G", "\\n", "\\\\", '\\\\"', "a\\b", "{a|b}", "[x=1]", "n0", "e0", "id", "label", "\u00e9", "e\u0301",
    "\U0001f600", "\u4e2d\u6587", "__proto__", "constructor", "a" + "\u0301" * 50, "${x}", "{{x}}", "\x7f",
]  # fmt: skip
"""Of which every format holds each."""


class Link(NamedTuple):
    source: str
    target: str
    about: dict[str, Any]


class Network(NamedTuple):
    """What a reader found: series and their attributes, links in the file's order."""

    series: dict[str, dict[str, Any]]
    links: list[Link]

    @property
    def pairs(self) -> list[tuple[str, str]]:
        return sorted((link.source, link.target) for link in self.links)


def of_networkx(network: nx.Graph) -> Network:
    assert network.is_directed()
    links = [Link(*each) for each in network.edges(data=True)]
    return Network(dict(network.nodes(data=True)), links)


def read_graphml(made: bytes) -> Network:
    return of_networkx(nx.read_graphml(io.BytesIO(made)))


def read_gexf(made: bytes) -> Network:
    return of_networkx(nx.read_gexf(io.BytesIO(made)))


def read_cytoscape(made: bytes) -> Network:
    """As cytoscape.js takes it: by ``id``; and networkx finds the same."""
    elements = json.loads(made)["elements"]
    about = [each["data"] for each in elements["edges"]]
    found = Network(
        {each["data"]["id"]: each["data"] for each in elements["nodes"]},
        [Link(each["source"], each["target"], each) for each in about],
    )
    network = nx.cytoscape_graph(json.loads(made))
    assert (set(network), sorted(network.edges)) == (set(found.series), found.pairs)
    return found


DOT = re.compile(r'\s+|"((?:\\\\|\\"|[^"\\]|\\[^"\\\n])*)"|([A-Za-z_][A-Za-z0-9_]*)|(->|[{}\[\];,=])')


def read_dot(made: bytes) -> Network:
    """Read what the language's lexer makes of it: in quotes only \\" is an escape, and \\\\ stays two characters."""
    text, tokens, at = made.decode(), [], 0
    while at < len(text):
        found = DOT.match(text, at)
        assert found, text[at : at + 60]
        assert "\0" not in found[0]
        at = found.end()
        if found[1] is not None:
            tokens.append(("id", re.sub(r"\\(\\|\")", lambda m: m[0] if m[1] == "\\" else '"', found[1])))
        elif found[2] or found[3]:
            tokens.append(("id" if found[2] else "sign", found[2] or found[3]))
    assert tokens[:3] == [("id", "digraph"), ("id", "grngc"), ("sign", "{")]
    assert tokens[-1] == ("sign", "}")
    found_in, at = Network({}, []), 3
    while at < len(tokens) - 1:
        end = tokens.index(("sign", ";"), at)
        statement, at = tokens[at:end], end + 1
        opened = statement.index(("sign", "["))
        assert statement[-1] == ("sign", "]")
        pairs = statement[opened + 1 : -1]
        assert all(pairs[n + 1] == ("sign", "=") for n in range(0, len(pairs), 4))
        about = {pairs[n][1]: pairs[n + 2][1] for n in range(0, len(pairs), 4)}
        ids = statement[:opened]
        if len(ids) == 1:
            found_in.series[ids[0][1]] = about
        else:
            assert ids[1] == ("sign", "->")
            found_in.links.append(Link(ids[0][1], ids[2][1], about))
    return found_in


def shown(label: str) -> str:
    """Return what Graphviz draws of a label: escapes and entities undone."""
    escapes = {"n": "\n", "\\": "\\", '"': '"'}
    return re.sub(r"\\(.)", lambda found: escapes[found[1]], label).replace("&amp;", "&")


def read_csv(made: bytes) -> Network:
    rows = list(csv.DictReader(io.StringIO(made.decode("utf-8-sig"), newline="")))
    links = [Link(name_of_cell(row["source"]), name_of_cell(row["target"]), dict(row)) for row in rows]
    return Network({}, links)


def read_tigramite(made: bytes) -> Network:
    arrays = np.load(io.BytesIO(made), allow_pickle=False)
    names = arrays["var_names"].tolist()
    links = []
    for i, j, lag in np.argwhere(arrays["graph"] != ""):
        about = {"score": abs(arrays["val_matrix"][i, j, lag]), "lag": lag, "link": arrays["graph"][i, j, lag]}
        links.append(Link(names[i], names[j], about))
    return Network({name: {} for name in names}, links)


def read_npz(made: bytes) -> Network:
    arrays = np.load(io.BytesIO(made), allow_pickle=False)
    assert arrays["orientation"] == "[target, source]"
    names = arrays["names"].tolist()
    links = []
    for j, i in np.argwhere(arrays["edges"]):
        about = {key: arrays[key + "s"][j, i].item() for key in ("score", "lag")}
        about |= {key: arrays[key][j, i].item() for key in ("p", "q", "frequency", "selected")}
        links.append(Link(names[i], names[j], about | {"sign": "-±+"[arrays["signs"][j, i] + 1]}))
    series = {name: {"exogenous": bool(flag)} for name, flag in zip(names, arrays["exogenous"], strict=True)}
    return Network(series, links)


READERS: dict[str, Callable[[bytes], Network]] = {
    "graphml": read_graphml, "gexf": read_gexf, "cytoscape": read_cytoscape, "dot": read_dot, "csv": read_csv,
    "tigramite": read_tigramite, "npz": read_npz,
}  # fmt: skip


def exported(found: Discovery | CausalGraph, to: str, **options: Any) -> Network:
    return READERS[to](content(found, to, chosen(found, **options)))


def sure(scores: Sequence[Sequence[float]], selected: Sequence[Sequence[int]], **more: Any) -> CausalGraph:
    """Return a graph of rain, river and mud with evidence: p is a hundredth of 1 + its place, row by row."""
    places = np.arange(9.0).reshape(3, 3)
    p = np.where(np.eye(3, dtype=bool), np.nan, (1 + places) / 100)
    same = {"p": p, "low": p, "high": p, "lag_frequency": p, "sign_frequency": p}
    evidence = Evidence(frequency=p * 10, q=2 * p, selected=np.array(selected, bool), **same)
    return replace(graph(scores), evidence=evidence, **more)


@pytest.mark.parametrize("to", FORMATS)
def test_an_arrow_runs_from_source_to_target(to: str) -> None:
    found = exported(ONE, to)
    ((source, target, about),) = found.links
    assert (source, target) == ("x", "y")
    assert float(about["score"]) == 0.8
    assert int(about["lag"]) == 1
    assert about.get("sign", "+") == "+"
    if to != "csv":
        assert list(found.series) == ["x", "y"]


@pytest.mark.parametrize("to", [to for to in FORMATS if to != "tigramite"])
def test_edges_and_series_have_their_attributes(to: str) -> None:
    made = sure([[0, 0, 0], [0.8, 0, 0], [0, 0.3, 0]], [[0, 0, 0], [1, 0, 0], [0, 1, 0]], exogenous=("rain",))
    made = replace(made, signs=-made.signs)
    found = exported(made, to)
    about = found.links[0].about
    assert found.pairs == [("rain", "river"), ("river", "mud")]
    assert [float(about[key]) for key in ("score", "frequency", "p", "q")] == [0.8, 0.4, 0.04, 0.08]
    assert (about["sign"], str(about["selected"]).lower()) == ("-", "true")
    if to == "gexf":
        assert about["weight"] == 0.8
    for name, told in found.series.items():
        assert str(told["exogenous"]).lower() == str(name == "rain").lower()
        assert told.get("label", name) == name
    assert to in ("csv", "npz") or all("label" in told for told in found.series.values())


@pytest.mark.parametrize("to", ["graphml", "gexf"])
def test_true_and_false_are_those_of_xml(to: str) -> None:
    made = content(sure([[0, 0, 0], [0.8, 0, 0], [0, 0, 0]], [[0, 0, 0], [1, 0, 0], [0, 0, 0]]), to)
    assert (made.count(b"true"), made.count(b"false")) == (2, 3)  # directed, selected; no series is exogenous
    assert b"True" not in made
    assert b"True" in content(named(["True", "False"]), to)


@pytest.mark.parametrize("to", FORMATS)
def test_what_is_not_known_is_left_out(to: str) -> None:
    about = exported(ONE, to).links[0].about
    for key in ("frequency", "p", "q"):
        assert key not in about or about[key] == "" or np.isnan(about[key])


@pytest.mark.parametrize("to", FORMATS)
def test_by_default_the_edges_that_stand_out(to: str) -> None:
    scores = [[0, 0.05, 0], [0.8, 0, 0], [0.02, 0.3, 0]]
    above = discovery(graph(scores), 0.1)
    assert exported(above, to).pairs == [("rain", "river"), ("river", "mud")]
    assert exported(discovery(graph(scores), np.inf), to).pairs == []
    known = discovery(sure(scores, [[0, 1, 0], [0, 0, 0], [0, 0, 0]]), 0.1)
    assert exported(known, to).pairs == exported(known.graph, to).pairs == [("river", "rain")]
    assert len(exported(above.graph, to).links) == 4  # a graph alone has no floor
    assert len(exported(above, to, every_pair=True).links) == 6
    assert exported(above, to, top=1).pairs == [("rain", "river")]
    assert exported(above, to, every_pair=True, min_score=0.05).pairs == [
        ("rain", "river"), ("river", "mud"), ("river", "rain"),
    ]  # fmt: skip


def test_edges_may_be_given() -> None:
    edges = AT_ONCE.edges()[2:3]
    assert exported_of(AT_ONCE, edges) == [edges[0][:2]]
    for odd in (edges * 2, [edges[0]._replace(source="sun")]):
        with pytest.raises(InputError, match="edges= takes one for each ordered pair of the graph's series"):
            content(AT_ONCE, "csv", odd)


def exported_of(found: CausalGraph, edges: Sequence[Edge]) -> list[tuple[str, str]]:
    return READERS["csv"](content(found, "csv", edges)).pairs


def test_which_edges_is_checked() -> None:
    for option, value in (("top", -1), ("top", 1.5), ("min_score", -1), ("min_score", np.nan), ("min_score", "1")):
        with pytest.raises(InputError, match=rf"{option} \(--{option.replace('_', '-')}\) .* got"):
            chosen(ONE, **{option: value})
    with pytest.raises(InputError, match="a Discovery or a CausalGraph is exported; got str"):
        chosen("results")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"to \(--to\) 'gml' is not known; choose one of graphml, gexf"):
        content(ONE, "gml")


TOGETHER = np.array([[0, 0.3, 0], [0.2, 0, -0.4], [0, -0.5, 0]])
LAGS = np.zeros((3, 2, 3))
LAGS[1, 1, 0] = 0.6  # rain drives river at lag 2
AT_ONCE = CausalGraph(
    LAGS.sum(axis=1) + abs(TOGETHER), ("rain", "river", "mud"), LAGS, LAGS, contemporaneous=TOGETHER
)  # and river moves with mud, and with rain


@pytest.mark.parametrize("to", ["graphml", "gexf", "cytoscape"])
def test_lag_0_is_marked_where_there_are_arrows_only(to: str) -> None:
    found = exported(AT_ONCE, to)
    undirected = sorted((link.source, link.target) for link in found.links if not link.about["directed"])
    assert undirected == [("mud", "river"), ("river", "mud"), ("river", "rain")]
    assert {link.about["lag"] for link in found.links if link.about["directed"]} == {2}


def test_lag_0_is_a_line_without_a_head_in_dot() -> None:
    found = exported(AT_ONCE, "dot")
    told = [(link.source, link.target, link.about["lag"], link.about.get("dir")) for link in found.links]
    assert told == [
        ("rain", "river", "2", None), ("river", "mud", "0", "none"), ("river", "rain", "0", "none"),
    ]  # fmt: skip
    assert [link.about["label"] for link in found.links] == ["lag 2, +", "lag 0, -", "lag 0, +"]
    assert found.links[1].about["score"] == "0.5"  # the stronger of two records


def test_tigramite_finds_what_it_wants() -> None:
    arrays = tigramite_arrays(AT_ONCE, chosen(AT_ONCE))
    links, values, chances = (arrays[name] for name in ("graph", "val_matrix", "p_matrix"))
    assert links.shape == values.shape == chances.shape == (3, 3, 3)
    assert links.dtype == "<U3"
    assert (links[0, 1, 2], links[1, 0, 2]) == ("-->", "")
    assert sorted(map(tuple, np.argwhere(links[:, :, 0] == "o-o").tolist())) == [(0, 1), (1, 0), (1, 2), (2, 1)]
    assert (values[0, 1, 2], values[1, 0, 2]) == (0.6, 0)
    np.testing.assert_array_equal(values[:, :, 0], values[:, :, 0].T)
    np.testing.assert_array_equal(values[:, :, 0], [[0, 0.3, 0], [0.3, 0, -0.5], [0, -0.5, 0]])
    assert np.isnan(chances).all()


def test_tigramite_has_the_sign_in_the_value_and_the_chance_of_the_pair() -> None:
    made = sure([[0.5, 0, 0], [0.8, 0, 0], [0, 0.3, 0]], [[0, 0, 0], [1, 0, 0], [0, 0, 0]])
    arrays = tigramite_arrays(replace(made, signs=-made.signs), chosen(made))
    assert arrays["val_matrix"][0, 1, 1] == -0.8
    assert arrays["val_matrix"][0, 0, 1] == -0.5  # own past: a value, no link
    assert np.argwhere(arrays["graph"] != "").tolist() == [[0, 1, 1]]
    assert arrays["p_matrix"][0, 1, 1] == 0.04
    assert np.isnan(arrays["p_matrix"][0, 0, 1])
    assert np.isnan(arrays["p_matrix"][:, :, 0]).all()  # the present was not read


def named(names: Sequence[str]) -> CausalGraph:
    """Return a ring: each series drives the next."""
    p = len(names)
    return graph(np.roll(np.eye(p), 1, axis=0) * np.linspace(1, 0.5, p), tuple(names))


def ring(names: Sequence[str]) -> list[tuple[str, str]]:
    return sorted(zip(names, [*names[1:], names[0]], strict=True))


def names_come_back(names: Sequence[str], to: str) -> None:
    found = exported(named(names), to)
    assert found.pairs == ring(names)
    assert to == "csv" or list(found.series) == list(names)
    if to in NETWORKS[:3]:
        assert [about["label"] for about in found.series.values()] == list(names)


@pytest.mark.parametrize("to", FORMATS)
def test_hostile_names_come_back_letter_for_letter(to: str) -> None:
    names_come_back(list(dict.fromkeys(HOSTILE)), to)


LETTERS = st.one_of(st.characters(exclude_categories=()), st.sampled_from("\\\"'\n\r\t ;|,=+-@%&<>[]\0\ufeffabn"))
"""Any, and those that formats have words for more often."""


@pytest.mark.parametrize("to", FORMATS)
@given(names=st.lists(st.text(LETTERS), min_size=2, max_size=4, unique=True))
@example(names=["a\\", "b"])
@example(names=["%a", "\ufeff"])
@example(names=["\x1c", " "])
@example(names=['\\\\\\"', "b"])
@example(names=[";;'=", "\t\t=x"])
def test_any_name_comes_back_or_is_refused_by_name(to: str, names: list[str]) -> None:
    refused = refusal(names, to)
    if refused is None:
        names_come_back(names, to)
        return
    assert re.match(r"series \d, .* cannot hold .*: rename it in the data", refused)
    assert "\n" not in refused
    assert any(
        not bare(name) or name[0] == "%" or name[-1] == "\\" or HARD & {*name, *pairs_in(name)} for name in names
    )


def bare(name: str) -> str:
    return "".join(name.replace("\ufeff", " ").split())


def pairs_in(name: str) -> set[str]:
    return {name[n : n + 2] for n in range(len(name))}


def refusal(names: Sequence[str], to: str) -> str | None:
    try:
        content(named(names), to)
    except InputError as error:
        return str(error)
    return None


HARD = {"\0", *CONTROLS, *map(chr, range(0xD800, 0xE000)), '\\"', "\\\n", "\\\r"}


@pytest.mark.parametrize(
    ("name", "refusing"),
    [
        ("", set(FORMATS)), ("a\ud800", set(FORMATS)), ("a\0b", {"graphml", "gexf", "dot", "csv"}),
        ("a\0", {"graphml", "gexf", "dot", "csv", "tigramite", "npz"}), ("\x07", {"graphml", "gexf"}),
        ("\x1b[31m", {"graphml", "gexf"}), ("\uffff", {"graphml", "gexf"}), ("a\\", {"dot"}), ('a\\"', {"dot"}),
        ("%s", {"dot"}), (" ", {"cytoscape"}), ("\t\r\n", {"cytoscape"}), ("\ufeff", {"cytoscape"}),
        ("a\\\nb", {"dot"}), ("a\\\\", set()), ("a\\\rb", set()),
    ],
)  # fmt: skip
@pytest.mark.parametrize("to", FORMATS)
def test_what_a_format_cannot_hold_is_refused(to: str, name: str, refusing: set[str]) -> None:
    made = named(["rain", name])
    if to not in refusing:
        names_come_back(["rain", name], to)
        return
    with pytest.raises(InputError, match=r"^series 2, ") as raised:
        content(made, to)
    others = str(raised.value).partition("or export to ")[2]
    assert set(others.split(" or ")) - {""} == set(FORMATS) - refusing


def test_the_error_says_all_in_one_line() -> None:
    with pytest.raises(InputError) as raised:
        content(named(["rain", "bell\x07"]), "graphml")
    assert str(raised.value) == (
        "series 2, 'bell\\x07': GraphML cannot hold the character U+0007: rename it in the data, or export to "
        "cytoscape or dot or csv or tigramite or npz"
    )


def test_labels_in_dot_are_drawn_as_the_name() -> None:
    names = list(dict.fromkeys(HOSTILE))
    found = exported(named(names), "dot")
    assert [shown(about["label"]) for about in found.series.values()] == names


FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def test_no_cell_of_a_table_is_a_formula() -> None:
    """Whatever sign a spreadsheet parts cells by, and though it minds no quotes that begin within a cell."""
    names = [name for name in dict.fromkeys(HOSTILE) if any(sign in name for sign in FORMULAS)]
    rows = content(named(names), "csv").decode("utf-8-sig").split("\n", 1)[1]
    for separator in (",", ";", "\t", "|"):
        read = csv.reader(io.StringIO(rows, newline=""), delimiter=separator)
        cells = [cell for row in read for cell in row]
        if separator != ",":
            cells += [cell for line in re.split("[\r\n]", rows) for cell in line.split(separator)]
        formulas = [cell for cell in cells if cell.strip('" ').startswith(FORMULAS) and cell.strip('"') not in "+-"]
        assert formulas == [], separator


@given(st.text(st.sampled_from("\"' ;|\t\r\n=+-@ab\uff1d,"), max_size=9))
@hypothesis.settings(max_examples=1000)
def test_no_part_of_a_cell_is_a_formula(name: str) -> None:
    """Though the quotes around it be overlooked; and what was added is taken off again."""
    cell = cell_of(name)
    assert name_of_cell(cell) == name
    written = '"' + cell.replace('"', '""') + '"'
    assert [part for part in re.split("[;|\t\r\n]", written) if part.strip('" ').startswith(FORMULAS)] == []


def test_a_table_opens_in_pandas() -> None:
    made = sure([[0, 0, 0], [0.8, 0, 0], [0, 0.3, 0]], [[0, 0, 0], [1, 0, 0], [0, 0, 0]])
    table = pd.read_csv(io.BytesIO(content(made, "csv", chosen(made, every_pair=True, min_score=0.1))))
    assert list(table) == ["source", "target", "lag", "score", "sign", "frequency", "p", "q", "selected"]
    assert table["selected"].tolist() == [True, False]
    assert table["q"].tolist() == [0.08, 0.16]
    assert pd.read_csv(io.BytesIO(content(ONE, "csv")))["q"].isna().all()


@pytest.mark.parametrize("to", FORMATS)
def test_the_same_graph_gives_the_same_bytes(to: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = content(ONE, to)
    monkeypatch.setattr("time.strftime", lambda *_: "2000-01-01")
    assert content(ONE, to) == before


@pytest.mark.parametrize("to", FORMATS)
def test_a_file_is_written_once(to: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert write(ONE, path, to) == path
    assert path.read_bytes() == content(ONE, to)
    with pytest.raises(InputError, match="exists already: choose another, or overwrite=True"):
        write(ONE, path, to)
    write(discovery(ONE, np.inf), path, to, overwrite=True)
    assert READERS[to](path.read_bytes()).links == []
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_places_that_take_no_file_are_refused(tmp_path: Path) -> None:
    for place, says in (
        (tmp_path, "is a folder, expected a file"), (tmp_path / "no" / "a", "its folder is not there"),
        (tmp_path / ("a" * 300), "cannot be written"), (tmp_path / "a\0", "cannot be written"),
        (Path("/dev/null"), "is a pipe or a device, expected a file"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=says):
            write(ONE, place, "csv", overwrite=True)


@pytest.mark.parametrize("name", ["edges.csv", "graph.npz", "run.json", "forecaster.safetensors"])
def test_results_are_never_replaced(tmp_path: Path, name: str) -> None:
    discovery(ONE).save(tmp_path)
    with pytest.raises(InputError, match="is one of the results themselves"):
        write(ONE, tmp_path / name, "npz", overwrite=True)


def test_a_graph_without_edges_or_of_one_series(tmp_path: Path) -> None:
    for to in FORMATS:
        assert exported(graph([[0.5]], ("alone",)), to).links == []
