"""What the formats cannot hold of a name, as patterns, and the first name that has it."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from ..arguments import brief

WORDS = {
    "empty": "a name without a character",
    "character": "the character U+{:04X}",
    "spaces": "a name of nothing but spaces",
    "percent": "a % at the beginning of a name",
    "backslash": "a backslash before a quote, a line break or the end of a name",
}
"""What is said of the groups of the patterns."""
NO_TEXT = r"(?P<empty>\A\Z)|(?P<character>[\ud800-\udfff]%s)"
"""No format holds an empty name, or half a character: what is no text in UTF-8. And others for each."""
NO_XML = NO_TEXT % r"|[^\t\n\r\x20-\ufffd\U00010000-\U0010ffff]"
"""XML 1.0, section 2.2: control characters cannot be written at all, not even escaped."""
NO_JSON = NO_TEXT % "" + r"|(?P<spaces>\A[\s\ufeff]+\Z)"
"""cytoscape.js takes no id of nothing but spaces, of which JavaScript knows one more than Python."""
NO_DOT = NO_TEXT % r"|\0" + r'|(?P<percent>\A%)|(?P<backslash>(?<!\\)(?:\\\\)*\\(?="|\r?\n|\Z))'
"""Between quotes a backslash cannot be escaped: before a quote, a line break or the end an odd one takes it along.
A name that begins with % is one of Graphviz' own, which gives it another number: "%s" comes out as "%5"."""
NO_CSV = NO_TEXT % r"|\0"
"""NUL is where a spreadsheet, and many a reader, ends a text."""
NO_ARRAY = NO_TEXT % r"|\0\Z"
"""An array of text loses NUL characters at the end."""


class Unfit(NamedTuple):
    """A name that does not fit: which one, and what of it."""

    place: str
    what: str


def first_unfit(names: Sequence[str], pattern: str) -> Unfit | None:
    """Return the first name that holds what ``pattern`` finds, None where all fit."""
    for n, name in enumerate(names):
        if odd := re.search(pattern, name):
            words = WORDS[odd.lastgroup or ""].format(*map(ord, odd[0][:1]))
            return Unfit(f"series {n + 1}, {brief(name)}", words)
    return None
