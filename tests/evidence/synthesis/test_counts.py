"""`pool` by the methods that keep to the counts."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from normoxia.errors import InvalidArgument, UnknownName
from normoxia.evidence import pool
from normoxia.evidence.synthesis.model import rare
from normoxia.evidence.synthesis.model.binomial import network_binomial
from normoxia.evidence.synthesis.model.contrasts import Arm, Contrast

ARMS = [
    Arm(study, treatment, n=n, events=events)
    for study, treatment, events, n in (
        ("1", "a", 3, 100),
        ("1", "b", 7, 100),
        ("2", "a", 1, 50),
        ("2", "b", 2, 60),
        ("3", "b", 4, 80),
        ("3", "c", 1, 75),
        ("4", "a", 0, 40),
        ("4", "b", 3, 44),
        ("4", "c", 1, 42),
        ("5", "a", 0, 30),
        ("5", "c", 0, 30),
        ("6", "a", 6, 90),
        ("6", "c", 2, 95),
    )
]


@pytest.mark.parametrize("method", ["mantel-haenszel", "penalised-logistic", "binomial-normal"])
def test_a_method_of_counts_gives_its_own_effects_on_the_studies_network(method: str) -> None:
    own = {
        "mantel-haenszel": rare.network_mantel_haenszel,
        "penalised-logistic": lambda arms: rare.network_logistic(
            [a for a in arms if a.study != "5"]
        ),
        "binomial-normal": network_binomial,
    }[method](ARMS)
    found = pool(ARMS, effect="OR", method=method, small_values="good")
    assert found.method == found.to_json()["method"] == method
    for a, b in (("a", "b"), ("a", "c"), ("b", "c")):
        assert found.effect(a, b).estimate == pytest.approx(own.effect(a, b).estimate, abs=1e-10)
        assert found.effect(a, b).se == pytest.approx(own.effect(a, b).se, rel=1e-8)
    assert set(found.network.studies) <= {"1", "2", "3", "4", "6"}
    assert any("inverse variance" in note for note in found.notes)
    assert any("5" in note and "no events" in note for note in found.notes)
    assert any("no random effects" in note for note in found.notes) == (method != "binomial-normal")


def test_only_binomial_normal_has_random_effects() -> None:
    assert pool(ARMS, effect="OR", method="binomial-normal").fit.model == "random"
    assert pool(ARMS, effect="OR", method="binomial-normal", model="common").fit.model == "common"
    assert pool(ARMS, effect="OR", method="mantel-haenszel").fit.model == "common"


def test_what_a_method_of_counts_cannot_take_is_said() -> None:
    with pytest.raises(InvalidArgument, match="odds ratios, RR"):
        pool(ARMS, effect="RR", method="binomial-normal")
    with pytest.raises(InvalidArgument, match="every arm"):
        pool([*ARMS, Contrast("7", "a", "b", 0.1, 0.2)], effect="OR", method="binomial-normal")
    with pytest.raises(UnknownName, match="binomial-normal"):
        pool(ARMS, effect="OR", method="binomial-norma")


def test_pearsons_chi_squared_is_that_of_one_table() -> None:
    """Two studies, one common odds ratio: by hand from fitted counts that keep the margins (no penalty)."""
    arms = [a for a in ARMS if a.study in ("1", "2")]
    fit = rare.network_logistic(arms, penalised=False)
    assert fit.df == 1
    shared = math.exp(fit.effect("a", "b").estimate)
    q = 0.0
    for study in ("1", "2"):
        one, other = (a for a in arms if a.study == study)
        # the fitted count x of the first arm has odds ratio `shared` given the study's events
        total = one.events + other.events
        p, r = 1.0 - shared, other.n - total + shared * (one.n + total)
        x = (-r + math.sqrt(r * r + 4.0 * p * shared * one.n * total)) / (2.0 * p)
        for arm, fitted in ((one, x), (other, total - x)):
            q += (arm.events - fitted) ** 2 / (fitted * (1.0 - fitted / arm.n))
    assert fit.q == pytest.approx(q, rel=1e-8)


def test_an_arm_without_a_count_is_refused() -> None:
    arms = [*ARMS[:-1], replace(ARMS[-1], events=math.nan)]
    with pytest.raises(InvalidArgument):
        pool(arms, effect="OR", method="binomial-normal")
