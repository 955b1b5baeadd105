"""Page of the living review: statements with their ablation, studies printed, published and simulated, open questions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Literal, Protocol

from normoxia import __version__
from normoxia.design.review_plan import OpenQuestion, ReviewPlan
from normoxia.design.reviewed_statements import (
    LEAST_MONTHS,
    LEAST_PERCENT,
    STATES,
    RemovedStatement,
    differs,
)
from normoxia.design.reviewed_studies import ReviewedOutcome, ReviewedStudy, coverage, disagreements
from normoxia.language import Language, language
from normoxia.outcome import Endpoint, Estimate, Measure
from normoxia.report.pages.document import Page, Prose, Section, document
from normoxia.report.views.tables import Table
from normoxia.storage import write_whole


class Answered(Protocol):
    """What was found for an open question."""

    @property
    def question(self) -> OpenQuestion:
        """The question."""

    @property
    def sentences(self) -> Mapping[str, str]:
        """The answer by language."""

    @property
    def can_be_told(self) -> bool | None:
        """Whether there is an answer."""

    @property
    def command(self) -> str:
        """What gives it."""


def statements_table(
    effects: Sequence[RemovedStatement], text: Language, *, with_words: bool = True
) -> Table:
    """Table of statements: what removing each changes in vessels, infiltration and survival; by tag alone without words."""
    rows: list[tuple[str, ...]] = []
    bold: set[tuple[int, int]] = set()
    for effect in effects:
        statement = effect.statement
        says = statement.says.get(text.code) or statement.says.get("en", "")
        if statement.added:
            says += " " + text.say("review.ours")
        changes = [
            *(effect.states.get(name) for name in STATES),
            *(effect.survival.get(endpoint) for endpoint in (Endpoint.PFS, Endpoint.OS)),
        ]
        first = 2 if with_words else 1
        for column, change in enumerate(changes):
            least = LEAST_PERCENT if column < len(STATES) else LEAST_MONTHS
            if change is not None and differs(change, least):
                bold.add((len(rows), first + column))
        cells = (
            _change(change, text, 0 if column < len(STATES) else 1)
            for column, change in enumerate(changes)
        )
        rows.append((statement.tag, *((says,) if with_words else ()), *cells))
    heads = ("tag", *(("statement",) if with_words else ()), *STATES, "pfs", "os")
    return Table(
        name=f"statements-{text.code}",
        title=text.say("review.statements_title"),
        columns=tuple(text.say(f"review.{head}") for head in heads),
        rows=tuple(rows),
        note=text.say("review.statements_note"),
        emphasis=frozenset(bold),
        wrapped=frozenset({1}) if with_words else frozenset(),
    )


def studies_table(studies: Sequence[ReviewedStudy], text: Language, name: str) -> Table:
    """Table of studies: every outcome as the review prints it, as published, and as simulated."""
    rows: list[tuple[str, ...]] = []
    groups: set[int] = set()
    tones: dict[tuple[int, int], Literal["good", "bad"]] = {}
    for reviewed in studies:
        groups.add(len(rows))
        rows.append((reviewed.study.id, "", "", "", ""))
        for outcome in reviewed.outcomes:
            if outcome.differs:
                tones[len(rows), 2] = "bad"
            rows.append(
                (
                    _what(outcome, text),
                    outcome.arm
                    + (f" / {outcome.comparator}" if outcome.comparator else "")
                    + (f"; {text.term(outcome.printed_of)}" if outcome.printed_of else ""),
                    "–"
                    if math.isnan(outcome.printed)
                    else text.number(outcome.printed, outcome.printed_decimals),
                    _estimate(outcome.published, outcome, text),
                    _estimate(outcome.simulated, outcome, text),
                )
            )
    heads = ("outcome", "arm", "printed", "published", "simulated")
    return Table(
        name=f"{name}-{text.code}",
        title=text.say("review.studies_title"),
        columns=tuple(text.say(f"review.{head}") for head in heads),
        rows=tuple(rows),
        note=text.say("review.studies_note"),
        groups=frozenset(groups),
        tones=tones,
    )


def page(
    plan: ReviewPlan,
    statements: Sequence[RemovedStatement],
    studies: Sequence[ReviewedStudy],
    networks: Mapping[str, Mapping[str, str]],
    answers: Sequence[Answered],
    provenance: Mapping[str, object],
    *,
    lang: str = "en",
) -> Page:
    """Return the living review in one language."""
    text = language(lang)
    sections: list[Section] = []
    if statements:
        sections.append(
            Section(
                text.say("review.section_1"),
                (
                    Prose(_mattering(statements, plan, text)),
                    statements_table(statements, text),
                    *(Prose(line) for line in _not_removed(statements, text)),
                ),
            )
        )
    for group in plan.groups if studies else ():
        members = [s for s in studies if s.section == group.section]
        blocks: list[Prose | Table] = [studies_table(members, text, f"studies-{group.section}")]
        sentence = networks.get(group.question, {}).get(lang)
        if sentence:
            blocks.append(Prose(text.say("review.network", question=group.question) + sentence))
        blocks += [Prose(line) for line in _about(members, text)]
        title = text.say("review.section_2", number=group.section, title=group.titles[lang])
        sections.append(Section(title, tuple(blocks)))
    if studies:
        facts = (
            Prose(text.say("review.fact", place=f.places[lang], says=f.says[lang]))
            for f in plan.facts
        )
        sections.append(
            Section(
                text.say("review.section_facts"), (*facts, Prose(text.say("review.facts_note")))
            )
        )
    for answered in answers:
        q = answered.question
        sections.append(
            Section(
                text.say("review.section_3", asks=q.asks[lang]),
                (
                    Prose(
                        answered.sentences.get(lang, text.say("review.no_answer")),
                        warning=answered.can_be_told is False,
                    ),
                    Prose(text.say("review.from", place=q.places[lang], command=answered.command)),
                ),
            )
        )
    return Page(
        language=lang,
        title=plan.titles[lang],
        lead=text.say("review.lead"),
        sections=tuple(sections),
        provenance={key: str(value) for key, value in provenance.items()},
        version=__version__,
        date=date.today().isoformat(),
    )


def write_page(
    folder: Path,
    plan: ReviewPlan,
    statements: Sequence[RemovedStatement],
    studies: Sequence[ReviewedStudy],
    networks: Mapping[str, Mapping[str, str]],
    answers: Sequence[Answered],
    provenance: Mapping[str, object],
    *,
    lang: str = "en",
) -> Path:
    """Write `review.html` into a folder; return its path."""
    made = page(plan, statements, studies, networks, answers, provenance, lang=lang)
    path = folder / "review.html"
    write_whole(path, document(made).encode())
    return path


def _mattering(effects: Sequence[RemovedStatement], plan: ReviewPlan, text: Language) -> str:
    """Which statements change something, in a sentence."""
    removed = [e for e in effects if not e.why_not]
    tags = [e.statement.tag for e in removed if e.matters]
    survival = [e.statement.tag for e in removed if e.matters_to_survival]
    return text.say(
        "review.mattering",
        trial=plan.trial,
        arm=plan.arm,
        n=len(removed),
        changed=len(tags),
        tags=", ".join(survival) or "–",
        why=plan.why[text.code],
    )


def _not_removed(effects: Sequence[RemovedStatement], text: Language) -> list[str]:
    tags = ", ".join(e.statement.tag for e in effects if e.why_not)
    return [text.say("review.not_removed", tags=tags)] if tags else []


def _about(studies: Sequence[ReviewedStudy], text: Language) -> list[str]:
    """Sentences under the table of a section: agreement, what the audit finds, what could not be simulated."""
    inside = coverage(studies)
    lines = [
        text.say(
            "review.agreement",
            inside=inside[True],
            n=inside[True] + inside[False],
            differs=disagreements(studies),
        )
    ]
    for reviewed in studies:
        if reviewed.study.arms:
            arms = "; ".join(f"{arm.id}: {text.term(arm.label)}" for arm in reviewed.study.arms)
            lines.append(text.say("review.arms", study=reviewed.study.id, arms=arms))
        for found in reviewed.discrepancies:
            values = text.say("review.against").join(text.render(v) for v in found.values)
            lines.append(
                text.say(
                    "review.discrepancy",
                    study=reviewed.study.id,
                    item=text.term(found.item),
                    values=values,
                    consequence=text.render(found.consequence),
                )
            )
    missing = ", ".join(r.study.id for r in studies if not r.command)
    if missing:
        lines.append(text.say("review.not_simulated", studies=missing))
    return lines


def _what(outcome: ReviewedOutcome, text: Language) -> str:
    short = text.known(f"compare.short_{outcome.endpoint.name.lower()}", str(outcome.endpoint))
    return f"{short} {text.say(f'review.measure_{outcome.measure.name.lower()}')}"


def _digits(outcome: ReviewedOutcome) -> int:
    return 2 if outcome.measure is Measure.HAZARD_RATIO else 1


def _estimate(estimate: Estimate | None, outcome: ReviewedOutcome, text: Language) -> str:
    return "–" if estimate is None else text.interval(estimate, _digits(outcome))


def _change(estimate: Estimate | None, text: Language, digits: int) -> str:
    """A change with its interval, none printed as minus zero; 0 alone where no draw changes."""
    if estimate is None:
        return "–"
    value, low, high = (
        round(end, digits) + 0.0 for end in (estimate.value, estimate.low, estimate.high)
    )
    if not (estimate.low or estimate.high):
        return text.number(0.0, 0)
    return text.interval(Estimate(value, low, high, estimate.level), digits)
