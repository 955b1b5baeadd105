"""A simulated comparison analysed: outcomes of each regimen, contrasts of pairs, with intervals over draws of the ensemble.

Every draw of the ensemble is one possible truth in which the same patients receive each regimen with the same random
numbers. A contrast is computed within each draw; its interval is over draws, so that it says how well the
effect in such a population is known, not where a trial of some size would fall. The structural error that calibration estimated is
added: a normal error of the ensemble's standard deviation on the log hazard ratio, the logit of a share, the log cumulative hazard.
What n patients of a draw leave to chance is part of the spread and makes intervals somewhat too wide.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normoxia import seeding
from normoxia.errors import InvalidArgument
from normoxia.outcome import Endpoint, Estimate, Measure
from normoxia.survival.data import DAYS_PER_MONTH
from normoxia.survival.replicates import SurvivalCurves, hazard_ratio_many, kaplan_meier_many
from normoxia.trial import predictive
from normoxia.trial.analysis import ensemble_of
from normoxia.trial.endpoints import PatientEndpoints, evaluate
from normoxia.trial.protocol import Trial
from normoxia.trial.result import TrialResult
from normoxia.values import Value

Floats = NDArray[np.float64]

LEVEL = 0.95
#: months to which mean event-free time is restricted
HORIZONS: Mapping[Endpoint, float] = {Endpoint.PFS: 12.0, Endpoint.OS: 24.0}
#: measures whose null value is 1 and whose intervals are made on the log scale
RATIOS = (Measure.HAZARD_RATIO, Measure.ODDS_RATIO)
#: draws that still give an interval
FEWEST = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RegimenOutcome(Value):
    """An outcome of one regimen: months or percent."""

    regimen: str
    endpoint: Endpoint
    measure: Measure
    estimate: Estimate
    months: float = math.nan


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RegimenContrast:
    """One regimen against another.

    Attributes
    ----------
    experimental, control
        Ids of the regimens.
    endpoint, measure
        A hazard or odds ratio, a difference of restricted means (months) or of shares (percentage points).
    estimate
        With its interval over draws, structural error included.
    better
        Probability that the experimental regimen is better.
    draws
        The contrast in each draw with its structural error, on the natural scale; shape (n_draws,).
    """

    experimental: str
    control: str
    endpoint: Endpoint
    measure: Measure
    estimate: Estimate
    better: float
    draws: Floats
    months: float = math.nan

    @property
    def null(self) -> float:
        """The value of no effect: 1 for a ratio, 0 for a difference."""
        return 1.0 if self.measure in RATIOS else 0.0

    @property
    def excludes_null(self) -> bool:
        """Whether the interval excludes no effect."""
        return self.estimate.has_interval and not self.estimate.contains(self.null)


@dataclass(frozen=True, slots=True, eq=False)
class _Analysis:
    """Endpoints of a result by regimen and draw; rows have shape (n_draws, n)."""

    endpoints: PatientEndpoints
    rows: Mapping[str, NDArray[np.intp]]
    structural: Mapping[str, float]
    seed: int

    def errors(self, kind: str, purpose: str) -> Floats:
        """One structural error a draw, the same whatever else is asked."""
        n_draws = len(next(iter(self.rows.values())))
        normal = seeding.normals(self.seed, f"design/{kind}/{purpose}", n_draws, 1)[:, 0]
        return np.asarray(self.structural.get(kind, 0.0) * normal)


def analyse(
    result: TrialResult, trial: Trial
) -> tuple[tuple[RegimenOutcome, ...], tuple[RegimenContrast, ...]]:
    """Return the outcomes of every regimen and the contrasts of the trial.

    Parameters
    ----------
    result
        Of a run under the ensemble, each replicate a draw.
    trial
        As it was run, see `stage.trial_of`.

    Raises
    ------
    InvalidArgument
        The run was not under an ensemble, or had fewer than `FEWEST` draws.
    """
    structural = ensemble_of(result)
    if structural is None or result.n_replicates < FEWEST:
        raise InvalidArgument(
            f"found {result.n_replicates} draws{'' if structural else ' without an ensemble'}; "
            f"a comparison needs {FEWEST} draws of the ensemble or more"
        )
    rows = {arm.id: result.rows(arm.id).reshape(result.n_replicates, arm.n) for arm in trial.arms}
    seed = int(str(result.manifest.get("seed", 0)))
    analysis = _Analysis(
        evaluate(result, trial.criteria, trial.plan.censoring), rows, structural, seed
    )
    outcomes = tuple(o for arm in trial.arms for o in _outcomes(analysis, arm.id))
    contrasts = tuple(
        c for pair in trial.contrasts for c in _contrasts(analysis, pair.experimental, pair.control)
    )
    return outcomes, contrasts


def _curves(analysis: _Analysis, regimen: str, endpoint: Endpoint) -> SurvivalCurves:
    e, rows = analysis.endpoints, analysis.rows[regimen]
    time, observed = (e.pfs, e.pfs_observed) if endpoint is Endpoint.PFS else (e.os, e.os_observed)
    return kaplan_meier_many(time[rows], observed[rows])


def _shares(analysis: _Analysis, regimen: str) -> dict[Endpoint, Floats]:
    """Response and toxicity of a regimen in percent, by draw."""
    e, rows = analysis.endpoints, analysis.rows[regimen]
    return {
        Endpoint.ORR: 100.0 * e.responded[rows].mean(axis=1),
        Endpoint.TRAE3: 100.0 * e.toxic[rows].mean(axis=1),
    }


def _outcomes(analysis: _Analysis, regimen: str) -> list[RegimenOutcome]:
    outcomes = []
    for endpoint, horizon in HORIZONS.items():
        curves = _curves(analysis, regimen, endpoint)
        medians = curves.median / DAYS_PER_MONTH
        outcomes.append(
            RegimenOutcome(
                regimen=regimen,
                endpoint=endpoint,
                measure=Measure.MEDIAN_MONTHS,
                estimate=predictive.interval(
                    medians, Measure.MEDIAN_MONTHS, analysis.structural, LEVEL
                ),
            )
        )
        error = analysis.errors("curve", f"{endpoint}")
        means = restricted_means(curves, horizon, error)
        outcomes.append(
            RegimenOutcome(
                regimen=regimen,
                endpoint=endpoint,
                measure=Measure.RMST_MONTHS,
                estimate=over_draws(means),
                months=horizon,
            )
        )
    for endpoint, shares in _shares(analysis, regimen).items():
        outcomes.append(
            RegimenOutcome(
                regimen=regimen,
                endpoint=endpoint,
                measure=Measure.PERCENT,
                estimate=predictive.interval(shares, Measure.PERCENT, analysis.structural, LEVEL),
            )
        )
    return outcomes


def _contrasts(analysis: _Analysis, experimental: str, control: str) -> list[RegimenContrast]:
    contrasts = []
    for endpoint, horizon in HORIZONS.items():
        error = analysis.errors("ratio", f"{endpoint}/{experimental}/{control}")
        ratios = np.exp(_log_ratios(analysis, experimental, control, endpoint) + error)
        contrasts.append(
            _contrast(
                experimental, control, endpoint, Measure.HAZARD_RATIO, ratios, better=ratios < 1.0
            )
        )
        one, other = (_curves(analysis, name, endpoint) for name in (experimental, control))
        gained = restricted_means(one, horizon, error) - restricted_means(
            other, horizon, np.zeros_like(error)
        )
        contrasts.append(
            _contrast(
                experimental,
                control,
                endpoint,
                Measure.RMST_MONTHS,
                gained,
                better=gained > 0.0,
                months=horizon,
            )
        )
    first, second = _shares(analysis, experimental), _shares(analysis, control)
    for endpoint, shares in first.items():
        error = analysis.errors("response", f"{endpoint}/{experimental}/{control}")
        points = _moved(shares, error) - second[endpoint]
        is_better = points > 0.0 if endpoint is Endpoint.ORR else points < 0.0
        contrasts.append(
            _contrast(experimental, control, endpoint, Measure.PERCENT, points, better=is_better)
        )
        n = analysis.rows[experimental].shape[1]
        odds = np.exp(_logit(shares, n) + error - _logit(second[endpoint], n))
        is_better = odds > 1.0 if endpoint is Endpoint.ORR else odds < 1.0
        contrasts.append(
            _contrast(experimental, control, endpoint, Measure.ODDS_RATIO, odds, better=is_better)
        )
    return contrasts


def _contrast(
    experimental: str,
    control: str,
    endpoint: Endpoint,
    measure: Measure,
    draws: Floats,
    *,
    better: NDArray[np.bool_],
    months: float = math.nan,
) -> RegimenContrast:
    is_ratio = measure in RATIOS
    return RegimenContrast(
        experimental=experimental,
        control=control,
        endpoint=endpoint,
        measure=measure,
        estimate=over_draws(draws, is_ratio=is_ratio),
        better=float(better[np.isfinite(draws)].mean()) if np.isfinite(draws).any() else math.nan,
        draws=draws,
        months=months,
    )


def _log_ratios(analysis: _Analysis, experimental: str, control: str, endpoint: Endpoint) -> Floats:
    """Log hazard ratio of Cox's model in each draw."""
    e = analysis.endpoints
    time, observed = (e.pfs, e.pfs_observed) if endpoint is Endpoint.PFS else (e.os, e.os_observed)
    first, second = analysis.rows[experimental], analysis.rows[control]
    rows = np.concatenate([first, second], axis=1)
    in_first = np.arange(rows.shape[1]) < first.shape[1]
    return hazard_ratio_many(time[rows], observed[rows], in_first).log_hazard_ratio


