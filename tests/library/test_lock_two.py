"""Lock version 2: it exists in the registry, follows its rule, and changes only in the open."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from normoxia import documents, library
from normoxia.calibration.scoring import classes, lock, lock_rule
from normoxia.calibration.scoring.lock_rule import LockedStudy
from normoxia.calibration.scoring.study_list import calibration_studies
from normoxia.evidence.studies import characteristics
from normoxia.evidence.studies.registry import registry
from normoxia.outcome import Endpoint

FILE = library.path("calibrations", "lock-2")
PAGE = Path(__file__).parents[2] / "docs" / "method" / "validation.md"
PLAIN: Any = documents.load(FILE).plain()
ENTRIES = {entry["study"]: entry for entry in PLAIN["studies"]}
FURTHER = {entry["study"]: entry for entry in PLAIN["further"]}
LOCK = lock.read()


def written(entry: Any) -> LockedStudy:
    return LockedStudy(
        study=entry["study"],
        set=str(entry["set"]),
        contrasts=tuple(entry["contrasts"]),
        strata=tuple(entry.get("strata", ())),
        rates={key: tuple(entry[key]) for key in lock_rule.RATES if key in entry},
    )


def test_a_change_of_the_lock_is_noticed() -> None:
    digest = hashlib.sha256(FILE.read_bytes()).hexdigest()
    assert f"sha256 {digest}" in PAGE.read_text(encoding="utf-8")
    assert digest == LOCK.digest


def test_the_rule_gives_the_list() -> None:
    by_rule = {s.id: lock_rule.scored_study(s) for s in calibration_studies()}
    assert {n: one for n, one in by_rule.items() if isinstance(one, LockedStudy)} == {
        name: written(entry) for name, entry in ENTRIES.items()
    }
    assert {n: one for n, one in by_rule.items() if isinstance(one, str)} == PLAIN["not_scored"]


def test_the_rule_gives_what_baselines_learn_from_further() -> None:
    for name, entry in FURTHER.items():
        assert lock_rule.informative_study(registry()[name]) == written(entry)
    assert not set(FURTHER) & set(ENTRIES)


def test_there_are_at_least_eighty_contrasts_of_randomised_studies() -> None:
    assert len(LOCK.contrasts) >= 80
    assert all(characteristics.is_randomised(registry()[name]) for name in LOCK.studies)


def test_the_counts_are_those_of_the_page() -> None:
    def counts(with_seen: bool) -> tuple[int, ...]:
        kept = [o for o in LOCK.observed if with_seen or not o.seen]
        whole = [o for o in kept if o.target.is_ratio and not o.stratum]
        pfs = sum(o.target.endpoint is Endpoint.PFS for o in whole)
        rates = {e: sum(o.target.endpoint is e for o in kept) for e in lock_rule.RATES.values()}
        return (
            len({o.target.study for o in whole}),
            pfs,
            len(whole) - pfs,
            rates[Endpoint.ORR],
            rates[Endpoint.DCR] + rates[Endpoint.TRAE3],
            sum(o.stratum for o in kept),
        )

    rows = {
        cells[1].strip(): tuple(int(cell) for cell in cells[2:8])
        for cells in (line.split("|") for line in PAGE.read_text(encoding="utf-8").splitlines())
        if len(cells) == 9 and cells[1].strip() in ("all", "not run before")
    }
    assert rows == {"all": counts(with_seen=True), "not run before": counts(with_seen=False)}
    n = len(LOCK.further)
    page = PAGE.read_text(encoding="utf-8")
    assert f"{n} further contrasts of {len(FURTHER)} studies" in page


def test_every_target_occurs_once_and_every_class_is_one_of_the_list() -> None:
    targets = [o.target for o in (*LOCK.observed, *LOCK.further)]
    assert len(set(targets)) == len(targets)
    assert {o.kind for o in (*LOCK.contrasts, *LOCK.strata, *LOCK.further)} <= set(classes.ALL)


def test_no_endpoint_of_a_study_mixes_cuts() -> None:
    cuts: dict[tuple[str, Endpoint], set[str]] = {}
    for o in LOCK.contrasts:
        cuts.setdefault((o.target.study, o.target.endpoint), set()).add(o.target.population)
    assert all(len(populations) == 1 for populations in cuts.values())


def test_the_first_lock_is_part_of_the_second() -> None:
    """Figures that were scored before are scored again, at the same cuts, and seen trials stay seen."""
    first = lock.read(version=1)
    assert {o.target for o in first.contrasts} <= {o.target for o in LOCK.contrasts}
    assert {o.target for o in first.responses} <= {o.target for o in LOCK.responses}
    assert set(first.failures) <= set(LOCK.failures)
    seen = {o.target.study for o in first.contrasts if o.seen}
    assert {o.target.study for o in LOCK.contrasts if o.seen} == seen
    assert seen == set(PLAIN["contamination"]["run_and_seen"])


@pytest.mark.parametrize("target", LOCK.failures, ids=lambda t: f"{t.study} {t.endpoint}")
def test_failures_failed(target: lock.Target) -> None:
    observed = LOCK.of(target)
    assert not observed.is_success
    first = target in lock.read(version=1).failures
    assert first or (target.endpoint is Endpoint.OS and observed.value > 0.95)
