"""Results for reports: small runs, made once, and the same under names that try to break a page."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from bench_tables import made_up, read
from grngc import CausalGraph, Discovery, GroupDiscovery, InputError, compare, discover
from grngc.bench.cells import cells_of
from grngc.bench.compute import failed
from grngc.comparison import Comparison
from grngc.group import group_of
from grngc.report.render import source_hash
from made import discovery, graph

NAMES = ("rain", "river", "mud", "wind")

HOSTILE = (
    "<script>window.broken = 1</script>",
    "</script><script>window.broken = 2</script>",
    "\"'><img src=x onerror=window.broken=3>",
    "]]><!-- --><![CDATA[",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt;",
    "<b>",
    "‮live",
    "=HYPERLINK(\"http://evil.example/\",\"x\")",
    "@SUM(1)",
    "a,b\n\"c\"\r\nd\\",
    "long" * 2500,
    "",
    " ",
    "\x00\x1b[31m",
    "\ud800",
    "__proto__",
    "url(http://evil.example/x.png)",
)  # fmt: skip


@cache
def series() -> np.ndarray:
    """Rain drives river at lag 1, upwards, and river drives mud, downwards."""
    x = np.random.default_rng(0).normal(size=(240, 4))
    for t in range(1, len(x)):
        x[t, 1] += 1.5 * x[t - 1, 0]
        x[t, 2] -= 0.8 * x[t - 1, 1]
    return x


@cache
def sure() -> Discovery:
    """Return a linear run with confidence and a path of penalties; its edges are rain -> river -> mud."""
    return discover(series(), names=NAMES, forecaster="linear", lag=2, contemporaneous=False, workers=1)


@cache
def trained() -> Discovery:
    """Return a run whose forecaster was trained, without confidence."""
    return discover(
        series(), names=NAMES, forecaster="mlp", lag=2, steps=120, confidence=False, contemporaneous=False
    )  # fmt: skip


@cache
def nothing() -> Discovery:
    """Return a run on noise."""
    x = np.random.default_rng(3).normal(size=(120, 4))
    return discover(x, names=NAMES, forecaster="linear", lag=1, contemporaneous=False, workers=1)


def many() -> Discovery:
    """Return results of a hundred series: 150 edges, of scores 0.0066 to 1, in a ring and across it."""
    p, n = 100, 150
    scores = np.zeros((p, p))
    for k in range(n):
        scores[(k + 1) % p if k < p else (k + 37) % p, k % p] = 1 - k / n
    drawn = CausalGraph(scores, tuple(f"series {k}" for k in range(p)), scores[:, None], scores[:, None])
    found = renamed(trained().without_forecaster(), NAMES, conclusion="")
    return replace(found, graph=drawn, noise_floor=0.001)


def subjects(names: Sequence[str] = NAMES, n: int = 5) -> GroupDiscovery:
    """Return subjects with rain -> river in all of them and river -> mud in two; one more diverged."""
    rng = np.random.default_rng(1)
    scores = np.abs(rng.normal(0, 0.02, (n, 4, 4)))
    scores[:, 1, 0] = np.linspace(0.4, 0.6, n)
    scores[:2, 2, 1] = 0.3
    signs = np.sign(rng.normal(size=(4, 4)))
    signs[1, 0] = 1
    found = {
        f"s{k}": discovery(graph(each, tuple(names), signs), windows=100 + 40 * (k == 0))
        for k, each in enumerate(scores)
    }
    return group_of(found, {"zoe": f"diverged on {names[0]}"}, {"started": "2026-01-01T00:00:00", "seconds": 1.0})


def compared(names: Sequence[str] = NAMES) -> Comparison:
    """Return what differs between five subjects and five others: river -> mud gained, rain -> river the same."""
    a, b = subjects(names), subjects(names)
    more = {name: replace(found, graph=_with_mud(found.graph)) for name, found in b.subjects.items()}
    return compare(a, group_of(more, {}, {}))


def _with_mud(found: CausalGraph) -> CausalGraph:
    scores = found.scores.copy()
    scores[2, 1] = 0.8
    return graph(scores, found.names)


TABLE = """
title = "Small <b>&amp;"
published = "paper"
metrics = ["auroc", "auprc", "n_parameters"]
notes = ["</script><script>window.broken = 1</script>"]
seeds = [0, 1]

[[columns]]
name = "var"
datasets = ["var"]
seed_option = "random_state"

[[columns]]
name = "other"
label = "=Other"
datasets = ["lorenz96"]
seed_option = "random_state"

