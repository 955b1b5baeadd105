"""A run in one plain object: arms, contrasts, what was published, and whether each published value lies inside."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from normoxia.outcome import Endpoint, Estimate, Measure, Outcome
from normoxia.trial.analysis import PublishedComparison
from normoxia.trial.combined import CombinedRatio
from normoxia.trial.protocol import Trial
from normoxia.trial.result import TrialResult

SCHEMA = "normoxia.run/1"

#: the keys of an arm: endpoint, measure, and the landmark's month
ARM_KEYS: Mapping[str, tuple[Endpoint, Measure, float]] = {
    "orr_pct": (Endpoint.ORR, Measure.PERCENT, math.nan),
    "dcr_pct": (Endpoint.DCR, Measure.PERCENT, math.nan),
    "pfs_median_mo": (Endpoint.PFS, Measure.MEDIAN_MONTHS, math.nan),
    "os_median_mo": (Endpoint.OS, Measure.MEDIAN_MONTHS, math.nan),
    "dor_median_mo": (Endpoint.DOR, Measure.MEDIAN_MONTHS, math.nan),
    "pfs_12mo_pct": (Endpoint.PFS, Measure.LANDMARK_PERCENT, 12.0),
    "os_12mo_pct": (Endpoint.OS, Measure.LANDMARK_PERCENT, 12.0),
    "g3plus_trae_pct": (Endpoint.TRAE3, Measure.PERCENT, math.nan),
}


def summary(
    result: TrialResult,
    trial: Trial,
    comparisons: Sequence[PublishedComparison],
    manifest: Mapping[str, object],
    joined: Sequence[CombinedRatio] = (),
) -> dict[str, object]:
    """The run as one object for `--json`.

    returns  schema, trial, calibrated, n_replicates, failed (by arm), arms and contrasts of the first set of
             patients, populations (arms and contrasts of every set), published, manifest. Each estimate is
             {value, interval, level}; months and percent; what was not reached is null. A contrast has "hr", the
             mechanism's; "component_model", with who answered and without which study; and "joined", both combined,
             both null where they were not made
    """
    simulated = [c.simulated for c in comparisons]
    populations = [
        {
            "id": chosen.id,
            "title": dict(chosen.titles),
            "arms": [_arm(simulated, chosen.id, arm.id) for arm in trial.arms],
            "contrasts": _contrasts(simulated, chosen.id, joined),
        }
        for chosen in trial.sets
    ]
    return {
        "schema": SCHEMA,
        "trial": trial.id,
        "title": dict(trial.titles),
        "calibrated": trial.calibrated,
        "n_replicates": result.n_replicates,
        "failed": dict(result.failed),
        "population": trial.sets[0].id,
        "arms": populations[0]["arms"],
        "contrasts": populations[0]["contrasts"],
        "populations": populations,
        "published": [_published(c) for c in comparisons if c.published is not None],
        "manifest": dict(manifest),
    }


def _arm(outcomes: Iterable[Outcome], population: str, arm: str) -> dict[str, object]:
    own = [o for o in outcomes if o.population == population and o.arm == arm and not o.comparator]
    entry: dict[str, object] = {"id": arm, "n": max((o.n for o in own), default=0)}
    for key, (endpoint, measure, month) in ARM_KEYS.items():
        found = [
            o
            for o in own
            if (o.endpoint, o.measure) == (endpoint, measure) and _same(o.months, month)
        ]
        entry[key] = _estimate(found[0].estimate) if found else None
    return entry


def _contrasts(
    outcomes: Iterable[Outcome], population: str, joined: Iterable[CombinedRatio]
) -> list[dict[str, object]]:
    known = {one.key: one for one in joined}
    return [
        {
            "endpoint": str(o.endpoint),
            "experimental": o.arm,
            "control": o.comparator,
            "hr": _estimate(o.estimate),
            **_joined(known.get((population, o.endpoint, o.arm, o.comparator))),
        }
        for o in outcomes
        if o.population == population and o.measure is Measure.HAZARD_RATIO
    ]


def _joined(one: CombinedRatio | None) -> dict[str, object]:
    if one is None:
        return {"component_model": None, "joined": None}
    alone = {
        **_estimate(one.components),
        "answered_by": one.by,
        "class": one.kind,
        "left_out": one.left_out or None,
    }
    return {"component_model": alone, "joined": {**_estimate(one.joined), "way": one.way}}


def _published(comparison: PublishedComparison) -> dict[str, object]:
    outcome, published = comparison.simulated, comparison.published
    assert published is not None
    source = published.source
    return {
        "population": outcome.population,
        "endpoint": str(outcome.endpoint),
        "measure": str(outcome.measure),
        "arm": outcome.arm,
        "comparator": outcome.comparator,
        "month": outcome.months,
        **_estimate(published.estimate),
        "n": published.n,
        "origin": published.origin,
        "source": source.reference if source else "",
        "simulated": _estimate(outcome.estimate),
        "inside": comparison.inside,
    }


def _estimate(estimate: Estimate) -> dict[str, object]:
    interval = [estimate.low, estimate.high] if estimate.has_interval else None
    return {"value": estimate.value, "interval": interval, "level": estimate.level}


def _same(a: float, b: float) -> bool:
    return (math.isnan(a) and math.isnan(b)) or a == b
