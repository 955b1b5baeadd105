"""Individual patient data back from a published Kaplan-Meier figure, with what is not known about them.

The curve gives the steps, the risk table the censoring between its times, the last one included, the reported number of events
what happens after the last of them. Nothing in a figure tells who was censored when: censor times are spread evenly (or taken from marks), and
`impute` makes several data sets that differ in what the figure leaves open. Source: Guyot 2012, BMC Med Res Methodol 12:9;
combining imputations: Rubin 1987, ch. 3.

Where this departs from Guyot's algorithm: patients at risk at the figure's end are censored there, never counted as deaths;
each step is measured against the curve rebuilt so far, so that rounding does not add up; every number of the table binds, one
at or beyond the end of the curve too (the curve is flat from its last reading on), so that the rebuilt numbers at risk are the
printed ones unless figure and table contradict each other by more than rounding, which is said in a note.
A number at risk at t counts those with time >= t. Deaths read exactly at t happened between the reading before and t, and are
put just before it, unless the table says that they were still at risk then; those read next after t may have been before it,
where the table asks for that. A last drop to 0 is one patient's, unless the events reported ask for more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from normoxia import seeding
from normoxia.errors import InvalidArgument
from normoxia.survival.data import TimeToEvent
from normoxia.survival.digitised_curve import DigitisedCurve
from normoxia.survival.stretches import (
    Stretch,
    comes_to_zero,
    last_censoring,
    walk_along,
    walk_to_reach,
    walk_to_zero,
)
from normoxia.survival.ties import TIE_TOLERANCE

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Reconstruction:
    """Patients rebuilt from a curve.

    Parameters
    ----------
    patients
        Event and censoring times, in days.
    at_risk
        Rebuilt numbers at all times of the risk table, to hold against the published ones.
    worst_gap
        Largest vertical distance between the rebuilt curve and the readings.
    notes
        Where figure, table and number of events could not all be met.
    """

    patients: TimeToEvent
    at_risk: NDArray[np.int64]
    worst_gap: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Combined:
    """An estimate over imputations (Rubin's rules).

    Parameters
    ----------
    variance
        Within plus between; share_unknown the part of it that the figure's uncertainty
        makes.
    """

    estimate: float
    variance: float
    share_unknown: float
    n_imputations: int

    @property
    def se(self) -> float:
        """Standard error."""
        return math.sqrt(self.variance)


def reconstruct(curve: DigitisedCurve) -> Reconstruction:
    """The individual data that best explain a figure, its risk table and its number of events."""
    return _reconstruct(curve, None)


def impute(
    curve: DigitisedCurve,
    *,
    draws: int = 20,
    time_error: float = 0.0,
    survival_error: float = 0.002,
    seed: int = 0,
) -> tuple[Reconstruction, ...]:
    """Several reconstructions that differ as the figure allows.

    Censor times without marks are drawn uniformly between the risk table's times instead of spread evenly.

    Parameters
    ----------
    time_error
        Standard deviation of a reading's time, in days.
    survival_error
        Standard deviation of a reading's height; 0.002 is about half a pixel of a 250-pixel
        axis (assumed).
    """
    if draws < 1 or time_error < 0 or survival_error < 0:
        raise InvalidArgument(
            f"{draws} draws, errors {time_error:g} and {survival_error:g}; expected at least 1 and no error below 0"
        )
    n = len(curve.time)
    noise = seeding.normals(seed, "survival/digitised", draws, 2 * n)
    spread = seeding.uniforms(seed, "survival/censoring", draws, max(4, int(curve.at_risk[0])))
    found = []
    for draw in range(draws):
        time = np.maximum(curve.time + time_error * noise[draw, :n], 0.0)
        survival = np.clip(curve.survival + survival_error * noise[draw, n:], 0.0, 1.0)
        time[0], survival[0] = 0.0, 1.0
        flat = np.concatenate(
            [[False], np.diff(curve.survival) == 0]
        )  # a flat stretch is read as flat
        survival = np.where(
            flat, survival[np.maximum.accumulate(np.where(flat, 0, np.arange(n)))], survival
        )
        order = np.argsort(time, kind="stable")
        moved = replace(curve, time=time[order], survival=np.minimum.accumulate(survival[order]))
        found.append(_reconstruct(moved, spread[draw]))
    return tuple(found)


def combine(estimates: ArrayLike, variances: ArrayLike) -> Combined:
    """One estimate from those of several imputations."""
    values, within = np.asarray(estimates, dtype=float), np.asarray(variances, dtype=float)
    m = len(values)
    if m < 2 or values.shape != within.shape:
        raise InvalidArgument(
            f"{m} estimates and {within.size} variances; expected one of each for at least 2 imputations"
        )
    between = (1.0 + 1.0 / m) * float(values.var(ddof=1))
    total = float(within.mean()) + between
    return Combined(float(values.mean()), total, between / total if total > 0 else 0.0, m)


def _reconstruct(curve: DigitisedCurve, spread: Floats | None) -> Reconstruction:
    """Deaths read at the table's times before them, and those read after at their reading; where that does not meet the
    table or the reported events, whichever of the other ways comes nearest: deaths at the table's times, deaths read
    next after such a time spread over the distance to the reading before.
    """
    best = _rebuild(curve, spread, at_risk_then=False)
    miss = _missed(curve, best)
    if miss > (0, 0):
        between = _read_at_columns(curve)
        for read, at_risk_then in ((curve, True), (between, False), (between, True)):
            other = _rebuild(read, spread, at_risk_then=at_risk_then)
            if _missed(curve, other) < miss:
                gap = other.worst_gap if read is curve else _worst_gap(curve, other.patients)
                best, miss = replace(other, worst_gap=gap), _missed(curve, other)
    return best


def _missed(curve: DigitisedCurve, rebuilt: Reconstruction) -> tuple[int, int]:
    """By how many patients the table, and by how many the reported events are missed."""
    events = 0 if curve.events is None else abs(rebuilt.patients.n_events - curve.events)
    return int(np.abs(rebuilt.at_risk - curve.at_risk).sum()), events


def _read_at_columns(curve: DigitisedCurve) -> DigitisedCurve:
    """The curve with a reading at every time of the table, on the straight line between its neighbours."""
    columns = curve.risk_time[curve.risk_time < curve.time[-1]]
    columns = np.setdiff1d(columns, curve.time)
    at = np.searchsorted(curve.time, columns)
    heights = np.interp(columns, curve.time, curve.survival)
    return replace(
        curve,
        time=np.insert(curve.time, at, columns),
        survival=np.insert(curve.survival, at, heights),
    )


def _rebuild(curve: DigitisedCurve, spread: Floats | None, *, at_risk_then: bool) -> Reconstruction:
    end = max(float(curve.time[-1]), float(curve.risk_time[-1]))
    slack = TIE_TOLERANCE * max(1.0, end)
    deaths: list[tuple[float, int]] = []
    censored: list[float] = []
    height, n, first, seen = 1.0, int(curve.at_risk[0]), 1, 0  # the first reading is (0, 1)
    starts = [float(t) for t in curve.risk_time]
    for start, stop, wanted in zip(
        starts, [*starts[1:], end], [*curve.at_risk[1:], None], strict=True
    ):
        until = int(np.searchsorted(curve.time, stop + slack, side="right"))
        piece = Stretch.of(curve, slice(first, until), start, stop, n, height, spread, slack)
        if not wanted and comes_to_zero(piece):
            walked = walk_to_zero(piece, None if curve.events is None else curve.events - seen)
        elif wanted is None:
            reported = None if curve.events is None else curve.events - seen
            lost = last_censoring(piece, reported, len(censored), start)
            walked = piece.walk(lost) if curve.events is not None else walk_along(piece, lost, None)
        else:
            most = None if curve.events is None else max(curve.events - seen, 0)
            walked = walk_to_reach(piece, int(wanted), most)
            before = max(int(np.searchsorted(curve.time, stop - slack, side="left")), first)
            if before < until and (at_risk_then or walked.left != wanted):
                # deaths read at the table's own time may have been at risk then
                later = Stretch.of(
                    curve, slice(first, before), start, stop, n, height, spread, slack
                )
                other = walk_to_reach(later, int(wanted), most)
                if abs(other.left - wanted) < abs(walked.left - wanted) + at_risk_then:
                    piece, walked, until = later, other, before
        deaths += [(t, int(x)) for t, x in zip(piece.time, walked.deaths, strict=True) if x]
        censored += walked.censored
        height, n, first = walked.height, walked.left, until
        seen += int(walked.deaths.sum())
    censored += [end] * n
    patients = TimeToEvent(
        time=np.array([t for t, x in deaths for _ in range(x)] + censored),
        observed=np.array([True] * seen + [False] * len(censored)),
    )
    rebuilt = np.array([int((patients.time >= t - slack).sum()) for t in starts], dtype=np.int64)
    notes = _unmet(curve, rebuilt)
    if curve.events is not None and seen != curve.events:
        notes.append(
            f"{seen} events fit the curve and the table, {curve.events} are reported; the curve is kept"
        )
    return Reconstruction(patients, rebuilt, _worst_gap(curve, patients), tuple(notes))


def _unmet(curve: DigitisedCurve, rebuilt: NDArray[np.int64]) -> list[str]:
    """One note a number of the table that is not met."""
    return [
        f"at {time:g} days the curve's steps leave {ours} at risk, the table says {printed}; the steps are kept"
        for time, ours, printed in zip(curve.risk_time, rebuilt, curve.at_risk, strict=True)
        if ours != printed
    ]


def _worst_gap(curve: DigitisedCurve, patients: TimeToEvent) -> float:
    from normoxia.survival.nonparametric import kaplan_meier

    return float(
        np.max(np.abs(kaplan_meier(patients).at(curve.time, extend=True) - curve.survival))
    )
