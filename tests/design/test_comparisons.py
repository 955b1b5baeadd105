"""Comparisons as documents, and as trials."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from normoxia.design import comparisons, stage
from normoxia.errors import InvalidDocument, UnknownName

PAIR = """
comparison: pair
title: {en: a pair}
asks: {en: which}
stage: impower150
regimens:
  one: {title: {en: one}, regimen: [atezolizumab 1200 mg q3w], later: ACP}
  two: {title: {en: two}, regimen: "atezolizumab 1200 mg q3w + bevacizumab 15 mg/kg q3w"}
contrasts:
  - {experimental: two, control: one}
"""


def design(tmp_path: Path, text: str = PAIR) -> comparisons.ComparisonDesign:
    path = tmp_path / "pair.yaml"
    path.write_text(text, encoding="utf-8")
    return comparisons.read(path)


@pytest.mark.parametrize("name", comparisons.names())
def test_every_shipped_comparison_is_a_trial_whose_arms_are_its_regimens(name: str) -> None:
    asked = comparisons.read(name)
    trial = stage.trial_of(asked, patients=7)
    assert [arm.id for arm in trial.arms] == [regimen.id for regimen in asked.regimens]
    assert {arm.n for arm in trial.arms} == {7}
    assert [(c.experimental, c.control) for c in trial.contrasts] == list(asked.contrasts)
    assert trial.study == ""
    assert set(asked.titles) == set(asked.asks) == {"en", "zh"}


def test_the_set_of_the_stage_narrows_who_is_enrolled(tmp_path: Path) -> None:
    everybody = stage.trial_of(design(tmp_path))
    wild_type = stage.trial_of(replace(design(tmp_path), within="ITT-WT"))
    assert "egfr" not in str(everybody.eligibility)
    assert "egfr wild-type" in str(wild_type.eligibility)
    with pytest.raises(UnknownName, match="ITT-WT"):
        stage.trial_of(replace(design(tmp_path), within="ITT-WTT"))


def test_later_lines_are_those_of_the_named_arm_of_the_stage(tmp_path: Path) -> None:
    one, two = stage.trial_of(design(tmp_path)).arms
    assert [line.regimen.drugs for line in one.next_lines] == [("docetaxel",)]
    assert one.beyond is not None
    assert two.next_lines == ()
    assert two.beyond is None


def test_a_grid_has_every_combination_but_none_and_compares_with_the_absent_level(
    tmp_path: Path,
) -> None:
    grid = """
comparison: grid
title: {en: a grid}
asks: {en: which}
stage: impower150
grid:
  without: {b: none}
  factors:
    a: {none: {}, x: {regimen: [atezolizumab 1200 mg q3w]}}
    b: {none: {}, y: {regimen: [bevacizumab 15 mg/kg q3w]}}
"""
    asked = design(tmp_path, grid)
    assert [regimen.id for regimen in asked.regimens] == ["y", "x", "x + y"]
    assert asked.contrasts == (("x + y", "x"),)
    assert asked.regimen("x + y").levels == {"a": "x", "b": "y"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("control: one", "control: two", "compared with itself"),
        ("control: one", "control: three", "three"),
        ("contrasts:", "grid: {factors: {}, without: {}}\ncontrasts:", "neither"),
        ("  two:", "  twoo:", "two"),
        ("asks: {en: which}", "", "asks"),
    ],
)
def test_faults_of_a_document_are_found_before_anything_runs(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    with pytest.raises(InvalidDocument, match=said):
        design(tmp_path, PAIR.replace(old, new))


def test_an_unknown_drug_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    asked = design(tmp_path, PAIR.replace("+ bevacizumab", "+ bevacizumb"))
    with pytest.raises(InvalidDocument, match="bevacizumab"):
        stage.trial_of(asked)
