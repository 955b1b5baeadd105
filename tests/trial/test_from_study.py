"""Protocols made from the registry: which studies can be run, in whose words, and that what is assumed is said."""

from __future__ import annotations

import dataclasses
import functools
import math

import numpy as np
import pytest

from normoxia import documents, library, mechanism, pharmacology, trial
from normoxia.errors import InvalidArgument, UnknownName
from normoxia.evidence.studies.registry import registry
from normoxia.evidence.studies.study import Study
from normoxia.population.covariates import Clause, Condition
from normoxia.trial import runner
from normoxia.trial.making import cuts, from_study

#: what the registry would have to hold for these to be run
CANNOT = {"CheckMate-722": "the number of patients of its arms is not known"}


def is_randomised(study: Study) -> bool:
    """Also a study of which only a later part was, and one of phase 3 whose design the registry does not state."""
    stated = study.is_randomised or "; part 2 randomised" in study.design
    return stated or (study.design == "not stated" and study.phase == "3")


#: those with which the model is calibrated; of the others, a few are built below
RANDOMISED = [
    study.id for study in registry() if is_randomised(study) and study.group != "randomised"
]
RUNNABLE = [name for name in RANDOMISED if name not in CANNOT]


@functools.cache
def kitchen() -> runner.PreparedTrial:
    """One compiled model with the drugs of every study: one compilation instead of twenty."""
    trials = [from_study.preferred(name) for name in RUNNABLE]
    drugs = sorted({drug for t in trials for drug in t.drugs})
    biology = mechanism.read(library.path("models", from_study.MODEL))
    model = mechanism.compose(
        [biology, *pharmacology.modules(pharmacology.read(name) for name in drugs)]
    )
    return runner.prepare(trials[0], model=model)


@pytest.mark.parametrize("name", RUNNABLE)
def test_a_randomised_study_runs(name: str) -> None:
    protocol = from_study.build(registry()[name]).with_patients(8)
    bench = runner.PreparedTrial(protocol, kitchen().model, kitchen().simulator)
    (chunk,) = runner.chunks(protocol)
    result = runner.run_chunk(bench, chunk, seed=1)
    assert result.n_rows == 8 * len(protocol.arms)
    assert not any(result.failed.values())


def test_what_cannot_be_run_says_why() -> None:
    found = from_study.obstacles(registry()[name] for name in RANDOMISED)
    assert set(found) == set(CANNOT)
    for name, reason in CANNOT.items():
        assert reason in found[name]


def test_a_drug_without_a_dose_is_named() -> None:
    with pytest.raises(InvalidArgument, match="afatinib without a dose"):
        from_study.build(registry()["LUX-Lung-6"])


def test_a_doublet_follows_histology() -> None:
    """EMPOWER-Lung-3 gave "platinum doublets" to 43 % squamous patients, KEYNOTE-407 takes these alone."""
    arm = trial.read("study:EMPOWER-Lung-3").arm("pbo_chemo")
    assert {drug: str(where) for drug, where in arm.given_to.items()} == {
        "pemetrexed": "histology non-squamous",
        "paclitaxel": "histology squamous",
    }
    assert "pemetrexed" not in trial.read("study:KEYNOTE-407").arm("pbo_chemo").regimen.drugs


def test_a_drug_reaches_those_it_is_given_to_alone() -> None:
    """No squamous patient of EMPOWER-Lung-3 gets pemetrexed, nor ends it; no other gets paclitaxel."""
    protocol = trial.read("study:EMPOWER-Lung-3").with_patients(40)
    bench = runner.prepare(protocol)
    (chunk,) = runner.chunks(protocol)
    result = runner.run_chunk(bench, chunk, seed=1)
    histology = protocol.population.covariate("histology")
    assert histology is not None
    squamous = Condition((Clause("histology", ("squamous",)),)).holds(
        result.covariates, result.n_rows
    )
    assert 0 < squamous.sum() < result.n_rows
    assert (np.isnan(result.drug_end["pemetrexed"]) == squamous).all()
    assert (np.isnan(result.drug_end["paclitaxel"]) == ~squamous).all()
    assert np.isfinite(result.columns["treatment_end"]).any()
    assert not np.isnan(result.columns["treatment_end"]).any()


