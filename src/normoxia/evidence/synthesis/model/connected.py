"""Connected parts of a graph, by union and find; scipy.sparse.csgraph does the same at .1 s of import, for a few dozen nodes."""

from __future__ import annotations

from collections.abc import Iterable


def connected_parts(n: int, pairs: Iterable[tuple[int, int]]) -> list[int]:
    """The connected part of each node, numbered from 0 in the order of the nodes.

    Parameters
    ----------
    n
        Number of nodes.
    pairs
        Nodes that are joined.

    Returns
    -------
    list of int
        One part a node.
    """
    root = list(range(n))

    def find(i: int) -> int:
        while root[i] != i:
            root[i] = root[root[i]]
            i = root[i]
        return i

    for i, j in pairs:
        a, b = find(i), find(j)
        root[max(a, b)] = min(a, b)
    roots = [find(i) for i in range(n)]
    number = {node: k for k, node in enumerate(dict.fromkeys(roots))}
    return [number[node] for node in roots]
