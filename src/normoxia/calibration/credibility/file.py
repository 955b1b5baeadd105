"""The credibility file: what the model may be asked, and for every claim behind the answer the run that proves or denies it.

Its parts follow ICH M15 (question of interest, context of use, influence, consequence, risk, impact, evaluation) and ASME V&V
40-2018 (credibility factors of verification, validation and applicability). Whether a claim is met is computed here, now, or
follows from a number that the repository keeps with its command; what was not done says so. Nothing is raised for a claim
that fails.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from normoxia import __version__, library, mechanism
from normoxia.calibration.credibility import applicability, checks, targets, verification
from normoxia.calibration.credibility import wording as written
from normoxia.calibration.credibility.checks import Narrowing
from normoxia.calibration.credibility.targets import WeighedTarget
from normoxia.calibration.credibility.verification import CheckResult
from normoxia.calibration.credibility.wording import (
    ClaimWording,
    CredibilityQuestion,
    Measured,
    Text,
    Words,
)
from normoxia.calibration.fitting import hyperparameters
from normoxia.calibration.fitting.ensemble import Ensemble
from normoxia.calibration.fitting.hyperparameters import Space
from normoxia.calibration.scoring import lock
from normoxia.calibration.scoring.lock import Lock
from normoxia.calibration.scoring.scoreboard import Scoreboard
from normoxia.mechanism.model import Model
from normoxia.trial.protocol import Trial

SCHEMA = "normoxia.credibility/1"


class Status(StrEnum):
    """What is known of a claim."""

    MET = "met"
    NOT_MET = "not met"
    NOT_DONE = "not done"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimEvidence:
    """Where a reader finds, or repeats, what a claim rests on.

    command   that gives the number again; test that tries it
    file      what was checked, or what holds the number; digest the head of its SHA-256
    computed  whether the number was made for this file; else it was read from what the repository ships
    """

    command: str
    test: str
    file: str
    digest: str
    date: str
    version: str
    computed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CredibilityClaim:
    """One line: what is claimed, by which criterion, what was found, whether it holds, and where that can be seen.

    found    by language; "" where nothing was done
    problem  the first finding or error, as the program words it
    """

    id: str
    factor: str
    title: Words
    statement: Words
    criterion: Words
    found: Words
    status: Status
    evidence: ClaimEvidence
    problem: str = ""


@dataclass(frozen=True, slots=True)
class CredibilitySection:
    """A part of the file with its claims."""

    id: str
    title: Words
    text: Words
    claims: tuple[CredibilityClaim, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CredibilityFile:
    """Everything the report shows, as values.

    targets   what calibration is fitted to; narrowings how far it narrowed the parameters, () before there is an ensemble
    scored    the lock with the published figures; board what was predicted for them, None where nothing was
    protocols of every study that can be run, by study
    """

    questions: tuple[CredibilityQuestion, ...]
    sections: tuple[CredibilitySection, ...]
    targets: tuple[WeighedTarget, ...]
    space: Space
    scored: Lock
    board: Scoreboard | None
    narrowings: tuple[Narrowing, ...]
    limits: tuple[Words, ...]
    protocols: Mapping[str, Trial]
    digests: Mapping[str, str]
    date: str
    version: str = __version__
    outdated: tuple[str, ...] = ()

    @property
    def claims(self) -> tuple[CredibilityClaim, ...]:
        """All claims in order."""
        return tuple(claim for section in self.sections for claim in section.claims)

    def claim(self, name: str) -> CredibilityClaim:
        """The claim of an id."""
        return next(claim for claim in self.claims if claim.id == name)

    def count(self, status: Status) -> int:
        """Claims of a status."""
        return sum(claim.status is status for claim in self.claims)

    def standing(self, question: CredibilityQuestion) -> Status:
        """Whether the model may be leaned on for a question: met when all it rests on is, not met when anything fails."""
        found = {self.claim(name).status for name in question.rests_on}
        return next((s for s in (Status.NOT_MET, Status.NOT_DONE) if s in found), Status.MET)

    def missing(self, question: CredibilityQuestion) -> tuple[CredibilityClaim, ...]:
        """What a question rests on and does not hold, or was not done."""
        held = (self.claim(name) for name in question.rests_on)
        return tuple(claim for claim in held if claim.status is not Status.MET)


def credibility(
    biology: Model | None = None,
    *,
    calibrated: Ensemble | None = None,
    board: Scoreboard | None = None,
    scored_forecasts: int = 0,
) -> CredibilityFile:
    """The credibility file of a biology, the shipped one by default; takes some ten seconds.

    calibrated        the ensemble; without it nothing is said of the posterior and of what it identifies
    board             what validation gave; without it those claims are not done
    scored_forecasts  blind forecasts whose results have since come and been scored
    """
    model = mechanism.read(library.path("models", "nsclc")) if biology is None else biology
    text, known, space = written.read(), lock.read(), hyperparameters.read()
    protocols = targets.protocols()
    held = targets.blocks(protocols, known)
    narrowed = checks.narrowings(calibrated) if calibrated is not None else ()
    found = {
        **checks.inputs(model),
        **verification.verify(model),
        "documents": checks.documents(),
        **targets.checks(held, space),
        **checks.posterior(calibrated, board),
        **checks.identifiability(space, narrowed),
        **checks.validation(text.locked, known, board, scored_forecasts),
        "comparators": checks.comparators(),
        **applicability.bearing(known, protocols),
    }
    weighed = targets.weighed(held, known)
    digests = {
        "model": _digest(mechanism.write(model)),
        "targets": _digest("\n".join(f"{t.observation} {t.observation.value!r}" for t in weighed)),
        "priors": _digest(space.text),
        "lock": known.digest,
        **{kind: _folder(kind) for kind in _FOLDERS},
    }
    if calibrated is not None:
        digests["ensemble"] = calibrated.digest
    today = date.today().isoformat()
    claims = [_claim(wording, text, found, digests, today) for wording in text.wordings]
    sections = tuple(
        CredibilitySection(
            name,
            title,
            intro,
            tuple(c for c, w in zip(claims, text.wordings, strict=True) if w.section == name),
        )
        for name, (title, intro) in text.sections.items()
    )
    return CredibilityFile(
        questions=text.questions,
        sections=sections,
        targets=weighed,
        space=space,
        scored=known,
        board=board,
        narrowings=narrowed,
        limits=text.limits,
        protocols=protocols,
        digests=digests,
        date=today,
        outdated=calibrated.outdated if calibrated is not None else (),
    )


def _claim(
    wording: ClaimWording,
    text: Text,
    found: Mapping[str, CheckResult],
    digests: Mapping[str, str],
    today: str,
) -> CredibilityClaim:
    kept = text.measured.get(wording.id)
    one = _of_record(kept) if kept is not None else found.get(wording.id, CheckResult(None))
    return CredibilityClaim(
        id=wording.id,
        factor=wording.factor,
        title=wording.title,
        statement=_filled(wording.says, one),
        criterion=_filled(wording.criterion, one),
        found=_filled(wording.found, one) if one.met is not None else {},
        status=Status.NOT_DONE if one.met is None else Status.MET if one.met else Status.NOT_MET,
        evidence=_evidence(wording, kept, digests, today)
        if one.met is not None
        else _undone(wording),
        problem=one.problem,
    )


def _of_record(kept: Measured) -> CheckResult:
    return CheckResult(kept.met, {"value": kept.value, **kept.numbers})


def _filled(words: Words, found: CheckResult) -> dict[str, str]:
    """Texts with the numbers put in; "" where a check gave none, because it could not be carried out."""
    try:
        return {code: said.format(**found.numbers) for code, said in words.items()}
    except KeyError:
        return {}


#: what the claims of a section, or single ones, were computed from: a place in the library and the name of its digest
_CHECKED = {
    "model": ("models/nsclc.yaml", "model"),
    "verification": ("models/nsclc.yaml", "model"),
    "calibration": ("studies/*.yaml", "studies"),
    "identifiability": ("calibrations/nsclc.yaml", "ensemble"),
    "validation": ("calibrations/lock-2.yaml", "lock"),
    "applicability": ("calibrations/lock-2.yaml", "lock"),
    "exposure": ("drugs/*.yaml", "drugs"),
    "priors_sourced": ("calibrations/hyperparameters.yaml", "priors"),
    "ensemble": ("calibrations/nsclc.yaml", "ensemble"),
    "forecasts_scored": ("forecasts/*.yaml", "forecasts"),
    "comparators": ("studies/*.yaml", "studies"),
}
_FOLDERS = ("drugs", "forecasts", "studies")


def _evidence(
    wording: ClaimWording, kept: Measured | None, digests: Mapping[str, str], today: str
) -> ClaimEvidence:
    if kept is not None:
        command = kept.command
        return ClaimEvidence(
            command=command,
            test=wording.test,
            file=kept.file,
            digest=kept.sha256[:16],
            date=kept.date,
            version=kept.version,
            computed=False,
        )
    file, key = _CHECKED.get(wording.id) or _CHECKED[wording.section]
    shipped, seen = f"src/normoxia/library/{file}", digests[key][:16]
    return ClaimEvidence(
        command=wording.command,
        test=wording.test,
        file=shipped,
        digest=seen,
        date=today,
        version=__version__,
        computed=True,
    )


def _undone(wording: ClaimWording) -> ClaimEvidence:
    """How a claim would be shown, were it done."""
    return ClaimEvidence(
        command=wording.command,
        test=wording.test,
        file="",
        digest="",
        date="",
        version="",
        computed=False,
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _folder(kind: str) -> str:
    """What `cat FOLDER/*.yaml | sha256sum` prints of a folder of the library."""
    whole = b"".join(library.path(kind, name).read_bytes() for name in library.names(kind))
    return hashlib.sha256(whole).hexdigest()
