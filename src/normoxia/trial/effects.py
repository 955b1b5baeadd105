"""Treatment effects beside the hazard ratio: stratified ratio and test, and difference of restricted means.

Estimates pool all simulated patients; their intervals are those of a trial as large as the run, not prediction
intervals. Arms hold twins, which makes the estimates more precise than the intervals say.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia.errors import ComputationFailed, NotConverged, OutsideFollowUp
from normoxia.outcome import Endpoint
from normoxia.survival import (
    DAYS_PER_MONTH,
    Inference,
    TimeToEvent,
    hazard_ratio,
    kaplan_meier,
    log_rank,
    restricted_mean_difference,
)
from normoxia.trial.endpoints import evaluate
from normoxia.trial.protocol import AnalysisSet, Contrast, Trial
from normoxia.trial.result import TrialResult

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class TreatmentEffect:
    """The effects of one contrast on one endpoint in one analysis set.

    Attributes
    ----------
    population, endpoint, experimental, control
        What is compared.
    hazard_ratio, stratified_hazard_ratio
        Cox's; None when it cannot be estimated, the second also without strata.
    strata
        Covariates of the stratified ratio.
    log_rank_p
        Of the log-rank test, stratified where there are strata; nan when it cannot be done.
    rmst_months
        Horizon of the restricted means.
    rmst_difference
        Experimental minus control, days; None when it cannot be estimated.
    """

    population: str
    endpoint: Endpoint
    experimental: str
    control: str
    hazard_ratio: Inference | None
    stratified_hazard_ratio: Inference | None
    strata: tuple[str, ...]
    log_rank_p: float
    rmst_months: float
    rmst_difference: Inference | None


def treatment_effects(result: TrialResult, trial: Trial) -> tuple[TreatmentEffect, ...]:
    """Estimate the effects of every contrast on PFS and OS, set by set.

    Parameters
    ----------
    result
        A run.
    trial
        Its protocol, whose `plan` gives strata and the horizon of restricted means.
    """
    e = evaluate(result, trial.criteria, trial.plan.censoring)
    times = {Endpoint.PFS: (e.pfs, e.pfs_observed), Endpoint.OS: (e.os, e.os_observed)}
    effects = []
    for chosen in trial.sets:
        member = chosen.where.holds(result.covariates, result.n_rows)
        for contrast in trial.contrasts:
            pair = [result.rows(arm) for arm in (contrast.experimental, contrast.control)]
            rows = [arm[member[arm]] for arm in pair]
            if all(len(arm) for arm in rows):
                effects += [
                    _effect(result, trial, chosen, contrast, endpoint, rows, time, observed)
                    for endpoint, (time, observed) in times.items()
                ]
    return tuple(effects)


def _effect(
    result: TrialResult,
    trial: Trial,
    chosen: AnalysisSet,
    contrast: Contrast,
    endpoint: Endpoint,
    rows: list[Rows],
    time: Floats,
    observed: NDArray[np.bool_],
) -> TreatmentEffect:
    """Estimate one contrast's effect."""
    groups = [TimeToEvent(np.maximum(time[arm], 0.0), observed[arm]) for arm in rows]
    strata = tuple(name for name in trial.plan.strata if name in result.covariates)
    labels = [_labels(result, strata, arm) for arm in rows] if strata else None
    curves = [kaplan_meier(group) for group in groups]
    horizon = trial.plan.rmst_months * DAYS_PER_MONTH or min(curve.last for curve in curves)
    return TreatmentEffect(
        population=chosen.id,
        endpoint=endpoint,
        experimental=contrast.experimental,
        control=contrast.control,
        hazard_ratio=_attempt(lambda: hazard_ratio(groups[0], groups[1])),
        stratified_hazard_ratio=_attempt(lambda: hazard_ratio(groups[0], groups[1], strata=labels))
        if labels
        else None,
        strata=strata,
        log_rank_p=_p_value(groups, labels),
        rmst_months=horizon / DAYS_PER_MONTH,
        rmst_difference=_attempt(lambda: restricted_mean_difference(curves[0], curves[1], horizon)),
    )


def _labels(result: TrialResult, strata: tuple[str, ...], rows: Rows) -> NDArray[np.str_]:
    """Join the levels of each patient's strata into one label."""
    columns = [result.covariates[name][rows].astype(np.str_) for name in strata]
    return np.array(["|".join(levels) for levels in zip(*columns, strict=True)])


def _attempt(estimate: Callable[[], Inference]) -> Inference | None:
    """Give an estimate, or None when there are too few events or too short a follow-up for it."""
    try:
        return estimate()
    except (ComputationFailed, NotConverged, OutsideFollowUp):
        return None


def _p_value(groups: list[TimeToEvent], labels: list[NDArray[np.str_]] | None) -> float:
    """Give the p value of the log-rank test, nan when no event fell while both groups were at risk."""
    try:
        return log_rank(groups, strata=labels).p
    except ComputationFailed:
        return math.nan
