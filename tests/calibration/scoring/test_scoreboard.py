"""The scoreboard: what perfect knowledge would score, what the issue's keys are, and that gaps are not hidden."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from normoxia.calibration.scoring import baselines, lock, score_summary, scoreboard_json
from normoxia.calibration.scoring.lock import Lock, Target
from normoxia.calibration.scoring.score_summary import crps_gain, paired_difference
from normoxia.calibration.scoring.scoreboard import EnsembleDiagnostics, Scoreboard, scoreboard
from normoxia.calibration.scoring.scores import NormalPredictive, Predictive, SampledPredictive
from normoxia.errors import InvalidArgument, UnknownName
from normoxia.outcome import Endpoint, Measure

LOCK = lock.read(version=1)
BASELINES = baselines.baselines(LOCK)
KEYS = {
    "study",
    "population",
    "endpoint",
    "contrast",
    "observed",
    "predicted",
    "inside95",
    "baselines",
}
SUMMARY = {
    "coverage95",
    "coverage50",
    "mean_abs_log_hr_pfs",
    "mean_abs_log_hr_os",
    "noise_floor_pfs",
    "noise_floor_os",
    "orr_within_6_points",
    "crps",
    "crps_baselines",
}


def model() -> dict[Target, Predictive]:
    """A predictor of every figure: every hazard ratio 0.8, every response 30 %, every median 10 months."""
    random = np.random.default_rng(1)
    found: dict[Target, Predictive] = {}
    for o in LOCK.observed:
        if o.target.is_ratio:
            found[o.target] = SampledPredictive(
                random.normal(math.log(0.8), math.hypot(0.1, o.se), 500)
            )
        elif o.target.measure is Measure.PERCENT:
            found[o.target] = SampledPredictive(100 * random.beta(3, 7, 500))
        else:
            found[o.target] = SampledPredictive(
                [*random.lognormal(math.log(10), 0.3, 480), *[math.inf] * 20]
            )
    return found


def board(given: Lock = LOCK, **predictors: dict[Target, Predictive]) -> Scoreboard:
    return scoreboard(given, predictors or {"model": model()}, baselines=BASELINES)


def test_a_predictor_that_knows_the_truth_errs_by_the_noise_floor() -> None:
    """200 sets of figures drawn about a truth with their own standard errors, each predicted from that truth.

    The mean error over 200 x 47 figures has Monte Carlo error below 2 % of the floor; coverage below 0.5 and 1 %.
    """
    random = np.random.default_rng(4)
    rows: list[score_summary.ScoreSummary] = []
    for _ in range(200):
        drawn = tuple(replace(o, value=math.exp(random.normal(-0.2, o.se))) for o in LOCK.contrasts)
        given = replace(LOCK, contrasts=drawn, strata=(), responses=(), medians=())
        truth: dict[Target, Predictive] = {o.target: NormalPredictive(-0.2, o.se**2) for o in drawn}
        rows.append(scoreboard(given, {"truth": truth}, baselines={}).primary_scores.summary)
    assert np.mean([f.ratio_pfs for f in rows]) == pytest.approx(1.0, abs=0.05)
    assert np.mean([f.ratio_os for f in rows]) == pytest.approx(1.0, abs=0.05)
    assert np.mean([f.coverage95 for f in rows]) == pytest.approx(0.95, abs=0.01)
    assert np.mean([f.coverage50 for f in rows]) == pytest.approx(0.50, abs=0.02)


def test_the_json_has_the_keys_that_were_asked_for() -> None:
    text = json.dumps(scoreboard_json.document(board()), allow_nan=False)  # no nan, no infinity
    found = json.loads(text)
    assert {"schema", "studies", "summary", "calibration"} <= set(found)
    assert len(found["studies"]) == len(LOCK.contrasts) + len(LOCK.responses) + len(LOCK.medians)
    assert len(found["strata"]) == 14
    for row in found["studies"]:
        assert set(row) >= KEYS
        assert set(row["observed"]) >= {"value", "interval"}
        assert set(row["predicted"]) >= {"median", "interval50", "interval95"}
        assert set(row["baselines"]) == {"constant", "class_mean", "component_nma"}
    assert set(found["summary"]) >= SUMMARY
    assert set(found["summary"]["paired"]) == {"constant", "class_mean", "component_nma"}
    assert set(found["combination"]) == {"beta", "tau"}
    assert set(found["summary"]["crps_baselines"]) == {"constant", "class_mean", "component_nma"}
    assert set(found["calibration"]) >= {"draws", "effective_sample_size", "max_pareto_k"}


def test_hazard_ratios_are_shown_on_the_natural_scale() -> None:
    found = scoreboard_json.document(board(m=dict(BASELINES["constant"].predictions)))
    row = next(
        r
        for r in found["studies"]
        if (r["study"], r["endpoint"], r["measure"]) == ("OAK", "PFS", "hazard ratio")
    )
    target = next(
        o.target
        for o in LOCK.contrasts
        if o.target.study == "OAK" and o.target.endpoint is Endpoint.PFS
    )
    law = BASELINES["constant"].predictions[target]
    assert (row["contrast"], row["population"]) == ("atezo vs docetaxel", "ITT850")
    assert row["observed"]["value"] == 0.95
    assert row["observed"]["interval"] == [0.82, 1.1]
    assert row["predicted"]["median"] == pytest.approx(math.exp(law.median))
    assert row["predicted"]["interval95"] == pytest.approx(
        [math.exp(end) for end in law.interval(0.95)]
    )
    assert row["baselines"]["constant"] == row["predicted"]["median"]
    assert row["predicted"]["crps"] == pytest.approx(law.crps(math.log(0.95)))


def test_summaries_are_the_locks_measures() -> None:
    """Counted again from the predictions themselves."""
    own, f = model(), board().primary_scores.summary
    pfs = [o for o in LOCK.contrasts if o.target.endpoint is Endpoint.PFS]
    assert (f.n_pfs, f.n_os, f.n_responses) == (23, 24, 38)
    assert f.mean_abs_log_hr_pfs == pytest.approx(
        np.mean([abs(own[o.target].median - o.y) for o in pfs])
    )
    assert f.noise_floor_pfs == pytest.approx(math.sqrt(2 / math.pi) * np.mean([o.se for o in pfs]))
    assert f.crps == pytest.approx(
        np.mean([own[o.target].crps(math.log(o.value)) for o in LOCK.contrasts])
    )
    inside = [
        low <= o.y <= high for o in LOCK.contrasts for low, high in [own[o.target].interval(0.95)]
    ]
    assert f.coverage95 == pytest.approx(np.mean(inside))


def test_summaries_without_the_trials_seen_and_over_studies() -> None:
    judged = board().primary_scores
    assert (judged.unseen.n_pfs, judged.unseen.n_os, judged.unseen.n_responses) == (17, 19, 30)
    studies = {row.observed.target.study for row in judged.rows}
    means = []
    for study in studies:
        crps = [
            r.predicted.crps
            for r in judged.rows
            if r.observed.target.study == study and r.observed.target.is_ratio
        ]
        means.append(np.mean(crps))
    assert judged.by_study.crps == pytest.approx(np.mean(means))
    assert judged.of_strata.n_pfs + judged.of_strata.n_os == 14


def test_the_worst_come_first() -> None:
    """A prediction far outside its own interval leads, one that hits the mark comes last."""
    own = model()
    worst, best = LOCK.contrasts[7], LOCK.contrasts[20]
    own[worst.target] = NormalPredictive(worst.y + 3.0, 0.01)
    own[best.target] = NormalPredictive(best.y, 0.01)
    rows = board(m=own).primary_scores.rows
    assert rows[0].observed.target == worst.target
    assert rows[-1].observed.target == best.target
    assert not rows[0].inside95
    assert rows[-1].inside50


def test_failing_and_succeeding_are_counted_apart() -> None:
    """Who predicts a hazard ratio of 1 everywhere foresees every failure and no success; of 0.3, the reverse."""

    def everywhere(ratio: float) -> dict[Target, Predictive]:
        return {o.target: NormalPredictive(math.log(ratio), 0.01 + o.se**2) for o in LOCK.contrasts}

    found = board(pessimist=everywhere(1.0), optimist=everywhere(0.3)).predictors
    wins = sum(o.high < 1.0 for o in LOCK.contrasts)
    assert (found["pessimist"].failures_predicted, found["pessimist"].successes_predicted) == (4, 0)
    assert (found["optimist"].failures_predicted, found["optimist"].successes_predicted) == (
        0,
        wins,
    )


def test_thresholds_are_those_of_the_lock() -> None:
    """Who knows every figure meets all of them; their limits come from the document and from the figures."""
    oracle: dict[Target, Predictive] = {
        o.target: NormalPredictive(o.y, o.se**2)
        if o.target.is_ratio
        else SampledPredictive([o.value])
        for o in LOCK.observed
    }
    found = board(oracle=oracle)
    by_name = {(v.name, v.against): v for v in found.thresholds}
    assert found.met
    assert set(by_name) == {
        ("coverage95", ""),
        ("orr_within_6_points", ""),
        ("failures_predicted", ""),
        ("mean_abs_log_hr_pfs", "noise floor"),
        ("mean_abs_log_hr_os", "noise floor"),
        ("crps", "constant"),
        ("crps", "class_mean"),
        ("crps", "component_nma"),
    }
    assert by_name["coverage95", ""].limit == 0.9
    floor = found.primary_scores.summary.noise_floor_os
    assert by_name["mean_abs_log_hr_os", "noise floor"].limit == pytest.approx(1.3 * floor)
    assert by_name["crps", "class_mean"].limit == found.baselines["class_mean"].summary.crps


def test_a_baseline_does_not_beat_itself() -> None:
    found = board(m=dict(BASELINES["class_mean"].predictions))
    verdict = next(v for v in found.thresholds if v.against == "class_mean")
    assert verdict.value == verdict.limit
    assert not verdict.met
    mean, error = score_summary.crps_gain(found.primary_scores.rows, "class_mean")
    assert (mean, error) == (0.0, 0.0)


def test_a_gain_has_an_error_over_studies() -> None:
    """With one contrast a study the error is the usual one of a mean."""
    firsts = {o.target.study: o for o in reversed(LOCK.contrasts)}
    given = replace(
        LOCK, contrasts=tuple(firsts.values()), strata=(), responses=(), medians=(), failures=()
    )
    own = {
        o.target: law
        for o in firsts.values()
        for law in [BASELINES["constant"].predictions[o.target]]
    }
    rows = scoreboard(given, {"m": own}, baselines=BASELINES).primary_scores.rows
    gains = [r.baselines["class_mean"].crps - r.predicted.crps for r in rows]
    mean, error = score_summary.crps_gain(rows, "class_mean")
    assert mean == pytest.approx(np.mean(gains))
    assert error == pytest.approx(np.std(gains, ddof=1) / math.sqrt(len(gains)))


def test_a_figure_left_out_is_listed_and_meets_no_threshold() -> None:
    own: dict[Target, Predictive] = {
        o.target: NormalPredictive(o.y, o.se**2) for o in LOCK.contrasts[1:]
    }
    found = board(partial=own)
    assert LOCK.contrasts[0].target in found.primary_scores.missing
    assert len(found.primary_scores.missing) == 1 + len(LOCK.responses)
    assert not any(v.met for v in found.thresholds if v.name != "failures_predicted")
    json.dumps(scoreboard_json.document(found), allow_nan=False)


def test_several_predictors_stand_side_by_side() -> None:
    both = {"mechanism": model(), "combined": dict(BASELINES["class_mean"].predictions)}
    found = scoreboard(
        LOCK,
        both,
        primary="combined",
        baselines=BASELINES,
        diagnostics=EnsembleDiagnostics(draws=4000, effective_sample_size=812.5, max_pareto_k=0.61),
    )
    plain = scoreboard_json.document(found)
    assert found.primary_scores.name == "combined"
    assert set(plain["predictors"]) == {"mechanism", "combined", "hybrid"}
    assert plain["predictors"]["hybrid"] == plain["predictors"]["combined"]
    assert plain["predictors"]["combined"]["crps"] == plain["baselines"]["class_mean"]["crps"]
    assert plain["calibration"] == {
        "draws": 4000,
        "effective_sample_size": 812.5,
        "max_pareto_k": 0.61,
        "largest_r_hat": None,
        "outdated": [],
    }


def test_what_cannot_be_meant_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="no predictor"):
        scoreboard(LOCK, {})
    with pytest.raises(UnknownName, match="combind"):
        scoreboard(LOCK, {"combined": model()}, primary="combind", baselines=BASELINES)
    stray = replace(LOCK.contrasts[0].target, arm="nobody")
    with pytest.raises(UnknownName, match="nobody"):
        board(m={stray: NormalPredictive(0.0, 1.0)})


def test_paired_differences_are_the_gains_turned_round_with_students_interval() -> None:
    """Against the gain's own error over studies, and Student's t from its table: 2.080 for 21 degrees of freedom."""
    found = board(m=model())
    rows = found.primary_scores.rows
    mean, error = crps_gain(rows, "constant")
    paired = paired_difference(rows, "constant", "crps")
    assert len(LOCK.studies) == 22
    assert paired.difference == pytest.approx(-mean)
    assert (paired.low, paired.high) == pytest.approx(
        (-mean - 2.0796 * error, -mean + 2.0796 * error), rel=1e-4
    )
    own = [r for r in rows if r.observed.target.is_ratio and r.observed.target.endpoint == "OS"]
    expected = np.mean([r.predicted.error - r.baselines["constant"].error for r in own])
    overall = paired_difference(rows, "constant", "error", Endpoint.OS)
    assert overall.difference == pytest.approx(float(expected))
    assert overall.low < overall.difference < overall.high


def test_measures_by_class_add_up_to_those_of_all() -> None:
    found = scoreboard_json.document(board(m=model()))["summary"]
    for key in ("n_pfs", "n_os"):
        assert sum(one[key] for one in found["by_class"].values()) == found[key]
    n = {kind: one["n_pfs"] + one["n_os"] for kind, one in found["by_class"].items()}
    total = sum(n[kind] * one["crps"] for kind, one in found["by_class"].items())
    assert total / sum(n.values()) == pytest.approx(found["crps"])
