"""A discrepancy: two readings of one thing, where each stands, and what follows for an analysis.

Also how the review's figures are matched with reported numbers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from normoxia.evidence.studies.registry import Registry
from normoxia.evidence.studies.reported import REVIEW, ReportedOutcome, ReviewClaim, ReviewFigure
from normoxia.evidence.studies.rounding import decimals
from normoxia.evidence.studies.study import Study
from normoxia.language import Message, Wording
from normoxia.outcome import Endpoint, Measure


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Discrepancy:
    """One discrepancy.

    Texts are messages of the catalogue, wordings of documents, or names and numbers; `Language.render` gives each in the
    language of the reader.

    Parameters
    ----------
    study
        The study's id, or "review" for the review as a whole.
    item
        What it is about, from a short list of words; with the study it identifies the discrepancy.
    values
        The readings that disagree, two or more; of a number that cannot be right, the finding.
    places
        Where each of them stands, in the order of the values.
    consequence
        What follows for an analysis.
    found_by
        "rule:NAME" or "curated".
    """

    study: str
    item: str
    values: tuple[str, ...]
    places: tuple[str, ...]
    consequence: str
    found_by: str


@dataclass(frozen=True, slots=True)
class Outline:
    """What the review announces and what of it is there: part, whether present, line of the announcement."""

    parts: tuple[tuple[str, bool, int], ...] = ()


#: a rule reads the whole registry, since some discrepancies lie between studies
Rule = Callable[[Registry, Outline], Iterator[Discrepancy]]

#: how the review's figures name an endpoint, and what that is here
FIGURES: Mapping[str, tuple[Endpoint, Measure, float]] = {
    "median PFS": (Endpoint.PFS, Measure.MEDIAN_MONTHS, math.nan),
    "median OS": (Endpoint.OS, Measure.MEDIAN_MONTHS, math.nan),
    "ORR": (Endpoint.ORR, Measure.PERCENT, math.nan),
    "DCR": (Endpoint.DCR, Measure.PERCENT, math.nan),
    "grade >=3 TRAE": (Endpoint.TRAE3, Measure.PERCENT, math.nan),
    "PFS rate 12mo": (Endpoint.PFS, Measure.LANDMARK_PERCENT, 12.0),
}
#: figures about the patients, and the facts they correspond to
BASELINE: Mapping[str, str] = {
    "squamous": "squamous",
    "stage IV": "stage IV",
    "egfr share": "EGFR mutated",
    "egfr positive share": "EGFR mutated",
}
_ITEMS: Mapping[str, str] = {
    "grade >=3 TRAE": "G3+ TRAE",
    "egfr share": "EGFR mutated",
    "egfr positive share": "EGFR mutated",
}
SIZES = ("n", "n randomised", "n total", "sample size")


def place(review_place: str, line: int) -> Message:
    """A place in the review: a section, a table or the text, and its line."""
    return Message("audit.place.review", place=Wording(review_place), line=line)


def of_figure(figure: ReviewFigure) -> str:
    """Where a figure of the review stands."""
    return place(figure.place, figure.line)


def of_claim(claim: ReviewClaim) -> str:
    """Where a claim of the review stands."""
    return place(claim.place, claim.line)


def of_source(study: Study, key: str) -> str:
    """A source of a study, as a place."""
    reference = study.sources.get(key)
    return reference.shown if reference else key


def in_registry(study: Study, key: str = "") -> Message:
    """The study's document, as a place."""
    if key:
        return Message("audit.place.registry_key", study=study.id, key=Wording(key))
    return Message("audit.place.registry", study=study.id)


def printed(value: float | str, unit: str = "") -> str:
    """A value with its unit, as text: a number, or a wording."""
    text = f"{value:g}" if isinstance(value, float) else Wording(value)
    if unit == "%":
        return f"{text}%"
    return Message("reading.quantity", value=text, unit=Wording(unit)) if unit else text


def number(figure: ReviewFigure) -> float:
    """The figure as a number; nan when it is a text."""
    return figure.value if isinstance(figure.value, float) else math.nan


def agree(first: float, second: float, *shown: int) -> bool:
    """Whether two printed numbers can be one number rounded differently.

    shown  decimals each was printed with; without them those that the numbers still show
    """
    printed_with = shown or (decimals(first), decimals(second))
    return abs(first - second) <= 0.5 * 10.0 ** -min(printed_with) * 1.001


def figure_decimals(figure: ReviewFigure) -> int:
    """Decimals with which the review prints a figure: as its quote shows them, else as the number still does."""
    value = number(figure)
    places = [
        len(m[1] or "")
        for m in re.finditer(r"\d+(?:\.(\d+))?", figure.quote)
        if float(m[0]) == value
    ]
    return max([decimals(value), *places])


def row_decimals(study: Study, row: ReportedOutcome) -> int:
    """Decimals with which a source prints a number: those of its neighbours, since a number read has lost its zeros."""
    return decimals(
        *(
            r.estimate.value
            for r in study.reported()
            if (r.source, r.measure) == (row.source, row.measure)
        )
    )


def same(study: Study, figure: ReviewFigure, row: ReportedOutcome) -> bool:
    """Whether a figure of the review can be a source's number."""
    return agree(
        number(figure), row.estimate.value, figure_decimals(figure), row_decimals(study, row)
    )


def item(what: str) -> str:
    """The review's name of a figure as the word under which findings about it are listed."""
    return _ITEMS.get(what, what)


def population(text: str) -> str:
    """The review's words for a population, in one form: "ITT-WT (printed IIT-WT)" and "wild type" are the same."""
    words = re.sub(r"\(.*?\)|printed", "", text).strip().casefold()
    return words.replace("itt-wt", "wild type").replace("wt", "wild type").strip()


def numbers_of(study: Study, figure: ReviewFigure) -> list[ReportedOutcome]:
    """The rows, read elsewhere than in the review, of the arm and endpoint of a figure; superseded ones left out."""
    if figure.what not in FIGURES:
        return []
    endpoint, measure, months = FIGURES[figure.what]
    return [
        row
        for row in study.reported()
        if (row.endpoint, row.measure, row.arm, row.comparator)
        == (endpoint, measure, figure.arm, "")
        and (math.isnan(months) or row.months == months)
        and row.source != REVIEW
        and not row.superseded
        and not row.derived
    ]


def describe(row: ReportedOutcome) -> str:
    """A reported number with its interval, as text; NR for a value or an end that was not reached."""
    e = row.estimate
    if not (math.isfinite(e.value) or e.has_interval):
        return "NR"
    shown = decimals(*(x for x in (e.value, e.low, e.high) if math.isfinite(x)))
    value = (
        (f"{e.value:.{shown}f}" if e.has_interval else f"{e.value:g}")
        if math.isfinite(e.value)
        else "NR"
    )
    if math.isfinite(e.value) and row.measure in (Measure.PERCENT, Measure.LANDMARK_PERCENT):
        value = f"{value}%"
    elif math.isfinite(e.value) and row.measure is Measure.MEDIAN_MONTHS:
        value = Message("reading.months", value=value)
    if not e.has_interval:
        return value
    low, high = (f"{x:.{shown}f}" if math.isfinite(x) else "NR" for x in (e.low, e.high))
    return Message("reading.interval", value=value, low=low, high=high)
