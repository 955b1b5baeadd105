"""What the words after a course's amount say: how often, on which days, for how long, by which route.

Every word is matched against the patterns of `_PATTERNS`, then against the words of `_WORDS`; a word that neither knows is refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from re import Match
from types import MappingProxyType

from normoxia.pharmacology import frequency
from normoxia.pharmacology.drug import ROUTES, Drug, Route
from normoxia.pharmacology.frequency import ON_OFF, PER_DAY
from normoxia.pharmacology.regimen import Course, Dose
from normoxia.pharmacology.words import DAY_LIST, DAYS, EVERY, TIMES, TokenReader

#: days of a cycle; a longer list is a slip of the pen
_LONGEST_CYCLE = 3660.0


class CourseTerms:
    """Timing of one course, read word by word.

    Parameters
    ----------
    drug
        The drug of the course, for its usual infusion and its route.
    words
        The words after the amount, in the usual spelling.
    """

    def __init__(self, drug: Drug, words: TokenReader) -> None:
        self.drug, self.words = drug, words
        self.days: tuple[float, ...] | None = None
        self.cycle: float | None = None
        self.duration: float | None = None
        self.cycles, self.start, self.until = math.inf, 0.0, math.inf
        self.paused: list[tuple[float, float]] = []
        self.continuous = self.daily = self.once = self.on_off = False
        self.times_a_day = 1
        self.route: Route = drug.route

    def read(self, *, per_day: bool) -> None:
        """Read all words, then fill in what they leave open.

        Parameters
        ----------
        per_day
            Whether the amount is per day.

        Raises
        ------
        InvalidArgument
            For words that are unknown, contradict one another, or leave open how often.
        """
        while self.words.left:
            self._read_word(self.words.next())
        self._refuse_contradictions(per_day)
        if self.once:
            self.cycles = 1
            self.cycle = self.cycle or max(1.0, self.duration or 0.0)
        if (self.daily or per_day) and self.cycle is None and self.days is None:
            self.cycle, self.days = 1.0, (0.0,)
        self._refuse_gaps(per_day)

    @property
    def offsets(self) -> tuple[float, ...]:
        """Days of the cycle on which a dose is given, from 0."""
        days = self.days or (0.0,)
        parts = range(self.times_a_day)
        return tuple(day + part / self.times_a_day for day in days for part in parts)

    @property
    def infusion(self) -> float:
        """Days that one administration takes; a continuous one is made of whole days."""
        if self.continuous:
            return 1.0
        if self.duration is not None:
            return self.duration
        return self.drug.infusion_days if self.route == "iv" else 0.0

    def course(self, dose: Dose, offsets: tuple[float, ...]) -> Course:
        """The course that gives a dose on some days of the cycle."""
        assert self.cycle is not None, "read has refused a course without a cycle"
        return Course(
            dose=dose,
            days=offsets,
            cycle_days=self.cycle,
            cycles=self.cycles,
            start=self.start,
            until=self.until,
            paused=tuple(self.paused),
        )

    def _read_word(self, word: str) -> None:
        for pattern, handle in _PATTERNS:
            if match := pattern.match(word):
                handle(self, word, match)
                return
        if word == "once":
            self.once = True
        elif word == "continuous":
            self.continuous = True
        elif word == "paused":
            self.paused.append(self.words.pause())
        elif word in ROUTES:
            self._read_route(word)
        elif word in _WORDS:
            _WORDS[word](self, word)
        else:
            raise self.words.refuse(
                f'found "{word}"',
                f"expected how often, such as q3w or daily{frequency.advice(word)}",
            )

    def _read_interval(self, word: str, match: Match[str] | None = None) -> None:
        if self.cycle is not None:
            raise self.words.refuse(
                f'found "{word}" after another cycle length', "keep one of them"
            )
        if match:
            self.cycle = float(match[1]) * DAYS[match[2]]
        else:
            self.cycle = self.words.duration("every") if word == "every" else 7.0

    def _read_days(self, word: str, match: Match[str] | None = None) -> None:
        self._refuse_second(word, "list of days", self.days is None)
        text = match[1] if match else self.words.next("days of the cycle, such as 1-14")
        self.days = _days(text, self.words)

    def _read_cycles(self, word: str, match: Match[str]) -> None:
        self._refuse_second(word, "number of cycles", self.cycles == math.inf)
        self.cycles = self.words.times(match[1])

    def _read_daily(self, word: str, match: Match[str] | None = None) -> None:
        if self.daily:
            raise self.words.refuse(
                f'found "{word}" after another word on how often a day', "keep one of them"
            )
        self.daily, self.times_a_day = True, int(match[1]) if match else 1

    def _read_on_off(self, _word: str, match: Match[str]) -> None:
        if self.cycle is not None or self.days is not None:
            raise self.words.refuse(
                "found days on and off beside other days or cycles", "keep one of them"
            )
        given, free = int(match[1]), int(match[2])
        if given < 1 or free < 1:
            raise self.words.refuse(
                f"found {given} days on and {free} off", "expected at least one of each"
            )
        self.on_off = True
        self.days = tuple(float(day) for day in range(_few(given, self.words)))
        self.cycle = float(given + free)

    def _read_route(self, word: str) -> None:
        if word != self.drug.route:
            raise self.words.refuse(
                f'found the route "{word}"',
                f"expected {self.drug.route}: no other kinetics of {self.drug.name} are known here",
            )

    def _read_over(self, word: str) -> None:
        self._refuse_second(word, word, self.duration is None)
        self.duration = self.words.duration("over")

    def _read_delayed(self, word: str) -> None:
        self._refuse_second(word, word, self.start == 0.0)
        self.start = self.words.duration("delayed")

    def _read_until(self, word: str) -> None:
        self._refuse_second(word, word, self.until == math.inf)
        self.until = self.words.duration("until")

    def _refuse_second(self, word: str, kind: str, is_first: bool) -> None:
        """Refuse what may be said once and is said again: a number of cycles, a list of days, over, delayed, until."""
        if not is_first:
            raise self.words.refuse(f'found "{word}" after another {kind}', "keep one of them")

    def _refuse_contradictions(self, per_day: bool) -> None:
        refuse, times = self.words.refuse, self.times_a_day
        if self.once and (self.cycles != math.inf or self.daily):
            raise refuse("found once beside another number of doses", "keep one of them")
        if self.continuous and times > 1:
            raise refuse(f"found continuous and {times} times a day", "keep one of them")
        if per_day and times > 1:
            raise refuse(
                f"found an amount per day, given {times} times a day",
                "say the amount of each administration, without /day",
            )

    def _refuse_gaps(self, per_day: bool) -> None:
        if self.cycle is None:
            missing = (
                "a day list without the length of its cycle"
                if self.days is not None
                else "no word on how often"
            )
            raise self.words.refuse(f"found {missing}", "add one such as q3w, daily or once")
        if self.daily and self.days is None and self.cycle != 1.0:
            raise self.words.refuse(
                f"found daily in a cycle of {self.cycle:g} days", "say on which days, such as d1-14"
            )
        if self.on_off and not (self.daily or per_day or self.continuous):
            raise self.words.refuse(
                "found days on and off without how often a day", "add one such as daily"
            )


#: words of a pattern, and what reads them
_PATTERNS: tuple[tuple[re.Pattern[str], Callable[[CourseTerms, str, Match[str]], None]], ...] = (
    (EVERY, CourseTerms._read_interval),
    (DAY_LIST, CourseTerms._read_days),
    (TIMES, CourseTerms._read_cycles),
    (PER_DAY, CourseTerms._read_daily),
    (ON_OFF, CourseTerms._read_on_off),
)
_WORDS: Mapping[str, Callable[[CourseTerms, str], None]] = MappingProxyType(
    {
        "every": CourseTerms._read_interval,
        "weekly": CourseTerms._read_interval,
        "d": CourseTerms._read_days,
        "day": CourseTerms._read_days,
        "days": CourseTerms._read_days,
        "daily": CourseTerms._read_daily,
        "over": CourseTerms._read_over,
        "delayed": CourseTerms._read_delayed,
        "until": CourseTerms._read_until,
    }
)


def _days(text: str, words: TokenReader) -> tuple[float, ...]:
    """Offsets from a list such as 1-14 or 1,8,15, which counts from 1."""
    found: list[float] = []
    for part in text.split(","):
        match = re.match(r"(\d+\.?\d*)(?:-(\d+\.?\d*))?$", part)
        if not match:
            raise words.refuse(
                f'found the days "{text}"', "expected a list such as d1-14 or d1,8,15"
            )
        first, last = float(match[1]), float(match[2] or match[1])
        if first < 1.0 or last < first:
            raise words.refuse(f'found the days "{text}"', "expected ascending days counted from 1")
        _few(last, words)
        found += [first - 1.0 + step for step in range(int(last - first) + 1)]
    if sorted(set(found)) != found:
        raise words.refuse(f'found the days "{text}"', "expected ascending days, each once")
    return tuple(found)


def _few(days: float, words: TokenReader) -> int:
    """A number of days that a cycle can have."""
    if not days <= _LONGEST_CYCLE:
        raise words.refuse(
            f"found {days:g} days of a cycle", f"expected {_LONGEST_CYCLE:g} at most"
        )
    return int(days)
