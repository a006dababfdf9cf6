"""Single files out of a .tar.gz, in memory: nothing is written to disk, links are not followed, sizes are bounded."""

import gzip
import io
import tarfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from ..errors import InputError

MAX_UNPACKED = 2**27
"""Bytes an archive may unpack to; the published one takes some 10 MB."""


def read_tarball(path: Path, names: Sequence[str]) -> dict[str, bytes]:
    """Return the content of those members whose path ends in ``names``.

    Members that are no plain files, and paths that climb (``..``), do not count. The archive is unpacked as a whole
    before a member is looked at, so that no header in it can ask for more than ``MAX_UNPACKED``.
    """
    try:
        with gzip.open(path) as file:
            content = file.read(MAX_UNPACKED + 1)
        if len(content) > MAX_UNPACKED:
            raise InputError(
                f"{path}: unpacks to more than {MAX_UNPACKED // 2**20} MiB, which the published one does not"
            )
        found: dict[str, bytes] = {}
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
            for member in archive:
                parts = PurePosixPath(member.name).parts
                if not member.isreg() or ".." in parts:
                    continue
                for name in names:
                    wanted = PurePosixPath(name).parts
                    if parts[-len(wanted) :] == wanted and (file_of := archive.extractfile(member)) is not None:
                        found[name] = file_of.read()
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise InputError(f"{path}: not a whole .tar.gz file ({error})") from error
    if missing := [name for name in names if name not in found]:
        raise InputError(f"{path}: no plain file {missing[0]} in it: is this the publishers' archive?")
    return found
