"""What enters the likelihood: published figures of each study on scales where chance is nearly normal, with its covariance.

A figure is never counted twice. A contrast gives its hazard ratio; arms of a contrast their response rates; control arms
their curves (medians and landmarks); arms without a contrast their curves too. A stratum of patients already counted
enters as its log hazard ratio less that of the whole, which is nearly independent of the whole.
Scales: log hazard ratio; logit of a response rate; logarithm of the cumulative hazard at a published median or landmark.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from normoxia.calibration import lock as locked
from normoxia.calibration.lock import Lock, Target
from normoxia.evidence.meta import normal_quantile
from normoxia.evidence.studies import registry
from normoxia.outcome import Endpoint, Measure, Outcome
from normoxia.trial import from_study
from normoxia.trial.analysis import published
from normoxia.trial.protocol import AnalysisSet, Trial

Floats = NDArray[np.float64]

#: correlation of the log hazard ratios of PFS and OS of the same patients, by chance alone; assumed
RATIO_CORRELATION = 0.5
#: share of patients still followed at a median or landmark printed without an interval; assumed
FOLLOWED = 0.9
#: points of one curve nearer in time than this factor tell the same
APART = 1.2
#: least eigenvalue of a covariance over its least variance: printed figures are rounded, and cuts differ
ROUNDING = 0.05
#: a landmark or response rate from this small a part of its arm says nothing on these scales
LEAST_SHARE = 0.005


class Kind(StrEnum):
    """What a figure is, which fixes its scale."""

    RATIO = "log hazard ratio"
    STRATUM = "log hazard ratio of a stratum over that of all"
    RESPONSE = "logit of a response rate"
    CURVE = "log cumulative hazard"


@dataclass(frozen=True, slots=True)
class Observation:
    """One published figure of the likelihood.

    set     id of the trial's set of patients
    months  of a median or landmark, nan otherwise
    y, se   on the kind's scale
    n       patients behind it; of a ratio, those of both arms
    share   of those patients, the experimental arm's (ratios)
    target  the scored figure it is, or None
    value   as printed; source where
    """

    study: str
    kind: Kind
    endpoint: Endpoint
    set: str
    arm: str
    comparator: str
    months: float
    y: float
    se: float
    n: float
    share: float
    target: Target | None
    value: float
    source: str

    def __str__(self) -> str:
        pair = f"{self.arm} vs {self.comparator}" if self.comparator else self.arm
        month = "" if math.isnan(self.months) else f" at {self.months:g} months"
        return f"{self.study}, {self.set}: {self.kind} of {self.endpoint}, {pair}{month}"


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A study's figures; `y` of shape (n,), the covariance of chance (n, n)."""

    study: str
    single_arm: bool
    observations: tuple[Observation, ...]
    y: Floats
    covariance: Floats


def blocks(studies: Iterable[str], lock: Lock | None = None) -> tuple[Block, ...]:
    """The likelihood's blocks of some studies, in their order; those that print nothing usable are left out."""
    known = locked.read() if lock is None else lock
    found = []
    for study in studies:
        trial = from_study.preferred(study)
        seen = observations(trial, known)
        if seen:
            y = np.array([o.y for o in seen])
            found.append(
                Block(
                    study,
                    not registry()[study].is_randomised and study not in known.studies,
                    seen,
                    y,
                    covariance(seen),
                )
            )
    return tuple(found)


def main_set(trial: Trial, lock: Lock) -> AnalysisSet:
    """The set of patients that stands for the whole study: the lock's, else the trial's first."""
    study = registry()[trial.study]
    names = {o.target.population for o in lock.contrasts if o.target.study == trial.study}
    sets = {study.population(name).set for name in names}
    return next((s for s in trial.sets if sets & set(s.published)), trial.sets[0])


