"""What is said on the command line, as values: one reading for each kind of option."""

import csv
import re
from collections.abc import Callable, Collection
from typing import Annotated, Any

import typer

from .arguments import brief
from .errors import InputError

Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        metavar="N",
        help="How many run side by side, one thread each.  [default: all processors; with --address, all of the "
        "cluster]",
    ),
]
Executor = Annotated[
    str,
    typer.Option(
        "--executor", metavar="local|ray|dask", help="What runs them: processes of this machine, Ray or Dask."
    ),
]
Address = Annotated[
    str | None,
    typer.Option(
        "--address",
        metavar="A",
        help="Ray or Dask cluster to connect to.  [default: workers are started on this machine]",
    ),
]


def whole_or_auto(text: str) -> int | str:
    """Return a whole number, or ``auto``."""
    return _read(int, "whole number", text)


def amount_or_rule(text: str) -> float | str:
    """Return a number, or a name as it is: the estimator knows which there are."""
    try:
        return float(text)
    except ValueError:
        return text


def switch(text: str) -> bool | str:
    """Return what ``auto``, ``yes`` and ``no`` mean."""
    known: dict[str, bool | str] = {"auto": "auto", "yes": True, "no": False}
    if text not in known:
        raise typer.BadParameter(f"{text!r} is not one of auto, yes, no.")
    return known[text]


def _read(kind: Callable[[str], Any], called: str, text: str) -> Any:
    """Return ``auto`` as it is and anything else as a number."""
    try:
        return text if text == "auto" else kind(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a {called}, nor auto.") from None


def names(text: str | None) -> list[str] | None:
    """Split names at commas; a name that holds one is quoted as in CSV."""
    if text is None:
        return None
    try:
        return [name.strip() for name in next(csv.reader([text], skipinitialspace=True), [])]
    except csv.Error as error:
        raise InputError(
            f"--columns, --exogenous, --sources: {brief(text)} cannot be cut into names ({error})"
        ) from error


def transforms(texts: list[str] | None) -> Any:
    """Turn ``growth`` into what ``transform=`` takes, and likewise ``gdp=log,difference`` and ``rate=detrend``."""
    if not texts:
        return None
    if len(texts) == 1 and "=" not in texts[0]:
        return texts[0].split(",")
    named = {name: steps.split(",") for name, _, steps in (text.rpartition("=") for text in texts) if name}
    if len(named) < len(texts):
        raise InputError("--transform: give it once for all series, or with SERIES= and once for each series")
    return named


def names_among(texts: list[str] | None, known: Collection[str] = ()) -> list[str] | None:
    """Return the names in ``A,B,...``; a known name may hold commas itself."""
    if texts is None:
        return None
    found = []
    for text in texts:
        parts = text.split(",")
        while parts:
            names = [",".join(parts[:n]).strip() for n in range(len(parts), 0, -1)]
            name = next((name for name in names if name in known), names[-1])
            found.append(name)
            parts = parts[len(parts) - names.index(name) :]
    return found


def part_of(text: str | None) -> tuple[int, int] | None:
    """Return (2, 10) of ``2/10``."""
    if text is None:
        return None
    found = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise InputError(f"--shard: expected I/N with I from 1 to N, like 2/10; got {text!r}")
    return int(found[1]), int(found[2])


def whole_numbers(texts: list[str] | None) -> list[int] | None:
    """Return seeds as numbers."""
    if texts is None:
        return None
    if odd := [text for text in texts if not text.isdecimal()]:
        raise InputError(f"--seeds: expected whole numbers, got {odd[0]!r}")
    return [int(text) for text in texts]
