from __future__ import annotations

import math

import numpy as np
import pytest

from normoxia.errors import InvalidArgument
from normoxia.evidence.synthesis.judgement.over_time import effect_over_time, time_lost_ratio
from normoxia.survival import TimeToEvent, kaplan_meier


def exponential(hazard: float, n: int, seed: int, plateau: float = 0.0) -> TimeToEvent:
    """Exponential times, a share of patients without the event; all censored at 1,000 days."""
    rng = np.random.default_rng(seed)
    time = np.where(rng.random(n) < plateau, np.inf, rng.exponential(1 / hazard, n))
    return TimeToEvent(time=np.minimum(time, 1000.0), observed=time <= 1000.0)


def test_proportional_hazards_put_the_ratio_first_and_the_periods_agree_with_it() -> None:
    found = effect_over_time(exponential(0.002, 1500, 1), exponential(0.004, 1500, 2))
    assert found.first == "hazard ratio"
    assert found.ratio.low < 0.5 < found.ratio.high
    for period in found.periods:
        assert period.ratio is not None
        assert period.ratio.low < 0.5 < period.ratio.high


def test_a_late_plateau_puts_the_restricted_mean_first() -> None:
    found = effect_over_time(exponential(0.008, 600, 3, plateau=0.4), exponential(0.004, 600, 4))
    assert found.first == "restricted mean"
    assert "do not stay proportional" in found.reason
    early, late = found.periods[0].ratio, found.periods[-1].ratio
    assert early is not None
    assert late is not None
    assert early.value > 1 > late.value


def test_restricted_mean_difference_of_exponential_arms() -> None:
    found = effect_over_time(exponential(0.002, 4000, 5), exponential(0.004, 4000, 6), horizon=500)
    truth = (1 - np.exp(-1)) / 0.002 - (1 - np.exp(-2)) / 0.004
    assert abs(found.difference.value - truth) < 3.5 * found.difference.standard_error


def test_periods_cover_all_events_and_cuts_must_lie_within_follow_up() -> None:
    a, b = exponential(0.002, 200, 7), exponential(0.004, 200, 8)
    assert (
        sum(p.events for p in effect_over_time(a, b, cuts=[100, 300]).periods)
        == a.n_events + b.n_events
    )
    with pytest.raises(InvalidArgument, match="within follow-up"):
        effect_over_time(a, b, cuts=[5000])


def test_the_ratio_of_times_lost_is_that_of_the_areas_above_the_curves() -> None:
    """Ten patients an arm, nobody censored: the mean of min(time, horizon) in closed form, its error by the delta method."""
    one, other = np.arange(1.0, 11.0) * 20.0, np.arange(1.0, 11.0) * 12.0
    arms = [TimeToEvent(time=t, observed=np.ones(10, dtype=bool)) for t in (one, other)]
    horizon = 100.0
    found = time_lost_ratio(*(kaplan_meier(arm) for arm in arms), horizon)
    assert found is not None
    lost = [horizon - np.minimum(t, horizon).mean() for t in (one, other)]
    errors = [np.minimum(t, horizon).std() / math.sqrt(10) for t in (one, other)]
    assert found.value == pytest.approx(lost[0] / lost[1])
    assert found.standard_error == pytest.approx(
        math.hypot(errors[0] / lost[0], errors[1] / lost[1])
    )
    assert effect_over_time(*arms, horizon=horizon).time_lost == found


def test_an_arm_that_loses_no_time_has_no_ratio() -> None:
    well = TimeToEvent(time=np.full(20, 200.0), observed=np.zeros(20, dtype=bool))
    ill = TimeToEvent(time=np.arange(1.0, 21.0) * 10.0, observed=np.ones(20, dtype=bool))
    assert time_lost_ratio(kaplan_meier(well), kaplan_meier(ill), 150.0) is None
