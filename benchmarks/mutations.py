"""Files of time series, damaged: sound ones of four formats, and what a disk, an editor or an enemy makes of them.

``damaged(format, number)`` is the same bytes for the same number on every machine with the same library versions.
"""

import io
import json
import struct
import zipfile
from collections.abc import Callable
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

FORMATS = ("csv", "tsv", "npz", "parquet")
Random = np.random.Generator
X = np.round(np.random.default_rng(7).normal(size=(40, 3)), 3)
CELLS = [
    "1e999", "-1e999", "1e-999", "1e308", "5e-324", "1e200", "0x1F", "1_000", "inf", "-Infinity", "nan", "NA", "#N/A",
    "null", "?", "-", ".", "..", "1,5", "1.234,5", "1,234.5", "5%", "$5", "−5", "٣", "１", "True", "=1+1", "1e", "1e+",
    "+", "1.2.3", "5mg", "2020-01-01", "'x'", "''", '""', '"1', '1"2', "\ufeff1", "\xa01", "1\u2028", "\\N", "1d5",
    "--1", "1e5000000", "9" * 400, "9" * 5000 + "x", "1" * 120_000 + "x", "x" * 200_000, '"' * 7, "\r", "\n\n",
    '"a\nb"', "\0", " 7 ", "+7", "7.", ".7", "-0", "7e0", "N/A", "",
]  # fmt: skip
"""What a cell may become."""
NAMES = ["", "a", "b", "0", "1", "time", "\ud7ff", "x" * 5000, '"', "a,b", "NaN", "$a$", "=A1", "\x1b[31m", " ", "\0"]


def damaged(kind: str, number: int) -> tuple[bytes, dict[str, object]]:
    """Return the bytes of one damaged file, and options to read it with."""
    random = np.random.default_rng([FORMATS.index(kind), number])
    if kind in ("csv", "tsv"):
        content, options = _text(random, "," if kind == "csv" else "\t")
        changes = [*BYTES, *WRITTEN * 2]
    elif kind == "npz":
        content, options = _archive(random)
        changes = [*BYTES, _zip_field, _zip_field]
    else:
        content, options = _parquet(random)
        changes = [*BYTES, _footer, _footer, _footer]
    if kind in ("npz", "parquet") and random.random() < 0.3:
        return content, options  # hostile as it is built
    for _ in range(1 if random.random() < 0.6 else random.integers(1, 4)):
        change = changes[random.integers(len(changes))]
        content = change(random, content) if content else content
    return content, options


def sound(kind: str) -> bytes:
    """Return a file of the format with nothing wrong in it."""
    if kind == "npz":
        return _zip({"series": _npy(X), "names": _npy(np.array(["a", "b", "c"]))}, zipfile.ZIP_STORED)
    if kind == "parquet":
        return _written(pa.table(dict(zip("abc", X.T, strict=True))))
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

# ---- NPZ -------------------------------------------------------------------------------------------------------------


def _npy(values: np.ndarray, head: str | None = None, version: int = 1) -> bytes:
    """The bytes of an NPY file; ``head`` goes for its header."""
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, values, (version, 0), allow_pickle=True)
    if head is None:
        return buffer.getvalue()
    size = struct.pack("<H" if version == 1 else "<I", len(head) + 1)
    return b"\x93NUMPY" + bytes([version, 0]) + size + head.encode() + b"\n" + values.tobytes()


def _zip(members: dict[str, bytes], method: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name if "." in name or "/" in name else f"{name}.npy", content)
    return buffer.getvalue()


HEADS = [
    "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 1099511627776), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 10000000000000000000000000000000), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (-40, -3), }",
    "{'descr': '<U0', 'fortran_order': False, 'shape': (1000000000, 3), }",
    "{'descr': '|V0', 'fortran_order': False, 'shape': (4000000000, 3), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (40, 9), }",
    "{'descr': '<f8', 'fortran_order': True, 'shape': (3, 40), }",
    "{'descr': '<f8', 'fortran_order': 1, 'shape': (40, 3), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (40L, 3L), }",
    "{'descr': '>f8', 'fortran_order': False, 'shape': (40, 3), }",
    "{'descr': '<c16', 'fortran_order': False, 'shape': (20, 3), }",
    "{'descr': '<M8[s]', 'fortran_order': False, 'shape': (40, 3), }",
    "{'descr': '<m8[Y]', 'fortran_order': False, 'shape': (40, 3), }",
    "{'descr': '<U2', 'fortran_order': False, 'shape': (40, 3), }",
    "{'descr': '|S8', 'fortran_order': False, 'shape': (40, 3), }",
    "{'descr': [('a', '<f8'), ('b', '<f8'), ('c', '<f8')], 'fortran_order': False, 'shape': (40,), }",
    "{'descr': [('a', '<f8', (3,))], 'fortran_order': False, 'shape': (40,), }",
    "{'descr': '|O', 'fortran_order': False, 'shape': (40, 3), }",
    "{'descr': ('<f8', (3,)), 'fortran_order': False, 'shape': (40,), }",
    "{'descr': __import__('os'), 'fortran_order': False, 'shape': (40, 3), }",
    "(" * 5000,
    "{" * 200 + "}" * 200,
    "[" + "-" * 9000 + "1]",
    "1is 2",
]
"""Headers of NPY that lie, or ask for what should not be read."""


