"""Toxicity: class hazards that add, and what events do to doses."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from tests.trial import toy

from normoxia import pharmacology, seeding
from normoxia.trial.conduct import toxicity
from normoxia.trial.protocol import CYCLE_DAYS, DoseRule

RULES = toy.protocol().clinic.dose_rules
HARMLESS = {
    group: replace(rule, hold=0.0, reduce=0.0, stop=0.0, grade2_ratio=0.0)
    for group, rule in RULES.items()
}


def _ledger(
    drugs: tuple[str, ...], n: int, rules: Mapping[str, DoseRule] = RULES
) -> toxicity.Ledger:
    classes = toxicity.classes_of(drugs)
    return toxicity.Ledger(
        rules,
        classes,
        {
            name: {
                what: seeding.uniforms(3, f"{name}/{what}", n, toxicity.MAX_EVENTS)
                for what in toxicity.DRAWS
            }
            for name in classes
        },
        {
            group: np.full(n, times)
            for group, times in toxicity.factors(toy.protocol().clinic).items()
        },
        n,
    )


def test_the_share_with_an_event_is_that_of_the_summed_hazards() -> None:
    drugs, n, cycles = ("pembrolizumab", "bevacizumab"), 20_000, 8
    ledger = _ledger(drugs, n, HARMLESS)
    for cycle in range(cycles):
        ledger.advance(cycle * CYCLE_DAYS, {drug: np.ones(n) for drug in drugs})
    summed = sum(
        pharmacology.read(drug).toxicity.cumulative_by(cycles * CYCLE_DAYS) for drug in drugs
    )
    # P = 1 - exp(-L); the Monte Carlo error at n = 20,000 is below 0.0036, four of them
    assert abs(np.isfinite(ledger.first_event).mean() - (1.0 - np.exp(-summed))) < 0.0144


def test_a_later_course_is_as_long_as_the_hazard_says() -> None:
    hazard = toxicity.hazard_between
    kind = pharmacology.read("pembrolizumab").toxicity
    days = np.array([0.0, 100.0, kind.course.value, 500.0])
    for before, after in itertools.pairwise(days):
        expected = kind.cumulative_by(after) - kind.cumulative_by(before)
        assert np.isclose(hazard(kind, np.array([before]), np.array([after]))[0], expected)


def test_patients_off_a_drug_have_no_events_of_its_class() -> None:
    ledger = _ledger(("lenvatinib",), 1000)
    for cycle in range(20):
        ledger.advance(cycle * CYCLE_DAYS, {"lenvatinib": np.zeros(1000)})
    assert not np.isfinite(ledger.first_event).any()
    assert not np.isfinite(ledger.toxic_stop["lenvatinib"]).any()


def test_severe_events_hold_reduce_and_stop_in_their_shares() -> None:
    rule = replace(RULES["docetaxel"], grade2_ratio=0.0)
    n = 40_000
    ledger = _ledger(("docetaxel",), n, {**RULES, "docetaxel": rule})
    ledger.advance(0.0, {"docetaxel": np.ones(n)})
    hit = np.isfinite(ledger.first_event)
    held = ledger.held_until["docetaxel"] > 0
    reduced = ledger.intensity["docetaxel"] < 1
    stopped = ledger.toxic_stop["docetaxel"] == CYCLE_DAYS
    assert not (held | reduced | stopped)[~hit].any()
    for flags, share in ((held, rule.hold), (reduced, rule.reduce), (stopped, rule.stop)):
        # about 4700 events: four standard errors of a share are below 0.03
        assert abs(flags[hit].mean() - share) < 0.03
    assert (ledger.dose("docetaxel", CYCLE_DAYS)[held] == 0).all()
    assert np.allclose(ledger.dose("docetaxel", CYCLE_DAYS)[reduced], rule.reduced_dose)
    assert (ledger.dose("docetaxel", 1000.0)[stopped] == 0).all()
    fatal = pharmacology.read("docetaxel").toxicity.fatal_share.value
    assert abs(np.isfinite(ledger.death[hit]).mean() - fatal) < 0.015


def test_holds_last_an_exponential_time_and_a_long_one_stops_the_drug() -> None:
    rule = replace(
        HARMLESS["docetaxel"], hold=1.0, hold_mean=20.0, maximum_delay=30.0, grade2_ratio=0.0
    )
    n = 40_000
    ledger = _ledger(("docetaxel",), n, {**RULES, "docetaxel": rule})
    ledger.advance(0.0, {"docetaxel": np.ones(n)})
    held = ledger.held_until["docetaxel"][np.isfinite(ledger.first_event)] - CYCLE_DAYS
    # about 4700 holds: mean 20 with standard error 0.3; longer than 30 days in exp(-1.5) = 22.3 %, error 0.6 %
    assert abs(held.mean() - 20.0) < 1.2
    stop = ledger.toxic_stop["docetaxel"][np.isfinite(ledger.first_event)]
    assert abs(np.isfinite(stop).mean() - np.exp(-1.5)) < 0.025
    assert (stop[np.isfinite(stop)] == CYCLE_DAYS + 30.0).all()


def test_events_of_grade_2_stop_drugs_and_are_not_counted_as_severe() -> None:
    rule = replace(HARMLESS["checkpoint"], grade2_ratio=2.0, grade2_stop=0.25)
    n = 40_000
    ledger = _ledger(("pembrolizumab",), n, {**RULES, "checkpoint": rule})
    ledger.advance(0.0, {"pembrolizumab": np.ones(n)})
    hazard = pharmacology.read("pembrolizumab").toxicity.cumulative_by(CYCLE_DAYS)
    stopped = np.isfinite(ledger.toxic_stop["pembrolizumab"]).mean()
    # a quarter of 1 - exp(-2 x hazard); four standard errors at n = 40,000
    assert abs(stopped - 0.25 * (1.0 - np.exp(-2.0 * hazard))) < 0.0018
    assert abs(np.isfinite(ledger.first_event).mean() - (1.0 - np.exp(-hazard))) < 0.0026


def test_antibodies_are_never_reduced() -> None:
    for group in ("checkpoint", "vegf_antibody"):
        assert RULES[group].reduce == 0.0
    ledger = _ledger(("pembrolizumab", "bevacizumab"), 5000)
    for cycle in range(10):
        day = cycle * CYCLE_DAYS
        ledger.advance(day, {drug: ledger.dose(drug, day) for drug in ledger.intensity})
    assert all((ledger.intensity[drug] == 1.0).all() for drug in ledger.intensity)


def test_a_stop_by_decision_is_not_one_by_toxicity() -> None:
    ledger = _ledger(("docetaxel",), 2, HARMLESS)
    ledger.stop(np.array([30.0, np.inf]))
    assert ledger.dose("docetaxel", 21.0).tolist() == [1.0, 1.0]
    assert ledger.dose("docetaxel", 42.0).tolist() == [0.0, 1.0]
    assert not np.isfinite(ledger.toxic_stop["docetaxel"]).any()


def test_events_fall_within_their_cycle() -> None:
    ledger = _ledger(("docetaxel",), 5000, HARMLESS)
    ledger.advance(63.0, {"docetaxel": np.ones(5000)})
    days = ledger.first_event[np.isfinite(ledger.first_event)]
    assert ((days >= 63.0) & (days <= 84.0)).all()
