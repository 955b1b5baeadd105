"""The words and shipped measurements of the credibility file, read from `library/credibility`.

questions.yaml  what the model may be asked, for which use, and what a wrong answer would do
claims.yaml     every claim in words, with its criterion and how to do it again; never whether it is met
evidence.yaml   results measured elsewhere, with the command, the date and the digest of the file that holds them
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from normoxia import documents, library
from normoxia.documents import Findings, Node
from normoxia.errors import InvalidDocument

#: a text by language code
Words = Mapping[str, str]

LEVELS = ("low", "medium", "high")
_LANGUAGES = ("en", "zh")


@dataclass(frozen=True, slots=True)
class RiskJudgement:
    """A level with its reason; levels are the authors' judgement."""

    level: str
    why: Words

    @property
    def rank(self) -> int:
        """1 for low to 3 for high."""
        return LEVELS.index(self.level) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CredibilityQuestion:
    """A question of interest and the context in which the model may be used for it.

    influence      how much the answer leans on the model beside other evidence
    consequence    what a wrong answer would do
    impact         how far the use departs from what is usually done
    inappropriate  uses that are not meant
    rests_on       claims that must hold
    """

    id: str
    title: Words
    asks: Words
    context: Words
    influence: RiskJudgement
    consequence: RiskJudgement
    impact: Words
    inappropriate: tuple[Words, ...]
    rests_on: tuple[str, ...]

    @property
    def risk(self) -> str:
        """Influence times consequence, each counted 1 to 3: low to 2, high from 6, else medium (assumed)."""
        product = self.influence.rank * self.consequence.rank
        return "low" if product <= 2 else "high" if product >= 6 else "medium"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimWording:
    """A claim in words; `says`, `criterion` and `found` have places for numbers.

    factor   the credibility factor of ASME V&V 40 it belongs to
    command  how to do it again; test that covers it
    """

    id: str
    section: str
    factor: str
    title: Words
    says: Words
    criterion: Words
    found: Words
    command: str = ""
    test: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A result that the repository keeps.

    value    what was measured; at_most, at_least its limits, nan when there is none
    words    how the file says it
    sha256   of the file, as it was when this was written
    """

    id: str
    value: float
    at_most: float
    at_least: float
    words: str
    file: str
    sha256: str
    command: str
    date: str
    version: str
    numbers: Mapping[str, float] = field(default_factory=dict)

    @property
    def met(self) -> bool:
        """Whether the value keeps within its limits."""
        below = math.isnan(self.at_most) or self.value <= self.at_most
        return below and (math.isnan(self.at_least) or self.value >= self.at_least)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Everything the documents say. `sections` by id: title and introduction; `locked`: the lock's SHA-256 when it was written."""

    sections: Mapping[str, tuple[Words, Words]]
    wordings: tuple[ClaimWording, ...]
    questions: tuple[CredibilityQuestion, ...]
    measured: Mapping[str, Measured]
    limits: tuple[Words, ...]
    locked: str


@functools.cache
def read() -> Text:
    """The shipped documents. Raises InvalidDocument with every finding."""
    findings = Findings()
    claims = _root("claims", ("sections", "claims", "limits"), findings)
    questions = _root("questions", ("questions",), findings)
    evidence = _root("evidence", ("locked", "records"), findings)
    findings.raise_any(InvalidDocument)
    sections = {
        name: _section(node, findings)
        for name, node in claims["sections"].entries(findings).items()
    }
    wordings = tuple(
        _wording(name, node, tuple(sections), findings)
        for name, node in claims["claims"].entries(findings).items()
    )
    known = {wording.id for wording in wordings}
    text = Text(
        sections=sections,
        wordings=wordings,
        questions=tuple(
            _question(name, node, known, findings)
            for name, node in questions["questions"].entries(findings).items()
        ),
        measured={
            name: _measured(name, node, known, findings)
            for name, node in evidence["records"].entries(findings).items()
        },
        limits=tuple(_words(node, findings) for node in claims["limits"].items(findings)),
        locked=evidence["locked"].text(findings),
    )
    findings.raise_any(InvalidDocument)
    return text


def _root(name: str, keys: tuple[str, ...], findings: Findings) -> dict[str, Node]:
    return documents.load(library.path("credibility", name)).fields(findings, ("document", *keys))


def _words(node: Node, findings: Findings) -> dict[str, str]:
    got = node.fields(findings, _LANGUAGES)
    return {code: own.text(findings) for code, own in got.items()}


def _section(node: Node, findings: Findings) -> tuple[Words, Words]:
    f = node.fields(findings, ("title", "text"))
    empty: Words = {}
    title, text = (_words(f[key], findings) if key in f else empty for key in ("title", "text"))
    return title, text


def _wording(name: str, node: Node, sections: tuple[str, ...], findings: Findings) -> ClaimWording:
    prose = ("title", "says", "criterion", "found")
    f = node.fields(findings, ("section", "factor", *prose), ("command", "test"))
    findings.raise_any(InvalidDocument)
    title, says, criterion, found = (_words(f[key], findings) for key in prose)
    return ClaimWording(
        id=name,
        section=f["section"].text(findings, sections),
        factor=f["factor"].text(findings),
        title=title,
        says=says,
        criterion=criterion,
        found=found,
        command=f["command"].text(findings) if "command" in f else "",
        test=f["test"].text(findings) if "test" in f else "",
    )


def _question(name: str, node: Node, known: set[str], findings: Findings) -> CredibilityQuestion:
    prose = ("title", "asks", "context", "impact")
    f = node.fields(findings, (*prose, "influence", "consequence", "inappropriate", "rests_on"))
    findings.raise_any(InvalidDocument)
    title, asks, context, impact = (_words(f[key], findings) for key in prose)
    return CredibilityQuestion(
        id=name,
        title=title,
        asks=asks,
        context=context,
        influence=_judged(f["influence"], findings),
        consequence=_judged(f["consequence"], findings),
        impact=impact,
        inappropriate=tuple(_words(item, findings) for item in f["inappropriate"].items(findings)),
        rests_on=tuple(
            item.text(findings, sorted(known)) for item in f["rests_on"].items(findings)
        ),
    )


def _judged(node: Node, findings: Findings) -> RiskJudgement:
    f = node.fields(findings, ("level", "why"))
    findings.raise_any(InvalidDocument)
    return RiskJudgement(f["level"].text(findings, LEVELS), _words(f["why"], findings))


def _measured(name: str, node: Node, known: set[str], findings: Findings) -> Measured:
    f = node.fields(
        findings,
        ("value", "words", "file", "sha256", "command", "date", "version"),
        ("at_most", "at_least", "numbers"),
    )
    if name not in known:
        findings.note(
            node.place, f'"{name}" is no claim of claims.yaml', "name the claim that it bears on"
        )
    if not {"at_most", "at_least"} & set(f):
        findings.note(node.place, "no limit", "say at_most or at_least")
    findings.raise_any(InvalidDocument)
    numbers = f["numbers"].entries(findings) if "numbers" in f else {}
    texts = {
        key: f[key].text(findings)
        for key in ("words", "file", "sha256", "command", "date", "version")
    }
    return Measured(
        id=name,
        value=f["value"].number(findings),
        at_most=f["at_most"].number(findings) if "at_most" in f else math.nan,
        at_least=f["at_least"].number(findings) if "at_least" in f else math.nan,
        numbers={
            key: own.value if isinstance(own.value, int) else own.number(findings)
            for key, own in numbers.items()
        },
        **texts,
    )