@cache
def _bomb(method: int) -> bytes:
    return _zip({"series": _npy(np.zeros((2**24, 3), np.uint8))}, method)


def _archive(random: Random) -> tuple[bytes, dict[str, object]]:
    """An archive: plain ones, odd arrays, lying headers, bombs, members twice, paths that climb."""
    kind, options = random.random(), {}
    method = [zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED][random.integers(3)]
    series = X if random.random() < 0.7 else np.stack([X, 2 * X])
    members = {"series": _npy(series), "names": _npy(np.array(["a", "b", "ç"])), "time": _npy(np.arange(40))}
    if random.random() < 0.3:
        options["time"] = "time"
    if kind < 0.5:
        return _zip(members, method), options
    if kind < 0.55:
        return _bomb(zipfile.ZIP_DEFLATED), options
    if kind < 0.6:
        return _zip(members, [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA][random.integers(2)]), options
    if kind < 0.65:
        return _zip({"../../series": members["series"], "/etc/names": members["names"], **members}, method), options
    if kind < 0.7:
        twice = _zip(members | {"serieS": _npy(X * 2)}, method)
        return twice.replace(b"serieS.npy", b"series.npy"), options
    if kind < 0.85:
        key = list(members)[random.integers(3)] if random.random() < 0.5 else "series"
        head = HEADS[random.integers(len(HEADS))]
        return _zip(members | {key: _npy(X, head, int(random.integers(1, 4)))}, method), options
    odd = [
        np.asfortranarray(X), X[0, 0], X[0], X[None, None], X[:0], X[:, :0], X.astype("f2"), X.astype("g") * 1e4000,
        X.astype("c8"), X.astype("U"), X > 0, (X * 1e3).astype("i8"), np.array([{"a": 1}, None], object),
        np.where(X > 1, np.nan, X), np.where(X > 1, np.inf, X), X.astype("M8[s]"), X * 1e308, X * 1e-308,
        np.array([["nan", "1"], ["inf", "1_0"]]), np.full((40, 3), 2**63, "u8"), np.full((3, 2), np.nan),
    ]  # fmt: skip
    names = [
        np.array([1, 2, 3]), np.array(["a", "a", "b"]), np.array([b"a", b"b", b"\xff"]), np.array("abc"),
        np.array([0.5, np.nan, 1]), np.array([["a"], ["b"], ["c"]]), np.array(["a", "\ud800", "c"]),
        np.frombuffer(b"\xff\xff\xff\x7f" * 3, "<U1"), np.array(["", "", ""]), np.array(["a" * 9999, "b", "c"]),
    ]  # fmt: skip
    if random.random() < 0.6:
        return _zip(members | {"series": _npy(odd[random.integers(len(odd))])}, method), options
    return _zip(members | {"names": _npy(names[random.integers(len(names))])}, method), options


def _zip_field(random: Random, content: bytes) -> bytes:
    """Change a field of a zip header: sizes, method, flags, lengths."""
    at = content.rfind([b"PK\x01\x02", b"PK\x05\x06", b"PK\x03\x04"][random.integers(3)])
    if at < 0:
        return content
    field = at + 4 + 2 * int(random.integers(0, 21))
    value = [b"\0\0", b"\xff\xff", b"\xff\x7f", b"\x08\0", b"\x0e\0", b"\1\0", random.bytes(2)][random.integers(7)]
    return content[:field] + value + content[field + 2 :]


# ---- Parquet ---------------------------------------------------------------------------------------------------------


def _written(table: pa.Table, **options: object) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, **options)
    return buffer.getvalue()


