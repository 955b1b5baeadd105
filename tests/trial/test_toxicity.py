"""Toxicity: class hazards that add, and what events do to doses."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
from tests.trial import toy

from normoxia import pharmacology, seeding
from normoxia.trial.conduct import toxicity
from normoxia.trial.protocol import CYCLE_DAYS, Clinic


def _ledger(drugs: tuple[str, ...], n: int, clinic: Clinic | None = None) -> toxicity.Ledger:
    classes = toxicity.classes_of(drugs)

    def drawn(name: str, what: str) -> np.ndarray:
        return seeding.uniforms(3, f"{name}/{what}", n, toxicity.MAX_EVENTS)

    return toxicity.Ledger(
        clinic or toy.protocol().clinic,
        classes,
        {name: -np.log(drawn(name, "gap")) for name in classes},
        {name: drawn(name, "action") for name in classes},
        {name: drawn(name, "fatal") for name in classes},
        {
            group: np.full(n, times)
            for group, times in toxicity.factors(clinic or toy.protocol().clinic).items()
        },
        n,
    )


def _harmless(clinic: Clinic) -> Clinic:
    return replace(clinic, hold=0.0, reduce=0.0, stop=0.0)


def test_the_share_with_an_event_is_that_of_the_summed_hazards() -> None:
    drugs, n, cycles = ("pembrolizumab", "bevacizumab"), 20_000, 8
    ledger = _ledger(drugs, n, _harmless(toy.protocol().clinic))
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


def test_events_hold_reduce_and_stop_in_their_shares() -> None:
    clinic = toy.protocol().clinic
    n = 40_000
    ledger = _ledger(("docetaxel",), n, clinic)
    ledger.advance(0.0, {"docetaxel": np.ones(n)})
    hit = np.isfinite(ledger.first_event)
    held = ledger.held_until["docetaxel"] > 0
    reduced = ledger.intensity["docetaxel"] < 1
    stopped = np.isfinite(ledger.stopped["docetaxel"])
    assert not (held | reduced | stopped)[~hit].any()
    for flags, share in ((held, clinic.hold), (reduced, clinic.reduce), (stopped, clinic.stop)):
        # about 4700 events: four standard errors of a share are below 0.03
        assert abs(flags[hit].mean() - share) < 0.03
    following = CYCLE_DAYS
    assert (ledger.dose("docetaxel", following)[held] == 0).all()
    assert (ledger.dose("docetaxel", following + clinic.hold_days)[held] == 1).all()
    assert np.allclose(ledger.dose("docetaxel", following)[reduced], clinic.reduced_dose)
    assert (ledger.dose("docetaxel", 1000.0)[stopped] == 0).all()
    fatal = pharmacology.read("docetaxel").toxicity.fatal_share.value
    assert abs(np.isfinite(ledger.death[hit]).mean() - fatal) < 0.015


def test_events_fall_within_their_cycle() -> None:
    ledger = _ledger(("docetaxel",), 5000, _harmless(toy.protocol().clinic))
    ledger.advance(63.0, {"docetaxel": np.ones(5000)})
    days = ledger.first_event[np.isfinite(ledger.first_event)]
    assert ((days >= 63.0) & (days <= 84.0)).all()