def test_sizes_that_are_nowhere_printed_follow_from_events() -> None:
    """IMpower110, everybody randomised: the narrowest interval is .65 to .99, 4/(ln(.99/.65)/3.92)² = 347 events."""
    protocol = trial.read("study:IMpower110")
    assert "as many as the events" in " | ".join(protocol.notes)


@pytest.mark.parametrize(
    ("name", "dose"),
    [
        ("BEYOND", "paclitaxel 175 mg/m2 q3w x4"),  # China
        ("KEYNOTE-407", "paclitaxel 200 mg/m2 q3w x4"),  # 17 countries
        ("KEYNOTE-407", "carboplatin AUC 6 q3w x4"),  # beside a taxane
        ("CAMEL", "carboplatin AUC 5 q3w x4"),  # beside pemetrexed
        ("TASUKI-52", "nivolumab 360 mg q3w"),  # beside platinum
        ("CheckMate-017", "nivolumab 240 mg q2w"),  # alone
    ],
)
def test_a_dose_that_is_not_printed_follows_partner_and_region(name: str, dose: str) -> None:
    assert dose in str(trial.read(f"study:{name}").arms[0].regimen)


def test_a_first_doublet_ends() -> None:
    """RATIONALE-307 prints doses and no cycles; taxane and platinum end, the antibody goes on."""
    text = str(trial.read("study:RATIONALE-307").arm("tis_nabpc").regimen)
    assert text == (
        "carboplatin AUC 5 q3w x4 + nab_paclitaxel 100 mg/m2 d1,8,15 q3w x4 + tislelizumab 200 mg q3w"
    )


def test_first_line_mutants_of_a_silent_study_had_no_inhibitor() -> None:
    prior = trial.read("study:ECOG-4599").population.covariate("prior_tki")
    assert prior is not None
    assert prior.law.shares == {"0": 1.0, "1": 0.0}  # type: ignore[union-attr]


def test_a_study_is_a_trial_by_its_name() -> None:
    protocol = trial.read("study:KEYNOTE-189")
    assert protocol.study == "KEYNOTE-189"
    assert {arm.id: arm.n for arm in protocol.arms} == {"pembro_chemo": 410, "pbo_chemo": 206}
    assert protocol.arm("pembro_chemo").regimen == pharmacology.regimen(
        ["pembrolizumab 200 mg q3w x35", "pemetrexed 500 mg/m2 q3w", "cisplatin 75 mg/m2 q3w x4"]
    )
    with pytest.raises(UnknownName):
        trial.read("study:KEYNOTE-18")


def test_protocols_written_by_hand_are_preferred() -> None:
    assert trial.read("study:impower-150") == trial.read("impower150")


def test_the_text_reads_back_as_the_same_trial() -> None:
    protocol = trial.read("study:OAK")
    assert (
        trial.files.parse(documents.parse(protocol.text, protocol.file), protocol.text) == protocol
    )


@pytest.mark.parametrize("name", RUNNABLE)
def test_arms_are_the_published_ones_and_every_assumption_is_noted(name: str) -> None:
    study = registry()[name]
    protocol = from_study.build(study)
    notes = " | ".join(protocol.notes)
    for arm in study.arms:
        built = protocol.arm(arm.id)
        assert arm.n in (0, built.n)
        for item in arm.regimen:
            if " or " not in item and item in str(built.regimen):
                continue
            drug = item.split()[0]
            assert item == "placebo" or drug in notes or drug in built.regimen.drugs
        for line in built.next_lines:
            assert line.source is not None
            assert line.source.reference
    assert "scans every 6 weeks" in notes
    assert "progression is cut" in notes