def observations(trial: Trial, lock: Lock) -> tuple[Observation, ...]:
    """The figures of one study that enter the likelihood."""
    main = main_set(trial, lock)
    mine = [o for o in (*lock.contrasts, *lock.strata) if o.target.study == trial.study]
    whole = {(o.target.endpoint, o.target.arm, o.target.comparator): o for o in mine if not o.stratum}
    sizes = {arm.id: float(arm.n) for arm in trial.arms}
    ratios, strata = [], []
    for o in mine:
        t = o.target
        both = sizes[t.arm] + sizes[t.comparator]
        share = sizes[t.arm] / both
        if not o.stratum:
            ratios.append(
                Observation(trial.study, Kind.RATIO, t.endpoint, main.id, t.arm, t.comparator, math.nan,
                            o.y, o.se, both, share, t, o.value, o.source)
            )  # fmt: skip
            continue
        part = _set_of(trial, registry()[trial.study].population(t.population).set)
        base = whole.get((t.endpoint, t.arm, t.comparator))
        if part is None:
            continue
        if base is None:
            strata.append(
                Observation(trial.study, Kind.RATIO, t.endpoint, part.id, t.arm, t.comparator, math.nan,
                            o.y, o.se, both, share, t, o.value, o.source)
            )  # fmt: skip
        elif o.se > base.se:
            se = math.sqrt(o.se**2 - base.se**2)
            strata.append(
                Observation(trial.study, Kind.STRATUM, t.endpoint, part.id, t.arm, t.comparator, math.nan,
                            o.y - base.y, se, both, share, t, o.value, o.source)
            )  # fmt: skip
    reported = [o for o in published(trial) if o.population == main.id and o.arm in sizes]
    controls = {o.comparator for o in ratios} or set(sizes)
    experimental = {o.arm for o in ratios}
    responses = [
        r
        for o in reported
        if o.endpoint is Endpoint.ORR and (r := _response(trial, main, o, sizes)) is not None
    ]
    curves: list[Observation] = []
    for endpoint in (Endpoint.PFS, Endpoint.OS):
        compared = {o.arm for o in ratios if o.endpoint is endpoint}
        for arm in sizes:
            if (
                (arm in controls and arm not in compared)
                or arm not in experimental | controls
                or not compared
            ):
                rows = [o for o in reported if o.endpoint is endpoint and o.arm == arm and not o.comparator]
                curves += _curve(trial, main, rows, sizes[arm])
    return (*ratios, *strata, *responses, *curves)


def covariance(seen: Sequence[Observation]) -> Floats:
    """Covariance of chance among a study's figures; shape (n, n), positive definite.

    Points of one curve have independent increments: cov = variance of the earlier x ratio of cumulative hazards. A log hazard
    ratio contains its control arm's error, with the opposite sign; ratios that share an arm share its error. Strata apart from
    each other have their whole in common. PFS and OS of the same patients are correlated as `RATIO_CORRELATION`, assumed.
    Response rates are taken as independent of the rest.
    """
    n = len(seen)
    found = np.diag([o.se**2 for o in seen])
    whole = {(o.endpoint, o.arm, o.comparator): o.se for o in seen if o.kind is Kind.RATIO}
    for i in range(n):
        for j in range(i):
            found[i, j] = found[j, i] = _shared(seen[i], seen[j], whole)
    values, vectors = np.linalg.eigh(found)
    floor = ROUNDING * float(np.min(np.diag(found)))
    return np.asarray((vectors * np.maximum(values, floor)) @ vectors.T)


