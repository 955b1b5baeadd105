from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from normoxia.errors import InvalidArgument
from normoxia.evidence.synthesis.judgement.certainty import (
    Concern,
    certainty,
    heterogeneity,
    imprecision,
)
from normoxia.evidence.synthesis.model import network as net
from normoxia.evidence.synthesis.model.contrasts import Contrast
from normoxia.evidence.synthesis.model.meta import pairwise
from normoxia.evidence.synthesis.model.network import NetworkEffect


def effect(estimate: float, half: float, prediction: float) -> NetworkEffect:
    ends = (estimate - prediction, estimate + prediction)
    return NetworkEffect(
        treatment="a",
        comparator="b",
        estimate=estimate,
        se=half / 1.96,
        low=estimate - half,
        high=estimate + half,
        p_value=0.5,
        prediction=ends,
    )


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
    assert heterogeneity(effect(-0.5, 1.0, 0.2), 0.2).concern is Concern.NONE


@given(
    st.lists(st.tuples(st.floats(-1, 1), st.floats(0.05, 0.5)), min_size=2, max_size=6),
    st.sampled_from([0.8, 0.9, 0.95, 0.99]),
    st.booleans(),
)
@settings(deadline=None, max_examples=60)
@example([(-0.36, 0.17)] * 3, 0.9, True)
def test_a_new_study_is_never_better_known_than_the_mean(
    studies: list[tuple[float, float]], level: float, hartung_knapp: bool
) -> None:
    """Studies that agree: Hartung and Knapp's t interval reaches beyond a prediction interval by normal quantiles."""
    rows = [Contrast(str(i), "a", "b", y, se) for i, (y, se) in enumerate(studies)]
    fitted = net.fit(net.build(rows, "HR"), hartung_knapp=hartung_knapp, level=level)
    between = fitted.effect("a", "b")
    assert between.prediction[0] <= between.low <= between.high <= between.prediction[1]
    alone = pairwise(
        *zip(*studies, strict=True),
        hartung_knapp=hartung_knapp,
        level=level,
        prediction="confidence",
    )
    assert alone.prediction[0] <= alone.low <= alone.high <= alone.prediction[1]
    assert len(certainty(fitted)) == 1


def test_bias_reaches_an_estimate_through_the_studies_that_carry_it() -> None:
    rows = [Contrast("good", "a", "b", -0.5, 0.1), Contrast("bad", "b", "c", -0.5, 0.1)]
    fitted = net.fit(net.build(rows, "HR"), model="common")
    found = {
        (c.treatment, c.comparator): {j.domain: j for j in c.judgements}
        for c in certainty(
            fitted, risk_of_bias={"good": 1, "bad": 3}, indirectness={"good": 1, "bad": 1}
        )
    }
    assert found["a", "b"]["within-study bias"].concern is Concern.NONE
    assert found["b", "c"]["within-study bias"].concern is Concern.MAJOR
    assert found["a", "c"]["within-study bias"].concern is Concern.SOME  # half from each
    assert found["a", "b"]["indirectness"].concern is Concern.NONE


PRECISE = [Contrast("1", "a", "b", -0.5, 0.05)]


def test_what_was_not_judged_is_said_and_lowers_nothing() -> None:
    """One precise study: only heterogeneity and incoherence, which share a step, are some concern."""
    (one,) = certainty(net.fit(net.build(PRECISE, "HR"), model="common"))
    assert one.not_judged == ("within-study bias", "indirectness", "reporting bias")
    assert one.level == "moderate"
    assert one.word == "at most moderate (3 of 6 domains not judged)"
    said = one.to_json()
    assert said["level"] == one.word
    assert [d["concern"] for d in said["domains"]][:3] == ["not judged"] * 3
    assert all("not judged" in j.reason for j in one.judgements[:3])


@pytest.mark.parametrize(
    ("scores", "level"),
    [((1, 1, 1), "moderate"), ((2, 1, 1), "low"), ((3, 1, 1), "very low"), ((1, 2, 2), "very low")],
)
def test_what_was_judged_takes_its_steps(scores: tuple[int, int, int], level: str) -> None:
    bias, indirect, reporting = ({"1": score} for score in scores)
    (one,) = certainty(
        net.fit(net.build(PRECISE, "HR"), model="common"),
        risk_of_bias=bias,
        indirectness=indirect,
        reporting_bias=reporting,
    )
    assert (one.level, one.word, one.not_judged) == (level, level, ())


def test_the_lowest_level_needs_no_reserve() -> None:
    (one,) = certainty(
        net.fit(net.build(PRECISE, "HR"), model="common"),
        risk_of_bias={"1": 3},
        indirectness={"1": 3},
    )
    assert one.word == "very low (1 of 6 domains not judged)"


def test_studies_without_a_judgement_count_only_where_the_answer_hangs_on_them() -> None:
    """Weights 100 to 1: the small study cannot move the mean across a boundary, the large one can."""
    rows = [Contrast("large", "a", "b", -0.5, 0.05), Contrast("small", "a", "b", -0.5, 0.5)]
    fit = net.fit(net.build(rows, "HR"), model="common")
    (known,) = certainty(fit, risk_of_bias={"large": 1})
    (unknown,) = certainty(fit, risk_of_bias={"small": 1})
    assert known.judgements[0].concern is Concern.NONE
    assert "1 studies not judged, which changes nothing" in known.judgements[0].reason
    assert unknown.judgements[0].concern is None
    assert "99% of the estimate" in unknown.judgements[0].reason


def test_without_shares_nothing_that_a_study_carries_is_judged() -> None:
    (one,) = certainty(
        net.fit(net.build(PRECISE, "HR"), model="common"), risk_of_bias={"1": 1}, shares={}
    )
    assert one.judgements[0].concern is None
    assert "not listed" in one.judgements[0].reason


def test_a_score_that_does_not_exist_is_refused_in_every_domain() -> None:
    fit = net.fit(net.build(PRECISE, "HR"), model="common")
    for domain in ("risk_of_bias", "indirectness", "reporting_bias"):
        with pytest.raises(InvalidArgument, match=f"{domain} of"):
            certainty(fit, **{domain: {"1": 4}})  # type: ignore[arg-type]


def test_differences_need_their_smallest_difference_that_matters() -> None:
    fitted = net.fit(net.build([Contrast("1", "a", "b", -0.5, 0.05)], "MD"))
    with pytest.raises(InvalidArgument, match="equivalence"):
        certainty(fitted)
