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
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from normoxia import seeding
from normoxia.errors import InvalidArgument
from normoxia.survival.data import DAYS_PER_MONTH, TimeToEvent
from normoxia.survival.ties import TIE_TOLERANCE

Floats = NDArray[np.float64]

#: a reading is off by half a unit of its second decimal at most, and by a patient's step
_ROUNDING = 0.005
#: deaths read at a time of the table are put before it by this share of the distance to the reading before
_BEFORE = 1e-3
#: a curve that rises by more than this between two readings was misread, not jittered
_RISE = 0.02
_MAX_PASSES = 200


@dataclass(frozen=True, slots=True, eq=False)
class DigitisedCurve:
    """A curve as read off a figure, for one arm.

    Parameters
    ----------
    time, survival
        Readings, in days and as fractions; (0, 1) is added if missing; shape (n_readings,).
    risk_time, at_risk
        The table below the figure; starts with (0, number randomised).
    events
        Events reported for the whole arm, if any.
    censored
        Times of censor marks, if they were read.

    Raises
    ------
    InvalidArgument
        For shapes, percentages left as such, a risk table that rises, or a curve that
        rises.
    """

    time: Floats
    survival: Floats
    risk_time: Floats
    at_risk: NDArray[np.int64]
    events: int | None = None
    censored: Floats | None = None

    def __post_init__(self) -> None:
        time, survival = _floats("time", self.time), _floats("survival", self.survival)
        risk_time, at_risk = _floats("risk_time", self.risk_time), _floats("at_risk", self.at_risk)
        if len(time) != len(survival) or len(time) == 0:
            raise InvalidArgument(
                f"{len(time)} times and {len(survival)} survival readings; expected one each, at least one"
            )
        if survival.min() < 0 or survival.max() > 1.005:
            raise InvalidArgument(
                f"survival up to {survival.max():g}; expected fractions from 0 to 1 (divide percentages by 100)"
            )
        order = np.argsort(time, kind="stable")
        time, survival = time[order], survival[order]
        rises = np.flatnonzero(np.diff(survival) > _RISE)
        if len(rises):
            at = int(rises[0])
            raise InvalidArgument(
                f"survival rises from {survival[at]:.3f} at {time[at]:g} to {survival[at + 1]:.3f} at {time[at + 1]:g} days; "
                "a Kaplan-Meier curve never rises: read these points again"
            )
        survival = np.minimum.accumulate(np.minimum(survival, 1.0))
        if time[0] < 0:
            raise InvalidArgument(f"a reading at {time[0]:g} days; expected 0 or later")
        if time[0] > 0 or survival[0] < 1:
            time, survival = np.concatenate([[0.0], time]), np.concatenate([[1.0], survival])
        _check_risk_table(risk_time, at_risk)
        object.__setattr__(self, "time", time)
        object.__setattr__(self, "survival", survival)
        object.__setattr__(self, "risk_time", risk_time)
        object.__setattr__(self, "at_risk", at_risk.astype(np.int64))
        if self.events is not None and not 0 <= self.events <= at_risk[0]:
            raise InvalidArgument(
                f"{self.events} events among {int(at_risk[0])} patients; expected 0 to that number"
            )
        if self.censored is not None:
            object.__setattr__(self, "censored", np.sort(_floats("censored", self.censored)))

    @classmethod
    def from_months(
        cls,
        time: ArrayLike,
        survival: ArrayLike,
        risk_time: ArrayLike,
        at_risk: ArrayLike,
        events: int | None = None,
        censored: ArrayLike | None = None,
    ) -> DigitisedCurve:
        """A curve whose axis is in months of 30.4375 days."""
        marks = None if censored is None else np.asarray(censored, dtype=float) * DAYS_PER_MONTH
        return cls(
            np.asarray(time, dtype=float) * DAYS_PER_MONTH,
            np.asarray(survival, dtype=float),
            np.asarray(risk_time, dtype=float) * DAYS_PER_MONTH,
            np.asarray(at_risk, dtype=np.int64),
            events,
            marks,
        )


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
        piece = _Piece.of(curve, slice(first, until), start, stop, n, height, spread, slack)
        if not wanted and _comes_to_nought(piece):
            walked = _to_nought(piece, None if curve.events is None else curve.events - seen)
        elif wanted is None:
            reported = None if curve.events is None else curve.events - seen
            lost = _last_censoring(piece, reported, len(censored), start)
            walked = piece.walk(lost) if curve.events is not None else _followed(piece, lost, None)
        else:
            most = None if curve.events is None else max(curve.events - seen, 0)
            walked = _to_reach(piece, int(wanted), most)
            before = max(int(np.searchsorted(curve.time, stop - slack, side="left")), first)
            if before < until and (at_risk_then or walked.left != wanted):
                # deaths read at the table's own time may have been at risk then
                later = _Piece.of(
                    curve, slice(first, before), start, stop, n, height, spread, slack
                )
                other = _to_reach(later, int(wanted), most)
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