def _shared(a: Observation, b: Observation, whole: Mapping[tuple[Endpoint, str, str], float]) -> float:
    if a.kind is Kind.STRATUM and b.kind is Kind.STRATUM and (a.arm, a.comparator) == (b.arm, b.comparator):
        if a.set == b.set:
            return RATIO_CORRELATION * a.se * b.se
        both = [whole[o.endpoint, o.arm, o.comparator] for o in (a, b)]
        return -(1.0 if a.endpoint is b.endpoint else RATIO_CORRELATION) * both[0] * both[1]
    if a.kind is Kind.CURVE and b.kind is Kind.CURVE and (a.arm, a.endpoint) == (b.arm, b.endpoint):
        first, last = (a, b) if a.months <= b.months else (b, a)
        return first.se**2 * math.exp(first.y - last.y)
    if a.kind is Kind.RATIO and b.kind is Kind.RATIO and a.set == b.set and a.comparator == b.comparator:
        same = 1.0 if a.endpoint is b.endpoint else RATIO_CORRELATION
        if a.arm == b.arm:
            return same * a.se * b.se
        return same * a.se * b.se * math.sqrt(a.share * b.share)
    for ratio, curve in ((a, b), (b, a)):
        if ratio.kind is Kind.RATIO and curve.kind is Kind.CURVE and ratio.comparator == curve.arm:
            same = 1.0 if ratio.endpoint is curve.endpoint else RATIO_CORRELATION
            return -same * min(ratio.se**2 * ratio.share, 0.9 * ratio.se * curve.se)
    return 0.0


def _set_of(trial: Trial, published_set: str) -> AnalysisSet | None:
    return next((s for s in trial.sets if published_set in s.published), None)


def _response(trial: Trial, main: AnalysisSet, o: Outcome, sizes: dict[str, float]) -> Observation | None:
    """A response rate on the logit scale, half a patient added to either side (Haldane 1956, Ann Hum Genet 20:309)."""
    n = float(o.n or sizes[o.arm])
    rate, estimate = o.estimate.value / 100.0, o.estimate
    x = rate * n + 0.5
    y, se = math.log(x / (n + 1.0 - x)), math.sqrt(1.0 / x + 1.0 / (n + 1.0 - x))
    if estimate.has_interval and 0 < estimate.low < estimate.high < 100:
        ends = [math.log(e / (100.0 - e)) for e in (estimate.low, estimate.high)]
        se = max(se, (ends[1] - ends[0]) / (2.0 * normal_quantile(estimate.level)))
    return Observation(
        trial.study, Kind.RESPONSE, Endpoint.ORR, main.id, o.arm, "", math.nan, y, se, n, math.nan,
        None, o.estimate.value, _words(o),
    )  # fmt: skip


def _curve(trial: Trial, main: AnalysisSet, rows: Sequence[Outcome], size: float) -> list[Observation]:
    """Points of an arm's curve: its median and landmarks within follow-up, the earlier first."""
    follow = trial.follow_up
    found = []
    for o in rows:
        cut = follow.progression_cut if o.endpoint is Endpoint.PFS else follow.survival_cut
        last = (cut + follow.accrual) / 30.4375
        if o.measure is Measure.MEDIAN_MONTHS:
            months, left = o.estimate.value, 0.5
        elif o.measure is Measure.LANDMARK_PERCENT:
            months, left = o.months, o.estimate.value / 100.0
        else:
            continue
        if not math.isfinite(months) or months > last or not LEAST_SHARE < left < 1.0 - LEAST_SHARE:
            continue
        n = float(o.n or size)
        hazard = -math.log(left)
        se = math.sqrt((1.0 - left) / (left * n * FOLLOWED)) / hazard
        ends = (o.estimate.low / 100.0, o.estimate.high / 100.0)
        if o.measure is Measure.LANDMARK_PERCENT and o.estimate.has_interval and 0 < ends[0] < ends[1] < 1:
            width = math.log(-math.log(ends[0])) - math.log(-math.log(ends[1]))
            se = width / (2.0 * normal_quantile(o.estimate.level))
        found.append(
            Observation(trial.study, Kind.CURVE, o.endpoint, main.id, o.arm, "", months, math.log(hazard), se,
                        n, math.nan, None, o.estimate.value, _words(o))
        )  # fmt: skip
    found.sort(key=lambda o: (o.months, o.y))
    # a curve does not rise: a later point that contradicts an earlier one (another cut) is left out, as is a second at its month
    kept: list[Observation] = []
    for o in found:
        if not kept or (o.months > APART * kept[-1].months and o.y > kept[-1].y):
            kept.append(o)
    return kept


def _words(o: Outcome) -> str:
    return f"{o.source.reference}, {o.source.place}" if o.source else ""
