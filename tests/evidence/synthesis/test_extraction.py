"""Only verified published numbers enter a question, and a question that misses or misnames a study is refused."""

from __future__ import annotations

import dataclasses

import pytest

from normoxia.errors import InvalidDocument, UnknownName
from normoxia.evidence.studies.registry import registry
from normoxia.evidence.synthesis import questions
from normoxia.evidence.synthesis.extraction import evidence_for, require_complete
from normoxia.evidence.synthesis.selection import selected


@pytest.mark.parametrize("name", questions.names())
def test_only_verified_published_numbers_enter(name: str) -> None:
    question, _ = selected(questions.question(name), registry())
    entered = [
        used for asked in question.asked for used in evidence_for(question, asked, registry())[1]
    ]
    assert entered
    for used in entered:
        assert used.source.verified
        assert used.source.reference != "the review"
        rows = [r for r in registry()[used.study].reported() if r.population == used.population]
        assert rows
        if " (" in used.shown:
            value = float(used.shown.split(" (")[0])
            hits = [
                r for r in rows if r.estimate.value == value and r.comparator == used.comparator
            ]
            assert any(not (r.derived or r.superseded or r.adjusted) for r in hits)


def test_a_question_that_forgets_a_randomised_study_is_refused() -> None:
    q = questions.question("first-line-wt")
    with pytest.raises(
        InvalidDocument, match="LEAP-007 is randomised and neither enters nor is excluded"
    ):
        require_complete(dataclasses.replace(q, exclusions=()), registry())


def test_a_question_that_names_what_is_not_there_is_refused() -> None:
    q = questions.question("egfr-post-tki")
    wrong = dataclasses.replace(q.entries[0], study="ORIENT-32")
    with pytest.raises(UnknownName, match="ORIENT-3"):
        require_complete(dataclasses.replace(q, entries=(wrong, *q.entries[1:])), registry())
    arm = dataclasses.replace(q.entries[0], arms={"D": "chemotherapy", "C_chemo": "chemotherapy"})
    with pytest.raises(InvalidDocument, match='no arm "D"'):
        require_complete(dataclasses.replace(q, entries=(arm, *q.entries[1:])), registry())