@dataclass(frozen=True, slots=True, eq=False)
class _Walk:
    """What happened along a stretch: deaths at each reading, censor times, the curve's height and who is left at the end."""

    deaths: NDArray[np.int64]
    censored: list[float]
    height: float
    left: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Piece:
    """The stretch between two times of the risk table.

    Parameters
    ----------
    time, survival
        Readings in (start, stop], those at stop put just before it unless the stretch is
        the last.
    until
        Censor times are spread from start to here.
    """

    time: Floats
    survival: Floats
    start: float
    stop: float
    until: float
    n: int
    height: float
    marks: Floats | None
    spread: Floats | None

    @classmethod
    def of(
        cls,
        curve: DigitisedCurve,
        rows: slice,
        start: float,
        stop: float,
        n: int,
        height: float,
        spread: Floats | None,
        slack: float,
    ) -> _Piece:
        time = curve.time[rows].copy()
        in_table = bool((np.abs(curve.risk_time - stop) <= slack).any()) and stop > start
        at_stop = time >= stop - slack
        if in_table and at_stop.any():
            earlier = time[~at_stop]
            previous = max(start, float(earlier[-1]) if len(earlier) else start)
            time[at_stop] = stop - _BEFORE * (stop - previous)
        # nobody is followed beyond the end of a curve that comes to its end because nobody is left
        gone = curve.at_risk[np.searchsorted(curve.risk_time, stop - slack) :]
        last = float(curve.time[-1])
        until = last if len(gone) and gone[0] == 0 and start < last < stop else stop
        return cls(
            time=time,
            survival=curve.survival[rows],
            start=start,
            stop=stop,
            until=until,
            n=n,
            height=height,
            marks=_marks(curve, start, until),
            spread=spread,
        )

    def censor_times(self, lost: int) -> Floats:
        if self.marks is not None and len(self.marks):
            return np.asarray(
                np.quantile(self.marks, (np.arange(lost) + 0.5) / max(lost, 1), method="nearest"),
                dtype=np.float64,
            )
        share = (
            (np.arange(lost) + 0.5) / max(lost, 1)
            if self.spread is None
            else np.sort(self.spread[:lost])
        )
        return np.asarray(self.start + (self.until - self.start) * share, dtype=np.float64)

    def walk(self, lost: int, most_deaths: int | None = None) -> _Walk:
        times = self.censor_times(lost)
        gone_before = np.searchsorted(times, self.time, side="left")
        deaths = np.zeros(len(self.time), dtype=np.int64)
        height, dead = self.height, 0
        for i, target in enumerate(self.survival):
            here = self.n - dead - int(gone_before[i])
            if here <= 0 or height <= 0:
                break
            d = min(here, max(0, round(here * (1.0 - float(target) / height))))
            if most_deaths is not None:
                d = min(d, most_deaths - dead)
            if d:
                deaths[i] = d
                height *= 1.0 - d / here
                dead += d
        left = self.n - dead
        kept = times[: max(0, left)].tolist()
        return _Walk(deaths, kept, height, left - len(kept))


