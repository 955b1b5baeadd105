"""One stretch of a digitised curve, between two times of its risk table: deaths and censorings that fit both.

The steps of Guyot 2012, BMC Med Res Methodol 12:9, with the departures that `digitised` lists.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from normoxia.survival.digitised_curve import DigitisedCurve

Floats = NDArray[np.float64]

#: a reading is off by half a unit of its second decimal at most, and by a patient's step
_ROUNDING = 0.005
#: deaths read at a time of the table are put before it by this share of the distance to the reading before
_BEFORE = 1e-3
_MAX_PASSES = 200


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """What happened along a stretch: deaths at each reading, censor times, the curve's height and who is left at the end."""

    deaths: NDArray[np.int64]
    censored: list[float]
    height: float
    left: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Stretch:
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
    ) -> Stretch:
        """The stretch of some readings of a curve, with n at risk and the curve at `height` where it starts."""
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
            marks=marks_between(curve, start, until),
            spread=spread,
        )

    def censor_times(self, lost: int) -> Floats:
        """Times of so many censorings: at marks, spread evenly, or as drawn; shape (lost,)."""
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

    def walk(self, lost: int, most_deaths: int | None = None) -> Walk:
        """The deaths that follow the readings when so many are censored along the stretch."""
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
        return Walk(deaths, kept, height, left - len(kept))


def comes_to_zero(piece: Stretch) -> bool:
    """Whether the curve falls to 0 along a stretch, so that nobody is left at its end."""
    return (
        piece.n > 0
        and len(piece.survival) > 0
        and piece.height > 0
        and float(piece.survival[-1]) <= 0.0
    )


def walk_to_zero(piece: Stretch, reported: int | None) -> Walk:
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

    def ended(last: int) -> Walk:
        walked = nearest_to_curve(before, walk_to_reach(before, last, None))
        deaths = np.zeros(len(piece.time), dtype=np.int64)
        deaths[:drop] = walked.deaths
        deaths[drop] = walked.left
        return Walk(deaths, walked.censored, 0.0, 0)

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


def nearest_to_curve(piece: Stretch, walked: Walk) -> Walk:
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


def walk_to_reach(piece: Stretch, wanted: int, most_deaths: int | None) -> Walk:
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
        if capped.left == wanted and within_rounding(piece, capped):
            return capped
    return walked


def _reached(piece: Stretch, wanted: int, most_deaths: int | None) -> Walk:
    """Where rounding lets no number censored along the stretch meet the table, the few left over are censored after its
    last death, or the last few deaths wait for the next stretch; only a curve that has fallen too far by more than
    rounding leaves the number unmet.
    """
    lost = censoring_to_reach(piece, wanted, most_deaths)
    walked = piece.walk(lost, most_deaths)
    while walked.left < wanted and lost > 0:
        lost -= 1
        walked = piece.walk(lost, most_deaths)
    if walked.left == wanted:
        walked = walk_along(piece, len(walked.censored), most_deaths)
    if walked.left > wanted:
        last = float(piece.time[-1]) if len(piece.time) else piece.start
        late = 0.5 * (min(max(last, piece.start), piece.until) + piece.until)
        extra = [late] * (walked.left - wanted)
        return replace(walked, censored=walked.censored + extra, left=wanted)
    if walked.left < wanted:
        capped = piece.walk(0, max(piece.n - wanted, 0))
        if capped.left == wanted and within_rounding(piece, capped):
            return capped
    return walked


def walk_along(piece: Stretch, lost: int, most_deaths: int | None) -> Walk:
    """Censoring along a stretch, less of it where too few would be left to die as the curve says."""
    walked = piece.walk(lost, most_deaths)
    if not len(piece.survival) or most_deaths is not None:
        return walked
    allowed = _ROUNDING + 2.0 * piece.height / max(piece.n, 1)
    while lost > 0 and walked.height - float(piece.survival[-1]) > allowed:
        lost -= max(1, lost // 50)
        walked = piece.walk(lost)
    return walked


def within_rounding(piece: Stretch, walked: Walk) -> bool:
    """Whether a stretch ends above its last reading by no more than rounding and one patient's step."""
    if not len(piece.survival):
        return True
    gap = walked.height - float(piece.survival[-1])
    return gap <= _ROUNDING + (walked.height / walked.left if walked.left else 0.0)


def censoring_to_reach(piece: Stretch, wanted: int, most_deaths: int | None) -> int:
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


def last_censoring(piece: Stretch, wanted: int | None, censored: int, elapsed: float) -> int:
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


def marks_between(curve: DigitisedCurve, start: float, stop: float) -> Floats | None:
    """Censor marks of the figure in (start, stop]; None where none were read."""
    if curve.censored is None:
        return None
    return curve.censored[(curve.censored >= start) & (curve.censored < stop)]
