"""Many trials at once: curves, hazard ratios and log-rank tests for R replicates without a loop over them.

Rows are replicates, columns patients. A replicate may leave patients out (`included`), so that replicates of
unlike size share one array. Memory is a small multiple of the arrays given; callers chunk over replicates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from normoxia.errors import InvalidArgument, OutsideFollowUp
from normoxia.survival.data import Booleans, Floats
from normoxia.survival.inference import checked_level, half_width
from normoxia.survival.nonparametric import SAME
from normoxia.survival.risk import asked
from normoxia.survival.ties import TIE_TOLERANCE, checked, joined_rows

Ties = Literal["efron", "breslow"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SurvivalCurves:
    """Kaplan-Meier curves of R replicates, one step a patient (steps of height 0 where censored).

    Parameters
    ----------
    times
        Each replicate's times in days, ascending, infinite for patients left out; shape (R,
        n).
    survival
        After each of them; shape (R, n).
    log_var
        Greenwood variance of log survival, infinite where survival is 0; shape (R, n).
    last
        Last observed time, event or not; 0 for a replicate without patients; shape (R,).
    tie_tolerance
        A time asked for may fall short of a step or of `last` by this share of itself (by
        this many days below 1) and still count as there.
    """

    times: Floats
    survival: Floats
    log_var: Floats
    last: Floats
    tie_tolerance: float = TIE_TOLERANCE

    @property
    def median(self) -> Floats:
        """Medians in days, infinite where not reached; shape (R,)."""
        return self.quantile(0.5)

    def quantile(self, probability: float) -> Floats:
        """Times by which a share had the event, infinite where not reached, as `SurvivalCurve.quantile`; shape (R,)."""
        if not 0.0 < probability < 1.0:
            raise InvalidArgument(
                f"a quantile of {probability:g} was asked for; expected a share between 0 and 1"
            )
        return self._crossing(self.survival, 1.0 - probability)

    def median_interval(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Brookmeyer-Crowley ends of each median by the log interval, in days; shapes (R,)."""
        z = half_width(level)
        with np.errstate(invalid="ignore"):
            reach = np.exp(z * np.sqrt(self.log_var))
            low, high = self.survival / reach, np.minimum(self.survival * reach, 1.0)
        # within a tie only the last step is a point of the curve; where everybody is gone no interval is defined
        closes = np.ones(self.times.shape, dtype=np.bool_)
        closes[:, :-1] = self.times[:, 1:] != self.times[:, :-1]
        known = closes & (self.survival > 0)
        low, high = np.where(known, low, np.nan), np.where(known, high, np.nan)
        return self._crossing(low, 0.5), self._crossing(high, 0.5)

    def at(self, times: ArrayLike, *, extend: bool = False) -> Floats:
        """Survival at times in days; shape (R, n_times); nan where a replicate's follow-up ended before, or carried on."""
        moments = self._asked(times)
        survival = _lookup(self.times, self.survival, moments, 1.0)
        if not extend:
            beyond = (moments[None, :] > self.last[:, None]) & (survival > 0)
            survival = np.where(beyond, np.nan, survival)
        return survival

    def standard_error_at(self, times: ArrayLike, *, extend: bool = False) -> Floats:
        """Standard error of `at`; shape (R, n_times)."""
        survival = self.at(times, extend=extend)
        variance = _lookup(self.times, self.log_var, self._asked(times), 0.0)
        return np.asarray(survival * np.sqrt(np.where(survival > 0, variance, 0.0)))

    def restricted_mean(self, horizon: float, *, extend: bool = False) -> Floats:
        """Mean event-free time to a horizon, days; shape (R,); nan for a replicate without patients.

        Raises
        ------
        OutsideFollowUp
            When a replicate's follow-up ended before and `extend` is false.
        """
        if not 0 < horizon < math.inf:
            raise InvalidArgument(f"the horizon is {horizon:g} days; expected a time above 0")
        reach = self.last + self.tie_tolerance * np.maximum(1.0, self.last)
        ended = (self.survival[:, -1] <= 0) | (reach >= horizon)
        if not extend and not ended.all():
            short = int(np.argmin(ended))
            raise OutsideFollowUp(
                f"replicate {short} was followed for {self.last[short]:g} days and a restricted mean to {horizon:g} "
                "was asked for; choose a shorter horizon, or extend=True"
            )
        edges = np.minimum(self.times, horizon)
        widths = np.diff(edges, axis=1, append=horizon)
        means = edges[:, 0] + (self.survival * widths).sum(axis=1)
        return np.where(np.isinf(self.times[:, 0]), np.nan, means)

    def _asked(self, times: ArrayLike) -> Floats:
        moments = np.atleast_1d(asked(times))
        return np.asarray(moments + self.tie_tolerance * np.maximum(1.0, np.abs(moments)))

    def _crossing(self, heights: Floats, target: float) -> Floats:
        with np.errstate(invalid="ignore"):
            reached, under = heights <= target + SAME, heights < target - SAME
        rows = np.arange(len(heights))
        first = self.times[rows, np.argmax(reached, axis=1)]
        second = np.where(under.any(axis=1), self.times[rows, np.argmax(under, axis=1)], first)
        with np.errstate(invalid="ignore"):
            return np.where(reached.any(axis=1), (first + second) / 2.0, np.inf)


