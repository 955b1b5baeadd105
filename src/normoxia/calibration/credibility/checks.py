"""What is found of claims that are not about solving: the model's inputs, its documents, a posterior, validation, the registry."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial

from normoxia import evidence, library, pharmacology, population
from normoxia.calibration.credibility.verification import CheckResult
from normoxia.calibration.fitting.ensemble import Ensemble
from normoxia.calibration.fitting.hyperparameters import Space
from normoxia.calibration.scoring.lock import Lock
from normoxia.calibration.scoring.scoreboard import Scoreboard
from normoxia.calibration.scoring.study_list import calibration_studies
from normoxia.errors import NormoxiaError
from normoxia.mechanism.model import Model
from normoxia.pharmacology import exposure
from normoxia.trial import files
from normoxia.trial.making import designs

#: share of its prior's spread that a number has at most left to be called calibrated: half of the variance is gone; assumed
CALIBRATED = math.sqrt(0.5)
#: effective draws below which an ensemble is thin, and by how much evidence narrows a number that it informs; both assumed
DRAWS, NARROWED = 100, 0.9
#: Vehtari et al. 2021, Bayesian Anal 16:667
CONVERGED = 1.01
#: Vehtari et al. 2024, J Mach Learn Res 25:72
HEALTHY_K = 0.7


@dataclass(frozen=True, slots=True)
class Narrowing:
    """How far the evidence narrowed a number that may move: standard deviations on its own scale, before and after."""

    name: str
    before: float
    after: float

    @property
    def left(self) -> float:
        """Spread after over before; 1 where the evidence says nothing."""
        return self.after / self.before


def inputs(model: Model) -> dict[str, CheckResult]:
    """Claims on statements, sources and exposures of the model."""
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
        "review": CheckResult(
            bool(coded) and not bare,
            {
                "statements": len(model.statements),
                "coded": len(coded),
                "emergent": len(model.statements) - len(coded),
            },
            ", ".join(bare),
        ),
        "sources": CheckResult(not silent, {"parameters": n, "silent": silent}),
        "assumed": CheckResult(
            not guessed,
            {"parameters": n, "assumed": guessed, "read": sum(s.verified for s in named)},
        ),
        "exposure": CheckResult(
            agree == len(compared), {"agree": agree, "compared": len(compared)}
        ),
    }


@cache
def documents() -> CheckResult:
    """Every shipped drug, population, protocol and study, read again.

    Studies that the registry gives were read from these very documents: what it keeps of them bears the digest of all of them.
    """
    names = library.names("studies")
    try:
        known = len(evidence.registry())
    except NormoxiaError:
        known = 0
    studies = () if known == len(names) else names
    readings: list[Callable[[], object]] = [
        *(partial(pharmacology.read, name) for name in pharmacology.library()),
        *(partial(population.read, name) for name in library.names("populations")),
        *(partial(files.read, name) for name in files.library()),
        *(partial(designs.read, name) for one in designs.forecasts() for name in one.protocols),
        *(partial(evidence.read, library.path("studies", name)) for name in studies),
    ]
    refused = []
    for read in readings:
        try:
            read()
        except NormoxiaError as error:
            refused.append(str(error))
    return CheckResult(
        not refused,
        {"read": len(readings) + len(names) - len(studies), "refused": len(refused)},
        next(iter(refused), ""),
    )


def comparators() -> CheckResult:
    """Whether the audit of the registry leaves no question open."""
    asked = Counter({study.id: len(evidence.check(study)) for study in calibration_studies()})
    numbers = {
        "questions": sum(asked.values()),
        "doubted": sum(n > 0 for n in asked.values()),
        "studies": len(asked),
    }
    return CheckResult(not numbers["questions"], numbers)


def posterior(calibrated: Ensemble | None, board: Scoreboard | None) -> dict[str, CheckResult]:
    """Claims on the draws of the ensemble and on re-weighting."""
    k = board.diagnostics.max_pareto_k if board is not None else math.nan
    weighed = CheckResult(k <= HEALTHY_K, {"k": k}) if math.isfinite(k) else CheckResult(None)
    if calibrated is None:
        return {"ensemble": CheckResult(None), "pareto": weighed}
    health = calibrated.manifest["sampling"]
    size, hat = float(health["effective_sample_size"]), float(health["largest_r_hat"])
    numbers = {"draws": int(health["draws"]), "size": size, "hat": hat}
    return {"ensemble": CheckResult(size >= DRAWS and hat <= CONVERGED, numbers), "pareto": weighed}


def identifiability(space: Space, narrowed: Sequence[Narrowing]) -> dict[str, CheckResult]:
    """Claims on how far the evidence narrowed the numbers that move."""
    if not narrowed:
        return {"reported": CheckResult(None), "informed": CheckResult(None)}
    moved = {p.name for p in space.parameters}
    own = [n for n in narrowed if n.name in moved]
    informed, many = sum(n.left <= NARROWED for n in own), len(moved)
    strong = sum(n.left <= CALIBRATED for n in own)
    return {
        "reported": CheckResult(len(own) == many, {"reported": len(own), "moved": many}),
        "informed": CheckResult(
            informed == many, {"informed": informed, "calibrated": strong, "moved": many}
        ),
    }


def validation(
    locked: str, known: Lock, board: Scoreboard | None, scored_forecasts: int
) -> dict[str, CheckResult]:
    """Claims on the lock, on what was seen before it, on forecasts and on thresholds."""
    amendments = len(known.amendments)
    unchanged = known.digest == locked
    seen = {o.target.study for o in known.contrasts if o.seen}
    planned = sum(1 for one in designs.forecasts() if one.protocols)
    return {
        "lock": CheckResult(
            unchanged and not amendments,
            {"digest": known.digest[:16], "amendments": amendments, "date": known.date},
        ),
        "unseen": CheckResult(not seen, {"seen": len(seen), "studies": len(known.studies)}),
        "forecasts_scored": CheckResult(
            True if scored_forecasts else None, {"scored": scored_forecasts, "designs": planned}
        ),
        **thresholds(known, board),
    }


def thresholds(known: Lock, board: Scoreboard | None) -> dict[str, CheckResult]:
    """The thresholds of the lock; those against several baselines are one claim."""
    found: dict[str, CheckResult] = {}
    for name, limit in known.thresholds.items():
        numbers: dict[str, float | int | str] = dict(limit) if isinstance(limit, Mapping) else {}
        numbers["wanted"] = len(known.failures)
        verdicts = [v for v in board.thresholds if v.name == name] if board is not None else []
        if not verdicts or board is None or math.isnan(verdicts[0].value):
            found[name] = CheckResult(None, numbers)
            continue
        numbers |= {
            "value": verdicts[0].value,
            "limit": verdicts[0].limit,
            "rivals": ", ".join(f"{v.against} {v.limit:.4f}" for v in verdicts),
            "successes": len(board.primary_scores.successes),
            "foreseen": board.primary_scores.successes_predicted,
            "predicted": board.primary_scores.failures_predicted,
        }
        found[name] = CheckResult(all(v.met for v in verdicts), numbers)
    return found


def narrowings(calibrated: Ensemble) -> tuple[Narrowing, ...]:
    """How far the evidence narrowed each number that calibration may move, as standardised; its prior's spread is 1."""
    after = calibrated.states[:, : len(calibrated.space.parameters)].std(axis=0, ddof=1)
    return tuple(
        Narrowing(p.name, 1.0, float(sd))
        for p, sd in zip(calibrated.space.parameters, after, strict=True)
    )
