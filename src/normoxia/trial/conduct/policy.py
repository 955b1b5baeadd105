"""What follows progression: going on with some drugs, stopping, the next line; and who is followed for how long."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from normoxia.trial.protocol import CYCLE_DAYS, PROGRESSED, Arm, Clinic, FollowUp

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


def choose_next_line(
    arm: Arm, clinic: Clinic, choice: Floats, frailty: Floats
) -> NDArray[np.int64]:
    """Choose the next line that each patient gets once off treatment.

    Shares of the randomised are those of everybody at entry, enlarged by `Clinic.later_line_reach`, since some die or
    are still on treatment at the cut. Patients with a better prognosis are more likely to be chosen: the choice follows a
    standard normal that has the correlation `Clinic.later_line_prognosis` with the negative of the frailty (a probit
    model whose marginal probability is the share).

    Parameters
    ----------
    arm
        Its next lines and what their shares are of.
    clinic
        Numbers of the choice.
    choice
        Uniforms; shape (n_patients,).
    frailty
        Standard normals, the logarithm of the hazard of death standardised; shape (n_patients,).

    Returns
    -------
    numpy.ndarray
        Position in `arm.next_lines`, -1 for none; shape (n_patients,).
    """
    shares = np.cumsum([line.share for line in arm.next_lines])
    if len(shares) and arm.next_lines[0].share_of != PROGRESSED:
        # capped in proportion, so that lines keep their ratio
        shares = shares / max(clinic.later_line_reach, shares[-1])
    r = clinic.later_line_prognosis
    from scipy.special import ndtr, ndtri  # not needed by the many commands that only read trials

    uniform = ndtr(np.sqrt(1.0 - r**2) * ndtri(choice) + r * frailty)
    position = np.searchsorted(shares, uniform, side="right")
    return np.where(position < len(shares), position, -1)


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


def clinical_threshold(clinic: Clinic, death: Floats, u: Floats) -> Floats:
    """Accumulated hazard of death at which disease progresses clinically, in a share of patients before they die.

    A patient dies when the accumulated hazard reaches a threshold of their own, and deteriorates when it reaches an
    evenly distributed part of that, from 2 m - 1 to 1 for a mean of m. So deterioration comes before death, sooner before
    it the higher the hazard then, and never looks ahead.

    Parameters
    ----------
    clinic
        The share, and the mean part of the threshold.
    death
        Thresholds of death; shape (n_patients,).
    u
        Uniforms; shape (n_patients,).

    Returns
    -------
    numpy.ndarray
        Infinite for those who die without; shape (n_patients,).
    """
    share, mean = clinic.clinical_progression, clinic.clinical_progression_at
    if share == 0.0:
        return np.full(len(u), np.inf)
    part = 1.0 - 2.0 * (1.0 - mean) * np.minimum(u / share, 1.0)
    return np.where(u < share, part * death, np.inf)


def exponential_days(rate: float, u: Floats) -> Floats:
    """Days to an event of constant rate (1/day), from uniforms; infinite at rate 0."""
    if rate == 0.0:
        return np.full(len(u), np.inf)
    return np.asarray(-np.log(u) / rate)
