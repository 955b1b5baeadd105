from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from normoxia.evidence.synthesis.intake.tables import read_network
from normoxia.evidence.synthesis.judgement.contribution import (
    Streams,
    contributions,
    edge_weights,
    study_contributions,
)
from normoxia.evidence.synthesis.model import network as net
from normoxia.evidence.synthesis.model.contrasts import Contrast
from normoxia.evidence.synthesis.pooling import pool

LOOP = [
    Contrast("1", "a", "b", 0.5, 0.2),
    Contrast("2", "b", "c", 0.4, 0.2),
    Contrast("3", "a", "c", 0.2, 0.2),
]


@pytest.mark.parametrize("method", list(Streams))
def test_a_loop_of_equal_studies_sends_two_thirds_directly(method: Streams) -> None:
    matrix = contributions(net.fit(net.build(LOOP), model="common"), method=method)
    assert matrix.of("a", "b") == pytest.approx(
        {("a", "b"): 2 / 3, ("a", "c"): 1 / 6, ("b", "c"): 1 / 6}
    )


@pytest.mark.parametrize("method", list(Streams))
def test_contributions_are_shares(method: Streams) -> None:
    rng = np.random.default_rng(1)
    names = "abcdefg"
    rows = [
        Contrast(str(k), names[i], names[j], 0.0, rng.uniform(0.1, 1))
        for k, (i, j) in enumerate((i, j) for i in range(7) for j in range(i) if (i + j) % 3)
    ]
    shares = contributions(net.fit(net.build(rows), model="common"), method=method).shares
    assert np.all(shares >= 0)
    assert shares.sum(axis=1) == pytest.approx(np.ones(len(shares)), abs=1e-8)


def test_studies_share_their_comparison_by_weight() -> None:
    rows = [*LOOP, Contrast("4", "a", "b", 0.4, 0.1)]
    shares = study_contributions(net.fit(net.build(rows), model="common"))["a", "b"]
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["4"] / shares["1"] == pytest.approx(4)


def test_nothing_contributes_between_parts() -> None:
    split = net.build([LOOP[0], Contrast("2", "x", "y", 0.1, 0.1)])
    matrix = contributions(net.fit(split))
    assert np.isnan(matrix.shares[matrix.comparisons.index(("a", "x"))]).all()


def drained(flow: np.ndarray, source: int, sink: int) -> dict[tuple[int, int], float]:
    """All shortest paths at once, by distances and matrices: a second algorithm for the rule of `contribution`."""
    left, shares = np.where(flow > 1e-9, flow, 0.0), dict[tuple[int, int], float]()
    n = len(flow)

    def distances(edges: np.ndarray, start: int) -> np.ndarray:
        found = np.full(n, np.inf)
        found[start] = 0.0
        for _ in range(n):
            reached = np.where(edges > 0, found[:, None] + 1.0, np.inf).min(axis=0)
            found = np.minimum(found, reached)
        return found

    def walked(layer: np.ndarray, start: int, length: int) -> np.ndarray:
        out = layer.sum(axis=1, keepdims=True)
        step = np.divide(layer, out, out=np.zeros_like(layer), where=out > 0)
        mass, unit = np.eye(n)[start], np.zeros((n, n))
        for _ in range(length):
            unit += mass[:, None] * step
            mass = mass @ step
        return unit

    while math.isfinite(length := distances(left, source)[sink]):
        ahead, behind = distances(left, source), distances(left.T, sink)
        layer = np.where(ahead[:, None] + 1.0 + behind[None, :] == length, left, 0.0)
        unit = (walked(layer, source, int(length)) + walked(layer.T, sink, int(length)).T) / 2.0
        used = unit > 0
        amount = (left[used] / unit[used]).min()
        left = left - amount * unit
        left[left < 1e-9] = 0.0
        for edge in zip(*np.nonzero(used), strict=True):
            shares[edge] = shares.get(edge, 0.0) + amount * unit[edge] / length
    return shares


@pytest.mark.parametrize("seed", range(6))
def test_shortest_paths_cut_together_are_those_of_a_second_algorithm(seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = "abcdefg"
    rows = [
        Contrast(str(k), names[i], names[j], 0.0, rng.uniform(0.1, 1))
        for k, (i, j) in enumerate(
            (i, j) for i in range(7) for j in range(i) if rng.random() < 0.7 or i == j + 1
        )
    ]
    fit = net.fit(net.build(rows), model="common")
    matrix, weights = contributions(fit), edge_weights(fit)
    laplacian = np.linalg.pinv(np.diag(weights.sum(axis=1)) - weights)
    for row, (a, b) in zip(matrix.shares, matrix.comparisons, strict=True):
        i, j = fit.network.index(a), fit.network.index(b)
        drop = laplacian[:, i] - laplacian[:, j]
        shares = drained(np.maximum(weights * (drop[:, None] - drop[None, :]), 0.0), i, j)
        for (one, other), share in shares.items():
            pair = tuple(sorted((names[one], names[other])))
            assert row[matrix.direct.index(pair)] == pytest.approx(share, abs=1e-7)


def test_two_ways_of_the_same_length_are_used_alike() -> None:
    """a to d by b or by c, the same evidence on each: a quarter on every edge, whichever is named first."""
    rows = [Contrast(x + y, x, y, 0.0, 0.2) for x, y in ("ab", "bd", "ac", "cd")]
    matrix = contributions(net.fit(net.build(rows), model="common"))
    assert matrix.of("a", "d") == pytest.approx(
        {pair: 0.25 for pair in (("a", "b"), ("b", "d"), ("a", "c"), ("c", "d"))}
    )


@pytest.mark.parametrize(
    ("file", "stated"),
    [("senn2013_contrast_from_arms", 0.0023), ("linde2016_contrast", 0.0112), ("dong2013", 0.0)],
)
def test_what_ties_between_paths_move_is_as_the_documents_state(file: str, stated: float) -> None:
    """Measured here, printed in docs/method/synthesis.md."""
    table = read_network(Path(__file__).parents[2] / "oracles" / "synthesis" / f"input_{file}.csv")
    moved = 0.0
    for model in ("common", "random"):
        fit = pool(table, model=model, draws=10).fit
        ours, theirs = (
            contributions(fit, method=way).shares
            for way in (Streams.SHORTEST_PATH, Streams.FIRST_BY_NAME)
        )
        moved = max(moved, float(np.nanmax(np.abs(ours - theirs))))
    assert moved == pytest.approx(stated, abs=6e-5)
