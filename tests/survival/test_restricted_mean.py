import csv
import math

import numpy as np
import pytest
from tests.survival import lung
from tests.survival.strategies import exponential_trial

from normoxia.errors import ComputationFailed, OutsideFollowUp
from normoxia.survival import (
    TimeToEvent,
    kaplan_meier,
    restricted_mean,
    restricted_mean_difference,
    restricted_mean_lost,
    restricted_mean_lost_ratio,
    restricted_mean_ratio,
)


@pytest.mark.parametrize("sex", [1, 2])
def test_value_and_standard_error_as_in_r(sex):
    values = lung.oracle("curves_and_tests.csv")
    found = restricted_mean(kaplan_meier(lung.by_sex()[sex - 1]), 1022.0, extend=True)
    assert found.value == pytest.approx(values["lung KM by sex", f"sex={sex} rmean"], rel=1e-9)
    assert found.standard_error == pytest.approx(
        values["lung KM by sex", f"sex={sex} se(rmean)"], rel=1e-9
    )


def test_without_censoring_it_is_the_mean_of_shortened_times():
    time = np.array([3.0, 8.0, 8.0, 15.0, 40.0])
    found = restricted_mean(kaplan_meier(TimeToEvent(time=time, observed=np.ones(5, bool))), 20.0)
    shortened = np.minimum(time, 20.0)
    assert found.value == pytest.approx(shortened.mean())
    assert found.standard_error == pytest.approx(shortened.std() / math.sqrt(5))


def test_beyond_follow_up_is_refused():
    with pytest.raises(OutsideFollowUp, match="965"):
        restricted_mean(kaplan_meier(lung.by_sex()[1]), 1000.0)


def test_difference_and_ratio_agree_with_their_parts():
    men, women = (kaplan_meier(group) for group in lung.by_sex())
    a, b = restricted_mean(women, 700.0), restricted_mean(men, 700.0)
    difference, ratio = (
        restricted_mean_difference(women, men, 700.0),
        restricted_mean_ratio(women, men, 700.0),
    )
    assert difference.value == pytest.approx(a.value - b.value)
    assert ratio.value == pytest.approx(a.value / b.value)
    assert difference.p == pytest.approx(
        math.erfc(abs(difference.value / difference.standard_error) / math.sqrt(2))
    )
    assert ratio.low < ratio.value < ratio.high
    assert difference.p < 0.01


def test_time_lost_and_its_ratio_from_the_means_of_r():
    """print(survfit, rmean = 700) by sex: time lost is 700 less the mean; the ratio's error by the delta method."""
    with (lung.FOLDER / "means.csv").open(encoding="utf-8") as stream:
        rows = {
            row["sex"]: (float(row["rmean"]), float(row["se"])) for row in csv.DictReader(stream)
        }
    men, women = (kaplan_meier(group) for group in lung.by_sex())
    for curve, (mean, error) in zip((men, women), (rows["1"], rows["2"]), strict=True):
        lost = restricted_mean_lost(curve, 700.0)
        assert (lost.value, lost.standard_error) == pytest.approx((700 - mean, error), rel=1e-9)
    found = restricted_mean_lost_ratio(women, men, 700.0)
    (b, se_b), (a, se_a) = rows["1"], rows["2"]
    error = math.hypot(se_a / (700 - a), se_b / (700 - b))
    assert found.value == pytest.approx((700 - a) / (700 - b), rel=1e-9)
    assert found.standard_error == pytest.approx(error, rel=1e-9)
    reach = 1.959963984540054 * error
    assert (found.low, found.high) == pytest.approx(
        (found.value * math.exp(-reach), found.value * math.exp(reach)), rel=1e-9
    )
    assert found.p == pytest.approx(
        math.erfc(abs(math.log(found.value) / error) / math.sqrt(2)), rel=1e-9
    )


def test_without_censoring_the_time_lost_is_the_mean_of_what_is_missing():
    one, other = np.array([3.0, 8.0, 8.0, 15.0, 40.0]), np.array([2.0, 5.0, 19.0, 30.0])
    found = restricted_mean_lost_ratio(
        *(kaplan_meier(TimeToEvent(time=t, observed=np.ones(len(t), bool))) for t in (one, other)),
        20.0,
    )
    lost = [np.maximum(20.0 - t, 0.0) for t in (one, other)]
    assert found.value == pytest.approx(lost[0].mean() / lost[1].mean())
    errors = [part.std() / math.sqrt(len(part)) / part.mean() for part in lost]
    assert found.standard_error == pytest.approx(math.hypot(*errors))


def test_nobody_with_an_event_has_no_ratio_of_time_lost():
    quiet = kaplan_meier(TimeToEvent(time=[9.0, 9.0], observed=[0, 0]))
    busy = kaplan_meier(TimeToEvent(time=[1.0, 9.0], observed=[1, 0]))
    with pytest.raises(ComputationFailed, match="experimental group"):
        restricted_mean_lost_ratio(quiet, busy, 5.0)
    with pytest.raises(ComputationFailed, match="control group"):
        restricted_mean_lost_ratio(busy, quiet, 5.0)


@pytest.mark.slow
def test_interval_covers_the_truth_under_censoring():
    # the shortcut variance, 5 to 8 % too small, would cover about 93.5 %
    rng, hits, rejected, rounds, hazard = np.random.default_rng(7), 0, 0, 2000, 1 / 400
    truth = (1 - math.exp(-hazard * 600)) / hazard
    for _ in range(rounds):
        one, other = (
            kaplan_meier(g) for g in exponential_trial(rng, 200, (hazard, hazard), (300, 1200))
        )
        if one.last < 600 or other.last < 600:
            continue
        mean = restricted_mean(one, 600.0)
        hits += mean.low <= truth <= mean.high
        rejected += restricted_mean_difference(one, other, 600.0).p < 0.05
    error = math.sqrt(0.05 * 0.95 / rounds)
    assert hits / rounds == pytest.approx(0.95, abs=3 * error)
    assert rejected / rounds == pytest.approx(0.05, abs=3 * error)
