"""The verbs biomarkers, toxicity and personalise: small runs from document to folder, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import normoxia as nx
from normoxia.cli.app import execute
from normoxia.errors import InvalidArgument, UnknownName


@pytest.fixture(autouse=True, scope="module")
def cache_folder(tmp_path_factory: pytest.TempPathFactory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NORMOXIA_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


def document(tmp_path: Path, kind: str, name: str, *changes: tuple[str, str]) -> Path:
    text = Path(nx.__file__).parent.joinpath("library", kind, f"{name}.yaml").read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.slow
def test_a_patient_before_treatment_is_predicted_and_kept_in_the_cache(tmp_path: Path) -> None:
    start = (
        Path(nx.__file__).parent.joinpath("library/patients/one-patient.yaml").read_text("utf-8")
    )
    measured = start[start.index("receives:") : start.index("limits:")]
    path = document(tmp_path, "patients", "one-patient", (measured, "months: 12\n"))
    found = nx.personalise(path, patients=4, draws=8)
    assert found.support.inside
    assert found.support.effective_draws == pytest.approx(found.bank.n)
    assert [c.regimen for c in found.courses] == ["ICI+AA+chemo", "ICI+chemo", "AA+chemo"]
    assert found.table().height == 3
    assert "Research use only" not in found.answer()  # said once, beside it
    page, figures = found.page("zh")
    assert len(figures) == 1
    assert "仅供研究" in page.lead
    steps: list[object] = []

    class Watch:
        def __enter__(self):
            return steps.append

        def __exit__(self, *_: object) -> None: ...

    again = nx.personalise(path, patients=4, draws=8, progress=Watch())
    assert not steps  # nothing was simulated
    assert again.summary() == found.summary()


def test_a_patient_with_few_like_ones_is_refused_in_words_and_in_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "patient"
    asked = ["personalise", "one-patient", "--patients", "1", "--draws", "8", "--json", "-q"]
    assert execute([*asked, "--out", str(out), "--no-report"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["schema"] == "normoxia.personalise/1"
    assert set(printed["support"]) >= {"effective_draws", "inside"}
    assert not printed["support"]["inside"]
    assert [r["pfs"] for r in printed["regimens"]] == [None, None, None]
    assert "No prediction is made" in printed["answer"]["en"]
    assert printed["answer"]["can_be_told"] is False
    assert printed == json.loads((out / "patient.json").read_text("utf-8"))
    assert nx.verify(out, share=1.0, workers=1).n_repeated == 24


@pytest.mark.slow
def test_markers_are_asked_of_a_small_run(tmp_path: Path) -> None:
    text = Path(nx.__file__).parent.joinpath("library/biomarkers/who-gains.yaml").read_text("utf-8")
    path = document(
        tmp_path,
        "biomarkers",
        "who-gains",
        (text[text.index("  vegf:") : text.index("  shrinkage-6:")], ""),
        ("limits:", "months: 8\nsizes: [60]\nlimits:"),
    )
    found = nx.biomarkers(path, patients=20, draws=8)
    assert found.effects().height == 2 * 5
    assert found.summary()["schema"] == "normoxia.biomarkers/1"
    assert {p["coefficient"] for p in found.summary()["published"]} == {
        *("pdl1_high", "pdl1_negative", "egfr_mutant")
    }
    for lang in ("en", "zh"):
        page, figures = found.page(lang)
        assert len(page.sections) == 7
        assert figures[0].svg()
    assert found.answer("zh")
    with pytest.raises(InvalidArgument, match="20"):
        nx.biomarkers(path, patients=10)
    with pytest.raises(UnknownName, match="who-gains"):
        nx.biomarkers("who-gain")


@pytest.mark.slow
def test_toxicity_is_asked_of_a_small_run(tmp_path: Path) -> None:
    path = document(tmp_path, "toxicities", "adding-up")
    found = nx.toxicity(path, patients=2, draws=8)
    assert found.regimens().height == 6
    assert found.checked().height == len(found.found.hazards.rates)
    summary = found.summary()
    assert summary["schema"] == "normoxia.toxicity/1"
    assert summary["adding"]["ratio"]["interval"][0] > 0
    assert summary["credibility"]["rests_on"] == "both"
    for lang in ("en", "zh"):
        page, _ = found.page(lang)
        assert len(page.sections) == 7
    assert "percentage points" in found.answer()
