"""What a trial prescribes, as values: arms, visits, criteria, sets of patients, and the clinic they meet.

Times are days, sizes mm, probabilities shares of 1. Every number was read from a document that says where it comes from.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normoxia import documents, units
from normoxia.documents import Place
from normoxia.errors import InvalidArgument, UnknownName
from normoxia.notebook import heading_html, table_html
from normoxia.outcome import Source
from normoxia.pharmacology import Regimen, regimen
from normoxia.population import Condition, Population, PopulationDocument, TableOne
from normoxia.population.covariates import EVERYBODY
from normoxia.trial.changed_population import (
    ASSUMED,
    changed_covariates,
    read_eligibility,
    read_population,
    with_sources,
)
from normoxia.trial.conduct.recist import Criteria

#: the grid on which doses, holds and next lines stand: every regimen of the shipped trials has cycles of three weeks
CYCLE_DAYS = 21.0
#: what shares of later lines may be of: everybody randomised, or those whose disease progressed
RANDOMISED, PROGRESSED = "randomised", "progressed"
#: the dose rule of classes without a group of their own
OTHER = "other"
#: days before the first scan on which states are kept too: vessels answer within hours, and the window closes in weeks
EARLY_DAYS = (1.0, 3.0, 7.0, 14.0, 21.0, 28.0, 42.0)
#: what the id of a trial ends in whose protocol was changed
CHANGED = "-changed"
#: longest time of a protocol, days
_LONGEST_DAYS = 36525.0


@dataclass(frozen=True, slots=True)
class NextLine:
    """A treatment after the arm's own.

    Attributes
    ----------
    title
        What it is called.
    regimen
        What is given, from its own day 0.
    share
        Of those whom `share_of` says.
    share_of
        `RANDOMISED`, as publications count, or `PROGRESSED`.
    """

    title: str
    regimen: Regimen
    share: float
    source: Source | None = None
    share_of: str = RANDOMISED


@dataclass(frozen=True, slots=True)
class BeyondProgression:
    """The share of patients who go on with some drugs after progression, until they progress again."""

    share: float
    drugs: tuple[str, ...]
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Arm:
    """An arm: its regimen, patients as published, and what follows progression.

    `given_to` limits drugs of the regimen to some patients, as where the backbone follows histology; others are for everybody.
    """

    id: str
    titles: Mapping[str, str]
    n: int
    regimen: Regimen
    next_lines: tuple[NextLine, ...] = ()
    beyond: BeyondProgression | None = None
    source: Source | None = None
    place: Place = field(default_factory=lambda: Place(""), compare=False)
    given_to: Mapping[str, Condition] = field(default_factory=dict)

    def is_given(self, drug: str, patients: Population) -> NDArray[np.bool_]:
        """Which patients the arm's regimen has a drug for; shape (n_patients,)."""
        condition = self.given_to.get(drug, EVERYBODY)
        return condition.holds(patients.covariates, patients.n_patients)

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


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseRule:
    """What toxicity does to the doses of a group of classes.

    Attributes
    ----------
    hold, reduce, stop
        Shares of events of grade 3 or more after which drugs are held, given at a lower dose, or stopped; the rest
        changes nothing.
    grade2_ratio
        Hazard of grade 2 events that need a decision, over that of grade 3 or more.
    grade2_hold, grade2_stop
        Shares of those after which drugs are held or stopped.
    hold_mean
        Mean length of a hold, days.
    maximum_delay
        Longest hold after which drugs are given again, days.
    reduced_dose
        The dose after a reduction over the one before.
    """

    hold: float
    reduce: float
    stop: float
    grade2_ratio: float
    grade2_hold: float
    grade2_stop: float
    hold_mean: float
    maximum_delay: float
    reduced_dose: float


