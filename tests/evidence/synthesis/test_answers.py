from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from normoxia.errors import InvalidDocument
from normoxia.evidence.studies.registry import registry
from normoxia.evidence.synthesis import answers, questions

SHIPPED = (
    "after-ici",
    "after-tki",
    "anti-angiogenic-chemotherapy",
    "biomarkers",
    "components",
    "egfr-post-tki",
    "first-line-trials",
    "first-line-wt",
    "maintenance",
    "pdl1-high",
    "squamous",
    "tki-or-antibody",
)


def test_these_questions_are_shipped() -> None:
    assert questions.names() == SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_every_study_of_the_registry_enters_or_says_why_not_in_both_languages(name: str) -> None:
    found = answers.answer(name, draws=100)
    everything = {study.id for study in registry()}
    for analysis in found.analyses.values():
        named = {u.study for u in analysis.used} | {x.study for x in analysis.left_out}
        unused = {
            e.study
            for e in found.question.entries
            if e.endpoints and analysis.asked.endpoint not in e.endpoints
        }
        stepped_out = {name for step in found.flow.steps for name in step.studies}
        assert everything <= named | unused | stepped_out
        assert all(x.why["en"] and x.why["zh"] for x in analysis.left_out)
    json.dumps(found.to_json(), allow_nan=False)
    for entry in found.question.entries:
        assert entry.why["en"]
        assert entry.why["zh"]


def test_first_line_agrees_with_two_published_network_meta_analyses() -> None:
    """ICI with chemotherapy against bevacizumab with chemotherapy: OS .80 (.67-.95) in Chai 2022, J Clin Med 11:1655, and
    .79 (.66-.94) in Zhai 2022, Cancer Med; PFS .68 (.53-.86). The networks differ in their studies, so the check is that
    each estimate lies in the other's interval."""
    found = answers.answer("first-line-wt", draws=100)
    for endpoint, published in (
        ("OS", (0.80, 0.67, 0.95)),
        ("OS", (0.79, 0.66, 0.94)),
        ("PFS", (0.68, 0.53, 0.86)),
    ):
        e = found.analyses[endpoint].synthesis.effect(
            "ICI + chemotherapy", "VEGF antibody + chemotherapy"
        )  # type: ignore[union-attr]
        value, low, high = published
        assert low <= math.exp(e.estimate) <= high
        assert math.exp(e.low) <= value <= math.exp(e.high)


def test_leaving_out_any_study_says_what_becomes_of_the_headline() -> None:
    analysis = answers.answer("first-line-wt", draws=100).analyses["OS"]
    assert analysis.without is not None
    assert set(analysis.without) == {u.study for u in analysis.used}
    assert all(effects is None or len(effects) == 3 for effects in analysis.without.values())
    found = answers.answer("first-line-wt", draws=100).to_json()["analyses"]["OS"]
    assert found["headline"][0]["ratio"] == pytest.approx(
        math.exp(
            analysis.synthesis.effect("ICI + chemotherapy", "VEGF antibody + chemotherapy").estimate
        )  # type: ignore[union-attr]
    )


def test_every_finding_of_a_document_is_reported_together(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "question: mine\nkind: guess\ntitle: {en: a}\nasks: {en: a, zh: b}\nreference: x\n"
        "endpoints: {XYZ: {measure: hazard ratio, small_values: good}}\nstudies: [{study: OAK}]\n",
        encoding="utf-8",
    )
    with pytest.raises(InvalidDocument) as error:
        questions.read(path)
    text = str(error.value)
    for words in ('found "guess"', 'missing key "zh"', 'endpoint "XYZ"', 'missing key "arms"'):
        assert words in text
