from __future__ import annotations

import math

import numpy as np
import pytest

from normoxia.evidence.synthesis import consistency as c
from normoxia.evidence.synthesis import network as net
from normoxia.evidence.synthesis.contrasts import Contrast
from normoxia.evidence.synthesis.indirect import bucher

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
    assert float(heat.residual.sum()) == pytest.approx(c.design_by_treatment(net.build(LOOP)).between_q)
    assert heat.heat == pytest.approx(np.tile(heat.residual[:, None], 3))
