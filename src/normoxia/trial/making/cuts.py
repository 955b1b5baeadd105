"""When a published study was analysed: which population and cut stand for the whole study, and its follow-up in months."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from normoxia.evidence.studies.study import Population, Study
from normoxia.outcome import Endpoint, Measure
from normoxia.survival.data import DAYS_PER_MONTH

_DATE = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?")
_LEAST = re.compile(r"minimum\D*?(\d+(?:\.\d+)?)", re.IGNORECASE)
_MEDIAN = re.compile(r"median follow-up (?:of )?(\d+(?:\.\d+)?)", re.IGNORECASE)
#: months from the last entry to a cut: in fewer no scan of the last patient is done, and 0.04 rounds to none
_LEAST_CUT = 1.0
_YEARS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
_YEAR = re.compile(rf"\b({'|'.join(_YEARS)})(?:-year| years)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Cuts:
    """Months of accrual, and from the last patient entered to the analyses of progression and of survival."""

    accrual: float
    progression: float
    survival: float
    notes: tuple[str, ...]


def whole_sets(study: Study) -> tuple[str, ...]:
    """Names of the sets that hold everybody randomised, that of the arms' own sizes first; () when none does."""
    total = sum(arm.n for arm in study.arms)
    plain = [p for p in study.populations if not p.strata]
    exact = [p.set for p in plain if total and p.n == total]
    named = [p.set for p in plain if p.set.startswith("ITT")]
    return tuple(dict.fromkeys([*exact, *named]))


def size(study: Study) -> int:
    """Patients of the whole study; 0 when the registry does not say."""
    sets = whole_sets(study)
    return max((p.n for p in study.populations if p.set in sets[:1]), default=0)


def scored(study: Study, endpoint: Endpoint, population_set: str) -> Population | None:
    """The latest cut of a set that prints a hazard ratio of an endpoint with its interval, unadjusted and not superseded."""
    arms = {arm.id for arm in study.arms}
    found = None
    for population in study.populations:
        if population.set != population_set:
            continue
        for row in population.reported:
            plain = (
                not (row.derived or row.adjusted or row.superseded) and row.estimate.has_interval
            )
            if (
                plain
                and row.measure is Measure.HAZARD_RATIO
                and row.endpoint is endpoint
                and row.arm in arms
            ):
                found = population
    return found


def cuts(study: Study, default: Mapping[str, float]) -> Cuts:
    """The study's follow-up as a protocol wants it, at the cuts of `scored`.

    default  months by `accrual`, `progression` and `survival` (least follow-up at the two analyses) where nothing is known
    """
    notes: list[str] = []
    accrual = _accrual(study)
    if not accrual > 0.0:  # not known, or dates in the wrong order
        accrual = default["accrual"]
        notes.append(f"accrual of {accrual:g} months is assumed")
    ends = {}
    for endpoint, key in ((Endpoint.PFS, "progression"), (Endpoint.OS, "survival")):
        least, words = _least(study, endpoint, accrual)
        if math.isnan(least):
            least, words = default[key], "assumed"
        elif least < _LEAST_CUT:
            # a median follow-up of observed times, deaths among them, is shorter than what patients could be followed
            least, words = default[key], f"assumed, for {words} leaves none"
        ends[key] = round(least, 1)
        notes.append(f"{key} is cut {ends[key]:g} months after the last entry: {words}")
    if ends["survival"] < ends["progression"]:
        ends["survival"] = ends["progression"]
        notes.append("survival is cut no sooner than progression; assumed")
    return Cuts(round(accrual, 1), ends["progression"], ends["survival"], tuple(notes))


def _least(study: Study, endpoint: Endpoint, accrual: float) -> tuple[float, str]:
    """Months from the last entry to the cut that prints an endpoint, nan when unknown, and how that is known."""
    last = _dates(study.setting.enrolment)[1:2]
    for population in _candidates(study, endpoint):
        cutoff = _cutoff(population, endpoint)
        if cutoff and last:
            months = (cutoff - last[0]).days / DAYS_PER_MONTH
            if months > 0:
                return months, f"enrolment ended {last[0]}, cut {cutoff} ({population.id})"
        text = f"{population.definition}; {population.follow_up_note}"
        stated = re.search(rf"(\d+(?:\.\d+)?) mo at {endpoint}", text)
        minimum, median, years = _LEAST.search(text), _MEDIAN.search(text), _YEAR.search(text)
        if minimum:
            return float(minimum[1]), f"least follow-up {minimum[1]} months ({population.id})"
        months = float(stated[1]) if stated else population.follow_up
        if math.isnan(months) and median:
            months = float(median[1])
        if not math.isnan(months):
            words = f"median follow-up {months:g} months ({population.id}) less half the accrual"
            return months - accrual / 2, words
        if years:
            months = 12.0 * _YEARS[years[1].lower()]
            return (
                months,
                f"{population.definition}, taken as least follow-up ({population.id}); assumed",
            )
    return math.nan, ""


def _candidates(study: Study, endpoint: Endpoint) -> Iterator[Population]:
    """The scored cut; without one, the cuts of the whole study that report the endpoint, the latest first."""
    sets = whole_sets(study)
    if sets and (found := scored(study, endpoint, sets[0])) is not None:
        yield found
        return
    for population in reversed(study.populations):
        if population.set in sets and any(row.endpoint is endpoint for row in population.reported):
            yield population


def _cutoff(population: Population, endpoint: Endpoint) -> datetime.date | None:
    parts = [part for part in population.cutoff.split(";") if _DATE.search(part)]
    own = [part for part in parts if endpoint.value in part] or [p for p in parts if "(" not in p]
    return _dates(own[0])[0] if own else None


def _accrual(study: Study) -> float:
    dates = _dates(study.setting.enrolment)
    return (dates[1] - dates[0]).days / DAYS_PER_MONTH if len(dates) > 1 else math.nan


def _dates(text: str) -> list[datetime.date]:
    """The dates of a text, a month taken at its middle."""
    return [datetime.date(int(y), int(m), int(d or 15)) for y, m, d in _DATE.findall(text)]
