"""Shapley values: what each of several groups contributes to a value that depends on which of them are there.

The contribution of a group is the mean, over the orders in which groups could be added, of what adding it changes. Contributions
sum to the difference between all groups and none. Few groups are done exactly, from every subset; more by a sample of orders, each
with its reverse, which sums exactly too.

References
----------
Shapley 1953, Contributions to the Theory of Games II:307; Castro et al. 2009, Comput Oper Res 36:1726 (sampling of orders).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from normoxia.seeding import uniforms

Floats = NDArray[np.float64]
Coalition = frozenset[str]

#: groups up to which every subset is used
EXACT = 6


def every_subset(groups: Sequence[str]) -> tuple[Coalition, ...]:
    """Return every subset of the groups, the empty one first, all of them last."""
    return tuple(
        frozenset(chosen)
        for size in range(len(groups) + 1)
        for chosen in combinations(groups, size)
    )


def orders(groups: Sequence[str], n_pairs: int, seed: int) -> tuple[tuple[str, ...], ...]:
    """Return random orders of the groups, each followed by its reverse; 2 `n_pairs` of them."""
    keys = uniforms(seed, "design/shapley", n_pairs, len(groups))
    drawn = [tuple(groups[i] for i in np.argsort(row)) for row in keys]
    return tuple(order for one in drawn for order in (one, one[::-1]))


def subsets_of(chosen: Sequence[Sequence[str]]) -> tuple[Coalition, ...]:
    """Return the subsets that some orders pass through, each once."""
    met = {frozenset(order[:k]) for order in chosen for k in range(len(order) + 1)}
    return tuple(sorted(met, key=lambda subset: (len(subset), sorted(subset))))


def exact(groups: Sequence[str], value: Mapping[Coalition, Floats]) -> dict[str, Floats]:
    """Return each group's contribution from the value of every subset.

    Parameters
    ----------
    groups
        Names.
    value
        Arrays of one shape, by subset; every subset of the groups.
    """
    n = len(groups)
    contributions = {}
    for group in groups:
        others = [name for name in groups if name != group]
        contributions[group] = sum(
            (
                math.factorial(len(without))
                * math.factorial(n - len(without) - 1)
                / math.factorial(n)
                * (value[without | {group}] - value[without])
                for without in every_subset(others)
            ),
            np.zeros_like(value[frozenset()]),
        )
    return contributions


def by_orders(
    chosen: Sequence[Sequence[str]], value: Mapping[Coalition, Floats]
) -> dict[str, tuple[Floats, Floats]]:
    """Return each group's contribution from some orders, and the standard error of having only these.

    Parameters
    ----------
    chosen
        Orders, each followed by its reverse, as `orders` gives them.
    value
        Arrays of one shape, by subset; those that the orders pass through.
    """
    steps: dict[str, list[Floats]] = {name: [] for name in chosen[0]}
    for order in chosen:
        for k, name in enumerate(order):
            before = frozenset(order[:k])
            steps[name].append(value[before | {name}] - value[before])
    contributions = {}
    for name, changes in steps.items():
        pairs = np.array(changes).reshape(len(chosen) // 2, 2, *np.shape(changes[0])).mean(axis=1)
        spread = pairs.std(axis=0, ddof=1) if len(pairs) > 1 else np.full(pairs.shape[1:], np.nan)
        contributions[name] = (pairs.mean(axis=0), spread / math.sqrt(len(pairs)))
    return contributions
