"""What verbs that answer a question share: their folder, its verification, and how far an answer may be used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import normoxia as nx
from normoxia.api.asking import Asking, answer_json, credibility_of
from normoxia.api.run import Run
from normoxia.calibration.credibility import standings, wording
from normoxia.design import comparisons, stage
from normoxia.errors import InvalidDocument, OutputExists
from normoxia.report.pages.answer import answer_page
from normoxia.report.pages.document import Page


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Run]]:
    """A question with two runs in a folder."""
    folder = tmp_path_factory.mktemp("asking") / "answered"
    asking = Asking(command="compare", name="chemo-free", draws=8, out=folder, workers=1)
    trial = stage.trial_of(comparisons.read("chemo-free"), 1)
    runs = asking.simulate_all(
        {"whole": asking.planned(trial), "without": asking.planned(trial, ablate=["C26"])}
    )
    use = credibility_of("forecast", "mechanism", runs["whole"])

    def page(lang: str) -> tuple[Page, tuple[()]]:
        made = answer_page(
            lang=lang,
            title="title",
            lead="lead",
            answer="answer",
            is_certain=False,
            credibility=use,
            sections=(),
            limits=(),
            provenance=runs["whole"].provenance,
        )
        return made, ()

    content = answer_json(
        "normoxia.test/1",
        {},
        {"en": "a", "zh": "b"},
        is_certain=False,
        credibility=use,
        manifest={},
    )
    asking.keep("answer", content, "document: 1\n", page, runs)
    return folder, runs


def test_a_folder_of_several_runs_verifies_and_shows_both_languages(
    answered: tuple[Path, dict[str, Run]],
) -> None:
    folder, runs = answered
    found = nx.verify(folder, share=1.0, workers=1)
    assert found.n_repeated == found.n_patients == sum(run.result.n_rows for run in runs.values())
    html = (folder / "answer.html").read_text(encoding="utf-8")
    assert "How far this answer may be used" in html
    assert "该答案可用到何种程度" in html
    written = json.loads((folder / "answer.json").read_text(encoding="utf-8"))
    assert list(written) == ["schema", "answer", "credibility", "manifest"]
    assert written["credibility"]["is_current"]


@pytest.mark.parametrize("change", ["answer.json", "added.txt", "question.json", "runs"])
def test_a_folder_that_was_changed_does_not_verify(
    answered: tuple[Path, dict[str, Run]], change: str
) -> None:
    folder = answered[0]
    place = folder / "runs" / "whole" / "manifest.json" if change == "runs" else folder / change
    before = place.read_bytes() if place.exists() else None
    try:
        place.write_bytes((before or b"").replace(b"whole", b"hole") + b" ")
        with pytest.raises(InvalidDocument, match=r"changed"):
            nx.verify(folder, workers=1)
    finally:
        if before is None:
            place.unlink()
        else:
            place.write_bytes(before)


def test_a_folder_that_holds_an_answer_is_not_written_again_but_resumed(
    answered: tuple[Path, dict[str, Run]],
) -> None:
    folder, runs = answered
    trial = stage.trial_of(comparisons.read("chemo-free"), 1)
    again = Asking(command="compare", name="chemo-free", draws=8, out=folder, workers=1)
    with pytest.raises(OutputExists, match="--resume"):
        again.simulate_all({"whole": again.planned(trial)})
    del runs


def test_a_use_stands_by_the_claims_that_its_question_rests_on() -> None:
    for question in wording.read().questions:
        use = standings.use(question.id, "both", "another ensemble")
        assert set(use.missing) <= set(question.rests_on)
        assert (use.standing == "met") == (not use.missing)
        assert not use.is_current
        assert "another ensemble" in use.sentence("en")
