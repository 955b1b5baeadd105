"""Analysis: estimates by the survival room, intervals that cover, published values found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.trial import toy

from normoxia import trial
from normoxia.evidence.studies.registry import registry
from normoxia.outcome import Endpoint, Measure, Outcome
from normoxia.survival import TimeToEvent, kaplan_meier
from normoxia.survival.data import DAYS_PER_MONTH
from normoxia.survival.replicates import hazard_ratio_many
from normoxia.trial import analysis
from normoxia.trial.endpoints import evaluate


def _one(
    outcomes: tuple[Outcome, ...], arm: str, endpoint: Endpoint, measure: Measure, **more: object
) -> Outcome:
    found = [
        o
        for o in outcomes
        if (o.arm, o.endpoint, o.measure, o.population) == (arm, endpoint, measure, "all")
        and all(getattr(o, key) == value for key, value in more.items())
    ]
    assert len(found) == 1
    return found[0]


def test_estimates_are_those_of_the_patients() -> None:
    result = toy.result()
    outcomes = trial.analyse(result)
    e = evaluate(result, toy.protocol().criteria)
    rows = result.rows("combination")
    orr = _one(outcomes, "combination", Endpoint.ORR, Measure.PERCENT)
    assert orr.estimate.value == pytest.approx(100.0 * e.responded[rows].mean())
    assert orr.origin == "simulated"
    assert orr.n == 24
    curve = kaplan_meier(TimeToEvent(time=e.pfs[rows], observed=e.pfs_observed[rows]))
    pfs = _one(outcomes, "combination", Endpoint.PFS, Measure.MEDIAN_MONTHS)
    assert pfs.estimate.value == pytest.approx(curve.median.value / DAYS_PER_MONTH)


def test_every_interval_holds_its_value_and_is_the_same_each_time() -> None:
    result = toy.result()
    outcomes = trial.analyse(result)
    for outcome in outcomes:
        if outcome.estimate.has_interval and np.isfinite(outcome.estimate.value):
            assert outcome.estimate.contains(outcome.estimate.value), outcome
    assert repr(outcomes) == repr(trial.analyse(result))


def test_arms_without_difference_have_a_hazard_ratio_of_one_with_the_width_of_a_real_trial() -> (
    None
):
    protocol = replace(
        toy.protocol(), contrasts=(trial.read(toy.HERE / "toy_trial.yaml").contrasts[0],)
    )
    contrast = replace(protocol.contrasts[0], experimental="again", control="chemotherapy")
    protocol = replace(protocol, contrasts=(contrast,)).with_patients(24)
    result = toy.result(replicates=4)
    outcomes = trial.analyse(result, protocol)
    ratio = _one(outcomes, "again", Endpoint.OS, Measure.HAZARD_RATIO, comparator="chemotherapy")
    # twins: the estimate is exactly 1; a trial of 2 x 24 other people still scatters by about sqrt(4/events)
    assert ratio.estimate.value == pytest.approx(1.0, abs=1e-9)
    assert ratio.estimate.low < 0.7
    assert ratio.estimate.high > 1.4


def test_intervals_shrink_with_the_planned_size() -> None:
    width = {}
    for patients in (6, 24):
        outcomes = trial.analyse(toy.result(patients=patients, replicates=8))
        toxic = _one(outcomes, "chemotherapy", Endpoint.TRAE3, Measure.PERCENT)
        width[patients] = toxic.estimate.high - toxic.estimate.low
    # a quarter of the patients, about twice the width
    assert width[24] < 0.75 * width[6]


@pytest.mark.slow
@pytest.mark.parametrize(
    "keys",
    [
        (
            ("combination", "", Endpoint.ORR, Measure.PERCENT),
            ("chemotherapy", "", Endpoint.TRAE3, Measure.PERCENT),
            ("combination", "chemotherapy", Endpoint.OS, Measure.HAZARD_RATIO),
        ),
        pytest.param(
            (("chemotherapy", "", Endpoint.PFS, Measure.MEDIAN_MONTHS),),
            marks=pytest.mark.xfail(
                reason="medians of PFS fall on few scan days: 87 to 91 % of 500 such intervals hold the next median",
                strict=False,
            ),
        ),
    ],
    ids=["shares and ratios", "median of PFS"],
)
def test_an_interval_from_one_trial_holds_the_next_trials_value_as_often_as_it_says(
    keys: tuple[tuple[str, str, Endpoint, Measure], ...],
) -> None:
    replicates = 150
    whole = toy.result(replicates=replicates)
    assert whole.n_replicates >= analysis.ENOUGH_REPLICATES
    alone = [
        trial.analyse(whole.take(whole.columns["replicate"] == r), toy.protocol())
        for r in range(replicates)
    ]
    for arm, other, endpoint, measure in keys:
        each = [
            _one(outcomes, arm, endpoint, measure, comparator=other).estimate for outcomes in alone
        ]
        # twins within a replicate: for a contrast, what other people of the control arm would have given
        values = (
            _apart(whole, arm, other) if other else np.array([estimate.value for estimate in each])
        )
        held = [
            e.contains(v)
            for e, v in zip(each, np.roll(values, 1), strict=True)
            if np.isfinite(e.value)
        ]
        # 95 % of 150 with a standard error of 1.8 points; small trials, so three of them
        assert np.mean(held) > 0.95 - 3 * 0.018, (arm, endpoint, np.mean(held))
        replicated = _one(
            trial.analyse(whole, toy.protocol()), arm, endpoint, measure, comparator=other
        ).estimate
        # the replicates' own interval lacks the uncertainty of a simulation of one trial: narrower by about sqrt(2)
        widths = np.array(
            [np.log(e.high / e.low) for e in each if e.low > 0 and np.isfinite(e.high)]
        )
        if replicated.low > 0 and np.isfinite(replicated.high) and len(widths) > 20:
            assert 1.1 < np.median(widths) / np.log(replicated.high / replicated.low) < 1.9, (
                arm,
                endpoint,
            )


def _apart(whole: trial.TrialResult, arm: str, other: str) -> np.ndarray:
    e = evaluate(whole, toy.protocol().criteria)
    one, two = (
        whole.rows(arm).reshape(-1, 24),
        np.roll(whole.rows(other).reshape(-1, 24), 1, axis=0),
    )
    rows = np.concatenate([one, two], axis=1)
    group = np.arange(48) < 24
    return hazard_ratio_many(e.os[rows], e.os_observed[rows], group).hazard_ratio


def test_infinite_medians_give_infinite_ends() -> None:
    estimate = analysis._predicted(
        10.0, np.array([5.0] * 50 + [10.0] * 100 + [np.inf] * 50), 1.0, True
    )
    assert (estimate.low, estimate.high) == (5.0, np.inf)


@pytest.mark.parametrize("name", ["contact-01", "harmoni-a", "impower150", "leap-007", "orient-31"])
def test_shipped_trials_find_their_published_values(name: str) -> None:
    protocol = trial.read(name)
    reported = trial.published(protocol)
    arms = {arm.id for arm in protocol.arms}
    assert {outcome.arm for outcome in reported} <= arms
    assert {outcome.population for outcome in reported} <= {chosen.id for chosen in protocol.sets}
    endpoints = {(o.endpoint, o.measure) for o in reported}
    assert (Endpoint.PFS, Measure.MEDIAN_MONTHS) in endpoints
    assert (Endpoint.PFS, Measure.HAZARD_RATIO) in endpoints


def test_impower150_is_compared_with_the_wild_type_result() -> None:
    protocol = trial.read("impower150")
    reported = {
        (o.population, o.endpoint, o.measure, o.arm, o.comparator, o.months)
        for o in trial.published(protocol)
    }
    values = [
        o.estimate.value
        for o in trial.published(protocol)
        if (o.population, o.endpoint, o.measure, o.arm)
        == ("ITT-WT", Endpoint.PFS, Measure.MEDIAN_MONTHS, "ABCP")
    ]
    # 8.3 months: Socinski 2018, N Engl J Med 378:2288 (ITT-WT)
    assert values == [8.3]
    assert len(reported) == len(trial.published(protocol))


@pytest.mark.parametrize(
    ("k", "n", "size"), [(0, 24, 24), (24, 24, 24), (7, 30, 60), (1, 400, 20), (3, 5, 300)]
)
def test_a_share_is_predicted_by_the_beta_binomial_under_jeffreys_s_prior(
    k: int, n: int, size: int
) -> None:
    from scipy import stats

    found = analysis._predicted_share(100.0 * k / n, n, size)
    law = stats.betabinom(size, k + 0.5, n - k + 0.5)
    low, high = (
        law.ppf(0.025),
        law.ppf(0.975),
    )  # scipy's quantiles: the smallest counts that reach a share
    assert (found.low, found.high) == pytest.approx((100 * low / size, 100 * high / size))


def test_none_of_a_few_patients_is_no_promise_that_none_ever_will() -> None:
    none, everyone = (analysis._predicted_share(share, 24, 24) for share in (0.0, 100.0))
    assert (none.low, none.value) == (0.0, 0.0)
    assert 4.0 < none.high < 20.0
    assert everyone.low == pytest.approx(100.0 - none.high)
    assert (everyone.value, everyone.high) == (100.0, 100.0)


@pytest.mark.parametrize("size", [10, 24, 60, 300])
def test_a_predicted_share_holds_the_next_trial_s_as_often_as_it_says(size: int) -> None:
    """The coverage at a true share, exactly: every count of the first trial with its chance, every count of the second."""
    from scipy import stats

    counts = np.arange(size + 1)
    intervals = [analysis._predicted_share(100.0 * k / size, size, size) for k in counts]
    held = np.array(
        [[interval.contains(100.0 * y / size) for y in counts] for interval in intervals]
    )
    coverage = []
    for truth in np.linspace(0.02, 0.98, 49):
        chance = stats.binom.pmf(counts, size, truth)
        coverage.append(chance @ held @ chance)
    # counts are few, so the level is met on the safe side on average; at single shares it may fall short by 2 points
    assert min(coverage) > 0.93
    assert 0.95 < np.mean(coverage) < 0.99


def test_a_landmark_that_everybody_reaches_is_not_certain_for_the_next_trial() -> None:
    result = toy.result(replicates=1)
    shares = [
        o for o in trial.analyse(result) if o.measure in (Measure.PERCENT, Measure.LANDMARK_PERCENT)
    ]
    sure = [o.estimate for o in shares if o.estimate.value in (0.0, 100.0)]
    assert sure
    assert all(estimate.low < estimate.high for estimate in sure)


def test_a_censored_share_is_worth_the_patients_of_greenwood_s_variance() -> None:
    # without censoring Greenwood's variance is s(1 - s)/n
    assert analysis._patients_worth(0.3, np.sqrt(0.3 * 0.7 / 40), 40) == pytest.approx(40)
    assert analysis._patients_worth(1.0, 0.0, 17) == 17


def test_predicted_curves_have_the_intervals_of_the_landmarks_and_never_rise() -> None:
    result = toy.result(replicates=4)
    landmarks = {
        (o.population, o.endpoint, o.arm, o.months): o.estimate
        for o in trial.analyse(result)
        if o.measure is Measure.LANDMARK_PERCENT
    }
    curves = analysis.predicted_curves(result)
    assert {(c.endpoint, c.arm) for c in curves} == {
        (e, a) for e in (Endpoint.PFS, Endpoint.OS) for a in result.arms
    }
    met = 0
    for curve in curves:
        assert curve.months[0] == 0.0
        assert (curve.value[0], curve.low[0], curve.high[0]) == (100.0, 100.0, 100.0)
        for height in (curve.value, curve.low, curve.high):
            assert (np.diff(height) <= 0).all()
        assert (curve.low <= curve.high).all()
        for month, low in zip(curve.months.tolist(), curve.low.tolist(), strict=True):
            estimate = landmarks.get((curve.population, curve.endpoint, curve.arm, month))
            if estimate is not None:
                met += 1
                assert low == pytest.approx(estimate.low)
    assert met >= 4


def test_published_curves_are_of_the_whole_set_and_of_one_cut() -> None:
    curves = analysis.published_curves(trial.read("study:KEYNOTE-024"))
    assert [(c.endpoint, c.arm, c.points[-1][0]) for c in curves] == [
        (Endpoint.PFS, "pembro", 24.0),
        (Endpoint.PFS, "chemo", 24.0),
        (Endpoint.OS, "pembro", 12.0),
        (Endpoint.OS, "chemo", 12.0),
    ]
    for curve in curves:
        assert curve.points[0] == (0.0, 100.0)
        assert curve.source.reference
    # OAK's digitised curves are of PD-L1 strata, which stand under the whole population in the registry
    assert analysis.published_curves(trial.read("study:OAK")) == ()
    assert analysis.published_curves(toy.protocol()) == ()


def test_published_medians_are_of_the_data_cut_of_the_ratio() -> None:
    protocol = trial.read("impower150")
    key = ("ITT-WT", Endpoint.OS, Measure.MEDIAN_MONTHS, "ABCP")
    for same_cut, median in ((False, 19.2), (True, 19.5)):
        found = [
            o
            for o in analysis.published(protocol, same_cut=same_cut)
            if (o.population, o.endpoint, o.measure, o.arm) == key
        ]
        assert [o.estimate.value for o in found] == [median]


def test_published_values_are_compared_with_those_of_the_same_kind_of_reader() -> None:
    study = registry()["KEYNOTE-189"]
    other = {"investigator": "independent", "independent": "investigator"}
    for kind in other:
        own = study.published(kind)
        values = {(o.endpoint, o.measure, o.arm, o.comparator, o.estimate.value) for o in own}
        # nothing that only the other kind assessed is left
        for row in study.reported():
            key = (row.endpoint, row.measure, row.arm, row.comparator, row.estimate.value)
            alike = [
                r.assessed_by
                for r in study.reported()
                if (r.endpoint, r.measure, r.arm, r.comparator, r.estimate.value) == key
            ]
            assert not (key in values and set(alike) == {other[kind]})