[[rows]]
label = "correlation"
method = "correlation"
chosen = "nothing to choose"

[[rows]]
label = "default"
method = "grngc"
configuration = "default"
chosen = "one for all"

[[rows]]
label = "published"
method = "grngc"
configuration = "published"
chosen = "the authors'"
columns = ["var"]
elsewhere = "not run"
oracle = true
"""

PRINTED = """table,method,dataset,metric,mean,sd,sd_over
paper,GRNGC,var,auroc,0.9,0.01,runs
paper,cMLP,var,auroc,0.7,,
"""


@cache
def benchmark_rows() -> dict[str, dict[str, Any]]:
    """Return made-up results of :data:`TABLE`: ours 0.80 and 0.82, the control 0.6, and one run of "other" failed."""
    found = {}
    with TemporaryDirectory() as folder:
        table = read(Path(folder), TABLE)
    for row, area in zip(table.rows, (0.6, 0.8, 0.7), strict=True):
        for column in table.columns_of(row):
            for seed, (cell,) in cells_of(table, row, column).items():
                areas = {"auroc": area + 0.02 * (seed or 0), "auprc": area / 2}
                values: dict[str, Any] = {"metrics": areas, "peak_memory": 400_000_000}
                if row.method == "grngc":
                    best = {"metrics": {"auroc": 0.95, "auprc": 0.5}} if row.oracle else None
                    values |= {"n_parameters": 1200, "oracle": best, "seconds_per_step": 0.1}
                made = made_up(cell, area, **values)
                if row.label == "default" and column.name == "other" and seed == 1:
                    made = failed(cell, "d" * 64, InputError("too short"))
                found[made["key"]] = made
    return found


def renamed(found: Discovery, names: Sequence[str], **record: Any) -> Discovery:
    """Return results whose first series have other names, everywhere; and with other entries of the record."""
    old = found.graph.names
    new = tuple(names) + old[len(names) :]
    told = {**found.record, **record}
    told["data"] = {**told["data"], "series": list(new), "origin": f"{new[0]}.csv"}
    if told["confidence"]:
        gain = told["confidence"]["forecast_gain"]
        targets = {name: gain["targets"][before] for name, before in zip(new, old, strict=True)}
        told["confidence"] = {**told["confidence"], "forecast_gain": {**gain, "targets": targets}}
    told["conclusion"] = f"1 of 12 ordered pairs stands out: {new[0]} -> {new[1]} (lag 1, +)."
    told["warnings"] = [f"series {name!r} is odd: {name}" for name in new]
    reader = None if found.reader is None else replace(found.reader, panel=replace(found.reader.panel, names=new))
    over_time = None if reader is None else reader.over_time
    drawn = replace(found.graph, names=new, read_over_time=over_time)
    return replace(found, graph=drawn, record=told, reader=reader)


def check_alone(content: str) -> "Parsed":
    """Fail unless a page stands alone, and its policy names every script and style of it; return what it is made of."""
    page = Parsed(content)
    directives = dict(part.split(" ", 1) for part in page.policy.split("; "))
    assert directives["default-src"] == "'none'"
    assert [source_hash(text) for text in page.scripts] == directives["script-src"].split()
    assert [source_hash(text) for text in page.styles] == directives["style-src"].split()
    assert "unsafe" not in page.policy
    for tag, attributes in page.elements:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base", "form"}
        assert not {"src", "style", "srcset", "action"} & set(attributes)
        assert (attributes.get("href") or "#").startswith("#")
        assert not [name for name in attributes if name.startswith("on")]
    assert not re.search(r"url\(|@import", "".join(page.styles))
    return page


class Parsed(HTMLParser):
    """What a page is made of: elements with their attributes, texts of scripts and styles, all other text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, Mapping[str, str | None]]] = []
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self.json = ""
        self.text = ""
        self._within: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._within = [tag, dict(attrs).get("type") or ""]
        if tag == "script" and not self._within[1]:
            self.scripts.append("")
        if tag == "style":
            self.styles.append("")

    def handle_endtag(self, tag: str) -> None:
        self._within = []
        self.text += " "

    def handle_data(self, data: str) -> None:
        match self._within:
            case ["script", "application/json"]:
                self.json += data
            case ["script", _]:
                self.scripts[-1] += data
            case ["style", _]:
                self.styles[-1] += data
            case _:
                self.text += data

    @property
    def policy(self) -> str:
        """The Content-Security-Policy."""
        (found,) = [a["content"] for tag, a in self.elements if a.get("http-equiv") == "Content-Security-Policy"]
        return found or ""
