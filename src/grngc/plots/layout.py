"""Places of series in a drawing of a network: the same for the same edges, whatever the machine."""

import math
from collections.abc import Iterable, Sequence

import numpy as np

ON_A_CIRCLE = 12
"""Series up to which they stand on a circle, in their order."""

BY_DISTANCE = 150
"""Series of one part up to which their distances are made those of the graph, which takes the cube of their number."""

COVERED = 0.2
"""Share of a name that others may cover."""

Place = tuple[float, float]


def places(names: Sequence[str], pairs: Iterable[tuple[str, str]]) -> dict[str, Place]:
    """Return a place for each series; the unit is about the length of an edge.

    A few stand on a circle. Of more, each part that hangs together is laid out by itself (Kamada and Kawai, 1989), and
    parts are set side by side in rows, the largest first.
    """
    if len(names) <= ON_A_CIRCLE:
        radius = max(len(names) / (2 * math.pi), 0.5) * (len(names) > 1)
        turns = [math.tau * n / max(len(names), 1) for n in range(len(names))]
        return {name: (radius * math.sin(t), radius * math.cos(t)) for name, t in zip(names, turns, strict=True)}
    import networkx as nx

    graph = nx.Graph()
    graph.add_nodes_from(names)
    graph.add_edges_from(pairs)
    order = {name: n for n, name in enumerate(names)}
    parts = [sorted(part, key=order.__getitem__) for part in nx.connected_components(graph)]
    parts.sort(key=lambda part: (-len(part), order[part[0]]))
    laid = []
    for part in parts:
        inside = graph.subgraph(part)
        ordered = nx.Graph()  # a subgraph's own order is that of a set
        ordered.add_nodes_from(part)
        ordered.add_edges_from(sorted((tuple(sorted(pair, key=order.__getitem__)) for pair in inside.edges), key=str))
        laid.append((part, _one_part(ordered)))
    return _side_by_side(laid)


def _one_part(graph: "object") -> np.ndarray:
    """Return places (series, 2) of a connected part, its edges about one unit long."""
    import networkx as nx

    n = len(graph)  # type: ignore[arg-type]
    if n <= 2:
        return np.array([[0.0, 0.0], [1.0, 0.0]])[:n]
    found = nx.kamada_kawai_layout(graph) if n <= BY_DISTANCE else nx.spring_layout(graph, seed=0, iterations=100)
    at = np.array([*found.values()])
    lengths = [math.dist(found[a], found[b]) for a, b in graph.edges]  # type: ignore[attr-defined]
    return at / max(float(np.median(lengths)), 1e-9)


def _side_by_side(laid: Sequence[tuple[Sequence[str], np.ndarray]], gap: float = 1.4) -> dict[str, Place]:
    """Set parts in rows, about as wide as high in all."""
    sizes = [np.ptp(at, axis=0) + gap for _, at in laid]
    width = max(1.25 * math.sqrt(sum(float(size.prod()) for size in sizes)), *(float(size[0]) for size in sizes))
    found: dict[str, Place] = {}
    x = y = row = 0.0
    for (part, at), size in zip(laid, sizes, strict=True):
        if x and x + size[0] > width:
            x, y, row = 0.0, y - row, 0.0
        corner = np.array([at[:, 0].min(), at[:, 1].max()])
        found |= {name: (float(a), float(b)) for name, (a, b) in zip(part, at - corner + [x, y], strict=True)}
        x, row = x + float(size[0]), max(row, float(size[1]))
    return found


def nearest_two(at: np.ndarray) -> float:
    """Return the distance of the two places that are nearest to each other; infinite for one."""
    apart = np.linalg.norm(at[:, None] - at[None], axis=2) + np.diag(np.full(len(at), np.inf))
    return float(apart.min(initial=np.inf))


def label_offsets(at: np.ndarray, radius: float, widths: Sequence[float], height: float) -> list[Place | None]:
    """Return where names stand beside their circles, from centre to centre; None where there is no room.

    All lengths in one unit. A name stands outwards if it can, else where it covers least of circles and of names
    before it; one that would be covered by more than ``COVERED`` is left out.
    """
    circles, named = _boxes(at, np.full(len(at), 2 * radius), 2 * radius), np.empty((0, 4))
    outwards = at - at.mean(axis=0)
    found: list[Place | None] = []
    for n, width in enumerate(widths):
        aside, above = radius + width / 2 + 2, radius + height / 2 + 1
        offsets = np.array([(0, -above), (0, above), (aside, 0), (-aside, 0)])
        offsets = np.concatenate([offsets, [(x * aside * 0.8, y * above * 0.8) for x in (1, -1) for y in (1, -1)]])
        boxes = _boxes(at[n] + offsets, np.full(len(offsets), width), height)
        others = np.concatenate([np.delete(circles, n, axis=0), named])
        covered = np.array([_overlap(box, others) for box in boxes]) / (width * height)
        length = np.linalg.norm(outwards[n])
        turned = offsets @ outwards[n] / (np.linalg.norm(offsets, axis=1) * length) if length > 1e-9 else np.zeros(8)
        best = int((covered - 0.02 * turned).argmin())
        if covered[best] > COVERED:
            found.append(None)
            continue
        named = np.concatenate([named, boxes[best : best + 1]])
        found.append((float(offsets[best][0]), float(offsets[best][1])))
    return found


def _boxes(centres: np.ndarray, widths: np.ndarray, height: float) -> np.ndarray:
    """Return left, right, bottom and top of boxes, (box, 4)."""
    x, y = centres.T
    return np.stack([x - widths / 2, x + widths / 2, y - height / 2, y + height / 2], axis=1)


def _overlap(box: np.ndarray, others: np.ndarray) -> float:
    """Return the area of a box that others cover, counted once for each."""
    across = np.minimum(box[1], others[:, 1]) - np.maximum(box[0], others[:, 0])
    along = np.minimum(box[3], others[:, 3]) - np.maximum(box[2], others[:, 2])
    return float((across.clip(0) * along.clip(0)).sum())
