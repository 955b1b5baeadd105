"""The credibility file: what the model may be asked, and for every claim behind the answer the run that proves or denies it.

Its parts follow ICH M15 (question of interest, context of use, influence, consequence, risk, impact, evaluation) and ASME V&V
40-2018 (credibility factors of verification, validation and applicability). Whether a claim is met is computed here, now, or
follows from a number that the repository keeps with its command; what was not done says so. Nothing is raised for a claim
that fails.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import partial
from typing import Any

from normoxia import __version__, evidence, library, mechanism, pharmacology, population
from normoxia.calibration import (
    applicability,
    credibility_document,
    hyperparameters,
    lock,
    targets,
    verification,
)
from normoxia.calibration.credibility_document import Measured, Question, Text, Wording, Words
from normoxia.calibration.ensemble import Calibrated
from normoxia.calibration.hyperparameters import Space
from normoxia.calibration.lock import Lock
from normoxia.calibration.scoreboard import Scoreboard
from normoxia.calibration.targets import WeighedTarget
from normoxia.calibration.verification import Found
from normoxia.errors import NormoxiaError
from normoxia.evidence.studies import registry
from normoxia.mechanism.model import Model
from normoxia.pharmacology import exposure
from normoxia.trial import designs, files
from normoxia.trial.protocol import Trial

SCHEMA = "normoxia.credibility/1"

#: effective draws below which an ensemble is thin, and by how much evidence narrows a number that it informs; both assumed
DRAWS, NARROWED = 100, 0.9
#: Vehtari et al. 2021, Bayesian Anal 16:667
CONVERGED = 1.01
#: Vehtari et al. 2024, J Mach Learn Res 25:72
HEALTHY_K = 0.7


class Status(StrEnum):
    """What is known of a claim."""

    MET = "met"
    NOT_MET = "not met"
    NOT_DONE = "not done"


@dataclass(frozen=True, slots=True)
class Evidence:
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


@dataclass(frozen=True, slots=True)
class Claim:
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
    evidence: Evidence
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the file with its claims."""

    id: str
    title: Words
    text: Words
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class Narrowing:
    """How far the evidence narrowed a calibrated number: standard deviations on its own scale, before and after."""

    name: str
    before: float
    after: float

    @property
    def left(self) -> float:
        """Spread after over before; 1 where the evidence says nothing."""
        return self.after / self.before


@dataclass(frozen=True, slots=True)
class CredibilityFile:
    """Everything the report tells, as values.

    targets   what calibration is fitted to; narrowings what it could tell, () before there is an ensemble
    scored    the lock with the published figures; board what was predicted for them, None where nothing was
    protocols of every study that can be run, by study
    """

    questions: tuple[Question, ...]
    sections: tuple[Section, ...]
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

    @property
    def claims(self) -> tuple[Claim, ...]:
        """All claims in order."""
        return tuple(claim for section in self.sections for claim in section.claims)

    def claim(self, name: str) -> Claim:
        """The claim of an id."""
        return next(claim for claim in self.claims if claim.id == name)

    def count(self, status: Status) -> int:
        """Claims of a status."""
        return sum(claim.status is status for claim in self.claims)

    def standing(self, question: Question) -> Status:
        """Whether the model may be leaned on for a question: met when all it rests on is, not met when anything fails."""
        found = {self.claim(name).status for name in question.rests_on}
        return next((s for s in (Status.NOT_MET, Status.NOT_DONE) if s in found), Status.MET)

    def missing(self, question: Question) -> tuple[Claim, ...]:
        """What a question rests on and does not hold, or was not done."""
        held = (self.claim(name) for name in question.rests_on)
        return tuple(claim for claim in held if claim.status is not Status.MET)

    def as_json(self) -> dict[str, Any]:
        """Plain dictionaries and lists, see `credibility_json`."""
        from normoxia.calibration import credibility_json

        return credibility_json.document(self)


