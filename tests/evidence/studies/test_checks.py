"""The second reader finds what cannot be right, and leaves alone what can."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from normoxia import documents, evidence
from normoxia.evidence.studies import checks, files
from normoxia.evidence.studies.study import Study

DOCUMENT = """\
study: TRIAL
title: a trial
group: user
design: randomised 1:1
setting: {{line: first, enrolment: 2019-07 to 2021-07}}
sources:
  paper: {{citation: the paper, kind: full text, pmid: "1"}}
arms:
  A: {{label: a, n: 22, regimen: [sintilimab 200 mg q3w], classes: [ICI/PD-1]}}
  B: {{label: b, n: 20, regimen: [docetaxel 75 mg/m2 q3w], classes: [chemotherapy/docetaxel]}}
populations:
  ITT:
    definition: all
    n: {n}
    cutoff: {cutoff}
    outcomes:
      - {{arm: A, endpoint: ORR, value: {response}, source: paper}}
      - {{arm: A, endpoint: DCR, value: {control}, source: paper}}
      - {{arm: A, endpoint: PFS, value: {progression}, interval: {interval}, source: paper}}
      - {{arm: B, endpoint: PFS, value: 5.0, source: paper}}
      - {{arm: A, endpoint: PFS, month: 6, value: {early}, source: paper}}
      - {{arm: A, endpoint: PFS, month: 12, value: {late}, source: paper}}
    contrasts:
      - {{endpoint: PFS, arm: A, comparator: B, value: {ratio}, interval: {ratio_interval}, p: {p}, source: paper}}
review:
  figures:
    - {{arm: A, what: ORR, value: {quoted}, unit: '%', quote: ORR为7 2.7%, place: section 1, line: 1}}
