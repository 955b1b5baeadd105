"""A trial with another population or other endpoints is a protocol of its own, in its values and in its text."""

from __future__ import annotations

from typing import Any

import pytest

import normoxia as nx
from normoxia import documents
from normoxia.errors import InvalidArgument, InvalidDocument, UnknownName
from normoxia.trial import files
from normoxia.trial.protocol import Trial

#: squamous histology in one of ten patients
SQUAMOUS = {"histology": {"levels": {"non-squamous": 0.9, "squamous": 0.1}}}


def read_again(trial: Trial) -> Trial:
    """The trial as its own text gives it."""
    return files.parse(documents.parse(trial.text, trial.file), trial.text)


@pytest.mark.parametrize("name", ["impower150", "keynote-189", "forecast:harmoni-7"])
@pytest.mark.parametrize(
    "changes",
    [
        {"eligibility": {"age": {"from": 40, "to": 75}}},
        {"eligibility": {}},
        {"covariates": {"sex_female": {"levels": {"0": 0.5, "1": 0.5}}}},
        {"covariates": SQUAMOUS, "eligibility": {"histology": ["squamous", "non-squamous"]}},
        {"name": "advanced-nsclc"},
    ],
)
def test_another_population_is_in_the_protocol_and_its_text(
    name: str, changes: dict[str, Any]
) -> None:
    published = nx.read_trial(name)
    trial = published.with_population(**changes)
    assert read_again(trial) == trial
    assert trial.study == ""
    assert trial.arms == published.arms
    assert (trial.population, trial.eligibility) != (published.population, published.eligibility)


def test_only_eligible_patients_are_simulated() -> None:
    trial = nx.read_trial("impower150").with_population(
        eligibility={"histology": "non-squamous", "egfr": "mutant", "age": {"to": 60}}
    )
    patients = nx.run(trial, patients=12, calibrated=False).patients()
    assert set(patients["egfr"]) == {"mutant"}
    assert patients["age"].max() <= 60


def test_a_covariate_takes_its_new_shares() -> None:
    trial = nx.read_trial("impower150").with_population(
        covariates={"sex_female": {"levels": {"0": 0, "1": 1}}}
    )
    patients = nx.run(trial, patients=6, calibrated=False).patients()
    assert set(patients["sex_female"].cast(float)) == {1.0}


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({}, InvalidArgument, "nothing to change"),
        ({"name": "nobody"}, UnknownName, "nobody"),
        ({"eligibility": {"egfr": "mutan"}}, InvalidDocument, 'did you mean "mutant"'),
        ({"eligibility": {"egfrr": "mutant"}}, InvalidDocument, "egfrr"),
        ({"covariates": {"egfrr": {}}}, InvalidArgument, 'did you mean "egfr"'),
        (
            {"covariates": {"histology": {"levels": {"squamous": 0.4}}}},
            InvalidDocument,
            "expected 1",
        ),
    ],
)
def test_a_population_that_cannot_be_meant_is_refused(
    changes: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        nx.read_trial("impower150").with_population(**changes)


@pytest.mark.parametrize("name", ["impower150", "keynote-189", "forecast:harmoni-7"])
def test_other_endpoints_are_in_the_protocol_and_its_text(name: str) -> None:
    published = nx.read_trial(name)
    trial = published.with_endpoint(
        confirmation="0 days", stable="8 weeks", progression_cut="1 year", survival_cut="24 months"
    )
    assert (trial.criteria.confirmation_days, trial.criteria.stable_days) == (0.0, 56.0)
    assert trial.follow_up.progression_cut == pytest.approx(365.25)
    assert trial.follow_up.survival_cut == pytest.approx(24 * 365.25 / 12)
    assert trial.follow_up.accrual == published.follow_up.accrual
    assert read_again(trial) == trial


def test_endpoints_follow_their_definitions() -> None:
    """Responses that must last half a year are fewer; so is stable disease that must."""
    published = nx.read_trial("impower150")
    usual, confirmed, stable = (
        nx.run(trial, patients=40, calibrated=False).patients()["best_response"].to_list()
        for trial in (
            published,
            published.with_endpoint(confirmation="26 weeks"),
            published.with_endpoint(stable="30 weeks"),
        )
    )
    assert 0 < confirmed.count("PR") < usual.count("PR") == stable.count("PR")
    assert 0 < stable.count("SD") < usual.count("SD")


@pytest.mark.parametrize(
    "changes",
    [{}, {"stable": "6"}, {"stable": "x weeks"}, {"stable": "-1 days"}, {"stable": "1 kg"}],
)
def test_an_endpoint_that_cannot_be_meant_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(InvalidArgument, match=r"expected|nothing to change"):
        nx.read_trial("impower150").with_endpoint(**changes)