def credibility(
    biology: Model | None = None,
    *,
    calibrated: Calibrated | None = None,
    board: Scoreboard | None = None,
    scored_forecasts: int = 0,
) -> CredibilityFile:
    """The credibility file of a biology, the shipped one by default; takes some ten seconds.

    calibrated        the ensemble; without it nothing is said of the posterior and of what it identifies
    board             what validation gave; without it those claims are not done
    scored_forecasts  blind forecasts whose results have since come and been scored
    """
    model = mechanism.read(library.path("models", "nsclc")) if biology is None else biology
    text, known, space = credibility_document.read(), lock.read(), hyperparameters.read()
    protocols = targets.protocols()
    held = targets.blocks(protocols, known)
    narrowed = narrowings(calibrated) if calibrated is not None else ()
    found = {
        **_inputs(model),
        **verification.verify(model),
        "documents": _documents(),
        **targets.checks(held, space),
        **_ensemble(calibrated, board),
        **_identifiability(space, narrowed),
        **_validation(text.locked, known, board, scored_forecasts),
        "comparators": _comparators(),
        **applicability.bearing(known, protocols),
    }
    weighed = targets.weighed(held)
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
        Section(
            name,
            title,
            intro,
            tuple(c for c, w in zip(claims, text.wordings, strict=True) if w.section == name),
        )
        for name, (title, intro) in text.sections.items()
    )
    return CredibilityFile(
        text.questions,
        sections,
        weighed,
        space,
        known,
        board,
        narrowed,
        text.limits,
        protocols,
        digests,
        today,
    )


def narrowings(calibrated: Calibrated) -> tuple[Narrowing, ...]:
    """How far the evidence narrowed each number that calibration may move, as standardised; its prior's spread is 1."""
    after = calibrated.states[:, : len(calibrated.space.parameters)].std(axis=0, ddof=1)
    return tuple(
        Narrowing(p.name, 1.0, float(sd)) for p, sd in zip(calibrated.space.parameters, after, strict=True)
    )


def _claim(
    wording: Wording, text: Text, found: Mapping[str, Found], digests: Mapping[str, str], today: str
) -> Claim:
    kept = text.measured.get(wording.id)
    one = _of_record(kept) if kept is not None else found.get(wording.id, Found(None))
    return Claim(
        wording.id,
        wording.factor,
        wording.title,
        _filled(wording.says, one),
        _filled(wording.criterion, one),
        _filled(wording.found, one) if one.met is not None else {},
        Status.NOT_DONE if one.met is None else Status.MET if one.met else Status.NOT_MET,
        _evidence(wording, kept, digests, today),
        one.problem,
    )


def _of_record(kept: Measured) -> Found:
    return Found(kept.met, {"value": kept.value, **kept.numbers})


def _filled(words: Words, found: Found) -> dict[str, str]:
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
    "validation": ("calibrations/lock.yaml", "lock"),
    "applicability": ("calibrations/lock.yaml", "lock"),
    "exposure": ("drugs/*.yaml", "drugs"),
    "priors_sourced": ("calibrations/hyperparameters.yaml", "priors"),
    "ensemble": ("calibrations/nsclc.yaml", "ensemble"),
    "forecasts_scored": ("forecasts/*.yaml", "forecasts"),
    "comparators": ("studies/*.yaml", "studies"),
}
_FOLDERS = ("drugs", "forecasts", "studies")


def _evidence(wording: Wording, kept: Measured | None, digests: Mapping[str, str], today: str) -> Evidence:
    if kept is not None:
        command = kept.command
        return Evidence(command, wording.test, kept.file, kept.sha256[:16], kept.date, kept.version, False)
    file, key = _CHECKED.get(wording.id) or _CHECKED[wording.section]
    shipped, seen = f"src/normoxia/library/{file}", digests.get(key, "")[:16]
    return Evidence(wording.command, wording.test, shipped, seen, today, __version__, True)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _folder(kind: str) -> str:
    """What `cat FOLDER/*.yaml | sha256sum` prints of a folder of the library."""
    whole = b"".join(library.path(kind, name).read_bytes() for name in library.names(kind))
    return hashlib.sha256(whole).hexdigest()


# the model's inputs


def _inputs(model: Model) -> dict[str, Found]:
    coded = [s for s in model.statements if not s.emergent]
    bare = [s.tag for s in coded if not s.strengths or not s.term]
    sources = [p.source for p in model.parameters]
    silent = sum(s is None or not s.reference.strip() for s in sources)
    named = [s for s in sources if s is not None]
    guessed = sum(s.reference.startswith(("assumed", "recalled")) for s in named)
    compared = exposure.comparisons()
    agree = sum(comparison.agrees for comparison in compared)
    n = len(sources)
    return {
        "review": Found(
            bool(coded) and not bare,
            {
                "statements": len(model.statements),
                "coded": len(coded),
                "emergent": len(model.statements) - len(coded),
            },
            ", ".join(bare),
        ),
        "sources": Found(not silent, {"parameters": n, "silent": silent}),
        "assumed": Found(
            not guessed, {"parameters": n, "assumed": guessed, "read": sum(s.verified for s in named)}
        ),
        "exposure": Found(agree == len(compared), {"agree": agree, "compared": len(compared)}),
    }


