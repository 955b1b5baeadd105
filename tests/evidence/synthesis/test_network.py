from __future__ import annotations

import math

import numpy as np
import pytest

from normoxia.errors import InvalidArgument, UnknownName
from normoxia.evidence.synthesis.model import meta
from normoxia.evidence.synthesis.model import network as net
from normoxia.evidence.synthesis.model.contrasts import (
    Arm,
    Contrast,
    EffectMeasure,
    contrasts_from_arms,
)
from normoxia.evidence.synthesis.model.indirect import bucher


def test_two_treatments_are_a_pairwise_meta_analysis() -> None:
    y, se = [0.1, 0.5, -0.3, 0.9], [0.2, 0.3, 0.25, 0.4]
    network = net.build(
        [Contrast(str(i), "b", "a", *row) for i, row in enumerate(zip(y, se, strict=True))]
    )
    for tau in ("DL", "REML", "PM", "ML"):
        pooled, fitted = meta.pairwise(y, se, tau=tau), net.fit(network, tau=tau)
        effect = fitted.effect("b", "a")
        assert (effect.estimate, effect.se, fitted.tau2) == pytest.approx(
            (pooled.estimate, pooled.se, pooled.tau2)
        )


def test_an_indirect_comparison_is_buchers() -> None:
    network = net.build([Contrast("1", "a", "c", 0.5, 0.2), Contrast("2", "b", "c", 0.1, 0.3)])
    found, expected = net.fit(network).effect("a", "b"), bucher(0.5, 0.2, 0.1, 0.3)
    assert (found.estimate, found.se) == pytest.approx((expected.estimate, expected.se), rel=1e-13)
    assert math.isnan(found.prediction[0])


def test_multi_arm_generalised_least_squares_written_out() -> None:
    """One three-arm and two two-arm studies against the textbook block-diagonal covariance."""
    arms = {"a": (1.0, 0.04), "b": (1.6, 0.09), "c": (0.4, 0.05)}
    triple = [
        Contrast("1", x, y, arms[x][0] - arms[y][0], math.sqrt(arms[x][1] + arms[y][1]))
        for x, y in ("ab", "ac", "bc")
    ]
    network = net.build(
        [*triple, Contrast("2", "b", "a", 0.2, 0.3), Contrast("3", "c", "a", -0.9, 0.2)]
    )
    tau2 = 0.07
    s = np.diag([0.13 + tau2, 0.09 + tau2, 0.09 + tau2, 0.04 + tau2])
    s[0, 1] = s[1, 0] = 0.04 + tau2 / 2  # b-a and c-a share arm a
    x = np.array([[1.0, 0], [0, 1], [1, 0], [0, 1]])
    y = np.array([0.6, -0.6, 0.2, -0.9])
    w = np.linalg.inv(s)
    covariance = np.linalg.inv(x.T @ w @ x)
    beta = covariance @ x.T @ w @ y
    fitted = net.fit(network, tau=math.sqrt(tau2))
    for treatment, row in (("b", [1.0, 0]), ("c", [0, 1.0])):
        e = fitted.effect(treatment, "a")
        assert e.estimate == pytest.approx(float(np.dot(row, beta)), rel=1e-12)
        assert e.se == pytest.approx(math.sqrt(row @ covariance @ row), rel=1e-12)


def test_restricted_likelihood_of_a_network_is_at_its_top() -> None:
    rng = np.random.default_rng(5)
    rows = [
        Contrast(str(i), *pair, rng.normal(0, 0.6), 0.3)
        for i, pair in enumerate([("a", "b"), ("b", "c"), ("a", "c")] * 4)
    ]
    network = net.build(rows)
    fitted = net.fit(network, tau="REML")
    x, _ = net.full_rank_design(network)
    from normoxia.evidence.synthesis.model.heterogeneity import log_likelihood

    top = log_likelihood(network.estimate, network.variance, x, fitted.tau2)
    for other in (0.8 * fitted.tau2, 1.25 * fitted.tau2, 0.0):
        assert log_likelihood(network.estimate, network.variance, x, other) < top


def test_disconnected_parts_are_kept_and_only_contrasts_between_them_are_unknown() -> None:
    network = net.build([Contrast("1", "a", "b", 0.1, 0.1), Contrast("2", "c", "d", 0.2, 0.1)])
    fitted = net.fit(network)
    assert network.n_parts == 2
    assert network.parts() == (("a", "b"), ("c", "d"))
    assert fitted.effect("a", "b").estimate == pytest.approx(0.1)
    assert math.isnan(fitted.effect("a", "c").estimate)
    assert network.part_network("d").treatments == ("c", "d")


