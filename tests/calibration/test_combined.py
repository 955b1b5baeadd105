"""The hybrid of mechanism and component model, where one of them is right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.trial import toy

from normoxia.calibration import combined
from normoxia.calibration.fitting.prediction import StudyPrediction
from normoxia.calibration.scoring import lock as locked
from normoxia.calibration.scoring.registry_evidence import LatentPrediction
from normoxia.calibration.scoring.scores import NormalPredictive
from normoxia.outcome import Endpoint, Estimate, Measure, Outcome
from normoxia.trial import analysis
from normoxia.trial.analysis import Replicated
from normoxia.trial.result import TrialResult

LOCK = locked.read()
N = 400


def predictions(error: float) -> dict:
    """A mechanism that errs by as much on every contrast, knowing itself to within 0.05."""
    draws = np.linspace(-1.6, 1.6, N) * 0.05
    found = {}
    for o in LOCK.contrasts:
        latent = o.y + error + draws
        found[o.target] = StudyPrediction(latent, latent, np.full(N, 1 / N))
    return found


def components(error: float) -> dict:
    return {o.target: NormalPredictive(o.y + error, 0.05**2 + o.se**2) for o in LOCK.contrasts}


def test_opposite_errors_are_averaged() -> None:
    joined = combined.combine(LOCK, predictions(0.2), components(-0.2), seed=1)
    errors = [joined[o.target].median - o.y for o in LOCK.contrasts]
    # the median of 400 draws with a chance of some 0.1 is known to 0.006 each, 47 of them to 0.001
    assert abs(np.mean(errors)) < 0.01


def test_parts_that_agree_keep_their_width() -> None:
    """Both know the latent ratio to 0.05 and move together; chance comes once."""
    joined = combined.combine(LOCK, predictions(0.0), components(0.0), seed=1)
    o = max(LOCK.contrasts, key=lambda o: o.se)
    low, high = joined[o.target].interval(0.95)
    assert (high - low) / (2 * 1.96) == pytest.approx(np.hypot(0.05, o.se), rel=0.1)


def test_what_one_of_them_does_not_predict_is_left_out() -> None:
    gone = LOCK.contrasts[0].target
    some = {t: p for t, p in components(0.0).items() if t != gone}
    assert gone not in combined.combine(LOCK, predictions(0.0), some, seed=1)


def latent(mean: float, variance: float, tau2: float = 0.0) -> LatentPrediction:
    return LatentPrediction(mean, variance, tau2)


def replicates(middle: float, variance: float, error2: float, n: int = 10**9) -> Replicated:
    outcome = Outcome(
        "t",
        "ITT",
        Endpoint.OS,
        Measure.HAZARD_RATIO,
        Estimate(np.exp(middle)),
        "a",
        "b",
        origin="simulated",
    )
    return Replicated(outcome, middle, variance, error2, n)


def test_a_run_is_joined_by_hand() -> None:
    """Mechanism -0.2, variance 0.05 of which 0.02 is chance, structural sd 0.1: latent sd 0.2. Components -0.4, 0.01 + 0.03: 0.2.

    Joined: -0.3, latent sd half of 0.2 and 0.2, variance 0.04 + 0.02 of chance.
    """
    found = combined.combine_equally(replicates(-0.2, 0.05, 0.02), 0.1, latent(-0.4, 0.01, 0.03))
    assert np.log(found.value) == pytest.approx(-0.3)
    assert np.log([found.low, found.high]) == pytest.approx(
        -0.3 + np.sqrt(0.06) * 1.959964 * np.array([-1, 1])
    )


def test_spread_below_chance_leaves_the_mechanism_its_structural_error() -> None:
    found = combined.combine_equally(replicates(0.0, 0.01, 0.04), 0.2, latent(0.0, 0.16))
    assert np.log(found.high) == pytest.approx(1.959964 * np.sqrt(0.3**2 + 0.04))


def test_few_replicates_widen_by_students_t() -> None:
    """Eight of them: 2.3646 for 1.9600 with seven degrees of freedom, and an eighth of their variance for the middle."""
    found = combined.combine_equally(replicates(0.0, 0.08, 0.0, n=8), 0.0, latent(0.0, 0.04))
    sd = 0.5 * 2.364624 / 1.959964 * np.sqrt(0.08 + 0.01) + 0.5 * 0.2
    assert np.log(found.high) == pytest.approx(1.959964 * sd, rel=1e-5)


@pytest.mark.parametrize("index", [0, 10, 30])
def test_a_run_is_joined_as_the_scoreboard_joins(index: int) -> None:
    """The same contrast by `join` from many draws and in closed form, its sampling error the published one."""
    o = LOCK.contrasts[index]
    own = 0.1 + 0.15 * np.random.default_rng(index).standard_normal(200_000)
    drawn = {o.target: StudyPrediction(own, own, np.full(len(own), 1 / len(own)))}
    other = latent(-0.3, 0.01, 0.02)
    scored = combined.combine(
        LOCK, drawn, {o.target: NormalPredictive(other.mean, other.spread + o.se**2)}, seed=1
    )[o.target]
    found = combined.combine_equally(replicates(0.1, 0.15**2 + o.se**2, o.se**2), 0.0, other)
    # 200,000 draws know a 2.5 % quantile of spread 0.2 to 0.0012
    assert np.log(found.value) == pytest.approx(scored.median, abs=0.004)
    assert np.log([found.low, found.high]) == pytest.approx(scored.interval(0.95), abs=0.006)


def test_runs_without_the_ensemble_or_with_few_replicates_are_not_joined() -> None:
    assert combined.of_run(toy.result(replicates=8), toy.protocol()) == ()


def test_a_run_under_the_ensemble_is_joined_ratio_by_ratio() -> None:
    """Each value is the geometric mean of its halves, and the mechanism's half is what the analysis says."""
    plain = toy.result(replicates=8)
    under = replace(plain, manifest={**plain.manifest, "ensemble": {"structural": {"ratio": 0.1}}})
    found = combined.of_run(under, toy.protocol())
    analysed = {
        (o.population, o.endpoint, o.arm, o.comparator): o
        for o in analysis.analyse(under, toy.protocol())
        if o.measure is Measure.HAZARD_RATIO and np.isfinite(o.estimate.value)
    }
    assert {one.key for one in found} == set(analysed)
    for one in found:
        assert one.mechanism == analysed[one.key]
        value = np.sqrt(one.mechanism.estimate.value * one.components.value)
        assert one.joined.value == pytest.approx(value)
        assert one.joined.low < value < one.joined.high
        assert one.left_out == ""
    assert combined.of_run(replace(under, columns=_first(under, 7)), toy.protocol()) == ()


def _first(result: TrialResult, n: int) -> dict:
    """Columns that tell of n replicates only."""
    return {**result.columns, "replicate": np.minimum(result.columns["replicate"], n - 1)}
