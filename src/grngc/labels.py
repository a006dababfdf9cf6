"""Names of series as they are shown: nothing in them moves a cursor, turns the direction of writing or is unseen."""

import unicodedata
from collections import Counter
from collections.abc import Iterable


def printable(text: str) -> str:
    """Return text that is shown as it is: control characters, and marks that turn the direction, as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def shortened(text: str, width: int) -> str:
    """Return text of at most ``width`` characters, its end replaced by an ellipsis where it is longer."""
    text = printable(text)
    return text if len(text) <= width else f"{text[: width - 1]}…"


def clipped(text: str, width: int) -> str:
    """Return text of at most ``width`` characters, its middle left out: names that are long often differ at the end.

    Text that is empty, or begins or ends with a space, is put in quotes.
    """
    text = printable(text[:width] + text[-width:] if len(text) > 2 * width else text)
    text = f'"{text}"' if text != text.strip() or not text else text
    tail = (width - 1) // 2
    return text if len(text) <= width else f"{text[: width - 1 - tail]}…{text[-tail:]}"


def told_apart(names: Iterable[str], width: int) -> dict[str, str]:
    """Return each name as :func:`clipped` shows it; of those that would look alike each with its place among all.

    >>> told_apart(["rain", "sensor 1 of the river", "sensor 2 of the river"], 12).values()
    dict_values(['rain', 'sens…iver #2', 'sens…iver #3'])
    """
    shown = {name: clipped(name, width) for name in names}
    looks = {name: unicodedata.normalize("NFKC", text) for name, text in shown.items()}
    count = Counter(looks.values())
    for n, name in enumerate(shown):
        if count[looks[name]] > 1:
            mark = f" #{n + 1}"
            shown[name] = clipped(name, max(width - len(mark), 3)) + mark
    return shown


def isolated(text: str) -> str:
    """Return text that turns nothing beside it, though it be written from right to left: an arrow keeps its head."""
    turns = any(unicodedata.bidirectional(c) in {"R", "AL", "AN"} for c in text)
    return f"\u2068{text}\u2069" if turns else text


def columns_of(text: str) -> int:
    """Return the columns of a terminal that text takes: two for a letter of Chinese, none for an accent of its own."""
    wide = (1 + (unicodedata.east_asian_width(c) in "WF") for c in text if not unicodedata.combining(c))
    return sum(wide)


def filled(text: str, width: int) -> str:
    """Return text with spaces behind it up to so many columns."""
    return text + " " * (width - columns_of(text))
