"""explain, optimise and design-drug end to end at the smallest size: folder, verification, resumption, JSON, page, command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import normoxia as nx
from normoxia import library
from normoxia.cli.app import execute
from normoxia.errors import NormoxiaError, OutputExists, UnknownName

pytestmark = pytest.mark.slow

EXPLANATION = """
explanation: small
title: {en: small, zh: 小}
asks: {en: why, zh: 为何}
stage: impower150
experimental: {title: {en: both}, regimen: [atezolizumab 1200 mg q3w, bevacizumab 15 mg/kg q3w]}
control: {title: {en: one}, regimen: [atezolizumab 1200 mg q3w]}
horizon: 6
groups:
  vessels: {title: {en: vessels, zh: 血管}, statements: [C11, C13]}
  pruning: {title: {en: pruning, zh: 修剪}, statements: [C26]}
window: {course: "bevacizumab {amount} mg/kg q3w", amounts: [1, 15], days: 42, by: perfusion_gain}
loop: {statements: [C23], output: cd8_density, day: 42, course: atezolizumab 1200 mg q3w}
"""
OPTIMISATION = """
optimisation: small
title: {en: small, zh: 小}
asks: {en: which, zh: 哪个}
stage: impower150
regimen: [atezolizumab 1200 mg q3w, "bevacizumab {dose} mg/kg q3w delayed {gap} days"]
axes:
  dose: {title: {en: dose}, values: [5, 15]}
  gap: {title: {en: gap}, values: [0, 21]}
reference: {dose: 15, gap: 0}
utility: {pfs: 1, toxicity: -0.01}
horizon: 6
by: [perfusion_gain]
"""
DRUG = """
drug_design: small
title: {en: small, zh: 小}
asks: {en: where, zh: 何处}
stage: impower150
base: ivonescimab
course: "{drug} {dose} mg/kg q3w"
properties:
  half_life: {title: {en: half-life}, place: half-life, unit: days, value: 10, range: [3, 30]}
  dose: {title: {en: dose}, place: dose, unit: mg/kg, value: 20, range: [1, 30]}
known:
  ivonescimab: {title: {en: ivonescimab}, regimen: [ivonescimab 20 mg/kg q3w]}
"""
DOCUMENTS = {"explain": EXPLANATION, "optimise": OPTIMISATION, "design-drug": DRUG}
STEMS = {"explain": "explanation", "optimise": "optimisation", "design-drug": "drug-design"}
OWN = {"explain": "contributions", "optimise": "schedules", "design-drug": "properties"}


def asked(verb: str, place: Path) -> Path:
    path = place / "small.yaml"
    path.write_text(DOCUMENTS[verb], encoding="utf-8")
    return path


@pytest.mark.parametrize("verb", DOCUMENTS)
def test_a_verb_answers_keeps_verifies_and_resumes(
    verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document, folder = asked(verb, tmp_path), tmp_path / "out"
    small = ["--patients", "2", "--draws", "8", "--workers", "1", "--quiet"]
    words = [verb, str(document), *small, "--json", "--out", str(folder)]
    assert execute(words) == 0
    printed = json.loads(capsys.readouterr().out)
    kept = json.loads((folder / f"{STEMS[verb]}.json").read_text(encoding="utf-8"))
    assert printed == kept
    assert list(printed)[:2] == ["schema", STEMS[verb].replace("-", "_")]
    assert list(printed)[-3:] == ["answer", "credibility", "manifest"]
    assert OWN[verb] in printed
    assert printed["answer"]["en"] != printed["answer"]["zh"]
    assert printed["credibility"]["rests_on"] == "mechanism"
    page = (folder / f"{STEMS[verb]}.html").read_text(encoding="utf-8")
    assert all(library_word in page for library_word in ("Limitations", "局限"))
    assert list((folder / "figures").glob("*.svg"))
    with pytest.raises(OutputExists):
        call(verb, document, out=folder)
    assert execute([*words, "--resume"]) == 0
    assert json.loads(capsys.readouterr().out)["answer"] == printed["answer"]
    found = nx.verify(folder, share=0.5, workers=1)
    assert found.n_chunks >= 1


def call(verb: str, document: Path, **options: Any) -> Any:
    function = {"explain": nx.explain, "optimise": nx.optimise, "design-drug": nx.design_drug}[verb]
    return function(document, patients=2, draws=8, workers=1, **options)


@pytest.mark.parametrize(
    ("verb", "old", "new", "named"),
    [
        ("explain", "[C26]", "[C99]", "C99"),
        ("explain", "cd8_density", "cd9_density", "cd9_density"),
        ("explain", "by: perfusion_gain", "by: perfusion", "perfusion_gain"),
        ("explain", "atezolizumab 1200", "atezolizumob 1200", "atezolizumab"),
        ("optimise", "by: [perfusion_gain]", "by: [perfusion]", "perfusion_gain"),
        ("optimise", "bevacizumab {dose}", "bevacizumob {dose}", "bevacizumab"),
        ("design-drug", "stage: impower150", "stage: impower15", "impower150"),
    ],
)
def test_what_is_wrong_is_found_before_work_begins_and_leaves_no_folder(
    verb: str, old: str, new: str, named: str, tmp_path: Path
) -> None:
    document = asked(verb, tmp_path)
    document.write_text(DOCUMENTS[verb].replace(old, new), encoding="utf-8")
    with pytest.raises(NormoxiaError, match=named):
        call(verb, document, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_shipped_documents_are_found_in_any_spelling() -> None:
    from normoxia.api.design_drug import read_drug_design
    from normoxia.api.explain import read_explanation
    from normoxia.api.optimise import read_optimisation

    assert read_explanation("IMpower150").name == library.names("explanations")[0]
    assert read_optimisation("order and dose").name == "order-and-dose"
    assert read_drug_design("Next_Bispecific").name == "next-bispecific"
    with pytest.raises(UnknownName, match="order-and-dose"):
        read_optimisation("order-and-dos")


def test_the_same_schedule_in_two_blocks_has_the_same_patients(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from normoxia.api import optimise as module

    whole = call("optimise", asked("optimise", tmp_path))
    monkeypatch.setattr(module, "TOGETHER", 2)
    blocks = call("optimise", asked("optimise", tmp_path))
    assert len(whole.runs) == 1
    assert len(blocks.runs) == 2
    assert whole.found.utility.tobytes() == blocks.found.utility.tobytes()
