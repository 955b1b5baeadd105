"""A study that is added to the registry enters no calibration and no score by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools.calibration_studies import obstacle

from normoxia import documents, evidence, library
from normoxia.calibration.scoring import lock as locked
from normoxia.calibration.scoring.study_list import calibration_studies, listed_ids


def test_the_list_is_what_its_rule_gives_and_all_studies_of_the_first_ensemble() -> None:
    used = {study.id for study in calibration_studies()}
    assert used == set(listed_ids())
    first = {s.id for s in evidence.registry() if s.group != "randomised"}
    by_rule = {s.id for s in evidence.registry() if not obstacle(s)}
    assert used == first | by_rule


def test_what_the_lock_and_the_ensemble_name_is_listed() -> None:
    assert set(locked.read().studies) <= set(listed_ids())
    plain = documents.load(library.path("calibrations", "nsclc")).plain()
    assert isinstance(plain, dict)
    named = plain["manifest"]["studies"]
    assert named
    assert set(named) <= set(listed_ids())


def test_a_user_s_own_study_is_still_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = library.path("studies", "ipsos").read_text(encoding="utf-8")
    mine = text.replace("study: IPSOS", "study: MINE", 1).replace(
        "group: randomised", "group: user"
    )
    (tmp_path / "mine.yaml").write_text(mine, encoding="utf-8")
    monkeypatch.setenv("NORMOXIA_STUDIES", str(tmp_path))
    assert {s.id for s in calibration_studies()} == {*listed_ids(), "MINE"}
