from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normoxia.evidence.synthesis.model import network as net
from normoxia.evidence.synthesis.model.contrasts import Contrast
from normoxia.evidence.synthesis.model.multiarm import study_arms


def triple(
    ab: float, ac: float, bc: float, effects: tuple[float, float, float] = (0.1, 0.3, 0.2)
) -> list[Contrast]:
    return [
        Contrast("s", *pair, e, math.sqrt(v))
        for pair, e, v in zip(("ab", "ac", "bc"), effects, (ab, ac, bc), strict=True)
    ]


def test_arm_variances_of_three_arms() -> None:
    study = study_arms(triple(0.05, 0.07, 0.06))
    assert study.variances == pytest.approx([0.03, 0.02, 0.04])
    assert study.notes == ()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0.01, 2), min_size=3, max_size=6))
def test_rotation_keeps_every_variance_and_adds_tau2_once(own: list[float]) -> None:
    names = "abcdef"[: len(own)]
    rows = [
        Contrast("s", names[i], names[j], float(i - j), math.sqrt(own[i] + own[j]))
        for i in range(len(own))
        for j in range(i + 1, len(own))
    ]
    study = study_arms(rows)
    design, y, v = study.rotated()
    for tau2 in (0.0, 0.3):
        information = (design.T / (v + tau2)) @ design
        covariance = np.linalg.pinv(information)
        for i in range(len(own)):
            for j in range(i):
                found = covariance[i, i] + covariance[j, j] - 2 * covariance[i, j]
                assert found == pytest.approx(own[i] + own[j] + tau2, rel=1e-8)
    assert y == pytest.approx(design @ np.arange(len(own)), abs=1e-9)


def test_impossible_variances_show_their_arithmetic_and_the_interval_that_cannot_be_right() -> None:
    study = study_arms(triple(0.40, 0.04, 0.05))
    assert "(0.4 + 0.04 - 0.05) / 2 = 0.195" in study.notes[0]
    assert "(0.04 + 0.05 - 0.4) / 2 = -0.155" in study.notes[0]
    assert "a against b" in study.notes[0]
    assert np.all(study.variances > 0)
    assert np.all(study.rotated()[2] > 0)


def test_a_negative_arm_variance_that_still_fits_together_is_used_with_a_note() -> None:
    study = study_arms(triple(0.100, 0.040, 0.050))  # c: (.04 + .05 - .10) / 2 = -.005
    assert study.variances[2] == pytest.approx(-0.005)
    assert "negative arm variance" in study.notes[0]


def test_two_contrasts_against_a_shared_arm_split_their_variance_by_size() -> None:
    rows = [
        Contrast("s", "a", "c", 0.1, math.sqrt(0.05)),
        Contrast("s", "b", "c", 0.2, math.sqrt(0.05)),
    ]
    study = study_arms(rows, {"a": 50, "b": 50, "c": 200})
    assert dict(zip(study.arms, study.variances, strict=True)) == pytest.approx(
        {"a": 0.04, "b": 0.04, "c": 0.01}
    )
    assert "in proportion to 1 / size" in study.notes[0]
    assert "assumed" in study_arms(rows).notes[0]


def test_contrasts_that_do_not_close_a_triangle_are_noted() -> None:
    study = study_arms(triple(0.05, 0.07, 0.06, (0.1, 0.9, 0.2)))
    assert any("its other contrasts make it" in note for note in study.notes)


def test_a_pair_given_twice_counts_as_both_in_either_order() -> None:
    """The mean of the two estimates and of their variances, not whichever stands last."""
    twice = [Contrast("1", "a", "b", 0.2, 0.1), Contrast("1", "b", "a", -0.6, 0.3)]
    for rows in (twice, twice[::-1]):
        effect = net.fit(net.build(rows), model="common").effect("a", "b")
        assert effect.estimate == pytest.approx(0.4)
        assert effect.se**2 == pytest.approx((0.01 + 0.09) / 2.0)


def test_variances_that_several_splits_fit_take_the_one_nearest_to_equal() -> None:
    """A star whose variances are impossible in equal parts: no arm below 0, and no order decides."""
    rows = [Contrast("1", x, "c", 0.1, se) for x, se in (("a", 0.05), ("b", 1.0), ("d", 1.2))]
    first = study_arms(rows).variances
    names = study_arms(rows).arms
    for turned in (rows[::-1], [rows[1], rows[2].reversed(), rows[0]]):
        other = study_arms(turned)
        assert np.all(other.variances > 0)
        found = dict(zip(other.arms, other.variances, strict=True))
        assert [found[name] for name in names] == pytest.approx(first, rel=1e-6)
