"""What patients had before, read from words: a checkpoint inhibitor, none, or words that do not say."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normoxia import evidence
from normoxia.errors import InvalidArgument
from normoxia.evidence.studies.prior import prior_inhibitor
from normoxia.trial.making import from_study

HAD = [
    "anti-PD-(L)1 and platinum, concurrent or sequential",
    "ICI monotherapy",
    "previous pembrolizumab",
    "PD-1 inhibitor",
    "nivolumab or pembrolizumab",
    "platinum-based chemotherapy and immunotherapy",
    "treated with Keytruda",
    "免疫治疗",
    "first-line chemoimmunotherapy",
    "prior checkpoint inhibitor",
    "tislelizumab + chemotherapy",
]
HAD_NOT = [
    "",
    "none",
    "chemotherapy-naive",
    "1-2 chemotherapy regimens incl. platinum",
    "EGFR-TKI",
    "no prior ICI",
    "untreated",
    "platinum, no prior ICI",
    "immunotherapy-naive",
    "no ICI or TKI",
    "bevacizumab and chemotherapy",
    "含铂化疗",
    "osimertinib",
]
UNSAID = [
    "IO",
    "30% had ICI",
    "checkpoint inhibitor allowed",
    "some immunotherapy",
    "vaccine",
    "platinum with or without ICI",
    "ICI or chemotherapy",
    "see protocol",
    "?",
    "CAR-T",
    "prior ICI; no prior ICI",
    "per investigator",
]


@pytest.mark.parametrize(
    ("text", "had"),
    [(t, True) for t in HAD] + [(t, False) for t in HAD_NOT] + [(t, None) for t in UNSAID],
)
def test_words_say_whether_there_was_a_checkpoint_inhibitor(text: str, had: bool | None) -> None:
    assert prior_inhibitor(text) is had
    assert prior_inhibitor(text.upper()) is had


@given(st.sampled_from(HAD), st.sampled_from(HAD_NOT[1:]))
def test_another_therapy_beside_changes_nothing(one: str, other: str) -> None:
    """Beside words of a denial they contradict one another, else the inhibitor stays one."""
    denied = any(word in other for word in ("no ", "naive", "none", "untreated"))
    assert prior_inhibitor(f"{other}; {one}") in ((True, None) if denied else (True,))


@given(st.text(alphabet="bcdfghjkqwxz -", min_size=4, max_size=20).filter(lambda t: t.strip(" -")))
def test_no_word_of_nobody_is_taken_for_none(text: str) -> None:
    assert prior_inhibitor(text) is None


def test_a_study_whose_words_do_not_say_is_a_finding_and_is_not_run() -> None:
    study = evidence.registry()["OAK"]
    setting = dataclasses.replace(study.setting, prior_therapy="as per protocol")
    odd = dataclasses.replace(study, setting=setting)
    assert "setting.prior_therapy" in [finding.place.key for finding in evidence.check(odd)]
    with pytest.raises(
        InvalidArgument, match="does not say whether patients had a checkpoint inhibitor"
    ):
        from_study.build(odd)


def test_every_shipped_study_says() -> None:
    """Three publications print that some had one: nobody can say more of them."""
    silent = {
        study.id
        for study in evidence.registry()
        if prior_inhibitor(study.setting.prior_therapy) is None
    }
    assert silent == {"ALTER-L018", "JUNIPER", "LUNAR"}
