"""The audit finds by rule what a reader found, knows no study, and speaks two languages."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
import yaml

from normoxia import documents, evidence
from normoxia.evidence.auditing import (
    auditor,
    claims,
    discrepancy,
    figures,
    numbers,
    review,
    second_reader,
)
from normoxia.evidence.auditing.auditor import RULES, by_rule, curated
from normoxia.evidence.auditing.discrepancy import Outline
from normoxia.evidence.studies import files
from normoxia.evidence.studies.registry import Registry
from normoxia.language import language

ORACLES = Path(__file__).parents[2] / "oracles" / "evidence"
COUNTS = yaml.safe_load((ORACLES / "registry_counts.yaml").read_text(encoding="utf-8"))


def rediscovered() -> dict[tuple[str, ...], set[str]]:
    """Each entry of the reader's list, with the rules that find it."""
    found = by_rule(evidence.registry())
    return {
        (entry.study, *items): {
            d.found_by for d in found if d.study == entry.study and d.item in items
        }
        for entry, items in curated()
    }


def test_the_reader_s_list_is_whole() -> None:
    assert len(curated()) == COUNTS["discrepancies"]


def test_rules_rediscover_at_least_twenty_of_the_reader_s_discrepancies() -> None:
    assert sum(bool(rules) for rules in rediscovered().values()) >= 20


def test_rules_that_read_figures_alone_rediscover_twenty() -> None:
    # without the claims, which a reader put into structured words, the printed numbers are enough for these
    bare = Registry(
        tuple(files.study(_without_claims(study.file)) for study in evidence.registry())
    )
    found = {(d.study, d.item) for d in by_rule(bare)}
    assert (
        sum(bool(found & {(entry.study, item) for item in items}) for entry, items in curated())
        >= 20
    )


def _without_claims(file: str) -> documents.Node:
    text = Path(file).read_text(encoding="utf-8")
    return documents.parse(re.sub(r"\n  claims:(\n    - .*)+", "", text), file)


def test_the_rules_know_no_study_and_do_not_read_the_reader_s_list() -> None:
    names = [study.id for study in evidence.registry()]
    arms = [arm.id for study in evidence.registry() for arm in study.arms if "_" in arm.id]
    for module in (review, figures, claims, numbers, discrepancy):
        source = inspect.getsource(module)
        assert "curated" not in source.replace('"curated"', "")
        for name in (*names, *arms):
            assert name not in source, f"{module.__name__} names {name}"


