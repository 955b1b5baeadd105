"""Pages of a credibility file, one per language."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from normoxia.calibration.credibility.file import (
    CredibilityClaim,
    CredibilityFile,
    CredibilitySection,
    Status,
)
from normoxia.calibration.credibility.targets import WeighedTarget
from normoxia.calibration.credibility.wording import CredibilityQuestion, Words
from normoxia.calibration.scoring.lock import Observed, Target
from normoxia.calibration.scoring.scored_contrasts import ScoredContrast
from normoxia.language import Language, language
from normoxia.outcome import Estimate, Measure
from normoxia.report.figures.figure import Figure
from normoxia.report.figures.risk_matrix import RiskRow, risk_matrix
from normoxia.report.pages.document import Block, Highlight, Page, Prose, document
from normoxia.report.pages.document import Section as Part
from normoxia.report.views.outdated import outdated_sentence
from normoxia.report.views.tables import Table

LANGUAGES = ("en", "zh")

T = TypeVar("T")


def html(file: CredibilityFile, *, first: str = "en") -> str:
    """Return the report as one self-contained HTML text in both languages.

    Parameters
    ----------
    file
        Evaluated credibility file.
    first
        Code of the language that is shown first.
    """
    return document(pages(file, first=first))


def pages(file: CredibilityFile, *, first: str = "en") -> tuple[Page, ...]:
    """Return the report as one page per language.

    Parameters
    ----------
    file
        Evaluated credibility file.
    first
        Code of the language of the first page.
    """
    codes = sorted(LANGUAGES, key=lambda code: code != first)
    return tuple(_CredibilityPage(file, language(code)).page() for code in codes)


def status_words(status: Status, text: Language) -> str:
    """Return a status with its sign."""
    return text.say(f"credibility.{_key(status)}")


def standing_words(file: CredibilityFile, question: CredibilityQuestion, text: Language) -> str:
    """Return the status of a question, with the titles of the claims that are not met or not done."""
    parts = []
    for status in (Status.NOT_MET, Status.NOT_DONE):
        titles = [_translated(c.title, text) for c in file.missing(question) if c.status is status]
        if titles:
            joined_titles = text.say("credibility.comma").join(titles)
            parts.append(text.say(f"credibility.{_key(status)}_part", titles=joined_titles))
    missing = text.say("credibility.join").join(parts)
    return text.say(
        f"credibility.standing_{_key(file.standing(question))}",
        **({"missing": missing} if missing else {}),
    )


def _key(status: Status) -> str:
    return status.value.replace(" ", "_")


def _translated(translations: Words, text: Language) -> str:
    """A text in the language, empty where it has none."""
    return translations.get(text.code, "")


class _CredibilityPage:
    """One credibility file in one language."""

    def __init__(self, file: CredibilityFile, text: Language) -> None:
        self.file, self.text, self.say = file, text, text.say

    def page(self) -> Page:
        file, say = self.file, self.say
        counts = {status: file.count(status) for status in Status}
        sections = [
            Part(say("credibility.questions"), tuple(self.questions())),
            *(Part(_translated(s.title, self.text), tuple(self.section(s))) for s in file.sections),
            Part(
                say("credibility.limits"),
                tuple(Prose(_translated(w, self.text)) for w in file.limits),
            ),
        ]
        return Page(
            language=self.text.code,
            title=say("credibility.title"),
            lead=say(
                "credibility.lead",
                met=counts[Status.MET],
                not_met=counts[Status.NOT_MET],
                not_done=counts[Status.NOT_DONE],
            ),
            sections=tuple(sections),
            highlights=tuple(
                Highlight(say(f"credibility.{_key(s)}_count"), str(n)) for s, n in counts.items()
            ),
            badges=() if file.narrowings else (say("badge.not_calibrated"),),
            provenance={
                "normoxia": file.version,
                **{
                    say(f"credibility.{name}_digest"): digest
                    for name, digest in file.digests.items()
                },
            },
            version=file.version,
            date=file.date,
        )

    # questions

    def questions(self) -> list[Block]:
        rows = [
            RiskRow(
                title=_translated(q.title, self.text),
                influence=q.influence.level,
                consequence=q.consequence.level,
                risk=q.risk,
                standing=self.file.standing(q).value,
            )
            for q in self.file.questions
        ]
        outdated = outdated_sentence(self.file.outdated, self.text)
        matrix: Figure = risk_matrix(rows, lang=self.text.code, name=f"risk-{self.text.code}")
        return [
            Prose(self.say("credibility.warning"), warning=True),
            *([Prose(outdated, warning=True)] if outdated else []),
            Prose(self.say("credibility.questions_text")),
            matrix,
            *(self.question(question) for question in self.file.questions),
        ]

    def question(self, question: CredibilityQuestion) -> Table:
        say, text = self.say, self.text
        ratings = ((name, getattr(question, name)) for name in ("influence", "consequence"))
        rows = [
            (say("credibility.asks"), _translated(question.asks, text)),
            (say("credibility.context"), _translated(question.context, text)),
            *(
                (
                    say(f"credibility.{name}"),
                    say(
                        "credibility.level_why",
                        level=self.level(rating.level),
                        why=_translated(rating.why, text),
                    ),
                )
                for name, rating in ratings
            ),
            (say("credibility.impact"), _translated(question.impact, text)),
            *(
                (say("credibility.inappropriate") if i == 0 else "", _translated(use, text))
                for i, use in enumerate(question.inappropriate)
            ),
            (say("credibility.standing"), standing_words(self.file, question, text)),
        ]
        risk = say("credibility.risk", level=self.level(question.risk))
        last = frozenset({(len(rows) - 1, 1)})
        name, title = f"question-{question.id}-{text.code}", _translated(question.title, text)
        return Table(
            name=name,
            title=title,
            columns=("", risk),
            rows=tuple(rows),
            emphasis=last,
            wrapped=frozenset({1}),
        )

    def level(self, level: str) -> str:
        return self.say(f"credibility.level_{level}")

    # claims

    def section(self, section: CredibilitySection) -> list[Block]:
        builders: Mapping[str, Callable[[], list[Block]]] = {
            "calibration": self.calibration,
            "identifiability": self.identifiability,
            "validation": self.validation,
            "applicability": self.applicability,
        }
        further_blocks = builders[section.id]() if section.id in builders else []
        return [
            Prose(_translated(section.text, self.text)),
            self.claims_table(section),
            self.evidence_table(section),
            *further_blocks,
        ]

    def claims_table(self, section: CredibilitySection) -> Table:
        bold = frozenset((i, 4) for i, c in enumerate(section.claims) if c.status is not Status.MET)
        columns = tuple(
            self.say(f"credibility.{head}")
            for head in ("claim", "statement", "criterion", "found", "status")
        )
        rows = tuple(self.claim_row(claim) for claim in section.claims)
        name, title = f"claims-{section.id}-{self.text.code}", self.say("credibility.claims")
        return Table(
            name=name,
            title=title,
            columns=columns,
            rows=rows,
            emphasis=bold,
            wrapped=frozenset({1, 2, 3}),
        )

    def claim_row(self, claim: CredibilityClaim) -> tuple[str, ...]:
        result = _translated(claim.found, self.text)
        if claim.problem:
            combined = self.say("credibility.colon", one=result, other=claim.problem)
            result = combined if result else claim.problem
        return (
            _translated(claim.title, self.text),
            _translated(claim.statement, self.text),
            _translated(claim.criterion, self.text),
            result or "–",
            status_words(claim.status, self.text),
        )

    def evidence_table(self, section: CredibilitySection) -> Table:
        heads = ("claim", "factor", "by", "tried", "holds", "when")
        columns = tuple(self.say(f"credibility.{head}") for head in heads)
        rows = tuple(self.evidence_row(claim) for claim in section.claims)
        name, title = f"proof-{section.id}-{self.text.code}", self.say("credibility.proof")
        note = self.say("credibility.proof_note")
        return Table(
            name=name,
            title=title,
            columns=columns,
            rows=rows,
            note=note,
            wrapped=frozenset({1, 2, 3, 4, 5}),
        )

    def evidence_row(self, claim: CredibilityClaim) -> tuple[str, ...]:
        e, done = claim.evidence, claim.status is not Status.NOT_DONE
        origin = self.say(
            "credibility.computed" if e.computed else "credibility.measured",
            date=e.date,
            version=e.version,
        )
        return (
            _translated(claim.title, self.text),
            self.say(f"credibility.factor_{claim.factor.replace(' ', '_')}"),
            e.command or "–",
            e.test or "–",
            self.say("credibility.digest", file=e.file, digest=e.digest) if done else "–",
            origin if done else "–",
        )

    # tables beside the claims

    def calibration(self) -> list[Block]:
        return [self.targets(), self.priors()]

    def targets(self) -> Table:
        heads = (
            "endpoint",
            "figure",
            "scale",
            "value",
            "n",
            "standard_error",
            "weight",
            "role",
            "source",
        )
        rows, groups = _grouped(
            self.file.targets, lambda t: t.observation.figure.study, self.target_row, len(heads)
        )
        return self.table("targets", heads, rows, groups, wrapped=(1, 2, 7, 8))

    def target_row(self, target: WeighedTarget) -> tuple[str, ...]:
        o = target.observation
        f = o.figure
        name = self.contrast(f.arm, f.comparator)
        if f.whole:
            name = self.say("credibility.stratum", contrast=name, population=f.set)
        if f.months >= 0:
            name = self.say("credibility.at_months", name=name, months=f"{f.months:g}")
        role = "scored" if target.scored else "single" if target.single_arm else "fitted"
        return (
            f.endpoint.value,
            name,
            self.say(f"credibility.kind_{f.kind.name}"),
            f"{o.value:g}",
            f"{o.n:.0f}",
            f"{o.se:.3f}",
            f"{100 * target.weight:.1f} %",
            self.say(f"credibility.{role}"),
            _short(o.source),
        )

    def contrast(self, arm: str, comparator: str) -> str:
        return (
            self.say("credibility.contrast", arm=arm, comparator=comparator) if comparator else arm
        )

    def priors(self) -> Table:
        left = {narrowing.name: narrowing.left for narrowing in self.file.narrowings}
        heads = ["parameter", "centre", "scale", "sd", *(["left"] if left else []), "source"]
        rows = [
            (
                p.name,
                f"{p.centre:g}",
                p.scale,
                f"{p.sd:g}",
                *([self.text.number(left.get(p.name, math.nan), 2)] if left else []),
                p.source,
            )
            for p in self.file.space.parameters
        ]
        return self.table("priors", heads, rows, wrapped=(len(heads) - 1,))

    def identifiability(self) -> list[Block]:
        if not self.file.narrowings:
            return [Prose(self.say("credibility.no_narrowing"), warning=True)]
        return []  # the priors' table has a column for it

    def validation(self) -> list[Block]:
        absent = (
            [Prose(self.say("credibility.no_board"), warning=True)]
            if self.file.board is None
            else []
        )
        return [*absent, self.scored()]

    def applicability(self) -> list[Block]:
        return [Prose(self.say("credibility.bearing"))]

    def scored(self) -> Table:
        lock, board = self.file.scored, self.file.board
        scored_rows = (
            {}
            if board is None
            else {
                r.observed.target: r
                for r in (*board.primary_scores.rows, *board.primary_scores.strata)
            }
        )
        heads = [
            "endpoint",
            "figure",
            "n",
            "observed",
            *(["predicted", "inside"] if scored_rows else []),
            "source",
        ]
        order = {study: i for i, study in enumerate(lock.studies)}
        observations = sorted(
            (*lock.contrasts, *lock.responses, *lock.strata), key=lambda o: order[o.target.study]
        )
        rows, groups = _grouped(
            observations,
            self.study_heading,
            lambda o: self.scored_row(o, scored_rows.get(o.target), bool(scored_rows)),
            len(heads),
        )
        return self.table("list", heads, rows, groups, wrapped=(1, len(heads) - 1))

    def study_heading(self, o: Observed) -> str:
        eligibility = str(self.file.protocols[o.target.study].eligibility)
        eligibility = (
            self.text.term(eligibility) if eligibility else self.say("credibility.everybody")
        )
        key = "credibility.eligible_seen" if o.seen else "credibility.eligible"
        return self.say(key, study=o.target.study, who=eligibility)

    def scored_row(
        self, o: Observed, row: ScoredContrast | None, any_predicted: bool
    ) -> tuple[str, ...]:
        t, digits = o.target, 2 if o.target.is_ratio else 1
        name = self.contrast(t.arm, t.comparator)
        if o.stratum:
            name = self.say("credibility.stratum", contrast=name, population=t.population)
        predicted = "–"
        if row is not None:
            ends = (row.predicted.median, *row.predicted.interval95)
            value, low, high = (math.exp(e) for e in ends) if t.is_ratio else ends
            predicted = self.text.interval(Estimate(value, low, high), digits)
        inside = (
            "–"
            if row is None
            else self.say("credibility.yes" if row.inside95 else "credibility.no")
        )
        unit = " %" if t.measure is Measure.PERCENT else ""
        return (
            t.endpoint.value,
            name,
            str(o.n) if o.n else self.arm_sizes(t),
            self.text.interval(Estimate(o.value, o.low, o.high, o.level), digits) + unit,
            *([predicted, inside] if any_predicted else []),
            _short(o.source),
        )

    def arm_sizes(self, target: Target) -> str:
        """Numbers of patients of both arms in the protocol."""
        n_by_arm = {arm.id: arm.n for arm in self.file.protocols[target.study].arms}
        return " + ".join(
            str(n_by_arm[arm]) for arm in (target.arm, target.comparator) if arm in n_by_arm
        )

    def table(
        self,
        name: str,
        heads: Sequence[str],
        rows: Sequence[tuple[str, ...]],
        groups: frozenset[int] = frozenset(),
        wrapped: Iterable[int] = (),
    ) -> Table:
        columns = tuple(self.say(f"credibility.{head}") for head in heads)
        title, note = self.say(f"credibility.{name}"), self.say(f"credibility.{name}_note")
        return Table(
            name=f"{name}-{self.text.code}",
            title=title,
            columns=columns,
            rows=tuple(rows),
            note=note,
            groups=groups,
            wrapped=frozenset(wrapped),
        )


def _short(reference: str) -> str:
    """A citation without its numbers and places, which the CSV and the JSON keep."""
    return reference.split(" (", maxsplit=1)[0]


def _grouped(
    items: Iterable[T], head: Callable[[T], str], row: Callable[[T], tuple[str, ...]], width: int
) -> tuple[list[tuple[str, ...]], frozenset[int]]:
    """Rows with a heading row wherever the group changes."""
    rows: list[tuple[str, ...]] = []
    groups: set[int] = set()
    previous_group = None
    for item in items:
        if (group := head(item)) != previous_group:
            groups.add(len(rows))
            rows.append((group, *[""] * (width - 1)))
            previous_group = group
        rows.append(row(item))
    return rows, frozenset(groups)
