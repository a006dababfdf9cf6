"""Files of time series, damaged: sound ones of six formats, and what a disk, an editor or an enemy makes of them.

``damaged(format, number)`` is the same bytes for the same number on every machine with the same library versions.
"""

import zipfile
from collections.abc import Callable

import numpy as np
import pyarrow as pa

import hostile_publishers
from hostile import (
    Random,
    X,
    any_archive,
    any_parquet,
    change_footer,
    change_zip_field,
    npy_bytes,
    parquet_bytes,
    zip_bytes,
)

FORMATS = ("csv", "tsv", "npz", "parquet", "mat", "tar.gz")
CELLS = [
    "1e999", "-1e999", "1e-999", "1e308", "5e-324", "1e200", "0x1F", "1_000", "inf", "-Infinity", "nan", "NA", "#N/A",
    "null", "?", "-", ".", "..", "1,5", "1.234,5", "1,234.5", "5%", "$5", "−5", "٣", "１", "True", "=1+1", "1e", "1e+",
    "+", "1.2.3", "5mg", "2020-01-01", "'x'", "''", '""', '"1', '1"2', "\ufeff1", "\xa01", "1\u2028", "\\N", "1d5",
    "--1", "1e5000000", "9" * 400, "9" * 5000 + "x", "1" * 120_000 + "x", "x" * 200_000, '"' * 7, "\r", "\n\n",
    '"a\nb"', "\0", " 7 ", "+7", "7.", ".7", "-0", "7e0", "N/A", "",
]  # fmt: skip
"""What a cell may become."""
NAMES = ["", "a", "b", "0", "1", "time", "\ud7ff", "x" * 5000, '"', "a,b", "NaN", "$a$", "=A1", "\x1b[31m", " ", "\0"]


PUBLISHED = {"mat": hostile_publishers.any_mat, "tar.gz": hostile_publishers.any_tarball}
"""Formats that data sets are published in."""


def damaged(kind: str, number: int) -> tuple[bytes, dict[str, object]]:
    """Return the bytes of one damaged file, and options to read it with."""
    random = np.random.default_rng([FORMATS.index(kind), number])
    if kind in ("csv", "tsv"):
        content, options = _text(random, "," if kind == "csv" else "\t")
        changes = [*BYTES, *WRITTEN * 2]
    elif kind == "npz":
        content, options = any_archive(random)
        changes = [*BYTES, change_zip_field, change_zip_field]
    elif kind in PUBLISHED:
        content, options = PUBLISHED[kind](random if random.random() < 0.8 else None), {}
        changes = BYTES
    else:
        content, options = any_parquet(random)
        changes = [*BYTES, change_footer, change_footer, change_footer]
    if kind not in ("csv", "tsv") and random.random() < (0.7 if kind in PUBLISHED else 0.3):
        return content, options  # hostile as it is built
    for _ in range(1 if random.random() < 0.6 else random.integers(1, 4)):
        change = changes[random.integers(len(changes))]
        content = change(random, content) if content else content
    return content, options


def sound(kind: str) -> bytes:
    """Return a file of the format with nothing wrong in it."""
    if kind in PUBLISHED:
        return PUBLISHED[kind](None)
    if kind == "npz":
        return zip_bytes({"series": npy_bytes(X), "names": npy_bytes(np.array(["a", "b", "c"]))}, zipfile.ZIP_STORED)
    if kind == "parquet":
        return parquet_bytes(pa.table(dict(zip("abc", X.T, strict=True))))
    return _joined([list("abc"), *X.astype(str).tolist()], "," if kind == "csv" else "\t").encode()


# ---- any bytes -------------------------------------------------------------------------------------------------------


def _flip(random: Random, content: bytes) -> bytes:
    damaged = bytearray(content)
    for at in random.integers(0, len(damaged), size=random.integers(1, 9)):
        damaged[at] ^= 1 << int(random.integers(8))
    return bytes(damaged)


def _scribble(random: Random, content: bytes) -> bytes:
    at, size = int(random.integers(len(content))), int(random.integers(1, 30))
    return content[:at] + random.bytes(size) + content[at + size :]


def _truncate(random: Random, content: bytes) -> bytes:
    return content[: random.integers(0, len(content))]


