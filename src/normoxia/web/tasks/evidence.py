"""Published studies: rows of the registry, one study whole, and the audit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import normoxia as nx
from normoxia import evidence
from normoxia.api.plain import plain
from normoxia.evidence import reports
from normoxia.outcome import Endpoint, Measure

if TYPE_CHECKING:
    from normoxia.evidence.studies.study import Study
    from normoxia.outcome import Estimate, Outcome

_COMPACT = (
    "id",
    "title",
    "group",
    "phase",
    "design",
    "line",
    "histology",
    "egfr",
    "pdl1",
    "region",
    "masking",
    "year",
    "n",
    "discrepancies",
    "unverified",
    "outcomes",
    "primary_endpoint_met",
)


def studies(lang: str = "en") -> dict[str, Any]:
    """Every study of the registry as one compact row, with its hazard ratios of PFS and OS."""
    registry = evidence.registry()
    listing = reports.listing(registry, language=lang, questions=False)
    rows: Any = listing["studies"]
    return {
        "language": lang,
        "studies": [
            {
                **{key: row[key] for key in _COMPACT},
                "arms": [
                    {key: arm[key] for key in ("id", "label", "n", "classes")}
                    for arm in row["arms"]
                ],
                **_ratios(registry[row["id"]]),
            }
            for row in rows
        ],
    }


def study(name: str, lang: str = "en") -> dict[str, Any]:
    """A study whole: its row, every reported number with its source, its lines as `evidence show` prints them, its audit."""
    chosen = nx.read_study(name)
    registry = evidence.registry()
    rows: Any = reports.listing(registry, language=lang, questions=True)["studies"]
    row = next(one for one in rows if one["id"] == chosen.id)
    findings: Any = reports.audit_report(registry, lang)["findings"]
    return {
        "study": row,
        "lines": list(reports.show(chosen, lang)),
        "reported": [_outcome(one) for one in chosen.outcomes(derived=False, adjusted=True)],
        "best": [_outcome(one) for one in chosen.published()],
        "quotations": [
            {
                "what": figure.what,
                "arm": figure.arm,
                "population": figure.population,
                "value": figure.value,
                "unit": figure.unit,
                "quote": figure.quote,
            }
            for figure in chosen.review.figures
        ],
        "sources": [
            {"key": reference.key, "shown": reference.shown}
            for reference in chosen.sources.values()
        ],
        "discrepancies": [one for one in findings if one["study"] == chosen.id],
        **_ratios(chosen),
    }


def audit(lang: str = "en") -> Mapping[str, Any]:
    """Every discrepancy of the registry."""
    return nx.audit(lang=lang).content


def _ratios(study: Study) -> dict[str, Any]:
    """The first hazard ratio of PFS and of OS, that of the widest set of patients."""
    published = study.published()
    return {
        f"hr_{endpoint.lower()}": _first_ratio(published, endpoint)
        for endpoint in (Endpoint.PFS, Endpoint.OS)
    }


def _first_ratio(outcomes: Iterable[Outcome], endpoint: Endpoint) -> dict[str, Any] | None:
    ratios = [
        one
        for one in outcomes
        if one.endpoint is endpoint
        and one.measure is Measure.HAZARD_RATIO
        and math.isnan(one.months)
    ]
    if not ratios:
        return None
    first = ratios[0]
    return {
        "experimental": first.arm,
        "control": first.comparator,
        "population": first.population,
        **_estimate(first.estimate),
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "population": outcome.population,
        "endpoint": str(outcome.endpoint),
        "measure": str(outcome.measure),
        "arm": outcome.arm,
        "comparator": outcome.comparator,
        "months": plain(outcome.months),
        "n": outcome.n,
        "origin": outcome.origin,
        "source": outcome.source.reference if outcome.source else "",
        "place": outcome.source.place if outcome.source else "",
        **_estimate(outcome.estimate),
    }


def _estimate(estimate: Estimate) -> dict[str, Any]:
    return {
        "value": plain(estimate.value),
        "low": plain(estimate.low),
        "high": plain(estimate.high),
        "level": estimate.level,
    }
