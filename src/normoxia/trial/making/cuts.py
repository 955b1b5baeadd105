"""When a published study was analysed: which population and cut stand for the whole study, and its follow-up in months."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from normoxia.evidence.studies.reported import ReportedOutcome
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


def main_set(study: Study) -> str:
    """Name of the set that stands for the whole study: everybody randomised, where hazard ratios of it are printed.

    Where none is printed of everybody with an interval, the set whose hazard ratio has the narrowest one, that is, the most
    events, unless it is known to hold fewer than half of the patients. "" when there is no such set.
    """
    total = sum(arm.n for arm in study.arms)
    printed = [
        (row, population)
        for population in study.populations
        for row in _ratios(study, population)
        if not total or not population.n or 2 * population.n >= total
    ]
    sets = {population.set for _, population in printed}
    for name in whole_sets(study):
        if name in sets:
            return name
    widths = [
        (math.log(row.estimate.high / row.estimate.low), i) for i, (row, _) in enumerate(printed)
    ]
    return printed[min(widths)[1]][1].set if widths else ""


def scored(study: Study, endpoint: Endpoint, population_set: str) -> Population | None:
    """The cut of a set whose hazard ratios of an endpoint count: of those that print most of them, the latest.

    A hazard ratio counts with its interval, unadjusted, not superseded, and not digitised. Of one endpoint all contrasts
    of a study come from one cut.
    """
    found, most = None, 0
    for population in study.populations:
        if population.set != population_set:
            continue
        rows = [row for row in _ratios(study, population) if row.endpoint is endpoint]
        n = len({(row.arm, row.comparator) for row in rows})
        if n and n >= most:
            found, most = population, n
    return found


def _ratios(study: Study, population: Population) -> Iterator[ReportedOutcome]:
    """Hazard ratios of PFS and OS between two of a study's own arms that a cut prints with an interval."""
    arms = {arm.id for arm in study.arms}
    for row in population.reported:
        marked = row.derived or row.adjusted or row.superseded
        if (
            row.measure is Measure.HAZARD_RATIO
            and row.endpoint in (Endpoint.PFS, Endpoint.OS)
            and not marked
            and row.estimate.has_interval
            and {row.arm, row.comparator} <= arms
        ):
            yield row


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
    if (found := scored(study, endpoint, main_set(study))) is not None:
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
