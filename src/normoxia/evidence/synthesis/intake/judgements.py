"""What a table says of its own studies: risk of bias, indirectness and reporting bias, each in a column of its own.

A judgement is of a study, so that it may stand in every row of it or in one. An empty cell is no judgement; words that are not
known are a finding and no judgement; rows of a study that differ are a finding, and the worse one is taken.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from normoxia.documents import Findings, Place
from normoxia.errors import UnknownName
from normoxia.evidence.synthesis.intake.columns import plain
from normoxia.language import Message
from normoxia.sheets import Sheet
from normoxia.sheets.numbers import is_missing

#: names of columns for each domain, compared without case, blanks and punctuation
DOMAINS: Mapping[str, tuple[str, ...]] = {
    "risk_of_bias": (
        "riskofbias",
        "rob",
        "rob2",
        "robinsi",
        "overallriskofbias",
        "overallrob",
        "overallbias",
        "bias",
        "withinstudybias",
        "偏倚风险",
        "偏倚",
    ),
    "indirectness": ("indirectness", "overallindirectness", "间接性"),
    "reporting_bias": ("reportingbias", "publicationbias", "报告偏倚", "发表偏倚"),
}

#: words for 1 (low), 2 (some) and 3 (high), without blanks and punctuation
_SCORES: Mapping[int, tuple[str, ...]] = {
    1: (
        "1",
        "low",
        "lowrisk",
        "lowconcern",
        "noconcern",
        "noconcerns",
        "none",
        "undetected",
        "notsuspected",
        "低",
        "低风险",
        "无",
    ),
    2: (
        "2",
        "some",
        "someconcern",
        "someconcerns",
        "moderate",
        "moderaterisk",
        "medium",
        "unclear",
        "unclearrisk",
        "中",
        "中等",
        "一些",
        "有些",
        "部分",
        "不清楚",
        "不明",
    ),
    3: (
        "3",
        "high",
        "highrisk",
        "serious",
        "critical",
        "major",
        "majorconcern",
        "majorconcerns",
        "suspected",
        "stronglysuspected",
        "高",
        "高风险",
        "严重",
    ),
}
_SCORE_OF = {word: score for score, words in _SCORES.items() for word in words}
_SIGNS = {"+": 1, "?": 2}


@dataclass(frozen=True, slots=True)
class Judgements:
    """Scores by domain and study (1 low, 2 some, 3 high), and the columns they stand in by domain."""

    scores: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)


def parted(given: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Roles that a user gave, without and with those of judgements."""
    own = {role: column for role, column in given.items() if role in DOMAINS}
    return {role: column for role, column in given.items() if role not in DOMAINS}, own


def read(
    sheet: Sheet, study: str | None, given: Mapping[str, str], findings: Findings
) -> Judgements:
    """The judgements of a sheet.

    study   the column that names the study; None where rows are studies
    given   domain to column, where the user said so; raises UnknownName for a column that is not there
    """
    for column in given.values():
        if column not in sheet.header:
            raise UnknownName("column", column, sheet.header)
    columns = {**_found(sheet), **given}
    at = {name: i for i, name in enumerate(sheet.header)}
    scores: dict[str, dict[str, int]] = {}
    for domain, column in columns.items():
        own: dict[str, int] = {}
        for line, row in zip(sheet.lines, sheet.rows, strict=True):
            name = " ".join(row[at[study]].split()) if study else ""
            score = _score(row[at[column]], Place(sheet.file, line, column), findings)
            if score is None:
                continue
            name = name or f"row {line}"
            if own.get(name, score) != score:
                findings.note(
                    Place(sheet.file, line, column),
                    Message("note.two_judgements", study=name),
                    Message("note.worse"),
                )
            own[name] = max(score, own.get(name, score))
        if own:
            scores[domain] = own
    return Judgements(scores, columns)


def _found(sheet: Sheet) -> dict[str, str]:
    columns: dict[str, str] = {}
    for domain, words in DOMAINS.items():
        for column in sheet.header:
            if plain(column) in words:
                columns.setdefault(domain, column)
    return columns


def _score(cell: str, place: Place, findings: Findings) -> int | None:
    """The score of a cell; None for no judgement. "None" is a word here: no concern."""
    text = unicodedata.normalize("NFKC", cell).strip()
    bare = plain(text)
    score = _SIGNS.get(text) or _SCORE_OF.get(bare)
    if score is None and not (is_missing(text) and text not in ("-", "--")) and text:
        findings.note(place, f'"{cell}"', Message("note.not_judged"))
    return score
