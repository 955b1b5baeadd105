from __future__ import annotations

import numpy as np
import pytest

from normoxia.errors import InvalidArgument
from normoxia.evidence.synthesis.over_time import effect_over_time
from normoxia.survival import TimeToEvent


def exponential(hazard: float, n: int, seed: int, plateau: float = 0.0) -> TimeToEvent:
    """Exponential times, a share of patients without the event; all censored at 1,000 days."""
    rng = np.random.default_rng(seed)
    time = np.where(rng.random(n) < plateau, np.inf, rng.exponential(1 / hazard, n))
    return TimeToEvent(np.minimum(time, 1000.0), time <= 1000.0)


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
    assert sum(p.events for p in effect_over_time(a, b, cuts=[100, 300]).periods) == a.n_events + b.n_events
    with pytest.raises(InvalidArgument, match="within follow-up"):
        effect_over_time(a, b, cuts=[5000])
