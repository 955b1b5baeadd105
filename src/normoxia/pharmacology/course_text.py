"""One course as text, `bevacizumab 15 mg/kg q3w x4`, read with its drug's document at hand."""

from __future__ import annotations

import math
import re
from dataclasses import replace

from normoxia.errors import InvalidArgument, InvalidDocument, UnknownName
from normoxia.pharmacology import body, files, frequency
from normoxia.pharmacology.course_terms import CourseTerms
from normoxia.pharmacology.drug import BASES, Basis, Drug
from normoxia.pharmacology.regimen import Dose, Regimen
from normoxia.pharmacology.words import (
    AMOUNT_AND_UNIT,
    DAY_LIST,
    EVERY,
    NUMBER,
    TIMES,
    WORDS,
    TokenReader,
)

#: a dose larger than so many times the largest known one is taken for a slip of the pen
TENFOLD = 10.0
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
    terms = CourseTerms(drug, words)
    terms.read(per_day=per_day)
    dose = Dose(
        drug=files.reference(drug),
        amount=amount,
        basis=basis,
        duration=terms.infusion,
        route=terms.route,
    )
    try:
        runs = _continuous(dose, terms.offsets) if terms.continuous else [(dose, terms.offsets)]
        if limited:
            for given, _ in runs:
                _refuse_tenfold(given, drug)
        return Regimen(tuple(terms.course(given, offsets) for given, offsets in runs))
    except InvalidArgument as error:
        raise InvalidArgument(f'regimen "{whole}": {error}') from None


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