@dataclass(frozen=True, slots=True, kw_only=True)
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
    death_untreated     factor after progression when no next line follows
    death_frailty       standard deviation of its logarithm between patients
    clinical_progression    share of patients whose disease, on treatment, progresses clinically before they die
    clinical_progression_at     mean part of the accumulated hazard of their death at which it does
    clinical_progression_seen   share of those that a scan shows as unequivocal progression
    death_factors       for some patients
    measurement_error   standard deviation of the logarithm of each read diameter
    investigator_error  factor on it where investigators read
    open_bias           what investigators who know the arm take off diameters of experimental arms after baseline, on the
                        logarithm
    lesion_share        the same of the baseline diameters of one patient's lesions
    lesion_spread, lesion_spread_days   how far lesions of one patient come to differ, and how soon
    node_share          share of target lesions that are lymph nodes
    vanishing_mm, small_mm   below the first a lesion is gone; below the second it is recorded as the second
    missed_scan         share of scans that are not done
    survival_loss       1/day, contact lost: neither death nor progression is known after
    scan_withdrawal     1/day, no scans and no treatment any longer, while survival is followed
    discontinuation     1/day, treatment stopped by decision, neither progression nor toxicity; scans go on
    treatment_gap       days from the end of the arm's treatment to the next line
    later_line_reach    share of those due a next line who come to it, for shares of everybody randomised
    later_line_prognosis   correlation of getting a next line with the negative of the frailty
    dose_rules          what toxicity does to doses, by group of classes, `OTHER` for the rest
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
    death_untreated: float
    death_frailty: float
    clinical_progression: float
    clinical_progression_at: float
    clinical_progression_seen: float
    measurement_error: float
    investigator_error: float
    open_bias: float
    lesion_share: float
    lesion_spread: float
    lesion_spread_days: float
    node_share: float
    vanishing_mm: float
    small_mm: float
    missed_scan: float
    survival_loss: float
    scan_withdrawal: float
    discontinuation: float
    treatment_gap: float
    later_line_reach: float
    later_line_prognosis: float
    ascertainment: float
    toxicity_checkpoint: float
    toxicity_vegf_antibody: float
    toxicity_kinase_inhibitor: float
    toxicity_chemotherapy: float
    toxicity_docetaxel: float
    dose_rules: Mapping[str, DoseRule]
    death_factors: tuple[Factor, ...] = ()


#: who reads the scans that count: the trial's investigators, or an independent (blinded, central) review
INVESTIGATOR, INDEPENDENT = "investigator", "independent"


@dataclass(frozen=True, slots=True)
class Assessment:
    """Who reads the scans that count for response and progression.

    Attributes
    ----------
    assessor
        `INVESTIGATOR`, `INDEPENDENT`, or "" when the protocol does not say; then any published figure is compared.
    masked
        Whether investigators do not know the arm.
    """

    assessor: str = ""
    masked: bool = False


