"""Individual data rebuilt from the registry's Kaplan-Meier landmarks: derived, coarse, and saying so.

The registry holds a handful of points of each digitised curve with the numbers at risk. Between two of them the hazard is
assumed constant; the rebuilt patients therefore reproduce the landmarks, the median and the numbers at risk, and nothing
finer. Follow-up ends at the last landmark: events after it are known in number only and are left out. Restricted means up to
there are as good as the points; a hazard ratio of two such arms is an approximation, and no substitute for a printed one.
"""

from __future__ import annotations

import math
from collections import defaultdict
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

from normoxia.evidence.studies.registry import Registry
from normoxia.evidence.studies.reported import Curve
from normoxia.evidence.studies.study import Study

if TYPE_CHECKING:
    from normoxia.survival.digitised import Reconstruction
    from normoxia.survival.digitised_curve import DigitisedCurve

#: readings are placed this far apart, in months, on the constant hazard between two landmarks
_STEP = 0.5
#: survival in percent below which a curve has reached its end; keeps the logarithm finite
_FLOOR = 0.05


def digitised(curve: Curve) -> DigitisedCurve:
    """A registry curve as the figure it came from: readings on constant hazards between its points, its risk table."""
    from normoxia.survival.digitised_curve import DigitisedCurve

    known = {0.0: 100.0} | {month: percent for month, percent, _ in curve.points}
    if curve.median > 0.0 and _between(known, curve.median):
        known[curve.median] = 50.0
    months = sorted(known)
    times, survival = [0.0], [1.0]
    for start, stop in pairwise(months):
        first, last = max(known[start], _FLOOR), max(known[stop], _FLOOR)
        steps = max(1, math.ceil((stop - start) / _STEP))
        for k in range(1, steps + 1):
            times.append(start + (stop - start) * k / steps)
            survival.append(math.exp(math.log(first) + math.log(last / first) * k / steps) / 100.0)
    risk = [(0.0, curve.n), *((month, at_risk) for month, _, at_risk in curve.points)]
    return DigitisedCurve.from_months(
        times,
        survival,
        [month for month, _ in risk],
        [at_risk for _, at_risk in risk],
        curve.events,
    )


def rebuilt(curve: Curve) -> Reconstruction:
    """The patients that reproduce a registry curve and its risk table up to its last landmark (Guyot 2012); `notes` says
    how many of the reported events come later.
    """
    from normoxia.survival.digitised import reconstruct

    return reconstruct(digitised(curve))


def pairs(study: Study) -> tuple[tuple[str, Curve, Curve], ...]:
    """Population id and the curves of every two arms, of the same patients and endpoint, in the document's order."""
    alike: dict[tuple[str, str, str], list[Curve]] = defaultdict(list)
    for population in study.populations:
        for curve in population.curves:
            alike[population.id, curve.population, curve.endpoint.value].append(curve)
    return tuple(
        (population, ours, theirs)
        for (population, _, _), curves in alike.items()
        for ours, theirs in combinations(curves, 2)
    )


def individual_rows(registry: Registry) -> tuple[dict[str, str | float | int], ...]:
    """One row a rebuilt patient of every digitised curve: study, population, of, endpoint, arm, patient, months, event."""
    from normoxia.survival.data import DAYS_PER_MONTH

    rows: list[dict[str, str | float | int]] = []
    for study in registry:
        for population in study.populations:
            for curve in population.curves:
                patients = rebuilt(curve).patients
                rows += [
                    {
                        "study": study.id,
                        "population": population.id,
                        "of": curve.population,
                        "endpoint": curve.endpoint.value,
                        "arm": curve.arm,
                        "patient": i + 1,
                        "months": float(time) / DAYS_PER_MONTH,
                        "event": int(observed),
                        "origin": "derived",
                    }
                    for i, (time, observed) in enumerate(
                        zip(patients.time, patients.observed, strict=True)
                    )
                ]
    return tuple(rows)


def _between(known: dict[float, float], median: float) -> bool:
    """Whether a median fits strictly between the points around it."""
    before = [percent for month, percent in known.items() if month < median]
    after = [percent for month, percent in known.items() if month > median]
    return bool(after) and median not in known and min(before) > 50.0 > max(after)
