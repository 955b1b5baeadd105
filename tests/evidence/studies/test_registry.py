"""The registry holds what it was made from, is quickly read, and is narrowed by what a reader asks for."""

from __future__ import annotations

import csv
import json
import math
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from normoxia import documents, evidence, library
from normoxia.errors import InvalidDocument, UnknownName
from normoxia.evidence.studies import checks, files
from normoxia.evidence.studies.regimens import regimen_of, unreadable
from normoxia.evidence.studies.reported import REVIEW, SOURCE_KINDS
from normoxia.outcome import Endpoint, Measure

ORACLES = Path(__file__).parents[2] / "oracles" / "evidence"
COUNTS = yaml.safe_load((ORACLES / "registry_counts.yaml").read_text(encoding="utf-8"))
NAMES = library.names("studies")
TIMES = (Endpoint.PFS, Endpoint.OS)


def by_hand() -> list[list[str]]:
    text = (ORACLES / "review_by_hand.csv").read_text(encoding="utf-8")
    return list(csv.reader(line for line in text.splitlines() if not line.startswith("#")))


def test_nothing_was_lost() -> None:
    whole = evidence.registry()
    registry = [study for study in whole if study.group != "randomised"]
    assert len(registry) == COUNTS["studies"]
    assert len(whole.select(group="review")) == COUNTS["review"]
    assert sum(study.group.startswith("context") for study in registry) == COUNTS["context"]
    assert sum(len(study.arms) for study in registry) == COUNTS["arms"]
    assert sum(len(study.review.figures) for study in registry) == COUNTS["review_figures"]
    assert (
        sum(len(p.curves) for study in registry for p in study.populations) == COUNTS["km_curves"]
    )
    assert sum(len(study.unverified) for study in registry) == COUNTS["recalled_unverified"]
    assert len(evidence.further_studies()) == COUNTS["further_studies"]
    assert len(evidence.tumour_dynamics()) == COUNTS["tumour_dynamics"]


def test_nothing_of_the_randomised_trials_was_lost() -> None:
    """A figure that two sources print is one row that names both, and counts twice here as it does in the extraction."""
    registry = evidence.registry().select(group="randomised")
    counts = COUNTS["randomised"]
    rows = [row for study in registry for row in study.reported()]
    assert len(registry) == counts["studies"]
    assert sum(len(study.arms) for study in registry) == counts["arms"]
    curves = sum(len(p.curves) for study in registry for p in study.populations)
    assert curves == counts["km_curves"]
    ratios = [r for r in rows if r.measure is Measure.HAZARD_RATIO and r.estimate.has_interval]
    assert sum(1 + len(row.also) for row in ratios) == counts["ratios_with_interval"]
    survival = [r for r in rows if r.measure is Measure.MEDIAN_MONTHS and r.endpoint in TIMES]
    assert sum(1 + len(row.also) for row in survival) == counts["medians"]


@pytest.mark.parametrize(("study", "arm", "what", "value", "line"), by_hand())
def test_figures_read_by_hand_stand_in_the_registry(
    study: str, arm: str, what: str, value: str, line: str
) -> None:
    figures = evidence.registry()[study].review.figures
    found = [f for f in figures if (f.arm, f.what, f.value) == (arm, what, float(value))]
    assert any(abs(f.line - int(line)) <= 2 for f in found), [f for f in figures if f.what == what]


@pytest.mark.parametrize(
    ("study", "arm", "endpoint", "value", "low", "high"),
    [  # from the abstracts: Neal 2024 (PMID 38552197), HARMONi-A 2024 (PMID 38820549), LEAP-006 2025 (PMID 40419140)
        ("CONTACT-01", "atezo_cabo", "OS", 10.7, 8.8, 12.3),
        ("HARMONi-A", "ivo_chemo", "PFS", 7.1, 5.9, 8.7),
        ("LEAP-006", "lenva_pembro_chemo", "OS", 21.8, 18.6, 24.0),
    ],
)
def test_medians_are_the_abstracts(
    study: str, arm: str, endpoint: str, value: float, low: float, high: float
) -> None:
    found = [
        o.estimate
        for o in evidence.published(study)
        if (o.population, o.arm, o.endpoint) == ("ITT", arm, endpoint)
        and not o.comparator
        and math.isnan(o.months)
    ]
    assert [(e.value, e.low, e.high) for e in found] == [(value, low, high)]


