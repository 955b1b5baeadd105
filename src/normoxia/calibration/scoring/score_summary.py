"""What rows of a scoreboard amount to: the measures of the lock over any of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from normoxia.calibration.scoring import scores
from normoxia.calibration.scoring.scored_contrasts import ScoredContrast
from normoxia.outcome import Endpoint, Measure


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSummary:
    """The measures of the lock over some rows, every contrast and arm counting once unless said otherwise.

    nan where no row bears on a measure; shares are fractions; rates are those of disease control and of toxicity
    """

    n_pfs: int
    n_os: int
    n_responses: int
    n_medians: int
    coverage95: float
    coverage50: float
    mean_abs_log_hr_pfs: float
    mean_abs_log_hr_os: float
    noise_floor_pfs: float
    noise_floor_os: float
    crps: float
    log_score: float
    orr_within: float
    orr_mean_abs: float
    coverage95_orr: float
    coverage95_medians: float
    median_mean_abs_log: float
    n_rates: int
    dcr_within: float
    toxicity_within: float
    coverage95_rates: float

    @property
    def ratio_pfs(self) -> float:
        """Error of PFS over its noise floor."""
        return _over(self.mean_abs_log_hr_pfs, self.noise_floor_pfs)

    @property
    def ratio_os(self) -> float:
        """Error of OS over its noise floor."""
        return _over(self.mean_abs_log_hr_os, self.noise_floor_os)


def summarise(rows: Sequence[ScoredContrast]) -> ScoreSummary:
    """The measures of the lock over rows, each counting once."""
    ratios = _of(rows, Measure.HAZARD_RATIO)
    pfs, overall = (
        [r for r in ratios if r.observed.target.endpoint is e] for e in (Endpoint.PFS, Endpoint.OS)
    )
    percent, medians = _of(rows, Measure.PERCENT), _of(rows, Measure.MEDIAN_MONTHS)
    responses, control, toxicity = (
        [r for r in percent if r.observed.target.endpoint is e]
        for e in (Endpoint.ORR, Endpoint.DCR, Endpoint.TRAE3)
    )
    return ScoreSummary(
        n_pfs=len(pfs),
        n_os=len(overall),
        n_responses=len(responses),
        n_medians=len(medians),
        coverage95=_mean(r.inside95 for r in ratios),
        coverage50=_mean(r.inside50 for r in ratios),
        mean_abs_log_hr_pfs=_mean(r.predicted.error for r in pfs),
        mean_abs_log_hr_os=_mean(r.predicted.error for r in overall),
        noise_floor_pfs=scores.noise_floor([r.observed.se for r in pfs]),
        noise_floor_os=scores.noise_floor([r.observed.se for r in overall]),
        crps=_mean(r.predicted.crps for r in ratios),
        log_score=_mean(r.predicted.log_score for r in ratios),
        orr_within=_mean(bool(r.predicted.within) for r in responses),
        orr_mean_abs=_mean(r.predicted.error for r in responses),
        coverage95_orr=_mean(r.inside95 for r in responses),
        coverage95_medians=_mean(r.inside95 for r in medians),
        median_mean_abs_log=_mean(r.predicted.error for r in medians),
        n_rates=len(control) + len(toxicity),
        dcr_within=_mean(bool(r.predicted.within) for r in control),
        toxicity_within=_mean(bool(r.predicted.within) for r in toxicity),
        coverage95_rates=_mean(r.inside95 for r in (*control, *toxicity)),
    )


def summarise_by_study(rows: Sequence[ScoredContrast]) -> ScoreSummary:
    """The same measures as means over studies of each study's own; counts remain those of rows."""
    own = [
        summarise([r for r in rows if r.observed.target.study == study])
        for study in dict.fromkeys(r.observed.target.study for r in rows)
    ]
    counts = summarise(rows)
    means = {
        name: _mean(value for value in (getattr(f, name) for f in own) if not math.isnan(value))
        for name in ScoreSummary.__slots__
        if not name.startswith("n_")
    }
    return ScoreSummary(
        n_pfs=counts.n_pfs,
        n_os=counts.n_os,
        n_responses=counts.n_responses,
        n_medians=counts.n_medians,
        n_rates=counts.n_rates,
        **means,
    )


def crps_gain(rows: Sequence[ScoredContrast], baseline: str) -> tuple[float, float]:
    """By how much the CRPS of hazard ratios is below a baseline's, and the standard error of that over studies.

    returns  mean over contrasts (positive is better), and its standard error with contrasts of a study kept together (the
             studies' sums about the mean, as a ratio estimator); nan without contrasts, the latter with fewer than 2 studies
    """
    return _gain(rows, baseline, "crps")[:2]


def _gain(rows: Sequence[ScoredContrast], baseline: str, score: str) -> tuple[float, float, int]:
    """Mean gain on a baseline in a score of hazard ratios, its standard error over studies, and the number of studies."""
    gains_of: dict[str, list[float]] = {}
    for row in _of(rows, Measure.HAZARD_RATIO):
        if baseline in row.baselines:
            gain = getattr(row.baselines[baseline], score) - getattr(row.predicted, score)
            gains_of.setdefault(row.observed.target.study, []).append(gain)
    n, n_studies = sum(map(len, gains_of.values())), len(gains_of)
    mean = _mean(gain for gains in gains_of.values() for gain in gains)
    if n_studies <= 1:
        return mean, math.nan, n_studies
    squares = sum((sum(gains) - len(gains) * mean) ** 2 for gains in gains_of.values())
    return mean, math.sqrt(squares * n_studies / (n_studies - 1)) / n, n_studies


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """A mean difference of scores over the same contrasts, with a 95 % interval over studies.

    Attributes
    ----------
    difference
        The predictor's score less the baseline's; below 0 where the predictor is better.
    low, high
        Ends of the interval, by Student's t with one degree of freedom less than studies; nan with fewer than two studies.
    """

    difference: float
    low: float
    high: float


def paired_difference(
    rows: Sequence[ScoredContrast], baseline: str, score: str, endpoint: Endpoint | None = None
) -> PairedDifference:
    """How a predictor's score of hazard ratios differs from a baseline's on the same contrasts.

    Parameters
    ----------
    rows
        Of the predictor, with the baselines' predictions.
    baseline
        Name of the baseline.
    score
        "crps" or "error".
    endpoint
        One endpoint; all when omitted.
    """
    from scipy.special import stdtrit

    chosen = [r for r in rows if endpoint in (None, r.observed.target.endpoint)]
    mean, error, n = _gain(chosen, baseline, score)
    reach = float(stdtrit(n - 1, 0.975)) * error if n > 1 else math.nan
    return PairedDifference(-mean, -mean - reach, -mean + reach)


def _of(rows: Iterable[ScoredContrast], measure: Measure) -> list[ScoredContrast]:
    return [row for row in rows if row.observed.target.measure is measure]


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return float(np.mean(found)) if found else math.nan


def _over(value: float, floor: float) -> float:
    return value / floor if floor > 0 else math.nan
