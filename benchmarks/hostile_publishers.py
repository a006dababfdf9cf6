"""MATLAB files and tar archives as an enemy would build them: what ``grngc datasets prepare`` is handed."""

import gzip
import struct
import tarfile
import zlib
from functools import cache

import numpy as np

from hostile import Random, X

FILES = {"mat": "sim3.mat", "tar.gz": "lightlyProcessedDownloadedData.tar.gz"}
"""What the publishers call them."""
NET = np.zeros((2, 3, 3))
NET[:, 0, 1] = 0.4
INSIDE = "data/insilico_size100_1"


def _pick(random: Random, *choices: object) -> object:
    return choices[random.integers(len(choices))]


def _rarely(random: Random) -> bool:
    return bool(random.random() < 0.12)


# ---- MATLAB ----------------------------------------------------------------------------------------------------------


def _element(kind: int, content: bytes, size: int | None = None, padded: bool = True) -> bytes:
    length = len(content) if size is None else size
    return struct.pack("<II", kind, length % 2**32) + content + bytes(-len(content) % 8 if padded else 0)


def _matrix(name: bytes, values: np.ndarray) -> list[tuple[int, bytes]]:
    flags, shape = struct.pack("<II", 6, 0), struct.pack(f"<{values.ndim}i", *values.shape)
    return [(6, flags), (5, shape), (1, name), (9, values.astype("<f8").tobytes(order="F"))]


def any_mat(random: Random | None) -> bytes:
    """Return a MATLAB file with the arrays of simulation 3, a few things changed; none without ``random``."""
    content = b" " * 124 + b"\x00\x01IM"
    for name, values in ((b"ts", X), (b"net", NET)):
        parts = _matrix(name, values)
        if random is None:
            content += _element(14, b"".join(_element(*part) for part in parts))
            continue
        if _rarely(random):
            parts[0] = (6, struct.pack("<II", int(random.integers(20)) | int(random.integers(16)) << 8, 0))
        if _rarely(random):
            parts[1] = (5, _shape(random))
        if _rarely(random):
            parts[2] = (1, _pick(random, b"", b"\n", b"ts\nx", b"\xff", b"n" * 10**6, b"ts", b"net", b"\x1b[31m"))
        if _rarely(random):
            kind = int(random.integers(20))
            parts[3] = (kind, _pick(random, parts[3][1], b"", bytes(120), bytes(18), bytes(2**20)))
        if _rarely(random):
            parts = parts[: random.integers(5)] + parts[random.integers(5) :]
        pieces = [_element(*part) for part in parts]
        if _rarely(random):
            at, size = random.integers(len(pieces) + 1), int(random.integers(2**32))
            pieces.insert(at, _element(int(random.integers(2**16)), b"", size))
        if _rarely(random):
            pieces.append(struct.pack("<II", 9, 0) * _pick(random, 1, 1000, 10**6))
        whole = _element(14 if not _rarely(random) else int(random.integers(2**32)), b"".join(pieces))
        if random.random() < 0.5:
            whole = _element(15, _cut(random, zlib.compress(whole)), padded=False)
        if _rarely(random):
            whole *= _pick(random, 2, 50, 1000) if len(whole) < 10**5 else 2
        if _rarely(random):
            whole = _bomb(int(random.integers(2**23, 2**28))) + whole
        if _rarely(random):
            whole = _bomb(2**25) + _element(14, bytes(_pick(random, 0, 1, 2)), padded=False) + _bomb(2**30)
        content += whole
    return content


def _shape(random: Random) -> bytes:
    axes = _pick(random, 0, 1, 2, 2, 3, 3, 3, 33, 10**5)
    sizes = random.integers(-(2**31), 2**31, size=axes) if random.random() < 0.3 else random.integers(0, 50, size=axes)
    return np.where(random.random(axes) < 0.2, 0, sizes).astype("<i4").tobytes()


def _cut(random: Random, content: bytes) -> bytes:
    return content if not _rarely(random) else content[: random.integers(len(content))]


