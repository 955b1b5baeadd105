"""The first lock: what it lists exists in the registry, follows its rule, and has not changed."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from normoxia import documents, library
from normoxia.evidence.studies.registry import registry
from normoxia.evidence.studies.reported import ReportedOutcome
from normoxia.evidence.studies.study import Study
from normoxia.outcome import Endpoint, Measure
from normoxia.trial.making import cuts
from normoxia.trial.making.enrolled import where_of

FILE = library.path("calibrations", "lock-1")
PAGE = Path(__file__).parents[2] / "docs" / "method" / "validation.md"
LOCK: Any = documents.load(FILE).plain()
ENTRIES = {entry["study"]: entry for entry in LOCK["studies"]}
Key = tuple[str, str, str, str]


def plain(study: Study, row: ReportedOutcome, endpoint: str) -> bool:
    arms = {arm.id for arm in study.arms}
    marked = row.derived or row.adjusted or row.superseded
    ratio = row.measure is Measure.HAZARD_RATIO and row.endpoint == endpoint
    return ratio and not marked and row.estimate.has_interval and {row.arm, row.comparator} <= arms


def keys(rows: list[dict[str, str]]) -> list[Key]:
    return [(row["endpoint"], row["population"], row["arm"], row["comparator"]) for row in rows]


def printed(study: Study, name: str) -> list[Key]:
    """Contrasts of a set by the rule: the latest cut of each endpoint that prints them."""
    found: dict[Key, None] = {}
    for endpoint in (Endpoint.PFS, Endpoint.OS):
        population = cuts.scored(study, endpoint, name)
        for row in population.reported if population else ():
            if population and plain(study, row, endpoint):
                found[(endpoint.value, population.id, row.arm, row.comparator)] = None
    return list(found)


def main_set(study: Study) -> str:
    sets = ("ITT-WT",) if study.id == "IMpower150" else cuts.whole_sets(study)
    return sets[0] if sets else ""


def is_randomised(study: Study) -> bool:
    stated = study.is_randomised or "; part 2 randomised" in study.design
    return stated or (study.design == "not stated" and study.phase == "3")


def test_a_change_of_the_lock_is_noticed() -> None:
    """The digest is of the bytes; docs/method/validation.md says what a change asks for."""
    digest = hashlib.sha256(FILE.read_bytes()).hexdigest()
    assert f"sha256 {digest}" in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ENTRIES)
def test_what_is_scored_exists_in_the_registry(name: str) -> None:
    study, entry = registry()[name], ENTRIES[name]
    assert entry["set"] in {population.set for population in study.populations}
    for endpoint, population, arm, comparator in keys(
        [*entry["contrasts"], *entry.get("strata", [])]
    ):
        rows = study.population(population).reported
        assert any(
            plain(study, row, endpoint) and (row.arm, row.comparator) == (arm, comparator)
            for row in rows
        )
    responses = {
        o.arm
        for o in study.published()
        if o.population == entry["set"] and o.endpoint is Endpoint.ORR
    }
    assert set(entry.get("response", [])) <= responses


def test_the_rule_gives_the_list() -> None:
    """Of the studies that it names: which others the registry held that day is not kept."""
    known = [registry()[name] for name in (*ENTRIES, *LOCK["not_scored"])]
    by_rule = {
        study.id: printed(study, main_set(study))
        for study in known
        if is_randomised(study) and study.id not in LOCK["not_scored"] and main_set(study)
    }
    locked = {name: keys(entry["contrasts"]) for name, entry in ENTRIES.items()}
    assert locked == {name: rows for name, rows in by_rule.items() if rows}


@pytest.mark.parametrize("name", ENTRIES)
def test_strata_follow_the_rule(name: str) -> None:
    study, entry = registry()[name], ENTRIES[name]
    sets = dict.fromkeys(p.set for p in study.populations if p.set != entry["set"] and where_of(p))
    expected = {
        key for one in sets for key in printed(study, one) if study.population(key[1]).strata
    }
    assert set(keys(entry.get("strata", []))) == expected


@pytest.mark.parametrize("failure", LOCK["failures"], ids=lambda failure: failure["study"])
def test_failures_are_among_what_is_scored(failure: dict[str, str]) -> None:
    scored = ENTRIES[failure["study"]]["contrasts"]
    wanted = (failure["endpoint"], failure["arm"], failure["comparator"])
    assert wanted in [(row["endpoint"], row["arm"], row["comparator"]) for row in scored]


def test_trials_that_were_run_and_seen_are_marked() -> None:
    assert {name for name, entry in ENTRIES.items() if entry["seen"]} == set(
        LOCK["contamination"]["run_and_seen"]
    )


def test_studies_left_out_exist_and_are_not_scored() -> None:
    for name in LOCK["not_scored"]:
        assert registry()[name].id not in ENTRIES
