"""Intervals of trials run under an ensemble: a replicate is one possible trial, with parameters and patients of its own.

Estimates of replicates are taken as normal on the scale where chance nearly is (log of medians and hazard ratios, logit of
shares); their spread, widened for the number of replicates by Student's t, and the structural error the calibration found
make the interval.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia.outcome import Estimate, Measure
from normoxia.survival.replicates import HazardRatios

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

#: replicates from which order statistics are read instead of a normal distribution's
ENOUGH = 100
#: a share of 0 or 1 is held this far inside, percent
EDGE = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Unpaired:
    """Hazard ratios of replicates as of trials whose arms hold different people.

    hazard_ratios  shape (n_replicates,)
    error2         mean square of Cox's standard error: the chance that is in them, on the log hazard ratio
    """

    hazard_ratios: Floats
    error2: float


def interval(
    draws: Floats, measure: Measure, structural: Mapping[str, float], level: float
) -> Estimate:
    """Middle and predictive interval of replicates' estimates.

    draws       on the natural scale: months, percent, ratios; nan left out, medians not reached infinite; shape (n_replicates,)
    structural  standard deviations "ratio", "response", "curve" on log hazard ratio, logit, log cumulative hazard
    returns     not a number without two estimates
    """
    from scipy.special import stdtrit

    known = draws[~np.isnan(draws)]
    if len(known) < 2:
        return Estimate(math.nan, level=level)
    if measure is Measure.HAZARD_RATIO:
        known = known[np.isfinite(known) & (known > 0)]
    if not np.isfinite(known).all():
        return _by_order(known, level)
    x = _to(measure, known)
    extra = structural.get(
        {Measure.HAZARD_RATIO: "ratio", Measure.PERCENT: "response"}.get(measure, "curve"), 0.0
    )
    sd = math.sqrt(float(x.var(ddof=1)) * (1.0 + 1.0 / len(x)) + extra**2)
    reach = float(stdtrit(len(x) - 1, 0.5 + level / 2.0)) * sd
    middle = middle_of(x)
    value, low, high = (
        float(_from(measure, np.array(v))) for v in (middle, middle - reach, middle + reach)
    )
    return Estimate(value, low, high, level)


def middle_of(x: Floats) -> float:
    """The middle of replicates on the scale where chance is nearly normal: the mean, or the median of very many."""
    return float(np.median(x) if len(x) >= ENOUGH else x.mean())


def unpaired(ratios: Callable[[Rows, Rows], HazardRatios], one: Rows, other: Rows) -> Unpaired:
    """Hazard ratios of replicates as of trials whose arms hold different people, with the chance in them.

    Arms share their patients' random numbers, so a replicate's log hazard ratio has less chance in it than a real trial's. How
    much it has, halves of the patients tell: their ratios differ with four times its variance. Chance is brought up
    to Cox's standard error by stretching about the mean where the replicates spread, and never down.

    one, other  rows of the arms' patients by replicate; shapes (n_replicates, n). Arms of one patient have no halves and stay as
                they are
    """
    whole = ratios(one, other)
    found = whole.log_hazard_ratio
    known = found[np.isfinite(found)]
    error2 = _mean(whole.standard_error**2)
    if len(known) < 2 or min(one.shape[1], other.shape[1]) < 2:
        return Unpaired(np.asarray(np.exp(found)), error2)
    halves = [ratios(one[:, i::2], other[:, i::2]).log_hazard_ratio for i in (0, 1)]
    paired = _mean((halves[0] - halves[1]) ** 2) / 4.0
    centre, spread2 = float(known.mean()), float(known.var(ddof=1))
    wanted = max(spread2 - paired, 0.0) + error2
    stretch = math.sqrt(wanted / spread2) if spread2 > 0 else 1.0
    return Unpaired(np.asarray(np.exp(centre + max(stretch, 1.0) * (found - centre))), error2)


def _mean(values: Floats) -> float:
    """Mean of what is finite; 0 when nothing is."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else 0.0


def _by_order(known: Floats, level: float) -> Estimate:
    held = np.sort(known)
    low, middle, high = (
        held[min(int(share * len(held)), len(held) - 1)]
        for share in ((1 - level) / 2, 0.5, (1 + level) / 2)
    )
    return Estimate(float(middle), float(low), float(high), level)


def _to(measure: Measure, values: Floats) -> Floats:
    if measure in (Measure.PERCENT, Measure.LANDMARK_PERCENT):
        p = np.clip(values, EDGE, 100.0 - EDGE) / 100.0
        return np.asarray(np.log(p / (1.0 - p)))
    return np.asarray(np.log(np.maximum(values, 1e-3)))


def _from(measure: Measure, values: Floats) -> Floats:
    if measure in (Measure.PERCENT, Measure.LANDMARK_PERCENT):
        return np.asarray(100.0 / (1.0 + np.exp(-values)))
    return np.asarray(np.exp(values))
