"""Rodas5P's coefficients: the order conditions they must meet, and the order measured on a driven problem."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest

from normoxia.simulation.rosenbrock import DENSE, GAMMA, NODES, SLOPES, A, C

Tree = tuple["Tree", ...]  # a rooted tree is the sorted tuple of the trees above its root


def square(rows: tuple[tuple[float, ...], ...]) -> np.ndarray:
    return np.array([[*row, *[0.0] * (8 - len(row))] for row in rows])


# back from the transformed form (Hairer & Wanner 1996, section IV.7): C = I/gamma - Gamma^-1, A = alpha Gamma^-1
GAMMAS = np.linalg.inv(np.eye(8) / GAMMA - square(C))
ALPHAS = square(A) @ GAMMAS
WEIGHTS = np.array([*A[7], 1.0]) @ GAMMAS
EMBEDDED = np.array([*A[7], 0.0]) @ GAMMAS
BETAS = ALPHAS + GAMMAS


@cache
def size(tree: Tree) -> int:
    return 1 + sum(size(child) for child in tree)


@cache
def density(tree: Tree) -> int:
    return size(tree) * int(np.prod([density(child) for child in tree], dtype=int))


def trees(n: int) -> Iterator[Tree]:
    """Rooted trees of n nodes."""

    def forests(left: int, least: Tree | None) -> Iterator[tuple[Tree, ...]]:
        if left == 0:
            yield ()
        for k in range(1, left + 1):
            for child in trees(k):
                if least is None or (size(child), child) >= (size(least), least):
                    for rest in forests(left - k, child):
                        yield (child, *rest)

    return forests(n - 1, None)


def stage_weights(tree: Tree) -> np.ndarray:
    """A node with one child sums over alpha + gamma, one with more over alpha (Hairer & Wanner 1996, theorem IV.7.3)."""
    if len(tree) == 1:
        return BETAS @ stage_weights(tree[0])
    return (
        np.prod([ALPHAS @ stage_weights(child) for child in tree], axis=0) if tree else np.ones(8)
    )


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
def test_order_conditions(order: int) -> None:
    found = list(trees(order))
    assert len(found) == {1: 1, 2: 1, 3: 2, 4: 4, 5: 9}[order]  # the numbers of rooted trees
    for tree in found:
        assert WEIGHTS @ stage_weights(tree) == pytest.approx(1 / density(tree), abs=1e-10)
        if order <= 4:
            assert EMBEDDED @ stage_weights(tree) == pytest.approx(1 / density(tree), abs=1e-10)


def test_the_embedded_method_has_order_four_only() -> None:
    assert max(abs(EMBEDDED @ stage_weights(tree) - 1 / density(tree)) for tree in trees(5)) > 1e-4


def test_row_sums_give_the_nodes_and_the_weights_of_the_time_derivative() -> None:
    np.testing.assert_allclose(ALPHAS.sum(axis=1), NODES, atol=1e-12)
    np.testing.assert_allclose(GAMMAS.sum(axis=1), SLOPES, atol=1e-11)


def test_the_last_stages_are_stiffly_accurate() -> None:
    np.testing.assert_allclose(BETAS[7], WEIGHTS, atol=1e-12)
    assert ALPHAS[7].sum() == pytest.approx(1.0)


def step(y: np.ndarray, t: float, h: float) -> np.ndarray:
    """One step of the transformed form on y' = [-y0^2 + sin t, y0 y1 - 3 y1]."""

    def f(t: float, y: np.ndarray) -> np.ndarray:
        return np.array([-(y[0] ** 2) + np.sin(t), y[0] * y[1] - 3 * y[1]])

    w = np.eye(2) / (GAMMA * h) - np.array([[-2 * y[0], 0.0], [y[1], y[0] - 3]])
    drift = np.array([np.cos(t), 0.0])
    u: list[np.ndarray] = []
    for i in range(8):
        at = y + sum((a * v for a, v in zip(A[i], u, strict=True)), np.zeros(2))
        held = sum((c / h * v for c, v in zip(C[i], u, strict=True)), np.zeros(2))
        u.append(np.linalg.solve(w, f(t + NODES[i] * h, at) + held + SLOPES[i] * h * drift))
    return y + sum((a * v for a, v in zip(A[7], u[:7], strict=True)), np.zeros(2)) + u[7]


def test_measured_order_on_a_driven_problem() -> None:
    def solve(n: int) -> np.ndarray:
        y = np.array([1.0, 1.0])
        for k in range(n):
            y = step(y, 2.0 * k / n, 2.0 / n)
        return y

    right = solve(1280)
    errors = np.array([np.abs(solve(n) - right).max() for n in (20, 40, 80, 160)])
    orders = np.log2(errors[:-1] / errors[1:])
    assert np.all(orders > 4.6), orders
    assert orders[-1] == pytest.approx(5.0, abs=0.1)


@pytest.mark.parametrize("share", [0.125, 0.3, 0.5, 0.875])
def test_the_polynomial_within_a_step_is_of_order_four(share: float) -> None:
    """The value at a share s of a step must meet the order conditions with s^n in place of 1, up to order 4."""
    d = np.array(DENSE)
    y1 = np.array([*A[7], 1.0])
    dense = share * (y1 + (1 - share) * (d[0] + share * (d[1] + share * d[2]))) @ GAMMAS
    for order in range(1, 5):
        for tree in trees(order):
            found = float(dense @ stage_weights(tree))
            assert found == pytest.approx(share**order / density(tree), abs=1e-9)
