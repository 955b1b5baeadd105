"""Kaplan-Meier and Nelson-Aalen: curves without a model, their intervals, medians and landmark rates."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from normoxia.errors import ComputationFailed, InvalidArgument, OutsideFollowUp
from normoxia.survival.data import Floats, TimeToEvent
from normoxia.survival.inference import Inference, checked_level, half_width, symmetric
from normoxia.survival.risk import asked, at_risk, risk_table

Interval = Literal["log", "log-log", "plain", "logit", "arcsin"]
Variance = Literal["greenwood", "robust"]

INTERVALS: tuple[Interval, ...] = ("log", "log-log", "plain", "logit", "arcsin")

#: Two survival probabilities closer than this are one, as in R: products of exact fractions differ by rounding only
SAME = 1.4901161193847656e-08


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SurvivalCurve:
    """A Kaplan-Meier curve: steps at the distinct event times.

    times      distinct event times in days, ascending; shape (n_times,)
    survival   probability of no event up to and including each time
    log_se     standard error of log survival (Greenwood, or robust); infinite where survival is 0
    low, high  interval of `level` by `interval`, cut to [0, 1]
    n_at_risk, n_events   weighted counts at each time
    last       the last observed time, event or not, in days: beyond it nothing is known
    source     Kaplan & Meier 1958, J Am Stat Assoc 53:457; Greenwood 1926

    Assumes censoring independent of prognosis.
    """

    times: Floats
    survival: Floats
    log_se: Floats
    low: Floats
    high: Floats
    n_at_risk: Floats
    n_events: Floats
    last: float
    interval: Interval
    level: float
    data: TimeToEvent = field(repr=False)

    def at(self, times: ArrayLike, *, extend: bool = False) -> Floats:
        """Survival at times in days, same shape as `times`; 1 before the first event.

        Raises
        ------
        OutsideFollowUp
            For a time beyond `last` unless survival is 0 there or `extend` is true,
            which carries the last value on.
        """
        moments = asked(times)
        self._within(moments, extend)
        return np.asarray(_step(self.times, self.survival, moments + self.data.slack, 1.0))

    def band_at(self, times: ArrayLike, *, extend: bool = False) -> tuple[Floats, Floats]:
        """Lower and upper interval ends at times in days, as `at` gives the curve."""
        moments = asked(times)
        self._within(moments, extend)
        low, high = (
            np.asarray(_step(self.times, ends, moments + self.data.slack, 1.0))
            for ends in (self.low, self.high)
        )
        return low, high

    def standard_error_at(self, times: ArrayLike, *, extend: bool = False) -> Floats:
        """Standard error of survival at times in days; 0 where survival is 0 or 1."""
        survival = self.at(times, extend=extend)
        log_se = _step(self.times, self.log_se, asked(times) + self.data.slack, 0.0)
        return np.asarray(survival * np.where(survival > 0, log_se, 0.0))

    def at_risk(self, times: ArrayLike) -> Floats:
        """Patients (weights) still followed and free of the event just before each time in days."""
        return at_risk(self.data, times)

    def quantile(self, probability: float) -> Inference:
        """Time by which a share of patients had the event, with its Brookmeyer-Crowley interval.

        Infinite where not reached. The first time at which the curve is at or below 1 - probability; where it
        equals it exactly and falls further later, the middle of that stretch, as R's print.survfit does. A curve
        that stays there to its end gives the first time, however long the last patient was followed. The interval
        inverts the band of the curve by the same rule, so it is of the kind and level of `interval`.
        source  Brookmeyer & Crowley 1982, Biometrics 38:29
        """
        if not 0.0 < probability < 1.0:
            raise InvalidArgument(
                f"a quantile of {probability:g} was asked for; expected a share between 0 and 1"
            )
        target = 1.0 - probability
        value, low, high = (
            _crossing(self.times, heights, target)
            for heights in (self.survival, self.low, self.high)
        )
        return Inference(
            value=value,
            standard_error=math.nan,
            low=low,
            high=high,
            level=self.level,
            p=math.nan,
            method=f"Brookmeyer-Crowley, {self.interval}",
        )

    @property
    def median(self) -> Inference:
        """Median in days; infinite where not reached."""
        return self.quantile(0.5)

    def interpolated_quantile(self, probability: float) -> float:
        """Time of a quantile when the curve is joined by straight lines rather than steps; infinite if not
        reached.

        For events seen only at visits: the event lay somewhere between two visits, and the step at the later
        one is late by half the gap between visits on average.
        """
        if not 0.0 < probability < 1.0:
            raise InvalidArgument(
                f"a quantile of {probability:g} was asked for; expected a share between 0 and 1"
            )
        heights = np.concatenate([[1.0], self.survival])
        moments = np.concatenate([[0.0], self.times])
        target = 1.0 - probability
        below = heights <= target + SAME
        if not below.any():
            return math.inf
        after = max(int(np.argmax(below)), 1)
        share = (heights[after - 1] - target) / (heights[after - 1] - heights[after])
        return float(moments[after - 1] + min(share, 1.0) * (moments[after] - moments[after - 1]))

    def landmark(self, time: float) -> Inference:
        """Survival at one time in days with the curve's interval. Raises OutsideFollowUp beyond the last observation."""
        low, high = self.band_at(time)
        return Inference(
            value=float(self.at(time)),
            standard_error=float(self.standard_error_at(time)),
            low=float(low),
            high=float(high),
            level=self.level,
            p=math.nan,
            method=f"Kaplan-Meier, {self.interval} interval",
        )

    def conditional(self, time: float, given: float) -> Inference:
        """Probability of no event up to `time` among those without one at `given`, days; interval on the log
        scale.

        source  the Greenwood sum over (given, time], Hieke et al. 2015, Clin Cancer Res 21:1530
        """
        if not 0 <= given < time:
            raise InvalidArgument(
                f"conditional survival at {time:g} given {given:g} days; expected 0 <= given < time"
            )
        start = float(self.at(given))
        if start <= 0:
            raise OutsideFollowUp(
                f"nobody was without an event at {given:g} days; choose an earlier time to condition on"
            )
        value = float(self.at(time)) / start
        before, after = _step(
            self.times, self.log_se, np.array([given, time]) + self.data.slack, 0.0
        )
        if value <= 0:
            return Inference(
                value=0.0,
                standard_error=math.nan,
                low=math.nan,
                high=math.nan,
                level=self.level,
                p=math.nan,
                method="conditional survival",
            )
        log_se = math.sqrt(max(float(after) ** 2 - float(before) ** 2, 0.0))
        reach = half_width(self.level) * log_se
        low, high = value * math.exp(-reach), min(value * math.exp(reach), 1.0)
        return Inference(
            value=value,
            standard_error=value * log_se,
            low=low,
            high=high,
            level=self.level,
            p=math.nan,
            method="conditional survival",
        )

    def _within(self, times: Floats, extend: bool) -> None:
        if extend or not times.size:
            return
        ended = len(self.survival) > 0 and self.survival[-1] <= 0
        latest = float(times.max())
        if latest > self.last + self.data.slack and not ended:
            raise OutsideFollowUp(
                f"survival at {latest:g} days was asked for; the last patient was observed for {self.last:g} days. "
                "Choose an earlier time, or extend=True to carry the last value on"
            )


