"""The lock as values: what is scored is what the document lists, and each figure is the one the registry publishes."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from normoxia.calibration.scoring import lock as locks
from normoxia.errors import InvalidDocument, UnknownName
from normoxia.evidence.studies.registry import Registry, registry
from normoxia.outcome import Endpoint, Measure

PAGE = Path(__file__).parents[3] / "docs" / "method" / "validation.md"
LOCK = locks.read(version=1)


def hazard_ratio(study: str, endpoint: Endpoint, arm: str) -> locks.Observed:
    (found,) = [
        o
        for o in LOCK.contrasts
        if (o.target.study, o.target.endpoint, o.target.arm) == (study, endpoint, arm)
    ]
    return found


def test_the_counts_are_those_of_the_page() -> None:
    """The table under "What is scored" in docs/method/validation.md."""

    def counts(with_seen: bool) -> tuple[int, ...]:
        kept = [
            o for o in (*LOCK.contrasts, *LOCK.responses, *LOCK.strata) if with_seen or not o.seen
        ]
        whole = [o for o in kept if o.target.is_ratio and not o.stratum]
        pfs = [o for o in whole if o.target.endpoint is Endpoint.PFS]
        responses = [o for o in kept if o.target.measure is Measure.PERCENT]
        studies = {o.target.study for o in whole}
        return (
            len(studies),
            len(pfs),
            len(whole) - len(pfs),
            len(responses),
            sum(o.stratum for o in kept),
        )

    rows = {
        cells[1].strip(): tuple(int(cell) for cell in cells[2:7])
        for cells in (line.split("|") for line in PAGE.read_text(encoding="utf-8").splitlines())
        if len(cells) == 8 and cells[1].strip() in ("all", "not run before")
    }
    assert rows == {"all": counts(with_seen=True), "not run before": counts(with_seen=False)}


def test_the_digest_is_that_of_the_page() -> None:
    assert f"sha256 {LOCK.digest}" in PAGE.read_text(encoding="utf-8")


def test_every_target_occurs_once() -> None:
    targets = [o.target for o in LOCK.observed]
    assert len(set(targets)) == len(targets)
    assert all(LOCK.of(target).target == target for target in targets)


def test_a_standard_error_follows_from_the_printed_interval() -> None:
    """KEYNOTE-189 at five years, OS 0.60 (0.50 to 0.72): (log 0.72 - log 0.50) / (2 x 1.959964)."""
    observed = hazard_ratio("KEYNOTE-189", Endpoint.OS, "pembro_chemo")
    assert (observed.value, observed.low, observed.high) == (0.60, 0.50, 0.72)
    assert observed.se == pytest.approx(math.log(0.72 / 0.50) / (2 * 1.959964), rel=1e-7)
    assert observed.y == pytest.approx(math.log(0.60))
    assert observed.is_success


def test_an_interval_of_another_level_is_read_at_its_own() -> None:
    """CheckMate-057 prints a 96 % interval of OS, whose normal quantile is 2.053749 (R: qnorm(0.98))."""
    observed = hazard_ratio("CheckMate-057", Endpoint.OS, "nivo")
    assert observed.level == 0.96
    assert observed.se == pytest.approx(math.log(0.89 / 0.59) / (2 * 2.053749), rel=1e-6)


def test_of_two_readings_of_one_figure_the_nearer_source_is_taken() -> None:
    """IMpower150's primary paper prints 0.62 for PFS (Socinski 2018); a news page prints another analysis."""
    assert hazard_ratio("IMpower150", Endpoint.PFS, "ABCP").value == 0.62


def test_adjusted_and_superseded_contrasts_are_not_scored() -> None:
    """ORIENT-11 adjusts OS for cross-over (0.52), ORIENT-31's congress figure (0.723) gave way to the journal's (0.72)."""
    assert hazard_ratio("ORIENT-11", Endpoint.OS, "sinti_chemo").value == 0.65
    assert hazard_ratio("ORIENT-31", Endpoint.PFS, "B_sinti_chemo").value == 0.72


def test_sizes_behind_responses_are_known() -> None:
    """IMpower150 and ALTER-0303 print rates without n; the n of the same cut is among its facts (356, and 294 analysed)."""
    sizes = {(o.target.study, o.target.arm): o.n for o in LOCK.responses}
    assert all(sizes.values())
    assert sizes["IMpower150", "ABCP"] == 356
    assert sizes["ALTER-0303", "anlotinib"] == 294
    assert not any(o.n_assumed for o in LOCK.responses)
    placebo = next(o for o in LOCK.responses if o.target.arm == "placebo")
    assert placebo.responders == 1


def test_failures_are_contrasts_that_did_not_succeed_or_met_no_survival_gain() -> None:
    assert [t.study for t in LOCK.failures] == ["LEAP-007", "LEAP-008", "CONTACT-01", "IMpower151"]
    assert not any(LOCK.of(target).is_success for target in LOCK.failures)


def test_trials_run_before_are_marked_in_all_their_figures() -> None:
    seen = {o.target.study for o in LOCK.observed if o.seen}
    assert seen == {"IMpower150", "LEAP-007", "CONTACT-01", "ORIENT-31", "HARMONi-A"}
    assert not seen & {o.target.study for o in LOCK.observed if not o.seen}


def test_a_figure_the_registry_lost_is_an_error() -> None:
    study = registry()["OAK"]
    emptied = replace(study, populations=tuple(replace(p, reported=()) for p in study.populations))
    others = [emptied if study.id == "OAK" else study for study in registry()]
    with pytest.raises(InvalidDocument, match="OAK, ITT850: PFS of atezo vs docetaxel"):
        locks.read(Registry(tuple(others)), version=1)


def test_what_is_not_scored_is_not_found() -> None:
    unknown = replace(LOCK.contrasts[0].target, arm="nobody")
    with pytest.raises(UnknownName, match="nobody"):
        LOCK.of(unknown)
