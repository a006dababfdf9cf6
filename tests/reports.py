"""Results for reports: small runs, made once, and the same under names that try to break a page."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from typing import Any

import numpy as np

from grngc import CausalGraph, Discovery, discover

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
    graph = CausalGraph(scores, tuple(f"series {k}" for k in range(p)), scores[:, None], scores[:, None])
    found = renamed(trained().without_forecaster(), NAMES, conclusion="")
    return replace(found, graph=graph, noise_floor=0.001)


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
    graph = replace(found.graph, names=new, read_over_time=over_time)
    return replace(found, graph=graph, record=told, reader=reader)


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
