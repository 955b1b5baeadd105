"""A study document with mistakes yields every finding, each with its line and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from normoxia import documents, evidence
from normoxia.errors import InvalidDocument
from normoxia.evidence.studies import files

GOOD = """\
study: TRIAL
title: a trial
group: user
design: randomised 1:1
setting: {line: first, driver: wild-type}
sources:
  paper: {citation: the paper, kind: full text, pmid: "1"}
arms:
  A: {label: a, regimen: [sintilimab 200 mg q3w], classes: [ICI/PD-1], source: paper}
  B: {label: b, regimen: [docetaxel 75 mg/m2 q3w], classes: [chemotherapy/docetaxel], source: paper}
populations:
  ITT:
    definition: all
    outcomes:
      - {arm: A, endpoint: PFS, value: 8.3, interval: [7.7, 9.8], source: paper}
    contrasts:
      - {endpoint: PFS, arm: A, comparator: B, value: 0.62, interval: [0.52, 0.74], source: paper}
"""


def read(text: str) -> object:
    return files.study(documents.parse(text, "trial.yaml"))


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        (
            "arm: A, endpoint: PFS, value: 8.3",
            "arm: C, endpoint: PFS, value: 8.3",
            'unknown arm "C"; known: A, B',
        ),
        (
            "value: 8.3",
            "value: '8,3'",
            'found "8,3"|"8,3" is written with a comma; write decimals with a point',
        ),
        (
            "endpoint: PFS, value: 8.3, interval: [7.7, 9.8]",
            "endpoint: ORR, value: 157",
            "expected at most 100",
        ),
        ("value: 8.3", "value: -8.3", "expected at least 0"),
        ("endpoint: PFS, value: 8.3", "endpoint: PSF, value: 8.3", 'did you mean "PFS"'),
        ("interval: [7.7, 9.8]", "interval: [7.7]", "an interval of 1 numbers; write"),
        (
            "source: paper}\n    contrasts",
            "source: papr}\n    contrasts",
            'unknown source "papr"; did you mean "paper"',
        ),
        ("line: first", "line: frist", 'did you mean "first"'),
        ("classes: [ICI/PD-1]", "classes: [ICI/PD1]", 'did you mean "ICI/PD-1"'),
        (
            "regimen: [sintilimab 200 mg q3w]",
            "regimen: []",
            'arm "A" gives no drug; name at least one',
        ),
        ("title: a trial\n", "", 'missing key "title"; add it'),
        ("title: a trial", "titel: a trial", 'unknown key "titel"; did you mean "title"'),
        (
            "value: 0.62, interval: [0.52, 0.74], ",
            "",
            "a contrast with neither value nor p; give one of them",
        ),
        (', pmid: "1"', "", 'source "paper" cannot be found by a reader; give pmid, doi or url'),
        (
            "endpoint: PFS, value: 8.3",
            "endpoint: ORR, month: 6, value: 8.3",
            "ORR has no landmark; leave month out",
        ),
        ("interval: [7.7, 9.8]", "interval: [,]", "trial.yaml"),
    ],
)
def test_each_mistake_is_named_with_what_to_do(right: str, wrong: str, message: str) -> None:
    assert right in GOOD
    with pytest.raises(InvalidDocument, match=r"trial\.yaml:\d+") as raised:
        read(GOOD.replace(right, wrong))
    assert any(part in str(raised.value) for part in message.split("|")), raised.value


@pytest.mark.parametrize(
    ("claim", "message"),
    [
        (
            "{kind: equal, says: {what: TRAE, arm: A}}",
            'a claim of kind "equal" without "comparator"',
        ),
        ("{kind: equal, says: {what: TRAE, arm: A, comparator: D}}", 'unknown arm "D"'),
        ("{kind: cut-off, says: {marker: TMB, cuts: 10}}", '"cuts" is no list'),
        ("{kind: hearsay, says: {}}", "expected one of cited, patients"),
    ],
)
def test_a_claim_no_rule_could_read_is_a_finding(claim: str, message: str) -> None:
    placed = claim[:-1] + ", place: Table 1, line: 3}"
    with pytest.raises(InvalidDocument, match=message):
        read(GOOD + f"review:\n  claims:\n    - {placed}\n")


def test_five_mistakes_yield_five_findings_in_the_order_of_the_text() -> None:
    text = (
        GOOD.replace("group: user", "group: mine")
        .replace("line: first", "line: 1st")
        .replace("[7.7, 9.8]", "[7.7]")
    )
    text = text.replace("comparator: B", "comparator: D").replace(
        "kind: full text", "kind: hearsay"
    )
    with pytest.raises(InvalidDocument) as raised:
        read(text)
    lines = [finding.place.line for finding in raised.value.findings]
    assert len(lines) == 5
    assert lines == sorted(lines)


def test_the_good_document_reads() -> None:
    assert read(GOOD) is not None


def test_a_byte_order_mark_is_tolerated(tmp_path: Path) -> None:
    path = tmp_path / "bom.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert evidence.read(path).id == "TRIAL"


def test_chinese_in_utf8_reads_and_in_gbk_is_recognised(tmp_path: Path) -> None:
    text = GOOD.replace("title: a trial", "title: 一项试验")
    utf8, gbk, utf16 = tmp_path / "utf8.yaml", tmp_path / "gbk.yaml", tmp_path / "utf16.yaml"
    utf8.write_text(text, encoding="utf-8")
    gbk.write_text(text, encoding="gbk")
    utf16.write_text(text, encoding="utf-16")
    assert evidence.read(utf8).title == "一项试验"
    with pytest.raises(InvalidDocument, match=r"gbk\.yaml:2: not UTF-8; it reads as GBK"):
        evidence.read(gbk)
    with pytest.raises(InvalidDocument, match="is UTF-16 text; save it as UTF-8"):
        evidence.read(utf16)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "study.csv",
            "studlab,TE,seTE\n",
            'this one ends in ".csv"; tables of effects go to `pool`',
        ),
        ("study.yaml", "", "the document is empty; it may have been truncated"),
        ("study.yaml", "study: [", "not readable as YAML"),
        ("study.yaml", "- a\n- b\n", "expected a mapping"),
        ("study.yaml", "study:\ntitle:\ngroup:\ndesign:\nsetting:\n", "found nothing"),
    ],
)
def test_a_file_of_the_wrong_kind_is_refused_with_a_reason(
    tmp_path: Path, name: str, content: str, message: str
) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InvalidDocument, match=message.replace("[", r"\[")):
        evidence.read(path)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidDocument, match="no such file"):
        evidence.read(tmp_path / "absent.yaml")


def test_a_folder_that_is_not_there_is_said_not_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidDocument, match="no such file or folder"):
        evidence.registry(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("point", "message"),
    [
        ("[6, 55.0, 12.5]", 'found "12.5"; expected a whole number'),
        ("[6, 55.0, 1.234]", 'found "1.234"; expected a whole number'),
        ("[6, 55.0, many]", 'found "many"; expected a whole number'),
        ("[6, 55,0, 120]", "a point of 4 numbers; write .month, percent, at risk."),
        ("[6, x, 120]", 'found "x"; expected a number'),
    ],
)
def test_patients_at_risk_are_whole_numbers(point: str, message: str) -> None:
    curve = (
        "    curves:\n"
        f"      - {{arm: A, endpoint: PFS, derived: true, n: 200, events: 100, points: [{point}], dataset: d, source: paper}}\n"
    )
    with pytest.raises(InvalidDocument, match=message):
        read(GOOD + curve)