def _comes_to_nought(piece: _Piece) -> bool:
    """Whether the curve falls to 0 along a stretch, so that nobody is left at its end."""
    return (
        piece.n > 0
        and len(piece.survival) > 0
        and piece.height > 0
        and float(piece.survival[-1]) <= 0.0
    )


def _to_nought(piece: _Piece, reported: int | None) -> _Walk:
    """A stretch whose last drop takes the curve to 0, as few dying in it as the number of events allows.

    Neither the drop nor a 0 below it tells how many were left to die. One is the rule, since times are distinct; where
    events are reported, as many as come nearest to them.
    """
    drop = int(np.argmax(piece.survival <= 0.0))
    before = replace(
        piece,
        time=piece.time[:drop],
        survival=piece.survival[:drop],
        until=min(piece.until, float(piece.time[drop])),
    )

    def ended(last: int) -> _Walk:
        walked = _nearest_to_curve(before, _to_reach(before, last, None))
        deaths = np.zeros(len(piece.time), dtype=np.int64)
        deaths[:drop] = walked.deaths
        deaths[drop] = walked.left
        return _Walk(deaths, walked.censored, 0.0, 0)

    fewest, most = 1, piece.n
    if reported is None:
        return ended(fewest)
    while (
        fewest < most
    ):  # the more are left to die in the last drop, the fewer were censored before
        middle = (fewest + most) // 2
        if int(ended(middle).deaths.sum()) < reported:
            fewest = middle + 1
        else:
            most = middle
    tried = [ended(last) for last in (max(fewest - 1, 1), fewest)]
    return min(
        tried,
        key=lambda walked: (abs(int(walked.deaths.sum()) - reported), int(walked.deaths.sum())),
    )


def _nearest_to_curve(piece: _Piece, walked: _Walk) -> _Walk:
    """Of the walks with the same number left and this many censored or more, the one that ends nearest to its last reading."""
    best, lost = walked, len(walked.censored)
    while len(piece.survival) and lost < piece.n:
        lost += 1
        other = piece.walk(lost)
        if other.left != walked.left:
            break
        last = float(piece.survival[-1])
        if abs(other.height - last) < abs(best.height - last):
            best = other
    return best


def _to_reach(piece: _Piece, wanted: int, most_deaths: int | None) -> _Walk:
    """The stretch with as many censored as leave the table's next number at risk at its end.

    Parameters
    ----------
    most_deaths
        What is left of the reported events, which hold where the curve has fallen below
        them by rounding only.
    """
    walked = _reached(piece, wanted, None)
    if most_deaths is not None and walked.deaths.sum() > most_deaths:
        capped = _reached(piece, wanted, most_deaths)
        if capped.left == wanted and _within_rounding(piece, capped):
            return capped
    return walked


def _reached(piece: _Piece, wanted: int, most_deaths: int | None) -> _Walk:
    """Where rounding lets no number censored along the stretch meet the table, the few left over are censored after its
    last death, or the last few deaths wait for the next stretch; only a curve that has fallen too far by more than
    rounding leaves the number unmet.
    """
    lost = _censoring_to_reach(piece, wanted, most_deaths)
    walked = piece.walk(lost, most_deaths)
    while walked.left < wanted and lost > 0:
        lost -= 1
        walked = piece.walk(lost, most_deaths)
    if walked.left == wanted:
        walked = _followed(piece, len(walked.censored), most_deaths)
    if walked.left > wanted:
        last = float(piece.time[-1]) if len(piece.time) else piece.start
        late = 0.5 * (min(max(last, piece.start), piece.until) + piece.until)
        extra = [late] * (walked.left - wanted)
        return replace(walked, censored=walked.censored + extra, left=wanted)
    if walked.left < wanted:
        capped = piece.walk(0, max(piece.n - wanted, 0))
        if capped.left == wanted and _within_rounding(piece, capped):
            return capped
    return walked


