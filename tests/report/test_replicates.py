import math

import numpy as np
import pytest

from normoxia.report.views.replicates import mean_curve
from normoxia.survival import TimeToEvent, kaplan_meier


def trials(n_replicates, n=50, seed=1):
    rng = np.random.default_rng(seed)
    time = rng.exponential(300, n_replicates * n)
    order = rng.permutation(len(time))
    return (
        np.minimum(time, 900.0)[order],
        (time <= 900.0)[order],
        np.repeat(np.arange(n_replicates), n)[order],
    )


def test_the_mean_curve_is_of_all_patients_with_the_numbers_of_one_trial():
    time, observed, replicate = trials(10)
    mean, pooled = (
        mean_curve(time, observed, replicate),
        kaplan_meier(TimeToEvent(time=time, observed=observed)),
    )
    days = np.array([30.0, 200.0, 700.0])
    assert mean.at(days) == pytest.approx(pooled.at(days), rel=1e-12)
    assert mean.at_risk([0.0])[0] == pytest.approx(50.0)
    assert mean.standard_error_at(200.0) == pytest.approx(
        pooled.standard_error_at(200.0) * math.sqrt(10), rel=1e-9
    )
