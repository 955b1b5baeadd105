"""Who gets which dose: an arm's regimen as toxicity and progression have left it, and the next lines, as the engine's inputs."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from normoxia.mechanism.inputs import Inputs
from normoxia.pharmacology import Regimen, schedule
from normoxia.population import Population
from normoxia.trial.conduct.policy import Phase
from normoxia.trial.conduct.toxicity import Ledger
from normoxia.trial.protocol import CYCLE_DAYS, Arm

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Rows = NDArray[np.intp]

#: infusions of the shipped drugs last hours; as boluses they spare the engine half of its break points
_BOLUS_BELOW = 0.5


@dataclass(slots=True, eq=False)
class Dispenser:
    """Doses of an arm. Reads arrays that the conduct of the trial writes; each has one entry a patient.

    phase       where a patient stands
    next_line   position of the next line in the arm's list, -1 for none; next_start its day, infinite before it is set
    doses       relative dose of each drug in the cycle under way
    """

    arm: Arm
    population: Population
    ledger: Ledger
    phase: NDArray[np.int8]
    next_line: NDArray[np.int64]
    next_start: Floats
    doses: dict[str, Floats] = field(default_factory=dict)

    def inputs(self, start: float, end: float, rows: Rows, seats: Rows, n_seats: int) -> Inputs:
        """Every dose of a window, cycle by cycle.

        rows   the patients followed; seats their places among the `n_seats` patients of the engine's state
        """
        edges = np.unique(
            np.concatenate(
                [
                    [start, end],
                    np.arange(np.ceil(start / CYCLE_DAYS), np.ceil(end / CYCLE_DAYS)) * CYCLE_DAYS,
                ]
            )
        )
        parts: list[Inputs] = []
        for first, last in itertools.pairwise(edges):
            if first % CYCLE_DAYS == 0.0:
                self.begin_cycle(float(first), rows)
            parts.append(self.trial_doses(float(first), float(last), rows))
            parts.extend(self.next_line_doses(float(first), float(last), rows))
        doses = merged([part for part in parts if part.n_doses], len(rows))
        amount = np.zeros((n_seats, doses.n_doses))
        amount[seats] = doses.amount
        return Inputs(doses.time, doses.target, amount, doses.duration)

    def begin_cycle(self, day: float, rows: Rows) -> None:
        """Fix the cycle's doses by what happened before it, then let it have its events."""
        followed = np.zeros(self.population.n_patients, dtype=bool)
        followed[rows] = True
        self.doses = {drug: self.ledger.dose(drug, day) for drug in self.arm.regimen.drugs}
        given = {}
        for drug in self.arm.regimen.drugs:
            due = any(
                len(course.times(day, day + CYCLE_DAYS))
                for course in self.arm.regimen.of(drug).courses
            )
            if due:
                given[drug] = self.doses[drug] * (followed & self.gets(drug))
        self.ledger.advance(day, given)

    def gets(self, drug: str) -> Bools:
        """Who is under treatment with a drug of the arm; shape (n,)."""
        beyond = self.arm.beyond is not None and drug in self.arm.beyond.drugs
        under_treatment = (self.phase == Phase.ON_TREATMENT) | (
            (self.phase == Phase.BEYOND_PROGRESSION) & beyond
        )
        return np.asarray(under_treatment & self.arm.is_given(drug, self.population))

    def trial_doses(self, first: float, last: float, rows: Rows) -> Inputs:
        """Schedule the arm's own drugs between two days of one cycle."""
        factors = {
            drug: (self.doses[drug] * self.gets(drug))[rows] for drug in self.arm.regimen.drugs
        }
        return self.scheduled(self.arm.regimen, first, last, factors, rows)

    def next_line_doses(self, first: float, last: float, rows: Rows) -> list[Inputs]:
        """Schedule the next lines that have begun, one schedule for each line and first day."""
        schedules = []
        for position, line in enumerate(self.arm.next_lines):
            begins = np.where(self.next_line[rows] == position, self.next_start[rows], np.inf)
            for origin in np.unique(begins[begins <= first]):
                factors = {
                    drug: (begins == origin).astype(np.float64) for drug in line.regimen.drugs
                }
                doses = self.scheduled(line.regimen, first - origin, last - origin, factors, rows)
                schedules.append(
                    Inputs(doses.time + origin, doses.target, doses.amount, doses.duration)
                )
        return schedules

    def scheduled(
        self, regimen: Regimen, first: float, last: float, factors: Mapping[str, Floats], rows: Rows
    ) -> Inputs:
        """Schedule a regimen for some patients, by their sizes, doses multiplied by each drug's factors."""
        covariates = self.population.covariates

        def size(name: str) -> Floats | None:
            return covariates[name][rows].astype(np.float64) if name in covariates else None

        return schedule(
            regimen,
            first,
            last,
            intensity=factors,
            weight=size("weight"),
            body_surface=size("body_surface"),
            gfr=size("gfr"),
            bolus_below=_BOLUS_BELOW,
        )


def merged(parts: Sequence[Inputs], n_patients: int) -> Inputs:
    """Doses of several schedules as one; what enters the same species at the same time is one dose.

    Columns of zeros are left out. Amounts have shape (n_patients, n_doses).
    """
    columns: dict[tuple[float, str, float], Floats] = {}
    for part in parts:
        amounts = np.broadcast_to(part.amount, (n_patients, part.n_doses))
        for i, target in enumerate(part.target):
            if not amounts[:, i].any():
                continue
            key = (float(part.time[i]), target, float(part.duration[i]))
            columns[key] = columns[key] + amounts[:, i] if key in columns else amounts[:, i]
    keys = sorted(columns)
    amount = np.stack([columns[key] for key in keys], axis=1) if keys else np.zeros((n_patients, 0))
    return Inputs(
        np.array([key[0] for key in keys]),
        tuple(key[1] for key in keys),
        np.ascontiguousarray(amount, dtype=np.float64),
        np.array([key[2] for key in keys]),
    )
