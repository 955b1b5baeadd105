"""Two arms whose hazards need not stay proportional: which summary to read first, and the others beside it.

A constant hazard ratio averages over follow-up with weights that depend on censoring when hazards cross or converge, as they
do for most checkpoint-inhibitor trials. Then the restricted mean difference and hazard ratios by period come first. Sources:
Royston & Parmar 2013, BMC Med Res Methodol 13:152; Grambsch & Therneau 1994; periods by left truncation, as in Putter 2005.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from normoxia.errors import InvalidArgument
from normoxia.survival import (
    Inference,
    SurvivalCurve,
    TimeToEvent,
    cox,
    curves_cross,
    hazard_ratio,
    kaplan_meier,
    pooled,
    proportional_hazards_test,
    restricted_mean,
    restricted_mean_difference,
)
from normoxia.survival.inference import ratio

#: below this p value of the proportional-hazards test, a constant hazard ratio is not shown first
NOT_PROPORTIONAL = 0.05
#: fewer events than this in a period say too little for a hazard ratio of their own
_FEWEST_EVENTS = 10
#: a mean time lost below this share of the horizon is none
_NO_TIME = 1e-12


@dataclass(frozen=True, slots=True)
class Period:
    """The hazard ratio between two times, in days, among those still at risk at the first."""

    start: float
    stop: float
    events: int
    ratio: Inference | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectOverTime:
    """A treatment's effect told three ways.

    Parameters
    ----------
    first
        "restricted mean" or "hazard ratio": which to read first, and why in `reason`.
    crosses
        Whether the survival curves cross beyond chance, whatever the test says.
    difference
        Restricted mean, treatment minus comparator, in days, to `horizon`.
    periods
        Hazard ratios by period; None where events are too few.
    ratio
        The constant hazard ratio.
    time_lost
        Ratio of the restricted mean times lost before `horizon` (horizon less restricted
        mean), treatment over comparator; None where an arm lost none.
    """

    first: str
    reason: str
    proportional_p: float
    crosses: bool
    horizon: float
    difference: Inference
    periods: tuple[Period, ...]
    ratio: Inference
    time_lost: Inference | None = None


def effect_over_time(
    treatment: TimeToEvent,
    comparator: TimeToEvent,
    *,
    horizon: float | None = None,
    cuts: Sequence[float] | None = None,
) -> EffectOverTime:
    """The effect of a treatment from individual data, reconstructed ones included.

    Parameters
    ----------
    horizon
        Days; by default as far as both arms were followed.
    cuts
        Times in days that part the periods; by default the thirds of the events.

    Raises
    ------
    OutsideFollowUp
        For a horizon beyond either arm's follow-up.
    """
    last = min(float(treatment.time.max()), float(comparator.time.max()))
    reach = last if horizon is None else horizon
    together, group = pooled((treatment, comparator))
    arm = (np.asarray(group) == 0).astype(float)
    fitted = cox(together, arm, names=("treatment",))
    p = proportional_hazards_test(fitted).global_p
    if cuts is None:
        cuts = tuple(
            float(c) for c in np.quantile(together.time[together.observed], [1 / 3, 2 / 3])
        )
    edges = [0.0, *sorted(cuts), float(together.time.max())]
    if any(b <= a for a, b in itertools.pairwise(edges)):
        raise InvalidArgument(
            f"cuts {list(cuts)}; expected distinct times within follow-up (0 to {edges[-1]:g} days)"
        )
    curves = kaplan_meier(treatment), kaplan_meier(comparator)
    crosses = curves_cross(*curves)
    varies = p < NOT_PROPORTIONAL or crosses
    seen = ", and the curves cross" if crosses else ""
    reason = (
        f"the hazards do not stay proportional (p = {p:.3g}{seen}): a single ratio would average over follow-up"
        if varies
        else f"nothing speaks against proportional hazards (p = {p:.3g}); look at the periods all the same"
    )
    return EffectOverTime(
        first="restricted mean" if varies else "hazard ratio",
        reason=reason,
        proportional_p=p,
        crosses=crosses,
        horizon=reach,
        difference=restricted_mean_difference(*curves, reach),
        periods=tuple(_period(treatment, comparator, a, b) for a, b in itertools.pairwise(edges)),
        ratio=hazard_ratio(treatment, comparator),
        time_lost=time_lost_ratio(*curves, reach),
    )


def time_lost_ratio(
    treatment: SurvivalCurve, comparator: SurvivalCurve, horizon: float
) -> Inference | None:
    """Ratio of restricted mean times lost to a horizon in days, tested against 1 on the log scale (delta method).

    Below 1 the treatment loses less time, like a hazard ratio, and no proportional hazards are needed. None where an arm has
    no event before the horizon (Uno 2014, J Clin Oncol 32:2380).
    """
    one, other = (restricted_mean(curve, horizon) for curve in (treatment, comparator))
    lost, lost_by_other = horizon - one.value, horizon - other.value
    if min(lost, lost_by_other) <= _NO_TIME * horizon:
        return None
    error = math.hypot(one.standard_error / lost, other.standard_error / lost_by_other)
    return ratio(
        math.log(lost / lost_by_other),
        error,
        one.level,
        f"ratio of restricted mean times lost to {horizon:g} days",
    )


def _period(treatment: TimeToEvent, comparator: TimeToEvent, start: float, stop: float) -> Period:
    parts = [arm.between(start, stop) for arm in (treatment, comparator)]
    if any(part is None for part in parts):
        return Period(start, stop, sum(p.n_events for p in parts if p is not None), None)
    ours, theirs = (part for part in parts if part is not None)
    events = ours.n_events + theirs.n_events
    enough = min(ours.n_events, theirs.n_events) > 0 and events >= _FEWEST_EVENTS
    return Period(start, stop, events, hazard_ratio(ours, theirs) if enough else None)