@pytest.mark.parametrize(
    ("study", "item", "rule", "numbers"),
    [  # the two readings as a reader wrote them down
        ("LEAP-007", "median PFS", "conflicting-values", ("6.6", "6.9")),
        ("LEAP-007", "median OS", "arms-swapped", ("16.4", "14.1")),
        ("LEAP-007", "p OS", "p-unqualified", ("0.79744", "0.4960")),
        ("LEAP-007", "PD-L1 selection", "selection-omitted", ("TPS >=1%",)),
        ("IMpower150", "citation", "cited-twice", ("[24]", "[29]")),
        ("IMpower150", "median OS", "relabelled", ("Teff-High", "wild type")),
        ("IMpower150", "TRAE", "claimed-equal", ("57%", "49%")),
        ("ORIENT-31", "sample size", "size-differs", ("1011", "444")),
        ("ORIENT-31", "arms", "arms-dropped", ("3 arms", "2 arms")),
        ("CONTACT-01", "regimen", "regimen-differs", ("chemotherapy", "cabozantinib")),
        ("CHU-SINTI-ANLO", "ORR", "impossible-fraction", ("72.5%", "22")),
        ("CHU-SINTI-ANLO", "squamous", "share-differs", ("54.9%", "54.5%")),
        ("TISAL-FE-01", "G3+ TRAE", "ambiguous-subject", ("54.5%",)),
        ("ATTLAS", "EGFR mutated", "share-differs", ("95.5%", "94.3%")),
        ("ATTLAS", "comparison", "backbone-confounded", ("platinum-taxane", "platinum-pemetrexed")),
        ("NEJ043", "median OS", "value-differs", ("23.1", "18.9")),
        ("ENPOWER", "n against percentages", "impossible-split", ("50", "34.2%")),
        ("ENPOWER", "claim on PFS", "claimed-superior", ("16.7", "16.4")),
        ("AT-BE", "claim on PD-L1", "subgroup-without-comparison", (">=50%",)),
        ("TELMA", "TMB cut-off", "cut-off-differs", (">=16",)),
        ("CAM-ENDO-CHEMO", "denominators", "denominators-differ", ("25", "27")),
        ("HARMONi-A", "primary endpoint", "status-differs", ("0.46",)),
        ("APPLE", "OS, driver positive", "reported-since", ("28", "0.71")),
        ("review", "Table 2", "missing-part", ("absent",)),
        ("LEAP-006", "median PFS", "sources-differ", ("12.1", "12.2")),
        ("CONTACT-01", "G3+ TRAE of docetaxel", "same-digits", ("34.7",)),
        ("KEYNOTE-024", "median OS, data cut", "cuts-differ", ("30", "26.3")),
        ("CheckMate-722", "enrolment", "enrolment-unsettled", ("274", "294")),
        ("ZHANG-2021-ANLO-PD1", "ORR", "fractions-impossible", ("5% of 41", "2.4% of 62")),
    ],
)
def test_a_finding_tells_both_readings(
    study: str, item: str, rule: str, numbers: tuple[str, ...]
) -> None:
    (found,) = [
        d
        for d in evidence.audit()
        if (d.study, d.item, d.found_by) == (study, item, f"rule:{rule}")
    ]
    told = " ".join(found.values)
    assert all(number in told for number in numbers), told
    assert len(found.values) == len(found.places)


def test_the_rules_find_what_the_reader_had_missed() -> None:
    # Table 1 prints an arm bevacizumab + chemotherapy (line 254); the trial's is sintilimab + chemotherapy
    (arm,) = [d for d in evidence.audit() if (d.study, d.item) == ("ORIENT-31", "regimen")]
    assert arm.values[0] == "bevacizumab + chemotherapy"
    # 50.6% of 161 is no whole number of patients (81 is 50.3, 82 is 50.9)
    assert any(
        (d.study, d.found_by) == ("HARMONi-A", "rule:impossible-fraction") for d in evidence.audit()
    )


def test_findings_are_sorted_and_told_once() -> None:
    found = evidence.audit()
    order = ["review", *(study.id for study in evidence.registry())]
    assert [order.index(d.study) for d in found] == sorted(order.index(d.study) for d in found)
    keys = [(d.study, d.item, d.found_by) for d in found]
    assert len(keys) == len(set(keys))


def test_a_curated_entry_is_listed_where_no_rule_finds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditor, "RULES", ())
    found = evidence.audit()
    assert len(found) == COUNTS["discrepancies"]
    assert {d.found_by for d in found} == {"curated"}


def test_a_selection_is_audited_alone() -> None:
    chosen = evidence.registry().select(drug="lenvatinib")
    assert {d.study for d in evidence.audit(chosen)} <= {
        "review",
        "LEAP-006",
        "LEAP-007",
        "LEAP-008",
    }


def test_every_consequence_is_told_in_both_languages() -> None:
    for found in (*evidence.audit(), *(entry for entry, _ in curated())):
        assert found.consequence.endswith(".")
        assert re.search("[\u4e00-\u9fff]", language("zh").render(found.consequence)), found


