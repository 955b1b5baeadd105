from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from normoxia.errors import InvalidArgument, NotConverged
from normoxia.evidence.synthesis.model import rare
from normoxia.evidence.synthesis.model.contrasts import Arm

TABLES = [(3.0, 100.0, 7.0, 100.0), (0.0, 50.0, 2.0, 60.0), (1.0, 80.0, 4.0, 75.0)]


def arms_of(tables: list[tuple[float, float, float, float]]) -> list[Arm]:
    return [
        arm
        for i, (a, n1, c, n2) in enumerate(tables)
        for arm in (Arm(str(i), "t", n=n1, events=a), Arm(str(i), "c", n=n2, events=c))
    ]


def test_one_table_is_its_own_odds_ratio() -> None:
    pooled = rare.mantel_haenszel([(20, 100, 10, 100)])
    assert pooled.estimate == pytest.approx(math.log(20 * 90 / (80 * 10)))
    assert pooled.se == pytest.approx(math.sqrt(1 / 20 + 1 / 80 + 1 / 10 + 1 / 90))


def test_risk_ratio_and_difference_of_one_table() -> None:
    assert rare.mantel_haenszel([(20, 100, 10, 100)], effect="RR").se == pytest.approx(
        math.sqrt(1 / 20 - 1 / 100 + 1 / 10 - 1 / 100)
    )
    difference = rare.mantel_haenszel([(20, 100, 10, 100)], effect="RD")
    assert (difference.estimate, difference.se) == pytest.approx(
        (0.1, math.sqrt(0.2 * 0.8 / 100 + 0.1 * 0.9 / 100))
    )


def test_a_network_of_two_treatments_is_the_pairwise_answer() -> None:
    fitted, pooled = (
        rare.network_mantel_haenszel(arms_of(TABLES)).effect("t", "c"),
        rare.mantel_haenszel(TABLES),
    )
    assert (fitted.estimate, fitted.se) == pytest.approx((pooled.estimate, pooled.se))


def test_studies_without_events_change_nothing_for_mantel_haenszel() -> None:
    assert rare.mantel_haenszel([*TABLES, (0, 40, 0, 40)]).estimate == pytest.approx(
        rare.mantel_haenszel(TABLES).estimate
    )


def test_the_penalty_keeps_an_empty_arm_finite() -> None:
    empty = [(0.0, 100.0, 8.0, 100.0)]
    # Firth on one 2x2 table adds one half to every cell (Heinze & Schemper 2002)
    expected = math.log(0.5 / 100.5) - math.log(8.5 / 92.5)
    assert rare.network_logistic(arms_of(empty)).effect("t", "c").estimate == pytest.approx(
        expected, rel=1e-8
    )
    with pytest.raises(NotConverged, match="penalised"):
        rare.network_logistic(arms_of(empty), penalised=False)
    with pytest.raises(InvalidArgument, match="risk difference"):
        rare.mantel_haenszel(empty)


def test_many_small_studies_of_three_arms_recover_the_truth() -> None:
    """Mantel-Haenszel and penalised likelihood within three standard errors; both nearly unbiased here."""
    rng, truth, arms = np.random.default_rng(2), {"a": 0.0, "b": -0.5, "c": 0.4}, []
    for study in range(400):
        base = rng.normal(-3.0, 0.3)
        for name in ("abc", "ac", "ab")[study % 3]:
            p = 1 / (1 + math.exp(-base - truth[name]))
            arms.append(Arm(str(study), name, n=60, events=float(rng.binomial(60, p))))
    for fitted in (rare.network_mantel_haenszel(arms), rare.network_logistic(arms)):
        for name in ("b", "c"):
            effect = fitted.effect(name, "a")
            assert abs(effect.estimate - truth[name]) < 3 * effect.se
            assert effect.se < 0.15


def test_mantel_haenszel_of_a_network_with_multi_arm_designs_is_netmetas() -> None:
    """netmeta 3.6-2, November 2026, on tests/oracles/synthesis/input_hasselblad1998.csv read as h:

    p <- pairwise(treat = treatment, event = events, n = n, studlab = study, data = h, sm = "OR")
    m <- netmetabin(p, method = "MH", cc.pooled = FALSE); m$TE.common; m$seTE.common; m$Q.inconsistency
    """
    path = Path(__file__).parents[2] / "oracles" / "synthesis" / "input_hasselblad1998.csv"
    with path.open(encoding="utf-8") as file:
        arms = [
            Arm(r["study"], r["treatment"], n=float(r["n"]), events=float(r["events"]))
            for r in csv.DictReader(file)
        ]
    fit = rare.network_mantel_haenszel(arms)
    peer = {
        "grp_counseling": (0.0032383909, 0.1844121916),
        "no_contact": (-0.7211054881, 0.0564291625),
        "self_help": (-0.5096403462, 0.1323210397),
    }
    for treatment, values in peer.items():
        effect = fit.effect(treatment, "ind_counseling")
        assert (effect.estimate, effect.se) == pytest.approx(values, abs=1e-10)
    assert (round(fit.q, 5), fit.df) == (12.03897, 6)
