import math

import numpy as np
import pytest
from hypothesis import given
from tests.survival import lung
from tests.survival.strategies import follow_ups, replicated_trial

from normoxia.errors import ComputationFailed, InvalidArgument
from normoxia.survival import TimeToEvent, cox, log_rank, max_combo, pooled


@pytest.mark.parametrize(("rho", "name"), [(0.0, "lung logrank sex"), (1.0, "lung Peto rho=1 sex")])
def test_lung_by_sex_as_in_r(rho, name):
    found = log_rank(lung.by_sex(), rho=rho)
    assert found.statistic == pytest.approx(
        lung.oracle("curves_and_tests.csv")[name, "chisq"], rel=1e-9
    )
    assert found.degrees == 1
    assert found.z**2 == pytest.approx(found.statistic)
    assert found.z > 0  # more deaths among men than expected


def test_several_groups_as_in_lifelines():
    from lifelines.statistics import multivariate_logrank_test

    ecog = lung.column("ph.ecog")
    known = np.isin(ecog, [0, 1, 2])
    data = lung.everybody().subset(known)
    groups = [data.subset(ecog[known] == level) for level in (0, 1, 2)]
    peer = multivariate_logrank_test(data.time, ecog[known], data.observed)
    found = log_rank(groups)
    assert found.degrees == 2
    assert found.statistic == pytest.approx(peer.test_statistic, rel=1e-9)
    assert found.p == pytest.approx(peer.p_value, rel=1e-9)


def test_fleming_harrington_as_in_lifelines():
    from lifelines.statistics import logrank_test

    men, women = lung.by_sex()
    peer = logrank_test(
        men.time,
        women.time,
        men.observed,
        women.observed,
        weightings="fleming-harrington",
        p=0,
        q=1,
    )
    # lifelines weighs by its pooled curve as we do
    assert log_rank([men, women], gamma=1.0).statistic == pytest.approx(
        peer.test_statistic, rel=1e-9
    )


def test_stratified_sums_run_within_strata():
    # with one covariate, no ties and strata the log-rank test is the score test of the stratified Cox model
    rng = np.random.default_rng(4)
    time, observed = rng.exponential(100, 60), rng.random(60) < 0.8
    arm, stratum = np.arange(60) % 2, rng.integers(0, 3, 60)
    data = TimeToEvent(time=time, observed=observed)
    found = log_rank(
        [data.subset(arm == a) for a in (0, 1)], strata=[stratum[arm == a] for a in (0, 1)]
    )
    assert found.statistic == pytest.approx(cox(data, arm, strata=stratum).score_test, rel=1e-9)
    assert found.method == "stratified log-rank"


@given(follow_ups(), follow_ups())
def test_exchanging_groups_only_turns_the_sign(one, other):
    try:
        there = log_rank([one, other])
    except ComputationFailed:  # no event while both were at risk: the other way round too
        with pytest.raises(ComputationFailed, match="no event fell"):
            log_rank([other, one])
        return
    back = log_rank([other, one])
    assert there.statistic == pytest.approx(back.statistic, rel=1e-9, abs=1e-12)
    if not math.isnan(there.z):
        assert there.z == pytest.approx(-back.z, rel=1e-9, abs=1e-12)
    assert there.observed.sum() == pytest.approx(there.expected.sum())


def test_a_group_against_itself_shows_nothing():
    data = lung.everybody()
    assert log_rank([data, data]).statistic == pytest.approx(0.0, abs=1e-18)


def test_weights_and_single_groups_are_refused():
    men, women = lung.by_sex()
    with pytest.raises(InvalidArgument, match="two or more"):
        log_rank([men])
    weighted = TimeToEvent(time=men.time, observed=men.observed, weight=np.full(len(men), 0.5))
    with pytest.raises(InvalidArgument, match="robust=True"):
        log_rank([weighted, women])


def test_max_combo_lies_between_its_best_test_and_bonferroni():
    men, women = lung.by_sex()
    weights = [(0, 0), (0, 1), (1, 1), (1, 0)]
    singles = [log_rank([men, women], rho=r, gamma=g).p for r, g in weights]
    together = max_combo(men, women, weights).p
    assert min(singles) < together < min(1.0, 4 * min(singles))


def test_max_combo_of_one_weight_is_the_log_rank_test():
    men, women = lung.by_sex()
    assert max_combo(men, women, [(0, 0)]).p == pytest.approx(log_rank([men, women]).p, rel=1e-6)


def test_a_level_decides_max_combo_as_its_integral_does():
    """Beyond the bounds of p the bound stands for it, between them the integral does."""
    time, observed, arm = replicated_trial(
        np.random.default_rng(5), 5, 60, (1 / 300, 1 / 450), (200, 800)
    )
    for t, o in zip(time, observed, strict=True):
        data = TimeToEvent(time=t, observed=o)
        groups = data.subset(arm), data.subset(~arm)
        p = max_combo(*groups).p
        for level in (p / 9, p * 0.99, p * 1.01, min(1.0, 9 * p)):
            assert (max_combo(*groups, level=level).p <= level) == (p <= level)


@pytest.mark.slow
def test_size_of_the_tests_under_no_difference():
    time, observed, arm = replicated_trial(
        np.random.default_rng(11), 1500, 100, (1 / 300, 1 / 300), (200, 800)
    )
    plain = late = combined = 0
    for i, (t, o) in enumerate(zip(time, observed, strict=True)):
        data = TimeToEvent(time=t, observed=o)
        groups = [data.subset(arm), data.subset(~arm)]
        plain += log_rank(groups).p < 0.05
        late += log_rank(groups, gamma=1.0).p < 0.05
        if i < 400:
            combined += max_combo(*groups, level=0.05).p <= 0.05
    error = math.sqrt(0.05 * 0.95 / 1500)
    assert plain / 1500 == pytest.approx(0.05, abs=3 * error)
    assert late / 1500 == pytest.approx(0.05, abs=3 * error)
    assert combined / 400 == pytest.approx(0.05, abs=3 * math.sqrt(0.05 * 0.95 / 400))
    assert pooled(groups)[0].n_patients == 200
