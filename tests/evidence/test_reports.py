"""Listings and reports keep their shape and are complete in both languages."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from normoxia import evidence
from normoxia.errors import InvalidArgument, UnknownName


def test_the_listing_is_json_with_a_row_a_study() -> None:
    listing = json.loads(
        json.dumps(evidence.listing(evidence.registry(), component="VEGFR TKI", group="review"))
    )
    assert listing["schema"] == 1
    assert listing["filters"] == {"component": "VEGFR TKI", "group": "review"}
    ids = [study["id"] for study in listing["studies"]]
    assert ids == [
        "LEAP-007",
        "CHU-SINTI-ANLO",
        "TISAL-FE-01",
        "LEAP-006",
        "LEAP-008",
        "CONTACT-01",
        "ALTER-L038",
    ]
    leap = listing["studies"][0]
    assert leap["arms"][0]["regimen"] == ["lenvatinib 20 mg daily", "pembrolizumab 200 mg q3w x35"]
    assert (leap["n"], leap["pdl1"], leap["discrepancies"] > 3) == (623, ">=1%", True)


def test_a_filter_that_fits_no_study_is_told_from_a_word_that_does_not_exist() -> None:
    registry = evidence.registry()
    assert evidence.listing(registry, drug="anlotinib", component="bispecific")["studies"] == []
    with pytest.raises(UnknownName, match="class"):
        evidence.listing(registry, component="vaccine")


def test_the_audit_report_has_the_agreed_shape_in_both_languages() -> None:
    english, chinese = (
        evidence.audit_report(evidence.registry(), language) for language in ("en", "zh")
    )
    for report in (english, chinese):
        for finding in json.loads(json.dumps(report))["findings"]:
            assert list(finding) == ["study", "item", "values", "places", "consequence", "found_by"]
            assert len(finding["values"]) == len(finding["places"]) >= 2
            assert finding["found_by"] == "curated" or finding["found_by"].startswith("rule:")
    assert [f["study"] for f in english["findings"]] == [f["study"] for f in chinese["findings"]]
    arms = "|".join(sorted({arm.id for study in evidence.registry() for arm in study.arms}))
    spoken = re.compile(
        f"(?<![A-Za-z])(?:{arms})(?![A-Za-z_])|"
        "ORR|DCR|TRAE|G3\\+|HR|PFS|OS|PD-L1|TMB|[A-Za-z]+_[A-Za-z_]+|docetaxel|[\\W\\d]"
    )
    for finding in chinese["findings"]:  # what is left is said alike in both languages
        assert not re.search("[a-z]{3}", spoken.sub("", finding["item"])), finding["item"]
    assert english["findings"][0]["consequence"] != chinese["findings"][0]["consequence"]
    assert sum(english["counts"].values()) == len(english["findings"])


def test_a_study_s_page_shows_what_is_unverified_derived_and_discrepant() -> None:
    page = "\n".join(evidence.show(evidence.registry()["LEAP-007"]))
    assert "Unverified, from memory; in no analysis" in page
    assert "[rule:arms-swapped]" in page
    assert "superseded: the table of a later review prints 40.5" in page
    assert "HR OS lenva_pembro vs pbo_pembro: 1.10 (0.87-1.39)" in page
    assert "Derived, not published" in "\n".join(evidence.show(evidence.registry()["KEYNOTE-024"]))


def test_a_study_s_page_in_chinese() -> None:
    page = "\n".join(evidence.show(evidence.registry()["LEAP-007"], "zh"))
    assert "未核实（记忆），不进入任何分析" in page
    assert "只能采用原始文献的数值" in page
    with pytest.raises(InvalidArgument, match="use en or zh"):
        evidence.show(evidence.registry()["LEAP-007"], "de")


def test_every_page_can_be_shown() -> None:
    for study in evidence.registry():
        assert evidence.show(study)[0].startswith(study.id)


def test_registry_and_audit_load_no_scientific_library() -> None:
    script = (
        "import sys; from normoxia import evidence; evidence.audit_report(evidence.registry());"
        "sys.exit(', '.join({'numpy', 'scipy', 'polars', 'pint', 'llvmlite', 'altair'} & set(sys.modules)) or 0)"
    )
    source = str(Path(__file__).parents[2] / "src")
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": source},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("language", "against", "restricted", "constant"),
    [("en", "vs", "restricted mean", "hazard ratio"), ("zh", "对", "限制性平均生存时间", "风险比")],
)
def test_a_study_page_says_what_to_read_first(
    language: str, against: str, restricted: str, constant: str
) -> None:
    shown = evidence.show(evidence.registry()["CheckMate-057"], language)
    lines = [row for row in shown if f"nivo {against}" in row]
    (crossing,) = [row for row in lines if f"OS nivo {against} docetaxel, ITT" in row]
    assert crossing.index(restricted) < crossing.index(constant)
    (steady,) = [row for row in lines if "PD-L1 >10%:" in row]
    assert steady.index(constant) < steady.index(restricted)
