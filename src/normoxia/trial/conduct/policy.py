"""What follows progression: going on with some drugs, stopping, the next line; and who is followed for how long."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from normoxia.trial.protocol import CYCLE_DAYS, Arm, Clinic, FollowUp

Floats = NDArray[np.float64]


class Phase(IntEnum):
    """Where a patient stands in the protocol."""

    ON_TREATMENT = 0
    BEYOND_PROGRESSION = 1
    OFF_TREATMENT = 2


def after_progression(
    arm: Arm, phase: NDArray[np.int8], progressed: NDArray[np.bool_], choice: Floats
) -> NDArray[np.int8]:
    """Phases after a scan: the first progression stops treatment or, in the arm's share, goes on; the next one stops it.

    choice  uniforms, one a patient for the whole trial; shape (n_patients,)
    """
    share = arm.beyond.share if arm.beyond else 0.0
    after = phase.copy()
    first = progressed & (phase == Phase.ON_TREATMENT)
    after[first] = Phase.OFF_TREATMENT
    after[first & (choice < share)] = Phase.BEYOND_PROGRESSION
    after[progressed & (phase == Phase.BEYOND_PROGRESSION)] = Phase.OFF_TREATMENT
    return after


def choose_next_line(arm: Arm, choice: Floats) -> NDArray[np.int64]:
    """The next line each patient would get, as its position in `arm.next_lines`; -1 for none."""
    bounds = np.cumsum([line.share for line in arm.next_lines])
    position = np.searchsorted(bounds, choice, side="right")
    return np.where(position < len(bounds), position, -1)


def next_line_start(clinic: Clinic, decided: float, scan_day: Floats) -> Floats:
    """Day the next line begins: after the gap, not before the decision, on the grid of cycles."""
    ready = np.maximum(decided, scan_day + clinic.treatment_gap)
    return np.asarray(np.ceil(ready / CYCLE_DAYS - 1e-9) * CYCLE_DAYS)


def follow_up_ends(follow_up: FollowUp, entry: Floats, cut: float) -> Floats:
    """Days from a patient's entry to an administrative cut.

    entry  uniforms: when within the accrual a patient entered; shape (n_patients,)
    cut    days from the last entry to the cut
    """
    return np.asarray(follow_up.accrual * (1.0 - entry) + cut)


def dropout_days(clinic: Clinic, u: Floats) -> Floats:
    """Days to loss of contact or withdrawal of consent, from uniforms; infinite when nobody drops out."""
    if clinic.dropout == 0.0:
        return np.full(len(u), np.inf)
    return np.asarray(-np.log(u) / clinic.dropout)
