from __future__ import annotations

import math

import numpy as np
import pytest

from normoxia.evidence.synthesis.judgement import consistency as c
from normoxia.evidence.synthesis.model import network as net
from normoxia.evidence.synthesis.model.contrasts import Contrast
from normoxia.evidence.synthesis.model.indirect import bucher

LOOP = [
    Contrast("1", "a", "b", 0.5, 0.2),
    Contrast("2", "b", "c", 0.4, 0.25),
    Contrast("3", "a", "c", 0.2, 0.3),
]


def test_a_loop_of_three_studies_has_one_inconsistency_told_three_times() -> None:
    gap, se = 0.5 + 0.4 - 0.2, math.sqrt(0.04 + 0.0625 + 0.09)
    network = net.build(LOOP)
    fitted = net.fit(network, model="common")
    for splits in (
        c.node_splits(fitted),
        c.refitted_splits(network, model="common"),
        c.design_splits(fitted),
    ):
        assert len(splits) == 3
        for s in splits:
            assert abs(s.difference) == pytest.approx(gap, rel=1e-9)
            assert s.difference_se == pytest.approx(se, rel=1e-9)
    d = c.design_by_treatment(network)
    assert d.between_q == pytest.approx((gap / se) ** 2, rel=1e-9)
    assert (d.between_df, d.within_df) == (1, 0)


def test_the_indirect_estimate_of_a_loop_is_buchers() -> None:
    split = next(
        s
        for s in c.node_splits(net.fit(net.build(LOOP), model="common"))
        if (s.treatment, s.comparator) == ("a", "c")
    )
    expected = bucher(0.5, 0.2, -0.4, 0.25)
    assert (split.indirect, split.indirect_se) == pytest.approx((expected.estimate, expected.se))
    assert split.proportion == pytest.approx(expected.se**2 / (expected.se**2 + 0.09))


def test_comparisons_without_other_evidence_have_no_indirect_estimate() -> None:
    (split,) = c.node_splits(net.fit(net.build(LOOP[:1])))
    assert math.isnan(split.indirect)
    assert c.refitted_splits(net.build(LOOP[:2])) == ()
    assert c.design_by_treatment(net.build(LOOP[:2])).between_df == 0


def test_within_and_between_designs_add_up_to_q() -> None:
    d = c.design_by_treatment(net.build([*LOOP, Contrast("4", "b", "a", -0.9, 0.2)]))
    assert d.within_q + d.between_q == pytest.approx(d.q)
    assert d.within_q == pytest.approx(0.4**2 / 0.08)


def test_a_multi_arm_study_is_consistent_with_itself() -> None:
    own = {"a": 0.02, "b": 0.03, "c": 0.04}
    rows = [Contrast("1", x, y, 0.1, math.sqrt(own[x] + own[y])) for x, y in ("ab", "bc")]
    rows.append(Contrast("1", "a", "c", 0.2, math.sqrt(0.06)))
    assert c.design_by_treatment(net.build(rows)).df == 0
    assert c.refitted_splits(net.build(rows)) == ()


def test_unrelated_means_are_the_direct_ones() -> None:
    means = c.unrelated_means(net.build(LOOP))
    assert means.effects[0][:2] == ("a", "b")
    assert [e[2] for e in means.effects] == pytest.approx([0.5, 0.2, 0.4])
    assert means.df == 0


def test_relaxing_any_design_of_a_loop_takes_the_heat_out() -> None:
    heat = c.net_heat(net.build(LOOP))
    assert float(heat.residual.sum()) == pytest.approx(
        c.design_by_treatment(net.build(LOOP)).between_q
    )
    assert heat.heat == pytest.approx(np.tile(heat.residual[:, None], 3))


def triangle(study: str, a: float, b: float, c: float, se: float = 0.2) -> list[Contrast]:
    own = {"a": a, "b": b, "c": c}
    return [Contrast(study, x, y, own[x] - own[y], se) for x, y in ("ab", "ac", "bc")]


def test_unrelated_means_of_a_three_arm_study_alone_are_its_contrasts() -> None:
    found = c.unrelated_means(net.build(triangle("1", 0.0, 0.3, 0.8)))
    assert [e[2] for e in found.effects] == pytest.approx([-0.3, -0.8, -0.5])
    assert [e[3] for e in found.effects] == pytest.approx([0.2] * 3)
    assert (found.df, found.q) == (0, pytest.approx(0.0, abs=1e-12))


def test_unrelated_means_of_two_and_three_arms_written_out() -> None:
    """A mean for every pair; the three-arm study sees (2 d_ab + d_ac - d_bc) / 3 and so on, by generalised least squares."""
    two = [
        Contrast("2", "a", "b", 0.5, 0.3),
        Contrast("3", "b", "c", -0.4, 0.25),
        Contrast("4", "a", "c", 0.6, 0.2),
        Contrast("5", "a", "b", 0.1, 0.35),
    ]
    found = c.unrelated_means(net.build([*triangle("1", 0.0, 0.3, 0.8), *two]), tau=0.1)
    x = (
        np.array([[2, 1, -1], [1, 2, 1]]) / 3.0
    )  # a-b and a-c of the first study by d_ab, d_ac, d_bc
    x = np.vstack([x, [[1, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0]]])
    y = np.array([-0.3, -0.8, 0.5, -0.4, 0.6, 0.1])

    def covariance(tau2: float) -> np.ndarray:
        v = np.diag([0.04, 0.04, 0.09, 0.0625, 0.04, 0.1225]) + tau2 * np.eye(6)
        v[0, 1] = v[1, 0] = 0.02 + tau2 / 2.0  # they share arm a, which has half of each variance
        return v

    w = np.linalg.inv(covariance(0.01))
    inverse = np.linalg.inv(x.T @ w @ x)
    means = inverse @ x.T @ w @ y
    assert [e[2] for e in found.effects] == pytest.approx(means.tolist(), rel=1e-10)
    assert [e[3] for e in found.effects] == pytest.approx(
        np.sqrt(np.diag(inverse)).tolist(), rel=1e-10
    )
    plain = np.linalg.inv(covariance(0.0))
    residual = y - x @ np.linalg.solve(x.T @ plain @ x, x.T @ plain @ y)
    assert found.q == pytest.approx(float(residual @ plain @ residual), rel=1e-10)
    assert found.df == 3
