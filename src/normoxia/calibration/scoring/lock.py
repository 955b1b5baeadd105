"""What calibration is scored by, as frozen values: the locked list, with the observed figures of the registry attached.

`library/calibrations/lock-2.yaml` was written before the calibration that it judges and carries a digest; nothing here chooses anew
what is scored, and a figure that the registry no longer holds is an error, not a gap. `lock-1.yaml`, the first lock, stays readable.
"""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from normoxia import documents, library
from normoxia.errors import InvalidDocument, UnknownName
from normoxia.evidence.studies.registry import Registry, registry
from normoxia.evidence.studies.study import Study
from normoxia.evidence.synthesis.model.meta import normal_quantile
from normoxia.outcome import Endpoint, Measure, Outcome
from normoxia.values import Value

#: the versions of the lock, and the one that scores
VERSIONS, CURRENT = (1, 2), 2
#: rates of arms that a lock may list, with their endpoints; the first has thresholds
_RATES = {"response": Endpoint.ORR, "control": Endpoint.DCR, "toxicity": Endpoint.TRAE3}
#: how `Study.source` names what only the review states; such figures enter no score
_REVIEW = "the review"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is predicted: a hazard ratio of two arms, or one arm's response rate or median. A key for predictions.

    population  id of the population of a contrast, name of the set of patients of an arm's own figure
    comparator  "" for an arm's own figure
    """

    study: str
    population: str
    endpoint: Endpoint
    measure: Measure
    arm: str
    comparator: str = ""

    @property
    def contrast(self) -> str:
        """The arms in words: "ABCP vs BCP", or the arm."""
        return f"{self.arm} vs {self.comparator}" if self.comparator else self.arm

    @property
    def is_ratio(self) -> bool:
        """Whether predictions are on the natural logarithm."""
        return self.measure is Measure.HAZARD_RATIO

    def __str__(self) -> str:
        return f"{self.study}, {self.population}: {self.endpoint} of {self.contrast}"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Observed(Value):
    """A published figure that is scored.

    value      as printed: hazard ratio, percent, months
    low, high  ends of the printed interval, at `level`; nan where none was printed, infinite where not reached
    se         standard error of the log hazard ratio, nan otherwise; (log high - log low) / (2 z), with z = 1.959964 for the
               usual 95 % interval and the quantile of its own level for another (CheckMate-057 prints 96 % for OS)
    n          patients behind an arm's figure, 0 where not known; `n_assumed` where taken as those randomised
    seen       whether the trial was run and looked at before calibration
    stratum    whether it is a part of patients already counted; such figures meet no threshold
    kind       the class of a contrast that the lock writes beside it; "" in the first lock
    """

    target: Target
    value: float
    low: float
    high: float
    level: float
    se: float = math.nan
    n: int = 0
    n_assumed: bool = False
    seen: bool = False
    stratum: bool = False
    source: str = ""
    kind: str = ""

    @property
    def y(self) -> float:
        """On the scale of predictions: the log of a hazard ratio, else as printed."""
        return math.log(self.value) if self.target.is_ratio else self.value

    @property
    def responders(self) -> int:
        """Whole patients behind a published percentage."""
        return round(self.value * self.n / 100.0)

    @property
    def is_success(self) -> bool:
        """Whether the published interval of a hazard ratio lies below 1."""
        return self.target.is_ratio and self.high < 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """The locked list.

    contrasts    hazard ratios of everybody randomised, the only ones that meet thresholds; strata those of parts of them
    responses    ORR of arms; medians of PFS and OS, and rates of disease control and toxicity, shown and without a threshold
    further      contrasts of studies that are not scored, from which baselines learn
    failures     the contrasts that have to be predicted as failed
    thresholds   as written: each with at_least or at_most, or a number, or words
    digest       sha256 of the document
    log          what is not blind, and amendments since, line by line as written
    """

    date: str
    digest: str
    contrasts: tuple[Observed, ...]
    strata: tuple[Observed, ...]
    responses: tuple[Observed, ...]
    medians: tuple[Observed, ...]
    failures: tuple[Target, ...]
    thresholds: Mapping[str, Any]
    log: tuple[str, ...] = ()
    amendments: tuple[str, ...] = ()
    version: int = CURRENT
    rates: tuple[Observed, ...] = ()
    further: tuple[Observed, ...] = ()

    @property
    def studies(self) -> tuple[str, ...]:
        """Ids of the studies, in the order of the document."""
        return tuple(dict.fromkeys(o.target.study for o in self.contrasts))

    @property
    def observed(self) -> tuple[Observed, ...]:
        """Everything, contrasts first."""
        return (*self.contrasts, *self.responses, *self.medians, *self.rates, *self.strata)

    def of(self, target: Target) -> Observed:
        """The published figure of a target. Raises UnknownName for one that is not scored."""
        for observed in self.observed:
            if observed.target == target:
                return observed
        raise UnknownName("scored figure", str(target), (str(o.target) for o in self.observed))


def read(studies: Registry | None = None, version: int = CURRENT) -> Lock:
    """A lock with the published figures of a registry.

    studies  the shipped registry by default; another one serves to test what depends on a figure
    version  1 or 2, the current one by default
    raises   UnknownName for a study, population or arm the registry lacks, InvalidDocument for a figure it lacks
    """
    return _read(studies, version) if studies is not None else _shipped(version)


@functools.cache
def _shipped(version: int) -> Lock:
    return _read(registry(), version)


def _read(known: Registry, version: int = CURRENT) -> Lock:
    file = library.path("calibrations", f"lock-{version}")
    root = documents.load(file)
    with documents.laid_out(root.place, "the lock"):
        return _built(root.plain(), hashlib.sha256(file.read_bytes()).hexdigest(), known, version)


def _built(plain: Any, digest: str, known: Registry, version: int) -> Lock:
    contrasts: list[Observed] = []
    strata: list[Observed] = []
    rates: list[Observed] = []
    medians: list[Observed] = []
    for entry in plain["studies"]:
        study, seen = known[entry["study"]], bool(entry["seen"])
        contrasts += [_ratio(study, row, seen, stratum=False) for row in entry["contrasts"]]
        strata += [_ratio(study, row, seen, stratum=True) for row in entry.get("strata", ())]
        rates += [
            _response(study, entry["set"], arm, seen, endpoint)
            for key, endpoint in _RATES.items()
            for arm in entry.get(key, ())
        ]
        medians += _medians(study, entry["set"], seen)
    further = [
        _ratio(known[entry["study"]], row, False, stratum=False)
        for entry in plain.get("further", ())
        for row in entry["contrasts"]
    ]
    return Lock(
        date=str(plain["date"]),
        digest=digest,
        contrasts=tuple(contrasts),
        strata=tuple(strata),
        responses=tuple(o for o in rates if o.target.endpoint is Endpoint.ORR),
        medians=tuple(medians),
        failures=tuple(_failure(row, contrasts) for row in plain["failures"]),
        thresholds=plain["thresholds"],
        log=tuple(map(str, plain["contamination"]["log"])),
        amendments=tuple(_line(entry) for entry in plain["amendments"]),
        version=version,
        rates=tuple(o for o in rates if o.target.endpoint is not Endpoint.ORR),
        further=tuple(further),
    )


def _line(entry: Mapping[str, Any] | str) -> str:
    """An amendment as one line of words."""
    if isinstance(entry, str):
        return entry
    return "; ".join(f"{key}: {value}" for key, value in entry.items())


def _ratio(study: Study, row: Mapping[str, str], seen: bool, *, stratum: bool) -> Observed:
    """A contrast at its locked cut; of two readings of one figure, the one `Study.published` takes."""
    population = study.population(row["population"])
    target = Target(
        study=study.id,
        population=population.id,
        endpoint=Endpoint(row["endpoint"]),
        measure=Measure.HAZARD_RATIO,
        arm=row["arm"],
        comparator=row["comparator"],
    )
    cut = replace(study, populations=(population,))
    for outcome in _outcomes(cut, population.set, target.endpoint, target.measure):
        if (outcome.arm, outcome.comparator) == (target.arm, target.comparator):
            if not outcome.estimate.has_interval:
                break
            observed = _observed(target, outcome, seen=seen, stratum=stratum)
            return replace(observed, kind=row.get("class", ""))
    raise InvalidDocument(
        f"{target}: the registry prints no hazard ratio with an interval; restore it there"
    )


def _response(
    study: Study, population_set: str, arm: str, seen: bool, endpoint: Endpoint
) -> Observed:
    target = Target(
        study=study.id,
        population=population_set,
        endpoint=endpoint,
        measure=Measure.PERCENT,
        arm=arm,
    )
    for outcome in _outcomes(study, population_set, target.endpoint, target.measure):
        if outcome.arm == arm and not outcome.comparator:
            n, assumed = patients_behind(study, outcome)
            return replace(_observed(target, outcome, seen=seen), n=n, n_assumed=assumed)
    raise InvalidDocument(f"{target}: the registry prints no such rate; restore it there")


def _medians(study: Study, population_set: str, seen: bool) -> Iterator[Observed]:
    arms = {arm.id for arm in study.arms}
    for endpoint in (Endpoint.PFS, Endpoint.OS):
        for outcome in _outcomes(study, population_set, endpoint, Measure.MEDIAN_MONTHS):
            if outcome.arm in arms and not outcome.comparator:
                target = Target(
                    study=study.id,
                    population=population_set,
                    endpoint=endpoint,
                    measure=Measure.MEDIAN_MONTHS,
                    arm=outcome.arm,
                )
                n, assumed = patients_behind(study, outcome)
                yield replace(_observed(target, outcome, seen=seen), n=n, n_assumed=assumed)


def _outcomes(
    study: Study, population_set: str, endpoint: Endpoint, measure: Measure
) -> Iterator[Outcome]:
    for outcome in study.published():
        wanted = (outcome.population, outcome.endpoint, outcome.measure) == (
            population_set,
            endpoint,
            measure,
        )
        if wanted and (outcome.source is None or outcome.source.reference != _REVIEW):
            yield outcome


def _observed(target: Target, outcome: Outcome, *, seen: bool, stratum: bool = False) -> Observed:
    estimate = outcome.estimate
    se = math.nan
    if target.is_ratio:
        width = math.log(estimate.high) - math.log(estimate.low)
        se = width / (2.0 * normal_quantile(estimate.level))
    source = outcome.source.reference if outcome.source else ""
    return Observed(
        target=target,
        value=estimate.value,
        low=estimate.low,
        high=estimate.high,
        level=estimate.level,
        se=se,
        n=outcome.n,
        seen=seen,
        stratum=stratum,
        source=source,
    )


def patients_behind(study: Study, outcome: Outcome) -> tuple[int, bool]:
    """Patients behind an arm's figure: printed with it, else among the facts of its cut, else those randomised (assumed)."""
    if outcome.n:
        return outcome.n, False
    cut = outcome.source.place.partition(";")[0] if outcome.source else ""
    cuts = sorted(
        (p for p in study.populations if p.set == outcome.population), key=lambda p: p.id != cut
    )
    for population in cuts:
        for fact in population.facts:
            stated = isinstance(fact.value, (int, float)) and fact.recalled != "differs"
            if stated and fact.what == "n" and fact.arm == outcome.arm:
                return int(fact.value), False
    n = study.arm(outcome.arm).n
    return n, n > 0


def _failure(row: Mapping[str, str], contrasts: list[Observed]) -> Target:
    wanted = (row["study"], row["endpoint"], row["arm"], row["comparator"])
    for target in (observed.target for observed in contrasts):
        if (target.study, target.endpoint, target.arm, target.comparator) == wanted:
            return target
    raise InvalidDocument(f"failure {', '.join(wanted)} is not among the contrasts that are scored")
