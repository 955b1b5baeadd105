import numpy as np
import pytest
from tests.survival import lung
from tests.survival.strategies import replicated_trial

from normoxia.errors import InvalidArgument
from normoxia.survival import TimeToEvent, cox, curves_cross, kaplan_meier, proportional_hazards_test


def groups_that_cross():
    rng = np.random.default_rng(2)
    early_then_late = np.where(rng.random(400) < 0.5, rng.exponential(60, 400), rng.exponential(1500, 400))
    steady = rng.exponential(300, 400)
    return [TimeToEvent(np.minimum(t, 900.0), t <= 900.0) for t in (early_then_late, steady)]


def test_crossing_curves_are_seen_and_parallel_ones_are_not():
    assert curves_cross(*(kaplan_meier(group) for group in groups_that_cross()))
    assert not curves_cross(*(kaplan_meier(group) for group in lung.by_sex()))


def test_a_chance_lead_of_a_few_patients_is_no_crossing():
    first = TimeToEvent(np.array([1.0, 30.0, 40.0, 50.0, 60.0]), np.ones(5, bool))
    second = TimeToEvent(np.array([5.0, 6.0, 7.0, 8.0, 60.0]), np.ones(5, bool))
    assert not curves_cross(kaplan_meier(first), kaplan_meier(second))


@pytest.mark.parametrize("transform", ["km", "identity", "rank", "log"])
def test_crossing_hazards_fail_the_test(transform):
    one, other = groups_that_cross()
    data = TimeToEvent(np.concatenate([one.time, other.time]), np.concatenate([one.observed, other.observed]))
    fit = cox(data, np.arange(800) < 400)
    assert proportional_hazards_test(fit, transform).global_p < 1e-4


def test_the_unit_of_time_does_not_matter_to_identity_and_rank():
    data = lung.everybody()
    months = TimeToEvent(data.time / 30.4375, data.observed)
    for transform in ("identity", "rank", "km"):
        one, other = (
            proportional_hazards_test(cox(d, lung.column("sex")), transform).global_statistic
            for d in (data, months)
        )
        assert one == pytest.approx(other, rel=1e-8)


def test_exact_fits_are_refused():
    with pytest.raises(InvalidArgument, match="efron"):
        proportional_hazards_test(cox(lung.everybody(), lung.column("sex"), ties="exact"))


@pytest.mark.slow
def test_size_under_proportional_hazards():
    time, observed, arm = replicated_trial(
        np.random.default_rng(31), 1500, 120, (0.6 / 300, 1 / 300), (200, 800)
    )
    rejected = sum(
        proportional_hazards_test(cox(TimeToEvent(t, o), arm)).global_p < 0.05
        for t, o in zip(time, observed, strict=True)
    )
    assert rejected / 1500 == pytest.approx(0.05, abs=3 * (0.05 * 0.95 / 1500) ** 0.5)