@dataclass(frozen=True, slots=True, eq=False)
class CumulativeHazard:
    """A Nelson-Aalen estimate: cumulative hazard and its standard error at the distinct event times, in days.

    Parameters
    ----------
    slack
        Days by which a time asked for may fall short of an event time by rounding.
    """

    times: Floats
    hazard: Floats
    standard_error: Floats
    slack: float = 0.0

    def at(self, times: ArrayLike) -> Floats:
        """Cumulative hazard at times in days; 0 before the first event, the last value after the last."""
        return np.asarray(_step(self.times, self.hazard, asked(times) + self.slack, 0.0))


def kaplan_meier(
    data: TimeToEvent,
    *,
    interval: Interval = "log",
    level: float = 0.95,
    variance: Variance = "greenwood",
) -> SurvivalCurve:
    """The Kaplan-Meier curve of one group.

    Parameters
    ----------
    interval
        Scale on which the interval is symmetric: "log" (R's default), "log-log" (SAS's and
        many trials'), "plain", "logit", or "arcsin" (of the square root).
    variance
        "greenwood" takes weights as counts of patients; "robust" (infinitesimal jackknife,
        Efron 1981, J Am Stat Assoc 76:312) is right for matching and sampling weights.
        Without weights both are equal.
    """
    if interval not in INTERVALS:
        raise InvalidArgument(
            f'interval "{interval}" is not known; expected one of {", ".join(INTERVALS)}'
        )
    if variance not in ("greenwood", "robust"):
        raise InvalidArgument(f'variance "{variance}" is not known; expected greenwood or robust')
    checked_level(level)
    table = risk_table(data)
    n, d = table.at_risk, table.events
    staying = np.clip(n - d, 0.0, None)
    # sums of weights are exact to rounding of their total
    staying[staying <= 1e-11 * float(data.weights.sum())] = 0.0
    survival = np.asarray(np.cumprod(staying / n), dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        if variance == "robust":
            log_se = _jackknife(data, table.times, n, d, staying)
        else:
            log_se = np.sqrt(np.cumsum(np.where(staying > 0, d / (n * staying), np.inf)))
    low, high = _band(survival, log_se, interval, level)
    return SurvivalCurve(
        times=table.times,
        survival=survival,
        log_se=log_se,
        low=low,
        high=high,
        n_at_risk=n,
        n_events=d,
        last=float(data.time.max()),
        interval=interval,
        level=level,
        data=data,
    )


def nelson_aalen(data: TimeToEvent) -> CumulativeHazard:
    """The Nelson-Aalen cumulative hazard; variance sum of d/n**2 (Aalen 1978, Ann Stat 6:534)."""
    table = risk_table(data)
    hazard = np.cumsum(table.events / table.at_risk)
    error = np.sqrt(np.cumsum(table.events / table.at_risk**2))
    return CumulativeHazard(table.times, hazard, error, data.slack)


def follow_up(data: TimeToEvent, *, level: float = 0.95) -> Inference:
    """Median follow-up in days by the reverse Kaplan-Meier method (Schemper & Smith 1996, Control Clin Trials 17:343)."""
    found = kaplan_meier(data.reversed(), level=level).median
    return Inference(
        value=found.value,
        standard_error=found.standard_error,
        low=found.low,
        high=found.high,
        level=level,
        p=math.nan,
        method="reverse Kaplan-Meier",
    )


def landmark_difference(
    experimental: SurvivalCurve, control: SurvivalCurve, time: float
) -> Inference:
    """Difference of survival at one time in days, experimental minus control, interval and p by the normal
    tail.

    raises  ComputationFailed when in each group nobody or everybody had the event by then
    source  Klein et al. 2007, Stat Med 26:4505 (the untransformed test)
    """
    value = float(experimental.at(time)) - float(control.at(time))
    error = math.hypot(
        float(experimental.standard_error_at(time)), float(control.standard_error_at(time))
    )
    if error <= 0:
        raise ComputationFailed(
            f"neither curve's rate at {time:g} days has a standard error: in each group nobody or everybody had the "
            "event by then, so their difference has no interval. Choose another time, or give the two numbers alone"
        )
    return symmetric(value, error, experimental.level, "difference of Kaplan-Meier rates")


def _band(
    survival: Floats, log_se: Floats, interval: Interval, level: float
) -> tuple[Floats, Floats]:
    z = half_width(level)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if interval == "plain":
            reach = z * survival * log_se
            low, high = survival - reach, survival + reach
        elif interval == "log":
            low, high = survival * np.exp(-z * log_se), survival * np.exp(z * log_se)
        elif interval == "logit":
            odds, reach = survival / (1.0 - survival), z * log_se / (1.0 - survival)
            low, high = odds / (odds + np.exp(reach)), odds / (odds + np.exp(-reach))
        elif interval == "arcsin":
            angle, reach = (
                np.arcsin(np.sqrt(survival)),
                0.5 * z * log_se * np.sqrt(survival / (1.0 - survival)),
            )
            low = np.square(np.sin(np.maximum(angle - reach, 0.0)))
            high = np.square(np.sin(np.minimum(angle + reach, math.pi / 2.0)))
        else:
            log_survival = np.log(survival)
            reach = z * log_se / log_survival
            low, high = np.exp(log_survival * np.exp(-reach)), np.exp(log_survival * np.exp(reach))
    # where everybody had the event no interval is defined; the median's upper end then never comes from here
    gone = survival <= 0
    return np.where(gone, np.nan, np.clip(low, 0.0, 1.0)), np.where(
        gone, np.nan, np.clip(high, 0.0, 1.0)
    )


def _jackknife(data: TimeToEvent, times: Floats, n: Floats, d: Floats, staying: Floats) -> Floats:
    """Standard error of log survival from each patient's influence, in blocks of patients to bound memory."""
    if not len(times):
        return np.zeros(0)
    per_event = np.where(staying > 0, 1.0 / staying, np.inf)
    per_risk = np.cumsum(np.where(staying > 0, d / (n * staying), np.inf))
    risk_before = np.concatenate([[0.0], per_risk])
    total = np.zeros(len(times))
    for first in range(0, len(data), 512):
        rows = slice(first, first + 512)
        own, observed, weight = (
            data.time[rows, None],
            data.observed[rows, None],
            data.weights[rows, None],
        )
        until = np.searchsorted(times, np.minimum(own, times[None, :]), side="right")
        since = np.zeros(len(own))
        if data.entry is not None:
            since = risk_before[
                np.searchsorted(
                    times, np.minimum(data.entry[rows, None], times[None, :]), side="right"
                )
            ]
        exposure = risk_before[until] - (since if data.entry is not None else 0.0)
        event = np.where(
            observed & (own <= times),
            per_event[np.clip(np.searchsorted(times, own), 0, len(times) - 1)],
            0.0,
        )
        total += np.square(weight * (event - exposure)).sum(axis=0)
    return np.asarray(np.sqrt(np.where(np.isfinite(per_risk), total, np.inf)))


def _step(times: Floats, heights: Floats, moments: Floats, start: float) -> Floats:
    """Right-continuous step function: `start` before the first time."""
    return np.concatenate([[start], heights])[np.searchsorted(times, moments, side="right")]


def _crossing(times: Floats, heights: Floats, target: float) -> float:
    """First time at or under the target; the middle of a stretch on it that ends lower; infinite when never."""
    reached = heights <= target + SAME
    if not reached.any():
        return math.inf
    first = int(np.argmax(reached))
    under = heights < target - SAME
    if not under.any():
        return float(times[first])
    return float((times[first] + times[int(np.argmax(under))]) / 2.0)
