"""Scoring rules against closed forms, numerical integrals, brute force, and simulated truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from normoxia.calibration.scoring import scores
from normoxia.calibration.scoring.scores import NormalPredictive, SampledPredictive
from normoxia.errors import InvalidArgument

numbers = st.floats(-5.0, 5.0, allow_subnormal=False)
draws = st.lists(st.tuples(numbers, st.floats(0.01, 3.0)), min_size=1, max_size=40)


def test_crps_of_the_standard_normal_at_its_centre() -> None:
    """(sqrt 2 - 1) / sqrt pi, Gneiting & Raftery 2007, eq. 21 at z = 0."""
    assert NormalPredictive(0.0, 1.0).crps(0.0) == pytest.approx(
        (math.sqrt(2.0) - 1.0) / math.sqrt(math.pi)
    )


@pytest.mark.parametrize(
    ("mean", "sd", "y"), [(0.0, 1.0, 0.7), (-0.4, 0.2, 0.1), (0.3, 0.05, 0.29)]
)
def test_crps_of_a_normal_is_the_integral_of_the_squared_distance_of_distributions(
    mean: float, sd: float, y: float
) -> None:
    law = stats.norm(mean, sd)
    below = integrate.quad(lambda x: law.cdf(x) ** 2, mean - 12 * sd, y)[0]
    above = integrate.quad(lambda x: law.sf(x) ** 2, y, max(y, mean) + 12 * sd)[0]
    assert NormalPredictive(mean, sd**2).crps(y) == pytest.approx(below + above, abs=1e-7)


def test_an_ensemble_of_normal_quantiles_scores_like_the_normal() -> None:
    """The error of n evenly spaced quantiles falls as 1/n; at 20 000 it is below 1e-4."""
    q = stats.norm.ppf((np.arange(20_000) + 0.5) / 20_000, -0.3, 0.2)
    ensemble, normal = SampledPredictive(q), NormalPredictive(-0.3, 0.04)
    for y in (-0.9, -0.3, 0.2):
        assert ensemble.crps(y) == pytest.approx(normal.crps(y), abs=1e-4)
        assert ensemble.pit(y) == pytest.approx(normal.pit(y), abs=1e-4)
        assert ensemble.win_probability(0.1) == pytest.approx(normal.win_probability(0.1), abs=1e-4)
    for level in (0.5, 0.95):
        assert ensemble.interval(level) == pytest.approx(normal.interval(level), abs=1e-3)
    assert ensemble.log_score(-0.2) == pytest.approx(
        normal.log_score(-0.2), abs=0.03
    )  # smoothing widens by h^2


@given(draws, numbers)
def test_crps_equals_the_double_sum(pairs: list[tuple[float, float]], y: float) -> None:
    x, w = (np.array(values) for values in zip(*pairs, strict=True))
    w = w / w.sum()
    brute = float(w @ np.abs(x - y)) - 0.5 * float(w @ np.abs(x[:, None] - x[None, :]) @ w)
    assert SampledPredictive(x, w).crps(y) == pytest.approx(brute, abs=1e-12)


@given(st.lists(st.tuples(numbers, st.integers(0, 4)), min_size=1, max_size=20), numbers)
def test_a_weight_of_two_is_the_draw_twice(pairs: list[tuple[float, int]], y: float) -> None:
    pairs.append((0.1, 1))
    repeated = SampledPredictive([x for x, k in pairs for _ in range(k)])
    weighted = SampledPredictive([x for x, _ in pairs], [float(k) for _, k in pairs])
    assert weighted.crps(y) == pytest.approx(repeated.crps(y), abs=1e-12)
    assert weighted.pit(y) == pytest.approx(repeated.pit(y))
    for share in (0.025, 0.25, 0.5, 0.9):
        assert weighted.quantile(share) == pytest.approx(repeated.quantile(share))


@given(st.lists(numbers, min_size=1, max_size=30))
def test_quantiles_are_numpys_for_equal_weights(x: list[float]) -> None:
    for share in (0.025, 0.25, 0.5, 0.75, 0.975):
        expected = np.quantile(x, share, method="averaged_inverted_cdf")
        assert SampledPredictive(x).quantile(share) == pytest.approx(float(expected), abs=1e-12)


def test_importance_weights_turn_one_law_into_another() -> None:
    """Draws of N(0, 1) weighed as N(0.5, 0.8^2): Monte Carlo error of 200 000 draws, effective number about half."""
    x = np.random.default_rng(3).normal(size=200_000)
    ensemble = SampledPredictive(x, stats.norm.pdf(x, 0.5, 0.8) / stats.norm.pdf(x))
    normal = NormalPredictive(0.5, 0.64)
    assert ensemble.median == pytest.approx(0.5, abs=0.01)
    assert ensemble.interval(0.95) == pytest.approx(normal.interval(0.95), abs=0.03)
    assert ensemble.crps(1.0) == pytest.approx(normal.crps(1.0), abs=0.005)
    assert ensemble.effective_sample_size < 200_000


def test_intervals_cover_simulated_truth_and_the_transform_is_uniform() -> None:
    """2 000 trials predicted by their own law: binomial error of the coverage is 0.5 % at 95 % and 1.1 % at 50 %."""
    random = np.random.default_rng(11)
    inside95 = inside50 = 0
    pit = []
    for _ in range(2_000):
        mean, sd = random.normal(-0.3, 0.3), random.uniform(0.1, 0.4)
        law, y = SampledPredictive(random.normal(mean, sd, 400)), random.normal(mean, sd)
        inside95 += scores.contains(law.interval(0.95), y)
        inside50 += scores.contains(law.interval(0.50), y)
        pit.append(law.pit(y))
    assert inside95 / 2_000 == pytest.approx(0.95, abs=0.015)
    assert inside50 / 2_000 == pytest.approx(0.50, abs=0.035)
    assert stats.kstest(pit, "uniform").pvalue > 0.001


def test_rules_are_proper_for_a_normal_forecaster() -> None:
    """No other law scores better on average than the one that made the data (4 000 figures from N(0, 0.2^2))."""
    y = np.random.default_rng(5).normal(0.0, 0.2, 4_000)
    for mean, sd in ((0.05, 0.2), (0.0, 0.14), (0.0, 0.3)):
        true, other = NormalPredictive(0.0, 0.04), NormalPredictive(mean, sd**2)
        assert np.mean([true.crps(v) for v in y]) < np.mean([other.crps(v) for v in y])
        assert np.mean([true.log_score(v) for v in y]) < np.mean([other.log_score(v) for v in y])


def test_the_noise_floor_is_the_error_of_knowing_the_truth() -> None:
    """Simulated: 400 000 errors of two standard errors; Monte Carlo error 0.0003."""
    errors = np.array([0.1, 0.3])
    simulated = np.abs(np.random.default_rng(2).normal(size=(200_000, 2)) * errors).mean()
    assert scores.noise_floor(errors) == pytest.approx(float(simulated), abs=0.001)
    assert math.isnan(scores.noise_floor([]))


def binomial_quantile(share: float, n: int, p: float) -> int:
    """Smallest count whose distribution function reaches a share, added up term by term."""
    total = 0.0
    for k in range(n + 1):
        total += math.comb(n, k) * p**k * (1.0 - p) ** (n - k)
        if total >= share:
            return k
    return n


@pytest.mark.parametrize(("predicted", "n"), [(30.0, 100), (12.5, 74), (47.6, 410)])
def test_the_interval_of_responders_is_the_central_80_percent(predicted: float, n: int) -> None:
    expected = tuple(binomial_quantile(share, n, predicted / 100) for share in (0.1, 0.9))
    assert scores.response_interval(predicted, n) == expected


def test_a_response_counts_within_6_points_or_within_its_own_sampling() -> None:
    """In an arm of 50, 30 % predicted allows 11 to 19 responders (22 to 38 %); in one of 5 000 hardly a point."""
    assert scores.response_is_within(30.0, 36.0, 5_000)
    assert not scores.response_is_within(30.0, 36.1, 5_000)
    assert scores.response_interval(30.0, 50) == (11, 19)
    assert scores.response_is_within(30.0, 38.0, 50)
    assert not scores.response_is_within(30.0, 40.0, 50)
    assert scores.response_is_within(42.0, 48.0, 0)
    assert not scores.response_is_within(42.0, 48.5, 0)


def test_a_trial_wins_when_its_interval_ends_below_1() -> None:
    """N(-0.3, 0.1^2) with standard error 0.1: Phi((0.3 - 1.959964 x 0.1) / 0.1) = Phi(1.040036)."""
    expected = stats.norm.cdf((0.3 - 1.959964 * 0.1) / 0.1)
    assert NormalPredictive(-0.3, 0.01).win_probability(0.1) == pytest.approx(expected, rel=1e-9)
    assert SampledPredictive([-0.3, -0.1, 0.2]).win_probability(0.1) == pytest.approx(1 / 3)
    own = SampledPredictive([0.2, -0.1, -0.3], standard_errors=[0.1, 0.01, 0.5])
    assert own.win_probability(0.1) == pytest.approx(
        1 / 3
    )  # the second, by its own narrow interval
    assert scores.predicts_failure(0.49)
    assert not scores.predicts_failure(0.5)


def test_medians_that_are_not_reached_have_quantiles_and_no_score() -> None:
    ensemble = SampledPredictive([10.0, 12.0, math.inf, math.inf, math.inf])
    assert ensemble.median == math.inf
    assert ensemble.interval(0.95)[0] == 10.0
    assert math.isnan(ensemble.crps(11.0))
    assert math.isnan(ensemble.log_score(11.0))
    assert math.isnan(SampledPredictive([0.3, 0.3]).log_score(0.3))  # no spread, no density


@pytest.mark.parametrize(
    ("values", "weights", "message"),
    [
        ([], None, "at least one"),
        ([0.1, math.nan], None, "1 of 2 draws are nan"),
        ([0.1, 0.2], [1.0], "one weight per draw"),
        ([0.1, 0.2], [1.0, -1.0], "not negative"),
        ([0.1, 0.2], [0.0, 0.0], "not all 0"),
    ],
)
def test_what_is_no_ensemble_is_refused(
    values: list[float], weights: list[float] | None, message: str
) -> None:
    with pytest.raises(InvalidArgument, match=message):
        SampledPredictive(values, weights)


def test_a_normal_without_variance_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="variance 0"):
        NormalPredictive(0.0, 0.0)
