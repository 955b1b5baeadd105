"""What a study contributes: arms with counts or means, or contrasts of two arms on the analysis scale.

Ratios (OR, RR, HR, IRR) are analysed as natural logarithms; differences (MD, SMD, RD) as they are. A contrast is
treatment minus comparator. Sources: Higgins 2023, Cochrane Handbook 6.4, ch. 6 and 10; Hedges 1981, J Educ Stat 6:107 (SMD in small
samples, exact factor); Woods 2010, BMC Med Res Methodol 10:54 (counts and hazard ratios on the log-hazard scale); Viechtbauer
2010, J Stat Softw 36(3) (`escalc`, whose corrections of empty cells these are, but for RD, whose estimate stays uncorrected).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from normoxia.errors import InvalidArgument
from normoxia.language import Message
from normoxia.values import Value


class EffectMeasure(StrEnum):
    """The effect measure of a synthesis."""

    HR = "HR"
    OR = "OR"
    RR = "RR"
    IRR = "IRR"
    RD = "RD"
    MD = "MD"
    SMD = "SMD"

    @property
    def is_ratio(self) -> bool:
        """Whether the analysis scale is the natural logarithm."""
        return self in (EffectMeasure.HR, EffectMeasure.OR, EffectMeasure.RR, EffectMeasure.IRR)


@dataclass(frozen=True, slots=True)
class Contrast:
    """Treatment minus comparator in one study, on the analysis scale, with its standard error."""

    study: str
    treatment: str
    comparator: str
    estimate: float
    se: float

    def reversed(self) -> Contrast:
        """Comparator minus treatment."""
        return Contrast(self.study, self.comparator, self.treatment, -self.estimate, self.se)


@dataclass(frozen=True, slots=True, eq=False)
class Arm(Value):
    """One arm of a study: patients, and events, or mean and standard deviation, or person-time."""

    study: str
    treatment: str
    n: float = math.nan
    events: float = math.nan
    mean: float = math.nan
    sd: float = math.nan
    person_time: float = math.nan


#: where an arm of a study has no event (or, of patients, no non-event), every cell of the study gets this much (Haldane-Anscombe)
CONTINUITY = 0.5


def contrasts_from_arms(
    arms: Iterable[Arm], effect: EffectMeasure | str
) -> tuple[tuple[Contrast, ...], tuple[str, ...]]:
    """All contrasts within each study, and one note for each study that cannot give any (with the reason).

    Empty cells get 0.5 in every cell of their study, rates 0.5 events in every arm; a study without any event (or, for odds and
    hazards, with events in everybody) says nothing about a ratio and is noted. With `HR`, counts are read through the
    complementary log-log, which is the log hazard ratio when hazards are proportional and follow-up is the same in both arms.
    Counts may be fractional (effective counts of cluster-randomised studies).
    raises InvalidArgument when an arm lacks what the measure needs or cannot be (more events than patients, no exposure, a
           standard deviation that is not above 0), and for a standardised difference without degrees of freedom
    """
    effect = EffectMeasure(effect)
    is_possible = _POSSIBLE[effect]
    contrasts: list[Contrast] = []
    notes: list[str] = []
    for study, members in by_study(arms).items():
        if len(members) < 2:
            notes.append(Message("evidence.one_arm", study=study, arm=members[0].treatment))
            continue
        for arm in members:
            if not is_possible(arm):
                _refuse(arm, effect)
        if effect in _COUNTED and (reason := _uninformative(members, effect)):
            notes.append(Message("evidence.of_study", study=study, reason=reason))
            continue
        contrasts += (
            _standardised(members) if effect is EffectMeasure.SMD else _additive(members, effect)
        )
    return tuple(contrasts), tuple(notes)


def by_study(arms: Iterable[Arm]) -> dict[str, list[Arm]]:
    """Arms grouped by study, both in the order met."""
    grouped: dict[str, list[Arm]] = {}
    for arm in arms:
        grouped.setdefault(arm.study, []).append(arm)
    return grouped


_COUNTED = (
    EffectMeasure.OR,
    EffectMeasure.RR,
    EffectMeasure.RD,
    EffectMeasure.HR,
    EffectMeasure.IRR,
)


def _additive(members: Sequence[Arm], effect: EffectMeasure) -> list[Contrast]:
    """Measures in which each arm has its own value and variance, so that a contrast is a difference."""
    corrected = CONTINUITY if effect in _COUNTED and _has_zero_cell(members, effect) else 0.0
    values = [_ARM_VALUE[effect](arm, corrected) for arm in members]
    return [
        Contrast(a.study, a.treatment, b.treatment, value_a - value_b, math.sqrt(var_a + var_b))
        for (a, (value_a, var_a)), (b, (value_b, var_b)) in combinations(
            zip(members, values, strict=True), 2
        )
    ]


def _odds(arm: Arm, add: float) -> tuple[float, float]:
    events, rest = arm.events + add, arm.n - arm.events + add
    return math.log(events / rest), 1.0 / events + 1.0 / rest


def _risk(arm: Arm, add: float) -> tuple[float, float]:
    events, n = arm.events + add, arm.n + 2.0 * add
    return math.log(events / n), 1.0 / events - 1.0 / n


def _risk_difference(arm: Arm, add: float) -> tuple[float, float]:
    share = (arm.events + add) / (arm.n + 2.0 * add)
    return arm.events / arm.n, share * (1.0 - share) / (arm.n + 2.0 * add)


def _hazard(arm: Arm, add: float) -> tuple[float, float]:
    share = (arm.events + add) / (arm.n + 2.0 * add)
    survived = -math.log1p(-share)
    return math.log(survived), share / ((1.0 - share) * (arm.n + 2.0 * add) * survived**2)


def _rate(arm: Arm, add: float) -> tuple[float, float]:
    events = arm.events + add
    return math.log(events / arm.person_time), 1.0 / events


def _mean(arm: Arm, add: float) -> tuple[float, float]:
    return arm.mean, arm.sd**2 / arm.n


_ARM_VALUE: dict[EffectMeasure, Callable[[Arm, float], tuple[float, float]]] = {
    EffectMeasure.OR: _odds,
    EffectMeasure.RR: _risk,
    EffectMeasure.RD: _risk_difference,
    EffectMeasure.HR: _hazard,
    EffectMeasure.IRR: _rate,
    EffectMeasure.MD: _mean,
}


#: a standardised difference needs this many degrees of freedom: with one, Hedges' factor is 0
FEWEST_DF = 2


def _standardised(members: Sequence[Arm]) -> list[Contrast]:
    """Hedges' g with the standard deviation pooled over all arms of the study, exact factor for small samples."""
    df = sum(arm.n - 1 for arm in members)
    if df < FEWEST_DF:
        sizes = ", ".join(f'{arm.n:g} in "{arm.treatment}"' for arm in members)
        raise InvalidArgument(
            f'study "{members[0].study}": {sizes}; a standardised difference needs a standard deviation pooled over at least '
            f"{FEWEST_DF} degrees of freedom (patients less arms); leave the study out, or pool mean differences (MD)"
        )
    pooled = math.sqrt(sum((arm.n - 1) * arm.sd**2 for arm in members) / df)
    shrink = hedges_factor(df)
    contrasts = []
    for a, b in combinations(members, 2):
        g = shrink * (a.mean - b.mean) / pooled
        contrasts.append(
            Contrast(
                a.study,
                a.treatment,
                b.treatment,
                g,
                math.sqrt(1 / a.n + 1 / b.n + g**2 / (2 * (df + len(members)))),
            )
        )
    return contrasts


