"""Regimens: what is given when, as values that combine.

A regimen is a set of courses. A course gives one dose on listed days of a cycle, so many cycles, from a start day, with
pauses. Day 0 is the first day of the regimen. Combining yields new values in one normal form, therefore the order in
which drugs are put beside one another, or sequences are bracketed, makes no difference to the value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from normoxia.errors import InvalidArgument
from normoxia.pharmacology.drug import BASES, ROUTES, Basis, Route

Pause = tuple[float, float]

#: of a minute; doses of a course are made one by one
_SHORTEST_CYCLE = 1.0 / 1441.0


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Dose:
    """One administration.

    drug      the library's name, or the path of the drug's own document
    amount    in the unit of the basis; for AUC, mg*min/mL
    basis     "mg", "mg/kg", "mg/m2" or "AUC"
    duration  days over which it is infused, kept to a ten-thousandth of a second so that 90 min and 1.5 h are equal;
              0 for a bolus, a tablet or an injection
    """

    drug: str
    amount: float
    basis: Basis = "mg"
    duration: float = 0.0
    route: Route = "iv"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.amount) and self.amount >= 0.0):
            raise InvalidArgument(
                f"{self.drug} {self.amount:g} {self.basis}: found the amount {self.amount:g}; expected a dose of 0 or more"
            )
        if not (math.isfinite(self.duration) and self.duration >= 0.0):
            raise InvalidArgument(
                f"{self.drug}: found an infusion of {self.duration:g} days; expected 0 or more"
            )
        object.__setattr__(self, "duration", round(self.duration, 9))
        if self.basis not in BASES or self.route not in ROUTES:
            raise InvalidArgument(
                f'{self.drug}: found "{self.basis}" by "{self.route}"; expected a basis of {", ".join(BASES)} '
                f"and a route of {', '.join(ROUTES)}"
            )


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Course:
    """One dose on some days of a cycle, for a number of cycles.

    days        offsets within the cycle, ascending; 0 is its first day
    cycle_days  length of the cycle
    cycles      how many; infinite for "until stopped"
    start       day on which the first cycle begins
    until       no dose starts on or after this day
    paused      (from, to) windows in which no dose starts; the calendar runs on

    Days are kept to a ten-thousandth of a second.
    """

    dose: Dose
    days: tuple[float, ...] = (0.0,)
    cycle_days: float = 1.0
    cycles: float = 1.0
    start: float = 0.0
    until: float = math.inf
    paused: tuple[Pause, ...] = ()

    def __post_init__(self) -> None:
        for field in ("cycle_days", "start", "until"):
            object.__setattr__(self, field, round(getattr(self, field), 9))
        object.__setattr__(self, "days", tuple(round(day, 9) for day in self.days))
        object.__setattr__(
            self, "paused", tuple((round(a, 9), round(b, 9)) for a, b in self.paused)
        )
        name, days = self.dose.drug, self.days
        if not days or list(days) != sorted(set(days)) or days[0] < 0.0:
            raise InvalidArgument(
                f"{name}: found the days {days} of a cycle; expected ascending days from the first on"
            )
        if not (math.isfinite(self.cycle_days) and self.cycle_days > 0.0):
            raise InvalidArgument(
                f"{name}: found a cycle of {self.cycle_days:g} days; expected a positive number"
            )
        if self.cycle_days < _SHORTEST_CYCLE:
            raise InvalidArgument(
                f"{name}: found a cycle of {self.cycle_days:g} days; expected a minute at least, infuse continuously instead"
            )
        if days[-1] >= self.cycle_days:
            raise InvalidArgument(
                f"{name}: found a dose on day {days[-1] + 1:g} of a cycle of {self.cycle_days:g} days, so cycles overlap; "
                f"end the list by day {self.cycle_days:g} or lengthen the cycle"
            )
        gaps = np.diff([*days, days[0] + self.cycle_days]) if self.cycles > 1 else np.diff(days)
        if gaps.size and self.dose.duration > gaps.min() + 1e-9:
            raise InvalidArgument(
                f"{name}: found an infusion over {self.dose.duration:g} days that starts every {gaps.min():g} days, so doses "
                "overlap; shorten the infusion or lengthen the interval"
            )
        if self.cycles < 0 or (math.isfinite(self.cycles) and self.cycles != int(self.cycles)):
            raise InvalidArgument(f"{name}: found {self.cycles:g} cycles; expected a whole number")
        if not (math.isfinite(self.start) and self.start >= 0.0):
            raise InvalidArgument(
                f"{name}: found a start on day {self.start:g}; expected 0 or later"
            )

    @property
    def end(self) -> float:
        """Day on which the last cycle ends, or the course is stopped; infinite when neither."""
        return min(self.start + self.cycles * self.cycle_days, max(self.until, self.start))

    def times(self, first: float, last: float) -> NDArray[np.float64]:
        """Days on which a dose starts, in [first, last); ascending."""
        last = min(last, self.until)
        if not math.isfinite(last) and not math.isfinite(self.cycles):
            raise InvalidArgument(
                f"{self.dose.drug}: the course does not end; ask for its doses up to a finite day"
            )
        low = max(0, math.floor((first - self.start - self.days[-1]) / self.cycle_days) - 1)
        span = (
            math.ceil((last - self.start) / self.cycle_days) + 1
            if math.isfinite(last)
            else math.inf
        )
        high = min(span, self.cycles)
        if high <= low:
            return np.zeros(0)
        cycles = np.arange(low, int(high), dtype=float)[:, None]
        found = (self.start + cycles * self.cycle_days + np.asarray(self.days)[None, :]).ravel()
        kept = (found >= first) & (found < last)
        for begin, finish in self.paused:
            kept &= ~((found >= begin) & (found < finish))
        return np.asarray(found[kept], dtype=np.float64)

    def shifted(self, days: float) -> Course:
        """The course that many days later."""
        paused = tuple((begin + days, finish + days) for begin, finish in self.paused)
        return replace(self, start=self.start + days, until=self.until + days, paused=paused)

    def normal(self) -> Course:
        """The same course without idle statements: pauses merged and inside the course, a stop only if it stops."""
        natural_end = self.start + self.cycles * self.cycle_days
        until = self.until if self.until < natural_end else math.inf
        end = min(natural_end, until)
        merged: list[Pause] = []
        for first, last in sorted(self.paused):
            begin, finish = max(first, self.start), min(last, end)
            if finish <= begin:
                continue
            if merged and begin <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], finish))
            else:
                merged.append((begin, finish))
        return replace(self, until=until, paused=tuple(merged))


@dataclass(frozen=True, slots=True)
class Regimen:
    """Courses in normal form; equal regimens give equal doses, and printing one gives text that reads back as it.

    `+` puts regimens beside one another, `>>` one after the other.
    """

    courses: tuple[Course, ...] = ()

    def __post_init__(self) -> None:
        kept = (course.normal() for course in self.courses)
        object.__setattr__(
            self, "courses", tuple(sorted(c for c in kept if c.cycles > 0 and c.end > c.start))
        )

    @property
    def drugs(self) -> tuple[str, ...]:
        """Names of the drugs given, sorted."""
        return tuple(sorted({course.dose.drug for course in self.courses}))

    @property
    def duration(self) -> float:
        """Days until the last cycle ends; infinite when some course has no end; 0 for nothing."""
        return max((course.end for course in self.courses), default=0.0)

    def with_(self, other: Regimen) -> Regimen:
        """Both, beginning on the same day."""
        return Regimen(self.courses + other.courses)

    def then(self, other: Regimen) -> Regimen:
        """Give this one, then the other from the day this one ends. Raises InvalidArgument when this one never ends."""
        if not other.courses:
            return self
        return self.with_(other.delay(self._finite("then")))

    def repeat(self, times: float = math.inf) -> Regimen:
        """Repeat this one that many times in a row, for ever by default; 0 times is nothing."""
        if times < 0 or (math.isfinite(times) and times != int(times)):
            raise InvalidArgument(f"found {times:g} repeats; expected a whole number of 0 or more")
        if times == 0 or not self.courses:
            return NOTHING
        if times == 1:
            return self
        length = self._finite("repeat")
        repeated = []
        for course in self.courses:
            whole = (
                course.start == 0.0
                and not course.paused
                and course.end == course.cycles * course.cycle_days
            )
            if whole and course.end == length:
                repeated.append(replace(course, cycles=course.cycles * times))
            else:
                repeated.append(replace(_flat(course, length), cycles=times))
        return Regimen(tuple(repeated))

    def cycle(self, days: float) -> Regimen:
        """Take this one as a single cycle of so many days, the rest of which is free. Raises InvalidArgument when it does not fit."""
        for course in self.courses:
            last = course.times(0.0, math.inf if math.isfinite(course.cycles) else course.until)
            if not math.isfinite(course.end) or (last.size and last[-1] >= days):
                raise InvalidArgument(
                    f"{course.dose.drug}: found doses up to day {course.end:g} in a cycle of {days:g} days, so cycles overlap; "
                    "lengthen the cycle or give fewer doses"
                )
        return Regimen(tuple(_flat(course, days) for course in self.courses))

    def hold(self, first: float, last: float = math.inf, drug: str = "") -> Regimen:
        """Without the doses that start in [first, last), of one drug or of all; the calendar runs on."""
        if not first < last:
            raise InvalidArgument(
                f"found a pause from day {first:g} to day {last:g}; expected it to end after it begins"
            )
        return self._map(
            drug, lambda course: (replace(course, paused=(*course.paused, (first, last))),)
        )

    def reduce(self, factor: float, first: float = 0.0, drug: str = "") -> Regimen:
        """With doses times a factor from a day on, of one drug or of all."""
        if not (math.isfinite(factor) and factor >= 0.0):
            raise InvalidArgument(f"found the factor {factor:g}; expected 0 or more")

        def reduced(course: Course) -> tuple[Course, ...]:
            less = replace(course, dose=replace(course.dose, amount=course.dose.amount * factor))
            if first <= course.start:
                return (less,)
            before = replace(course, paused=(*course.paused, (first, math.inf)))
            after = replace(less, paused=(*less.paused, (0.0, first)))
            return (before, after) if first < course.end else (course,)

        return self._map(drug, reduced)

    def until(self, day: float, drug: str = "") -> Regimen:
        """Without the doses that start on that day or later, of one drug or of all."""
        return self._map(drug, lambda course: (replace(course, until=min(course.until, day)),))

    def delay(self, days: float) -> Regimen:
        """The same, that many days later."""
        return Regimen(tuple(course.shifted(days) for course in self.courses))

    def of(self, drug: str) -> Regimen:
        """The courses of one drug alone."""
        return Regimen(tuple(course for course in self.courses if course.dose.drug == drug))

    def without(self, drug: str) -> Regimen:
        """The courses of every other drug."""
        return Regimen(tuple(course for course in self.courses if course.dose.drug != drug))

    __add__ = with_
    __rshift__ = then

    def __str__(self) -> str:
        from normoxia.pharmacology.notation import show

        return show(self)

    def _finite(self, verb: str) -> float:
        endless = [course.dose.drug for course in self.courses if not math.isfinite(course.end)]
        if endless:
            raise InvalidArgument(
                f"{', '.join(endless)}: found a course without an end before `{verb}`; "
                "give it a number of cycles (x4) or an end (until 84 days)"
            )
        return self.duration

    def _map(self, drug: str, change: Callable[[Course], Iterable[Course]]) -> Regimen:
        if drug and drug not in self.drugs:
            raise InvalidArgument(
                f'the regimen does not give "{drug}"; it gives {", ".join(self.drugs) or "nothing"}'
            )
        changed: list[Course] = []
        for course in self.courses:
            changed.extend(change(course) if not drug or course.dose.drug == drug else (course,))
        return Regimen(tuple(changed))


NOTHING = Regimen()


def give(dose: Dose) -> Regimen:
    """A dose, once, on day 0, as a cycle of one day (or as long as its infusion)."""
    return Regimen((Course(dose=dose, cycle_days=max(1.0, dose.duration)),))


def _flat(course: Course, length: float) -> Course:
    """A finite course as one cycle of the given length, every dose a day of it."""
    days = tuple(float(day) for day in course.times(0.0, course.end))
    if not days:
        return replace(course, cycles=0.0)
    return Course(dose=course.dose, days=days, cycle_days=length, cycles=1.0)
