"""Studies enter a question by its rule, and every other study is counted at the step where it stays out."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest

from normoxia.errors import InvalidDocument
from normoxia.evidence.studies.registry import registry
from normoxia.evidence.synthesis import answers, questions
from normoxia.evidence.synthesis.extraction import evidence_for
from normoxia.evidence.synthesis.selection import selected

BY_RULE = (
    "after-ici",
    "after-tki",
    "anti-angiogenic-chemotherapy",
    "first-line-trials",
    "maintenance",
    "pdl1-high",
    "squamous",
)


@pytest.mark.parametrize("name", questions.names())
def test_every_study_of_the_registry_is_counted_once(name: str) -> None:
    _, flow = selected(questions.question(name), registry())
    counted = [*(study for step in flow.steps for study in step.studies), *flow.considered]
    assert sorted(counted) == sorted(study.id for study in registry())
    assert flow.identified == len(counted)


@pytest.mark.parametrize("name", BY_RULE)
def test_who_enters_fits_the_rule(name: str) -> None:
    question, _ = selected(questions.question(name), registry())
    rule = question.selection
    assert rule is not None
    for entry in question.entries:
        study = registry()[entry.study]
        assert len(set(entry.arms.values())) == len(entry.arms) >= 2
        for arm, treatment in entry.arms.items():
            assert study.arm(arm).components == frozenset(rule.treatments[treatment])
        sets = set()
        for population in map(study.population, entry.populations):
            sets.add(population.set)
            for stratum, words in rule.strata.items():
                said = population.strata.get(stratum) or getattr(study.setting, stratum)
                assert said in words, (entry.study, population.id)
        assert len(sets) == 1


def test_squamous_trials_known_to_a_reader_enter() -> None:
    """First-line trials of an ICI with chemotherapy in squamous NSCLC that any review of them names."""
    _, flow = selected(questions.question("squamous"), registry())
    known = {"KEYNOTE-407", "IMpower131", "RATIONALE-307", "ORIENT-12", "ASTRUM-004"}
    assert known <= set(flow.considered)


def test_pooled_effects_agree_with_what_was_pooled_before_by_another_method() -> None:
    """By DerSimonian and Laird, ICI with chemotherapy against chemotherapy, PFS: squamous .54, non-squamous .61.

    Means of classes pooled from the extraction of 2026-11-30, before it was made into documents. The sets of trials overlap without
    being the same, so the earlier mean has to lie in the interval.
    """
    for name, mean in (("squamous", 0.54), ("first-line-trials", 0.61)):
        question = questions.question(name)
        asked = tuple(a for a in question.asked if a.endpoint == "PFS")
        found = answers.answer(dataclasses.replace(question, asked=asked), draws=100)
        fitted = found.analyses["PFS"].synthesis
        assert fitted is not None
        effect = fitted.effect("ICI + chemotherapy", "chemotherapy")
        assert math.exp(effect.low) < mean < math.exp(effect.high)


def test_no_study_mixes_data_cuts() -> None:
    for name in BY_RULE:
        question, _ = selected(questions.question(name), registry())
        found = evidence_for(question, question.asked[0], registry())[1]
        cuts: dict[str, set[str]] = {}
        for used in found:
            cuts.setdefault(used.study, set()).add(used.population)
        assert all(len(of_study) == 1 for of_study in cuts.values())


def test_a_question_has_studies_or_a_rule(tmp_path: Path) -> None:
    text = (
        "question: none\nkind: network\ntitle: {en: a, zh: b}\nasks: {en: a, zh: b}\nreference: a\n"
        "endpoints: {PFS: {measure: hazard ratio, small_values: good}}\n"
    )
    (tmp_path / "q.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidDocument, match='neither "studies" nor "select"'):
        questions.question(tmp_path / "q.yaml")
    (tmp_path / "q.yaml").write_text(
        text + "select: {line: [frist], treatments: {a: [ICI], b: [chemotherapy]}}\n",
        encoding="utf-8",
    )
    with pytest.raises(InvalidDocument, match='did you mean "first"'):
        questions.question(tmp_path / "q.yaml")
