"""Trial documents: the shipped ones read, and every mistake of a wrong one is found, with its line."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest
from tests.trial import toy

from normoxia import documents, library, trial
from normoxia.errors import InvalidDocument, UnknownName
from normoxia.trial import files
from normoxia.trial.clinic_document import RULE_NUMBERS

TEXT = (toy.HERE / "toy_trial.yaml").read_text(encoding="utf-8")


def _findings(text: str) -> str:
    with pytest.raises(InvalidDocument) as caught:
        files.parse(documents.parse(text, "wrong.yaml"), text)
    return str(caught.value)


def _with(old: str, new: str) -> str:
    assert old in TEXT
    return _findings(TEXT.replace(old, new, 1))


def test_shipped_trials() -> None:
    assert trial.library() == ("contact-01", "harmoni-a", "impower150", "leap-007", "orient-31")


@pytest.mark.parametrize("name", trial.library())
def test_a_shipped_trial_reads_and_names_its_languages(name: str) -> None:
    protocol = trial.read(name)
    assert protocol.id == name
    assert {"en", "zh"} <= set(protocol.titles)
    for arm in protocol.arms:
        assert {"en", "zh"} <= set(arm.titles)
        assert arm.n > 100
        assert arm.source is not None
        assert arm.source.reference


def test_impower150_is_as_published() -> None:
    protocol = trial.read("impower150")
    # ASCO 2018 abstract 9002
    assert {arm.id: arm.n for arm in protocol.arms} == {"ABCP": 400, "ACP": 402, "BCP": 400}
    assert protocol.arm("ABCP").regimen.drugs == (
        "atezolizumab",
        "bevacizumab",
        "carboplatin",
        "paclitaxel",
    )
    days = protocol.visits.days(700.0)
    assert days[:8].tolist() == [42.0 * k for k in range(1, 9)]
    assert np.diff(days[7:]).tolist() == [63.0] * 5


def test_unknown_trial_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match="impower150"):
        trial.read("impower15")


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        (
            "bevacizumab 15 mg/kg",
            "bevacizumb 15 mg/kg",
            ["wrong.yaml:11", '"bevacizumb"', 'did you mean "bevacizumab"'],
        ),
        (
            "follow_up:",
            "folow_up:",
            ['unknown key "folow_up"', 'did you mean "follow_up"', 'missing key "follow_up"'],
        ),
        (
            "bevacizumab 15 mg/kg q3w",
            "bevacizumab -15 mg/kg q3w",
            ["dose -15 mg/kg", "more than 0"],
        ),
        ("bevacizumab 15 mg/kg q3w", "bevacizumab 400 mg/kg q3w", ["bevacizumab", "ten times"]),
        ("bevacizumab 15 mg/kg q3w", "bevacizumab 15 q3w", ["unit"]),
        ("bevacizumab 15 mg/kg q3w", "bevacizumab 15 mg/mL q3w", ["mg/mL"]),
        ("docetaxel 75 mg/m2 q3w x6", "'docetaxel 75 mg/m2 d1,22 q3w x6'", ["overlap"]),
        (
            "regimen: [carboplatin AUC 5 q3w x4, paclitaxel 200 mg/m2 q3w x4]",
            "regimen: []",
            ['arm "chemotherapy" gives no drug'],
        ),
        ("n: 24", "n: 0", ["found 0", "at least 1"]),
        ("first: 6 weeks", "first: 3 days", ["a visit as early as day -4", "first dose"]),
        ("first: 6 weeks", "first: 6", ['found "6"', "a number and a unit"]),
        ("first: 6 weeks", "first: 6 mg", ['found "6 mg"', "time"]),
        ("window: 7 days", "window: 25 days", ["visits overlap"]),
        ("experimental: combination", "experimental: combinaton", ['did you mean "combination"']),
        ("experimental: combination", "experimental: chemotherapy", ["compared with itself"]),
        ("{sex_female: 1}", "{sex_femal: 1}", ['"sex_femal"', 'did you mean "sex_female"']),
        ("{sex_female: 1}", "{sex_female: 2}", ['"2" is no level of sex_female']),
        ("share: 0.5, drugs", "share: 1.5, drugs", ["at most 1"]),
        (
            "drugs: [pembrolizumab]",
            "drugs: [paclitaxell]",
            ['"paclitaxell" is not given by the arm', 'did you mean "paclitaxel"'],
        ),
        (
            "    beyond_progression",
            "    given_to: {paclitaxell: {histology: squamous}}\n    beyond_progression",
            ['"paclitaxell" is not given by the arm', 'did you mean "paclitaxel"'],
        ),
        (
            "    beyond_progression",
            "    given_to: {paclitaxel: {histology: squamos}}\n    beyond_progression",
            ['"squamos" is no level of histology'],
        ),
        ("model: nsclc", "model: nslc", ['did you mean "nsclc"']),
        ("document: advanced-nsclc", "document: advanced-nsclcs", ["advanced-nsclc"]),
        ("    source: assumed\n", "", ["no source"]),
    ],
)
def test_a_mistake_is_found(old: str, new: str, parts: list[str]) -> None:
    message = _with(old, new)
    for part in parts:
        assert part in message, message


def test_a_visit_before_a_delayed_first_dose_is_found() -> None:
    text = TEXT.replace("carboplatin AUC 5 q3w x4", "carboplatin AUC 5 q3w x4 delayed 84 days")
    text = text.replace(
        "paclitaxel 200 mg/m2 q3w x4", "paclitaxel 200 mg/m2 q3w x4 delayed 84 days"
    )
    assert 'first dose of arm "chemotherapy" on day 84' in _findings(text)


def test_five_mistakes_are_five_findings() -> None:
    text = TEXT
    for old, new in (
        ("pembrolizumab 200 mg q3w,", "pembrolizumb 200 mg q3w,"),
        ("n: 24", "n: 0"),
        ("first: 6 weeks", "first: 6"),
        ("model: nsclc", "model: nslc"),
        ("share: 0.5, source", "share: 5, source"),
    ):
        assert old in text
        text = text.replace(old, new, 1)
    with pytest.raises(InvalidDocument) as caught:
        files.parse(documents.parse(text, "wrong.yaml"), text)
    lines = {finding.place.line for finding in caught.value.findings}
    assert len(caught.value.findings) >= 5
    assert len(lines) >= 5
    assert all(finding.place.file == "wrong.yaml" for finding in caught.value.findings)


def test_a_truncated_document_says_what_is_missing() -> None:
    message = _findings(TEXT[: TEXT.index("sets:")])
    for key in ("visits", "follow_up"):
        assert f'missing key "{key}"' in message


def test_a_trial_may_change_the_clinic() -> None:
    text = TEXT + "clinic: {survival_loss: {value: 0.5, unit: 1/year, source: assumed}}\n"
    protocol = files.parse(documents.parse(text, "own.yaml"), text)
    shared = toy.protocol().clinic
    assert protocol.clinic.survival_loss == pytest.approx(0.5 / 365.25)
    assert dataclasses.replace(protocol.clinic, survival_loss=shared.survival_loss) == shared


def test_a_trial_may_change_what_toxicity_does_to_a_group_of_drugs() -> None:
    rule = {name: {"value": 0.1, "unit": "1", "source": "assumed"} for name in RULE_NUMBERS}
    for name in ("hold_mean", "maximum_delay"):
        rule[name] = {"value": 3, "unit": "week", "source": "assumed"}
    text = TEXT + documents.write({"clinic": {"dose_rules": {"docetaxel": rule}}})
    rules = files.parse(documents.parse(text, "own.yaml"), text).clinic.dose_rules
    assert rules["docetaxel"].hold_mean == 21.0
    assert rules["docetaxel"].reduced_dose == 0.1
    assert rules["checkpoint"] == toy.protocol().clinic.dose_rules["checkpoint"]
    rule["stop"] = {"value": 0.9, "unit": "1", "source": "assumed"}
    wrong = TEXT + documents.write({"clinic": {"dose_rules": {"docetaxel": rule}}})
    assert "hold, reduce and stop sum to 1.1" in _findings(wrong)


def test_shares_of_next_lines_say_what_they_are_of() -> None:
    text = TEXT.replace(
        "share: 0.5, source: assumed}]", "share: 0.5, share_of: progressed, source: assumed}]"
    )
    arm = files.parse(documents.parse(text, "own.yaml"), text).arm("chemotherapy")
    assert arm.next_lines[0].share_of == "progressed"
    assert toy.protocol().arm("chemotherapy").next_lines[0].share_of == "randomised"
    assert '"everybody"' in _findings(text.replace("share_of: progressed", "share_of: everybody"))


def test_a_wrong_unit_in_the_clinic_is_found() -> None:
    text = TEXT + "clinic: {survival_loss: {value: 0.5, unit: mg, source: assumed}}\n"
    assert "mg" in _findings(text)


def test_the_protocol_comes_back_from_a_result() -> None:
    result = toy.result()
    again = trial.protocol_of(result)
    assert again.arms == toy.protocol().arms
    assert again.visits == toy.protocol().visits


def test_a_protocol_may_stand_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(TEXT, encoding="utf-8")
    assert trial.read(path).id == "toy"


def test_an_unknown_study_is_found_where_it_stands() -> None:
    text = (library.path("trials", "impower150")).read_text(encoding="utf-8")
    said = _findings(text.replace("study: IMpower150", "study: IMpwoer150"))
    assert 'wrong.yaml:3: study: study "IMpwoer150" is not known; did you mean "IMpower150"' in said


def test_what_a_missing_section_lacks_is_said_of_that_section() -> None:
    said = _findings(TEXT[: TEXT.index("visits:")])
    assert 'wrong.yaml:1: missing key "visits"' in said
    assert 'wrong.yaml:1: visits: missing key "first"' in said


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        (
            "impower150",
            "document: advanced-nsclc",
            "document: advanced-nsclcc",
            'did you mean "advanced-nsclc"',
        ),
        (
            "impower150",
            "atezolizumab 1200 mg q3w",
            "atezolizumab 1200 q3w",
            "found no unit after 1200",
        ),
        ("impower150", "model: nsclc", "model: nsclcc", 'did you mean "nsclc"'),
    ],
)
def test_one_mistake_is_one_finding_however_much_rests_on_it(
    name: str, old: str, new: str, said: str
) -> None:
    text = library.path("trials", name).read_text(encoding="utf-8")
    assert old in text
    told = _findings(text.replace(old, new, 1))
    assert told.startswith("1 finding:")
    assert said in told


def test_without_arms_contrasts_are_not_judged() -> None:
    told = _findings(re.sub(r"(?ms)^arms:.*?(?=^\w)", "", TEXT))
    assert 'missing key "arms"' in told
    assert "expected one of ;" not in told


def test_disease_counts_as_stable_from_the_earliest_day_of_the_first_scan() -> None:
    # 6 weeks less 7 days, unless the protocol gives its own minimum
    assert toy.protocol().criteria.stable_days == 35.0
    text = TEXT.replace("confirmation: 0 days", "confirmation: 0 days, stable: 8 weeks")
    assert files.parse(documents.parse(text, "mine.yaml"), text).criteria.stable_days == 56.0
