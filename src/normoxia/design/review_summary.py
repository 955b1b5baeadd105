"""The living review as one plain object."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from normoxia.design.review_plan import ReviewPlan
from normoxia.design.reviewed_statements import RemovedStatement
from normoxia.design.reviewed_studies import ReviewedOutcome, ReviewedStudy
from normoxia.outcome import Estimate

SCHEMA = "normoxia/review/1"


def summary(
    plan: ReviewPlan,
    statements: Sequence[RemovedStatement],
    studies: Sequence[ReviewedStudy],
    networks: Mapping[str, Mapping[str, str]],
    answers: Sequence[Mapping[str, object]],
    provenance: Mapping[str, object],
) -> dict[str, object]:
    """Return what `normoxia review --json` prints: lists in the order of the review, numbers with their commands."""
    return {
        "schema": SCHEMA,
        "title": dict(plan.titles),
        "statements": [_statement(effect) for effect in statements],
        "studies": [_study(study) for study in studies],
        "networks": {name: dict(sentence) for name, sentence in networks.items()},
        "facts": [{"place": dict(f.places), "says": dict(f.says)} for f in plan.facts],
        "questions": list(answers),
        "manifest": dict(provenance),
    }


def _statement(effect: RemovedStatement) -> dict[str, object]:
    statement = effect.statement
    return {
        "tag": statement.tag,
        "says": dict(statement.says),
        "place": statement.review_place,
        "ours": bool(statement.added),
        "term": statement.term,
        "states": {name: plain(change) for name, change in effect.states.items()},
        "survival": {str(name): plain(change) for name, change in effect.survival.items()},
        "command": effect.command,
        "why_not": effect.why_not,
    }


def _study(study: ReviewedStudy) -> dict[str, object]:
    return {
        "id": study.study.id,
        "section": study.section,
        "title": study.study.title,
        "arms": {arm.id: arm.label for arm in study.study.arms},
        "outcomes": [_outcome(row) for row in study.outcomes],
        "discrepancies": [
            {"item": str(d.item), "values": [str(v) for v in d.values], "found_by": d.found_by}
            for d in study.discrepancies
        ],
        "command": study.command,
        "why_not": study.why_not,
    }


def _outcome(row: ReviewedOutcome) -> dict[str, object]:
    return {
        "endpoint": str(row.endpoint),
        "measure": str(row.measure),
        "arm": row.arm,
        "comparator": row.comparator,
        "printed": None if math.isnan(row.printed) else row.printed,
        "printed_place": row.printed_place,
        "printed_of": row.printed_of,
        "published": plain(row.published),
        "source": row.source,
        "simulated": plain(row.simulated),
        "differs": row.differs,
        "inside": row.inside,
    }


def plain(estimate: Estimate | None) -> dict[str, float | None] | None:
    """An estimate as an object; ends that are not finite are null."""
    if estimate is None:
        return None
    parts = {"value": estimate.value, "low": estimate.low, "high": estimate.high}
    return {name: part if math.isfinite(part) else None for name, part in parts.items()}
