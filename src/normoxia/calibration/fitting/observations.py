"""What enters the likelihood: published figures of each study on scales where chance is nearly normal, with its covariance.

A figure is never counted twice. A contrast gives its hazard ratio; every arm its rates of response, disease control and
treatment-related events of grade 3 or more; control arms their curves (medians and landmarks); arms without a contrast their curves too. A stratum of patients already counted
enters as its log hazard ratio less that of the whole, which is nearly independent of the whole.
Scales: log hazard ratio; logit of a rate; logarithm of the cumulative hazard at a published median or landmark.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from normoxia.calibration.fitting.summaries import Kind, Statistic
from normoxia.calibration.scoring import lock as locked
from normoxia.calibration.scoring.lock import Lock, Observed, Target
from normoxia.evidence.studies.registry import registry
from normoxia.evidence.synthesis.model.meta import normal_quantile
from normoxia.outcome import Endpoint, Measure, Outcome
from normoxia.survival.data import DAYS_PER_MONTH
from normoxia.trial.analysis import published
from normoxia.trial.making import from_study
from normoxia.trial.protocol import AnalysisSet, Trial

Floats = NDArray[np.float64]

#: correlation of the log hazard ratios of PFS and OS of the same patients, by chance alone; assumed
RATIO_CORRELATION = 0.5
#: share of patients still followed at a median or landmark printed without an interval; assumed
FOLLOWED = 0.9
#: points of one curve nearer in time than this factor carry the same information
APART = 1.2
#: least eigenvalue of a covariance over its least variance: printed figures are rounded, and cuts differ
ROUNDING = 0.05
#: a landmark or response rate from this small a part of its arm says nothing on these scales
LEAST_SHARE = 0.005

#: endpoints that are shares of an arm's patients, and what is counted
#: rates of arms that enter the likelihood, and what is emulated for them
RATES = {Endpoint.ORR: Kind.RESPONSE, Endpoint.DCR: Kind.CONTROL, Endpoint.TRAE3: Kind.TOXICITY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One published figure of the likelihood.

    y, se   on the figure's scale
    n       patients behind it; of a ratio, those of both arms
    share   of those patients, the experimental arm's (ratios; nan otherwise)
    target  the scored figure it is, or None
    value   as printed; source where
    """

    figure: Statistic
    y: float
    se: float
    n: float
    share: float
    target: Target | None
    value: float
    source: str

    def __str__(self) -> str:
        return str(self.figure)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ObservationBlock:
    """A study's figures; `y` of shape (n,), the covariance of chance (n, n)."""

    study: str
    single_arm: bool
    observations: tuple[Observation, ...]
    y: Floats
    covariance: Floats


