"""Restricted mean survival: the area under a curve up to a horizon, and the time lost above it, which need no
proportional hazards.
"""

from __future__ import annotations

import math

import numpy as np

from normoxia.errors import ComputationFailed, InvalidArgument, OutsideFollowUp
from normoxia.survival.inference import Inference, half_width, ratio, symmetric
from normoxia.survival.nonparametric import SurvivalCurve


def restricted_mean(curve: SurvivalCurve, horizon: float, *, extend: bool = False) -> Inference:
    """Mean event-free time up to a horizon, in days.

    horizon   days; inside follow-up, or the tail would be invention
    extend    carry the last value of the curve on to the horizon instead of refusing
    raises    OutsideFollowUp, naming the last observed time
    source    Irwin 1949, J Hyg 47:188; Royston & Parmar 2013, BMC Med Res Methodol 13:152. The variance sums
              (area to the right of an event time)**2 d/(n(n-d)); the shortcut (mean of squares minus square
              of the mean)/n forgets the censored patients and comes out too small.
    """
    if not 0 < horizon < math.inf:
        raise InvalidArgument(f"the horizon is {horizon:g} days; expected a time above 0")
    ended = len(curve.survival) > 0 and curve.survival[-1] <= 0
    if horizon > curve.last + curve.data.slack and not ended and not extend:
        raise OutsideFollowUp(
            f"a restricted mean to {horizon:g} days was asked for; the last patient was observed for {curve.last:g} "
            "days. Choose a shorter horizon, or extend=True to carry the last value on"
        )
    inside = curve.times < horizon
    edges = np.concatenate([[0.0], curve.times[inside], [horizon]])
    areas = np.concatenate([[1.0], curve.survival[inside]]) * np.diff(edges)
    to_the_right = np.cumsum(areas[::-1])[::-1][1:]
    known = (
        to_the_right > 0
    )  # the variance of log survival is infinite once everybody had the event
    spread = np.square(curve.log_se[inside][known])
    variance_steps = np.diff(spread, prepend=0.0)
    error = math.sqrt(max(float(np.sum(np.square(to_the_right[known]) * variance_steps)), 0.0))
    value = float(areas.sum())
    reach = half_width(curve.level) * error
    low, high = max(value - reach, 0.0), min(value + reach, horizon)
    return Inference(
        value=value,
        standard_error=error,
        low=low,
        high=high,
        level=curve.level,
        p=math.nan,
        method=f"restricted mean to {horizon:g} days",
    )


def restricted_mean_difference(
    experimental: SurvivalCurve, control: SurvivalCurve, horizon: float
) -> Inference:
    """Restricted mean, experimental minus control, in days, tested against 0.

    Raises
    ------
    ComputationFailed
        When neither mean has a standard error (no event before the horizon in either
        group).
    """
    one, other = restricted_mean(experimental, horizon), restricted_mean(control, horizon)
    error = math.hypot(one.standard_error, other.standard_error)
    method = f"difference of restricted means to {horizon:g} days"
    _require_spread(error, horizon)
    return symmetric(one.value - other.value, error, experimental.level, method)


def restricted_mean_ratio(
    experimental: SurvivalCurve, control: SurvivalCurve, horizon: float
) -> Inference:
    """Ratio of restricted means, experimental over control, tested against 1 on the log scale (delta method).

    Raises
    ------
    ComputationFailed
        When a mean is 0 or neither has a standard error.
    """
    one, other = restricted_mean(experimental, horizon), restricted_mean(control, horizon)
    if min(one.value, other.value) <= 0:
        raise ComputationFailed(
            "everybody of a group had the event at time 0, so its restricted mean is 0 and has no ratio; "
            "read the difference instead"
        )
    error = math.hypot(one.standard_error / one.value, other.standard_error / other.value)
    method = f"ratio of restricted means to {horizon:g} days"
    _require_spread(error, horizon)
    return ratio(math.log(one.value / other.value), error, experimental.level, method)


def restricted_mean_lost(
    curve: SurvivalCurve, horizon: float, *, extend: bool = False
) -> Inference:
    """Mean time lost to the event up to a horizon, in days: the horizon less the restricted mean.

    horizon, extend, raises   as in `restricted_mean`
    source    Uno et al. 2014, J Clin Oncol 32:2380
    """
    mean = restricted_mean(curve, horizon, extend=extend)
    return Inference(
        value=horizon - mean.value,
        standard_error=mean.standard_error,
        low=horizon - mean.high,
        high=horizon - mean.low,
        level=mean.level,
        p=math.nan,
        method=f"restricted mean time lost to {horizon:g} days",
    )


def restricted_mean_lost_ratio(
    experimental: SurvivalCurve, control: SurvivalCurve, horizon: float
) -> Inference:
    """Ratio of mean times lost, experimental over control, tested against 1 on the log scale (delta method).

    Below 1 favours the experimental group, as a hazard ratio does.
    raises    ComputationFailed when a group lost no time, because nobody had an event before the horizon
    source    Uno et al. 2014, J Clin Oncol 32:2380
    """
    one, other = (restricted_mean_lost(curve, horizon) for curve in (experimental, control))
    for name, lost in (("experimental", one), ("control", other)):
        if lost.value <= 0:
            raise ComputationFailed(
                f"nobody of the {name} group had an event before {horizon:g} days, so no time was lost and the ratio "
                "has no finite logarithm; choose a later horizon, or read the difference of restricted means"
            )
    error = math.hypot(one.standard_error / one.value, other.standard_error / other.value)
    _require_spread(error, horizon)
    method = f"ratio of restricted mean times lost to {horizon:g} days"
    return ratio(math.log(one.value / other.value), error, experimental.level, method)


def _require_spread(error: float, horizon: float) -> None:
    if not error > 0:
        raise ComputationFailed(
            f"neither restricted mean to {horizon:g} days has a standard error: in each group nobody, or everybody at "
            "one time, had the event before; no interval can be given. Choose a later horizon, or compare the two means alone"
        )
