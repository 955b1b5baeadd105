"""What follows progression, and how long patients are followed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from tests.trial import toy

from normoxia import seeding
from normoxia.trial.conduct import policy
from normoxia.trial.conduct.policy import Phase
from normoxia.trial.protocol import FollowUp


def test_progression_stops_treatment_or_goes_on_in_the_arms_share_until_the_next() -> None:
    arm = toy.protocol().arm("combination")
    phase = np.array([Phase.ON_TREATMENT] * 3 + [Phase.BEYOND_PROGRESSION], dtype=np.int8)
    progressed = np.array([True, True, False, True])
    after = policy.after_progression(arm, phase, progressed, np.array([0.4, 0.6, 0.4, 0.4]))
    assert after.tolist() == [
        Phase.BEYOND_PROGRESSION,
        Phase.OFF_TREATMENT,
        Phase.ON_TREATMENT,
        Phase.OFF_TREATMENT,
    ]


def test_arms_without_treatment_beyond_progression_stop() -> None:
    arm = toy.protocol().arm("chemotherapy")
    after = policy.after_progression(
        arm, np.zeros(1, dtype=np.int8), np.array([True]), np.array([0.0])
    )
    assert after.tolist() == [Phase.OFF_TREATMENT]


def test_next_lines_are_chosen_in_their_shares() -> None:
    arm, clinic = toy.protocol().arm("combination"), toy.protocol().clinic
    of_progressed = replace(arm, next_lines=(replace(arm.next_lines[0], share_of="progressed"),))
    alone = replace(clinic, later_line_prognosis=0.0)
    u = np.array([0.2, 0.49, 0.51, 0.99])
    chosen = policy.choose_next_line(of_progressed, alone, u, np.zeros(4))
    assert chosen.tolist() == [0, 0, -1, -1]
    # of the randomised, 0.8 of whom come to it: 0.5/0.8 = 0.625
    u = np.array([0.2, 0.62, 0.63, 0.99])
    assert policy.choose_next_line(arm, alone, u, np.zeros(4)).tolist() == [0, 0, -1, -1]


def test_the_share_of_next_lines_does_not_depend_on_how_prognosis_decides() -> None:
    arm, n = toy.protocol().arm("combination"), 40_000
    u, z = seeding.uniforms(1, "u", n, 1)[:, 0], seeding.normals(1, "z", n, 1)[:, 0]
    for r in (0.0, 0.3, 0.8):
        clinic = replace(toy.protocol().clinic, later_line_prognosis=r)
        chosen = policy.choose_next_line(arm, clinic, u, z) == 0
        # 0.625 within four standard errors; a probit with correlated normals has the closed-form mean
        # E[z | chosen] = -r phi(q)/Phi(q), q the quantile of 0.625
        assert abs(chosen.mean() - 0.625) < 0.01
        q = 0.318639
        expected = -r * np.exp(-(q**2) / 2) / np.sqrt(2 * np.pi) / 0.625
        assert abs(z[chosen].mean() - expected) < 0.025


def test_shares_beyond_what_can_be_reached_keep_their_ratio() -> None:
    arm = toy.protocol().arm("combination")
    line = arm.next_lines[0]
    two = replace(arm, next_lines=(replace(line, share=0.6), replace(line, share=0.3)))
    alone = replace(toy.protocol().clinic, later_line_prognosis=0.0)
    chosen = policy.choose_next_line(two, alone, np.array([0.66, 0.67, 0.999]), np.zeros(3))
    assert chosen.tolist() == [0, 1, 1]


def test_clinical_progression_comes_before_death_in_its_share() -> None:
    clinic = toy.protocol().clinic
    u = (np.arange(10_000) + 0.5) / 10_000
    threshold = policy.clinical_threshold(clinic, np.full(10_000, 2.0), u)
    before = np.isfinite(threshold)
    assert before.mean() == clinic.clinical_progression
    # evenly between 0.7 and 1 of the threshold of death, 0.85 in the mean
    assert 1.4 <= threshold[before].min() < threshold[before].max() <= 2.0
    assert abs(threshold[before].mean() / 2.0 - 0.85) < 1e-4


def test_the_next_line_waits_for_the_decision_the_gap_and_the_grid() -> None:
    clinic = toy.protocol().clinic
    assert policy.next_line_start(clinic, 49.0, np.array([35.0, 42.0, 49.0])).tolist() == [
        63.0,
        63.0,
        84.0,
    ]


def test_the_last_patient_is_followed_to_the_cut_and_the_first_longest() -> None:
    ends = policy.follow_up_ends(FollowUp(600.0, 200.0, 900.0), np.array([0.0, 0.5, 1.0]), 900.0)
    assert ends.tolist() == [1500.0, 1200.0, 900.0]


def test_losses_are_exponential() -> None:
    u = (np.arange(10_000) + 0.5) / 10_000
    # a quarter a year: the mean is four years
    assert abs(policy.exponential_days(0.25 / 365.25, u).mean() / (4 * 365.25) - 1.0) < 0.01
    assert np.isinf(policy.exponential_days(0.0, u)).all()
