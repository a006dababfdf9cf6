"""NPZ and Parquet files as an enemy would build them, and changes to where such files keep their sizes."""

import io
import json
import struct
import zipfile
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

Random = np.random.Generator
X = np.round(np.random.default_rng(7).normal(size=(40, 3)), 3)
"""What the sound files hold, (time, series)."""

# ---- NPZ -------------------------------------------------------------------------------------------------------------


def npy_bytes(values: np.ndarray, head: str | None = None, version: int = 1) -> bytes:
    """The bytes of an NPY file; ``head`` goes for its header."""
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, values, (version, 0), allow_pickle=True)
    if head is None:
        return buffer.getvalue()
    size = struct.pack("<H" if version == 1 else "<I", len(head) + 1)
    return b"\x93NUMPY" + bytes([version, 0]) + size + head.encode() + b"\n" + values.tobytes()


def zip_bytes(members: dict[str, bytes], method: int) -> bytes:
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
    return zip_bytes({"series": npy_bytes(np.zeros((2**24, 3), np.uint8))}, method)


def any_archive(random: Random) -> tuple[bytes, dict[str, object]]:
    """An archive: plain ones, odd arrays, lying headers, bombs, members twice, paths that climb."""
    kind, options = random.random(), {}
    method = [zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED][random.integers(3)]
    series = X if random.random() < 0.7 else np.stack([X, 2 * X])
    members = {
        "series": npy_bytes(series),
        "names": npy_bytes(np.array(["a", "b", "ç"])),
        "time": npy_bytes(np.arange(40)),
    }
    if random.random() < 0.3:
        options["time"] = "time"
    if kind < 0.5:
        return zip_bytes(members, method), options
    if kind < 0.55:
        return _bomb(zipfile.ZIP_DEFLATED), options
    if kind < 0.6:
        return zip_bytes(members, [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA][random.integers(2)]), options
    if kind < 0.65:
        return zip_bytes(
            {"../../series": members["series"], "/etc/names": members["names"], **members}, method
        ), options
    if kind < 0.7:
        twice = zip_bytes(members | {"serieS": npy_bytes(X * 2)}, method)
        return twice.replace(b"serieS.npy", b"series.npy"), options
    if kind < 0.85:
        key = list(members)[random.integers(3)] if random.random() < 0.5 else "series"
        head = HEADS[random.integers(len(HEADS))]
        return zip_bytes(members | {key: npy_bytes(X, head, int(random.integers(1, 4)))}, method), options
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
        return zip_bytes(members | {"series": npy_bytes(odd[random.integers(len(odd))])}, method), options
    return zip_bytes(members | {"names": npy_bytes(names[random.integers(len(names))])}, method), options


def change_zip_field(random: Random, content: bytes) -> bytes:
    """Change a field of a zip header: sizes, method, flags, lengths."""
    at = content.rfind([b"PK\x01\x02", b"PK\x05\x06", b"PK\x03\x04"][random.integers(3)])
    if at < 0:
        return content
    field = at + 4 + 2 * int(random.integers(0, 21))
    value = [b"\0\0", b"\xff\xff", b"\xff\x7f", b"\x08\0", b"\x0e\0", b"\1\0", random.bytes(2)][random.integers(7)]
    return content[:field] + value + content[field + 2 :]


# ---- Parquet ---------------------------------------------------------------------------------------------------------


def parquet_bytes(table: pa.Table, **options: object) -> bytes:
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
        (parquet_bytes(pa.table(table), **each), chosen)
        for each in encodings
        for table, chosen in [(plain, {}), (named, read)]
    ]
    found += [(parquet_bytes(pa.table(plain | {"b": column})), {}) for column in odd]
    found += [(parquet_bytes(pa.table({"t": column, **plain})), {"time": "t"}) for column in odd]
    found += [(parquet_bytes(pa.table({"t": column, **plain})), {"trajectory": "t"}) for column in odd]
    found += [(parquet_bytes(pa.table(plain).replace_schema_metadata({b"pandas": each})), {}) for each in metadata]
    found += [
        (parquet_bytes(pa.table([*plain.values()], names=names)), {}) for names in (["a", "a", "b"], ["", "b", "c"])
    ]
    same = pa.DictionaryArray.from_arrays(pa.array(np.zeros(2**22, "i4")), pa.array(["x" * 5000]))
    zeros = pa.array(np.zeros(2**25))
    found += [
        (parquet_bytes(pa.table({"a": zeros, "b": zeros})), {}),
        (parquet_bytes(pa.table({"who": same, "a": np.arange(2**22) % 7})), {"trajectory": "who"}),
        (parquet_bytes(pa.table({"when": same, "a": np.arange(2**22) % 7})), {"time": "when"}),
    ]
    return found


def any_parquet(random: Random) -> tuple[bytes, dict[str, object]]:
    tables = _tables()
    plain = random.random() < 0.6
    return tables[random.integers(22 if plain else len(tables))]


def change_footer(random: Random, content: bytes) -> bytes:
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
