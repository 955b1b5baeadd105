"""What is predicted for a patient under each regimen, from virtual patients weighted by how like the patient they are.

Under the regimen that the patient receives, what lies behind is known; under another, the prediction is for treatment with it from the
first day: the same virtual patients, with the same random numbers, had they been given it. Times are Kaplan-Meier estimates with weights. Two
kinds of uncertainty are kept apart: an interval of a time is where such patients fall, one of a probability is over draws of the
ensemble, structural error included.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia import seeding
from normoxia.design.personal.bank import RATIO
from normoxia.design.personal.patients import DIAMETER, PatientDesign
from normoxia.design.personal.weighting import WeightedBank
from normoxia.outcome import Estimate
from normoxia.survival.data import DAYS_PER_MONTH

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: level of intervals of times and courses, and of probabilities
RANGE, LEVEL = 0.8, 0.95
#: quantiles of a course of the sum of diameters
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
#: months after the last measurement at which probabilities are given
LANDMARKS = (6.0, 12.0, 24.0)
#: months after the last measurement at which the sum of diameters is predicted
_STEPS = (0.0, 1.5, 3.0, 4.5, 6.0, 9.0, 12.0, 18.0, 24.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoursePoint:
    """Predicted sum of diameters of those alive at a time.

    Attributes
    ----------
    month
        From the first dose.
    diameters
        Quantiles at `QUANTILES`, mm; shape (5,).
    alive
        Share alive.
    """

    month: float
    diameters: tuple[float, ...]
    alive: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PredictedCourse:
    """What is predicted under one regimen.

    Attributes
    ----------
    regimen
        Its id.
    received
        Whether the patient receives it, so that times are conditional on what is known.
    pfs, os
        Months from the first dose, median with the 80 % interval of such patients; infinite beyond the prediction.
    probabilities
        Of (endpoint, months from now) being free of the event, with 95 % intervals over draws.
    response, toxicity
        Probability of response, and of a treatment-related event of grade 3 or more.
    longer
        Probability that progression-free survival is longer than under the regimen received (the first without one); nan for itself.
    points
        The course of the sum of diameters.
    """

    regimen: str
    received: bool
    pfs: Estimate
    os: Estimate
    probabilities: dict[tuple[str, float], Estimate]
    response: float
    toxicity: float
    longer: float
    points: tuple[CoursePoint, ...]


def courses(design: PatientDesign, posterior: WeightedBank) -> tuple[PredictedCourse, ...]:
    """Return the prediction under every regimen; none when the bank does not support the patient."""
    if not posterior.support.inside:
        return ()
    return tuple(_course(design, posterior, name) for name in posterior.bank.regimens)


def _course(design: PatientDesign, posterior: WeightedBank, name: str) -> PredictedCourse:
    bank, w = posterior.bank, posterior.weights
    here = bank.regimen(name)
    received = name == design.receives
    start = design.now if received else 0.0
    base = bank.regimen(design.receives) if design.receives else 0
    curves = {}
    probabilities = {}
    for endpoint in ("pfs", "os"):
        time, seen = bank.times[endpoint][here], bank.observed[endpoint][here]
        curves[endpoint] = _times(time, seen, w)
        for months in LANDMARKS:
            day = start + months * DAYS_PER_MONTH
            if day <= design.months * DAYS_PER_MONTH:
                key = f"design/personal/{endpoint}/{name}"
                probabilities[endpoint, months] = _probability(posterior, time, seen, day, key)
    longer = math.nan
    if here != base:
        mine, theirs = bank.times["pfs"][here], bank.times["pfs"][base]
        longer = float(w[mine > theirs].sum() + 0.5 * w[mine == theirs].sum())
    return PredictedCourse(
        regimen=name,
        received=received,
        pfs=curves["pfs"],
        os=curves["os"],
        probabilities=probabilities,
        response=float(w @ bank.responded[here]),
        toxicity=float(w @ bank.toxic[here]),
        longer=longer,
        points=_points(design, posterior, here, start),
    )


def survival(time: Floats, seen: Bools, weights: Floats) -> tuple[Floats, Floats]:
    """Return the days of events and the weighted Kaplan-Meier curve after each; patients of weight 0 do not count."""
    order = np.argsort(time, kind="stable")
    t, d, w = time[order], seen[order], weights[order]
    days, first = np.unique(t, return_index=True)
    at_risk = np.cumsum(w[::-1])[::-1][first]
    events = np.add.reduceat(np.where(d, w, 0.0), first)
    with np.errstate(divide="ignore", invalid="ignore"):
        factors = np.where(at_risk > 1e-15, 1.0 - events / at_risk, 1.0)
    return days, np.cumprod(np.clip(factors, 0.0, 1.0))


def _times(time: Floats, seen: Bools, weights: Floats) -> Estimate:
    """Median and interval of a time in months."""
    days, curve = survival(time, seen, weights)
    tail = (1.0 - RANGE) / 2.0

    def by(share: float) -> float:
        reached = np.flatnonzero(curve <= 1.0 - share + 1e-12)
        return float(days[reached[0]]) / DAYS_PER_MONTH if len(reached) else math.inf

    return Estimate(by(0.5), by(tail), by(1.0 - tail), RANGE)


def _at(days: Floats, curve: Floats, day: float) -> float:
    position = int(np.searchsorted(days, day, side="right")) - 1
    return float(curve[position]) if position >= 0 else 1.0


def _probability(
    posterior: WeightedBank, time: Floats, seen: Bools, day: float, purpose: str
) -> Estimate:
    """Probability of being free of the event on a day, with its interval over draws.

    Each draw of the ensemble counts by its share of the weights; a normal structural error on the log cumulative hazard is added.
    """
    bank, w = posterior.bank, posterior.weights
    days, curve = survival(time, seen, w)
    value = _at(days, curve, day)
    draws = np.unique(bank.draw)
    shares, values = [], []
    errors = bank.structural.get("curve", 0.0) * seeding.normals(1, purpose, len(draws), 1)[:, 0]
    for draw, error in zip(draws, errors, strict=True):
        own = bank.draw == draw
        share = float(w[own].sum())
        if share <= 0.0:
            continue
        p = _at(*survival(time[own], seen[own], w[own] / share), day)
        shares.append(share)
        values.append(p ** math.exp(error) if p > 0.0 else 0.0)
    low, high = weighted_quantiles(
        np.array(values), np.array(shares), ((1.0 - LEVEL) / 2.0, 0.5 + LEVEL / 2.0)
    )
    return Estimate(value, min(low, value), max(high, value), LEVEL)


def weighted_quantiles(values: Floats, weights: Floats, shares: Sequence[float]) -> list[float]:
    """Quantiles of weighted values: the least value below which a share of the weights lies."""
    order = np.argsort(values)
    summed = np.cumsum(weights[order]) / weights.sum()
    places = np.minimum(np.searchsorted(summed, shares), len(values) - 1)
    return [float(values[order][place]) for place in places]


def _points(
    design: PatientDesign, posterior: WeightedBank, regimen: int, start: float
) -> tuple[CoursePoint, ...]:
    bank, w = posterior.bank, posterior.weights
    scans = design.of(DIAMETER)
    baseline = np.full(bank.n, scans[0].value) if scans else bank.baseline
    points = []
    for step in _STEPS:
        day = start + step * DAYS_PER_MONTH
        if day > design.months * DAYS_PER_MONTH:
            break
        values = bank.at(RATIO, regimen, day) * baseline
        known = np.isfinite(values) & (w > 0) & (bank.times["os"][regimen] > day)
        if float(w[known].sum()) < 0.05:
            break
        points.append(
            CoursePoint(
                month=day / DAYS_PER_MONTH,
                diameters=tuple(weighted_quantiles(values[known], w[known], QUANTILES)),
                alive=float(w[bank.times["os"][regimen] > day].sum()),
            )
        )
    return tuple(points)
