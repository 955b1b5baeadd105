"""What is written down of an arm's patients as the trial goes on."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from normoxia.trial.conduct.courses import DrugEnd

Floats = NDArray[np.float64]


@dataclass(slots=True, eq=False, kw_only=True)
class Record:
    """An arm's patients; one row each, days from entry, infinite for what did not happen.

    Attributes
    ----------
    survival_cut, progression_cut
        Administrative cuts; shape (n_patients,).
    survival_loss, scan_withdrawal, discontinuation
        When contact is lost, consent to scans and treatment withdrawn, treatment stopped by decision.
    death, new_lesion
        Days of the events.
    clinical_progression
        Symptomatic deterioration, which stops treatment and brings an unscheduled scan.
    progression
        First scan with progression, treatment beyond it or not.
    off_protocol
        When progression or withdrawal ended everything the protocol gives.
    next_line, next_start
        Position of the next line in the arm's list (-1 for none), and its first day.
    baseline_sum
        Sum of diameters read at baseline, mm.
    scan_day, scan_sum, overall
        Each visit's scan: day (nan when not done), sum in mm, `recist.Response`; shape (n_patients, n_visits).
    states
        Outputs of the engine; shape (n_patients, n_visits + 1, n_states).
    status, reason
        Of the engine, and why it failed, by row.
    drug_ends
        By drug of the arm, when and why it ended.
    first_toxicity, toxic_death
        First event of grade 3 or more, and death of one.
    """

    survival_cut: Floats
    progression_cut: Floats
    survival_loss: Floats
    scan_withdrawal: Floats
    discontinuation: Floats
    death: Floats
    new_lesion: Floats
    clinical_progression: Floats
    progression: Floats
    off_protocol: Floats
    next_line: NDArray[np.int64]
    next_start: Floats
    baseline_sum: Floats
    scan_day: Floats
    scan_sum: Floats
    overall: NDArray[np.int8]
    states: NDArray[np.float32]
    status: NDArray[np.int64]
    first_toxicity: Floats
    toxic_death: Floats
    reason: dict[int, str] = field(default_factory=dict)
    drug_ends: dict[str, DrugEnd] = field(default_factory=dict)
