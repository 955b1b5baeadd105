"""A published study as a value: setting, arms, populations, what was reported of them, and what the review says.

A `Study` is read from one document (`evidence.read`). Every number in it is a `Reported` with a source; `Study.outcomes`
turns them into the `Outcome`s that virtual trials speak. Three things never become an outcome: what was only recalled
(`Study.unverified`, a type without endpoint or source), what the review states (`Study.review`, kept to be audited), and
further facts without an endpoint of ours (`Population.facts`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from normoxia.errors import UnknownName
from normoxia.evidence.studies.reported import (
    REVIEW,
    SOURCE_KINDS,
    Arm,
    Curve,
    Fact,
    Recalled,
    Reference,
    ReportedOutcome,
    ReviewEntry,
    Setting,
)
from normoxia.notebook import heading_html, table_html
from normoxia.outcome import Endpoint, Estimate, Measure, Outcome, Source
from normoxia.values import Value

#: what a reader of studies meets at once may be imported from here too
__all__ = ["REVIEW", "Arm", "Population", "ReportedOutcome", "Study"]


@dataclass(frozen=True, slots=True, eq=False)
class Population(Value):
    """An analysed set of a study at one data cut.

    set     name shared by the cuts of the same patients ("ITT-WT" at the interim and at the final analysis)
    strata  overrides of the study's setting: line, histology, driver, pdl1
    """

    id: str
    definition: str
    set: str
    n: int = 0
    follow_up: float = math.nan
    follow_up_note: str = ""
    cutoff: str = ""
    strata: Mapping[str, str] = field(default_factory=dict)
    reported: tuple[ReportedOutcome, ...] = ()
    facts: tuple[Fact, ...] = ()
    curves: tuple[Curve, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Study:
    """A published study."""

    id: str
    title: str
    group: str
    phase: str
    design: str
    setting: Setting
    arms: tuple[Arm, ...]
    populations: tuple[Population, ...]
    sources: Mapping[str, Reference]
    identifiers: tuple[str, ...] = ()
    identity: str = ""
    primary_endpoints: tuple[str, ...] = ()
    primary_endpoint_met: str = "unstated"
    isolates: str = ""
    note: str = ""
    pools: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unverified: tuple[Recalled, ...] = ()
    review: ReviewEntry = field(default_factory=ReviewEntry)
    file: str = ""

    def __repr__(self) -> str:
        n_outcomes = sum(len(population.reported) for population in self.populations)
        arms = " vs ".join(arm.label for arm in self.arms)
        return f"<Study {self.id}: {arms}; {n_outcomes} reported outcomes>"

    def _repr_html_(self) -> str:
        """How a notebook shows the study: title, arms, and the best published value of each outcome."""
        setting = self.setting
        lines = (self.design, f"line {setting.line}, {setting.histology}, driver {setting.driver}")
        arms = [(arm.id, arm.label, " + ".join(arm.regimen), arm.n or "") for arm in self.arms]
        outcomes = [
            (
                o.population,
                o.endpoint.value,
                o.measure.value,
                f"{o.arm} vs {o.comparator}" if o.comparator else o.arm,
                "" if math.isnan(o.months) else o.months,
                *(
                    "" if math.isnan(x) else x
                    for x in (o.estimate.value, o.estimate.low, o.estimate.high)
                ),
            )
            for o in self.published()
        ]
        columns = ("population", "endpoint", "measure", "arm", "month", "value", "low", "high")
        return (
            heading_html(f"{self.id}: {self.title}", *lines)
            + table_html(("arm", "treatment", "regimen", "n"), arms)
            + table_html(columns, outcomes)
        )

    def arm(self, name: str) -> Arm:
        """The arm with an id. Raises UnknownName."""
        for arm in self.arms:
            if arm.id == name:
                return arm
        raise UnknownName("arm", name, (arm.id for arm in self.arms))

    def population(self, name: str) -> Population:
        """The population with an id. Raises UnknownName."""
        for population in self.populations:
            if population.id == name:
                return population
        raise UnknownName("population", name, (p.id for p in self.populations))

    @property
    def components(self) -> frozenset[str]:
        """Every component any arm contains."""
        return frozenset().union(*(arm.components for arm in self.arms))

    @property
    def is_randomised(self) -> bool:
        return self.design.startswith("randomised")

    def reported(self) -> tuple[ReportedOutcome, ...]:
        """Every reported number, in the order of the document, superseded ones included."""
        return tuple(row for population in self.populations for row in population.reported)

    def outcomes(
        self,
        population: str | None = None,
        arm: str | None = None,
        endpoint: Endpoint | str | None = None,
        *,
        derived: bool = False,
        adjusted: bool = False,
        superseded: bool = False,
    ) -> tuple[Outcome, ...]:
        """What was reported, as outcomes, in the order of the document.

        population  an id of a population or the name of a set of them; None for all
        arm         the arm, or the experimental arm of a contrast; None for all
        derived     also what was computed from published data (digitised curves, patient tables)
        adjusted    also contrasts adjusted for covariates or cross-over
        superseded  also what a later reading replaces
        raises      UnknownName for a population, arm or endpoint the study does not have
        """
        self._know(population, arm, endpoint)
        rows = (
            row
            for p in self.populations
            if population is None or population in (p.id, p.set)
            for row in p.reported
            if (arm is None or row.arm == arm)
            and (endpoint is None or row.endpoint == endpoint)
            and (derived or not row.derived)
            and (adjusted or not row.adjusted)
            and (superseded or not row.superseded)
            and not math.isnan(row.estimate.value)
        )
        found = [self.outcome(row) for row in rows]
        if derived:
            found += self._curve_outcomes(population, arm, endpoint)
        return tuple(found)

    def published(self, assessor: str = "") -> tuple[Outcome, ...]:
        """The best published value for each arm or contrast, set of patients, endpoint and landmark.

        A population's name is that of its set, so that cuts of the same patients compete. A contrast is taken from the
        latest cut that prints it. An arm's own value is taken from the latest cut that prints it with an interval, else
        from the latest. Ties go to the source nearer to the trial, then to the order of the text. Toxicity of grade >= 3
        precedes grade 3-4, and what only the review states comes last.

        Parameters
        ----------
        assessor
            "investigator" or "independent": leaves out values that the other one assessed. Values whose assessor is not
            known stay.
        """
        order = {population.id: i for i, population in enumerate(self.populations)}
        sets = {population.id: population.set for population in self.populations}
        best: dict[tuple[object, ...], tuple[tuple[object, ...], ReportedOutcome]] = {}
        for row in self.reported():
            if row.superseded or row.adjusted or row.derived or math.isnan(row.estimate.value):
                continue
            if assessor and row.assessed_by not in ("", assessor):
                continue
            months = None if math.isnan(row.months) else row.months
            key = (sets[row.population], row.endpoint, row.measure, row.arm, row.comparator, months)
            from_review = row.source == REVIEW
            grade = row.grades not in ("", ">=3")
            bare = not row.estimate.has_interval
            cut = -order[row.population]
            merit = (
                from_review,
                grade,
                *((cut, bare) if row.comparator else (bare, cut)),
                self._rank(row),
            )
            if key not in best or merit < best[key][0]:
                best[key] = (merit, row)
        return tuple(self.outcome(row, sets[row.population]) for _, row in best.values())

    def outcome(self, row: ReportedOutcome, population: str | None = None) -> Outcome:
        """One reported number as an outcome; `population` renames the population."""
        return Outcome(
            trial=self.id,
            population=population or row.population,
            endpoint=row.endpoint,
            measure=row.measure,
            estimate=row.estimate,
            arm=row.arm,
            comparator=row.comparator,
            months=row.months,
            n=row.n or self.size(row),
            origin="derived" if row.derived else "published",
            source=self.source(row),
        )

    def source(self, row: ReportedOutcome) -> Source:
        """Where a number was read, in the form an outcome carries."""
        place = "; ".join(
            text
            for text in (row.population, f"grade {row.grades}" if row.grades else "", row.note)
            if text
        )
        if row.source == REVIEW:
            return Source("the review", place)
        reference = self.sources.get(row.source)
        if reference is None:
            return Source(row.source, place, verified=False)
        return Source(reference.shown, place)

    def size(self, row: ReportedOutcome) -> int:
        """Patients of a row's arm where they are known: in a population that is the whole study. 0 when they are not."""
        if row.comparator:
            return 0
        size = next((a.n for a in self.arms if a.id == row.arm), 0)
        whole = next((p for p in self.populations if p.id == row.population), None)
        return (
            size if whole is not None and whole.n and whole.n == sum(a.n for a in self.arms) else 0
        )

    def _rank(self, row: ReportedOutcome) -> int:
        reference = self.sources.get(row.source)
        return reference.rank if reference else len(SOURCE_KINDS)

    def _know(
        self, population: str | None, arm: str | None, endpoint: Endpoint | str | None
    ) -> None:
        names = {p.id for p in self.populations} | {p.set for p in self.populations}
        if population is not None and population not in names:
            raise UnknownName("population", population, names)
        arms = {a.id for a in self.arms} | set(self.pools)
        if arm is not None and arm not in arms:
            raise UnknownName("arm", arm, arms)
        endpoints = {e.value for e in Endpoint}
        if endpoint is not None and endpoint not in endpoints:
            raise UnknownName("endpoint", str(endpoint), endpoints)

    def _curve_outcomes(
        self, population: str | None, arm: str | None, endpoint: Endpoint | str | None
    ) -> Iterable[Outcome]:
        for p in self.populations:
            if population is not None and population not in (p.id, p.set):
                continue
            for curve in p.curves:
                if (arm is not None and curve.arm != arm) or (
                    endpoint is not None and curve.endpoint != endpoint
                ):
                    continue
                reference = self.sources.get(curve.source)
                source = Source(
                    reference.citation if reference else curve.source,
                    f"{curve.dataset}, {curve.population}",
                )
                for month, percent, _ in curve.points:
                    yield Outcome(
                        self.id,
                        p.id,
                        curve.endpoint,
                        Measure.LANDMARK_PERCENT,
                        Estimate(percent),
                        curve.arm,
                        months=month,
                        n=curve.n,
                        origin="derived",
                        source=source,
                    )
