"""Words of a course, taken one by one, with errors that name the whole text."""

from __future__ import annotations

import math
import re

from normoxia.errors import InvalidArgument, did_you_mean
from normoxia.pharmacology.drug import ROUTES

DAYS: dict[str, float] = {
    "min": 1 / 1440,
    "minute": 1 / 1440,
    "minutes": 1 / 1440,
    "h": 1 / 24,
    "hr": 1 / 24,
    "hrs": 1 / 24,
    "hour": 1 / 24,
    "hours": 1 / 24,
    "day": 1.0,
    "days": 1.0,
    "d": 1.0,
    "week": 7.0,
    "weeks": 7.0,
    "w": 7.0,
    "month": 365.25 / 12,
    "months": 365.25 / 12,
    "year": 365.25,
    "years": 365.25,
}

NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$")
AMOUNT_AND_UNIT = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+))([a-zA-Zµμ%].*)$")
EVERY = re.compile(r"q(\d+\.?\d*)(d|w|h)$")
DAY_LIST = re.compile(r"(?:d|days?)(\d[\d.,\-]*)$")
TIMES = re.compile(r"[x×](\d+)$")
WORDS = (
    "daily",
    "weekly",
    "every",
    "once",
    "continuous",
    "over",
    "delayed",
    "until",
    "paused",
    "x4",
    "q3w",
    "d1-14",
    *ROUTES,
)
#: digits of a number of cycles
_MOST_DIGITS = 6


class TokenReader:
    """Words of one course, taken from the left."""

    def __init__(self, words: list[str], text: str) -> None:
        self.words, self.text, self.at = words, text, 0

    @property
    def left(self) -> bool:
        """Whether words are left."""
        return self.at < len(self.words)

    def next(self, wanted: str = "") -> str:
        """Take the next word. Raises InvalidArgument, saying what was wanted, at the end."""
        if not self.left:
            raise self.refuse("found the end", f"expected {wanted}")
        self.at += 1
        return self.words[self.at - 1]

    def refuse(self, found: str, expected: str) -> InvalidArgument:
        """Give the error to raise, with the whole text of the regimen."""
        return InvalidArgument(f'regimen "{self.text}": {found}; {expected}')

    def duration(self, after: str) -> float:
        """A number and a unit of time, in days."""
        word = self.next(f"a time after {after}, such as 84 days")
        number, unit = word, ""
        if not NUMBER.match(word) and (match := AMOUNT_AND_UNIT.match(word)):
            number, unit = match[1], match[2]
        if not NUMBER.match(number):
            raise self.refuse(
                f'found "{word}" after {after}',
                "expected a number with a unit of time, such as 84 days",
            )
        unit = unit or self.next(
            f"a unit of time after {after} {number}: min, h, days, weeks, months or years"
        )
        if unit not in DAYS:
            raise self.refuse(
                f'found "{unit}" after {after} {number}',
                f"expected a unit of time{did_you_mean(unit, DAYS)}",
            )
        days = float(number) * DAYS[unit]
        if days < 0.0:
            raise self.refuse(f"found {after} {number} {unit}", "expected a time of 0 or more")
        return days

    def pause(self) -> tuple[float, float]:
        """First and last day of a pause, such as 42-63; the last is infinite for 42-."""
        word = self.next("days after paused, such as 42-63")
        match = re.match(r"(\d+\.?\d*)-(\d+\.?\d*)?$", word)
        if not match:
            raise self.refuse(
                f'found "{word}" after paused', "expected days, such as 42-63, or 42- for good"
            )
        first, last = float(match[1]), float(match[2]) if match[2] else math.inf
        if not first < last:
            raise self.refuse(
                f'found "{word}" after paused',
                "expected a pause that ends after it begins, such as 42-63",
            )
        return first, last

    def times(self, number: str) -> int:
        """How many cycles an x4 asks for."""
        if len(number) > _MOST_DIGITS:
            raise self.refuse(
                f"found x{number[:_MOST_DIGITS]}...", "leave it out for cycles without an end"
            )
        if int(number) < 1:
            raise self.refuse(
                f"found x{number}", "expected at least x1; to give none, leave the drug out"
            )
        return int(number)
