"""Adverse events of grade 3 or more: class hazards that add, and what an event does to the drugs of its class.

P(event) = 1 - exp(-sum of the classes' integrated hazards), each proportional to the dose in play. Events of one
class come as a Poisson process in its integrated hazard, so that a patient of another arm with the same class has the
same thresholds. Assumes that classes are independent and that toxicity does not depend on the tumour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from normoxia.pharmacology import Toxicity
from normoxia.pharmacology import read as read_drug
from normoxia.pharmacology.drug import TOXICITY_GROUPS
from normoxia.trial.protocol import CYCLE_DAYS, Clinic

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: events of one class a patient can have; the hazards make more than three of them rare
MAX_EVENTS = 8


def classes_of(drugs: Sequence[str]) -> dict[str, tuple[Toxicity, tuple[str, ...]]]:
    """The toxicity classes of some drugs, each with its hazard and the drugs that share it."""
    found: dict[str, tuple[Toxicity, tuple[str, ...]]] = {}
    for name in drugs:
        toxicity = read_drug(name).toxicity
        _, sharing = found.get(toxicity.toxicity_class, (toxicity, ()))
        found[toxicity.toxicity_class] = (toxicity, (*sharing, name))
    return found


def factors(clinic: Clinic) -> dict[str, float]:
    """Factors on the hazards of each group of classes, how widely this trial ascertains included; "" for the others."""
    grouped = {group: getattr(clinic, f"toxicity_{group}") for group in TOXICITY_GROUPS}
    return {group: clinic.ascertainment * times for group, times in {"": 1.0, **grouped}.items()}


def hazard_between(toxicity: Toxicity, before: Floats, after: Floats) -> Floats:
    """Integrated hazard between two lengths of time on a class at full dose; as `Toxicity.cumulative_by`, by element."""
    course, late = toxicity.course.value, toxicity.late_ratio.value

    def by(days: Floats) -> Floats:
        return np.asarray(np.minimum(days, course) + late * np.maximum(0.0, days - course))

    return np.asarray(toxicity.hazard * (by(after) - by(before)))


@dataclass(slots=True, eq=False)
class Ledger:
    """The events of an ensemble under one arm, and how they have changed its doses; grows cycle by cycle.

    gaps      by class, standard exponentials between events; shape (n_patients, MAX_EVENTS)
    action, fatal   by class, uniforms that decide what an event leads to; shape (n_patients, MAX_EVENTS)
    factors         on the hazards, by group of classes; shape (n_patients,)
    """

    clinic: Clinic
    classes: Mapping[str, tuple[Toxicity, tuple[str, ...]]]
    gaps: Mapping[str, Floats]
    action: Mapping[str, Floats]
    fatal: Mapping[str, Floats]
    factors: Mapping[str, Floats]
    n_patients: int
    first_event: Floats = field(init=False)
    death: Floats = field(init=False)
    intensity: dict[str, Floats] = field(init=False)
    held_until: dict[str, Floats] = field(init=False)
    stopped: dict[str, Floats] = field(init=False)
    _on: dict[str, Floats] = field(init=False)
    _sum: dict[str, Floats] = field(init=False)
    _count: dict[str, NDArray[np.int64]] = field(init=False)

    def __post_init__(self) -> None:
        n = self.n_patients
        drugs = [drug for _, sharing in self.classes.values() for drug in sharing]
        self.first_event, self.death = np.full(n, np.inf), np.full(n, np.inf)
        self.intensity = {drug: np.ones(n) for drug in drugs}
        self.held_until = {drug: np.zeros(n) for drug in drugs}
        self.stopped = {drug: np.full(n, np.inf) for drug in drugs}
        self._on = {name: np.zeros(n) for name in self.classes}
        self._sum = {name: np.zeros(n) for name in self.classes}
        self._count = {name: np.zeros(n, dtype=np.int64) for name in self.classes}

    def dose(self, drug: str, day: float) -> Floats:
        """Relative dose of a drug in the cycle that begins on a day: 0 when held or stopped; shape (n_patients,)."""
        given = (self.held_until[drug] <= day) & (self.stopped[drug] > day)
        return np.asarray(self.intensity[drug] * given)

    def advance(self, day: float, given: Mapping[str, Floats]) -> None:
        """One cycle from a day on.

        given  relative doses of the drugs given in this cycle, 0 for patients who do not get them; shape (n_patients,)
        """
        for name, (toxicity, sharing) in self.classes.items():
            doses = [given[drug] for drug in sharing if drug in given]
            if not doses:
                continue
            exposure = np.maximum.reduce(doses)
            on = exposure > 0
            before = self._on[name]
            integrated = hazard_between(toxicity, before, before + CYCLE_DAYS)
            gain = self.factors[toxicity.group] * exposure * integrated
            self._on[name] = before + CYCLE_DAYS * on
            self._sum[name] = self._sum[name] + gain
            self._events(name, toxicity, sharing, day, gain)

    def _events(
        self, name: str, toxicity: Toxicity, sharing: tuple[str, ...], day: float, gain: Floats
    ) -> None:
        count = self._count[name]
        rows = np.arange(self.n_patients)
        position = np.minimum(count, MAX_EVENTS - 1)
        threshold = np.cumsum(self.gaps[name], axis=1)[rows, position]
        hit = (self._sum[name] >= threshold) & (count < MAX_EVENTS) & (gain > 0)
        if not hit.any():
            return
        with np.errstate(divide="ignore", invalid="ignore"):
            share = 1.0 - (self._sum[name] - threshold) / gain
        when = np.where(hit, day + CYCLE_DAYS * np.clip(share, 0.0, 1.0), np.inf)
        self._count[name] = count + hit
        self.first_event = np.minimum(self.first_event, when)
        dies = hit & (self.fatal[name][rows, position] < toxicity.fatal_share.value)
        self.death = np.where(dies, np.minimum(self.death, when), self.death)
        u, clinic = self.action[name][rows, position], self.clinic
        holds = hit & (u < clinic.hold)
        reduces = hit & (u >= clinic.hold) & (u < clinic.hold + clinic.reduce)
        stops = (
            hit
            & (u >= clinic.hold + clinic.reduce)
            & (u < clinic.hold + clinic.reduce + clinic.stop)
        )
        following = day + CYCLE_DAYS
        for drug in sharing:
            self.held_until[drug] = np.where(
                holds, following + clinic.hold_days, self.held_until[drug]
            )
            self.intensity[drug] = np.where(
                reduces, self.intensity[drug] * clinic.reduced_dose, self.intensity[drug]
            )
            self.stopped[drug] = np.where(
                stops, np.minimum(self.stopped[drug], following), self.stopped[drug]
            )
