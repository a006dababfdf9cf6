"""What the formats cannot hold of a name, as patterns, and the first name that has it."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from ..arguments import brief

NO_TEXT = r"\A\Z|[\ud800-\udfff]"
"""No format holds an empty name, or half a character: what is no text in UTF-8."""
NO_XML = NO_TEXT + r"|[^\t\n\r\x20-\ufffd\U00010000-\U0010ffff]"
"""XML 1.0, section 2.2: control characters cannot be written at all, not even escaped."""
NO_DOT = NO_TEXT + r'|\0|(?<!\\)(?:\\\\)*\\(?="|\r?\n|\Z)'
"""Between quotes a backslash cannot be escaped: before a quote, a line break or the end an odd one takes it along."""
NO_CSV = NO_TEXT + r"|\0"
"""Where a spreadsheet, and many a reader, ends a text."""
NO_ARRAY = NO_TEXT + r"|\0\Z"
"""An array of text loses NUL characters at the end."""


class Unfit(NamedTuple):
    """A name that does not fit: which one, and what of it."""

    place: str
    what: str


def first_unfit(names: Sequence[str], pattern: str) -> Unfit | None:
    """Return the first name that holds what ``pattern`` finds, None where all fit."""
    for n, name in enumerate(names):
        if odd := re.search(pattern, name):
            return Unfit(f"series {n + 1}, {brief(name)}", _told(odd[0]))
    return None


def _told(odd: str) -> str:
    if not odd:
        return "a name without a character"
    if "\\" in odd:
        return "a backslash before a quote, a line break or the end of a name"
    return f"the character U+{ord(odd):04X}"
