"""Sentences of a state figure: change of the medians, and agreement with the review."""

from __future__ import annotations

import numpy as np
import pytest

from normoxia import trial
from normoxia.language import language
from normoxia.report.figures.bands import BandArm
from normoxia.report.views.state_sentences import (
    REVIEW_DIRECTION,
    EarlyCourse,
    acts_on_vessels,
    delivery_sentences,
    early_courses,
    state_changes,
    state_sentences,
)


def band(name: str, start: float, first: float) -> BandArm:
    values = np.array([[start, first, first]]) * np.linspace(0.5, 1.5, 5)[:, None]
    return BandArm(name, np.array([0.0, 1.4, 2.8]), values)


def test_direction_and_numbers_are_those_of_the_medians() -> None:
    changes = state_changes(
        [band("A", 1.0, 0.6), band("B", 1.0, 1.02), band("C", 1.0, 1.3)], {"A"}, 1.4
    )
    text = state_sentences("perfusion", "blood flow", changes, language("en"))[0]
    assert text == (
        "blood flow: median at the start and at the first scan (month 1.4): A fell from 1.00 to 0.60, "
        "B stayed at 1.02 (1.00 at the start), C rose from 1.00 to 1.30."
    )


@pytest.mark.parametrize("code", ["en", "zh"])
@pytest.mark.parametrize("state", sorted(REVIEW_DIRECTION))
def test_only_arms_with_an_anti_angiogenic_drug_are_compared_with_the_review(
    code: str, state: str
) -> None:
    text = language(code)
    toward, away = (1.4, 0.6) if REVIEW_DIRECTION[state] > 0 else (0.6, 1.4)
    agrees = state_sentences(
        state, state, state_changes([band("A", 1, toward), band("B", 1, away)], {"A"}, 1.4), text
    )
    differs = state_sentences(state, state, state_changes([band("A", 1, away)], {"A"}, 1.4), text)
    assert agrees[1:] == [text.say(f"states.agrees.{state}", arms="A")]
    assert differs[1:] == [text.say(f"states.differs.{state}", arms="A")]
    assert (
        len(state_sentences(state, state, state_changes([band("B", 1, away)], set(), 1.4), text))
        == 1
    )


def test_arms_with_anti_angiogenic_drugs_are_recognised() -> None:
    arms = {arm.id: acts_on_vessels(arm) for arm in trial.read("impower150").arms}
    assert arms == {"ABCP": True, "ACP": False, "BCP": True}


def test_arms_without_a_scan_have_no_sentence() -> None:
    alone = BandArm("A", np.array([0.0]), np.ones((5, 1)))
    assert (
        state_sentences(
            "perfusion", "blood flow", state_changes([alone], {"A"}, 1.4), language("en")
        )
        == []
    )


@pytest.mark.parametrize("code", ["en", "zh"])
def test_delivery_is_told_beside_the_blood_flow_that_a_scan_sees(code: str) -> None:
    """Medians by hand: delivery 1.1 and 1.2 on days 7 and 14, 0.9 on day 42; flow 0.8, 0.7 and 0.6."""
    spread = np.array([[0.9], [1.0], [1.0], [1.1]])
    text = language(code)
    course = EarlyCourse(
        arm="A",
        days=np.array([7.0, 14.0, 42.0]),
        delivery=spread * np.array([1.1, 1.2, 0.95]),
        flow=spread * np.array([0.8, 0.7, 0.6]),
    )
    gains, flow, note = delivery_sentences([course], text)
    words = {"first": "7", "last": "14", "best": "14", "most": "1.20", "share": "100"}
    assert gains == text.say("states.delivery_gains", arm="A", scan="42", at_scan="25", **words)
    assert flow == text.say(
        "states.flow", arm="A", least="0.60", lowest="42", below=text.say("states.flow_below")
    )
    assert "10.1016/j.ccr.2011.11.023" in note


def test_an_arm_that_never_gains_says_so() -> None:
    low = np.full((4, 2), 0.9)
    course = EarlyCourse(arm="A", days=np.array([7.0, 42.0]), delivery=low, flow=low)
    assert "on no day up to the first scan, day 42; it is so in 0 %" in " ".join(
        delivery_sentences([course], language("en"))
    )


def test_states_of_a_run_begin_on_the_days_after_the_first_dose() -> None:
    protocol = trial.read("impower150")
    result = trial.run(protocol, seed=3, patients=20)
    assert result.state_days[:8].tolist() == [0, 1, 3, 7, 14, 21, 28, 42]
    assert result.state_days[7] == result.visit_days[0]
    (course,) = early_courses(result, {"ABCP": result.rows("ABCP")})
    assert course.days.tolist() == [1, 3, 7, 14, 21, 28, 42]
    # blood flow falls within a day of bevacizumab in most
    assert np.median(course.flow[:, 0]) < 1.0
    assert np.all(np.isfinite(result.states[:, :7]))
