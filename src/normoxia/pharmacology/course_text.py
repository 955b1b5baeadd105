"""One course as text, `bevacizumab 15 mg/kg q3w x4`, read with its drug's document at hand."""

from __future__ import annotations

import math
import re
from dataclasses import replace

from normoxia.errors import InvalidArgument, InvalidDocument, UnknownName
from normoxia.pharmacology import body, files, frequency
from normoxia.pharmacology.drug import BASES, ROUTES, Basis, Drug, Route
from normoxia.pharmacology.frequency import ON_OFF, PER_DAY
from normoxia.pharmacology.regimen import Course, Dose, Regimen
from normoxia.pharmacology.words import (
    AMOUNT_AND_UNIT,
    DAY_LIST,
    DAYS,
    EVERY,
    NUMBER,
    TIMES,
    WORDS,
    TokenReader,
)

#: a dose larger than so many times the largest known one is taken for a slip of the pen
TENFOLD = 10.0
#: days of a cycle; a longer list is a slip of the pen
_LONGEST_CYCLE = 3660.0
#: words between a drug and its amount that say nothing
_IDLE = ("at", "a", "dose", "of", "flat", "fixed", "the")
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:$|[a-zA-Z])")


def read_course(text: str, drug: Drug | None, whole: str, limited: bool = True) -> Regimen:
    """One course; `drug` is given when the text leaves it out, `limited` asks for the ten-fold check."""
    words = TokenReader(text.split(), whole)
    if drug is None:
        drug = _drug(words)
    amount, basis, per_day = _amount(words, drug)
    words = TokenReader(frequency.usual(words.words[words.at :], whole), whole)
    days: tuple[float, ...] | None = None
    cycle: float | None = None
    cycles, start, until = math.inf, 0.0, math.inf
    duration: float | None = None
    paused: list[tuple[float, float]] = []
    continuous = daily = once = False
    times_a_day = 1
    route: Route = drug.route
    on_off = False
    while words.left:
        word = words.next()
        match = EVERY.match(word)
        if match or word in ("every", "weekly"):
            if cycle is not None:
                raise words.refuse(f'found "{word}" after another cycle length', "keep one of them")
            if match:
                cycle = float(match[1]) * DAYS[match[2]]
            else:
                cycle = words.duration("every") if word == "every" else 7.0
        elif match := DAY_LIST.match(word):
            _first(word, "list of days", days is None, words)
            days = _days(match[1], words)
        elif word in ("d", "day", "days"):
            _first(word, "list of days", days is None, words)
            days = _days(words.next("days of the cycle, such as 1-14"), words)
        elif match := TIMES.match(word):
            _first(word, "number of cycles", cycles == math.inf, words)
            cycles = words.times(match[1])
        elif word == "daily" or (match := PER_DAY.match(word)):
            if daily:
                raise words.refuse(
                    f'found "{word}" after another word on how often a day', "keep one of them"
                )
            daily, times_a_day = True, int(match[1]) if match else 1
        elif match := ON_OFF.match(word):
            if cycle is not None or days is not None:
                raise words.refuse(
                    "found days on and off beside other days or cycles", "keep one of them"
                )
            on_off, given, free = True, int(match[1]), int(match[2])
            if given < 1 or free < 1:
                raise words.refuse(
                    f"found {given} days on and {free} off", "expected at least one of each"
                )
            days, cycle = (
                tuple(float(day) for day in range(_few(given, words))),
                float(given + free),
            )
        elif word == "once":
            once = True
        elif word == "continuous":
            continuous = True
        elif word in ROUTES:
            route = _route(word, drug, words)
        elif word == "over":
            _first(word, word, duration is None, words)
            duration = words.duration("over")
        elif word == "delayed":
            _first(word, word, start == 0.0, words)
            start = words.duration("delayed")
        elif word == "until":
            _first(word, word, until == math.inf, words)
            until = words.duration("until")
        elif word == "paused":
            paused.append(words.pause())
        else:
            raise words.refuse(
                f'found "{word}"',
                f"expected how often, such as q3w or daily{frequency.advice(word)}",
            )
    if once and (cycles != math.inf or daily):
        raise words.refuse("found once beside another number of doses", "keep one of them")
    if continuous and times_a_day > 1:
        raise words.refuse(f"found continuous and {times_a_day} times a day", "keep one of them")
    if per_day and times_a_day > 1:
        raise words.refuse(
            f"found an amount per day, given {times_a_day} times a day",
            "say the amount of each administration, without /day",
        )
    if once:
        cycles = 1
        cycle = cycle or max(1.0, duration or 0.0)
    if (daily or per_day) and cycle is None and days is None:
        cycle, days = 1.0, (0.0,)
    if cycle is None:
        missing = (
            "a day list without the length of its cycle"
            if days is not None
            else "no word on how often"
        )
        raise words.refuse(f"found {missing}", "add one such as q3w, daily or once")
    if daily and days is None and cycle != 1.0:
        raise words.refuse(
            f"found daily in a cycle of {cycle:g} days", "say on which days, such as d1-14"
        )
    if on_off and not (daily or per_day or continuous):
        raise words.refuse("found days on and off without how often a day", "add one such as daily")
    days = days or (0.0,)
    if times_a_day > 1:
        days = tuple(day + part / times_a_day for day in days for part in range(times_a_day))
    if duration is None:
        duration = drug.infusion_days if route == "iv" else 0.0
    try:
        daily_dose = Dose(
            files.reference(drug), amount, basis, 1.0 if continuous else duration, route
        )
        runs = _continuous(daily_dose, days) if continuous else [(daily_dose, days)]
        if limited:
            for dose, _ in runs:
                _refuse_tenfold(dose, drug)
        return Regimen(
            tuple(Course(dose, on, cycle, cycles, start, until, tuple(paused)) for dose, on in runs)
        )
    except InvalidArgument as error:
        raise InvalidArgument(f'regimen "{whole}": {error}') from None


