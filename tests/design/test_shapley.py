"""Shapley values: known games, two algorithms, and what they sum to."""

from __future__ import annotations

from itertools import pairwise, permutations

import numpy as np
import pytest

from normoxia.design import shapley
from normoxia.design.shapley import Coalition, Floats

GROUPS = ("a", "b", "c", "d")


def game(seed: int) -> dict[Coalition, Floats]:
    """Random values of every subset, in three draws."""
    rng = np.random.default_rng(seed)
    return {subset: rng.normal(size=3) for subset in shapley.every_subset(GROUPS)}


def test_the_glove_game() -> None:
    """One left and two right gloves, a pair being worth 1: 2/3, 1/6, 1/6 (Shapley 1953 in every textbook)."""
    subsets = shapley.every_subset(("left", "right", "other"))
    value = {s: np.array([float("left" in s and len(s) > 1)]) for s in subsets}
    shares = shapley.exact(("left", "right", "other"), value)
    assert [shares[name][0] for name in ("left", "right", "other")] == pytest.approx(
        [2 / 3, 1 / 6, 1 / 6]
    )


def test_a_weighted_majority() -> None:
    """Weights 4, 3, 2, 1, majority 6: 5/12, 1/4, 1/4, 1/12 (counting the 24 orders by hand)."""
    weight = dict(zip(GROUPS, (4, 3, 2, 1), strict=True))
    value = {
        s: np.array([float(sum(weight[g] for g in s) >= 6)]) for s in shapley.every_subset(GROUPS)
    }
    shares = shapley.exact(GROUPS, value)
    assert [shares[g][0] for g in GROUPS] == pytest.approx([5 / 12, 1 / 4, 1 / 4, 1 / 12])


@pytest.mark.parametrize("seed", [1, 2])
def test_all_orders_give_what_all_subsets_give(seed: int) -> None:
    value = game(seed)
    every = [o for one in permutations(GROUPS) if one < one[::-1] for o in (one, one[::-1])]
    assert len(every) == 24
    by_orders = shapley.by_orders(every, value)
    for name, share in shapley.exact(GROUPS, value).items():
        np.testing.assert_allclose(by_orders[name][0], share, atol=1e-12)


def test_contributions_sum_to_the_difference_also_with_few_orders() -> None:
    value = game(3)
    difference = value[frozenset(GROUPS)] - value[frozenset()]
    np.testing.assert_allclose(sum(shapley.exact(GROUPS, value).values()), difference, atol=1e-12)
    few = shapley.orders(GROUPS, 2, seed=1)
    assert len(few) == 4
    assert all(one == other[::-1] for one, other in list(pairwise(few))[::2])
    met = shapley.subsets_of(few)
    sampled = shapley.by_orders(few, {subset: value[subset] for subset in met})
    np.testing.assert_allclose(sum(mean for mean, _ in sampled.values()), difference, atol=1e-12)
    assert all((error >= 0).all() for _, error in sampled.values())


def test_a_group_that_changes_nothing_gets_nothing() -> None:
    value = {s: np.array([float("a" in s)]) for s in shapley.every_subset(GROUPS)}
    shares = shapley.exact(GROUPS, value)
    assert [float(shares[g][0]) for g in GROUPS] == pytest.approx([1, 0, 0, 0], abs=1e-12)
