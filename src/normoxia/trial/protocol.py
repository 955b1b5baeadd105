"""What a trial prescribes, as values: arms, visits, criteria, sets of patients, and the clinic they meet.

Times are days, sizes mm, probabilities shares of 1. Every number was read from a document that says where it comes from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from normoxia.documents import Place
from normoxia.errors import InvalidArgument, UnknownName
from normoxia.outcome import Source
from normoxia.pharmacology import Regimen
from normoxia.population import Condition, PopulationDocument, TableOne
from normoxia.trial.recist import Criteria

#: the grid on which doses, holds and next lines stand: every regimen of the shipped trials has cycles of three weeks
CYCLE_DAYS = 21.0


@dataclass(frozen=True, slots=True)
class NextLine:
    """A treatment after progression, and the share of an arm's progressing patients who get it."""

    title: str
    regimen: Regimen
    share: float
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class BeyondProgression:
    """The share of patients who go on with some drugs after progression, until they progress again."""

    share: float
    drugs: tuple[str, ...]
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Arm:
    """An arm: its regimen, patients as published, and what follows progression."""

    id: str
    titles: Mapping[str, str]
    n: int
    regimen: Regimen
    next_lines: tuple[NextLine, ...] = ()
    beyond: BeyondProgression | None = None
    source: Source | None = None
    place: Place = field(default_factory=lambda: Place(""), compare=False)

    @property
    def drugs(self) -> tuple[str, ...]:
        """Every drug the arm may give, later lines included, sorted."""
        later = {drug for line in self.next_lines for drug in line.regimen.drugs}
        return tuple(sorted({*self.regimen.drugs, *later}))


@dataclass(frozen=True, slots=True)
class Visits:
    """Scans: the first, the interval, intervals from later days on, and how many days a scan may be early or late."""

    first: float
    every: float
    changes: tuple[tuple[float, float], ...] = ()
    window: float = 7.0

    def count(self, until: float) -> float:
        """How many scans there are up to a day at most, without making them."""
        shortest = min([self.every, *(every for _, every in self.changes)])
        return max(0.0, (until - self.first) / shortest + 1.0)

    def days(self, until: float) -> NDArray[np.float64]:
        """Nominal days of the scans up to a day."""
        found, day = [], self.first
        while day <= until:
            found.append(day)
            interval = self.every
            for since, every in self.changes:
                if day >= since:
                    interval = every
            day += interval
        return np.array(found)


@dataclass(frozen=True, slots=True)
class AnalysisSet:
    """Patients an analysis is about; `published` names the same sets in the published study, the nearest first."""

    id: str
    titles: Mapping[str, str]
    where: Condition
    published: tuple[str, ...] = ()

    def title(self, language: str) -> str:
        """In a language, else in English, else the id."""
        return self.titles.get(language) or self.titles.get("en") or self.id


@dataclass(frozen=True, slots=True)
class Contrast:
    """Two arms to compare."""

    experimental: str
    control: str


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Patients enter evenly over `accrual` days; a cut comes so many days after the last one entered."""

    accrual: float
    progression_cut: float
    survival_cut: float
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor on a hazard for some patients."""

    when: Condition
    times: float
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Clinic:
    """The numbers of the clinical layer, shared by trials (`library/trials/shared/clinic.yaml`).

    death_hazard        1/day at the reference sum of diameters, without frailty or new lesion
    death_size_exponent, death_size_reference   how it grows with the sum of diameters at the start, mm
    death_change_exponent   how it grows with the sum of diameters over that at the start
    death_immunity      factor exp(-death_immunity x share of growth that newly gained immune kill takes away)
    later_blockade      what a checkpoint inhibitor of a later line blocks, over what it would block in the first
    death_new_lesion    gain of the hazard once there is a new lesion
    death_growth        days: factor exp(death_growth x relative growth of the sum of diameters a day)
    death_on_inhibitor  1/day added while a VEGFR inhibitor is taken
    death_frailty       standard deviation of its logarithm between patients
    death_factors       for some patients
    measurement_error   standard deviation of the logarithm of each read diameter
    lesion_share        the same of the baseline diameters of one patient's lesions
    lesion_spread, lesion_spread_days   how far lesions of one patient come to differ, and how soon
    node_share          share of target lesions that are lymph nodes
    vanishing_mm, small_mm   below the first a lesion is gone; below the second it is recorded as the second
    missed_scan         share of scans that are not done
    dropout             1/day, lost or consent withdrawn
    treatment_gap       days from a read progression to the next line
    hold, reduce, stop  what a grade >= 3 event leads to for the drugs of its class, as shares
    hold_days, reduced_dose   how long a hold lasts; the dose after a reduction over the one before
    ascertainment       factor on the hazards of toxicity in this trial
    toxicity_...        factors on those of a group of classes (`pharmacology.drug.TOXICITY_GROUPS`)
    """

    death_hazard: float
    death_size_exponent: float
    death_change_exponent: float
    death_immunity: float
    later_blockade: float
    death_size_reference: float
    death_new_lesion: float
    death_growth: float
    death_on_inhibitor: float
    death_frailty: float
    measurement_error: float
    lesion_share: float
    lesion_spread: float
    lesion_spread_days: float
    node_share: float
    vanishing_mm: float
    small_mm: float
    missed_scan: float
    dropout: float
    treatment_gap: float
    hold: float
    reduce: float
    stop: float
    hold_days: float
    reduced_dose: float
    ascertainment: float
    toxicity_checkpoint: float
    toxicity_vegf_antibody: float
    toxicity_kinase_inhibitor: float
    toxicity_chemotherapy: float
    toxicity_docetaxel: float
    death_factors: tuple[Factor, ...] = ()


@dataclass(frozen=True, slots=True)
class Trial:
    """A protocol, with everything it refers to read.

    study     the published study of the registry that it follows, or ""
    model     the shipped model's name or the path of one
    text      the document as written, whose digest goes into manifests
    notes     what the protocol simplifies or assumes, in words
    """

    id: str
    titles: Mapping[str, str]
    study: str
    model: str
    population: PopulationDocument
    eligibility: Condition
    arms: tuple[Arm, ...]
    sets: tuple[AnalysisSet, ...]
    contrasts: tuple[Contrast, ...]
    visits: Visits
    criteria: Criteria
    follow_up: FollowUp
    clinic: Clinic
    baseline: tuple[TableOne, ...] = ()
    calibrated: bool = False
    text: str = ""
    file: str = ""
    notes: tuple[str, ...] = ()

    def title(self, language: str) -> str:
        """In a language, else in English, else the id."""
        return self.titles.get(language) or self.titles.get("en") or self.id

    def arm(self, name: str) -> Arm:
        """The arm with an id. Raises UnknownName."""
        for arm in self.arms:
            if arm.id == name:
                return arm
        raise UnknownName("arm", name, (arm.id for arm in self.arms))

    @property
    def drugs(self) -> tuple[str, ...]:
        """Every drug any arm may give, sorted."""
        return tuple(sorted({drug for arm in self.arms for drug in arm.drugs}))

    @property
    def horizon(self) -> float:
        """Days from a patient's entry to the last cut at the latest."""
        return self.follow_up.accrual + max(self.follow_up.progression_cut, self.follow_up.survival_cut)

    def with_patients(self, patients: int) -> Trial:
        """The trial with so many patients in every arm. Raises InvalidArgument for less than one."""
        if patients < 1:
            raise InvalidArgument(
                f"found {patients} patients; a trial needs at least one patient in every arm"
            )
        return replace(self, arms=tuple(replace(arm, n=patients) for arm in self.arms))