def blocks(studies: Iterable[str], lock: Lock | None = None) -> tuple[ObservationBlock, ...]:
    """The likelihood's blocks of some studies, in their order; those that print nothing usable are left out."""
    known = locked.read() if lock is None else lock
    found = []
    for study in studies:
        trial = from_study.preferred(study)
        seen = observations(trial, known)
        if seen:
            y = np.array([o.y for o in seen])
            found.append(
                ObservationBlock(
                    study=study,
                    single_arm=not registry()[study].is_randomised and study not in known.studies,
                    observations=seen,
                    y=y,
                    covariance=covariance(seen),
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
    sizes = {arm.id: float(arm.n) for arm in trial.arms}
    ratios = [_ratio(trial, main, o, lock, sizes) for o in mine]
    whole = [r for o, r in zip(mine, ratios, strict=True) if r is not None and not o.stratum]
    reported = [
        replace(o, n=_patients(trial, main, o))
        for o in published(trial)
        if o.population == main.id and o.arm in sizes and not _is_the_reviews(o)
    ]
    rates = [
        o
        for o in reported
        if o.endpoint in RATES and o.measure is Measure.PERCENT and not o.comparator
    ]
    curves = [
        point
        for endpoint in (Endpoint.PFS, Endpoint.OS)
        for arm in _followed(whole, endpoint, sizes)
        for point in _curve(
            trial,
            main,
            [o for o in reported if (o.endpoint, o.arm, o.comparator) == (endpoint, arm, "")],
            sizes[arm],
        )
    ]
    return (
        *(r for r in ratios if r is not None),
        *(_rate(trial, main, o, sizes) for o in rates),
        *curves,
    )


def _is_the_reviews(o: Outcome) -> bool:
    """Whether nothing but the review states a figure."""
    return o.source is not None and o.source.reference.startswith("the review")


def _followed(whole: Sequence[Observation], endpoint: Endpoint, sizes: Iterable[str]) -> list[str]:
    """Arms whose own curve counts: all but those of which a hazard ratio of the endpoint is printed."""
    with_ratio = {r.figure.arm for r in whole if r.figure.endpoint is endpoint}
    return [arm for arm in sizes if arm not in with_ratio]


def _patients(trial: Trial, main: AnalysisSet, o: Outcome) -> int:
    """Patients behind an arm's figure in the set and at the cut it was printed for; 0 where the registry does not say."""
    study = registry()[trial.study]
    if o.comparator:
        return o.n
    cut = o.source.place.partition(";")[0] if o.source else ""
    sets = [p.set for p in study.populations if p.id == cut and p.set in main.published]
    return locked.patients_behind(study, replace(o, population=(*sets, *main.published)[0]))[0]


def _ratio(
    trial: Trial, main: AnalysisSet, o: Observed, lock: Lock, sizes: Mapping[str, float]
) -> Observation | None:
    """A scored hazard ratio; one of a stratum relative to the whole's, where that is printed."""
    t = o.target
    both = sizes[t.arm] + sizes[t.comparator]
    share = sizes[t.arm] / both
    figure = ratio_figure(trial, main, o, lock)
    if figure is None:
        return None
    if figure.kind is Kind.RATIO:
        return Observation(
            figure=figure,
            y=o.y,
            se=o.se,
            n=both,
            share=share,
            target=t,
            value=o.value,
            source=o.source,
        )
    base = _whole(o, lock)
    if base is None or o.se <= base.se:
        return None
    se = math.sqrt(o.se**2 - base.se**2)
    return Observation(
        figure=figure,
        y=o.y - base.y,
        se=se,
        n=both,
        share=share,
        target=t,
        value=o.value,
        source=o.source,
    )


def ratio_figure(trial: Trial, main: AnalysisSet, o: Observed, lock: Lock) -> Statistic | None:
    """What to simulate for a scored hazard ratio; None for a stratum that the trial's sets do not contain."""
    t = o.target
    if not o.stratum:
        return Statistic(
            study=trial.study,
            kind=Kind.RATIO,
            endpoint=t.endpoint,
            set=main.id,
            arm=t.arm,
            comparator=t.comparator,
        )
    part = _set_of(trial, registry()[trial.study].population(t.population).set)
    if part is None:
        return None
    if _whole(o, lock) is None:
        return Statistic(
            study=trial.study,
            kind=Kind.RATIO,
            endpoint=t.endpoint,
            set=part.id,
            arm=t.arm,
            comparator=t.comparator,
        )
    return Statistic(
        study=trial.study,
        kind=Kind.STRATUM,
        endpoint=t.endpoint,
        set=part.id,
        arm=t.arm,
        comparator=t.comparator,
        whole=main.id,
    )


def _whole(o: Observed, lock: Lock) -> Observed | None:
    t = o.target
    for other in lock.contrasts:
        u = other.target
        if (u.study, u.endpoint, u.arm, u.comparator) == (t.study, t.endpoint, t.arm, t.comparator):
            return other
    return None


def covariance(seen: Sequence[Observation]) -> Floats:
    """Covariance of chance among a study's figures; shape (n, n), positive definite.

    Points of one curve have independent increments: cov = variance of the earlier x ratio of cumulative hazards. A log hazard
    ratio contains its arms' errors, that of its control with the opposite sign; ratios that share an arm share its error. Strata apart from
    each other have their whole in common. PFS and OS of the same patients are correlated as `RATIO_CORRELATION`, assumed.
    Responders are among those whose disease is controlled, which the two logits' covariance includes. Rates are taken as
    independent of the rest.
    """
    n = len(seen)
    found = np.diag([o.se**2 for o in seen])
    whole = {o.figure.compared: o.se for o in seen if o.figure.kind is Kind.RATIO}
    for i in range(n):
        for j in range(i):
            found[i, j] = found[j, i] = _shared(seen[i], seen[j], whole)
    values, vectors = np.linalg.eigh(found)
    floor = ROUNDING * float(np.min(np.diag(found)))
    return np.asarray((vectors * np.maximum(values, floor)) @ vectors.T)


def _shared(
    a: Observation, b: Observation, whole: Mapping[tuple[Endpoint, str, str], float]
) -> float:
    """Covariance of two figures."""
    f, g = a.figure, b.figure
    same = 1.0 if f.endpoint is g.endpoint else RATIO_CORRELATION
    kinds = {f.kind, g.kind}
    if kinds == {Kind.RESPONSE, Kind.CONTROL} and f.arm == g.arm:
        # nested shares p < q of n: cov(logit p, logit q) = 1/(n q (1 - p))
        shares = {o.figure.kind: 1.0 / (1.0 + math.exp(-o.y)) for o in (a, b)}
        bound = 0.9 * a.se * b.se
        return min(
            1.0 / (max(a.n, b.n) * shares[Kind.CONTROL] * (1.0 - shares[Kind.RESPONSE])), bound
        )
    if kinds == {Kind.STRATUM} and (f.arm, f.comparator) == (g.arm, g.comparator):
        return (
            same * a.se * b.se if f.set == g.set else -same * whole[f.compared] * whole[g.compared]
        )
    if kinds == {Kind.CURVE} and (f.arm, f.endpoint) == (g.arm, g.endpoint):
        first, last = (a, b) if f.months <= g.months else (b, a)
        return first.se**2 * math.exp(first.y - last.y)
    if kinds == {Kind.RATIO} and f.set == g.set and f.comparator == g.comparator:
        return same * a.se * b.se * (1.0 if f.arm == g.arm else math.sqrt(a.share * b.share))
    for ratio, curve in ((a, b), (b, a)):
        if (ratio.figure.kind, curve.figure.kind) == (Kind.RATIO, Kind.CURVE):
            # the part of the ratio's variance that its arm's own events make
            parts = {ratio.figure.comparator: -ratio.share, ratio.figure.arm: 1.0 - ratio.share}
            part = parts.get(curve.figure.arm, 0.0)
            shared = min(ratio.se**2 * abs(part), 0.9 * ratio.se * curve.se)
            return math.copysign(same * shared, part)
    return 0.0


def _set_of(trial: Trial, published_set: str) -> AnalysisSet | None:
    return next((s for s in trial.sets if published_set in s.published), None)


def _rate(trial: Trial, main: AnalysisSet, o: Outcome, sizes: Mapping[str, float]) -> Observation:
    """A share of patients on the logit scale, half a patient added to either side (Haldane 1956, Ann Hum Genet 20:309)."""
    n = float(o.n or sizes[o.arm])
    rate, estimate = o.estimate.value / 100.0, o.estimate
    x = rate * n + 0.5
    y, se = math.log(x / (n + 1.0 - x)), math.sqrt(1.0 / x + 1.0 / (n + 1.0 - x))
    if estimate.has_interval and 0 < estimate.low < estimate.high < 100:
        ends = [math.log(e / (100.0 - e)) for e in (estimate.low, estimate.high)]
        se = max(se, (ends[1] - ends[0]) / (2.0 * normal_quantile(estimate.level)))
    figure = Statistic(
        study=trial.study, kind=RATES[o.endpoint], endpoint=o.endpoint, set=main.id, arm=o.arm
    )
    return Observation(
        figure=figure,
        y=y,
        se=se,
        n=n,
        share=math.nan,
        target=None,
        value=estimate.value,
        source=_words(o),
    )


def _curve(
    trial: Trial, main: AnalysisSet, rows: Sequence[Outcome], size: float
) -> list[Observation]:
    """Points of an arm's curve: its median and landmarks within follow-up, the earlier first.

    A curve does not rise: a point that contradicts an earlier one (another cut) is left out, as is one too near to it.
    """
    found = [point for o in rows if (point := _point(trial, main, o, size)) is not None]
    found.sort(key=lambda p: (p.figure.months, p.y))
    kept: list[Observation] = []
    for p in found:
        if not kept or (p.figure.months > APART * kept[-1].figure.months and p.y > kept[-1].y):
            kept.append(p)
    return kept


def _point(trial: Trial, main: AnalysisSet, o: Outcome, size: float) -> Observation | None:
    """A median or landmark as a point of the log cumulative hazard; None outside follow-up or at the ends of the scale.

    Without a usable interval its error is that of a Kaplan-Meier curve of n patients, `FOLLOWED` of them still followed.
    """
    follow, estimate = trial.follow_up, o.estimate
    cut = follow.progression_cut if o.endpoint is Endpoint.PFS else follow.survival_cut
    if o.measure is Measure.MEDIAN_MONTHS:
        months, left = estimate.value, 0.5
    elif o.measure is Measure.LANDMARK_PERCENT:
        months, left = o.months, estimate.value / 100.0
    else:
        return None
    reached = math.isfinite(months) and months <= (cut + follow.accrual) / DAYS_PER_MONTH
    if not reached or not LEAST_SHARE < left < 1.0 - LEAST_SHARE:
        return None
    n = float(o.n or size)
    hazard = -math.log(left)
    se = math.sqrt((1.0 - left) / (left * n * FOLLOWED)) / hazard
    ends = (estimate.low / 100.0, estimate.high / 100.0)
    if (
        o.measure is Measure.LANDMARK_PERCENT
        and estimate.has_interval
        and 0 < ends[0] < ends[1] < 1
    ):
        width = math.log(-math.log(ends[0])) - math.log(-math.log(ends[1]))
        se = width / (2.0 * normal_quantile(estimate.level))
    figure = Statistic(
        study=trial.study,
        kind=Kind.CURVE,
        endpoint=o.endpoint,
        set=main.id,
        arm=o.arm,
        months=months,
    )
    return Observation(
        figure=figure,
        y=math.log(hazard),
        se=se,
        n=n,
        share=math.nan,
        target=None,
        value=estimate.value,
        source=_words(o),
    )


def _words(o: Outcome) -> str:
    return f"{o.source.reference}, {o.source.place}" if o.source else ""