class Censoring(StrEnum):
    """What ends progression-free survival beside a progression that was read and death.

    `EMA`: nothing; progression and death count whatever came between (treatment policy; EMA/CHMP/27994/2008 Rev. 1).
    `FDA_A`: a patient is censored at the last evaluable scan before a new therapy, two visits without one, withdrawal, or
    clinical progression that no scan shows (FDA 2015, NSCLC endpoints, appendix; recalled). `FDA_B`: as `FDA_A`, but
    clinical progression is an event.
    """

    EMA = "EMA"
    FDA_A = "FDA-A"
    FDA_B = "FDA-B"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisPlan:
    """How a trial is analysed.

    Attributes
    ----------
    censoring
        The rule of PFS.
    strata
        Covariates of the stratified hazard ratio and log-rank test.
    rmst_months
        Horizon of restricted means; 0 takes the longest that both arms allow.
    events
        By endpoint ("PFS", "OS"), numbers of events at which interim analyses are cut, ascending.
    """

    censoring: Censoring = Censoring.EMA
    strata: tuple[str, ...] = ()
    rmst_months: float = 0.0
    events: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    source: Source | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Trial:
    """A protocol, with everything it refers to read.

    study     the published study of the registry that it follows, or ""
    model     the shipped model's name or the path of one
    text      the document as written, whose digest goes into manifests
    notes     what the protocol simplifies or assumes, in words
    kept      outputs of the model kept at visits beside those that every run keeps
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
    plan: AnalysisPlan = AnalysisPlan()
    assessment: Assessment = Assessment()
    kept: tuple[str, ...] = field(default=(), compare=False)

    def __repr__(self) -> str:
        arms = ", ".join(f"{arm.id} {arm.n}" for arm in self.arms)
        follows = f", follows {self.study}" if self.study else ""
        return f"<Trial {self.id}: {arms} patients{follows}>"

    def _repr_html_(self) -> str:
        """How a notebook shows the trial: title, arms, and what is simplified or assumed."""
        rows = [(arm.id, arm.titles.get("en", ""), arm.regimen, arm.n) for arm in self.arms]
        arms = table_html(("arm", "treatment", "regimen", "n"), rows)
        return heading_html(self.title("en"), f"eligible: {self.eligibility}", *self.notes) + arms

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
        return self.follow_up.accrual + max(
            self.follow_up.progression_cut, self.follow_up.survival_cut
        )

    def with_patients(self, patients: int) -> Trial:
        """The trial with so many patients in every arm.

        Parameters
        ----------
        patients
            At least one.

        Raises
        ------
        InvalidArgument
            For less than one.
        """
        if patients < 1:
            raise InvalidArgument(
                f"found {patients} patients; a trial needs at least one patient in every arm"
            )
        return replace(self, arms=tuple(replace(arm, n=patients) for arm in self.arms))

    def with_dose(self, arm: str, **courses: str) -> Trial:
        """The trial with other doses in an arm, as a protocol of its own.

        It no longer follows the published study, so that nothing published stands beside it; its text, from which a
        finished run is read back, is changed with it.

        Parameters
        ----------
        arm
            The id of an arm.
        **courses
            For each drug to change, everything that is given of it, as `bevacizumab="7.5 mg/kg q3w"`; a hyphen in the
            name of a drug is written as an underscore.

        Raises
        ------
        UnknownName
            The trial has no such arm, or the arm does not give the drug.
        InvalidArgument
            A course that cannot be meant, or no drug was named.
        """
        given = self.arm(arm).regimen
        if not courses:
            raise InvalidArgument(
                f'arm "{arm}": found no drug to change; name one, as bevacizumab="7.5 mg/kg q3w"'
            )
        changed = given
        for name, text in courses.items():
            drug = _drug_named(name, given.drugs)
            course = regimen(f"{drug} {text}")
            if course.drugs != (drug,):
                raise InvalidArgument(
                    f'{name}="{text}": found {", ".join(course.drugs) or "no drug"}; expected courses of {drug} alone'
                )
            changed = Regimen(tuple(c for c in changed.courses if c.dose.drug != drug)) + course
        doses = "; ".join(f"{name} {text}" for name, text in courses.items())
        document = self._document()
        document["arms"][arm]["regimen"] = str(changed)
        arms = tuple(replace(own, regimen=changed) if own.id == arm else own for own in self.arms)
        return self._changed(
            document, f"Changed from {self.id}: arm {arm} gives {doses}.", arms, self.contrasts
        )

    def with_arm(
        self,
        name: str,
        treatment: str,
        *,
        like: str | None = None,
        control: str | None = None,
        n: int | None = None,
    ) -> Trial:
        """The trial with one arm more, as a protocol of its own; see `with_dose`.

        Parameters
        ----------
        name
            The id of the new arm.
        treatment
            Its regimen, as "atezolizumab 1200 mg q3w + bevacizumab 15 mg/kg q3w".
        like
            The arm whose number of patients and later lines it takes; the first when omitted. Treatment beyond
            progression is taken too, when the new arm gives those drugs.
        control
            The arm it is compared with; by default the control of the first contrast, else the first arm.
        n
            Patients in the new arm.

        Raises
        ------
        UnknownName
            The trial has no arm `like` or `control`, or there is no drug of a name.
        InvalidArgument
            The trial has an arm of the name, the regimen cannot be meant, or `n` is less than one.
        """
        if not name.strip() or name in {arm.id for arm in self.arms}:
            raise InvalidArgument(
                f'found "{name}" as the id of a new arm; expected one that no arm of {self.id} has'
            )
        given = regimen(treatment)
        model = self.arms[0] if like is None else self.arm(like)
        first = self.contrasts[0].control if self.contrasts else self.arms[0].id
        compared = self.arm(first if control is None else control).id
        size = model.n if n is None else n
        if size < 1:
            raise InvalidArgument(f'arm "{name}": found {size} patients; expected at least one')
        if not given.courses:
            raise InvalidArgument(
                f'arm "{name}": found no drug in "{treatment}"; name at least one, with its dose'
            )
        beyond = model.beyond if model.beyond and {*model.beyond.drugs} <= {*given.drugs} else None
        source = f"assumed: as arm {model.id}, but for the regimen"
        document = self._document()
        entry = {"title": {"en": name}, "n": size, "regimen": str(given), "source": source}
        kept = ("next_line", "beyond_progression") if beyond else ("next_line",)
        before = document["arms"][model.id]
        document["arms"][name] = entry | {key: before[key] for key in kept if key in before}
        document["contrasts"] = [
            *document.get("contrasts", ()),
            {"experimental": name, "control": compared},
        ]
        arm = replace(
            model,
            id=name,
            titles={"en": name},
            n=size,
            regimen=given,
            beyond=beyond,
            source=Source(source, verified=False),
        )
        note = f"Changed from {self.id}: arm {name} gives {given}."
        return self._changed(
            document, note, (*self.arms, arm), (*self.contrasts, Contrast(name, compared))
        )

    def with_population(
        self,
        name: str | None = None,
        *,
        covariates: Mapping[str, Any] | None = None,
        eligibility: Mapping[str, Any] | None = None,
    ) -> Trial:
        """The trial with other patients, as a protocol of its own; see `with_dose`.

        Parameters
        ----------
        name
            Another population: a shipped one, or the path of a population document. The covariates that the protocol
            changed are then those of the new population.
        covariates
            Other laws for some covariates, as a protocol writes them: {"sex_female": {"levels": {"0": 0.5, "1": 0.5}}}.
            One without a `source` is assumed.
        eligibility
            Another condition, as a protocol writes it: {"egfr": "wild-type", "age": {"to": 75}}; {} for everybody.

        Raises
        ------
        UnknownName
            There is no population of the name.
        InvalidDocument
            A law or condition that cannot be read, with every finding.
        InvalidArgument
            Nothing to change, an unknown covariate, or a population without the covariates that the trial needs.
        """
        if name is None and covariates is None and eligibility is None:
            raise InvalidArgument(
                f"{self.id}: found nothing to change; name a population, covariates or eligibility"
            )
        document, changes = self._document(), []
        entry = {} if name else dict(document.get("population", {}))
        patients = self.population
        if name is not None:
            others = (self.eligibility,) if eligibility is None else ()
            patients = read_population(
                name,
                (
                    *others,
                    *(s.where for s in self.sets),
                    *(f.when for f in self.clinic.death_factors),
                ),
            )
            entry["document"] = name
            changes.append(f"population {name}")
        if covariates is not None:
            laws = with_sources(covariates)
            patients = changed_covariates(patients, laws)
            entry["covariates"] = {**entry.get("covariates", {}), **laws}
            changes.append(f"other {', '.join(laws)}")
        document["population"] = entry
        condition = self.eligibility
        if eligibility is not None:
            condition = read_eligibility(patients, eligibility)
            document["eligibility"] = dict(eligibility)
            changes.append(f"eligible are {condition}")
        note = f"Changed from {self.id}: {'; '.join(changes)}."
        changed = replace(self, population=patients, eligibility=condition, baseline=())
        document.pop("baseline", None)
        return changed._changed(document, note, self.arms, self.contrasts)

    def with_endpoint(
        self,
        *,
        confirmation: str | None = None,
        stable: str | None = None,
        progression_cut: str | None = None,
        survival_cut: str | None = None,
    ) -> Trial:
        """The trial with endpoints defined or analysed otherwise, as a protocol of its own; see `with_dose`.

        Parameters
        ----------
        confirmation
            How long after a response it must be seen again, as "4 weeks"; "0 days" for no confirmation.
        stable
            How long disease must be stable to count as stable, as "6 weeks".
        progression_cut, survival_cut
            How long after the last patient entered response and progression, and survival, are analysed, as "9 months".

        Raises
        ------
        InvalidArgument
            Nothing to change, or a time that cannot be read.
        """
        given = {
            "confirmation": confirmation,
            "stable": stable,
            "progression_cut": progression_cut,
            "survival_cut": survival_cut,
        }
        days = {key: _days(key, text) for key, text in given.items() if text is not None}
        if not days:
            raise InvalidArgument(
                f"{self.id}: found nothing to change; name one of {', '.join(given)}"
            )
        document = self._document()
        for section, keys in (
            ("response", ("confirmation", "stable")),
            ("follow_up", ("progression_cut", "survival_cut")),
        ):
            texts = {key: given[key] for key in keys if key in days}
            if texts:
                before = document.get(section, {"source": ASSUMED})
                document[section] = {**before, **texts}
        changed = replace(
            self,
            criteria=replace(
                self.criteria,
                confirmation_days=days.get("confirmation", self.criteria.confirmation_days),
                stable_days=days.get("stable", self.criteria.stable_days),
            ),
            follow_up=replace(
                self.follow_up,
                progression_cut=days.get("progression_cut", self.follow_up.progression_cut),
                survival_cut=days.get("survival_cut", self.follow_up.survival_cut),
            ),
        )
        listed = "; ".join(f"{key} {given[key]}" for key in days)
        return changed._changed(
            document, f"Changed from {self.id}: {listed}.", self.arms, self.contrasts
        )

    def _document(self) -> dict[str, Any]:
        """The protocol as plain values. Raises InvalidArgument when the trial was made without a text."""
        document = documents.parse(self.text, self.file).plain()
        if not isinstance(document, dict):
            raise InvalidArgument(
                f"{self.id}: has no text to change; read the trial from a protocol"
            )
        return document

    def _changed(
        self,
        document: dict[str, Any],
        note: str,
        arms: tuple[Arm, ...],
        contrasts: tuple[Contrast, ...],
    ) -> Trial:
        """The trial with other arms, in its values and in its text, no longer the published one."""
        document.pop("study", None)
        document["trial"] = name = self.id.removesuffix(CHANGED) + CHANGED
        document["notes"] = [*document.get("notes", ()), note]
        return replace(
            self,
            id=name,
            study="",
            arms=arms,
            contrasts=contrasts,
            text=documents.write(document),
            notes=(*self.notes, note),
        )


def _days(name: str, text: str) -> float:
    """A time such as "6 weeks" in days. Raises InvalidArgument."""
    number, _, unit = text.strip().partition(" ")
    try:
        days = units.convert(float(number), unit.strip(), "day")
    except ValueError:
        days = math.nan
    if not 0.0 <= days <= _LONGEST_DAYS:
        raise InvalidArgument(
            f'{name}="{text}": expected a number and a unit, such as "6 weeks" or "12 months"'
        )
    return days


def _drug_named(name: str, drugs: tuple[str, ...]) -> str:
    """The drug of an arm that a keyword names. Raises UnknownName."""
    for drug in drugs:
        if drug.casefold().replace("-", "_") == name.casefold().replace("-", "_"):
            return drug
    raise UnknownName("drug of the arm", name, drugs)
