"""The review in its own order as a document: what is simulated for each section, and what is set beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from normoxia import documents, library
from normoxia.documents import Findings, Node

LANGUAGES = ("en", "zh")

Text = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyGroup:
    """Studies that the review treats together.

    Attributes
    ----------
    section
        Number of the section of the review.
    titles
        By language.
    studies
        Ids of the registry, in the review's order.
    question
        Question to the registry that covers them; "" without one.
    """

    section: str
    titles: Text
    studies: tuple[str, ...]
    question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedFact:
    """An approval or a guideline that the review mentions: place and words by language."""

    places: Text
    says: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQuestion:
    """A question that the review leaves open.

    Attributes
    ----------
    id
        Short name.
    places, asks
        Place in the review and the question, by language.
    verb, document
        Function of the Python interface that addresses it, and the shipped document.
    own_size
        Whether the document's own numbers of patients and draws are used, not those of the review.
    """

    id: str
    places: Text
    asks: Text
    verb: str
    document: str
    own_size: bool = False

    @property
    def command(self) -> str:
        """The command line that addresses it."""
        return f"normoxia {self.verb.replace('_', '-')} {self.document}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPlan:
    """What `review` simulates.

    Attributes
    ----------
    titles
        By language.
    trial, arm
        The arm from which statements are removed.
    why
        Reason for that arm, by language.
    groups
        Studies by section.
    facts
        Approvals and guidelines.
    questions
        Open questions.
    """

    titles: Text
    trial: str
    arm: str
    why: Text
    groups: tuple[StudyGroup, ...]
    facts: tuple[StatedFact, ...]
    questions: tuple[OpenQuestion, ...]


def read(path: Path | None = None) -> ReviewPlan:
    """Read the plan of the shipped review, or of a document.

    Raises
    ------
    InvalidDocument
        The document has faults; all are listed.
    """
    findings = Findings()
    root = documents.load(path or library.path("review", "living"))
    f = root.fields(findings, ("title", "statements", "groups", "facts", "questions"))
    findings.raise_any()
    stage = f["statements"].fields(findings, ("trial", "arm", "why"))
    findings.raise_any()
    plan = ReviewPlan(
        titles=_texts(f["title"], findings),
        trial=stage["trial"].text(findings),
        arm=stage["arm"].text(findings),
        why=_texts(stage["why"], findings),
        groups=tuple(_group(node, findings) for node in f["groups"].items(findings)),
        facts=tuple(_fact(node, findings) for node in f["facts"].items(findings)),
        questions=tuple(_question(node, findings) for node in f["questions"].items(findings)),
    )
    findings.raise_any()
    return plan


def _group(node: Node, findings: Findings) -> StudyGroup:
    f = node.fields(findings, ("section", "title", "studies", "question"))
    findings.raise_any()
    return StudyGroup(
        section=f["section"].text(findings),
        titles=_texts(f["title"], findings),
        studies=tuple(study.text(findings) for study in f["studies"].items(findings)),
        question=f["question"].text(findings),
    )


def _fact(node: Node, findings: Findings) -> StatedFact:
    f = node.fields(findings, ("place", "says"))
    findings.raise_any()
    return StatedFact(places=_texts(f["place"], findings), says=_texts(f["says"], findings))


def _question(node: Node, findings: Findings) -> OpenQuestion:
    f = node.fields(findings, ("id", "place", "asks", "verb", "document"), ("size",))
    findings.raise_any()
    return OpenQuestion(
        id=f["id"].text(findings),
        places=_texts(f["place"], findings),
        asks=_texts(f["asks"], findings),
        verb=f["verb"].text(findings),
        document=f["document"].text(findings),
        own_size="size" in f and f["size"].text(findings, ("document",)) == "document",
    )


def _texts(node: Node, findings: Findings) -> Text:
    fields = node.fields(findings, LANGUAGES)
    findings.raise_any()
    return {code: fields[code].text(findings) for code in LANGUAGES}
