"""A discrepancy: two readings of one thing, where each stands, and what follows for an analysis.

Also the words in which rules say it, in both languages, and how the review's figures are matched with reported numbers.
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
from normoxia.outcome import Endpoint, Measure


@dataclass(frozen=True, slots=True, order=True)
class Words:
    """A text in English and Chinese."""

    en: str
    zh: str = ""

    def say(self, language: str) -> str:
        """The text in "en" or "zh"; the English one where no other was needed (numbers, names of drugs)."""
        return self.zh if language == "zh" and self.zh else self.en


@dataclass(frozen=True, slots=True, order=True)
class Discrepancy:
    """One discrepancy.

    study        the study's id, or "review" for the review as a whole
    item         what it is about, from a short list of words; with the study it identifies the discrepancy
    values       the readings that disagree, two or more; of a number that cannot be right, the finding
    places       where each of them stands, in the order of the values
    consequence  what follows for an analysis
    found_by     "rule:NAME" or "curated"
    """

    study: str
    item: str
    values: tuple[Words, ...]
    places: tuple[Words, ...]
    consequence: Words
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
_ZH_ITEMS = (
    ("G3+ TRAE", "≥3级治疗相关不良事件"),
    ("TRAE", "治疗相关不良事件"),
    ("median ", "中位"),
    ("claim on ", "结论："),
    ("PD-L1 selection", "PD-L1入选标准"),
    ("p OS", "OS的P值"),
    ("p PFS", "PFS的P值"),
    ("citation", "文献序号"),
    ("sample size", "样本量"),
    ("n against percentages", "例数与比例"),
    ("arms", "治疗组"),
    ("regimen", "治疗方案"),
    ("EGFR mutated", "EGFR突变比例"),
    ("squamous", "鳞癌比例"),
    ("comparison", "对比"),
    ("TMB cut-off", "TMB界值"),
    ("design", "研究设计"),
    ("denominators", "分母"),
    ("primary endpoint", "主要终点"),
    ("driver positive", "驱动基因阳性"),
    ("Table 2", "表2"),
    ("reference list", "参考文献列表"),
    ("data cut", "数据截点"),
    ("enrolment", "入组人数"),
    ("EGFR-mutant", "EGFR突变"),
    ("after EGFR-TKI", "EGFR-TKI治疗后"),
    ("stage IV", "Ⅳ期比例"),
    (" at ", "，"),
    (" mo", "个月"),
    (" of ", "，"),
    (", ", "，"),
)
SIZES = ("n", "n randomised", "n total", "sample size")


def place(review_place: str, line: int) -> Words:
    """A place in the review, in both languages."""
    zh = review_place.replace("Table ", "表")
    if zh.startswith("section "):
        zh = f"第{zh.removeprefix('section ')}节"
    return Words(f"review, {review_place}, line {line}", f"综述{zh}，第{line}行")


def of_figure(figure: ReviewFigure) -> Words:
    """Where a figure of the review stands."""
    return place(figure.place, figure.line)


def of_claim(claim: ReviewClaim) -> Words:
    """Where a claim of the review stands."""
    return place(claim.place, claim.line)


def of_source(study: Study, key: str) -> Words:
    """A source of a study, as a place."""
    reference = study.sources.get(key)
    return Words(f"{reference.citation} ({reference.locator})" if reference else key)


def in_registry(study: Study, key: str = "") -> Words:
    """The study's document, as a place."""
    where = f"registry: {study.id}" + (f", {key}" if key else "")
    return Words(where, where.replace("registry", "登记库"))


def printed(value: float | str, unit: str = "") -> str:
    """A value as text."""
    text = f"{value:g}" if isinstance(value, float) else value
    return f"{text}%" if unit == "%" else f"{text} {unit}".strip()


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


def say_item(text: str, language: str) -> str:
    """An item in a language; abbreviations a clinician says aloud (PFS, ORR, HR) stay in both."""
    if language != "zh":
        return text
    if text.startswith("comparator of "):
        return say_item(text.removeprefix("comparator of "), language) + "的对照值"
    for english, chinese in _ZH_ITEMS:
        text = text.replace(english, chinese)
    return re.sub(r"HR (\w+)", r"\1风险比", text)


def item(what: str) -> str:
    """The review's name of a figure as the word under which findings about it are told."""
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
    """A reported number as text, with its interval; NR for a value or an end that was not reached."""
    e = row.estimate
    unit = {"percent": "%", "landmark, percent": "%", "median, months": " mo"}.get(
        str(row.measure), ""
    )
    unit = unit if math.isfinite(e.value) else ""
    if not e.has_interval:
        return f"{e.value:g}{unit}" if math.isfinite(e.value) else "NR"
    shown = decimals(*(x for x in (e.value, e.low, e.high) if math.isfinite(x)))
    value, low, high = (
        f"{x:.{shown}f}" if math.isfinite(x) else "NR" for x in (e.value, e.low, e.high)
    )
    return f"{value}{unit} ({low}-{high})"
