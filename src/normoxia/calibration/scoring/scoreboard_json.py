"""The scoreboard as plain dictionaries: hazard ratios as ratios, response in percent, medians in months.

    schema
    studies[]   study, population, endpoint, contrast, observed {value, interval}, predicted {median, interval50, interval95},
                inside95, baselines {constant, class_mean, component_nma}; worst first, about the primary predictor.
                `measure` distinguishes hazard ratios from response rates and medians; a baseline's entry is its predicted median, and
                `baseline_details` has the rest
    strata[]    the same for parts of patients counted already; in no summary but `of_strata`
    summary     coverage95, coverage50, mean_abs_log_hr_pfs, mean_abs_log_hr_os, noise_floor_pfs, noise_floor_os,
                orr_within_6_points (the lock's rule for responses, binomial included), crps, crps_baselines, and further ones
                (crps_gains: how much lower than each baseline's, with a standard error over studies; reach: what a
                predictor that knew the mean of each class exactly would get, see `reach`);
                `unseen`, `by_study`, `unseen_by_study` hold the same measures over less, or averaged otherwise
    thresholds  those of the lock, each with its number, its limit, and whether it is met
                paired: by baseline, the CRPS less the baseline's on the same hazard ratios, with its 95 % interval over studies,
                and the same of the errors of PFS and OS; by_class, by_line, by_histology, by_pdl1, by_region: measures of hazard ratios by
                group of trials, with those of the class mean
    chosen      the combination that is shipped, by endpoint, with the thresholds and paired differences of it
    combination beta and tau by endpoint, each with its 95 % interval: what the mechanism explains within classes, see `combination`
    predictors, baselines   the summary of each; "hybrid" and "departing" are former names of "combined" and "discrepancy"
    calibration draws, effective_sample_size, max_pareto_k, largest_r_hat; outdated: documents that changed since the fit

Numbers that do not exist, and ends that were not reached, are None.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from normoxia.calibration.scoring import baselines, groups
from normoxia.calibration.scoring.combination import LearnedWeight
from normoxia.calibration.scoring.lock import Observed, Target
from normoxia.calibration.scoring.score_summary import (
    PairedDifference,
    ScoreSummary,
    crps_gain,
    paired_difference,
)
from normoxia.calibration.scoring.scoreboard import (
    DirectionCall,
    PredictorScores,
    Scoreboard,
    Verdict,
)
from normoxia.calibration.scoring.scored_contrasts import Interval, PredictionScore, ScoredContrast
from normoxia.outcome import Endpoint, Measure

#: names that predictors had before, which readers of the JSON may know
_FORMER = {"hybrid": "combined", "departing": "discrepancy"}
#: measures of a group of trials
_OF_GROUPS = ("n_pfs", "n_os", "coverage95", "mean_abs_log_hr_pfs", "mean_abs_log_hr_os", "crps")
#: name and version of the dictionary
SCHEMA = "normoxia/scoreboard/1"


def document(board: Scoreboard) -> dict[str, Any]:
    """A scoreboard as the module says."""
    predictor = board.primary_scores
    return {
        "schema": SCHEMA,
        "primary": board.primary,
        "lock": {
            "version": board.lock.version,
            "date": board.lock.date,
            "sha256": board.lock.digest,
        },
        "studies": [_row(row) for row in predictor.rows],
        "strata": [_row(row) for row in predictor.strata],
        "summary": _summary(board),
        "thresholds": _verdicts(board.thresholds),
        "chosen": _chosen(board),
        "failures": [_call(call) for call in predictor.failures],
        "successes": [_call(call) for call in predictor.successes],
        "missing": [_target(target) for target in predictor.missing],
        "predictors": _predictors(board),
        "baselines": {
            name: {**_measures(one), "fallbacks": board.fallbacks[name]}
            for name, one in board.baselines.items()
        },
        "combination": {
            name: {
                endpoint.lower(): _learned(weight)[name]
                for endpoint, weight in board.learned.items()
            }
            for name in ("beta", "tau")
        },
        "calibration": {
            "draws": board.diagnostics.draws,
            "effective_sample_size": _number(board.diagnostics.effective_sample_size),
            "max_pareto_k": _number(board.diagnostics.max_pareto_k),
            "largest_r_hat": _number(board.diagnostics.largest_r_hat),
            "outdated": list(board.diagnostics.outdated),
        },
    }


def _predictors(board: Scoreboard) -> dict[str, Any]:
    """Measures of each predictor; two of them under the names of earlier versions too."""
    found = {name: _measures(one) for name, one in board.predictors.items()}
    return found | {old: found[name] for old, name in _FORMER.items() if name in found}


def _summary(board: Scoreboard) -> dict[str, Any]:
    predictor = board.primary_scores
    found = _measures(predictor)
    found["crps_baselines"] = {
        name: _number(one.summary.crps) for name, one in board.baselines.items()
    }
    found["crps_gains"] = {
        name: {"mean": _number(mean), "standard_error": _number(error)}
        for name, (mean, error) in (
            (name, crps_gain(predictor.rows, name)) for name in board.baselines
        )
    }
    found["paired"] = {name: _paired(predictor, name) for name in board.baselines}
    for by in groups.DIMENSIONS:
        found[f"by_{by}"] = _grouped(board, by)
    found["reach"] = {name: _number(value) for name, value in asdict(board.attainable).items()}
    found["attainable"] = found["reach"]
    found["unseen"]["crps_baselines"] = {
        name: _number(one.unseen.crps) for name, one in board.baselines.items()
    }
    return found


def _paired(predictor: PredictorScores, baseline: str) -> dict[str, Any]:
    """The CRPS less a baseline's, and errors of each endpoint likewise."""
    found = _difference(paired_difference(predictor.rows, baseline, "crps"))
    for endpoint in (Endpoint.PFS, Endpoint.OS):
        error = paired_difference(predictor.rows, baseline, "error", endpoint)
        found[f"error_{endpoint.lower()}"] = _difference(error)
    return found