@dataclass(frozen=True, slots=True, eq=False)
class HazardRatios:
    """Cox hazard ratios of R replicates, one over the other of two groups; every array has shape (R,).

    Parameters
    ----------
    log_hazard_ratio
        Nan where a group has no event and nothing finite maximises the likelihood.
    standard_error
        Of the log hazard ratio.
    log_rank_z
        Square root of the log-rank chi-squared with the sign of observed minus expected.
    """

    log_hazard_ratio: Floats
    standard_error: Floats
    log_rank_z: Floats

    @property
    def hazard_ratio(self) -> Floats:
        """Hazard ratio of each replicate; shape (n_replicates,)."""
        return np.asarray(np.exp(self.log_hazard_ratio))

    def interval(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Wald ends of the hazard ratio."""
        reach = half_width(level) * self.standard_error
        return np.exp(self.log_hazard_ratio - reach), np.exp(self.log_hazard_ratio + reach)


def kaplan_meier_many(
    time: ArrayLike,
    observed: ArrayLike,
    included: ArrayLike | None = None,
    *,
    tie_tolerance: float = TIE_TOLERANCE,
) -> SurvivalCurves:
    """Kaplan-Meier curves of R replicates.

    Parameters
    ----------
    time
        Days; shape (R, n).
    observed
        True where the event was seen; shape (R, n).
    included
        False for patients who do not belong to a replicate's group; shape (R, n) or (n,).
    tie_tolerance
        As in `TimeToEvent`, each replicate's group on its own.
    """
    days, events, belongs = _arrays(time, observed, included)
    [(_, days, events)] = _joined(days, events, [belongs], belongs, tie_tolerance)
    size = belongs.sum(axis=1)
    n = np.maximum(size[:, None] - np.arange(days.shape[1])[None, :], 1).astype(np.float64)
    # one factor a patient: with events before censorings at a tied time the product telescopes to 1 - d/n
    survival = np.asarray(
        np.cumprod(np.where(events, 1.0 - 1.0 / n, 1.0), axis=1), dtype=np.float64
    )
    with np.errstate(divide="ignore"):
        log_var = np.cumsum(np.where(events, 1.0 / (n * (n - 1.0)), 0.0), axis=1)
    last = np.where(np.isfinite(days), days, 0.0).max(axis=1)
    return SurvivalCurves(
        times=days, survival=survival, log_var=log_var, last=last, tie_tolerance=tie_tolerance
    )


def hazard_ratio_many(
    time: ArrayLike,
    observed: ArrayLike,
    experimental: ArrayLike,
    *,
    strata: ArrayLike | None = None,
    included: ArrayLike | None = None,
    ties: Ties = "efron",
    tie_tolerance: float = TIE_TOLERANCE,
) -> HazardRatios:
    """Cox hazard ratios and log-rank statistics of the experimental over the other group, for R replicates.

    time, observed, included   as in `kaplan_meier_many`
    experimental   True for the experimental group; shape (n,) or (R, n)
    strata         whole numbers that name each patient's stratum; shape (n,) or (R, n); None: one stratum
    ties           "efron" or "breslow"
    tie_tolerance  as in `TimeToEvent`, each replicate on its own over both groups and all strata
    source         Cox 1972, J R Stat Soc B 34:187; Efron 1977, J Am Stat Assoc 72:557; Mantel 1966

    Newton's method with one covariate, all replicates in step. Assumes proportional hazards within strata.
    """
    if ties not in ("efron", "breslow"):
        raise InvalidArgument(f'ties "{ties}" is not known here; expected efron or breslow')
    days, events, belongs = _arrays(time, observed, included)
    arm = _marks("experimental", experimental, days.shape)
    if strata is None:
        parts = [belongs]
    else:
        stratum = _shaped("strata", strata, days.shape)
        parts = [belongs & (stratum == label) for label in np.unique(stratum)]
    parts = [chosen for chosen in parts if chosen.any()]
    if not parts:
        raise InvalidArgument("no patient is included; expected at least one")
    in_order = _joined(days, events, parts, belongs, tie_tolerance)
    pieces = [
        _pieces(*found, arm, chosen, ties) for found, chosen in zip(in_order, parts, strict=True)
    ]
    is_event, in_arm, n_arm, n_other, expected, variance = (
        np.concatenate([piece[i] for piece in pieces], axis=1) for i in range(6)
    )
    observed_arm = (is_event & in_arm).sum(axis=1)
    excess = observed_arm - expected.sum(axis=1)
    total = variance.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_rank_z = np.where(total > 0, excess / np.sqrt(total), np.nan)
    beta, error = _newton(is_event, observed_arm.astype(np.float64), n_arm, n_other)
    return HazardRatios(beta, error, log_rank_z)


def _nearly_tied(days: Floats, tolerance: float) -> Booleans:
    """Rows of sorted times that hold neighbours which differ by so little that `ties` must decide; shape (R,)."""
    if tolerance == 0 or days.shape[1] < 2:
        return np.zeros(len(days), dtype=np.bool_)
    with np.errstate(invalid="ignore"):
        gaps = days[:, 1:] - days[:, :-1]
        last = float(np.max(days, where=np.isfinite(days), initial=1.0))
        close = gaps <= tolerance * last
        close &= gaps > 0
    return np.asarray(close.any(axis=1))


def _joined(
    days: Floats, events: Booleans, parts: list[Booleans], belongs: Booleans, tolerance: float
) -> list[tuple[NDArray[np.intp], Floats, Booleans]]:
    """Each part's columns in order (`_sorted`), with the near times of each row joined where it has any."""
    in_order = [_sorted(days, events, chosen) for chosen in parts]
    near = np.any([_nearly_tied(found[1], checked(tolerance)) for found in in_order], axis=0)
    if near.any():
        changed = joined_rows(days[near], belongs[near], tolerance)
        for found, chosen in zip(in_order, parts, strict=True):
            for whole, rows in zip(
                found, _sorted(changed, events[near], chosen[near]), strict=True
            ):
                whole[near] = rows
    return in_order


def _pieces(
    order: NDArray[np.intp],
    days: Floats,
    events: Booleans,
    arm: Booleans,
    chosen: Booleans,
    ties: str,
) -> tuple[NDArray[Any], ...]:
    """Per patient in order of time, within one stratum: event, arm, the risk set's two sizes, log-rank terms."""
    in_arm = np.take_along_axis(arm & chosen, order, axis=1)
    belongs = np.take_along_axis(chosen, order, axis=1)
    arm_left = np.cumsum(in_arm[:, ::-1], axis=1)[:, ::-1]
    all_left = np.cumsum(belongs[:, ::-1], axis=1)[:, ::-1]
    width = days.shape[1]
    position = np.broadcast_to(np.arange(width), days.shape)
    opens = np.ones(days.shape, dtype=np.bool_)
    opens[:, 1:] = days[:, 1:] != days[:, :-1]
    start = np.maximum.accumulate(np.where(opens, position, 0), axis=1)
    n_arm = np.take_along_axis(arm_left, start, axis=1).astype(np.float64)
    n_all = np.take_along_axis(all_left, start, axis=1).astype(np.float64)
    closes = np.ones(days.shape, dtype=np.bool_)
    closes[:, :-1] = opens[:, 1:]
    end = np.minimum.accumulate(np.where(closes, position, width)[:, ::-1], axis=1)[:, ::-1]
    deaths, deaths_arm = (_tied(marks, start, end) for marks in (events, events & in_arm))
    share = np.where(
        events, (position - start) / np.maximum(deaths, 1.0), 0.0
    )  # 0, 1/d, ... (d-1)/d among ties
    with np.errstate(divide="ignore", invalid="ignore"):
        p = np.where(events, n_arm / n_all, 0.0)
        hypergeometric = np.where(
            events & (n_all > 1), p * (1 - p) * (n_all - deaths) / (n_all - 1), 0.0
        )
    if ties == "efron":
        n_other = (n_all - n_arm) - share * (deaths - deaths_arm)
        n_arm = n_arm - share * deaths_arm
    else:
        n_other = n_all - n_arm
    return events, in_arm, n_arm, n_other, p, hypergeometric


def _tied(marks: Booleans, start: NDArray[np.intp], end: NDArray[np.intp]) -> Floats:
    """How many marks share each patient's time."""
    running = np.cumsum(marks, axis=1)
    until = np.take_along_axis(running, end, axis=1)
    since: NDArray[np.intp] = np.take_along_axis(running, start, axis=1) - np.take_along_axis(
        marks, start, axis=1
    )
    return (until - since).astype(np.float64)


def _newton(
    is_event: Booleans, observed_arm: Floats, n_arm: Floats, n_other: Floats
) -> tuple[Floats, Floats]:
    n_events = is_event.sum(axis=1)
    # a finite maximum needs both an event in either group while the other is at risk
    with np.errstate(divide="ignore", invalid="ignore"):
        mixed = is_event & (n_arm > 0) & (n_other > 0)
    n_mixed_arm = observed_arm - (is_event & (n_other <= 0)).sum(axis=1)
    finite = (n_mixed_arm > 0.5) & (n_mixed_arm < mixed.sum(axis=1) - 0.5) & (n_events > 0)
    beta = np.zeros(len(is_event))
    information = np.ones(len(is_event))
    arm, other = np.where(mixed, n_arm, 0.0), np.where(mixed, n_other, 1.0)
    for _ in range(30):
        tilted = arm * np.exp(beta)[:, None]
        p = tilted / (tilted + other)
        information = np.where(finite, (p * (1.0 - p)).sum(axis=1), 1.0)
        step = np.where(finite, (n_mixed_arm - p.sum(axis=1)) / information, 0.0)
        beta = beta + np.clip(step, -1.0, 1.0)
        if np.abs(step).max(initial=0.0) < 1e-10:
            break
    settled = finite & (np.abs(step) < 1e-6)
    return np.where(settled, beta, np.nan), np.where(settled, 1.0 / np.sqrt(information), np.nan)


def _arrays(
    time: ArrayLike, observed: ArrayLike, included: ArrayLike | None
) -> tuple[Floats, Booleans, Booleans]:
    try:
        days = np.asarray(time, dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidArgument(
            "time holds something that is not a number; expected one row of days a replicate"
        ) from None
    if days.ndim != 2 or days.shape[1] == 0:
        raise InvalidArgument(f"time has shape {days.shape}; expected (replicates, patients)")
    events = _marks("observed", observed, days.shape)
    belongs = (
        np.ones(days.shape, np.bool_)
        if included is None
        else _marks("included", included, days.shape)
    )
    if not np.isfinite(days[belongs]).all() or (days[belongs] < 0).any():
        raise InvalidArgument(
            "time holds a negative or infinite value; expected days since the origin, 0 or more"
        )
    return days, events, belongs


def _marks(name: str, values: ArrayLike, shape: tuple[int, ...]) -> Booleans:
    """True and False, or 1 and 0, of a shape."""
    marks = _shaped(name, values, shape)
    if marks.dtype != np.bool_ and not np.isin(marks, (0, 1)).all():
        raise InvalidArgument(f"{name} holds values other than 0 and 1; expected True or False")
    return marks.astype(np.bool_)


def _shaped(name: str, values: ArrayLike, shape: tuple[int, ...]) -> NDArray[Any]:
    try:
        array = np.asarray(values)
    except ValueError:
        raise InvalidArgument(f"{name} has rows of unlike length; expected {shape}") from None
    try:
        return np.broadcast_to(array, shape)
    except ValueError:
        raise InvalidArgument(
            f"{name} has shape {array.shape}; expected {shape} or ({shape[1]},)"
        ) from None


def _sorted(
    days: Floats, events: Booleans, belongs: Booleans
) -> tuple[NDArray[np.intp], Floats, Booleans]:
    """Columns in order of time, events before censorings at a tied time, those left out at the end."""
    held = np.where(belongs, days, np.inf)
    marks = events & belongs
    # two stable sorts: by "censored", then by time
    first = np.argsort(~marks, axis=1, kind="stable")
    second = np.argsort(np.take_along_axis(held, first, axis=1), axis=1, kind="stable")
    order = np.take_along_axis(first, second, axis=1)
    return order, np.take_along_axis(held, order, axis=1), np.take_along_axis(marks, order, axis=1)


def _lookup(times: Floats, heights: Floats, moments: Floats, start: float) -> Floats:
    """Each row's right-continuous step function at the moments; shape (R, n_moments)."""
    found = np.empty((len(times), len(moments)))
    rows = np.arange(len(times))
    for column, moment in enumerate(moments):
        count = (times <= moment).sum(axis=1)
        found[:, column] = np.where(count > 0, heights[rows, np.maximum(count, 1) - 1], start)
    return found


def prediction_interval(values: ArrayLike, level: float = 0.9) -> tuple[float, float, float]:
    """Median over replicates and the ends that hold a share of them; infinite values count, nan are left out.

    Ends are order statistics (no interpolation), so that "not reached" in some replicates gives an honest
    infinity. All three are nan when no value is left.
    """
    checked_level(level)
    held = np.sort(np.asarray(values, dtype=np.float64).ravel())
    held = held[~np.isnan(held)]
    if not len(held):
        return math.nan, math.nan, math.nan
    ends = [
        held[min(int(share * len(held)), len(held) - 1)]
        for share in (0.5, 0.5 - level / 2, 0.5 + level / 2)
    ]
    return float(ends[0]), float(ends[1]), float(ends[2])