def _followed(piece: _Piece, lost: int, most_deaths: int | None) -> _Walk:
    """Censoring along a stretch, less of it where too few would be left to die as the curve says."""
    walked = piece.walk(lost, most_deaths)
    if not len(piece.survival) or most_deaths is not None:
        return walked
    allowed = _ROUNDING + 2.0 * piece.height / max(piece.n, 1)
    while lost > 0 and walked.height - float(piece.survival[-1]) > allowed:
        lost -= max(1, lost // 50)
        walked = piece.walk(lost)
    return walked


def _within_rounding(piece: _Piece, walked: _Walk) -> bool:
    """Whether a stretch ends above its last reading by no more than rounding and one patient's step."""
    if not len(piece.survival):
        return True
    gap = walked.height - float(piece.survival[-1])
    return gap <= _ROUNDING + (walked.height / walked.left if walked.left else 0.0)


def _censoring_to_reach(piece: _Piece, wanted: int, most_deaths: int | None) -> int:
    """Patients censored within a stretch so that the table's next number is met, as nearly as the steps allow."""
    lost = max(0, piece.n - wanted - int(piece.walk(0, most_deaths).deaths.sum()))
    best, miss = lost, math.inf
    for _ in range(_MAX_PASSES):
        left = piece.walk(lost, most_deaths).left
        if abs(left - wanted) < miss:
            best, miss = lost, abs(left - wanted)
        if left == wanted or (left < wanted and lost == 0):
            break
        lost = max(0, lost + (1 if left > wanted else -1) * max(1, abs(left - wanted) // 2))
    return best


def _last_censoring(piece: _Piece, wanted: int | None, censored: int, elapsed: float) -> int:
    """Censoring after the last time of the table: so that the reported events are met, or at the rate seen before."""
    if piece.stop <= piece.start:
        return 0
    if wanted is None:
        rate = censored / elapsed if elapsed > 0 else 0.0
        return min(piece.n, round(rate * (piece.stop - piece.start)))
    counts = [int(piece.walk(lost).deaths.sum()) for lost in range(piece.n + 1)]
    gaps = [abs(count - wanted) for count in counts]
    best = min(gaps)
    fitting = [lost for lost, gap in enumerate(gaps) if gap == best]
    return fitting[len(fitting) // 2]


def _marks(curve: DigitisedCurve, start: float, stop: float) -> Floats | None:
    if curve.censored is None:
        return None
    return curve.censored[(curve.censored >= start) & (curve.censored < stop)]


def _worst_gap(curve: DigitisedCurve, patients: TimeToEvent) -> float:
    from normoxia.survival.nonparametric import kaplan_meier

    return float(
        np.max(np.abs(kaplan_meier(patients).at(curve.time, extend=True) - curve.survival))
    )


def _check_risk_table(risk_time: Floats, at_risk: Floats) -> None:
    if len(risk_time) != len(at_risk) or len(risk_time) == 0 or risk_time[0] != 0:
        raise InvalidArgument(
            "the risk table needs one number a time and must start at 0 with the patients randomised"
        )
    if (
        np.any(np.diff(risk_time) <= 0)
        or np.any(np.diff(at_risk) > 0)
        or np.any(at_risk < 0)
        or at_risk[0] < 1
    ):
        raise InvalidArgument(
            f"risk table {at_risk.astype(int).tolist()}; expected rising times and numbers that never rise"
        )


def _floats(name: str, values: ArrayLike | Sequence[float]) -> Floats:
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 1 or not np.all(np.isfinite(found)):
        raise InvalidArgument(f"{name}: expected a list of finite numbers")
    return found
