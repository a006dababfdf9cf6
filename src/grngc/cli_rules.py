"""Options of what is known beforehand, as parameters of the estimator."""

from pathlib import Path
from typing import Annotated, Any

import typer

from .cli_values import names
from .errors import InputError

Sources = Annotated[
    str | None,
    typer.Option(
        "--sources",
        metavar="FILE|A,B,...",
        help="Series that may drive others: their names, or a file of them, one a line.  [default: all]",
    ),
]
Forbid = Annotated[
    list[str] | None,
    typer.Option("--forbid", metavar='"A->B"', help='A cannot drive B; "*->B" or "A->*": nothing, or not anything.'),
]
Require = Annotated[
    list[str] | None,
    typer.Option("--require", metavar='"A->B"', help="A drives B: not penalised, and listed whatever its score."),
]
NeverCompared = Annotated[
    str | None,
    typer.Option("--never-compared", metavar='"A,B|C,D"', help="Groups of series; none of one drives any of another."),
]
RulesFile = Annotated[
    Path | None,
    typer.Option(
        "--rules",
        metavar="FILE",
        help="CSV with columns source, target, rule: forbidden, required or never_compared.",
    ),
]


def rules_from(
    sources: str | None,
    forbid: list[str] | None,
    require: list[str] | None,
    never_compared: str | None,
    file: Path | None,
) -> dict[str, Any]:
    """Return the parameters that the options mean; those of a file come first."""
    found: dict[str, Any] = {}
    if sources is not None:
        found["sources"] = _names_or_file(sources)
    pairs: dict[str, list[tuple[str, str]]] = {"forbidden": [], "required": []}
    if file is not None:
        from .datasets.rules import read_rules

        pairs = read_rules(file)
    pairs["forbidden"] += [_pair("--forbid", text) for text in forbid or ()]
    pairs["required"] += [_pair("--require", text) for text in require or ()]
    found |= {rule: given for rule, given in pairs.items() if given}
    if never_compared is not None:
        found["never_compared"] = [names(group) for group in never_compared.split("|")]
    return found


def _names_or_file(text: str) -> list[str] | None:
    try:
        is_file = Path(text).is_file()
    except (OSError, ValueError):  # too long for a path, or with a NUL in it
        is_file = False
    if not is_file:
        return names(text)
    from .datasets.rules import read_sources

    return read_sources(text)


def _pair(option: str, text: str) -> tuple[str, str]:
    """Return the names in ``A->B``."""
    parts = [part.strip() for part in text.split("->")]
    if len(parts) != 2 or not all(parts):
        raise InputError(
            f'{option}: expected "A->B" in quotes, source first; got {text!r} (a name that holds -> needs --rules FILE)'
        )
    return parts[0], parts[1]