def hedges_factor(df: float) -> float:
    """What makes a standardised difference unbiased: gamma(df/2) / (sqrt(df/2) gamma((df - 1)/2)) (Hedges 1981, eq. 6e)."""
    return math.exp(math.lgamma(df / 2.0) - math.lgamma((df - 1.0) / 2.0)) / math.sqrt(df / 2.0)


def _counts_are_possible(arm: Arm) -> bool:
    return 0 <= arm.events <= arm.n and 0 < arm.n < math.inf


def _rate_is_possible(arm: Arm) -> bool:
    return 0 <= arm.events < math.inf and 0 < arm.person_time < math.inf


def _mean_is_possible(arm: Arm) -> bool:
    return math.isfinite(arm.mean) and 0 < arm.sd < math.inf and 0 < arm.n < math.inf


#: whether an arm has what a measure needs, and could be; nan is never possible
_POSSIBLE: dict[EffectMeasure, Callable[[Arm], bool]] = {
    EffectMeasure.OR: _counts_are_possible,
    EffectMeasure.RR: _counts_are_possible,
    EffectMeasure.RD: _counts_are_possible,
    EffectMeasure.HR: _counts_are_possible,
    EffectMeasure.IRR: _rate_is_possible,
    EffectMeasure.MD: _mean_is_possible,
    EffectMeasure.SMD: _mean_is_possible,
}


def _refuse(arm: Arm, effect: EffectMeasure) -> None:
    """Say what an arm lacks, or why it cannot be."""
    n, events, time = arm.n, arm.events, arm.person_time
    measured = effect in (EffectMeasure.MD, EffectMeasure.SMD)
    if measured:
        needed = {"mean": arm.mean, "standard deviation": arm.sd, "number of patients": n}
    elif effect is EffectMeasure.IRR:
        needed = {"number of events": events, "person-time": time}
    else:
        needed = {"number of events": events, "number of patients": n}
    named = f'study "{arm.study}", arm "{arm.treatment}"'
    for name, value in needed.items():
        if not math.isfinite(value):
            raise InvalidArgument(
                f"{named}: {name} {value:g}; {effect} needs a finite one in every arm; add it"
            )
    if measured:
        raise InvalidArgument(
            f"{named}: standard deviation {arm.sd:g} in {n:g} patients; both must be above 0; correct them"
        )
    if effect is EffectMeasure.IRR:
        raise InvalidArgument(
            f"{named}: {events:g} events in person-time {time:g}; expected events >= 0 and a time above 0; correct them"
        )
    raise InvalidArgument(
        f"{named}: {events:g} events in {n:g} patients; expected 0 <= events <= n; correct the counts"
    )


def _uninformative(members: Sequence[Arm], effect: EffectMeasure) -> Message | None:
    """Why the counts of a study have no information on a ratio; None where they have."""
    if effect is EffectMeasure.RD:
        return None
    if all(arm.events == 0 for arm in members):
        return Message("evidence.no_events_any")
    if effect in (EffectMeasure.OR, EffectMeasure.HR) and all(
        arm.events == arm.n for arm in members
    ):
        return Message("evidence.all_events")
    return None


def _has_zero_cell(members: Sequence[Arm], effect: EffectMeasure) -> bool:
    """Whether an arm has no event, or no patient without one; exposure has no such other cell."""
    return any(
        arm.events == 0 or (effect is not EffectMeasure.IRR and arm.events == arm.n)
        for arm in members
    )