def _piece(random: Random, content: bytes) -> tuple[int, int]:
    start = int(random.integers(len(content)))
    return start, start + int(random.integers(1, 1 + min(400, len(content))))


def _double(random: Random, content: bytes) -> bytes:
    start, end = _piece(random, content)
    return content[:end] + content[start:end] * int(random.integers(1, 4)) + content[end:]


def _delete(random: Random, content: bytes) -> bytes:
    start, end = _piece(random, content)
    return content[:start] + content[end:]


def _move(random: Random, content: bytes) -> bytes:
    (start, end), to = _piece(random, content), int(random.integers(len(content)))
    rest = content[:start] + content[end:]
    return rest[:to] + content[start:end] + rest[to:]


def _insert(random: Random, content: bytes) -> bytes:
    at = int(random.integers(len(content) + 1))
    return content[:at] + random.bytes(int(random.integers(1, 60))) + content[at:]


BYTES: list[Callable[[Random, bytes], bytes]] = [_flip, _flip, _scribble, _truncate, _double, _delete, _move, _insert]

# ---- text ------------------------------------------------------------------------------------------------------------


def _joined(rows: list[list[str]], mark: str) -> str:
    return "".join(mark.join(row) + "\n" for row in rows)


def _text(random: Random, mark: str) -> tuple[bytes, dict[str, object]]:
    rows, options = [list("abc"), *X.astype(str).tolist()], {}
    if random.random() < 0.3:
        rows = [["who", *rows[0]], *([f"s{n // 20}", *row] for n, row in enumerate(rows[1:]))]
        options["trajectory"] = "who"
    if random.random() < 0.3:
        clock = [str(day) for day in np.arange("2020-01", "2023-05", dtype="datetime64[M]")]
        clock = clock if random.random() < 0.5 else [str(n / 4) for n in range(40)]
        rows = [["when", *rows[0]], *([time, *row] for time, row in zip(clock, rows[1:], strict=True))]
        options["time"] = "when"
    return _joined(rows, mark).encode(), options


def _cell(random: Random, content: bytes) -> bytes:
    """Put something else into a few cells."""
    mark = b"\t" if b"\t" in content else b","
    lines = content.split(b"\n")
    for _ in range(random.integers(1, 4)):
        at = int(random.integers(len(lines)))
        cells = lines[at].split(mark)
        wanted = (NAMES if at == 0 else CELLS)[random.integers(len(NAMES if at == 0 else CELLS))]
        cells[random.integers(len(cells))] = wanted.encode("utf-8", "surrogatepass")
        lines[at] = mark.join(cells)
    return b"\n".join(lines)


def _separators(random: Random, content: bytes) -> bytes:
    old = b"\t" if b"\t" in content else b","
    new = [b";", b"\t", b",", b" ", b"|", b",,", b";,", b""][random.integers(8)]
    return content.replace(old, new, -1 if random.random() < 0.5 else int(random.integers(1, 9)))


def _line_ends(random: Random, content: bytes) -> bytes:
    new = [b"\r\n", b"\r", b"\n\n", b"\n\r", b"\r\r\n", b"", b"\x0b", b"\xe2\x80\xa8"][random.integers(8)]
    return content.replace(b"\n", new, -1 if random.random() < 0.5 else int(random.integers(1, 9)))


def _encoding(random: Random, content: bytes) -> bytes:
    text = content.decode("utf-8", "replace").replace("a", "ä", 1)
    name = ["latin-1", "utf-16", "utf-16-le", "utf-8-sig", "utf-32", "utf-7", "cp1252"][random.integers(7)]
    return text.encode(name, "replace")


def _header(random: Random, content: bytes) -> bytes:
    head, _, rest = content.partition(b"\n")
    choices = [rest, head + b"\n" + content, head, b"\n\n" + content, b"# a comment\n" + content, rest + head + b"\n"]
    return choices[random.integers(len(choices))]


def _quotes(random: Random, content: bytes) -> bytes:
    for _ in range(random.integers(1, 4)):
        at = int(random.integers(len(content) + 1))
        content = content[:at] + b'"' + content[at:]
    return content


WRITTEN: list[Callable[[Random, bytes], bytes]] = [
    _cell, _cell, _cell, _separators, _line_ends, _encoding, _header, _quotes
]  # fmt: skip