def _bomb(size: int) -> bytes:
    """A compressed element of zeros that takes ``size`` bytes, put together from compressed mebibytes."""
    size = max(2**20, size & -(2**20))
    head, zeros = struct.pack("<II", 14, size - 8), bytes(2**20)
    packed = b"\x78\xda" + _deflated(head + zeros[8:]) + _deflated(zeros) * (size // 2**20 - 1) + b"\x03\x00"
    low, high = (sums := zlib.adler32(head)) & 0xFFFF, sums >> 16
    return _element(15, packed + struct.pack(">HH", (high + (size - 8) * low) % 65521, low), padded=False)


@cache
def _deflated(content: bytes) -> bytes:
    pack = zlib.compressobj(9, wbits=-15)
    return pack.compress(content) + pack.flush(zlib.Z_FULL_FLUSH)


# ---- tar -------------------------------------------------------------------------------------------------------------

TYPES = b"0123456789gxLKSDMNV\0AX"
SIZES = [
    b"00000000000\0", b"77777777777\0", b"-0000000001\0", b"\xff" * 12, b"\x80" + b"\xff" * 11, b"x" * 12, bytes(12),
]  # fmt: skip
NAMES = ["../", "/", "//", "a/../", "./", "", "\n/", "x" * 90 + "/", "\udcff/", "C:\\"]


def _member(name: str, content: bytes, random: Random | None) -> bytes:
    size = len(content)
    if random is not None and _rarely(random):
        name = str(_pick(random, *NAMES)) + name
    header = bytearray(512)
    header[:100] = name.encode("utf-8", "surrogateescape")[:100].ljust(100, b"\0")
    header[100:156] = b"0000644\0" * 3 + b"%011o\0" % size + b"0" * 11 + b"\0" + b" " * 8
    header[156:265] = b"0".ljust(101, b"\0") + b"ustar\x0000"
    if random is not None:
        if _rarely(random):
            header[156] = TYPES[random.integers(len(TYPES))]
        if _rarely(random):
            header[124:136] = SIZES[random.integers(len(SIZES))]
        if _rarely(random):
            header[157:257] = b"/etc/passwd".ljust(100, b"\0")
            header[156:157] = _pick(random, b"1", b"2")
        if _rarely(random):
            header[345:500] = random.bytes(155)
        if _rarely(random):  # GNU's sparse member: a gigabyte to an exabyte of nothing
            real = b"%011o\0" % 2**30 if random.random() < 0.5 else b"\x80" + b"\0\0\0\x10" + bytes(7)
            header[156:157], header[483:495], header[482:483] = b"S", real, b"\0"
            header[386:410] = real[:12] + b"0" * 11 + b"\0"
    header[148:156] = b"%06o\0 " % sum(header) if random is None or not _rarely(random) else random.bytes(8)
    return bytes(header) + content + bytes(-size % 512)


def any_tarball(random: Random | None) -> bytes:
    """Return a packed archive of one network of DREAM4, a few things changed; none without ``random``."""
    rows = ["\t".join(f'"{name}"' for name in ("Time", "G1", "G2", "G3"))]
    rows += ["\t".join(map(str, [50.0 * t, *row])) for t, row in enumerate(X)]
    content = b""
    for name, lines in (("timeseries", rows), ("goldStandard", ["G1\tG2\t1", "G2\tG3\t0"])):
        text = "".join(f"{line}\n" for line in lines).encode()
        if random is not None:
            if _rarely(random):
                wide = b"Time " + b"".join(b"x%d " % n for n in range(10**5))
                text = _pick(random, b"", b"\xff\xfe", b"\0" * 10**6, wide, b"Time x" + text, text * 99, b"1 " * 10**7)
            if _rarely(random):
                content += _extended(random)
            if _rarely(random):
                content += _member(f"{INSIDE}/{name}.tsv", b"other", random) * _pick(random, 1, 1000)
        content += _member(f"{INSIDE}/{name}.tsv", text, random)
    if random is None:
        return gzip.compress(content + bytes(1024), 6, mtime=0)
    if not _rarely(random):
        content += bytes(_pick(random, 512, 1024, 10240))
    packed = gzip.compress(content, 6, mtime=0)
    if _rarely(random):
        packed = packed[: len(packed) // 2] + _pick(random, packed, random.bytes(50))
    if _rarely(random):
        packed = _pick(random, gzip.compress(b"") * 1000 + packed, packed + _filled(), packed + b"\0" * 100)
    return packed


def _extended(random: Random) -> bytes:
    """A header that says more of the next member, or of all: path, size, a sparse map; or one that never ends."""
    said = _pick(
        random, b"path=../../x", b"size=99999999999999", b"size=-1", b"GNU.sparse.size=1099511627776", b"x" * 5,
        b"GNU.sparse.major=1\n30 GNU.sparse.minor=0", b"path=" + b"\xff" * 40, b"k" * 9000 + b"=v",
    )  # fmt: skip
    record = b"%d %s\n" % (_pick(random, len(said) + 4, 10**9, -5, 0), said)
    count = _pick(random, 1, 1, 50, 2000)
    info = tarfile.TarInfo("././@PaxHeader")
    info.type, info.size = _pick(random, b"x", b"g", b"L", b"K", b"X"), len(record)
    return (info.tobuf() + record + bytes(-len(record) % 512)) * count


@cache
def _filled() -> bytes:
    return gzip.compress(bytes(2**20), mtime=0) * 2**10
