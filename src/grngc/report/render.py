"""A page that stands alone: styles, scripts and data inside, nothing fetched, and a policy that lets nothing else in.

The Content-Security-Policy names every script and style by its hash and allows no connection, so that nothing a series
is called can run or fetch anything; what is drawn is drawn from JSON in which ``<`` is escaped.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ..errors import InputError
from ..folders import check_file_to_write
from ..labels import clipped
from ..storage import write_atomically

NETWORK = "cytoscape.min.js"

SHARED = (NETWORK, "page.js", "pairs.js", "charts.js", "sortable.js")

SCRIPTS = (*SHARED, "heat.js", "network.js", "details.js", "table.js", "courses.js")
"""Of a page about a run, in the order they run in."""

SUBJECTS = (*SHARED, "strip.js", "subjects.js", "heat.js", "network.js", "details.js", "table.js")
"""Of a page about several subjects."""

TABLES = ("page.js", "sortable.js", "strip.js")
"""Of pages of tables, before their own."""

STYLES = ("page.css",)

CYTOSCAPE_ID = "__________cytoscape_stylesheet"

CYTOSCAPE_STYLE = ".__________cytoscape_container { position: relative; }"
"""What cytoscape.js would put into the page by itself, which the policy forbids: it looks whether it is there."""

LONGEST_WORD = 60
"""Characters of a word, a name mostly, in a sentence."""

CITATION = (
    ("The method", "M. Liu, D. Wen, X. Yang, Y. Xu, Z. Li, Z. Si, X. Yang, Z. Zhao: Gradient Regularization-based "
     "Neural Granger Causality. arXiv:2507.11178, 2025."),
    ("The software", "The grngc authors: grngc: which series drives which, from the input gradients of one "
     "forecaster. Version {version}."),
)  # fmt: skip


def run_page(report: Mapping[str, Any]) -> str:
    """Return the page about a run, from :func:`grngc.report.summarise_run`."""
    return page("run.html", SCRIPTS, report)


def group_page(report: Mapping[str, Any]) -> str:
    """Return the page about several subjects, from :func:`grngc.report.summarise_subjects`."""
    return page("group.html", SUBJECTS, report)


def comparison_page(report: Mapping[str, Any]) -> str:
    """Return the page about what differs, from :func:`grngc.report.summarise_changes`."""
    return page("comparison.html", (*TABLES, "changes.js"), report)


def benchmarks_page(report: Mapping[str, Any]) -> str:
    """Return the page of benchmark tables, from :func:`grngc.bench.summary.summarise_tables`."""
    return page("benchmarks.html", (*TABLES, "benchmarks.js"), report)


def page(template: str, scripts: Sequence[str], report: Mapping[str, Any]) -> str:
    """Return a page of a template with its scripts, styles and data inside it.

    Parameters
    ----------
    template : str
        File in ``templates``, which extends ``base.html``.
    scripts : sequence of str
        Files in ``assets``, run in this order at the end of the page.
    report : mapping
        ``head``, for the template, where text is escaped, with ``versions``; and ``data``, plain, which the scripts
        read from the element ``data``.
    """
    head, data = report["head"], report["data"]
    version = head["versions"].get("grngc", "")
    drawn = {CYTOSCAPE_ID: CYTOSCAPE_STYLE} if NETWORK in scripts else {}
    styles = [*drawn.items(), *(("", asset(name)) for name in STYLES)]
    codes = [asset(name) for name in scripts]
    policy = {
        "default-src": "'none'",
        "script-src": " ".join(map(source_hash, codes)),
        "style-src": " ".join(source_hash(text) for _, text in styles),
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    content = (
        _environment()
        .get_template(template)
        .render(
            head=head,
            data=data,
            cite=_citation(head.get("reference"), version),
            version=version,
            policy="; ".join(f"{name} {value}" for name, value in policy.items()),
            styles=[(name, Markup(text)) for name, text in styles],
            scripts=[Markup(text) for text in codes],
            json=Markup(json_for_html(data)),
        )
    )
    return content.encode(errors="backslashreplace").decode()


def _citation(reference: str | None, version: str) -> dict[str, str]:
    """Return what to cite; ``reference`` is that of another method, empty where it has no one paper."""
    cited = {name: text.format(version=version) for name, text in CITATION}
    if reference is not None:
        cited["The method"] = reference or "A textbook method; it has no one paper."
    return cited


def write_page(path: Path | str, content: str, overwrite: bool = False) -> Path:
    """Write a page; a file that is there is refused unless ``overwrite``."""
    path = check_file_to_write(path, overwrite)
    try:
        return write_atomically(path, content)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from error


def json_for_html(data: Any) -> str:
    """Return JSON that ends no script element and opens no comment, whatever is in it."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def source_hash(text: str) -> str:
    """Return the hash of an inline script or style as a Content-Security-Policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def asset(name: str) -> str:
    """Return the text of a file in ``assets``, with the line ends that a browser would make of them."""
    return (files(__package__) / "assets" / name).read_text(encoding="utf-8").replace("\r\n", "\n")


def legible(text: str) -> str:
    """Return a sentence without characters that do not show or that turn the direction of others; no endless words."""
    return " ".join(clipped(word, LONGEST_WORD) for word in str(text).split())


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader(__package__), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    made.filters["legible"] = legible
    return made
