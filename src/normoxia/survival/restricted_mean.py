"""Restricted mean survival: the area under a curve up to a horizon, which needs no proportional hazards."""

from __future__ import annotations

import math

import numpy as np

from normoxia.errors import InvalidArgument, OutsideFollowUp
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
    if not horizon > 0:
        raise InvalidArgument(f"the horizon is {horizon:g} days; expected a time above 0")
    ended = len(curve.survival) > 0 and curve.survival[-1] <= 0
    if horizon > curve.last and not ended and not extend:
        raise OutsideFollowUp(
            f"a restricted mean to {horizon:g} days was asked for; the last patient was observed for {curve.last:g} "
            "days. Choose a shorter horizon, or extend=True to carry the last value on"
        )
    inside = curve.times < horizon
    edges = np.concatenate([[0.0], curve.times[inside], [horizon]])
    areas = np.concatenate([[1.0], curve.survival[inside]]) * np.diff(edges)
    to_the_right = np.cumsum(areas[::-1])[::-1][1:]
    variance_steps = np.diff(np.square(np.concatenate([[0.0], curve.log_se[inside]])))
    known = to_the_right > 0
    error = math.sqrt(float(np.sum(np.square(to_the_right[known]) * variance_steps[known])))
    value = float(areas.sum())
    reach = half_width(curve.level) * error
    low, high = max(value - reach, 0.0), min(value + reach, horizon)
    return Inference(value, error, low, high, curve.level, math.nan, f"restricted mean to {horizon:g} days")


def restricted_mean_difference(
    experimental: SurvivalCurve, control: SurvivalCurve, horizon: float
) -> Inference:
    """Restricted mean, experimental minus control, in days, tested against 0."""
    one, other = restricted_mean(experimental, horizon), restricted_mean(control, horizon)
    error = math.hypot(one.standard_error, other.standard_error)
    method = f"difference of restricted means to {horizon:g} days"
    return symmetric(one.value - other.value, error, experimental.level, method)


def restricted_mean_ratio(experimental: SurvivalCurve, control: SurvivalCurve, horizon: float) -> Inference:
    """Ratio of restricted means, experimental over control, tested against 1 on the log scale (delta method)."""
    one, other = restricted_mean(experimental, horizon), restricted_mean(control, horizon)
    error = math.hypot(one.standard_error / one.value, other.standard_error / other.value)
    method = f"ratio of restricted means to {horizon:g} days"
    return ratio(math.log(one.value / other.value), error, experimental.level, method)
