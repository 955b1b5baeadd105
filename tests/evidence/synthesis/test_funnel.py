from __future__ import annotations

import pytest

from normoxia.errors import UnknownName
from normoxia.evidence.synthesis.judgement.funnel import adjusted_funnel, fewest_first
from normoxia.evidence.synthesis.model import network as net
from normoxia.evidence.synthesis.model.contrasts import Contrast

NETWORK = net.build(
    [
        Contrast("1", "a", "p", -0.5, 0.1),
        Contrast("2", "p", "a", 0.2, 0.2),
        Contrast("3", "a", "p", -0.9, 0.2),
        Contrast("4", "b", "p", 1.0, 0.3),
    ]
)


def test_contrasts_are_centred_on_their_own_comparison_and_point_from_new_to_old() -> None:
    found = adjusted_funnel(NETWORK, ["b", "a", "p"])
    # weights 100, 25, 25: (-0.5 * 100 - 0.2 * 25 - 0.9 * 25) / 150
    mean = -77.5 / 150
    assert [p.adjusted for p in found.points] == pytest.approx(
        [-0.5 - mean, -0.2 - mean, -0.9 - mean, 0.0]
    )
    assert {(p.treatment, p.comparator) for p in found.points} == {("a", "p"), ("b", "p")}
    turned = adjusted_funnel(NETWORK, ["p", "a", "b"])
    assert [p.adjusted for p in turned.points] == pytest.approx([-p.adjusted for p in found.points])


def test_a_comparison_of_one_study_stays_out_of_the_test() -> None:
    found = adjusted_funnel(NETWORK)
    assert found.asymmetry is not None
    assert found.asymmetry.n_studies == 3
    assert adjusted_funnel(NETWORK.subset(["1", "4"])).asymmetry is None


def test_by_default_the_least_studied_come_first() -> None:
    assert fewest_first(NETWORK) == ("b", "a", "p")


def test_an_order_that_lacks_a_treatment_is_refused() -> None:
    with pytest.raises(UnknownName, match='"p"'):
        adjusted_funnel(NETWORK, ["a", "b"])
