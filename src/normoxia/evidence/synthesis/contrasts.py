"""What a study contributes: arms with counts or means, or contrasts of two arms on the analysis scale.

Ratios (OR, RR, HR, IRR) are analysed as natural logarithms; differences (MD, SMD, RD) as they are. A contrast is
treatment minus comparator. Sources: Higgins 2023, Cochrane Handbook 6.4, ch. 6 and 10; Hedges 1981 (small-sample SMD);
Woods 2010, BMC Med Res Methodol 10:54 (counts and hazard ratios on the log-hazard scale).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from normoxia.errors import InvalidArgument
from normoxia.values import Value


class Effect(StrEnum):
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
        return self in (Effect.HR, Effect.OR, Effect.RR, Effect.IRR)


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


#: a cell of a 2x2 table that is 0 gets this much in every cell of its study (Haldane-Anscombe)
CONTINUITY = 0.5


def contrasts_from_arms(
    arms: Iterable[Arm], effect: Effect | str
) -> tuple[tuple[Contrast, ...], tuple[str, ...]]:
    """All contrasts within each study, and one note for each study that cannot give any (with the reason).

    Zero cells get 0.5 in every cell of their study; a study without any event (or with events in everybody) says
    nothing about a ratio and is noted. With `HR`, counts are read through the complementary log-log, which is the log
    hazard ratio when hazards are proportional and follow-up is the same in both arms.
    raises InvalidArgument when an arm lacks what the measure needs
    """
    effect = Effect(effect)
    contrasts: list[Contrast] = []
    notes: list[str] = []
    for study, members in by_study(arms).items():
        if len(members) < 2:
            notes.append(f'study "{study}" has one arm ("{members[0].treatment}"); a contrast needs two')
            continue
        if effect in _COUNTED and (reason := _uninformative(members, effect)):
            notes.append(f'study "{study}": {reason}')
            continue
        contrasts += _standardised(members) if effect is Effect.SMD else _additive(members, effect)
    return tuple(contrasts), tuple(notes)


def by_study(arms: Iterable[Arm]) -> dict[str, list[Arm]]:
    """Arms grouped by study, both in the order met."""
    grouped: dict[str, list[Arm]] = {}
    for arm in arms:
        grouped.setdefault(arm.study, []).append(arm)
    return grouped


_COUNTED = (Effect.OR, Effect.RR, Effect.RD, Effect.HR)


def _additive(members: Sequence[Arm], effect: Effect) -> list[Contrast]:
    """Measures in which each arm has its own value and variance, so that a contrast is a difference."""
    corrected = CONTINUITY if effect in _COUNTED and _has_zero_cell(members) else 0.0
    values = [_ARM_VALUE[effect](arm, corrected) for arm in members]
    return [
        Contrast(a.study, a.treatment, b.treatment, value_a - value_b, math.sqrt(var_a + var_b))
        for (a, (value_a, var_a)), (b, (value_b, var_b)) in combinations(zip(members, values, strict=True), 2)
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
    events = arm.events or CONTINUITY
    return math.log(events / arm.person_time), 1.0 / events


def _mean(arm: Arm, add: float) -> tuple[float, float]:
    return arm.mean, arm.sd**2 / arm.n


_ARM_VALUE: dict[Effect, Callable[[Arm, float], tuple[float, float]]] = {
    Effect.OR: _odds,
    Effect.RR: _risk,
    Effect.RD: _risk_difference,
    Effect.HR: _hazard,
    Effect.IRR: _rate,
    Effect.MD: _mean,
}


def _standardised(members: Sequence[Arm]) -> list[Contrast]:
    """Hedges' g with the standard deviation pooled over all arms of the study."""
    df = sum(arm.n - 1 for arm in members)
    pooled = math.sqrt(sum((arm.n - 1) * arm.sd**2 for arm in members) / df)
    shrink = 1.0 - 3.0 / (4.0 * df - 1.0)
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


def _uninformative(members: Sequence[Arm], effect: Effect) -> str:
    for arm in members:
        if not 0 <= arm.events <= arm.n or arm.n <= 0:
            raise InvalidArgument(
                f'study "{arm.study}", arm "{arm.treatment}": {arm.events:g} events in {arm.n:g} patients; expected 0 <= events <= n'
            )
    if effect is Effect.RD:
        return ""
    if all(arm.events == 0 for arm in members):
        return "no events in any arm, so it says nothing about a ratio; left out"
    if effect is not Effect.RR and all(arm.events == arm.n for arm in members):
        return "events in every patient of every arm, so it says nothing about a ratio; left out"
    return ""


def _has_zero_cell(members: Sequence[Arm]) -> bool:
    return any(arm.events in (0, arm.n) for arm in members)
