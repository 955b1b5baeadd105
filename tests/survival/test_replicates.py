import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.survival.strategies import replicated_trial

from normoxia.errors import ComputationFailed, InvalidArgument, OutsideFollowUp
from normoxia.survival import (
    TimeToEvent,
    cox,
    hazard_ratio_many,
    kaplan_meier,
    kaplan_meier_many,
    log_rank,
    prediction_interval,
    restricted_mean,
)


@st.composite
def replicates(draw):
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    shape = (draw(st.integers(1, 4)), draw(st.integers(3, 40)))
    step = draw(st.sampled_from([1.0, 7.0, 1e-9]))  # from distinct times to heavy ties
    time = np.ceil(rng.exponential(20, shape) / step) * step
    observed, included = (
        rng.random(shape) < draw(st.sampled_from([0.3, 0.7, 1.0])),
        rng.random(shape) < 0.8,
    )
    included[:, :2] = True
    return time, observed, included, rng


@given(replicates())
@settings(deadline=None)
def test_curves_equal_those_drawn_one_by_one(case):
    time, observed, included, _ = case
    many = kaplan_meier_many(time, observed, included)
    low, high = many.median_interval()
    for r in range(len(time)):
        data = TimeToEvent(time=time[r, included[r]], observed=observed[r, included[r]])
        one = kaplan_meier(data)
        assert many.last[r] == one.last
        assert many.median[r] == pytest.approx(one.median.value)
        assert (low[r], high[r]) == pytest.approx((one.median.low, one.median.high))
        marks = np.array([0.0, 3.0, one.last])
        assert many.at(marks, extend=True)[r] == pytest.approx(
            one.at(marks, extend=True), abs=1e-12
        )
        assert many.standard_error_at(marks, extend=True)[r] == pytest.approx(
            one.standard_error_at(marks, extend=True), abs=1e-12
        )
        assert many.restricted_mean(15.0, extend=True)[r] == pytest.approx(
            restricted_mean(one, 15.0, extend=True).value
        )


@given(replicates(), st.sampled_from(["efron", "breslow"]), st.booleans())
@settings(deadline=None)
def test_hazard_ratios_equal_those_fitted_one_by_one(case, ties, stratified):
    time, observed, included, rng = case
    arm, stratum = rng.random(time.shape[1]) < 0.5, rng.integers(0, 2, time.shape[1])
    many = hazard_ratio_many(
        time, observed, arm, strata=stratum if stratified else None, included=included, ties=ties
    )
    for r in range(len(time)):
        rows = included[r]
        data = TimeToEvent(time=time[r, rows], observed=observed[r, rows])
        groups = (
            [data.subset(arm[rows]), data.subset(~arm[rows])]
            if 0 < arm[rows].sum() < rows.sum()
            else None
        )
        if groups:
            strata = [stratum[rows][arm[rows]], stratum[rows][~arm[rows]]] if stratified else None
            try:
                single = log_rank(groups, strata=strata).z
            except ComputationFailed:  # no event while both groups were at risk
                single = math.nan
            assert many.log_rank_z[r] == pytest.approx(single, abs=1e-9, nan_ok=True)
        if math.isnan(many.log_hazard_ratio[r]):
            continue
        fit = cox(data, arm[rows], strata=stratum[rows] if stratified else None, ties=ties)
        assert many.log_hazard_ratio[r] == pytest.approx(fit.coefficients[0], abs=1e-7)
        assert many.standard_error[r] == pytest.approx(fit.standard_errors[0], rel=1e-6)


def test_a_replicate_whose_events_are_all_in_one_arm_has_no_hazard_ratio():
    time = np.arange(1.0, 9.0)[None, :]
    arm = np.arange(8) < 4
    found = hazard_ratio_many(time, arm[None, :], arm)
    assert math.isnan(found.log_hazard_ratio[0])
    assert math.isfinite(found.log_rank_z[0])


def test_follow_up_that_ended_before_is_nan_or_refused():
    many = kaplan_meier_many([[1.0, 2.0], [5.0, 9.0]], [[True, False], [True, False]])
    rates = many.at([4.0])
    assert math.isnan(rates[0, 0])
    assert rates[1, 0] == 1.0
    with pytest.raises(OutsideFollowUp, match="replicate 0"):
        many.restricted_mean(4.0)


def test_wrong_shapes_are_refused():
    with pytest.raises(InvalidArgument, match="replicates, patients"):
        kaplan_meier_many([1.0, 2.0], [True, True])
    with pytest.raises(InvalidArgument, match="experimental has shape"):
        hazard_ratio_many([[1.0, 2.0]], [[1, 1]], [True, False, True])


def test_prediction_interval_keeps_what_was_not_reached():
    assert prediction_interval([10.0, 12.0, 11.0, np.inf, np.nan], level=0.9) == (
        12.0,
        10.0,
        math.inf,
    )


@pytest.mark.slow
def test_log_hazard_ratios_scatter_as_their_standard_errors_say():
    time, observed, arm = replicated_trial(
        np.random.default_rng(41), 4000, 150, (0.7 / 300, 1 / 300), (200, 800)
    )
    found = hazard_ratio_many(time, observed, arm)
    z = (found.log_hazard_ratio - math.log(0.7)) / found.standard_error
    assert z.mean() == pytest.approx(
        0.0, abs=3 / math.sqrt(4000) + 0.02
    )  # 0.02: small-sample bias of the estimate
    assert z.std() == pytest.approx(1.0, abs=3 / math.sqrt(8000) + 0.01)
    low, high = found.interval()
    assert ((low <= 0.7) & (high >= 0.7)).mean() == pytest.approx(
        0.95, abs=3 * math.sqrt(0.05 * 0.95 / 4000)
    )
