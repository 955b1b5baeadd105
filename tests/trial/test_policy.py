"""What follows progression, and how long patients are followed."""

from __future__ import annotations

import numpy as np
from tests.trial import toy

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
    arm = toy.protocol().arm("combination")
    assert policy.choose_next_line(arm, np.array([0.2, 0.49, 0.51, 0.99])).tolist() == [
        0,
        0,
        -1,
        -1,
    ]


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


def test_dropout_is_exponential() -> None:
    clinic = toy.protocol().clinic
    u = (np.arange(10_000) + 0.5) / 10_000
    # a quarter a year: the mean is four years
    assert abs(policy.dropout_days(clinic, u).mean() / (4 * 365.25) - 1.0) < 0.01
