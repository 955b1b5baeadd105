"""A study yields outcomes, and only of what was published and still stands."""

from __future__ import annotations

import dataclasses
import math

import pytest

from normoxia import evidence
from normoxia.errors import UnknownName
from normoxia.evidence.studies.reported import Recalled, drug_names
from normoxia.evidence.studies.study import Study
from normoxia.outcome import Endpoint, Measure


@pytest.fixture(scope="module")
def impower150() -> Study:
    return evidence.registry()["IMpower150"]


def test_hazard_ratio_of_the_final_analysis_is_the_journal_s(impower150: Study) -> None:
    # Socinski 2021, J Thorac Oncol: OS 0.80 (0.67-0.95) in wild type
    (ratio,) = [
        o
        for o in impower150.published()
        if (o.population, o.endpoint, o.arm, o.comparator) == ("ITT-WT", Endpoint.OS, "ABCP", "BCP")
    ]
    assert (ratio.estimate.value, ratio.estimate.low, ratio.estimate.high) == (0.80, 0.67, 0.95)
    assert ratio.measure is Measure.HAZARD_RATIO
    assert "J Thorac Oncol 2021" in ratio.source.reference


def test_outcomes_are_narrowed_by_population_arm_and_endpoint(impower150: Study) -> None:
    found = impower150.outcomes("ITT-WT_primary", "BCP", Endpoint.OS)
    assert {o.measure for o in found} == {Measure.MEDIAN_MONTHS, Measure.LANDMARK_PERCENT}
    assert {o.arm for o in found} == {"BCP"}
    assert {o.population for o in impower150.outcomes("ITT-WT")} == {
        "ITT-WT_primary",
        "ITT-WT_final",
    }


@pytest.mark.parametrize(
    "narrowed", [{"population": "ITT-TW"}, {"arm": "ABC"}, {"endpoint": "TTP"}]
)
def test_an_unknown_name_is_answered_with_the_known_ones(
    impower150: Study, narrowed: dict[str, str]
) -> None:
    with pytest.raises(UnknownName):
        impower150.outcomes(**narrowed)


def test_what_was_recalled_has_neither_source_nor_endpoint_and_becomes_no_outcome() -> None:
    assert {"source", "endpoint"}.isdisjoint(field.name for field in dataclasses.fields(Recalled))
    study = evidence.registry()["CheckMate-722"]  # everything but its size was recalled
    assert len(study.unverified) == 12
    assert study.outcomes(derived=True, adjusted=True, superseded=True) == ()
    assert study.published() == ()


def test_superseded_derived_and_adjusted_numbers_stay_out_unless_asked_for() -> None:
    leap = evidence.registry()["LEAP-007"]
    response = [o.estimate.value for o in leap.outcomes(arm="lenva_pembro", endpoint="ORR")]
    assert response == [40.5]  # one news page prints 40.3
    assert 40.3 in [o.estimate.value for o in leap.outcomes(endpoint="ORR", superseded=True)]

    oak = evidence.registry()["OAK"]
    assert {o.origin for o in oak.outcomes()} == {"published"}
    assert {o.origin for o in oak.outcomes(derived=True)} == {"published", "derived"}

    keynote = evidence.registry()["KEYNOTE-024"]
    plain = [
        o.estimate.value
        for o in keynote.outcomes(endpoint="OS", population="ITT_25mo")
        if o.comparator
    ]
    assert plain == [0.63]
    assert 0.49 in [
        o.estimate.value for o in keynote.outcomes(endpoint="OS", adjusted=True) if o.comparator
    ]


def test_an_end_that_was_not_reached_is_infinite() -> None:
    (median,) = evidence.registry()["AT-BE"].outcomes(endpoint="DoR")
    assert (median.estimate.low, median.estimate.high) == (4.63, math.inf)


def test_an_interval_of_another_level_keeps_it() -> None:
    ratios = evidence.registry()["CheckMate-057"].outcomes("ITT", "nivo", "OS")
    (ratio,) = [o for o in ratios if o.comparator and o.estimate.has_interval]
    assert ratio.estimate.level == pytest.approx(0.96)


def test_toxicity_counts_grade_five_where_both_are_printed(impower150: Study) -> None:
    (rate,) = [
        o for o in impower150.published() if o.endpoint is Endpoint.TRAE3 and o.arm == "ABCP"
    ]
    assert rate.estimate.value == 58.5  # 56 to 57 without grade 5
    assert "grade >=3" in rate.source.place


@pytest.mark.parametrize(
    ("item", "names"),
    [
        ("bevacizumab 15 mg/kg q3w", ("bevacizumab",)),
        ("carboplatin AUC 5 q3w x4 or cisplatin 75 mg/m2 q3w x4", ("carboplatin", "cisplatin")),
        ("rh-endostatin 210 mg over 72 h q3w", ("rh-endostatin",)),
        ("PD-1 antibody", ("PD-1 antibody",)),
        ("lenvatinib 20 mg daily", ("lenvatinib",)),
    ],
)
def test_drugs_are_read_off_a_regimen(item: str, names: tuple[str, ...]) -> None:
    assert drug_names(item) == names


def test_components_tell_apart_what_a_component_model_does() -> None:
    registry = evidence.registry()
    assert registry["IMpower150"].arm("ABCP").components == {"ICI", "VEGF antibody", "chemotherapy"}
    assert registry["HARMONi-A"].arm("ivo_chemo").components == {"bispecific", "chemotherapy"}
    assert registry["LEAP-007"].arm("pbo_pembro").components == {"ICI"}
    assert registry["ALTER-0303"].arm("placebo").components == frozenset()
    assert registry["ATTLAS"].arm("PC").backbone == "platinum-pemetrexed"
