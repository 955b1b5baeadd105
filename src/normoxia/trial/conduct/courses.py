"""When each drug of an arm ended, and why: planned end, toxicity, decision, withdrawal, progression, death."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from normoxia.pharmacology import Regimen
from normoxia.trial.protocol import Arm

Floats = NDArray[np.float64]
Codes = NDArray[np.int8]


class EndReason(IntEnum):
    """Why a drug of the protocol ended; of reasons on one day the smaller code counts."""

    ONGOING = 0
    COMPLETED = 1
    PROGRESSION = 2
    CLINICAL_PROGRESSION = 3
    TOXICITY = 4
    DECISION = 5
    WITHDRAWAL = 6
    DEATH = 7


@dataclass(frozen=True, slots=True, eq=False)
class DrugEnd:
    """When a drug ended and why, by patient.

    Attributes
    ----------
    day
        Days from entry; infinite while it is given. Shape (n_patients,).
    reason
        `EndReason` codes; shape (n_patients,).
    """

    day: Floats
    reason: Codes

    def only(self, given: NDArray[np.bool_]) -> DrugEnd:
        """The same for patients who got the drug; nan and -1 for the others, as for arms without it."""
        return DrugEnd(
            np.where(given, self.day, np.nan), np.where(given, self.reason, -1).astype(np.int8)
        )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class EndCauses:
    """Days of what ends treatment, infinite for what did not happen; each of shape (n_patients,).

    Attributes
    ----------
    progression
        First scan with progression.
    off_protocol
        When nothing of the protocol was given any longer, by progression or withdrawal.
    clinical_progression, discontinuation, withdrawal, death
        As in `Record`.
    continued
        Who went on with the arm's drugs for treatment beyond progression.
    """

    progression: Floats
    off_protocol: Floats
    clinical_progression: Floats
    discontinuation: Floats
    withdrawal: Floats
    death: Floats
    continued: NDArray[np.bool_]


def planned_end(regimen: Regimen, drug: str, horizon: float) -> float:
    """Day of a drug's last planned dose; infinite when it is given up to the horizon.

    Parameters
    ----------
    regimen
        The arm's.
    drug
        One of its drugs.
    horizon
        Days from entry to the last cut.
    """
    courses = regimen.of(drug).courses
    if max(course.end for course in courses) > horizon:
        return np.inf
    days = [course.times(0.0, horizon) for course in courses]
    return float(max(day[-1] for day in days if len(day)))


def drug_ends(
    arm: Arm, horizon: float, toxic_stop: Mapping[str, Floats], causes: EndCauses
) -> dict[str, DrugEnd]:
    """Find when and why each drug of an arm ended.

    Parameters
    ----------
    arm
        Whose drugs.
    horizon
        Days from entry to the last cut.
    toxic_stop
        By drug, the day toxicity stopped it; each of shape (n_patients,).
    causes
        Everything else that ends treatment.

    Returns
    -------
    dict
        By drug.
    """
    ends = {}
    for drug in arm.regimen.drugs:
        continued = causes.continued & (arm.beyond is not None and drug in arm.beyond.drugs)
        progression = np.where(continued, causes.off_protocol, causes.progression)
        # the day a withdrawal ended everything is no progression
        progression = np.where(progression >= causes.withdrawal, np.inf, progression)
        days = np.stack(
            [
                np.full(len(progression), planned_end(arm.regimen, drug, horizon)),
                progression,
                causes.clinical_progression,
                toxic_stop[drug],
                causes.discontinuation,
                causes.withdrawal,
                causes.death,
            ]
        )
        day = days.min(axis=0)
        reason = np.where(np.isfinite(day), days.argmin(axis=0) + 1, EndReason.ONGOING)
        ends[drug] = DrugEnd(day, reason.astype(np.int8))
    return ends
