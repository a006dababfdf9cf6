"""Archives and MATLAB files made to harm: what would fill the memory, take for ever, or speak of other files."""

import gzip
import io
import os
import resource
import struct
import tarfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from grngc.datasets import matfile
from grngc.datasets.dream_files import MOST_SERIES, read_trajectories
from grngc.datasets.matfile import read_mat
from grngc.datasets.publishers import MAX_TEXT, dream3_files, netsim_files, search
from grngc.datasets.stored import as_stored
from grngc.datasets.tarball import read_tarball
from grngc.errors import InputError

INSIDE = "insilico_size100_1/timeseries.tsv"


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def tar(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    packed = b"".join(info.tobuf() + content + bytes(-len(content) % 512) for info, content in members)
    path.write_bytes(gzip.compress(packed + bytes(1024)))
    return path


def member(name: str, content: bytes, kind: bytes = tarfile.REGTYPE) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size, info.type = len(content), kind
    return info, content


def test_a_sparse_member_cannot_claim_what_it_does_not_hold(tmp_path: Path) -> None:
    """``tarfile`` reads it as the zeros that it claims."""
    info, _ = member(INSIDE, b"", tarfile.GNUTYPE_SPARSE)
    header = bytearray(info.tobuf())
    header[386:410] = b"%011o\0" % 0 * 2
    header[483:495] = b"%011o\0" % 2**32
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    path = tmp_path / "a.tar.gz"
    path.write_bytes(gzip.compress(bytes(header) + bytes(1024)))
    before = peak()
    with pytest.raises(InputError, match="a sparse member"):
        read_tarball(path, [INSIDE])
    assert peak() - before < 2**28


def test_headers_that_speak_of_other_members_are_passed_over(tmp_path: Path) -> None:
    long = b"28 path=../../etc/passwd/x\n"
    for kind in (b"x", b"g", b"L", b"K"):
        path = tar(tmp_path / "a.tar.gz", member("PaxHeader", long, kind), member(f"any/{INSIDE}", b"content"))
        assert read_tarball(path, [INSIDE]) == {INSIDE: b"content"}


def test_members_that_hold_nothing_are_stepped_over_as_tarfile_does(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        for name, kind in (("folder", tarfile.DIRTYPE), ("link", tarfile.LNKTYPE), ("pipe", tarfile.FIFOTYPE)):
            info, _ = member(name, b"", kind)
            archive.addfile(info)
        for name, content in ((INSIDE, b"a" * 700), ("y/" + "long" * 40, b"b"), ("x", b"")):
            info, _ = member(name, content)
            archive.addfile(info, io.BytesIO(content))
    assert read_tarball(tmp_path / "a.tar.gz", [INSIDE, "x"]) == {INSIDE: b"a" * 700, "x": b""}


@pytest.mark.parametrize("size", [-1, 10**6, 2**62])
def test_a_member_of_an_impossible_size_is_refused(tmp_path: Path, size: int) -> None:
    info, _ = member(INSIDE, b"")
    header = bytearray(info.tobuf())
    header[124:136] = (b"\xff" if size < 0 else b"\x80") + (size % 2**88).to_bytes(11, "big")
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(bytes(header) + bytes(1024)))
    with pytest.raises(InputError, match=rf"1024 bytes where {size} are promised"):
        read_tarball(tmp_path / "a.tar.gz", [INSIDE])


# ---- MATLAB ----------------------------------------------------------------------------------------------------------


def element(kind: int, content: bytes) -> bytes:
    return struct.pack("<II", kind, len(content)) + content + bytes(-len(content) % 8)


def mat(path: Path, *elements: bytes) -> Path:
    path.write_bytes(b" " * 124 + b"\x00\x01IM" + b"".join(elements))
    return path


def refused(path: Path, says: str) -> None:
    before = peak()
    with pytest.raises(InputError, match=says) as raised:
        read_mat(path, {"ts": 2})
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 1000
    assert peak() - before < 2**29


def packed(element: bytes) -> bytes:
    content = zlib.compress(element)
    return struct.pack("<II", 15, len(content)) + content


def test_when_the_limit_is_used_up_nothing_more_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit of 0 is none to zlib, and below 0 an error."""
    monkeypatch.setattr(matfile, "MAX_UNPACKED", 2**20)
    full, more = packed(element(14, bytes(2**20 - 8))), packed(element(14, bytes(2**22)))
    for size in (0, 8, 16):
        refused(mat(tmp_path / "a.mat", full, element(14, bytes(size)), more), "unpacks to more than 1 MiB")


def test_a_matrix_of_millions_of_parts_or_axes_takes_no_memory(tmp_path: Path) -> None:
    flags = element(6, struct.pack("<II", 6, 0))
    refused(mat(tmp_path / "a.mat", packed(element(14, bytes(2**24)))), "no array 'ts'; there are none")
    axes = element(5, bytes(4 * 10**6)) + element(1, b"ts") + element(9, b"")
    refused(mat(tmp_path / "a.mat", packed(element(14, flags + axes))), "a matrix of 1000000 axes")


def test_names_in_a_file_do_not_break_the_line(tmp_path: Path) -> None:
    shape = element(6, struct.pack("<II", 6, 0)) + element(5, struct.pack("<ii", 0, 0))
    named = [element(14, shape + element(1, name)) for name in (b"a\nb", b"\x1b[31m", b"n" * 10**5)]
    refused(mat(tmp_path / "a.mat", *named * 30), r"there are '\\x1b\[31m', .* and 82 more")


@pytest.mark.parametrize("shape", [(0, 3, 3), (2, 0, 0)])
def test_no_subjects_or_no_series_are_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    savemat(tmp_path / "sim3.mat", {"ts": np.zeros((4, shape[1])), "net": np.zeros(shape)})
    with pytest.raises(InputError, match="do not fit"):
        netsim_files(tmp_path)


# ---- texts and arrays ------------------------------------------------------------------------------------------------


def test_a_header_of_a_million_names_makes_no_graph(tmp_path: Path) -> None:
    names = " ".join(f"G{n}" for n in range(MOST_SERIES + 1))
    with pytest.raises(InputError, match="1001 series; the largest network of the challenges has 100"):
        read_trajectories(f"Time {names}\n", "table")
    long = "x" * 10**6
    for text in (f"Time A\n0 {long}\n", f"{long} A\n"):
        with pytest.raises(InputError) as raised:
            read_trajectories(text, "table")
        assert len(str(raised.value)) < 300


def test_a_text_beyond_the_limit_is_refused_unread(tmp_path: Path) -> None:
    for name in ("dream3_10_1.tsv", "dream3_10_1_true.txt"):
        (tmp_path / name).touch()
    with (tmp_path / "dream3_10_1.tsv").open("wb") as file:
        file.truncate(100 * MAX_TEXT)
    with pytest.raises(InputError, match="more than 8 MiB"):
        dream3_files(10, "ecoli2", tmp_path)


def test_a_pipe_is_none_of_the_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "sim3.mat")
    assert search(tmp_path, "sim3.mat") is None


def test_a_single_number_is_no_series() -> None:
    arrays = {"series": np.array(1.0), "graph": np.zeros((0, 0), dtype=bool), "names": np.array([], dtype="U1")}
    with pytest.raises(InputError, match=r"series \(\) need"):
        as_stored(arrays, "here")
