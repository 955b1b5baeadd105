"""A comparison as one plain object, for `--json` and for files."""

from __future__ import annotations

import math
from collections.abc import Sequence

from normoxia.design.comparisons import ComparisonDesign
from normoxia.design.regimens import RegimenOutcome
from normoxia.design.verdicts import JudgedContrast, NetworkEvidence
from normoxia.outcome import Estimate

SCHEMA = "normoxia.comparison/1"


def summary(
    design: ComparisonDesign, outcomes: Sequence[RegimenOutcome], judged: Sequence[JudgedContrast]
) -> dict[str, object]:
    """Return a comparison as plain values, without answer and manifest.

    Returns
    -------
    dict
        `comparison`, `title`, `asks`, `place`, `regimens` (each {id, title, outcomes}), `contrasts` (each
        {endpoint, measure, experimental, control, value, interval, better, evidence, agreement}). An interval or value that does not exist is null.
    """
    return {
        "comparison": design.name,
        "title": dict(design.titles),
        "asks": dict(design.asks),
        "place": design.place,
        "regimens": [
            {
                "id": regimen.id,
                "title": dict(regimen.titles),
                "regimen": list(regimen.courses),
                "outcomes": [_outcome(o) for o in outcomes if o.regimen == regimen.id],
            }
            for regimen in design.regimens
        ],
        "contrasts": [_contrast(j) for j in judged],
    }


def _outcome(outcome: RegimenOutcome) -> dict[str, object]:
    return {
        "endpoint": str(outcome.endpoint),
        "measure": str(outcome.measure),
        "months": _number(outcome.months),
        **_estimate(outcome.estimate),
    }


def _contrast(judged: JudgedContrast) -> dict[str, object]:
    c = judged.contrast
    return {
        "endpoint": str(c.endpoint),
        "measure": str(c.measure),
        "months": _number(c.months),
        "experimental": c.experimental,
        "control": c.control,
        **_estimate(c.estimate),
        "better": _number(c.better),
        "evidence": None if judged.evidence is None else _evidence(judged.evidence),
        "agreement": judged.agreement,
    }


def _evidence(evidence: NetworkEvidence) -> dict[str, object]:
    return {
        **_estimate(evidence.estimate),
        "source": f"network meta-analysis of {evidence.question}: {', '.join(evidence.studies)}",
        "certainty": evidence.certainty or None,
    }


def _estimate(estimate: Estimate) -> dict[str, object]:
    interval = [_number(estimate.low), _number(estimate.high)] if estimate.has_interval else None
    return {"value": _number(estimate.value), "interval": interval, "level": estimate.level}


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
