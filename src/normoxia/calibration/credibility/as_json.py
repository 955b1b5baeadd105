"""The credibility file as plain dictionaries; texts by language, numbers that do not exist as None.

schema, version, date, digests
summary      how many claims are met, not met, not done
questions[]  asks, context, influence, consequence, risk, impact, inappropriate, rests_on, standing, missing
sections[]   claims[] {id, factor, title, statement, criterion, found, status, problem, evidence {command, test, file, digest,
             date, version, computed}}
targets[]    every figure of the likelihood: study, figure, scale, value as printed, y and standard_error on the scale, n,
             weight (share of the information of its kind), single_arm, scored, source
priors[]     name, scale, centre, sd, source, and what is left of the spread where it is known
scored[]     study, population, endpoint, measure, contrast, value, interval, seen, stratum, source
scoreboard   as `normoxia validate --json`, None before there is one
outdated[]   documents that changed since the ensemble was fitted
limits[]
"""

from __future__ import annotations

import math
from typing import Any

from normoxia.calibration.credibility.file import SCHEMA, CredibilityClaim, CredibilityFile, Status
from normoxia.calibration.credibility.targets import WeighedTarget
from normoxia.calibration.credibility.wording import CredibilityQuestion
from normoxia.calibration.scoring import scoreboard_json
from normoxia.calibration.scoring.lock import Observed


def document(file: CredibilityFile) -> dict[str, Any]:
    """A credibility file as the module says."""
    left = {narrowing.name: narrowing.left for narrowing in file.narrowings}
    return {
        "schema": SCHEMA,
        "version": file.version,
        "date": file.date,
        "digests": dict(file.digests),
        "summary": {status.value: file.count(status) for status in Status},
        "questions": [_question(file, question) for question in file.questions],
        "sections": [
            {
                "id": s.id,
                "title": dict(s.title),
                "text": dict(s.text),
                "claims": [_claim(c) for c in s.claims],
            }
            for s in file.sections
        ],
        "targets": [_target(target) for target in file.targets],
        "priors": [
            {
                "name": p.name,
                "scale": p.scale,
                "centre": p.centre,
                "sd": p.sd,
                "source": p.source,
                "spread_left": left.get(p.name),
            }
            for p in file.space.parameters
        ],
        "scored": [_scored(observed) for observed in file.scored.observed],
        "scoreboard": scoreboard_json.document(file.board) if file.board is not None else None,
        "outdated": list(file.outdated),
        "limits": [dict(limit) for limit in file.limits],
    }


def _question(file: CredibilityFile, question: CredibilityQuestion) -> dict[str, Any]:
    return {
        "id": question.id,
        "title": dict(question.title),
        "asks": dict(question.asks),
        "context": dict(question.context),
        "influence": {"level": question.influence.level, "why": dict(question.influence.why)},
        "consequence": {"level": question.consequence.level, "why": dict(question.consequence.why)},
        "risk": question.risk,
        "impact": dict(question.impact),
        "inappropriate": [dict(words) for words in question.inappropriate],
        "rests_on": list(question.rests_on),
        "standing": file.standing(question).value,
        "missing": [claim.id for claim in file.missing(question)],
    }


def _claim(claim: CredibilityClaim) -> dict[str, Any]:
    e = claim.evidence
    return {
        "id": claim.id,
        "factor": claim.factor,
        "title": dict(claim.title),
        "statement": dict(claim.statement),
        "criterion": dict(claim.criterion),
        "found": dict(claim.found),
        "status": claim.status.value,
        "problem": claim.problem,
        "evidence": {
            "command": e.command,
            "test": e.test,
            "file": e.file,
            "digest": e.digest,
            "date": e.date,
            "version": e.version,
            "computed": e.computed,
        },
    }


def _target(target: WeighedTarget) -> dict[str, Any]:
    o = target.observation
    return {
        "study": o.figure.study,
        "figure": str(o.figure),
        "scale": o.figure.kind.value,
        "value": o.value,
        "y": o.y,
        "standard_error": o.se,
        "n": o.n,
        "weight": target.weight,
        "single_arm": target.single_arm,
        "scored": target.scored,
        "source": o.source,
    }


def _scored(observed: Observed) -> dict[str, Any]:
    t = observed.target
    return {
        "study": t.study,
        "population": t.population,
        "endpoint": t.endpoint.value,
        "measure": t.measure.value,
        "contrast": t.contrast,
        "value": observed.value,
        "interval": [e if math.isfinite(e) else None for e in (observed.low, observed.high)],
        "seen": observed.seen,
        "stratum": observed.stratum,
        "source": observed.source,
    }
