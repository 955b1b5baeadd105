"""A number with its uncertainty: the form in which every method of this room answers, and the normal tails it needs."""

from __future__ import annotations

import math
from dataclasses import dataclass

from normoxia.errors import ComputationFailed, InvalidArgument
from normoxia.outcome import Estimate
from normoxia.values import Value

#: logarithm of ratios beyond which numbers overflow
_LARGEST = 700.0


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Inference(Value):
    """An estimate with its standard error, interval and two-sided p.

    Parameters
    ----------
    value
        On the natural scale (days, probability, ratio).
    standard_error
        On the scale on which the interval is symmetric: natural for differences, log for
        ratios.
    low, high
        Interval of the given level; infinite where an end was not reached.
    p
        Two-sided, against "no difference"; nan where nothing is tested.
    method
        The words for a figure or a table, such as "log-rank" or "Cox, Efron ties".
    """

    value: float
    standard_error: float
    low: float
    high: float
    level: float = 0.95
    p: float = math.nan
    method: str = ""

    def estimate(self, factor: float = 1.0) -> Estimate:
        """Value and interval times a factor (100 for percent, 1/30.4375 for months)."""
        return Estimate(self.value * factor, self.low * factor, self.high * factor, self.level)


def normal_quantile(probability: float) -> float:
    """The standard normal quantile."""
    from scipy.special import ndtri

    return float(ndtri(probability))


def two_sided(z: float) -> float:
    """The two-sided normal tail of a z statistic; nan for nan."""
    from scipy.special import ndtr

    return float(2.0 * ndtr(-abs(z)))


def chi2_tail(statistic: float, degrees: int) -> float:
    """The upper tail of chi-squared."""
    from scipy.special import chdtrc

    return float(chdtrc(degrees, statistic))


def half_width(level: float) -> float:
    """Normal quantile that makes a central interval of a level, 1.96 for 0.95; raises InvalidArgument for other levels."""
    return normal_quantile(0.5 + checked_level(level) / 2.0)


def checked_level(level: float) -> float:
    """A level of confidence; raises InvalidArgument unless it lies between 0 and 1."""
    if not 0.0 < level < 1.0:
        raise InvalidArgument(f"level is {level:g}; expected a share between 0 and 1, such as 0.95")
    return level


def symmetric(value: float, standard_error: float, level: float, method: str) -> Inference:
    """Interval and test on the natural scale, against 0."""
    reach = half_width(level) * standard_error
    z = value / standard_error if standard_error > 0 else math.nan
    return Inference(
        value=value,
        standard_error=standard_error,
        low=value - reach,
        high=value + reach,
        level=level,
        p=two_sided(z),
        method=method,
    )


def ratio(log_value: float, standard_error: float, level: float, method: str) -> Inference:
    """Interval and test of a ratio whose log is near normal, against 1; raises ComputationFailed when it overflows."""
    reach = half_width(level) * standard_error
    z = log_value / standard_error if standard_error > 0 else math.nan
    if not abs(log_value) < _LARGEST:
        raise ComputationFailed(
            f"a ratio of e to the {log_value:g} is beyond the numbers that can be written; give the covariate in a unit "
            "of which patients differ by a few"
        )
    low, high = (
        math.exp(max(log_value - reach, -_LARGEST)),
        math.exp(min(log_value + reach, _LARGEST)),
    )
    return Inference(
        value=math.exp(log_value),
        standard_error=standard_error,
        low=low,
        high=high,
        level=level,
        p=two_sided(z),
        method=method,
    )
