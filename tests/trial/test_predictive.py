"""Intervals from trials run under an ensemble, against simulated truth."""

from __future__ import annotations

import numpy as np
import pytest

from normoxia.outcome import Measure
from normoxia.survival.replicates import HazardRatios, hazard_ratio_many
from normoxia.trial import predictive

NONE = {"ratio": 0.0, "response": 0.0, "curve": 0.0}


@pytest.mark.parametrize("n", [8, 20, 200])
def test_intervals_hold_the_next_trial_as_often_as_they_say(n: int) -> None:
    rng = np.random.default_rng(1)
    inside = 0
    for _ in range(2000):
        *draws, following = np.exp(-0.3 + 0.2 * rng.standard_normal(n + 1))
        inside += predictive.interval(np.array(draws), Measure.HAZARD_RATIO, NONE, 0.95).contains(
            following
        )
    # four standard errors of a binomial share of 2,000
    assert abs(inside / 2000 - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 2000)


def test_structural_error_widens_on_its_own_scale() -> None:
    draws = np.exp(np.linspace(-0.4, -0.2, 1001))
    narrow = predictive.interval(draws, Measure.HAZARD_RATIO, NONE, 0.95)
    wide = predictive.interval(draws, Measure.HAZARD_RATIO, NONE | {"ratio": 0.5}, 0.95)
    own = np.log(draws).std(ddof=1) ** 2 * (1 + 1 / 1001)
    reach = np.log(wide.high / wide.value)
    assert reach / np.log(narrow.high / narrow.value) == pytest.approx(
        np.sqrt((own + 0.25) / own), rel=1e-6
    )
    assert (
        predictive.interval(draws, Measure.HAZARD_RATIO, NONE | {"response": 0.5}, 0.95) == narrow
    )


def test_shares_stay_inside_0_and_100_and_medians_may_not_be_reached() -> None:
    shares = predictive.interval(np.array([0.0, 0.0, 2.0, 1.0] * 5), Measure.PERCENT, NONE, 0.95)
    assert 0.0 <= shares.low <= shares.value <= shares.high <= 100.0
    medians = predictive.interval(
        np.array([10.0, 20.0, np.inf, np.inf, np.inf]), Measure.MEDIAN_MONTHS, NONE, 0.95
    )
    assert medians.value == np.inf
    assert medians.low == 10.0


def test_twins_count_as_different_people() -> None:
    """Arms that share half of each patient's fate differ by less than arms of a real trial; the spread is brought up to theirs."""
    rng = np.random.default_rng(2)
    n, replicates = 200, 400
    shared = rng.exponential(300.0, (replicates, n))
    alike = rng.random((replicates, n)) < 0.5
    time = np.concatenate(
        [shared, np.where(alike, shared * 1.0000001, rng.exponential(300.0, (replicates, n)))]
    )

    def ratios(first: np.ndarray, second: np.ndarray) -> HazardRatios:
        t = np.concatenate([time.ravel()[first], time.ravel()[second]], axis=1)
        arm = np.arange(t.shape[1]) < first.shape[1]
        return hazard_ratio_many(t, np.ones_like(t, dtype=bool), arm)

    one = np.arange(replicates * n).reshape(replicates, n)
    other = one + replicates * n
    # Cox's standard error with n events in each arm is sqrt(2/n); 400 replicates know a spread to 3.5 %
    assert ratios(one, other).log_hazard_ratio.std() < 0.8 * np.sqrt(2 / n)
    found = predictive.unpaired(ratios, one, other)
    assert np.log(found.hazard_ratios).std() == pytest.approx(np.sqrt(2 / n), rel=0.1)
    assert found.error2 == pytest.approx(2 / n, rel=0.02)