@cache
def _tables() -> list[tuple[bytes, dict[str, object]]]:
    """Plain tables of several encodings, odd types, hostile metadata, and bombs."""
    plain = {name: pa.array(x) for name, x in zip("abc", X.T, strict=True)}
    who = pa.array([f"s{n // 20}" for n in range(40)])
    when = pa.array(np.arange("2020-01", "2023-05", dtype="datetime64[M]").astype("datetime64[ns]"))
    short = pa.array((X[:, 0] * 1e3).astype("i2"))
    odd = [
        who, when, who.dictionary_encode(), pa.array([None] * 40), pa.array([[1.0, 2.0]] * 40),
        pa.array([{"a": 1}] * 40), pa.array([b"x"] * 40), pa.array([True, None] * 20), pa.array([1, None] * 20),
        short.dictionary_encode(), short, pa.array(X[:, 0].astype("f2")),
        pa.array(np.where(X[:, 0] > 1, np.inf, X[:, 0])),
        pa.array([10**30] * 20 + [-(10**30)] * 20, pa.decimal128(38)), when.cast(pa.date32()),
        pa.array([1] * 40, pa.duration("s")), pa.array([2**63 + n for n in range(40)], pa.uint64()),
        pa.array([[("k", 1)]] * 40, pa.map_(pa.string(), pa.int8())),
    ]  # fmt: skip
    named = {"who": who, "when": when, **plain}
    read = {"trajectory": "who", "time": "when"}
    metadata = [
        b"{", b"null", b"[]", b'{"index_columns": 7}', b"\xff", b"[" * 3000,
        json.dumps({"index_columns": ["a"], "columns": [{"name": "a", "pandas_type": "x"}]}).encode(),
        json.dumps({"index_columns": [{"kind": "range", "start": 0, "stop": 10**15, "step": 1}]}).encode(),
        json.dumps({"index_columns": ["b", "b", None, {}], "columns": [1, {}], "column_indexes": [0]}).encode(),
    ]  # fmt: skip
    encodings: list[dict[str, object]] = [
        {}, {"compression": "none"}, {"compression": "zstd"}, {"use_dictionary": False}, {"data_page_version": "2.0"},
        {"compression": "none", "use_dictionary": False}, {"row_group_size": 7}, {"compression": "gzip"},
        {"use_dictionary": False, "use_byte_stream_split": ["a", "b"]}, {"write_page_checksum": True},
        {"store_schema": False},
    ]  # fmt: skip
    found: list[tuple[bytes, dict[str, object]]] = [
        (_written(pa.table(table), **each), chosen)
        for each in encodings
        for table, chosen in [(plain, {}), (named, read)]
    ]
    found += [(_written(pa.table(plain | {"b": column})), {}) for column in odd]
    found += [(_written(pa.table({"t": column, **plain})), {"time": "t"}) for column in odd]
    found += [(_written(pa.table({"t": column, **plain})), {"trajectory": "t"}) for column in odd]
    found += [(_written(pa.table(plain).replace_schema_metadata({b"pandas": each})), {}) for each in metadata]
    found += [(_written(pa.table([*plain.values()], names=names)), {}) for names in (["a", "a", "b"], ["", "b", "c"])]
    same = pa.DictionaryArray.from_arrays(pa.array(np.zeros(2**22, "i4")), pa.array(["x" * 5000]))
    zeros = pa.array(np.zeros(2**25))
    found += [
        (_written(pa.table({"a": zeros, "b": zeros})), {}),
        (_written(pa.table({"who": same, "a": np.arange(2**22) % 7})), {"trajectory": "who"}),
        (_written(pa.table({"when": same, "a": np.arange(2**22) % 7})), {"time": "when"}),
    ]
    return found


def _parquet(random: Random) -> tuple[bytes, dict[str, object]]:
    tables = _tables()
    plain = random.random() < 0.6
    return tables[random.integers(22 if plain else len(tables))]


def _footer(random: Random, content: bytes) -> bytes:
    """Change bytes of the metadata, which lie before the last eight bytes, or of the first page's header."""
    size = int.from_bytes(content[-8:-4], "little")
    begin = max(len(content) - 8 - size, 0) if 0 < size < len(content) else 0
    low, high = (begin, len(content)) if random.random() < 0.7 else (4, min(64, len(content)))
    damaged = bytearray(content)
    for at in random.integers(low, max(high, low + 1), size=random.integers(1, 5)):
        if at < len(damaged):
            damaged[at] = (
                int(random.integers(256)) if random.random() < 0.5 else damaged[at] ^ (1 << int(random.integers(8)))
            )
    return bytes(damaged)
