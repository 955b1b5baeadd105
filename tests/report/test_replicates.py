import math

import numpy as np
import pytest

from normoxia.report.replicates import mean_curve, replicate_band
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


def test_the_mean_curve_is_everybodys_with_one_trials_numbers():
    time, observed, replicate = trials(10)
    mean, pooled = mean_curve(time, observed, replicate), kaplan_meier(TimeToEvent(time, observed))
    days = np.array([30.0, 200.0, 700.0])
    assert mean.at(days) == pytest.approx(pooled.at(days), rel=1e-12)
    assert mean.at_risk([0.0])[0] == pytest.approx(50.0)
    assert mean.standard_error_at(200.0) == pytest.approx(
        pooled.standard_error_at(200.0) * math.sqrt(10), rel=1e-9
    )


def test_the_band_holds_the_stated_share_of_curves():
    time, observed, replicate = trials(400)
    band = replicate_band(time, observed, replicate, level=0.9)
    assert band is not None
    assert band.replicates == 400
    month = int(np.argmin(np.abs(band.months - 8.0)))
    at = band.months[month] * 30.4375
    rates = np.array([100 * np.mean(time[replicate == r] > at) for r in range(400)])
    # without censoring before 900 days a replicate's curve is the share of its patients still free
    assert (band.low[month], band.high[month]) == pytest.approx(tuple(np.quantile(rates, [0.05, 0.95])))


def test_a_few_replicates_make_no_band():
    assert replicate_band(*trials(5)) is None
