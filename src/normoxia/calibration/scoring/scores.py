"""Rules that score a predictive distribution against what was published.

A prediction is a `Predictive`: weighted draws (`Ensemble`) or a normal distribution (`Normal`), of the log hazard ratio, of
a response rate in percent, or of a median in months, sampling at the trial's own size included. Hazard ratios are scored
on the natural logarithm throughout. Sources: Gneiting & Raftery 2007, J Am Stat Assoc 102:359 (CRPS, eqs. 20 and 21; log
score); Dawid 1984, J R Stat Soc A 147:278 (probability integral transform).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from normoxia.errors import InvalidArgument

Floats = NDArray[np.float64]

#: two-sided normal quantile of 95 %, as the lock writes it
Z95 = 1.959964
#: an arm's response rate is right within so many points
RESPONSE_POINTS = 6.0
#: or inside this central share of a binomial about the predicted median
RESPONSE_LEVEL = 0.80
#: sums of weights are compared with a share to this precision; rounding of a million additions stays below it
_ROUNDING = 1e-12


class Predictive(Protocol):
    """A distribution that answers what scoring asks."""

    @property
    def median(self) -> float:
        """The median."""
        ...

    def interval(self, level: float) -> tuple[float, float]:
        """The central interval of a level."""
        ...

    def crps(self, y: float) -> float:
        """Continuous ranked probability score of a published value."""
        ...

    def log_score(self, y: float) -> float:
        """Minus the log density of a published value."""
        ...

    def pit(self, y: float) -> float:
        """Probability integral transform of a published value."""
        ...

    def win_probability(self, se: float) -> float:
        """Share of predicted trials significant in favour of the experimental arm."""
        ...


@dataclass(frozen=True, slots=True, init=False, eq=False)
class SampledPredictive:
    """Weighted draws.

    values           finite or, for medians not reached, infinite; sorted on entry; shape (n_draws,)
    weights          not negative, scaled to sum 1; equal when omitted; shape (n_draws,)
    standard_errors  of each draw's own log hazard ratio as the trial would estimate it; shape (n_draws,) or one number;
                     None where they are not known
    below            cumulated weights; shape (n_draws,)
    raises           InvalidArgument for no draws, nan, or weights that are negative or sum to 0
    """

    values: Floats
    weights: Floats
    standard_errors: Floats | None
    below: Floats

    def __init__(
        self,
        values: ArrayLike,
        weights: ArrayLike | None = None,
        standard_errors: ArrayLike | None = None,
    ) -> None:
        x = np.asarray(values, dtype=np.float64)
        w = np.ones(len(x)) if weights is None else np.asarray(weights, dtype=np.float64)
        _check(x, w)
        order = np.argsort(x, kind="stable")
        kept = order[w[order] > 0]
        scaled = w[kept] / w.sum()
        errors = None
        if standard_errors is not None:
            errors = np.broadcast_to(np.asarray(standard_errors, dtype=np.float64), x.shape)[kept]
        found = {
            "values": x[kept],
            "weights": scaled,
            "standard_errors": errors,
            "below": np.cumsum(scaled),
        }
        for name, array in found.items():
            object.__setattr__(self, name, array)

    @property
    def effective_sample_size(self) -> float:
        """Kish's (sum w)^2 / sum w^2: how many equal draws the weights are worth."""
        return 1.0 / float(self.weights @ self.weights)

    @property
    def median(self) -> float:
        """The middle of the draws."""
        return self.quantile(0.5)

    def quantile(self, share: float) -> float:
        """The smallest draw at or below which lies the share; the mean with the next where it falls exactly between."""
        i = int(np.searchsorted(self.below, share - _ROUNDING))
        i = min(i, len(self.values) - 1)
        between = abs(float(self.below[i]) - share) <= _ROUNDING and i + 1 < len(self.values)
        return (
            float((self.values[i] + self.values[i + 1]) / 2.0) if between else float(self.values[i])
        )

    def interval(self, level: float) -> tuple[float, float]:
        """The central interval: as much outside on either side."""
        tail = (1.0 - level) / 2.0
        return self.quantile(tail), self.quantile(1.0 - tail)

    def crps(self, y: float) -> float:
        """E|X - y| - E|X - X'|/2 of the draws as they are, exactly, in one pass over their order.

        nan when a draw is infinite
        """
        if not np.all(np.isfinite(self.values)):
            return math.nan
        x = self.values - y
        spread = float(self.weights @ (x * (2.0 * self.below - self.weights - 1.0)))
        return float(self.weights @ np.abs(x)) - spread

    def log_score(self, y: float) -> float:
        """Minus the log density at y, the density a normal kernel's with Silverman's width for the effective size.

        Depends on the width, unlike the CRPS; nan without spread or when a draw is infinite. Source: Silverman 1986, eq. 3.31.
        """
        if not np.all(np.isfinite(self.values)):
            return math.nan
        mean = float(self.weights @ self.values)
        sd = math.sqrt(float(self.weights @ (self.values - mean) ** 2))
        low, high = self.interval(0.5)
        width = 0.9 * min(sd, (high - low) / 1.34 or sd) * self.effective_sample_size**-0.2
        if not width > 0:
            return math.nan
        exponent = -0.5 * ((self.values - y) / width) ** 2
        top = float(exponent.max())
        log_sum = top + math.log(float(self.weights @ np.exp(exponent - top)))
        return 0.5 * math.log(2.0 * math.pi) + math.log(width) - log_sum

    def pit(self, y: float) -> float:
        """Share of the draws below y, half of those equal to it; uniform over targets when predictions are calibrated."""
        below = float(self.weights[self.values < y].sum())
        return below + 0.5 * float(self.weights[self.values == y].sum())

    def win_probability(self, se: float) -> float:
        """Share of predicted trials whose 95 % interval of the hazard ratio ends below 1.

        se   standard error of the log hazard ratio at the trial's size; each draw's own are preferred where known
        """
        errors = self.standard_errors if self.standard_errors is not None else se
        return float(self.weights[self.values + Z95 * errors < 0.0].sum())