def _difference(paired: PairedDifference) -> dict[str, Any]:
    return {"difference": _number(paired.difference), "interval": _ends((paired.low, paired.high))}


def _grouped(board: Scoreboard, by: str, predictor: str = "") -> dict[str, Any]:
    """Measures of hazard ratios by group of trials, with the class mean's beside."""
    found = {}
    for group in groups.grouped(board, by, predictor):
        figures, rival = _figures(group.predictor), _figures(group.class_mean)
        found[group.name] = {key: figures[key] for key in _OF_GROUPS}
        found[group.name]["class_mean"] = {key: rival[key] for key in _OF_GROUPS[2:]}
    return found


def _chosen(board: Scoreboard) -> dict[str, Any]:
    """Which combination is shipped, by endpoint, and how it stands against the thresholds and the baselines."""
    if "chosen" not in board.predictors:
        return {}
    scores = board.predictors["chosen"]
    return {
        "ways": {
            endpoint.lower(): {"way": one.way, "combined_less_by_class": _difference(one.paired)}
            for endpoint, one in board.choices.items()
        },
        "thresholds": _verdicts(board.verdicts("chosen")),
        "paired": {name: _paired(scores, name) for name in board.baselines},
    }


def _verdicts(verdicts: Iterable[Verdict]) -> list[dict[str, Any]]:
    return [
        {
            "name": v.name,
            "value": _number(v.value),
            "limit": _number(v.limit),
            "upper": _number(v.upper),
            "met": v.met,
            "against": v.against,
        }
        for v in verdicts
    ]


def _learned(weight: LearnedWeight) -> dict[str, Any]:
    return {
        "n": weight.n,
        **{
            name: {"value": value, "interval": [low, high]}
            for name, (value, low, high) in (("beta", weight.beta), ("tau", weight.tau))
        },
    }


