"""Methods on the command line: which there are, and parameters of theirs that have no option of their own."""

import json
import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from textwrap import wrap
from typing import Annotated, Any

import typer

from .arguments import brief, listed, nearest
from .errors import InputError
from .terminal import OK, sentence_width

FLAGS = {"random_state": "--seed", "forbidden": "--forbid", "required": "--require"}
"""Options whose name is not that of the parameter."""

Method = Annotated[
    str,
    typer.Option(
        "--method",
        metavar="NAME",
        help="grngc; by networks too cmlp, clstm, crnn, ggc, ggc_loo, jrngc; by formulas correlation, "
        "lagged_correlation, ridge_var, granger_f_test; 'grngc methods' tells of them.",
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="A parameter of the method that has no option here; again for the next: --set alpha=0.1",
    ),
]
Surrogates = Annotated[
    int | None,
    typer.Option(
        "--surrogates",
        metavar="N",
        help="Unrelated series that another method than grngc is tried on, for its noise floor; 0: none.  "
        "[default: 10, of methods that train 5]",
    ),
]


def check_options(method: str, given: Collection[str]) -> None:
    """Refuse options, by the names of their parameters, that a method other than GRNGC has no use for."""
    from .methods import METHODS

    if method == "grngc" or method not in METHODS:
        return
    known = list(METHODS[method]().get_params(deep=False))
    if odd := [name for name in given if name not in (*known, "random_state")]:
        flags = listed([_flag(name) for name in odd])
        raise InputError(f"{method} has no {flags}; it has {listed(known, 40) or 'no parameters'}")


def parameters_from(method: str, texts: Sequence[str] | None, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that ``--set`` means: those of the method, none that ``options`` has."""
    if not texts:
        return {}
    from .methods import METHODS

    known = list(METHODS[method]().get_params(deep=False)) if method in METHODS else []
    found: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals:
            raise InputError(f"--set takes NAME=VALUE; got {brief(text)}")
        if known and name not in known:
            raise InputError(f"--set: {method} has no {brief(name)}{nearest(name, known)}")
        if name in found or name in options:
            also = f"with {_flag(name)}" if name in options else "twice"
            raise InputError(f"--set: {name} is given {also}; give it once")
        found[name] = value_of(value.strip())
    return found


def value_of(text: str) -> Any:
    """Return a value as TOML writes it: 3, 0.5, true, "text", [1, 2]; ``none``, and a bare word, is meant as well."""
    if text in ("none", "None"):
        return None
    try:
        read = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        read = {}
    if list(read) == ["value"]:
        return read["value"]
    if re.fullmatch(r"[A-Za-z][\w.-]*", text):
        return text
    raise InputError(
        f'--set: {brief(text)} is no value; a number, true, false, none, a word, "text", or a list such as [10, 10]'
    )


def methods(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> int:
    """List the methods that --method takes: what each does, its parameters and their defaults, where it is from.

    \b
    Example:
      grngc methods
      grngc discover a.csv --out result --method ridge_var --set alpha=0.1
    """
    from .methods import METHODS, about

    told = {name: about(name) for name in METHODS}
    if as_json:
        print(json.dumps({name: one._asdict() for name, one in told.items()}))
        return OK
    width = sentence_width()
    for name, one in told.items():
        print(name)
        parameters = ", ".join(f"{key}={value!r}" for key, value in one.parameters.items())
        for text in (one.sentence, parameters and f"parameters: {parameters}", one.reference):
            if text:
                print("\n".join(wrap(text, width, initial_indent="  ", subsequent_indent="    ")))
    return OK


def _flag(name: str) -> str:
    return FLAGS.get(name, f"--{name.replace('_', '-')}")
