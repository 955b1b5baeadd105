"""The scoreboard: every scored figure, what was predicted for it without its study, and what that amounts to.

A `Scoreboard` holds any number of predictors side by side (the mechanism, a combination, anchored predictions) and the three
baselines, all scored by the same rules. Its threshold verdicts are those of the lock, about one of the predictors. Values
only; what shows them lies elsewhere. A figure that a predictor leaves out is listed in `missing` and no threshold that
rests on it is met.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from normoxia.calibration.scoring import attainable as best
from normoxia.calibration.scoring import baselines as statistics
from normoxia.calibration.scoring import scores
from normoxia.calibration.scoring.attainable import AttainableScores
from normoxia.calibration.scoring.baselines import BaselinePredictor
from normoxia.calibration.scoring.choice import Choice
from normoxia.calibration.scoring.combination import LearnedWeight
from normoxia.calibration.scoring.lock import Lock, Observed, Target
from normoxia.calibration.scoring.score_summary import (
    ScoreSummary,
    paired_difference,
    summarise,
    summarise_by_study,
)
from normoxia.calibration.scoring.scored_contrasts import (
    PredictionScore,
    ScoredContrast,
    cell,
    worst_first,
)
from normoxia.calibration.scoring.scores import Predictive
from normoxia.errors import InvalidArgument, UnknownName
from normoxia.outcome import Endpoint
from normoxia.values import Value

#: what a predictor gives: hazard ratios on the natural logarithm, response in percent, medians in months
Predictions = Mapping[Target, Predictive]


@dataclass(frozen=True, slots=True)
class DirectionCall:
    """A trial and whether it was predicted to come out as it did.

    win   share of predicted trials significant in favour of the experimental arm; nan when nothing was predicted
    """

    target: Target
    win: float
    correct: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One threshold: the number, its limit in the same unit, and whether it is met; `upper` is a second limit, above."""

    name: str
    value: float
    limit: float
    met: bool
    against: str = ""
    upper: float = math.inf


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class EnsembleDiagnostics(Value):
    """Diagnostics of the draws behind the predictions; nan and 0 when there are none (baselines).

    Attributes
    ----------
    draws
        Number of draws of the fit to every study.
    effective_sample_size
        Least effective number of draws over the entries of a state.
    max_pareto_k
        Largest Pareto shape of the studies that were left out by re-weighting.
    largest_r_hat
        Largest split R-hat over the entries of a state.
    outdated
        Names of the documents that changed since the fit; () when none did.
    """

    draws: int = 0
    effective_sample_size: float = math.nan
    max_pareto_k: float = math.nan
    largest_r_hat: float = math.nan
    outdated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictorScores:
    """Scores of one predictor.

    rows       contrasts, responses and medians that were predicted, worst first as `worst_first` has it
    strata     parts of patients counted already, in the same order; in no summary but their own
    missing    scored figures without a prediction (contrasts and responses)
    summary    all rows; unseen without the trials that had been run and seen; by_study and unseen_by_study the mean over
               studies of each study's mean
    """

    name: str
    rows: tuple[ScoredContrast, ...]
    strata: tuple[ScoredContrast, ...]
    missing: tuple[Target, ...]
    summary: ScoreSummary
    unseen: ScoreSummary
    by_study: ScoreSummary
    unseen_by_study: ScoreSummary
    of_strata: ScoreSummary
    failures: tuple[DirectionCall, ...]
    successes: tuple[DirectionCall, ...]

    @property
    def failures_predicted(self) -> int:
        """Failed trials that were predicted to fail."""
        return sum(call.correct for call in self.failures)

    @property
    def successes_predicted(self) -> int:
        """Trials whose published interval lies below 1 that were predicted to succeed."""
        return sum(call.correct for call in self.successes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoreboard:
    """Predictors and baselines on the same figures.

    primary      the predictor that the thresholds are about
    predictors   by name, in the order given; baselines likewise
    thresholds   of the primary predictor, as the lock writes them
    fallbacks    how many contrasts each baseline left to a simpler one
    learned      the weight of the mechanism beside class means, by endpoint, see `combination`
    choices      the combination that is shipped, by endpoint, see `choice`
    """

    lock: Lock
    primary: str
    predictors: Mapping[str, PredictorScores]
    baselines: Mapping[str, PredictorScores]
    thresholds: tuple[Verdict, ...]
    fallbacks: Mapping[str, int]
    diagnostics: EnsembleDiagnostics
    learned: Mapping[Endpoint, LearnedWeight] = field(default_factory=dict)
    choices: Mapping[Endpoint, Choice] = field(default_factory=dict)

    def verdicts(self, predictor: str) -> tuple[Verdict, ...]:
        """The thresholds of the lock applied to any predictor; those of the primary one are `thresholds`."""
        return _verdicts(self.lock, self.predictors[predictor], self.baselines)

    @property
    def attainable(self) -> AttainableScores:
        """What a predictor that knew each class of trial exactly would get."""
        return best.attainable_scores(self.lock)

    @property
    def primary_scores(self) -> PredictorScores:
        """The primary predictor."""
        return self.predictors[self.primary]

    @property
    def met(self) -> bool:
        """Whether every threshold is met."""
        return all(verdict.met for verdict in self.thresholds)


def scoreboard(
    lock: Lock,
    predictors: Mapping[str, Predictions],
    *,
    primary: str | None = None,
    baselines: Mapping[str, BaselinePredictor] | None = None,
    diagnostics: EnsembleDiagnostics | None = None,
    learned: Mapping[Endpoint, LearnedWeight] | None = None,
    choices: Mapping[Endpoint, Choice] | None = None,
) -> Scoreboard:
    """Every predictor and baseline against what was published.

    predictors   by name, each a mapping from the lock's targets to a distribution that includes sampling at the trial's
                 size: log hazard ratios, response in percent, medians in months
    primary      the one the thresholds are about; the first by default
    baselines    by default those of the lock, see `baselines.baselines`
    raises       InvalidArgument without a predictor, UnknownName for a primary that is none of them, or for a prediction
                 of something that is not scored
    """
    if not predictors:
        raise InvalidArgument("no predictor was given; name at least one")
    chosen = primary if primary is not None else next(iter(predictors))
    if chosen not in predictors:
        raise UnknownName("predictor", chosen, predictors)
    _only_scored(lock, predictors)
    rivals = statistics.baselines(lock) if baselines is None else baselines
    beside = {
        name: _cells(lock, rival.predictions, rival.fallbacks) for name, rival in rivals.items()
    }
    scored = {
        name: _score(lock, name, _cells(lock, given), beside) for name, given in predictors.items()
    }
    scored_baselines = {name: _score(lock, name, cells, {}) for name, cells in beside.items()}
    return Scoreboard(
        lock=lock,
        primary=chosen,
        predictors=scored,
        baselines=scored_baselines,
        thresholds=_verdicts(lock, scored[chosen], scored_baselines),
        fallbacks={
            name: sum(o.target in rival.fallbacks for o in lock.contrasts)
            for name, rival in rivals.items()
        },
        diagnostics=diagnostics or EnsembleDiagnostics(),
        learned=learned or {},
        choices=choices or {},
    )


def _cells(
    lock: Lock, given: Predictions, fallbacks: Mapping[Target, str] | None = None
) -> dict[Target, PredictionScore]:
    known = fallbacks or {}
    return {
        o.target: cell(o, given[o.target], known.get(o.target, ""))
        for o in lock.observed
        if o.target in given
    }


def _score(
    lock: Lock,
    name: str,
    cells: Mapping[Target, PredictionScore],
    beside: Mapping[str, Mapping[Target, PredictionScore]],
) -> PredictorScores:
    def rows(observed: Iterable[Observed]) -> tuple[ScoredContrast, ...]:
        found = [
            ScoredContrast(
                o,
                cells[o.target],
                {b: own[o.target] for b, own in beside.items() if o.target in own},
            )
            for o in observed
            if o.target in cells
        ]
        return tuple(sorted(found, key=worst_first, reverse=True))

    whole = rows((*lock.contrasts, *lock.responses, *lock.medians, *lock.rates))
    strata = rows(lock.strata)
    unseen = [row for row in whole if not row.observed.seen]
    wins = {o.target: cells[o.target].win for o in lock.contrasts if o.target in cells}
    return PredictorScores(
        name=name,
        rows=whole,
        strata=strata,
        missing=tuple(
            o.target for o in (*lock.contrasts, *lock.responses) if o.target not in cells
        ),
        summary=summarise(whole),
        unseen=summarise(unseen),
        by_study=summarise_by_study(whole),
        unseen_by_study=summarise_by_study(unseen),
        of_strata=summarise(strata),
        failures=tuple(_called(target, wins, fails=True) for target in lock.failures),
        successes=tuple(
            _called(o.target, wins, fails=False) for o in lock.contrasts if o.is_success
        ),
    )


def _called(target: Target, wins: Mapping[Target, float], *, fails: bool) -> DirectionCall:
    win = wins.get(target, math.nan)
    return DirectionCall(target, win, not math.isnan(win) and scores.predicts_failure(win) is fails)


def _verdicts(
    lock: Lock, predictor: PredictorScores, rivals: Mapping[str, PredictorScores]
) -> tuple[Verdict, ...]:
    """The lock's thresholds, a baseline each where they compare; none is met while figures it rests on are missing."""
    limits, figures = lock.thresholds, predictor.summary
    ratios_complete = not any(t.is_ratio for t in predictor.missing)
    responses_complete = not any(not t.is_ratio for t in predictor.missing)
    found = []
    for name, value, complete in (
        ("coverage95", figures.coverage95, ratios_complete),
        ("orr_within_6_points", figures.orr_within, responses_complete),
    ):
        low, high = float(limits[name]["at_least"]), float(limits[name].get("at_most", 1.0))
        met = complete and low <= value <= high
        found.append(Verdict(name=name, value=value, limit=low, met=met, upper=high))
    found += (
        _against_noise(lock, predictor, ratios_complete)
        if lock.version == 1
        else _against_baselines(lock, predictor, rivals, ratios_complete)
    )
    for name, rival in rivals.items():
        limit = rival.summary.crps
        met = ratios_complete and figures.crps < limit
        found.append(Verdict(name="crps", value=figures.crps, limit=limit, met=met, against=name))
    n_predicted, wanted = predictor.failures_predicted, limits["failures_predicted"]
    value, limit = float(n_predicted), float(wanted if lock.version == 1 else wanted["at_least"])
    if lock.version > 1:
        value = value / len(lock.failures) if lock.failures else math.nan
    found.append(Verdict(name="failures_predicted", value=value, limit=limit, met=value >= limit))
    return tuple(found)


def _against_noise(lock: Lock, predictor: PredictorScores, complete: bool) -> list[Verdict]:
    """Errors of the first lock: at most so many times the noise floor."""
    figures, found = predictor.summary, []
    for name, value, floor in (
        ("mean_abs_log_hr_pfs", figures.mean_abs_log_hr_pfs, figures.noise_floor_pfs),
        ("mean_abs_log_hr_os", figures.mean_abs_log_hr_os, figures.noise_floor_os),
    ):
        limit = float(lock.thresholds[name]["at_most"]) * floor
        met = complete and value <= limit
        found.append(Verdict(name=name, value=value, limit=limit, met=met, against="noise floor"))
    return found


def _against_baselines(
    lock: Lock, predictor: PredictorScores, rivals: Mapping[str, PredictorScores], complete: bool
) -> list[Verdict]:
    """Errors of the second lock: of PFS below every baseline, paired over trials; of OS not above the class mean's."""
    figures, found = predictor.summary, []
    name = "mean_abs_log_hr_pfs"
    share = 1.0 - float(lock.thresholds[name]["below_baselines_by"])
    for rival, own in rivals.items():
        if rival == statistics.SURROGATE:
            continue  # it predicts OS alone
        limit = share * own.summary.mean_abs_log_hr_pfs
        paired = paired_difference(predictor.rows, rival, "error", Endpoint.PFS)
        value = figures.mean_abs_log_hr_pfs
        met = complete and value <= limit and paired.high < 0.0
        found.append(Verdict(name=name, value=value, limit=limit, met=met, against=rival))
    if statistics.CLASS_MEAN in rivals:
        limit = rivals[statistics.CLASS_MEAN].summary.mean_abs_log_hr_os
        value = figures.mean_abs_log_hr_os
        found.append(
            Verdict(
                name="mean_abs_log_hr_os",
                value=value,
                limit=limit,
                met=complete and value <= limit,
                against=statistics.CLASS_MEAN,
            )
        )
    return found


def _only_scored(lock: Lock, predictors: Mapping[str, Predictions]) -> None:
    known = {o.target for o in lock.observed}
    for given in predictors.values():
        for target in given:
            if target not in known:
                raise UnknownName("scored figure", str(target), (str(t) for t in known))