"""
RIGHT = {
    "n": 42,
    "cutoff": "2022-01",
    "response": 72.7,
    "control": 100,
    "progression": 8.3,
    "interval": "[7.7, 9.8]",
    "early": 64.5,
    "late": 36.8,
    "ratio": 0.62,
    "ratio_interval": "[0.52, 0.74]",
    "p": "<0.0001",
    "quoted": 72.7,
}


def study(**changes: object) -> Study:
    text = DOCUMENT.format(**(RIGHT | changes))
    return files.study(documents.parse(text, "trial.yaml"))


def test_a_study_without_mistakes_is_left_alone() -> None:
    assert checks.check(study()) == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"quoted": 72.5}, "72.5 is not in the quote"),
        ({"ratio": 0.8, "p": "'0.04'"}, "0.8 is outside its interval 0.52 to 0.74"),
        ({"interval": "[9.8, 7.7]"}, "wrong way round"),
        ({"ratio": 0.55, "p": "'0.001'"}, "not symmetric on the log scale: its middle is 0.62"),
        ({"response": 72.5}, "72.5% of 22 is no whole number of patients"),
        (
            {"progression": 3.0, "interval": "[2.0, 4.0]", "early": 30.0, "late": 10.0},
            "suggest a hazard ratio near 1.67",
        ),
        ({"n": 40}, "arms of 22 \\+ 20 make 42, the population has 40"),
        ({"cutoff": "2018-01-22"}, "cut of 2018-01-22 precedes enrolment from 2019-07"),
        ({"late": 70.0, "early": 64.5}, "PFS of A rises from 64.5% at month 6"),
        ({"control": 68.2}, "ORR 72.7 exceeds DCR 68.2"),
        ({"early": 40.0}, "40% of A at month 6, median 8.3"),
        ({"p": "'0.30'"}, "p=0.30, but 0.62"),
    ],
)
def test_what_cannot_be_right_is_found(change: dict[str, object], message: str) -> None:
    found = checks.check(study(**change))
    assert any(re.search(message, finding.found) for finding in found), [str(f) for f in found]
    assert all(finding.expected for finding in found)


def test_rounding_is_not_taken_for_asymmetry() -> None:
    # OAK: 0.73 (0.62-0.87); IMpower150: 0.84 (0.71-1.00); both as printed
    for ratio, interval in ((0.73, "[0.62, 0.87]"), (0.84, "[0.71, 1.0]"), (0.4, "[0.3, 0.5]")):
        kept = checks.interval_symmetric(study(ratio=ratio, ratio_interval=interval))
        assert list(kept) == []


def test_percent_above_a_hundred_is_found_in_a_study_made_in_python() -> None:
    whole = study()
    (population,) = whole.populations
    first = population.reported[0]
    high = replace(first, estimate=replace(first.estimate, value=157.0))
    wrong = replace(
        whole, populations=(replace(population, reported=(high, *population.reported[1:])),)
    )
    assert any("157% is above 100" in finding.found for finding in checks.check(wrong))


def test_a_number_told_twice_is_found() -> None:
    whole = study()
    (population,) = whole.populations
    twice = replace(
        whole,
        populations=(replace(population, reported=(population.reported[0], *population.reported)),),
    )
    assert any("stands twice" in finding.found for finding in checks.check(twice))


#: what the second reader asks of the shipped studies; each number stands so in its source
ASKED = {
    ("HARMONi-A", "ITT_IA1: ORR, ivo_chemo"),  # 81 of 161 is 50.3, 82 is 50.9
    ("ALTER-0303", "brain_mets: OS, anlotinib vs placebo"),  # an adjusted ratio, 0.72 (0.42-1.12)
    ("AVAiL", "ITT: ORR, bev7_5"),  # probably of evaluable patients
    ("CheckMate-057", "ITT: PFS, nivo vs docetaxel"),  # the curves cross
    ("ZHANG-2021-ANLO-PD1", "ge2L: ORR, chemo"),  # the two rates may be swapped
    ("ZHANG-2021-ANLO-PD1", "ge2L: ORR, pd1"),
    # rates of response are of evaluable patients, whose number the abstract does not print
    ("ALTER-L018", "setting.prior_therapy"),
    ("BEV-CP-PH2-2004", "ITT: ORR, bev15"),
    ("BIOSIM-BAT1706", "treated: ORR, bev"),
    ("BIOSIM-BCD021", "ITT: ORR, bs"),
    ("BIOSIM-BCD021", "ITT: ORR, bev"),
    ("BIOSIM-TAB008", "FAS: DCR, bs"),
    ("BIOSIM-TAB008", "FAS: ORR, bev"),
    ("BIOSIM-TAB008", "FAS: DCR, bev"),
    ("BTH1677-BEV-CP", "efficacy: PFS, bth_bcp vs bcp"),
    ("CALGB-9730", "eligible: OS, cp vs p"),
    ("FL-ALTER", "ITT: PFS, anlo_gef vs gef"),
    ("FL-ALTER", "ITT: PFS, anlo_gef vs gef"),
    ("IMPRESS", "ITT_plasma_T790M_positive: OS, gef_ct vs ct"),
    ("J-AXEL", "ITT: ORR, nab"),
    ("J-AXEL", "ITT: ORR, doc"),
    ("JO19907", "ITT: ORR, bev_cp"),
    ("JO19907", "ITT: ORR, cp"),
    ("JUNIPER", "setting.prior_therapy"),
    ("LUNAR", "setting.prior_therapy"),
    ("LUX-Lung-3", "ITT_exon_19_deletion_or_L858R: PFS, afa vs chemo"),
    ("MONET-A", "ITT: ORR, mot"),
    ("OSI-VS-DOCBEV", "ITT: ORR, osi"),
    ("OSI-VS-DOCBEV", "ITT: ORR, doc_bev"),
    ("OSI-VS-DOCBEV", "ITT: PFS, osi vs doc_bev"),
    ("POSEIDON", "ITT_primary: ORR, dct"),
    ("POSEIDON", "ITT_primary: ORR, ct"),
    ("SAPPHIRE", "ITT: ORR, sitra_nivo"),
    ("SAPPHIRE", "ITT: ORR, docetaxel"),
    ("VITAL", "ITT: ORR, afl_doc"),
}


def test_the_shipped_registry_raises_these_questions_and_no_others() -> None:
    found = {
        (study.id, finding.place.key)
        for study in evidence.registry()
        for finding in checks.check(study)
    }
    assert found == ASKED
