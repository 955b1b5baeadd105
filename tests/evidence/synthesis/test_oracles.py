"""Every number of tests/oracles/synthesis, as benchmarks/oracles.py compares it for the documentation."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from benchmarks import oracles
from benchmarks.synthesis_restricted import checks
from scipy.special import chdtri

from normoxia.evidence.synthesis.model import heterogeneity


@cache
def compared() -> dict[str, list[oracles.Row]]:
    found: dict[str, list[oracles.Row]] = {}
    for row in oracles.rows():
        found.setdefault(row.file, []).append(row)
    return found


FILES = [
    "pairwise",
    "nma_summary",
    "nma_effects",
    "nma_ranking",
    "nma_netsplit",
    "nma_design_decomposition",
    "nma_contribution_shortestpath",
    "nma_netheat",
    "nma_funnel",
    "binomial_normal",
    "nma_mantel_haenszel",
    "cnma_summary",
    "cnma_components",
    "cnma_combinations_vs_placebo",
    "reconstruction_and_maic",
]


@pytest.mark.parametrize("file", FILES)
def test_numbers_agree_with_the_peer_within_their_tolerance(file: str) -> None:
    rows = compared()[file]
    assert len(rows) > 10
    apart = [f"{r.case}, {r.quantity}: {r.ours!r} against {r.peer!r}" for r in rows if not r.agrees]
    assert not apart, "\n".join(apart[:20])


def test_only_the_stated_numbers_are_held_to_less_than_a_millionth() -> None:
    loose = [r for rows in compared().values() for r in rows if math.isnan(r.tolerance)]
    assert [(r.case, r.quantity) for r in loose] == [("senn2013 REML", "tau2")]
    for row in (r for rows in compared().values() for r in rows if r.tolerance > oracles.EXACT):
        assert row.note or row.quantity in ("SUCRA", "tau2, covariance left out"), row


def test_our_paule_mandel_and_q_profile_solve_their_equations_where_the_peer_stops_short() -> None:
    bcg = oracles.records("input_bcg.csv")
    y, v = (np.array([float(r[c]) for r in bcg]) for c in ("yi", "vi"))
    x = np.ones((13, 1))
    peer = {
        (r["dataset"], r["quantity"]): float(r["value"]) for r in oracles.records("pairwise.csv")
    }

    def miss(tau2: float, target: float) -> float:
        return abs(heterogeneity.weighted_fit(y, v, x, tau2).q - target)

    assert miss(heterogeneity.tau2(y, v, x, "PM"), 12.0) < 1e-12
    assert miss(peer["BCG logRR PM", "tau2"], 12.0) > 1e-4
    low, high = heterogeneity.q_profile(y, v, x)
    for ours, name, tail in ((low, "lower", 0.025), (high, "upper", 0.975)):
        quantile = float(chdtri(12, tail))
        assert miss(ours, quantile) < 1e-10
        assert miss(peer["BCG logRR REML", f"tau2 Q-profile {name}"], quantile) > 1e-5


def test_forty_digits_put_the_maximum_where_we_do_and_the_peers_estimate_lower() -> None:
    """Whole covariance matrices and golden section in decimals; tau2 ours to 1e-12, the peers' log-likelihood short of it."""
    found = {check.case: check for check in checks()}
    assert len(found) == 4
    for case, check in found.items():
        assert check.ours == pytest.approx(check.best, rel=1e-12)
        assert check.ours_short < 1e-24
        assert check.tight == pytest.approx(check.best, rel=1e-7)  # the peer itself, iterating on
        left_out = case.endswith("left out")
        assert (check.peer_short < 1e-16) is left_out  # its own model: it stands on the top
    assert found["senn2013 REML, whole covariance"].peer_short > 3e-4


def test_our_restricted_likelihood_is_at_least_as_high_as_at_the_peers_estimates() -> None:
    bcg = oracles.records("input_bcg.csv")
    y, v, ablat, year = (
        np.array([float(r[c]) for r in bcg]) for c in ("yi", "vi", "ablat", "year")
    )
    peer = {
        r["dataset"]: float(r["value"])
        for r in oracles.records("pairwise.csv")
        if r["quantity"] == "tau2"
    }
    one = np.ones(13)
    for case, columns in (
        ("BCG logRR REML", [one]),
        ("BCG metareg ablat REML", [one, ablat]),
        ("BCG metareg ablat+year REML", [one, ablat, year]),
    ):
        x = np.column_stack(columns)
        ours = heterogeneity.log_likelihood(y, v, x, heterogeneity.tau2(y, v, x, "REML"))
        assert ours >= heterogeneity.log_likelihood(y, v, x, peer[case]) - 1e-12
