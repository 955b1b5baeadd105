"""What does not agree within one trial, or between two documents of the registry: directions of effects, one trial twice."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations

from normoxia.evidence.auditing.discrepancy import Discrepancy, Outline, Rule
from normoxia.evidence.studies.registry import Registry
from normoxia.evidence.studies.reported import ReportedOutcome
from normoxia.evidence.studies.study import Study
from normoxia.language import Message
from normoxia.outcome import Measure

DIRECTION, SAME_TRIAL = "direction", "same-trial"
#: by how much a ratio has to differ from 1 before its side counts; assumed: nearer to 1, two decimals decide it
_SIDE = 0.05
#: equal hazard ratios, interval and all, from which two documents are taken for one trial; assumed: one may be chance
_EQUAL = 2

_Printed = tuple[str, float, float, float]


def directions(registry: Registry, _outline: Outline) -> Iterator[Discrepancy]:
    """A hazard ratio and the medians of the same cut lie on opposite sides of 1."""
    for study in registry:
        medians = _medians(study)
        for row in _ratios(study):
            mine = medians.get((row.population, row.endpoint, row.arm))
            other = medians.get((row.population, row.endpoint, row.comparator))
            if not mine or not other:
                continue
            implied, value = other / mine, row.estimate.value
            if min(abs(implied - 1.0), abs(value - 1.0)) < _SIDE:
                continue
            if (implied - 1.0) * (value - 1.0) < 0.0:
                yield Discrepancy(
                    study=study.id,
                    item=Message(
                        "audit.item.direction",
                        endpoint=row.endpoint.value,
                        one=row.arm,
                        other=row.comparator,
                    ),
                    values=(
                        Message("audit.value.ratio", value=value),
                        Message("audit.value.medians", one=mine, other=other),
                    ),
                    places=(row.population, row.population),
                    consequence=Message("audit.direction"),
                    found_by=f"rule:{DIRECTION}",
                )


def one_trial_twice(registry: Registry, _outline: Outline) -> Iterator[Discrepancy]:
    """Two documents share a registry number, or print the same hazard ratios with the same intervals."""
    printed = {
        study.id: {_figure(row) for row in _ratios(study) if row.estimate.has_interval}
        for study in registry
    }
    for one, other in combinations(registry, 2):
        numbers = sorted(set(one.identifiers) & set(other.identifiers))
        equal = printed[one.id] & printed[other.id]
        if numbers or len(equal) >= _EQUAL:
            yield Discrepancy(
                study=one.id,
                item=Message("audit.item.same_trial", other=other.id),
                values=(
                    Message("audit.value.shared", numbers=", ".join(numbers) or "-", n=len(equal)),
                    Message("audit.value.shared", numbers=", ".join(numbers) or "-", n=len(equal)),
                ),
                places=(one.id, other.id),
                consequence=Message("audit.same_trial"),
                found_by=f"rule:{SAME_TRIAL}",
            )


def _ratios(study: Study) -> Iterator[ReportedOutcome]:
    for row in study.reported():
        standing = not (row.superseded or row.adjusted or row.derived)
        if standing and row.measure is Measure.HAZARD_RATIO and row.estimate.value > 0.0:
            yield row


def _medians(study: Study) -> dict[tuple[str, str, str], float]:
    """Medians that were reached, by population, endpoint and arm; the first printed stands."""
    found: dict[tuple[str, str, str], float] = {}
    for row in study.reported():
        reached = 0.0 < row.estimate.value < math.inf
        if row.measure is Measure.MEDIAN_MONTHS and reached and not row.superseded:
            found.setdefault((row.population, row.endpoint, row.arm), row.estimate.value)
    return found


def _figure(row: ReportedOutcome) -> _Printed:
    return row.endpoint.value, row.estimate.value, row.estimate.low, row.estimate.high


RULES: tuple[Rule, ...] = (directions, one_trial_twice)
