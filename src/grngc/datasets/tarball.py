"""Single files out of a .tar.gz, in memory: nothing is written to disk, links are not followed, sizes are bounded.

Of a tar archive only the plain headers are read, one block each. What ``tarfile`` follows beyond them is left alone: a
sparse member may claim any size for nothing, and global headers are kept once more for every member.
"""

import gzip
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from ..errors import InputError

MAX_UNPACKED = 2**26
"""Bytes an archive may take, packed and unpacked; the published one takes some 10 MB."""
BLOCK = tarfile.BLOCKSIZE
PLAIN = (tarfile.REGTYPE, tarfile.AREGTYPE)
WITHOUT_CONTENT = (
    tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE,
)  # fmt: skip


def read_tarball(path: Path, names: Sequence[str]) -> dict[str, bytes]:
    """Return the content of those members whose path ends in ``names``.

    Members that are no plain files, and paths that climb (``..``), do not count. The archive is unpacked as a whole
    before a member is looked at, so that no header in it can ask for more than ``MAX_UNPACKED``.
    """
    found: dict[str, bytes] = {}
    try:
        for member, content in _members(_unpacked(path)):
            parts = PurePosixPath(member.name).parts
            if member.type not in PLAIN or ".." in parts:
                continue
            for name in names:
                wanted = PurePosixPath(name).parts
                if parts[-len(wanted) :] == wanted:
                    found[name] = content
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise InputError(f"{path}: not a whole .tar.gz file ({error})") from error
    if missing := [name for name in names if name not in found]:
        raise InputError(f"{path}: no plain file {missing[0]} in it: is this the publishers' archive?")
    return found


def _unpacked(path: Path) -> bytes:
    if (size := path.stat().st_size) > MAX_UNPACKED:
        raise InputError(f"{path}: {size // 2**20} MiB; the published one has a few")
    with gzip.open(path) as file:
        content = file.read(MAX_UNPACKED + 1)
    if len(content) > MAX_UNPACKED:
        raise InputError(f"{path}: unpacks to more than {MAX_UNPACKED // 2**20} MiB, which the published one does not")
    return content


def _members(archive: bytes) -> Iterator[tuple[tarfile.TarInfo, bytes]]:
    """Header and content of each member, up to the block of zeros that ends an archive."""
    at = 0
    while any(header := archive[at : at + BLOCK]):
        member = tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape")
        if member.type == tarfile.GNUTYPE_SPARSE:
            raise tarfile.ReadError("a sparse member")
        size = 0 if member.type in WITHOUT_CONTENT else member.size
        at += BLOCK
        if not 0 <= size <= len(archive) - at:
            raise tarfile.ReadError(f"{len(archive) - at} bytes where {size} are promised")
        yield member, archive[at : at + size]
        at += size + -size % BLOCK
