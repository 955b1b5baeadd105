"""Hazard ratios in subgroups of a virtual trial, and how often a trial of this size would find an interaction.

Every replicate is one trial. In each, Cox's hazard ratio is computed in every level of a covariate, and levels are tested for one ratio in all of them
by Cochran's Q of the log ratios (Gail and Simon's test of a quantitative interaction takes the same weights). The interval of a level is where such a
trial's subgroup would fall; the share of trials whose test falls below 5 % is 5 % when there is no interaction. Arms of a virtual trial hold
the same people, which leaves less to chance than in a real one: halves of the patients tell how much (`predictive.unpaired`), and what is
missing is added to the log ratios before they are tested.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia import seeding
from normoxia.outcome import Endpoint, Estimate, Measure
from normoxia.population.covariates import Column
from normoxia.survival.replicates import HazardRatios, hazard_ratio_many
from normoxia.trial import predictive
from normoxia.trial.analysis import ensemble_of
from normoxia.trial.endpoints import evaluate
from normoxia.trial.protocol import Trial
from normoxia.trial.result import TrialResult

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
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
    seed = int(str(result.manifest.get("seed", 0)))
    found = []
    for contrast in trial.contrasts:
        arms = [
            result.rows(name).reshape(result.n_replicates, -1)
            for name in (contrast.experimental, contrast.control)
        ]
        for name, columns in _divided(result, trial):
            levels, logs, errors = [], [], []
            for level, member in columns:
                n = float(sum(member[rows].sum() for rows in arms)) / result.n_replicates
                if n < 2.0 * FEWEST:
                    continue

                def ratios(one: Rows, other: Rows, member: Bools = member) -> HazardRatios:
                    rows = np.concatenate([one, other], axis=1)
                    in_first = np.arange(rows.shape[1]) < one.shape[1]
                    return hazard_ratio_many(
                        time[rows], observed[rows], in_first, included=member[rows]
                    )

                whole = ratios(arms[0], arms[1])
                purpose = f"trial/subgroups/{name}/{level}/{contrast.experimental}"
                logs.append(with_whole_chance(ratios, arms[0], arms[1], seed, purpose))
                errors.append(whole.standard_error)
                spread = predictive.unpaired(ratios, arms[0], arms[1]).hazard_ratios
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


def with_whole_chance(
    ratios: Callable[[Rows, Rows], HazardRatios], one: Rows, other: Rows, seed: int, purpose: str
) -> Floats:
    """Log hazard ratios of replicates with the chance of arms that hold different people; shape (n_replicates,).

    Parameters
    ----------
    ratios
        Gives hazard ratios of rows of both arms.
    one, other
        Rows of each arm, the same people in the same order; shape (n_replicates, n).
    seed, purpose
        Of the chance that is added.
    """
    whole = ratios(one, other)
    halves = [ratios(one[:, i::2], other[:, i::2]).log_hazard_ratio for i in (0, 1)]
    square = (halves[0] - halves[1]) ** 2 / 4.0
    known = square[np.isfinite(square)]
    paired = float(known.mean()) if len(known) else 0.0
    missing = np.sqrt(np.maximum(whole.standard_error**2 - paired, 0.0))
    z = seeding.normals(seed, purpose, len(missing), 1)[:, 0]
    return np.asarray(whole.log_hazard_ratio + missing * z)


def _divided(
    result: TrialResult, trial: Trial
) -> Iterator[tuple[str, list[tuple[str, NDArray[np.bool_]]]]]:
    """Each covariate with its levels and who belongs to them."""
    for name in COVARIATES:
        if name not in result.covariates:
            continue
        column: Column = result.covariates[name]
        if name in CUTS:
            is_high = column.astype(np.float64) >= CUTS[name]
            yield name, [(f"<{CUTS[name]:g}", ~is_high), (f">={CUTS[name]:g}", is_high)]
            continue
        levels = _in_order(np.unique(column).tolist(), trial, name)
        if 2 <= len(levels) <= 4:
            yield name, [(_level_name(level), column == level) for level in levels]


def _in_order(levels: list[object], trial: Trial, name: str) -> list[object]:
    """Levels in the order of the population, others in that of the alphabet."""
    law = next((c.law for c in trial.population.covariates if c.name == name), None)
    known = list(getattr(law, "shares", {}))
    return sorted(
        levels, key=lambda v: known.index(_level_name(v)) if _level_name(v) in known else len(known)
    )


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
