"""Mantel-Haenszel over designs: netmeta's numbers, a second algorithm, and the same answer whatever arms are called."""

from __future__ import annotations

import csv
import math
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from normoxia.errors import InvalidArgument
from normoxia.evidence import pool
from normoxia.evidence.synthesis.model import rare
from normoxia.evidence.synthesis.model.contrasts import Arm
from normoxia.evidence.synthesis.model.design_odds import _by_events, design_odds

ORACLES = Path(__file__).parents[2] / "oracles" / "synthesis"


def read(name: str) -> list[dict[str, str]]:
    with (ORACLES / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("dataset", ["dong2013", "gurusamy2011"])
def test_multi_arm_designs_with_several_studies_are_netmetas(dataset: str) -> None:
    """netmetabin(method = "MH", cc.pooled = FALSE); rounding apart, for every pair, its error and Q."""
    arms = [
        Arm(r["study"], r["treatment"], n=float(r["n"]), events=float(r["events"]))
        for r in read(f"input_{dataset}.csv")
    ]
    fit = rare.network_mantel_haenszel(arms)
    peers = [r for r in read("nma_mantel_haenszel.csv") if r["dataset"] == dataset]
    assert len(peers) == len(fit.network.treatments) * (len(fit.network.treatments) - 1) // 2
    for peer in peers:
        effect = fit.effect(peer["treat1"], peer["treat2"])
        assert (effect.estimate, effect.se) == pytest.approx(
            (float(peer["TE"]), float(peer["seTE"])), rel=1e-12
        )
    assert fit.q == pytest.approx(float(peers[0]["Q"]), rel=1e-11)
    assert fit.df == int(peers[0]["df"])


def written_out(events: np.ndarray, n: np.ndarray) -> dict[tuple[int, int], tuple[float, float]]:
    """Generalised estimates and variances pair by pair from the definition, in plain loops (Greenland 1989)."""
    studies, k = events.shape
    f, t = n - events, n.sum(axis=1)

    def c(x: int, y: int) -> float:
        return sum(events[s, x] * f[s, y] / t[s] for s in range(studies))

    def log_odds(x: int, y: int) -> float:
        return 0.0 if x == y else math.log(c(x, y) / c(y, x))

    def covariance(x: int, y: int, z: int) -> float:
        """Of L_xy and L_xz."""
        if y == z:
            total = 0.0
            for s in range(studies):
                r, q = events[s, x] * f[s, y] / t[s], events[s, y] * f[s, x] / t[s]
                p, o = (events[s, x] + f[s, y]) / t[s], (events[s, y] + f[s, x]) / t[s]
                total += (
                    p * r / (2 * c(x, y) ** 2)
                    + (p * q + o * r) / (2 * c(x, y) * c(y, x))
                    + o * q / (2 * c(y, x) ** 2)
                )
            return total
        return sum(
            (
                events[s, x] * f[s, y] * f[s, z] / (c(x, y) * c(x, z))
                + n[s, x] * f[s, y] * events[s, z] / (c(x, y) * c(z, x))
                + n[s, x] * events[s, y] * f[s, z] / (c(y, x) * c(x, z))
                + f[s, x] * events[s, y] * events[s, z] / (c(y, x) * c(z, x))
            )
            / (3 * t[s] ** 2)
            for s in range(studies)
        )

    def between(x: int, y: int, u: int, v: int) -> float:
        """Covariance of L_xy and L_uv."""
        if x == y or u == v:
            return 0.0
        if x == u:
            return covariance(x, y, v)
        if y == v:
            return covariance(y, x, u)
        if x == v:
            return -covariance(x, y, u)
        return -covariance(y, x, v) if y == u else 0.0

    found = {}
    for i, j in combinations(range(k), 2):
        terms = [(i, m, 1.0) for m in range(k)] + [(j, m, -1.0) for m in range(k)]
        value = sum(sign * log_odds(x, y) for x, y, sign in terms) / k
        variance = sum(a * b * between(x, y, u, v) for x, y, a in terms for u, v, b in terms) / k**2
        found[i, j] = value, variance
    return found


@given(seed=st.integers(0, 10**6), k=st.integers(2, 5), studies=st.integers(1, 4))
def test_estimates_and_variances_are_those_of_the_definition_written_out(
    seed: int, k: int, studies: int
) -> None:
    rng = np.random.default_rng(seed)
    n = rng.integers(20, 200, (studies, k)).astype(float)
    events = rng.binomial(n.astype(int), rng.uniform(0.05, 0.6, k)).astype(float)
    found = design_odds(events, n)
    assume(found is not None)
    assert found is not None
    effects, covariance = found
    assert covariance.sum(axis=0) == pytest.approx(np.zeros(k), abs=1e-12)
    for (i, j), (value, variance) in written_out(events, n).items():
        assert effects[i] - effects[j] == pytest.approx(value, abs=1e-10)
        assert covariance[i, i] + covariance[j, j] - 2 * covariance[i, j] == pytest.approx(
            variance, rel=1e-9
        )


def test_where_the_covariance_is_impossible_that_of_the_counts_stands_in() -> None:
    """The derivatives behind it, against differences of the estimates themselves."""
    n = np.array([[40.0, 60.0, 50.0], [80.0, 30.0, 45.0]])
    events = np.array([[6.0, 9.0, 3.0], [4.0, 7.0, 11.0]])

    def centred(e: np.ndarray) -> np.ndarray:
        found = design_odds(e, n)
        assert found is not None
        return found[0]

    slopes = np.zeros((2, 3, 3))
    for s, a in np.ndindex(2, 3):
        step = np.zeros_like(events)
        step[s, a] = 1e-5
        slopes[s, :, a] = (centred(events + step) - centred(events - step)) / 2e-5
    expected = np.einsum("sxa,sa,sya->xy", slopes, events * (n - events) / n, slopes)
    share = np.einsum("sx,sy->xy", events / n.sum(axis=1, keepdims=True), n - events)
    assert _by_events(
        events, n - events, n.sum(axis=1), share, ~np.eye(3, dtype=bool)
    ) == pytest.approx(expected, rel=1e-6)


def test_an_arm_without_events_leaves_its_design_alone() -> None:
    """In netmeta the arm drops out of the design, not the design."""
    rows = [
        ("1", "a", 5, 50),
        ("1", "b", 9, 50),
        ("1", "c", 0, 50),
        ("2", "a", 4, 40),
        ("2", "b", 6, 44),
        ("2", "c", 0, 41),
    ]
    arms = [Arm(s, t, n=n, events=e) for s, t, e, n in rows]
    fit = rare.network_mantel_haenszel(arms)
    expected = rare.mantel_haenszel([(5, 50, 9, 50), (4, 40, 6, 44)])
    assert fit.network.treatments == ("a", "b")
    assert (fit.effect("a", "b").estimate, fit.effect("a", "b").se) == pytest.approx(
        (expected.estimate, expected.se)
    )
    assert any('"c" has no events' in note for note in fit.network.notes)
    whole = pool(arms, effect="OR", method="mantel-haenszel", small_values="good")
    assert whole.effect("a", "b").estimate == pytest.approx(expected.estimate)
    assert whole.network.treatments == ("a", "b")


def test_designs_whose_names_look_alike_stay_apart() -> None:
    arms = [
        Arm("1", "x : y", n=50, events=10),
        Arm("1", "z", n=50, events=20),
        Arm("2", "x", n=50, events=12),
        Arm("2", "y : z", n=60, events=20),
        Arm("3", "x", n=50, events=9),
        Arm("3", "z", n=50, events=14),
    ]
    fit = rare.network_mantel_haenszel(arms)
    assert len(fit.network.studies) == 3
    assert fit.effect("x : y", "z").estimate == pytest.approx(math.log(10 * 30 / (40 * 20)))


def test_no_events_at_all_are_refused_with_every_reason() -> None:
    arms = [Arm("1", "a", n=50, events=0), Arm("1", "b", n=50, events=0)]
    for work in (rare.network_mantel_haenszel, rare.network_logistic):
        with pytest.raises(InvalidArgument, match="does not depend on the effects"):
            work(arms)
