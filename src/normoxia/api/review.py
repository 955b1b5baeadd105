"""`review`: the review in its own order, each statement, study and question with what simulation and evidence give."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from normoxia.api import running
from normoxia.api.plan import Plan, plan
from normoxia.api.trials import read_trial
from normoxia.design import review_plan, reviewed_statements
from normoxia.design.review_plan import OpenQuestion, ReviewPlan
from normoxia.design.review_summary import summary
from normoxia.design.reviewed_statements import ArmCourse, RemovedStatement
from normoxia.design.reviewed_studies import ReviewedStudy, reviewed_outcomes
from normoxia.errors import InvalidArgument, OutputExists, UnknownName
from normoxia.evidence.auditing.auditor import audit
from normoxia.evidence.studies.registry import registry
from normoxia.progress import Progress, Step, silent
from normoxia.trial import runner
from normoxia.trial.making import from_study
from normoxia.trial.protocol import Trial

#: patients of each arm and draws of the ensemble, when not given
PATIENTS, DRAWS = 60, 16
#: parts of a review that can be asked for alone
PARTS = ("statements", "studies", "questions")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionAnswer:
    """What was found for an open question.

    Attributes
    ----------
    question
        As the review asks it.
    sentences
        The answer by language; empty where the question was not addressed.
    can_be_told
        Whether there is an answer.
    command
        What gives it, with its options.
    provenance
        Digests, seed and versions of the run behind it.
    """

    question: OpenQuestion
    sentences: Mapping[str, str]
    can_be_told: bool | None
    command: str
    provenance: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class LivingReview:
    """The review with its numbers; `normoxia.review` gives it.

    Attributes
    ----------
    plan
        Order of the review: groups of studies, facts, open questions.
    statements
        Section 1: what removing each causal statement changes.
    studies
        Section 2: every study, printed, published and simulated.
    networks
        Section 2: the sentence of the network meta-analysis of each group, by question and language.
    answers
        Section 3: what was found for each open question.
    provenance
        Versions, seed, patients and draws of the runs.
    """

    plan: ReviewPlan
    statements: tuple[RemovedStatement, ...]
    studies: tuple[ReviewedStudy, ...]
    networks: Mapping[str, Mapping[str, str]]
    answers: tuple[QuestionAnswer, ...]
    provenance: Mapping[str, object]

    def summary(self) -> dict[str, object]:
        """Return the review as one plain object: what `normoxia review --json` prints."""
        return summary(
            self.plan,
            self.statements,
            self.studies,
            self.networks,
            [
                {
                    "id": a.question.id,
                    "place": dict(a.question.places),
                    "asks": dict(a.question.asks),
                    "answer": {**a.sentences, "can_be_told": a.can_be_told},
                    "command": a.command,
                    "provenance": dict(a.provenance),
                }
                for a in self.answers
            ],
            self.provenance,
        )

    def _repr_html_(self) -> str:
        """How many statements, studies and questions, for notebooks."""
        import html

        return f"<p>{html.escape(repr(self))}</p>"

    def __repr__(self) -> str:
        return (
            f"<LivingReview: {len(self.statements)} statements, {len(self.studies)} studies, "
            f"{len(self.answers)} open questions>"
        )


def review(
    *,
    parts: tuple[str, ...] = PARTS,
    statements: tuple[str, ...] = (),
    patients: int = PATIENTS,
    draws: int = DRAWS,
    seed: int = 1,
    workers: int = 0,
    out: str | Path | None = None,
    lang: str = "en",
    progress: Progress = silent,
    note: Callable[[str], None] | None = None,
) -> LivingReview:
    """Go through the review in its order: remove each statement, simulate each study, address each open question.

    Parameters
    ----------
    parts
        Of "statements" (section 1), "studies" (section 2) and "questions" (section 3).
    statements
        Tags of the statements to remove, such as "C11"; all when omitted.
    patients, draws
        Of every arm, and of the ensemble (at least 8), in every run.
    seed, workers
        As in `run`.
    out
        Folder for `review.json` and `review.html`; nothing is written when omitted.
    lang
        Language of the page, "en" or "zh".
    progress, note
        Called after each piece of work; called with lines about what is being done.

    Returns
    -------
    LivingReview
        Every number with the command that gives it.

    Raises
    ------
    UnknownName
        A part of another name, or a statement that the model does not have.
    InvalidArgument
        Too few draws.
    OutputExists
        The folder holds other files.
    """
    for part in parts:
        if part not in PARTS:
            raise UnknownName("part of the review", part, PARTS)
    began = time.monotonic()
    folder = _folder(out)
    asked = review_plan.read()
    work = _Work(patients, draws, seed, workers, progress, note or _ignore)
    removed = work.statements(asked, statements) if "statements" in parts else ()
    studies = work.studies(asked) if "studies" in parts else ()
    finished = LivingReview(
        plan=asked,
        statements=removed,
        studies=studies,
        networks=_networks(asked) if "studies" in parts else {},
        answers=work.questions(asked) if "questions" in parts else (),
        provenance=work.provenance(began),
    )
    if folder is not None:
        write(finished, folder, lang=lang)
    return finished


def write(finished: LivingReview, folder: Path, *, lang: str = "en") -> None:
    """Write `review.json` and `review.html` into a folder."""
    from normoxia.report.pages.living_review import write_page
    from normoxia.storage import write_whole

    folder.mkdir(parents=True, exist_ok=True)
    content = json.dumps(finished.summary(), ensure_ascii=False, indent=1, default=str)
    write_whole(folder / "review.json", content.encode())
    write_page(
        folder,
        finished.plan,
        finished.statements,
        finished.studies,
        finished.networks,
        finished.answers,
        finished.provenance,
        lang=lang,
    )


class _Work:
    """The runs of a review, all of one size and seed."""

    def __init__(
        self,
        patients: int,
        draws: int,
        seed: int,
        workers: int,
        progress: Progress,
        note: Callable[[str], None],
    ) -> None:
        self._size = f"--patients {patients} --replicates {draws} --seed {seed}"
        self._patients, self._draws, self._seed = patients, draws, seed
        self._workers, self._progress, self._note = workers, progress, note
        self._provenance: dict[str, object] = {}

    def statements(
        self, asked: ReviewPlan, tags: tuple[str, ...] = ()
    ) -> tuple[RemovedStatement, ...]:
        """Section 1: each statement, or those of some tags, removed from the arm of the plan."""
        trial = read_trial(asked.trial)
        trial.arm(asked.arm)
        known = runner.compose(trial).statements
        for tag in tags:
            if tag not in {s.tag for s in known}:
                raise UnknownName("statement", tag, [s.tag for s in known])
        all_statements = [s for s in known if not tags or s.tag in tags]
        complete = self._course(trial, asked.arm, ())
        effects = []
        for done, statement in enumerate(all_statements, 1):
            command = f"normoxia run {asked.trial} --ablate {statement.tag} {self._size}"
            try:
                without = self._course(trial, asked.arm, (statement.tag,))
            except InvalidArgument as error:
                effects.append(RemovedStatement(statement=statement, why_not=str(error)))
            else:
                effects.append(reviewed_statements.effect(statement, complete, without, command))
            self._progress(Step("statements", done, len(all_statements), "statements"))
        return tuple(effects)

    def studies(self, asked: ReviewPlan) -> tuple[ReviewedStudy, ...]:
        """Section 2: each study simulated where that is possible."""
        known = registry()
        wanted = [(group.section, name) for group in asked.groups for name in group.studies]
        findings = audit(known)
        reviewed = []
        for done, (section, name) in enumerate(wanted, 1):
            study = known[name]
            about = tuple(d for d in findings if d.study == study.id)
            try:
                trial = from_study.preferred(study.id)
            except InvalidArgument as error:
                rows = reviewed_outcomes(study, ())
                reviewed.append(
                    ReviewedStudy(
                        study=study,
                        section=section,
                        outcomes=rows,
                        discrepancies=about,
                        why_not=str(error),
                    )
                )
            else:
                run = running.in_memory(
                    self._plan(trial), workers=self._workers, watch=nullcontext(silent)
                )
                reviewed.append(
                    ReviewedStudy(
                        study=study,
                        section=section,
                        outcomes=reviewed_outcomes(study, run.comparisons),
                        discrepancies=about,
                        command=f"normoxia run study:{study.id} {self._size}",
                    )
                )
            self._progress(Step("studies", done, len(wanted), "studies"))
        return tuple(reviewed)

    def questions(self, asked: ReviewPlan) -> tuple[QuestionAnswer, ...]:
        """Section 3: each open question by its verb."""
        answers = []
        for done, question in enumerate(asked.questions, 1):
            answers.append(self._answer(question))
            self._progress(Step("questions", done, len(asked.questions), "questions"))
        return tuple(answers)

    def provenance(self, began: float) -> dict[str, object]:
        """What the runs have in common."""
        return {
            **self._provenance,
            "patients": self._patients,
            "draws": self._draws,
            "seed": self._seed,
            "wall_seconds": round(time.monotonic() - began, 1),
        }

    def _answer(self, question: OpenQuestion) -> QuestionAnswer:
        import normoxia

        verb = getattr(normoxia, question.verb)
        size = {} if question.own_size else {"patients": self._patients, "draws": self._draws}
        options = {**size, "seed": self._seed}
        self._note(question.command)
        finished = verb(question.document, **options, workers=self._workers)
        plain = finished.summary()
        answer = plain.get("answer")
        can_be_told = answer.get("can_be_told") if isinstance(answer, dict) else None
        return QuestionAnswer(
            question=question,
            sentences={code: finished.answer(code) for code in review_plan.LANGUAGES},
            can_be_told=can_be_told if isinstance(can_be_told, bool) else None,
            command=" ".join([question.command, *(f"--{k} {v}" for k, v in options.items())]),
            provenance=_short(plain.get("manifest")),
        )

    def _course(self, trial: Trial, arm: str, ablated: tuple[str, ...]) -> ArmCourse:
        run = running.in_memory(
            self._plan(trial, ablated), workers=self._workers, watch=nullcontext(silent)
        )
        if not self._provenance:
            self._provenance = _short(run.provenance)
        return reviewed_statements.course(run.result, run.trial, arm)

    def _plan(self, trial: Trial, ablated: tuple[str, ...] = ()) -> Plan:
        return plan(
            trial, seed=self._seed, patients=self._patients, replicates=self._draws, ablate=ablated
        )


def _networks(asked: ReviewPlan) -> dict[str, dict[str, str]]:
    """The sentence of the network meta-analysis of progression-free survival of every group that has a question."""
    from normoxia.evidence.synthesis import answers
    from normoxia.language import language
    from normoxia.report.views.pooled import NetworkSections

    sentences: dict[str, dict[str, str]] = {}
    for name in dict.fromkeys(group.question for group in asked.groups if group.question):
        analysis = answers.answer(name).analyses.get("PFS")
        if analysis is None or analysis.synthesis is None:
            continue
        sentences[name] = {
            code: NetworkSections(
                analysis.synthesis, language(code), certainty=analysis.certainty, translated=True
            ).answer_words()
            for code in review_plan.LANGUAGES
        }
    return sentences


def _short(manifest: object) -> dict[str, object]:
    """What of a manifest names a run: versions and digests."""
    if not isinstance(manifest, Mapping):
        return {}
    kept = ("normoxia", "trial", "seed", "model_sha256", "protocol_sha256")
    short = {name: manifest[name] for name in kept if name in manifest}
    ensemble = manifest.get("ensemble")
    if isinstance(ensemble, Mapping) and "sha256" in ensemble:
        short["ensemble_sha256"] = ensemble["sha256"]
    return short


def _folder(out: str | Path | None) -> Path | None:
    """The folder asked for. Raises OutputExists when it holds other files than a review's."""
    if out is None:
        return None
    folder = Path(out)
    others = [entry.name for entry in _entries(folder) if entry.name not in _OURS]
    if others:
        raise OutputExists(f"{folder} holds other files ({', '.join(others[:3])}); name another")
    return folder


_OURS = ("review.json", "review.html", "figures")


def _entries(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(folder.iterdir())


def _ignore(text: str) -> None:
    """Discard a line about what is being done."""
