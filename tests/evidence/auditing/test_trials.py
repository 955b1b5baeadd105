"""Directions that contradict one another, and one trial in two documents, are found; what agrees is left alone."""

from __future__ import annotations

from dataclasses import replace

from normoxia import evidence
from normoxia.evidence.auditing.auditor import by_rule
from normoxia.evidence.studies.registry import Registry
from normoxia.evidence.studies.study import Study
from normoxia.outcome import Measure


def named(rule: str, *studies: Study) -> list[str]:
    return [str(d.item) for d in by_rule(Registry(studies)) if d.found_by == f"rule:{rule}"]


def turned(study: Study) -> Study:
    """The study with every hazard ratio the other way round."""
    populations = []
    for population in study.populations:
        rows = []
        for row in population.reported:
            if row.measure is Measure.HAZARD_RATIO and row.estimate.value > 0.0:
                e = row.estimate
                low, high = 1.0 / e.high, 1.0 / e.low
                row = replace(row, estimate=replace(e, value=1.0 / e.value, low=low, high=high))
            rows.append(row)
        populations.append(replace(population, reported=tuple(rows)))
    return replace(study, populations=tuple(populations))


def test_a_ratio_against_its_medians_is_named() -> None:
    study = evidence.registry()["EMPOWER-Lung-1"]
    assert named("direction", study) == []
    assert "direction of PFS, cemi against chemo" in named("direction", turned(study))


def test_the_shipped_contradictions_are_these() -> None:
    """Each stands so in its source: crossing curves, or a ratio near 1 beside medians that differ by little."""
    found = {d.study for d in by_rule(evidence.registry()) if d.found_by == "rule:direction"}
    assert found == {
        "BTH1677-BEV-CP",
        "CheckMate-057",
        "KEYNOTE-042",
        "OAK",
        "S1400I",
        "SUN-ERLO-PH2",
    }


def test_one_trial_in_two_documents_is_named() -> None:
    study, other = evidence.registry()["EMPOWER-Lung-1"], evidence.registry()["IPSOS"]
    again = replace(study, id="CEMIPLIMAB-1L")
    assert named("same-trial", study, again) == ["the same trial as CEMIPLIMAB-1L"]
    unnumbered = replace(again, identifiers=())
    assert named("same-trial", study, unnumbered) == ["the same trial as CEMIPLIMAB-1L"]
    assert named("same-trial", study, other) == []


def test_no_trial_of_the_registry_stands_in_two_documents() -> None:
    assert named("same-trial", *evidence.registry()) == []