def test_who_is_enrolled_follows_the_setting() -> None:
    high = trial.read("study:KEYNOTE-024")
    assert str(high.eligibility) == "egfr wild-type, pdl1_tps >=50%"
    later = trial.read("study:LEAP-008")
    prior = later.population.covariate("prior_ici")
    assert prior is not None
    assert prior.law.shares == {"0": 0.0, "1": 1.0}  # type: ignore[union-attr]
    mutant = trial.read("study:KEYNOTE-789").population.covariate("asian")
    assert mutant is not None
    assert mutant.law.shares == {"0": 0.39, "1": 0.61}  # type: ignore[union-attr]


def test_sizes_known_only_together_are_divided_as_the_design_allocates() -> None:
    """LEAP-008: 422 patients 4:4:1, that is 187.6, 187.6 and 46.9."""
    protocol = trial.read("study:LEAP-008")
    assert [arm.n for arm in protocol.arms] == [188, 187, 47]


def test_follow_up_runs_from_the_last_entry_to_the_scored_cut() -> None:
    """KEYNOTE-010: last entered 27 February 2015, cut 30 September 2015, 215 days by the calendar."""
    assert trial.read("study:KEYNOTE-010").follow_up.survival_cut == pytest.approx(
        215, abs=0.05 * 30.4375
    )
    # OAK prints a least follow-up of 26 months
    assert trial.read("study:OAK").follow_up.survival_cut == pytest.approx(26 * 30.4375)


def test_published_cross_over_sets_the_share_of_later_checkpoint_inhibitors() -> None:
    """KEYNOTE-024, five years: 66.0 % of the chemotherapy arm later had an anti-PD-(L)1."""
    lines = trial.read("study:KEYNOTE-024").arm("chemo").next_lines
    assert [line.share for line in lines if line.regimen.drugs == ("pembrolizumab",)] == [0.66]
    experimental = trial.read("study:ORIENT-11").arm("sinti_chemo").next_lines
    assert [line.share for line in experimental] == [0.508]


def test_no_study_is_cut_when_the_last_patient_enters() -> None:
    """A median follow-up shorter than half the accrual says nothing of the least one; KEYNOTE-042 and ORIENT-11 print such."""
    for study in registry():
        found = cuts.cuts(study, from_study._shared()["follow_up"])
        assert min(found.accrual, found.progression, found.survival) >= 1.0, study.id
    notes = cuts.cuts(registry()["KEYNOTE-042"], from_study._shared()["follow_up"]).notes
    assert any(
        "assumed, for median follow-up 12.8 months" in note and "leaves none" in note
        for note in notes
    )


@pytest.mark.parametrize(
    ("enrolment", "cutoff", "note", "least"),
    [
        (
            "2015-01-01 to 2016-01-01",
            "2016-01-02",
            "",
            6.0,
        ),  # a day after the last entry rounds to no month
        ("2016-01-01 to 2015-01-01", "", "minimum follow-up 0 months", 6.0),
        ("2015-01-01 to 2016-01-01", "", "median follow-up 3 months", 6.0),
        ("2015-01-01 to 2016-01-01", "", "median follow-up 12 months", 6.0),
        (
            "2015-01-01 to 2016-01-01",
            "",
            "median follow-up 14 months",
            8.0,
        ),  # 14 less half of twelve
    ],
)
def test_a_cut_follows_the_last_entry_by_a_month_at_least(
    enrolment: str, cutoff: str, note: str, least: float
) -> None:
    study = registry()["OAK"]
    setting = dataclasses.replace(study.setting, enrolment=enrolment)
    whole = next(p for p in study.populations if any(row.endpoint == "PFS" for row in p.reported))
    only = dataclasses.replace(
        whole, set="ITT", cutoff=cutoff, follow_up=math.nan, follow_up_note=note, definition="all"
    )
    found = cuts.cuts(
        dataclasses.replace(study, setting=setting, populations=(only,)),
        {"accrual": 18, "progression": 6, "survival": 12},
    )
    assert found.progression == pytest.approx(least, abs=0.05)
    assert found.accrual > 0
    assert found.survival >= found.progression