@pytest.mark.parametrize("name", NAMES)
def test_every_document_fits_the_json_schema(name: str) -> None:
    path = library.path("studies", name)
    schema = json.loads((path.parent / "study.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(documents.load(path).plain())


def test_the_json_schema_lists_the_words_the_reader_takes() -> None:
    schema = json.loads(
        library.path("studies", "impower150")
        .with_name("study.schema.json")
        .read_text(encoding="utf-8")
    )
    definitions = schema["$defs"]
    assert schema["properties"]["group"]["enum"] == list(files.GROUPS)
    assert definitions["setting"]["properties"]["line"]["enum"] == list(files.LINES)
    assert definitions["setting"]["properties"]["histology"]["enum"] == list(files.HISTOLOGIES)
    assert definitions["setting"]["properties"]["driver"]["enum"] == list(files.DRIVERS)
    assert definitions["arm"]["properties"]["classes"]["items"]["enum"] == list(files.CLASSES)
    assert definitions["source"]["properties"]["kind"]["enum"] == list(SOURCE_KINDS)
    assert definitions["endpoint"]["enum"] == [endpoint.value for endpoint in Endpoint]
    assert definitions["claim"]["properties"]["kind"]["enum"] == list(files.CLAIM_KINDS)


def test_every_number_has_a_source_a_reader_can_find() -> None:
    for study in evidence.registry():
        for row in (*study.reported(), *(fact for p in study.populations for fact in p.facts)):
            if row.source != REVIEW:
                source = study.sources[row.source]
                assert source.citation, (study.id, row)
                assert source.locator or source.read_at, (study.id, row)


def test_doses_are_written_as_trial_protocols_write_them() -> None:
    for study in evidence.registry():
        for arm in study.arms:
            assert unreadable(arm) == (), study.id
    given = regimen_of(evidence.registry()["IMpower150"].arm("ABCP"))
    assert {course.dose.drug for course in given.courses} == {
        "atezolizumab",
        "bevacizumab",
        "carboplatin",
        "paclitaxel",
    }


def test_an_arm_without_published_doses_says_so() -> None:
    with pytest.raises(
        ValueError, match="no dose is published for rh-endostatin, PD-1 antibody, platinum doublet"
    ):
        regimen_of(evidence.registry()["ENPOWER"].arm("cohort1"))


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"drug": "Lenvatinib"}, {"LEAP-006", "LEAP-007", "LEAP-008"}),
        ({"component": "bispecific"}, {"HARMONi-A", "PM8002-EGFR"}),
        # spelt as people spell them
        ({"drug": "SORAFENIB", "line": "First", "histology": "Non Squamous"}, {"NExUS"}),
        ({"region": "asia", "masking": "double-blind", "drug": "ramucirumab"}, {"JVCG"}),
        ({"year": "2005-2006", "component": "vegf antibody", "line": "first"}, {"ECOG-4599"}),
        (
            {"component": "endostatin", "group": "review"},
            {"ENPOWER", "CAM-ENDO-CHEMO", "YUAN-ENVA-ENDO"},
        ),
        ({"egfr": "mutant", "drug": "pembrolizumab"}, {"KEYNOTE-789"}),
        ({"pdl1": ">=50%", "group": "review"}, {"AT-BE", "ATTLAS", "LEAP-007"}),
        ({"line": "third or later", "drug": "anlotinib"}, {"ALTER-0303", "ANHUI-ANLO-ICI"}),
        (
            {"line": "after TKI", "component": "VEGF antibody"},
            {"IMpower150", "ORIENT-31", "NEJ043", "ATTLAS", "APPLE"},
        ),
    ],
)
def test_filters_find_what_a_reader_expects(filters: dict[str, str], expected: set[str]) -> None:
    assert {study.id for study in evidence.registry().select(**filters)} == expected


def test_an_unknown_filter_word_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match='did you mean "bevacizumab"'):
        evidence.registry().select(drug="bevacizumb")


def test_studies_are_found_however_their_name_is_written() -> None:
    registry = evidence.registry()
    assert registry["impower150"] is registry["IMpower150"]
    assert registry["leap007"].id == "LEAP-007"
    with pytest.raises(UnknownName, match='did you mean "IMpower151"'):
        registry["IMpowr151"]
    with pytest.raises(UnknownName, match=r"expected an id such as .*IMpower150.*evidence list"):
        registry["nope"]


USER_STUDY = """\
study: MY-TRIAL
title: one more study
group: user
design: randomised 1:1
setting: {line: first}
sources:
  report: {citation: our report, kind: full text, url: "https://example.org/report"}
arms:
  A: {label: sintilimab, n: 30, regimen: [sintilimab 200 mg q3w], classes: [ICI/PD-1], source: report}
  B: {label: docetaxel, n: 31, regimen: [docetaxel 75 mg/m2 q3w], classes: [chemotherapy/docetaxel], source: report}
populations:
  ITT:
    definition: all
    n: 61
    outcomes:
      - {arm: A, endpoint: PFS, value: 4.2, interval: [3.1, NR], source: report}
    contrasts:
      - {endpoint: PFS, arm: A, comparator: B, value: 0.7, interval: [0.49, 1.0], source: report}
"""


def test_a_user_adds_a_study_by_adding_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.yaml").write_text(USER_STUDY, encoding="utf-8")
    assert len(evidence.registry(tmp_path)) == len(NAMES) + 1
    monkeypatch.setenv("NORMOXIA_STUDIES", str(tmp_path))
    (study,) = evidence.registry().select(group="user")
    assert study.outcomes(endpoint="PFS")[0].estimate.high == math.inf
    assert evidence.check(study) == ()


def test_a_study_described_twice_is_named_with_both_files(tmp_path: Path) -> None:
    (tmp_path / "again.yaml").write_text(
        USER_STUDY.replace("MY-TRIAL", "Leap-007"), encoding="utf-8"
    )
    with pytest.raises(
        InvalidDocument, match=r'study "Leap-007" is already described; in .*leap-007\.yaml'
    ):
        evidence.registry(tmp_path)


def test_an_empty_folder_of_studies_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidDocument, match="no study document here"):
        evidence.registry(tmp_path)


def test_the_documented_study_reads_and_raises_no_question(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "evidence.md").read_text(
        encoding="utf-8"
    )
    (text,) = re.findall(r"```yaml\n(study: .*?)```", page, flags=re.DOTALL)
    path = tmp_path / "documented.yaml"
    path.write_text(text, encoding="utf-8")
    assert evidence.check(evidence.read(path)) == ()


def test_the_page_names_every_check_and_every_kind_of_claim() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "evidence.md").read_text(
        encoding="utf-8"
    )
    for name in (*(check.__name__ for check in checks.CHECKS), *files.CLAIM_KINDS):
        assert f"`{name}`" in page, name
