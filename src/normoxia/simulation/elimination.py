"""Sparse factors without pivoting: in which order, and what fills in."""

from __future__ import annotations

from collections.abc import Sequence


def elimination_order(n: int, pattern: set[tuple[int, int]]) -> tuple[int, ...]:
    """Pivots on the diagonal, each the one that costs least when it is taken (Markowitz 1957, Manage Sci 3:255)."""
    rows = {i: {j for a, j in pattern if a == i} | {i} for i in range(n)}
    columns = {j: {i for i, b in pattern if b == j} | {j} for j in range(n)}
    left, order = set(range(n)), []
    while left:
        k = min(left, key=lambda i: ((len(rows[i]) - 1) * (len(columns[i]) - 1), i))
        left.discard(k)
        order.append(k)
        for i in columns[k] - {k}:
            rows[i] |= rows[k] - {k}
            rows[i].discard(k)
        for j in rows[k] - {k}:
            columns[j] |= columns[k] - {k}
            columns[j].discard(k)
    return tuple(order)


def filled(
    order: Sequence[int], pattern: set[tuple[int, int]], n: int
) -> dict[tuple[int, int], int]:
    """Entries of the factors, in an order of storage, with those that elimination fills in."""
    entries = set(pattern) | {(i, i) for i in range(n)}
    for step, k in enumerate(order):
        later = order[step + 1 :]
        for i in later:
            if (i, k) in entries:
                entries |= {(i, j) for j in later if (k, j) in entries}
    return {at: row for row, at in enumerate(sorted(entries))}
