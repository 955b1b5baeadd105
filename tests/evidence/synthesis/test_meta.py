from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student

from normoxia.errors import InvalidArgument
from normoxia.evidence.synthesis.judgement.small_studies import trim_and_fill
from normoxia.evidence.synthesis.model import network as net
from normoxia.evidence.synthesis.model.contrasts import Contrast, EffectMeasure
from normoxia.evidence.synthesis.model.heterogeneity import TauMethod
from normoxia.evidence.synthesis.model.meta import leave_one_out, pairwise

studies = st.lists(
    st.tuples(st.floats(-3, 3), st.floats(0.05, 2)), min_size=2, max_size=12
)  # estimates and standard errors on a log scale


def test_one_study_is_its_own_pooled_estimate() -> None:
    pooled = pairwise([0.4], [0.2])
    assert (pooled.estimate, pooled.se, pooled.tau2, pooled.df) == pytest.approx(
        (0.4, 0.2, 0.0, 0), rel=1e-15
    )


def test_two_equal_studies_halve_the_variance() -> None:
    pooled = pairwise([0.3, 0.3], [0.2, 0.2], model="common")
    assert pooled.se == pytest.approx(0.2 / math.sqrt(2), rel=1e-14)


def test_moment_estimate_of_two_studies_in_closed_form() -> None:
    # two studies of equal variance v: tau2 = d^2/2 - v
    assert pairwise([0.0, 2.0], [0.5, 0.5], tau="DL").tau2 == pytest.approx(2.0 - 0.25, rel=1e-13)


@pytest.mark.parametrize("method", list(TauMethod))
def test_equal_variances_make_every_unbiased_estimator_the_sample_variance_less_v(
    method: TauMethod,
) -> None:
    y, v = np.array([-1.0, 0.2, 1.1, 2.4, 0.3]), 0.09
    sample = float(np.var(y, ddof=1))
    expected = {
        TauMethod.ML: float(np.var(y)) - v,
        TauMethod.HS: (np.sum((y - y.mean()) ** 2) / v - 5) / (5 / v),
        TauMethod.SJ: float(np.var(y)) * np.sum((y - y.mean()) ** 2) / (v + float(np.var(y))) / 4,
    }.get(method, sample - v)
    assert pairwise(y, np.full(5, math.sqrt(v)), tau=method).tau2 == pytest.approx(
        expected, rel=1e-9
    )


@settings(max_examples=50, deadline=None)
@given(studies, st.sampled_from(["DL", "REML", "PM", "ML"]))
def test_shifting_and_scaling_the_effects_shifts_and_scales_the_answer(
    rows: list[tuple[float, float]], method: str
) -> None:
    y, se = np.array(rows).T
    a, b = pairwise(y, se, tau=method), pairwise(10 * y + 3, 10 * se, tau=method)
    assert b.tau2 == pytest.approx(100 * a.tau2, rel=1e-5, abs=1e-6)
    assert b.estimate == pytest.approx(10 * a.estimate + 3, rel=1e-5, abs=1e-5)


@settings(max_examples=50, deadline=None)
@given(studies)
def test_the_order_of_studies_is_irrelevant(rows: list[tuple[float, float]]) -> None:
    y, se = np.array(rows).T
    assert pairwise(y[::-1], se[::-1]).estimate == pytest.approx(
        pairwise(y, se).estimate, rel=1e-7, abs=1e-9
    )


def test_prediction_is_wider_than_the_interval_when_studies_differ() -> None:
    pooled = pairwise([0.0, 1.0, 2.0, 0.5], [0.2] * 4)
    assert pooled.prediction[0] < pooled.low
    assert pooled.prediction[1] > pooled.high


def test_leaving_each_study_out_gives_the_others() -> None:
    left = leave_one_out([0.1, 0.5, 0.9], [0.2, 0.2, 0.2], model="common")
    assert [p.estimate for p in left] == pytest.approx([0.7, 0.5, 0.3])


@pytest.mark.parametrize(
    ("y", "se"), [([1.0], [0.0]), ([math.nan], [0.1]), ([], []), ([1.0, 2.0], [0.1])]
)
def test_what_cannot_be_pooled_is_refused_by_name(y: list[float], se: list[float]) -> None:
    with pytest.raises(InvalidArgument):
        pairwise(y, se)


def test_unknown_estimator_lists_the_known_ones() -> None:
    with pytest.raises(InvalidArgument, match="REML"):
        pairwise([1.0, 2.0], [0.1, 0.1], tau="magic")


def test_a_symmetric_funnel_lacks_nothing() -> None:
    assert (
        trim_and_fill([-0.2, -0.1, 0.0, 0.1, 0.2], [0.3, 0.2, 0.1, 0.2, 0.3], side="left").n_missing
        == 0
    )


def test_prediction_from_the_confidence_distribution_of_tau2_is_students_where_studies_do_not_err() -> (
    None
):
    """Sampling variances small against tau2: a new effect lies within t of the mean, sd by all the effects."""
    y = np.random.default_rng(2).normal(0.1, 1.0, 8)
    pooled = pairwise(y, np.full(8, 1e-4), prediction="confidence")
    half = float(student.ppf(0.975, 7)) * y.std(ddof=1) * math.sqrt(1 + 1 / 8)
    assert pooled.prediction == pytest.approx((y.mean() - half, y.mean() + half), rel=2e-3)


def test_two_treatments_are_predicted_alike_pairwise_and_as_a_network() -> None:
    rng = np.random.default_rng(4)
    y, se = rng.normal(0.2, 0.4, 6), rng.uniform(0.1, 0.4, 6)
    network = net.build(
        [Contrast(str(i), "a", "b", *row) for i, row in enumerate(zip(y, se, strict=True))],
        EffectMeasure.MD,
    )
    for choice in ("confidence", "student"):
        pooled, fitted = pairwise(y, se, prediction=choice), net.fit(network, prediction=choice)
        assert pooled.prediction == pytest.approx(fitted.effect("a", "b").prediction, rel=1e-6)


def test_one_study_says_nothing_of_the_next_one() -> None:
    assert np.isnan(pairwise([0.4], [0.2], prediction="confidence").prediction).all()