def _first(word: str, kind: str, is_first: bool, words: TokenReader) -> None:
    """What may be said once is said for the first time: a number of cycles, a list of days, over, delayed, until."""
    if not is_first:
        raise words.refuse(f'found "{word}" after another {kind}', "keep one of them")


def of_drug(drug: Drug, text: str) -> Regimen:
    """The regimen a text without the drug's name says, whatever the size of the dose: a label's or a publication's."""
    return read_course(text, drug, f"{drug.name} {text}", limited=False)


def label_milligrams(drug: Drug) -> tuple[float, ...]:
    """What each labelled administration amounts to in the reference patient, mg."""
    return tuple(
        milligrams(course.dose)
        for label in drug.labels
        for course in of_drug(drug, label.text).courses
    )


def milligrams(
    dose: Dose, weight: float = 70.0, body_surface: float = 1.8, gfr: float = 90.0
) -> float:
    """A dose in mg for a patient; by default the reference one (70 kg, 1.8 m2, 90 mL/min)."""
    match dose.basis:
        case "mg":
            return dose.amount
        case "mg/kg":
            return dose.amount * weight
        case "mg/m2":
            return dose.amount * body_surface
        case "AUC":
            return float(body.calvert(dose.amount, gfr))


def _drug(words: TokenReader) -> Drug:
    """The drug named by the words before the amount."""
    taken: list[str] = []
    while words.left:
        word = words.words[words.at]
        if taken and (
            NUMBER.match(word) or AMOUNT_AND_UNIT.match(word) or word.upper().startswith("AUC")
        ):
            break
        if taken and _GROUPED.match(word):
            raise words.refuse(
                f'found "{word}" where the amount stands',
                "write it without a comma, such as 1200 mg",
            )
        taken.append(words.next())
    while len(taken) > 1 and taken[-1].lower() in _IDLE:
        taken.pop()
    try:
        return files.read(" ".join(taken))
    except UnknownName as error:
        if not words.left and len(taken) > 1:
            raise words.refuse(
                "found no amount",
                'expected a drug, an amount and how often, such as "anlotinib 12 mg daily"',
            ) from None
        raise UnknownName(f'regimen "{words.text}": drug', error.name, error.known) from None
    except InvalidDocument as error:
        raise InvalidDocument(f'regimen "{words.text}": {error}', error.findings) from None