def test_hartung_knapp_uses_student_intervals_and_scales_by_q() -> None:
    network = net.build([Contrast(str(i), "a", "b", y, 0.1) for i, y in enumerate((0.0, 0.4, 0.8))])
    scaled, plain = (
        net.fit(network, model="common", hartung_knapp=True),
        net.fit(network, model="common"),
    )
    ratio = scaled.effect("a", "b").se / plain.effect("a", "b").se
    assert ratio == pytest.approx(math.sqrt(plain.q / 2))
    # qt(.975, 2) in R
    e = scaled.effect("a", "b")
    assert (e.high - e.estimate) / e.se == pytest.approx(4.302653, rel=1e-6)


def test_the_league_is_antisymmetric() -> None:
    network = net.build([Contrast("1", "a", "b", 0.1, 0.1), Contrast("2", "b", "c", 0.2, 0.1)])
    league = net.fit(network).league()
    assert league[0][0] is None
    assert league[0][2].estimate == pytest.approx(-league[2][0].estimate)  # type: ignore[union-attr]


def test_leaving_a_study_out_says_where_the_network_breaks() -> None:
    rows = [
        Contrast("1", "a", "b", 0.1, 0.1),
        Contrast("2", "a", "b", 0.3, 0.1),
        Contrast("3", "b", "c", 0.2, 0.1),
    ]
    left = net.leave_one_out(net.build(rows), model="common")
    assert left["1"].effect("a", "b").estimate == pytest.approx(0.3)  # type: ignore[union-attr]
    assert left["3"] is None


def test_arms_of_counts_give_log_odds_ratios() -> None:
    contrasts, notes = contrasts_from_arms(
        [Arm("1", "a", n=100, events=20), Arm("1", "b", n=100, events=10)], EffectMeasure.OR
    )
    assert contrasts[0].estimate == pytest.approx(math.log(20 * 90 / (80 * 10)))
    assert contrasts[0].se == pytest.approx(math.sqrt(1 / 20 + 1 / 80 + 1 / 10 + 1 / 90))
    assert notes == ()


def test_a_study_without_events_is_left_out_with_a_reason() -> None:
    contrasts, notes = contrasts_from_arms(
        [Arm("1", "a", n=10, events=0), Arm("1", "b", n=12, events=0)], "RR"
    )
    assert contrasts == ()
    assert "no events" in notes[0]


def test_counts_read_as_hazards_recover_the_hazard_ratio_of_exponential_arms() -> None:
    """Survival at one time under proportional hazards: the cloglog difference is the log hazard ratio."""
    hazard, ratio, n = 0.4, 0.6, 1e6
    arms = [
        Arm("1", "a", n=n, events=n * (1 - math.exp(-hazard * ratio))),
        Arm("1", "b", n=n, events=n * (1 - math.exp(-hazard))),
    ]
    assert contrasts_from_arms(arms, "HR")[0][0].estimate == pytest.approx(
        math.log(ratio), rel=1e-9
    )


@pytest.mark.parametrize(
    "bad",
    [
        [],
        [Contrast("1", "a", "a", 0.1, 0.1)],
        [Contrast("1", "a", "b", 0.1, 0.0)],
        [Contrast("1", "a", "b", math.nan, 1)],
    ],
)
def test_networks_that_cannot_be_meant_are_refused(bad: list[Contrast]) -> None:
    with pytest.raises(InvalidArgument):
        net.build(bad)


def test_an_unknown_treatment_is_named_with_its_nearest() -> None:
    network = net.build([Contrast("1", "bevacizumab", "chemo", 0.1, 0.1)])
    with pytest.raises(UnknownName, match='did you mean "bevacizumab"'):
        net.fit(network).effect("bevacizumb", "chemo")


def test_contrasts_of_one_study_that_share_no_arm_are_kept_apart_with_a_note() -> None:
    network = net.build(
        [
            Contrast("s", "a", "b", 0.1, 0.1),
            Contrast("s", "c", "d", 0.2, 0.1),
            Contrast("t", "b", "c", 0, 0.1),
        ]
    )
    assert network.studies == ("s (1)", "s (2)", "t")
    assert "share no arm" in network.notes[0]
    assert net.fit(network).effect("a", "d").estimate == pytest.approx(0.3)
