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
from ..storage import write_atomically
from ..summary import shortened

SCRIPTS = ("cytoscape.min.js", "page.js", "charts.js", "heat.js", "network.js", "details.js", "table.js", "courses.js")
"""Of a page about a run, in the order they run in."""

STYLES = ("page.css",)

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
    head = report["head"]
    cite = {name: text.format(version=head["versions"].get("grngc", "")) for name, text in CITATION}
    if head["reference"] is not None:  # of another method
        cite["The method"] = head["reference"] or "A textbook method; it has no one paper."
    return page("run.html", SCRIPTS, report["data"], head=head, cite=cite)


def page(template: str, scripts: Sequence[str], data: Mapping[str, Any], **values: Any) -> str:
    """Return a page of a template with its scripts, styles and data inside it.

    Parameters
    ----------
    template : str
        File in ``templates``.
    scripts : sequence of str
        Files in ``assets``, run in this order at the end of the page.
    data : mapping
        Plain; the scripts read it from the element ``data``.
    **values
        For the template. Text is escaped.
    """
    styles = [CYTOSCAPE_STYLE, *map(asset, STYLES)]
    codes = [asset(name) for name in scripts]
    policy = {
        "default-src": "'none'",
        "script-src": " ".join(map(source_hash, codes)),
        "style-src": " ".join(map(source_hash, styles)),
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    content = (
        _environment()
        .get_template(template)
        .render(
            **values,
            data=data,
            policy="; ".join(f"{name} {value}" for name, value in policy.items()),
            styles=[Markup(text) for text in styles],
            scripts=[Markup(text) for text in codes],
            json=Markup(json_for_html(data)),
        )
    )
    return content.encode(errors="backslashreplace").decode()


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
    return " ".join(shortened(word, LONGEST_WORD) for word in str(text).split())


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader(__package__), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    made.filters["legible"] = legible
    return made
