"""Hazard ratios in subgroups of a virtual trial, and how often a trial of this size would find an interaction.

Every replicate is one trial. In each, Cox's hazard ratio is computed in every level of a covariate, and levels are tested for one ratio in all of them
by Cochran's Q of the log ratios (Gail and Simon's test of a quantitative interaction takes the same weights). The interval of a level is where such a
trial's subgroup would fall; the share of trials whose test falls below 5 % is 5 % when there is no interaction.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia.outcome import Endpoint, Estimate, Measure
from normoxia.population.covariates import Column
from normoxia.survival.replicates import HazardRatios, hazard_ratio_many
from normoxia.trial import predictive
from normoxia.trial.analysis import ensemble_of
from normoxia.trial.endpoints import evaluate
from normoxia.trial.protocol import Trial
from normoxia.trial.result import TrialResult

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

LEVEL, ALPHA = 0.95, 0.05
#: covariates that make subgroups, in order
COVARIATES = ("pdl1_tps", "histology", "egfr", "line", "sex_female", "age", "ecog", "smoker")
#: where a covariate that is a number is divided
CUTS: Mapping[str, float] = {"age": 65.0}
#: mean patients of a level in an arm of one trial
FEWEST = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SubgroupLevel:
    """The hazard ratio of one level.

    Attributes
    ----------
    level
        As the population names it; "<65" and ">=65" of a number that is divided.
    n
        Mean patients of both arms in one trial.
    ratio
        Experimental over control, with the 95 % interval in which such a trial's subgroup would fall.
    """

    level: str
    n: float
    ratio: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Subgroups:
    """The levels of one covariate under one contrast.

    Attributes
    ----------
    experimental, control
        Arms.
    endpoint
        PFS or OS.
    covariate
        Its name.
    levels
        Those with enough patients; two or more.
    interaction
        Share of trials whose test of interaction falls below 5 %; nan where none could be tested.
    """

    experimental: str
    control: str
    endpoint: Endpoint
    covariate: str
    levels: tuple[SubgroupLevel, ...]
    interaction: float


def subgroups(
    result: TrialResult, trial: Trial, endpoint: Endpoint = Endpoint.PFS
) -> tuple[Subgroups, ...]:
    """Return the subgroups of every contrast of a run.

    Parameters
    ----------
    result, trial
        Patients, and the protocol with the sizes of the run.
    endpoint
        PFS or OS.
    """
    e = evaluate(result, trial.criteria, trial.plan.censoring)
    time, observed = (e.pfs, e.pfs_observed) if endpoint is Endpoint.PFS else (e.os, e.os_observed)
    structural = ensemble_of(result) or {}
    found = []
    for contrast in trial.contrasts:
        arms = [
            result.rows(name).reshape(result.n_replicates, -1)
            for name in (contrast.experimental, contrast.control)
        ]
        for name, columns in _divided(result):
            levels, logs, errors = [], [], []
            for level, member in columns:
                n = float(sum(member[rows].sum() for rows in arms)) / result.n_replicates
                if n < 2.0 * FEWEST:
                    continue

                def ratios(one: Rows, other: Rows, member: Floats = member) -> HazardRatios:
                    rows = np.concatenate([one, other], axis=1)
                    in_first = np.arange(rows.shape[1]) < one.shape[1]
                    return hazard_ratio_many(
                        time[rows], observed[rows], in_first, included=member[rows]
                    )

                whole = ratios(*arms)
                logs.append(whole.log_hazard_ratio)
                errors.append(whole.standard_error)
                spread = predictive.unpaired(ratios, *arms).hazard_ratios
                ratio = predictive.interval(spread, Measure.HAZARD_RATIO, structural, LEVEL)
                if result.n_replicates == 1:
                    ratio = _of_one(whole)
                levels.append(SubgroupLevel(level=level, n=n, ratio=ratio))
            if len(levels) < 2:
                continue
            found.append(
                Subgroups(
                    experimental=contrast.experimental,
                    control=contrast.control,
                    endpoint=endpoint,
                    covariate=name,
                    levels=tuple(levels),
                    interaction=share_significant(np.array(logs), np.array(errors)),
                )
            )
    return tuple(found)


def _divided(result: TrialResult) -> Iterator[tuple[str, list[tuple[str, NDArray[np.bool_]]]]]:
    """Each covariate with its levels and who belongs to them."""
    for name in COVARIATES:
        if name not in result.covariates:
            continue
        column: Column = result.covariates[name]
        if name in CUTS:
            is_high = column.astype(np.float64) >= CUTS[name]
            yield name, [(f"<{CUTS[name]:g}", ~is_high), (f">={CUTS[name]:g}", is_high)]
            continue
        levels = np.unique(column)
        if 2 <= len(levels) <= 4:
            yield name, [(_level_name(level), column == level) for level in levels]


def _level_name(level: object) -> str:
    return f"{level:g}" if isinstance(level, float) else str(level)


def _of_one(ratios: HazardRatios) -> Estimate:
    """Hazard ratio of a single trial with its confidence interval."""
    low, high = ratios.interval(LEVEL)
    return Estimate(float(ratios.hazard_ratio[0]), float(low[0]), float(high[0]), LEVEL)


def interaction_p(logs: Floats, errors: Floats) -> Floats:
    """P value of Cochran's Q between levels in each trial; nan where a level has no ratio.

    Parameters
    ----------
    logs, errors
        Log hazard ratios and their standard errors; shape (n_levels, n_trials).
    """
    from scipy.special import chdtrc

    weights = 1.0 / errors**2
    mean = (weights * logs).sum(axis=0) / weights.sum(axis=0)
    q = (weights * (logs - mean) ** 2).sum(axis=0)
    return np.asarray(chdtrc(len(logs) - 1, q))


def share_significant(logs: Floats, errors: Floats) -> float:
    """Share of trials whose test of interaction falls below 5 %; nan where none could be tested."""
    p = interaction_p(logs, errors)
    known = p[np.isfinite(p)]
    return float((known < ALPHA).mean()) if len(known) else math.nan
