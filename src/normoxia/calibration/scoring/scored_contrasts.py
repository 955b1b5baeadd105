"""One published figure with what was predicted for it: the row of a scoreboard."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from normoxia.calibration.scoring import scores
from normoxia.calibration.scoring.lock import Observed
from normoxia.calibration.scoring.scores import Predictive
from normoxia.outcome import Measure
from normoxia.values import Value

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PredictionScore(Value):
    """One prediction beside what was published, on the scale of predictions (logarithm for hazard ratios).

    error      |median - published|; for medians of time on the natural logarithm, so that 5 for 10 is as wrong as 20 for 10
    within     of a response rate, whether it counts as predicted; None for other figures
    win        of a hazard ratio, share of predicted trials significant in favour of the experimental arm; nan otherwise
    fallback   of a baseline, the simpler one that answered; "" when it answered itself
    """

    median: float
    interval50: Interval
    interval95: Interval
    error: float
    crps: float
    log_score: float
    pit: float
    within: bool | None = None
    win: float = math.nan
    fallback: str = ""


@dataclass(frozen=True, slots=True)
class ScoredContrast:
    """One published figure with the prediction scored and those of the baselines (none for medians of time)."""

    observed: Observed
    predicted: PredictionScore
    baselines: Mapping[str, PredictionScore] = field(default_factory=dict)

    @property
    def inside50(self) -> bool:
        """Whether the published value lies in the central 50 %."""
        return scores.contains(self.predicted.interval50, self.observed.y)

    @property
    def inside95(self) -> bool:
        """Whether the published value lies in the central 95 %."""
        return scores.contains(self.predicted.interval95, self.observed.y)


def cell(observed: Observed, prediction: Predictive, fallback: str = "") -> PredictionScore:
    """One prediction scored."""
    target, median, y = observed.target, prediction.median, observed.y
    error = abs(median - y)
    if target.measure is Measure.MEDIAN_MONTHS:
        error = _apart(median, y)
    within = None
    if target.measure is Measure.PERCENT:
        within = scores.response_is_within(median, observed.value, observed.n)
    return PredictionScore(
        median=median,
        interval50=prediction.interval(0.50),
        interval95=prediction.interval(0.95),
        error=error,
        crps=prediction.crps(y),
        log_score=prediction.log_score(y) if target.is_ratio else math.nan,
        pit=prediction.pit(y),
        within=within,
        win=prediction.win_probability(observed.se) if target.is_ratio else math.nan,
        fallback=fallback,
    )


def worst_first(row: ScoredContrast) -> tuple[float, float]:
    """How badly a figure was predicted, comparable over measures; the larger the worse.

    First how far in a tail of the prediction the published value lies (0 at its median, 1 beyond every draw), which needs
    no unit and bears medians that are not reached; then the error over half the width of the central 95 %.
    """
    low, high = row.predicted.interval95
    if row.observed.target.measure is Measure.MEDIAN_MONTHS:
        low, high = (math.log(end) if end > 0 else -math.inf for end in (low, high))
    half = (high - low) / 2.0
    tail = abs(2.0 * row.predicted.pit - 1.0)
    if not math.isfinite(row.predicted.error):
        return tail, math.inf
    return tail, row.predicted.error / half if half > 0 else math.inf


def _apart(a: float, b: float) -> float:
    """Distance of two times on the natural logarithm; 0 when neither was reached, infinite when one was."""
    if a == b:
        return 0.0
    return abs(math.log(a / b)) if 0.0 < a < math.inf and 0.0 < b < math.inf else math.inf