def restricted_means(curves: SurvivalCurves, horizon: float, error: Floats) -> Floats:
    """Mean event-free months to a horizon in each draw, the cumulative hazard times exp(error).

    A curve that ends before the horizon is carried on at its last height.
    """
    with np.errstate(divide="ignore"):
        survival = np.exp(np.log(curves.survival) * np.exp(error)[:, None])
    days = horizon * DAYS_PER_MONTH
    edges = np.minimum(curves.times, days)
    widths = np.diff(edges, axis=1, append=days)
    return np.asarray((edges[:, 0] + (survival * widths).sum(axis=1)) / DAYS_PER_MONTH)


def _moved(shares: Floats, error: Floats) -> Floats:
    """Shares in percent with an error added to their logit; 0 and 100 stay."""
    p = shares / 100.0
    odds = np.exp(error)
    return np.asarray(100.0 * p * odds / (1.0 - p + p * odds))


def _logit(shares: Floats, n: int) -> Floats:
    """Log odds of shares in percent of n patients, half a patient added to both sides (Haldane-Anscombe)."""
    count = shares / 100.0 * n
    return np.asarray(np.log((count + 0.5) / (n - count + 0.5)))


def over_draws(draws: Floats, *, is_ratio: bool = False) -> Estimate:
    """Mean of the draws (of their logarithms for a ratio) with Student's interval over them."""
    from scipy.special import stdtrit

    known = draws[np.isfinite(draws) & ((draws > 0) | (not is_ratio))]
    if len(known) < 2:
        return Estimate(math.nan, level=LEVEL)
    x = np.log(known) if is_ratio else known
    mean, sd = float(x.mean()), float(x.std(ddof=1)) * math.sqrt(1.0 + 1.0 / len(x))
    half = float(stdtrit(len(x) - 1, 0.5 + LEVEL / 2.0)) * sd
    ends: Sequence[float] = (mean, mean - half, mean + half)
    value, low, high = (math.exp(end) if is_ratio else end for end in ends)
    return Estimate(value, low, high, LEVEL)