def _amount(words: TokenReader, drug: Drug) -> tuple[float, Basis, bool]:
    """Amount, basis, and whether it is per day."""
    word = words.next(f"an amount of {drug.name}, such as {drug.labels[0].text}")
    if word.upper().startswith("AUC"):
        number = word[3:] or words.next("a number after AUC")
        if not NUMBER.match(number):
            raise words.refuse(f'found "{number}" after AUC', "expected a number, such as AUC 5")
        if not any(label.text.startswith("AUC") for label in drug.labels):
            raise words.refuse(
                f"found an AUC for {drug.name}", f"expected a dose such as {drug.labels[0].text}"
            )
        return _positive(float(number), "AUC", words), "AUC", False
    number, unit = word, ""
    if not NUMBER.match(word) and (match := AMOUNT_AND_UNIT.match(word)):
        number, unit = match[1], match[2]
    if not NUMBER.match(number):
        raise words.refuse(
            f'found "{word}" where the amount stands',
            "expected a number and a unit, such as 200 mg",
        )
    unit = unit or (words.next("a unit: " + ", ".join(BASES)) if words.left else "")
    per_day = unit.endswith(("/day", "/d"))
    base = unit.rsplit("/", 1)[0] if per_day else unit
    base = base.lower().replace("m^2", "m2").replace("m²", "m2")
    if base not in BASES:
        usual = f"; {drug.name} is given as {drug.labels[0].text}"
        legal = "mg, mg/kg, mg/m2, each perhaps per /day, or AUC before the number"
        what = (
            f'no unit after {number} but "{unit}"'
            if _looks_like_schedule(unit)
            else f'the unit "{unit}"'
        )
        raise words.refuse(f"found {what}", f"expected {legal}{usual}")
    return _positive(float(number), unit, words), _basis(base), per_day


def _looks_like_schedule(word: str) -> bool:
    return (
        not word
        or bool(EVERY.match(word) or DAY_LIST.match(word) or TIMES.match(word))
        or word in WORDS
    )


def _basis(text: str) -> Basis:
    return next(basis for basis in BASES if basis == text)


def _positive(amount: float, unit: str, words: TokenReader) -> float:
    if amount <= 0.0:
        raise words.refuse(
            f"found the dose {amount:g} {unit}",
            "expected more than 0; to give none, leave the drug out",
        )
    return amount


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


def _route(word: str, drug: Drug, words: TokenReader) -> Route:
    if word != drug.route:
        raise words.refuse(
            f'found the route "{word}"',
            f"expected {drug.route}: no other kinetics of {drug.name} are known here",
        )
    return drug.route


def _continuous(daily: Dose, days: tuple[float, ...]) -> list[tuple[Dose, tuple[float, ...]]]:
    """One infusion for each run of days without a gap; the daily amount times the days of the run."""
    runs: list[list[float]] = []
    for day in days:
        if runs and day == runs[-1][-1] + 1.0:
            runs[-1].append(day)
        else:
            runs.append([day])
    return [
        (replace(daily, amount=daily.amount * len(run), duration=float(len(run))), (run[0],))
        for run in runs
    ]


def _refuse_tenfold(dose: Dose, drug: Drug) -> None:
    largest = max(label_milligrams(drug), default=math.inf)
    if milligrams(dose) > TENFOLD * largest * (1.0 + 1e-9):
        label = max(
            drug.labels,
            key=lambda label: max(milligrams(c.dose) for c in of_drug(drug, label.text).courses),
        )
        raise InvalidArgument(
            f"found {drug.name} {dose.amount:g} {dose.basis}, more than ten times the largest known dose ({label.text}); "
            "check the amount and its unit"
        )
