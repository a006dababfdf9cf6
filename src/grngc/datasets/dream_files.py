"""The two text formats of the DREAM challenges: trajectories, and the gold standard of edges."""

from collections.abc import Sequence

import numpy as np

from ..arguments import listed
from ..errors import InputError
from ..npz import shown_cause

MOST_SERIES = 1000
"""A graph has the square of it as entries."""


def read_trajectories(text: str, origin: str) -> tuple[list[str], np.ndarray]:
    """Read a table of trajectories: a header ``Time G1 G2 ...``, then a row for each time.

    A new trajectory begins where time does not go on; the blank lines between trajectories are not needed.

    Returns
    -------
    names : list of str
    series : array (trajectory, time, series)
    """
    lines = [(number, line.split()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    header = [cell.strip('"') for cell in lines[0][1]] if lines else []
    names = header[1:]
    if not names or header[0].lower() != "time" or len(set(names)) < len(names):
        raise InputError(
            f"{origin}: expected a header with Time and the names of the series; got {listed(header, 5) or 'nothing'}"
        )
    if len(names) > MOST_SERIES:
        raise InputError(f"{origin}: {len(names)} series; the largest network of the challenges has 100")
    trajectories: list[list[list[float]]] = []
    before = np.inf
    for number, cells in lines[1:]:
        try:
            values = [float(cell) for cell in cells]
        except ValueError as error:
            raise InputError(f"{origin}: line {number} holds what is no number ({shown_cause(error)})") from error
        if len(values) != len(header) or not np.isfinite(values).all():
            raise InputError(f"{origin}: line {number} has {len(values)} cells; expected {len(header)} finite numbers")
        if values[0] <= before:
            trajectories.append([])
        trajectories[-1].append(values[1:])
        before = values[0]
    lengths = sorted({len(rows) for rows in trajectories})
    if len(lengths) != 1:
        raise InputError(f"{origin}: trajectories of {lengths or 'no'} points; expected one length: the file is cut")
    return names, np.array(trajectories)


def read_gold_standard(text: str, names: Sequence[str], origin: str) -> np.ndarray:
    """Read edges, a line each: source, target, and 1 where it is true, 0 where not.

    The published files have no header. (Bioconductor's script reads them as if they had, and loses an edge.)

    Returns
    -------
    int8 array (target, source)
    """
    at = {name: i for i, name in enumerate(names)}
    graph = np.zeros((len(names), len(names)), dtype=np.int8)
    for number, line in enumerate(text.splitlines(), 1):
        cells = line.split()
        if not cells:
            continue
        if len(cells) != 3 or cells[0] not in at or cells[1] not in at or cells[2] not in ("0", "1"):
            raise InputError(f"{origin}: line {number} is {line[:60]!r}; expected source, target, and 0 or 1")
        graph[at[cells[1]], at[cells[0]]] = int(cells[2])
    if not graph.any():
        raise InputError(f"{origin}: no edge in it")
    return graph
