"""Sentences of a state figure: change of the medians, and agreement with the review."""

from __future__ import annotations

import numpy as np
import pytest

from normoxia import trial
from normoxia.language import language
from normoxia.report.figures.bands import BandArm
from normoxia.report.views.state_sentences import (
    REVIEW_DIRECTION,
    acts_on_vessels,
    state_changes,
    state_sentences,
)


def band(name: str, start: float, first: float) -> BandArm:
    values = np.array([[start, first, first]]) * np.linspace(0.5, 1.5, 5)[:, None]
    return BandArm(name, np.array([0.0, 1.4, 2.8]), values)


def test_direction_and_numbers_are_those_of_the_medians() -> None:
    changes = state_changes([band("A", 1.0, 0.6), band("B", 1.0, 1.02), band("C", 1.0, 1.3)], {"A"})
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
        state, state, state_changes([band("A", 1, toward), band("B", 1, away)], {"A"}), text
    )
    differs = state_sentences(state, state, state_changes([band("A", 1, away)], {"A"}), text)
    assert agrees[1:] == [text.say(f"states.agrees.{state}", arms="A")]
    assert differs[1:] == [text.say(f"states.differs.{state}", arms="A")]
    assert len(state_sentences(state, state, state_changes([band("B", 1, away)], set()), text)) == 1


def test_arms_with_anti_angiogenic_drugs_are_recognised() -> None:
    arms = {arm.id: acts_on_vessels(arm) for arm in trial.read("impower150").arms}
    assert arms == {"ABCP": True, "ACP": False, "BCP": True}


def test_arms_without_a_scan_have_no_sentence() -> None:
    alone = BandArm("A", np.array([0.0]), np.ones((5, 1)))
    assert (
        state_sentences("perfusion", "blood flow", state_changes([alone], {"A"}), language("en"))
        == []
    )
