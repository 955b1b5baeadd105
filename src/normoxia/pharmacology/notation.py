"""Regimens as text: `carboplatin AUC 6 q3w x4 + pemetrexed 500 mg/m2 q3w x4 then pemetrexed 500 mg/m2 q3w`.

One course reads `DRUG AMOUNT UNIT HOW-OFTEN`, with what is needed of

    d1-14, d1,8       days of the cycle, from 1
    q3w, q14d, every 3 weeks, daily, weekly, once   length of the cycle
    x4                number of cycles; without it, until stopped
    over 30 min       duration of the infusion; without it, the label's
    twice daily, bid, q12h   administrations of a day, each of the amount
    continuous        one infusion over each run of listed days (amount is per day)
    iv, sc, oral      route; without it, the drug's
    delayed 84 days, until 24 months, paused 42-63   start, stop, pauses, counted from day 0

Usual phrases of protocols mean the same: `days 1 and 8 of a 21-day cycle`, `2 weeks on 1 week off`, `for up to 35 cycles`,
`until progression` (which is how long anything without an end is given), see `frequency`.

The drug is any of its names, or the path of a drug document of one's own. `+` is beside, `then` after, brackets group and may be followed by x4, delayed, until or paused.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable
from dataclasses import replace

from normoxia.errors import InvalidArgument
from normoxia.pharmacology import files
from normoxia.pharmacology.course_text import read_course
from normoxia.pharmacology.frequency import a_day, usual
from normoxia.pharmacology.regimen import NOTHING, Course, Regimen
from normoxia.pharmacology.words import TIMES, TokenReader


def regimen(text: str | Iterable[str] | Regimen) -> Regimen:
    """The regimen a text says; several texts are given beside one another.

    raises  InvalidArgument for what cannot be meant (no unit, negative, more than ten times the largest label dose,
            overlapping cycles), UnknownName for an unknown drug; both name the text they stand in
    """
    if isinstance(text, Regimen):
        return text
    if not isinstance(text, str):
        if not isinstance(text, Iterable):
            raise InvalidArgument(
                f"found {text!r}; expected a regimen's text, such as bevacizumab 15 mg/kg q3w, or several"
            )
        together = NOTHING
        for part in text:
            together = together + regimen(part)
        _refuse_overlap(together)
        return together
    parsed = _Parser(text).whole()
    _refuse_overlap(parsed)
    return parsed


def show(value: Regimen) -> str:
    """The regimen as text that `regimen` reads back to an equal value; "nothing" when it gives nothing."""
    return " + ".join(_show_course(course) for course in value.courses) or "nothing"


#: words between courses, and the signs for them
_SPOKEN = re.compile(r"(?<!\S)(?:followed by|plus)(?!\S)", re.IGNORECASE)
_SAID = {"followed": "then", "plus": "+"}


class _Parser:
    """Brackets, `+` and `then`, over courses."""

    def __init__(self, text: str) -> None:
        self.text = _SPOKEN.sub(
            lambda match: _SAID[match[0].split()[0].lower()], " ".join(text.split())
        )
        self.tokens = re.findall(r"[()]|\+(?=\s|$)|[^\s()]+", self.text)
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def refuse(self, found: str, expected: str) -> InvalidArgument:
        return InvalidArgument(f'regimen "{self.text}": {found}; {expected}')

    def whole(self) -> Regimen:
        if not self.tokens:
            raise self.refuse(
                "found nothing",
                'expected a drug, an amount and how often, such as "bevacizumab 15 mg/kg q3w"',
            )
        value = self.sequence()
        if self.peek():
            raise self.refuse(
                f'found "{self.peek()}" too many', "close only brackets that were opened"
            )
        return value

    def sequence(self) -> Regimen:
        value = self.beside()
        while self.peek() == "then":
            self.at += 1
            following = self.beside()
            try:
                value = value.then(following)
            except InvalidArgument as error:
                raise InvalidArgument(f'regimen "{self.text}": {error}') from None
        return value

    def beside(self) -> Regimen:
        value = self.item()
        while self.peek() == "+":
            self.at += 1
            value = value + self.item()
        return value

    def item(self) -> Regimen:
        if self.peek() == "(":
            self.at += 1
            value = self.sequence()
            if self.peek() != ")":
                raise self.refuse("found no closing bracket", "add )")
            self.at += 1
            return self.group_suffix(value)
        words = self.words()
        if words == ["nothing"]:
            return NOTHING
        return read_course(" ".join(words), None, self.text)

    def words(self) -> list[str]:
        start = self.at
        while self.peek() not in ("", "+", "then", "(", ")"):
            self.at += 1
        if start == self.at:
            raise self.refuse(f'found "{self.peek() or "the end"}"', "expected a drug there")
        return self.tokens[start : self.at]

    def group_suffix(self, value: Regimen) -> Regimen:
        if self.peek() in ("", "+", "then", ")"):
            return value
        words = TokenReader(usual(self.words(), self.text), self.text)
        while words.left:
            word = words.next()
            if match := TIMES.match(word):
                value = _times(value, words.times(match[1]))
            elif word == "delayed":
                value = value.delay(words.duration("delayed"))
            elif word == "until":
                value = value.until(words.duration("until"))
            elif word == "paused":
                value = value.hold(*words.pause())
            else:
                raise self.refuse(
                    f'found "{word}" after a bracket', "expected x4, delayed, until or paused"
                )
        return value


def _times(value: Regimen, times: int) -> Regimen:
    """A bracket that many times: cycles without an end are given that often, what ends is repeated."""
    if value.courses and all(
        math.isinf(course.cycles) and math.isinf(course.until) for course in value.courses
    ):
        return Regimen(tuple(replace(course, cycles=times) for course in value.courses))
    return value.repeat(times)


def _refuse_overlap(value: Regimen) -> None:
    """Refuse two courses of one drug that run at the same time (reduced and paused parts of one course do not)."""
    horizon = 5 * 365.25
    for drug in value.drugs:
        spans = []
        for course in value.of(drug).courses:
            times = course.times(0.0, horizon)
            if times.size:
                spans.append((times[0], times[-1], course))
        spans.sort(key=lambda span: span[:2])
        for (_, last, one), (first, _, two) in itertools.pairwise(spans):
            same_cycle = (
                one.cycle_days == two.cycle_days
                and one.start == two.start
                and not set(one.days) & set(two.days)
            )
            if first <= last and not same_cycle:
                raise InvalidArgument(
                    f'found overlapping cycles of {drug}: "{_show_course(one)}" and "{_show_course(two)}" run at the same time; '
                    "end the first (x4, until) or delay the second"
                )


def _show_course(course: Course) -> str:
    dose = course.dose
    amount = (
        f"AUC {_number(dose.amount)}"
        if dose.basis == "AUC"
        else f"{_number(dose.amount)} {dose.basis}"
    )
    words = [dose.drug, amount]
    if course.cycle_days == 1.0 and course.days == (0.0,):
        words.append("daily")
    elif course.cycle_days == 1.0 and course.days == a_day(len(course.days)):
        words.append(f"{len(course.days)}/day")
    else:
        if course.days != (0.0,):
            words.append("d" + _show_days(course.days))
        weeks = course.cycle_days / 7.0
        words.append(f"q{int(weeks)}w" if weeks == int(weeks) else f"q{_time(course.cycle_days)}d")
    if math.isfinite(course.cycles):
        words.append(f"x{int(course.cycles)}")
    drug = files.read(dose.drug)
    if dose.duration != (round(drug.infusion_days, 9) if dose.route == "iv" else 0.0):
        words.append(f"over {_show_duration(dose.duration)}")
    if course.start:
        words.append(f"delayed {_time(course.start)} days")
    if math.isfinite(course.until):
        words.append(f"until {_time(course.until)} days")
    for begin, finish in course.paused:
        words.append(f"paused {_time(begin)}-{_time(finish) if math.isfinite(finish) else ''}")
    return " ".join(words)


def _show_duration(days: float) -> str:
    for unit, size in (("days", 1.0), ("h", 1 / 24), ("min", 1 / 1440)):
        count = days / size
        if count >= 1 and round(float(f"{count:.6g}") * size, 9) == days:
            return f"{count:.6g} {unit}"
    return f"{_time(days)} days"


def _show_days(days: tuple[float, ...]) -> str:
    """Days counted from 1, runs of three and more as first-last."""
    runs: list[list[float]] = []
    for day in days:
        if runs and day == runs[-1][-1] + 1.0:
            runs[-1].append(day)
        else:
            runs.append([day])
    shown: list[str] = []
    for run in runs:
        ends = [_time(day + 1) for day in run]
        shown += [f"{ends[0]}-{ends[-1]}"] if len(run) > 2 else ends
    return ",".join(shown)


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def _time(days: float) -> str:
    return f"{days:.9f}".rstrip("0").rstrip(".")
