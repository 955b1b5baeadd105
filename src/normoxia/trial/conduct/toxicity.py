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
from normoxia.trial.protocol import CYCLE_DAYS, OTHER, Clinic, DoseRule

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: events of one class a patient can have; the hazards make more than three of them rare
MAX_EVENTS = 8
#: what the uniforms of each class decide
DRAWS = ("gap", "action", "fatal", "gap of grade 2", "action of grade 2")


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

    Events of grade 3 or more and of grade 2 are two Poisson processes of each class. Either may hold, reduce or stop
    the drugs of the class, by the rule of its group; a hold lasts an exponential time, and one beyond the longest delay
    stops the drugs.

    Attributes
    ----------
    rules
        By group of classes, `OTHER` for those of none.
    classes
        As `classes_of` gives them.
    draws
        By class and what they decide (`DRAWS`): uniforms; shape (n_patients, MAX_EVENTS).
    factors
        On the hazards, by group of classes; shape (n_patients,).
    n_patients
        Number of rows.
    first_event, death
        Day of the first event of grade 3 or more, and of death of one.
    intensity, held_until, toxic_stop, stopped
        By drug: relative dose, day a hold ends, day toxicity stopped it, day anything recorded here did.
    """

    rules: Mapping[str, DoseRule]
    classes: Mapping[str, tuple[Toxicity, tuple[str, ...]]]
    draws: Mapping[str, Mapping[str, Floats]]
    factors: Mapping[str, Floats]
    n_patients: int
    first_event: Floats = field(init=False)
    death: Floats = field(init=False)
    intensity: dict[str, Floats] = field(init=False)
    held_until: dict[str, Floats] = field(init=False)
    toxic_stop: dict[str, Floats] = field(init=False)
    stopped: dict[str, Floats] = field(init=False)
    _on: dict[str, Floats] = field(init=False)
    _severe: dict[str, _Process] = field(init=False)
    _moderate: dict[str, _Process] = field(init=False)

    def __post_init__(self) -> None:
        n = self.n_patients
        drugs = [drug for _, sharing in self.classes.values() for drug in sharing]
        self.first_event, self.death = np.full(n, np.inf), np.full(n, np.inf)
        self.intensity = {drug: np.ones(n) for drug in drugs}
        self.held_until = {drug: np.zeros(n) for drug in drugs}
        self.toxic_stop = {drug: np.full(n, np.inf) for drug in drugs}
        self.stopped = {drug: np.full(n, np.inf) for drug in drugs}
        self._on = {name: np.zeros(n) for name in self.classes}
        self._severe = {name: _Process.of(self.draws[name]["gap"]) for name in self.classes}
        self._moderate = {
            name: _Process.of(self.draws[name]["gap of grade 2"]) for name in self.classes
        }

    def stop(self, days: Floats) -> None:
        """Stop every drug on a day for reasons other than toxicity; infinite for never. Shape (n_patients,)."""
        for drug, before in self.stopped.items():
            self.stopped[drug] = np.minimum(before, days)

    def dose(self, drug: str, day: float) -> Floats:
        """Give the relative dose of a drug in the cycle that begins on a day: 0 when held or stopped; shape (n_patients,)."""
        given = (self.held_until[drug] <= day) & (self.stopped[drug] > day)
        return np.asarray(self.intensity[drug] * given)

    def advance(self, day: float, given: Mapping[str, Floats]) -> None:
        """Let one cycle have its events, from a day on.

        Parameters
        ----------
        day
            First day of the cycle.
        given
            Relative doses of the drugs given in this cycle, 0 for patients who do not get them; shape (n_patients,).
        """
        for name, (toxicity, sharing) in self.classes.items():
            doses = [given[drug] for drug in sharing if drug in given]
            if not doses:
                continue
            exposure = np.maximum.reduce(doses)
            before = self._on[name]
            integrated = hazard_between(toxicity, before, before + CYCLE_DAYS)
            gain = self.factors[toxicity.group] * exposure * integrated
            self._on[name] = before + CYCLE_DAYS * (exposure > 0)
            rule = self.rules.get(toxicity.group, self.rules[OTHER])
            self._severe_events(name, toxicity, rule, day, gain)
            hit, _, number = self._moderate[name].advance(day, rule.grade2_ratio * gain)
            if hit.any():
                u = self.draws[name]["action of grade 2"][np.arange(self.n_patients), number]
                self._act(sharing, rule, day, hit, u, (rule.grade2_hold, 0.0, rule.grade2_stop))

    def _severe_events(
        self, name: str, toxicity: Toxicity, rule: DoseRule, day: float, gain: Floats
    ) -> None:
        """Events of grade 3 or more of a class in one cycle."""
        hit, when, number = self._severe[name].advance(day, gain)
        if not hit.any():
            return
        rows = np.arange(self.n_patients)
        self.first_event = np.minimum(self.first_event, when)
        dies = hit & (self.draws[name]["fatal"][rows, number] < toxicity.fatal_share.value)
        self.death = np.where(dies, np.minimum(self.death, when), self.death)
        u = self.draws[name]["action"][rows, number]
        shares = (rule.hold, rule.reduce, rule.stop)
        self._act(self.classes[name][1], rule, day, hit, u, shares)

    def _act(
        self,
        drugs: tuple[str, ...],
        rule: DoseRule,
        day: float,
        hit: Bools,
        u: Floats,
        shares: tuple[float, float, float],
    ) -> None:
        """Hold, reduce or stop drugs from the next cycle on, in the shares given of those hit."""
        hold, reduce, stop = shares
        holds = hit & (u < hold)
        reduces = hit & (u >= hold) & (u < hold + reduce)
        stops = hit & (u >= hold + reduce) & (u < hold + reduce + stop)
        following = day + CYCLE_DAYS
        if hold > 0.0:
            # what is left of the uniform, given that the drug is held, decides how long
            length = -rule.hold_mean * np.log1p(-np.minimum(u / hold, 1.0 - 1e-12))
            too_long = holds & (length > rule.maximum_delay)
            stop_day = np.where(too_long, following + rule.maximum_delay, np.inf)
        else:
            length, stop_day = np.zeros(self.n_patients), np.full(self.n_patients, np.inf)
        stop_day = np.where(stops, following, stop_day)
        for drug in drugs:
            until = np.maximum(self.held_until[drug], following + length)
            self.held_until[drug] = np.where(holds, until, self.held_until[drug])
            lower = self.intensity[drug] * rule.reduced_dose
            self.intensity[drug] = np.where(reduces, lower, self.intensity[drug])
            self.toxic_stop[drug] = np.minimum(self.toxic_stop[drug], stop_day)
            self.stopped[drug] = np.minimum(self.stopped[drug], stop_day)


@dataclass(slots=True, eq=False)
class _Process:
    """A Poisson process of events in each patient's integrated hazard.

    Attributes
    ----------
    thresholds
        Integrated hazards at which events come; shape (n_patients, MAX_EVENTS).
    total
        Integrated hazard so far; shape (n_patients,).
    count
        Events so far; shape (n_patients,).
    """

    thresholds: Floats
    total: Floats
    count: NDArray[np.int64]

    @classmethod
    def of(cls, uniforms: Floats) -> _Process:
        """Make a process from uniforms; shape (n_patients, MAX_EVENTS)."""
        n = len(uniforms)
        return cls(np.cumsum(-np.log(uniforms), axis=1), np.zeros(n), np.zeros(n, dtype=np.int64))

    def advance(self, day: float, gain: Floats) -> tuple[Bools, Floats, NDArray[np.int64]]:
        """Add a cycle's hazard; give who had an event, its day (infinite without), and its number."""
        rows = np.arange(len(self.total))
        number = np.minimum(self.count, MAX_EVENTS - 1)
        threshold = self.thresholds[rows, number]
        self.total = self.total + gain
        hit = (self.total >= threshold) & (self.count < MAX_EVENTS) & (gain > 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = 1.0 - (self.total - threshold) / gain
        when = np.where(hit, day + CYCLE_DAYS * np.clip(share, 0.0, 1.0), np.inf)
        self.count = self.count + hit
        return hit, when, number