def _documents() -> Found:
    """Every shipped drug, population, protocol and study, read again."""
    readings: list[Callable[[], object]] = [
        *(partial(pharmacology.read, name) for name in pharmacology.library()),
        *(partial(population.read, name) for name in library.names("populations")),
        *(partial(files.read, name) for name in files.library()),
        *(partial(designs.read, name) for one in designs.forecasts() for name in one.protocols),
        *(partial(evidence.read, library.path("studies", name)) for name in library.names("studies")),
    ]
    refused = []
    for read in readings:
        try:
            read()
        except NormoxiaError as error:
            refused.append(str(error))
    return Found(not refused, {"read": len(readings), "refused": len(refused)}, next(iter(refused), ""))


def _comparators() -> Found:
    asked = Counter({study.id: len(evidence.check(study)) for study in registry()})
    numbers = {
        "questions": sum(asked.values()),
        "doubted": sum(n > 0 for n in asked.values()),
        "studies": len(asked),
    }
    return Found(not numbers["questions"], numbers)


# what a fit would give


def _ensemble(calibrated: Calibrated | None, board: Scoreboard | None) -> dict[str, Found]:
    k = board.calibration.max_pareto_k if board is not None else math.nan
    weighed = Found(k <= HEALTHY_K, {"k": k}) if math.isfinite(k) else Found(None)
    if calibrated is None:
        return {"ensemble": Found(None), "pareto": weighed}
    health = calibrated.manifest["sampling"]
    size, hat = float(health["effective_sample_size"]), float(health["largest_r_hat"])
    numbers = {"draws": int(health["draws"]), "size": size, "hat": hat}
    return {"ensemble": Found(size >= DRAWS and hat <= CONVERGED, numbers), "pareto": weighed}


def _identifiability(space: Space, narrowed: Sequence[Narrowing]) -> dict[str, Found]:
    if not narrowed:
        return {"reported": Found(None), "informed": Found(None)}
    calibrated = {p.name for p in space.parameters if p.role == "calibrated"}
    own = [n for n in narrowed if n.name in calibrated]
    informed = sum(n.left <= NARROWED for n in own)
    many = len(calibrated)
    return {
        "reported": Found(len(own) == many, {"reported": len(own), "calibrated": many}),
        "informed": Found(informed == many, {"informed": informed, "calibrated": many}),
    }


def _validation(
    locked: str, known: Lock, board: Scoreboard | None, scored_forecasts: int
) -> dict[str, Found]:
    amendments = known.amendments
    unchanged = known.digest == locked
    seen = {o.target.study for o in known.contrasts if o.seen}
    planned = sum(1 for one in designs.forecasts() if one.protocols)
    return {
        "lock": Found(
            unchanged and not amendments,
            {"digest": known.digest[:16], "amendments": amendments, "date": known.date},
        ),
        "unseen": Found(not seen, {"seen": len(seen), "studies": len(known.studies)}),
        "forecasts_scored": Found(
            True if scored_forecasts else None, {"scored": scored_forecasts, "designs": planned}
        ),
        **_thresholds(known, board),
    }


def _thresholds(known: Lock, board: Scoreboard | None) -> dict[str, Found]:
    """The thresholds of the lock; the three of the CRPS are one claim."""
    found: dict[str, Found] = {}
    for name, limit in known.thresholds.items():
        numbers: dict[str, float | int | str] = dict(limit) if isinstance(limit, Mapping) else {}
        numbers["wanted"] = len(known.failures)
        verdicts = [v for v in board.thresholds if v.name == name] if board is not None else []
        if not verdicts or board is None or math.isnan(verdicts[0].value):
            found[name] = Found(None, numbers)
            continue
        numbers |= {
            "value": verdicts[0].value,
            "limit": verdicts[0].limit,
            "rivals": ", ".join(f"{v.against} {v.limit:.4f}" for v in verdicts),
            "successes": len(board.judged.successes),
            "foreseen": board.judged.successes_predicted,
        }
        found[name] = Found(all(v.met for v in verdicts), numbers)
    return found