@dataclass(frozen=True, slots=True)
class NormalPredictive:
    """A normal predictive distribution. Raises InvalidArgument unless the variance is positive."""

    mean: float
    variance: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.mean) and math.isfinite(self.variance) and self.variance > 0):
            raise InvalidArgument(
                f"normal({self.mean:g}, variance {self.variance:g}); both must be finite and the latter > 0"
            )

    @property
    def sd(self) -> float:
        """Standard deviation."""
        return math.sqrt(self.variance)

    @property
    def median(self) -> float:
        """The mean, which is the median."""
        return self.mean

    def interval(self, level: float) -> tuple[float, float]:
        """The central interval."""
        from scipy.special import ndtri

        half = float(ndtri(0.5 + level / 2.0)) * self.sd
        return self.mean - half, self.mean + half

    def crps(self, y: float) -> float:
        """Closed form, Gneiting & Raftery 2007, eq. 21 (with the sign that makes lower better)."""
        z = (y - self.mean) / self.sd
        density = math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
        return self.sd * (z * (2.0 * _phi(z) - 1.0) + 2.0 * density - 1.0 / math.sqrt(math.pi))

    def log_score(self, y: float) -> float:
        """Minus the log density at y."""
        return (
            0.5 * math.log(2.0 * math.pi * self.variance)
            + 0.5 * (y - self.mean) ** 2 / self.variance
        )

    def pit(self, y: float) -> float:
        """Probability below y."""
        return _phi((y - self.mean) / self.sd)

    def win_probability(self, se: float) -> float:
        """Probability that the 95 % interval about a predicted log hazard ratio ends below 0."""
        return self.pit(-Z95 * se)


def noise_floor(standard_errors: Sequence[float] | Floats) -> float:
    """Mean absolute error of a model that knew the truth: the mean of |N(0, se^2)| over contrasts; nan without any.

    Correlation of contrasts that share an arm changes the spread about it and not its value.
    """
    errors = np.asarray(standard_errors, dtype=np.float64)
    return math.sqrt(2.0 / math.pi) * float(errors.mean()) if len(errors) else math.nan


def response_is_within(predicted: float, published: float, n: int) -> bool:
    """Whether an arm's response rate counts as predicted.

    predicted  median of the predictive distribution, percent
    published  percent; n patients behind it, 0 when not known, which leaves the first rule alone
    returns    within 6 points, or the published responders within the central 80 % of binomial(n, predicted)
    """
    if abs(predicted - published) <= RESPONSE_POINTS + 1e-9:
        return True
    low, high = response_interval(predicted, n)
    return low <= round(published * n / 100.0) <= high


def response_interval(predicted: float, n: int) -> tuple[int, int]:
    """Responders at the ends of the central 80 % of binomial(n, predicted percent); (0, -1), which is empty, without n."""
    from scipy.stats import binom

    if n <= 0:
        return 0, -1
    tail = (1.0 - RESPONSE_LEVEL) / 2.0
    share = min(max(predicted / 100.0, 0.0), 1.0)
    return int(binom.ppf(tail, n, share)), int(binom.ppf(1.0 - tail, n, share))


def predicts_failure(win_probability: float) -> bool:
    """Whether fewer than half of the predicted trials would have been significant in favour of the experimental arm."""
    return win_probability < 0.5


def contains(interval: tuple[float, float], y: float) -> bool:
    """Whether a published value lies in a predictive interval, ends included."""
    return interval[0] <= y <= interval[1]


def _phi(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


def _check(x: Floats, w: Floats) -> None:
    if x.ndim != 1 or len(x) == 0 or w.shape != x.shape:
        raise InvalidArgument(
            f"{x.shape} draws and {w.shape} weights; give one weight per draw, at least one"
        )
    if np.isnan(x).any():
        raise InvalidArgument(
            f"{int(np.isnan(x).sum())} of {len(x)} draws are nan; leave failed draws out"
        )
    if not (np.all(np.isfinite(w)) and np.all(w >= 0) and w.sum() > 0):
        raise InvalidArgument("weights must be finite, not negative, and not all 0")
