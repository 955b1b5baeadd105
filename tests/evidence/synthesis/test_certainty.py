from __future__ import annotations

import pytest

from normoxia.errors import InvalidArgument
from normoxia.evidence.synthesis import network as net
from normoxia.evidence.synthesis.certainty import Concern, certainty, heterogeneity, imprecision
from normoxia.evidence.synthesis.contrasts import Contrast
from normoxia.evidence.synthesis.network import NetworkEffect


def effect(estimate: float, half: float, prediction: float) -> NetworkEffect:
    ends = (estimate - prediction, estimate + prediction)
    return NetworkEffect("a", "b", estimate, half / 1.96, estimate - half, estimate + half, 0.5, ends)


@pytest.mark.parametrize(
    ("estimate", "half", "concern"),
    [
        (-0.5, 0.2, 0),
        (-0.5, 0.6, 1),
        (-0.5, 0.8, 2),
        (0.0, 0.1, 0),
        (0.1, 0.2, 1),
        (0.0, 0.5, 2),
        (0.5, 0.8, 2),
    ],
)
def test_imprecision_follows_what_the_interval_cannot_exclude(
    estimate: float, half: float, concern: int
) -> None:
    assert imprecision(effect(estimate, half, 1.0), 0.2).concern == concern


def test_heterogeneity_counts_conclusions_a_new_study_might_add() -> None:
    assert heterogeneity(effect(-0.5, 0.1, 0.2), 0.2).concern is Concern.NONE
    assert heterogeneity(effect(-0.5, 0.1, 0.6), 0.2).concern is Concern.SOME
    assert heterogeneity(effect(-0.5, 0.1, 1.0), 0.2).concern is Concern.MAJOR


def test_bias_reaches_an_estimate_through_the_studies_that_carry_it() -> None:
    rows = [Contrast("good", "a", "b", -0.5, 0.1), Contrast("bad", "b", "c", -0.5, 0.1)]
    fitted = net.fit(net.build(rows, "HR"), model="common")
    found = {
        (c.treatment, c.comparator): {j.domain: j for j in c.judgements}
        for c in certainty(fitted, risk_of_bias={"good": 1, "bad": 3}, indirectness={"good": 1, "bad": 1})
    }
    assert found["a", "b"]["within-study bias"].concern is Concern.NONE
    assert found["b", "c"]["within-study bias"].concern is Concern.MAJOR
    assert found["a", "c"]["within-study bias"].concern is Concern.SOME  # half from each
    assert found["a", "b"]["indirectness"].concern is Concern.NONE


def test_what_was_not_judged_is_no_reason_for_trust() -> None:
    fitted = net.fit(net.build([Contrast("1", "a", "b", -0.5, 0.05)], "HR"), model="common")
    (one,) = certainty(fitted)
    assert one.level == "very low"
    assert sum("not judged" in j.reason for j in one.judgements) == 3


def test_differences_need_their_smallest_difference_that_matters() -> None:
    fitted = net.fit(net.build([Contrast("1", "a", "b", -0.5, 0.05)], "MD"))
    with pytest.raises(InvalidArgument, match="equivalence"):
        certainty(fitted)
