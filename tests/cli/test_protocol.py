"""`normoxia protocol`: a document that reads back as the trial it was written from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from normoxia import library
from normoxia.trial import files
from normoxia.trial.protocol import Trial


def bare(trial: Trial) -> Trial:
    """A trial without where it was read from."""
    return replace(trial, file="", text="")


@pytest.mark.parametrize("name", ["leap-007", "study:KEYNOTE-189", "forecast:harmoni-3-squamous"])
def test_a_written_protocol_is_the_trial(normoxia: Callable, name: str) -> None:
    assert normoxia("protocol", name, "--file", "mine.yaml").code == 0
    written, shipped = files.read("mine.yaml"), files.read(name)
    assert bare(written) == bare(shipped)
    assert normoxia("protocol", name).out == Path("mine.yaml").read_text(encoding="utf-8")


def test_a_file_that_is_there_stays_as_it_is(normoxia: Callable) -> None:
    Path("mine.yaml").write_text("kept")
    answer = normoxia("protocol", "leap-007", "--file", "mine.yaml")
    assert answer.code != 0
    assert "mine.yaml exists" in answer.err
    assert Path("mine.yaml").read_text() == "kept"


def test_a_study_named_by_its_file_is_told_how_to_be_named(
    normoxia: Callable, tmp_path: Path
) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(
        library.path("studies", "orient-11").read_text(encoding="utf-8"), encoding="utf-8"
    )
    answer = normoxia("run", f"study:{file}")
    assert answer.code != 0
    assert f"NORMOXIA_STUDIES={tmp_path}" in answer.err


def test_a_study_of_the_readers_own_is_run_and_held_against_its_results(
    normoxia: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy under another id: the ensemble counts it as one it was not calibrated on."""
    text = library.path("studies", "orient-11").read_text(encoding="utf-8")
    folder = tmp_path / "studies"
    folder.mkdir()
    (folder / "mine.yaml").write_text(
        text.replace("study: ORIENT-11", "study: MINE-301", 1), encoding="utf-8"
    )
    monkeypatch.setenv("NORMOXIA_STUDIES", str(folder))
    answer = normoxia("run", "study:MINE-301", "--patients", "10", "--no-report", "--out", "run")
    assert answer.code == 0
    assert "published values lie inside" in answer.err
    assert "was among the studies" not in answer.err
    assert "0.48 (0.36–0.64)" in answer.out