SYNTHETIC = """\
study: {name}
title: {name}
group: user
design: {design}
setting: {{line: first, pdl1: "{pdl1}", stated: {{pdl1: "TPS {pdl1}"}}}}
sources: {{s: {{citation: paper, kind: full text, pmid: "1"}}, t: {{citation: congress, kind: news, url: "x"}}}}
arms:
  X: {{label: x, n: 100, regimen: [sintilimab 200 mg q3w], classes: [ICI/PD-1]}}
  Y: {{label: y, n: 100, regimen: [docetaxel 75 mg/m2 q3w], classes: [chemotherapy/docetaxel]}}
populations:
  ITT:
    definition: all
    n: 200
    outcomes:
      - {{arm: X, endpoint: PFS, value: 6.0, source: s}}
      - {{arm: X, endpoint: PFS, value: {second}, source: t}}
      - {{arm: X, endpoint: OS, value: 15.1, source: s}}
      - {{arm: Y, endpoint: OS, value: 12.3, source: t}}
review:
  figures:
    - {{arm: X, what: median PFS, value: {table}, unit: months, quote: "{table} vs. 5.0", place: Table 1, line: 1}}
    - {{arm: Y, what: median PFS, value: 5.0, unit: months, quote: "{table} vs. 5.0", place: Table 1, line: 1}}
    - {{arm: X, what: median PFS, value: {text}, unit: months, quote: "{text}", place: section 1, line: 9}}
    - {{arm: Y, what: median PFS, value: {other}, unit: months, quote: "{other}", place: section 1, line: 9}}
  claims:
    - {{kind: cited, says: {{reference: 7}}, place: Table 1, line: 1}}
    - {{kind: cited, says: {{reference: {again}}}, place: section 1, line: 8}}
    - {{kind: patients, says: {{stage: IV}}, place: Table 1, line: 1}}
    - {{kind: arms, says: {{arms: [[sintilimab], [{control}]]}}, place: Table 1, line: 1}}
"""
PLAIN = {
    "name": "S",
    "design": "randomised",
    "pdl1": "unselected",
    "second": 6.0,
    "table": 6.0,
    "text": 6.0,
    "other": 5.0,
    "again": 7,
    "control": "docetaxel",
}


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        ({}, set()),
        ({"text": 6.4}, {"rule:conflicting-values", "rule:value-differs"}),
        ({"text": 5.0, "other": 6.0}, {"rule:arms-swapped", "rule:value-differs"}),
        ({"again": 8}, {"rule:cited-twice"}),
        ({"second": 6.6}, {"rule:sources-differ"}),
        ({"pdl1": ">=1%"}, {"rule:selection-omitted"}),
        ({"control": "gefitinib"}, {"rule:regimen-differs"}),
    ],
)
def test_rules_work_on_a_study_they_have_never_seen(
    change: dict[str, object], rules: set[str]
) -> None:
    text = SYNTHETIC.format(**(PLAIN | change))
    registry = Registry((files.study(documents.parse(text, "s.yaml")),))
    found = {d.found_by for rule in RULES for d in rule(registry, Outline())}
    assert found == rules


def test_one_number_for_two_studies_is_found() -> None:
    registry = Registry(
        tuple(
            files.study(documents.parse(SYNTHETIC.format(**(PLAIN | {"name": name})), name))
            for name in ("S", "T")
        )
    )
    found = list(review.cited_twice(registry, Outline()))
    assert list(found[0].values) == ["[7]: S", "[7]: T"]


def test_a_question_of_the_second_reader_is_rendered_in_chinese() -> None:
    rate = "endpoint: ORR, value: 33.3"  # no whole number of the 100 patients of the arm
    text = SYNTHETIC.format(**PLAIN).replace("endpoint: OS, value: 15.1", rate)
    registry = Registry((files.study(documents.parse(text, "s.yaml")),))
    (found,) = [
        d for d in second_reader.second_reader(registry, Outline()) if "33.3" in d.values[0]
    ]
    zh = language("zh")
    assert zh.render(found.values[0]) == "100 例的 33.3% 不是整数例"
    assert zh.render(found.consequence).endswith("；纳入分析前须与来源核对")


def test_the_second_reader_s_questions_are_not_put_to_shipped_studies() -> None:
    assert not [d for d in evidence.audit() if d.found_by == "rule:second-reader"]
