"""What subjects are called when only their files are given."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from .arguments import listed
from .errors import InputError


def subject_names(files: Sequence[Path | str]) -> list[str]:
    """Call files by their stem; where stems are alike, by as much of the path before it as tells them apart.

    >>> subject_names(["ann.csv", "bob.csv"])
    ['ann', 'bob']
    >>> subject_names(["ann/rest.csv", "bob/rest.csv"])
    ['ann_rest', 'bob_rest']
    """
    paths = [Path(file).absolute() for file in files]
    if twice := [file for file, n in Counter(paths).items() if n > 1]:
        raise InputError(f"{files[paths.index(twice[0])]}: given twice: give each subject once")
    stems = [[*(part for part in path.parts[:-1] if part != "/"), path.stem] for path in paths]
    for depth in range(1, max(map(len, stems), default=0) + 1):
        names = ["_".join(parts[-depth:]) for parts in stems]
        if len(set(names)) == len(names):
            return names
    alike = [str(file) for file, name in zip(files, names, strict=True) if names.count(name) > 1]
    raise InputError(f"{listed(alike[:2])}: these would have one name as subjects: rename one")
