"""Names of series as they are shown: nothing in them moves a cursor, turns the direction of writing or is unseen."""


def printable(text: str) -> str:
    """Return text that is shown as it is: control characters, and marks that turn the direction, as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def shortened(text: str, width: int) -> str:
    """Return text of at most ``width`` characters, its end replaced by an ellipsis where it is longer."""
    text = printable(text)
    return text if len(text) <= width else f"{text[: width - 1]}…"


def clipped(text: str, width: int) -> str:
    """Return text of at most ``width`` characters, its middle left out: names that are long often differ at the end."""
    text = printable(text[:width] + text[-width:] if len(text) > 2 * width else text) or '""'
    tail = (width - 1) // 2
    return text if len(text) <= width else f"{text[: width - 1 - tail]}…{text[-tail:]}"
