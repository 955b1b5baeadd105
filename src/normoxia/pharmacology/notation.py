"""Regimens as text: `carboplatin AUC 6 q3w x4 + pemetrexed 500 mg/m2 q3w x4 then pemetrexed 500 mg/m2 q3w`.

One course reads `DRUG AMOUNT UNIT HOW-OFTEN`, with what is needed of

    d1-14, d1,8       days of the cycle, from 1
    q3w, q14d, daily, weekly, once   length of the cycle
    x4                number of cycles; without it, until stopped
    over 30 min       duration of the infusion; without it, the label's
    continuous        one infusion over each run of listed days (amount is per day)
    iv, sc, oral      route; without it, the drug's
    delayed 84 days, until 24 months, paused 42-63   start, stop, pauses, counted from day 0

`+` is beside, `then` after, brackets group and may be followed by x4, delayed, until or paused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import replace

from normoxia.errors import InvalidArgument, UnknownName, did_you_mean
from normoxia.pharmacology import body, files
from normoxia.pharmacology.drug import BASES, ROUTES, Basis, Drug, Route
from normoxia.pharmacology.regimen import NOTHING, Course, Dose, Regimen

DAYS: dict[str, float] = {
    "min": 1 / 1440, "h": 1 / 24, "hour": 1 / 24, "hours": 1 / 24, "day": 1.0, "days": 1.0, "d": 1.0,
    "week": 7.0, "weeks": 7.0, "w": 7.0, "month": 365.25 / 12, "months": 365.25 / 12, "year": 365.25, "years": 365.25,
}  # fmt: skip

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$")
_AMOUNT_AND_UNIT = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+))([a-zA-Zµμ%].*)$")
_EVERY = re.compile(r"q(\d+\.?\d*)(d|w|h)$")
_DAY_LIST = re.compile(r"(?:d|days?)(\d[\d.,\-]*)$")
_TIMES = re.compile(r"[x×](\d+)$")
_WORDS = (
    "daily",
    "weekly",
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
_TENFOLD = 10.0


def regimen(text: str | Iterable[str] | Regimen) -> Regimen:
    """The regimen a text says; several texts are given beside one another.

    raises  InvalidArgument for what cannot be meant (no unit, negative, more than ten times the largest label dose,
            overlapping cycles), UnknownName for an unknown drug; both name the text they stand in
    """
    if isinstance(text, Regimen):
        return text
    if not isinstance(text, str):
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


def label_milligrams(drug: Drug) -> tuple[float, ...]:
    """What each labelled administration amounts to in the reference patient, mg."""
    return tuple(
        milligrams(course.dose) for label in drug.labels for course in _label(label.text, drug).courses
    )


def milligrams(dose: Dose, weight: float = 70.0, body_surface: float = 1.8, gfr: float = 90.0) -> float:
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


class _Parser:
    """Brackets, `+` and `then`, over courses."""

    def __init__(self, text: str) -> None:
        self.text = " ".join(text.split())
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
            raise self.refuse(f'found "{self.peek()}" too many', "close only brackets that were opened")
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
        return _course(" ".join(words), None, self.text)

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
        words = _Words(self.words(), self.text)
        while words.left:
            word = words.next()
            if match := _TIMES.match(word):
                value = value.repeat(int(match[1]))
            elif word == "delayed":
                value = value.delay(words.duration("delayed"))
            elif word == "until":
                value = value.until(words.duration("until"))
            elif word == "paused":
                value = value.hold(*words.pause())
            else:
                raise self.refuse(f'found "{word}" after a bracket', "expected x4, delayed, until or paused")
        return value


class _Words:
    """Words of one course, taken from the left."""

    def __init__(self, words: list[str], text: str) -> None:
        self.words, self.text, self.at = words, text, 0

    @property
    def left(self) -> bool:
        return self.at < len(self.words)

    def next(self, wanted: str = "") -> str:
        if not self.left:
            raise self.refuse("found the end", f"expected {wanted}")
        self.at += 1
        return self.words[self.at - 1]

    def refuse(self, found: str, expected: str) -> InvalidArgument:
        return InvalidArgument(f'regimen "{self.text}": {found}; {expected}')

    def duration(self, after: str) -> float:
        """A number and a unit of time, in days."""
        word = self.next(f"a time after {after}, such as 84 days")
        number, unit = word, ""
        if match := _AMOUNT_AND_UNIT.match(word):
            number, unit = match[1], match[2]
        if not _NUMBER.match(number):
            raise self.refuse(
                f'found "{word}" after {after}', "expected a number with a unit of time, such as 84 days"
            )
        unit = unit or self.next(
            f"a unit of time after {after} {number}: min, h, days, weeks, months or years"
        )
        if unit not in DAYS:
            raise self.refuse(
                f'found "{unit}" after {after} {number}', f"expected a unit of time{did_you_mean(unit, DAYS)}"
            )
        days = float(number) * DAYS[unit]
        if days < 0.0:
            raise self.refuse(f"found {after} {number} {unit}", "expected a time of 0 or more")
        return days

    def pause(self) -> tuple[float, float]:
        word = self.next("days after paused, such as 42-63")
        match = re.match(r"(\d+\.?\d*)-(\d+\.?\d*)?$", word)
        if not match:
            raise self.refuse(f'found "{word}" after paused', "expected days, such as 42-63, or 42- for good")
        return float(match[1]), float(match[2]) if match[2] else math.inf


def _course(text: str, drug: Drug | None, whole: str, limited: bool = True) -> Regimen:
    """One course; `drug` is given when the text leaves it out, `limited` asks for the ten-fold check."""
    words = _Words(text.split(), whole)
    if drug is None:
        drug = _drug(words)
    amount, basis, per_day = _amount(words, drug)
    days: tuple[float, ...] | None = None
    cycle: float | None = None
    cycles, start, until = math.inf, 0.0, math.inf
    duration: float | None = None
    paused: list[tuple[float, float]] = []
    continuous = daily = once = False
    route: Route = drug.route
    while words.left:
        word = words.next()
        if match := _EVERY.match(word):
            if cycle is not None:
                raise words.refuse(f'found "{word}" after another cycle length', "keep one of them")
            cycle = float(match[1]) * DAYS[match[2]]
        elif match := _DAY_LIST.match(word):
            days = _days(match[1], words)
        elif word in ("d", "day", "days"):
            days = _days(words.next("days of the cycle, such as 1-14"), words)
        elif match := _TIMES.match(word):
            cycles = int(match[1])
        elif word in ("daily", "qd"):
            daily = True
        elif word == "weekly":
            cycle = 7.0
        elif word == "once":
            once = True
        elif word == "continuous":
            continuous = True
        elif word in ROUTES:
            route = _route(word, drug, words)
        elif word == "over":
            duration = words.duration("over")
        elif word == "delayed":
            start = words.duration("delayed")
        elif word == "until":
            until = words.duration("until")
        elif word == "paused":
            paused.append(words.pause())
        else:
            raise words.refuse(
                f'found "{word}"', f"expected how often, such as q3w or daily{did_you_mean(word, _WORDS)}"
            )
    if once:
        cycles = 1
        cycle = cycle or max(1.0, duration or 0.0)
    if (daily or per_day) and cycle is None and days is None:
        cycle, days = 1.0, (0.0,)
    if cycle is None:
        missing = "a day list without the length of its cycle" if days is not None else "no word on how often"
        raise words.refuse(f"found {missing}", "add one such as q3w, daily or once")
    if daily and days is None and cycle != 1.0:
        raise words.refuse(f"found daily in a cycle of {cycle:g} days", "say on which days, such as d1-14")
    days = days or (0.0,)
    if duration is None:
        duration = drug.infusion_days if route == "iv" else 0.0
    try:
        daily_dose = Dose(drug.name, amount, basis, 1.0 if continuous else duration, route)
        runs = _continuous(daily_dose, days) if continuous else [(daily_dose, days)]
        if limited:
            for dose, _ in runs:
                _refuse_tenfold(dose, drug)
        return Regimen(
            tuple(Course(dose, on, cycle, cycles, start, until, tuple(paused)) for dose, on in runs)
        )
    except InvalidArgument as error:
        raise InvalidArgument(f'regimen "{whole}": {error}') from None


def _drug(words: _Words) -> Drug:
    """The drug named by the words before the amount."""
    taken: list[str] = []
    while words.left:
        word = words.words[words.at]
        if taken and (_NUMBER.match(word) or _AMOUNT_AND_UNIT.match(word) or word.upper().startswith("AUC")):
            break
        taken.append(words.next())
    try:
        return files.read(" ".join(taken))
    except UnknownName as error:
        if not words.left and len(taken) > 1:
            raise words.refuse(
                "found no amount", 'expected a drug, an amount and how often, such as "anlotinib 12 mg daily"'
            ) from None
        raise UnknownName(f'regimen "{words.text}": drug', error.name, error.known) from None


def _amount(words: _Words, drug: Drug) -> tuple[float, Basis, bool]:
    """Amount, basis, and whether it is per day."""
    word = words.next(f"an amount of {drug.name}, such as {drug.labels[0].text if drug.labels else '100 mg'}")
    if word.upper().startswith("AUC"):
        number = word[3:] or words.next("a number after AUC")
        if not _NUMBER.match(number):
            raise words.refuse(f'found "{number}" after AUC', "expected a number, such as AUC 5")
        return _positive(float(number), "AUC", words), "AUC", False
    number, unit = word, ""
    if match := _AMOUNT_AND_UNIT.match(word):
        number, unit = match[1], match[2]
    if not _NUMBER.match(number):
        raise words.refuse(
            f'found "{word}" where the amount stands', "expected a number and a unit, such as 200 mg"
        )
    unit = unit or (words.next("a unit: " + ", ".join(BASES)) if words.left else "")
    per_day = unit.endswith(("/day", "/d"))
    base = unit.rsplit("/", 1)[0] if per_day else unit
    base = base.replace("m^2", "m2").replace("m²", "m2")
    if base not in BASES or base == "AUC":
        usual = f"; {drug.name} is given as {drug.labels[0].text}" if drug.labels else ""
        legal = "mg, mg/kg, mg/m2, each perhaps per /day, or AUC before the number"
        what = f'no unit after {number} but "{unit}"' if _looks_like_schedule(unit) else f'the unit "{unit}"'
        raise words.refuse(f"found {what}", f"expected {legal}{usual}")
    return _positive(float(number), unit, words), _basis(base), per_day


def _looks_like_schedule(word: str) -> bool:
    return (
        not word or bool(_EVERY.match(word) or _DAY_LIST.match(word) or _TIMES.match(word)) or word in _WORDS
    )


def _basis(text: str) -> Basis:
    return next(basis for basis in BASES if basis == text)


def _positive(amount: float, unit: str, words: _Words) -> float:
    if amount <= 0.0:
        raise words.refuse(
            f"found the dose {amount:g} {unit}", "expected more than 0; to give none, leave the drug out"
        )
    return amount


def _days(text: str, words: _Words) -> tuple[float, ...]:
    """Offsets from a list such as 1-14 or 1,8,15, which counts from 1."""
    found: list[float] = []
    for part in text.split(","):
        match = re.match(r"(\d+\.?\d*)(?:-(\d+\.?\d*))?$", part)
        if not match:
            raise words.refuse(f'found the days "{text}"', "expected a list such as d1-14 or d1,8,15")
        first, last = float(match[1]), float(match[2] or match[1])
        if first < 1.0 or last < first:
            raise words.refuse(f'found the days "{text}"', "expected ascending days counted from 1")
        found += [first - 1.0 + step for step in range(int(last - first) + 1)]
    if sorted(set(found)) != found:
        raise words.refuse(f'found the days "{text}"', "expected ascending days, each once")
    return tuple(found)


def _route(word: str, drug: Drug, words: _Words) -> Route:
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
        (replace(daily, amount=daily.amount * len(run), duration=float(len(run))), (run[0],)) for run in runs
    ]


def _refuse_tenfold(dose: Dose, drug: Drug) -> None:
    largest = max(label_milligrams(drug), default=math.inf)
    if milligrams(dose) > _TENFOLD * largest * (1.0 + 1e-9):
        label = max(
            drug.labels, key=lambda label: max(milligrams(c.dose) for c in _label(label.text, drug).courses)
        )
        raise InvalidArgument(
            f"found {drug.name} {dose.amount:g} {dose.basis}, more than ten times the largest known dose ({label.text}); "
            "check the amount and its unit"
        )


def _label(text: str, drug: Drug) -> Regimen:
    return _course(text, drug, f"{drug.name} {text}", limited=False)


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
        for (_, last, one), (first, _, two) in zip(spans, spans[1:], strict=False):
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
    amount = f"AUC {_number(dose.amount)}" if dose.basis == "AUC" else f"{_number(dose.amount)} {dose.basis}"
    words = [dose.drug, amount]
    if course.cycle_days == 1.0:
        words.append("daily")
    else:
        if course.days != (0.0,):
            words.append("d" + _show_days(course.days))
        weeks = course.cycle_days / 7.0
        words.append(f"q{int(weeks)}w" if weeks == int(weeks) else f"q{_number(course.cycle_days)}d")
    if math.isfinite(course.cycles):
        words.append(f"x{int(course.cycles)}")
    drug = files.read(dose.drug)
    if dose.duration != (drug.infusion_days if dose.route == "iv" else 0.0):
        words.append(f"over {_show_duration(dose.duration)}")
    if course.start:
        words.append(f"delayed {_number(course.start)} days")
    if math.isfinite(course.until):
        words.append(f"until {_number(course.until)} days")
    for begin, finish in course.paused:
        words.append(f"paused {_number(begin)}-{_number(finish) if math.isfinite(finish) else ''}")
    return " ".join(words)


def _show_duration(days: float) -> str:
    for unit, size in (("days", 1.0), ("h", 1 / 24), ("min", 1 / 1440)):
        count = days / size
        if count >= 1 and float(f"{count:.6g}") * size == days:
            return f"{count:.6g} {unit}"
    return f"{_number(days)} days"


def _show_days(days: tuple[float, ...]) -> str:
    if len(days) > 2 and all(b - a == 1.0 for a, b in zip(days, days[1:], strict=False)):
        return f"{_number(days[0] + 1)}-{_number(days[-1] + 1)}"
    return ",".join(_number(day + 1) for day in days)


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