def _measures(predictor: PredictorScores) -> dict[str, Any]:
    """The measures of one predictor: over everything at the top, over less beneath."""
    return {
        **_figures(predictor.summary),
        "failures_predicted": predictor.failures_predicted,
        "failures": len(predictor.failures),
        "successes_predicted": predictor.successes_predicted,
        "successes": len(predictor.successes),
        "missing": len(predictor.missing),
        "unseen": _figures(predictor.unseen),
        "by_study": _figures(predictor.by_study),
        "unseen_by_study": _figures(predictor.unseen_by_study),
        "of_strata": _figures(predictor.of_strata),
    }


def _figures(f: ScoreSummary) -> dict[str, Any]:
    return {
        "n_pfs": f.n_pfs,
        "n_os": f.n_os,
        "n_orr": f.n_responses,
        "n_medians": f.n_medians,
        "coverage95": _number(f.coverage95),
        "coverage50": _number(f.coverage50),
        "mean_abs_log_hr_pfs": _number(f.mean_abs_log_hr_pfs),
        "mean_abs_log_hr_os": _number(f.mean_abs_log_hr_os),
        "noise_floor_pfs": _number(f.noise_floor_pfs),
        "noise_floor_os": _number(f.noise_floor_os),
        "orr_within_6_points": _number(f.orr_within),
        "orr_mean_abs": _number(f.orr_mean_abs),
        "crps": _number(f.crps),
        "log_score": _number(f.log_score),
        "coverage95_orr": _number(f.coverage95_orr),
        "coverage95_medians": _number(f.coverage95_medians),
        "median_mean_abs_log": _number(f.median_mean_abs_log),
        "n_rates": f.n_rates,
        "dcr_within": _number(f.dcr_within),
        "toxicity_within": _number(f.toxicity_within),
        "coverage95_rates": _number(f.coverage95_rates),
    }


def _row(row: ScoredContrast) -> dict[str, Any]:
    o, t = row.observed, row.observed.target
    return {
        "study": t.study,
        "population": t.population,
        "endpoint": t.endpoint.value,
        "measure": t.measure.value,
        "contrast": t.contrast,
        "seen": o.seen,
        "observed": {
            "value": _number(o.value),
            "interval": _ends((o.low, o.high)),
            "level": o.level,
            "n": o.n or None,
        },
        "predicted": _cell(row.predicted, o),
        "inside95": row.inside95,
        "inside50": row.inside50,
        "baselines": {
            name: _number(_natural(own.median, o)) if own else None for name, own in _rivals(row)
        },
        "baseline_details": {name: _cell(own, o) for name, own in _rivals(row) if own},
    }


def _rivals(row: ScoredContrast) -> Iterable[tuple[str, PredictionScore | None]]:
    names = dict.fromkeys((*baselines.NAMES, *row.baselines))
    return ((name, row.baselines.get(name)) for name in names)


def _cell(cell: PredictionScore, o: Observed) -> dict[str, Any]:
    found: dict[str, Any] = {
        "median": _number(_natural(cell.median, o)),
        "interval50": _ends(tuple(_natural(end, o) for end in cell.interval50)),
        "interval95": _ends(tuple(_natural(end, o) for end in cell.interval95)),
        "error": _number(cell.error),
        "crps": _number(cell.crps),
        "pit": _number(cell.pit),
    }
    if o.target.is_ratio:
        found |= {
            "log_score": _number(cell.log_score),
            "probability_significant": _number(cell.win),
        }
    if cell.within is not None:
        found["within"] = cell.within
    if cell.fallback:
        found["fallback"] = cell.fallback
    return found


def _call(call: DirectionCall) -> dict[str, Any]:
    return {
        **_target(call.target),
        "probability_significant": _number(call.win),
        "foreseen": call.correct,
    }


def _target(t: Target) -> dict[str, Any]:
    return {
        "study": t.study,
        "population": t.population,
        "endpoint": t.endpoint.value,
        "contrast": t.contrast,
    }


def _natural(value: float, o: Observed) -> float:
    """A prediction on the scale it was published on."""
    return math.exp(min(value, 700.0)) if o.target.measure is Measure.HAZARD_RATIO else value


def _ends(interval: Interval | tuple[float, ...]) -> list[float | None] | None:
    """An interval, None when neither end exists."""
    ends = [_number(end) for end in interval]
    return None if ends == [None, None] else ends


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
