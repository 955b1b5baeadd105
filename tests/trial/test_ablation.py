"""Statements that a population or the conduct of a trial carries are removed there, and nothing else with them."""

from __future__ import annotations

import numpy as np
import pytest

from normoxia import trial
from normoxia.errors import InvalidArgument, UnknownName
from normoxia.population import Population, sample


def drawn(chosen: trial.Trial) -> Population:
    model = trial.prepare(chosen, "reference").model
    return sample(chosen.population, model, 400, 3, eligibility=chosen.eligibility)


def test_without_c28_a_mutation_changes_no_parameter() -> None:
    whole = trial.read("orient-31")
    without, _ = trial.ablate(whole, ["C28"])
    with_effects, plain = drawn(whole), drawn(without)
    # every patient of ORIENT-31 has a mutation; VEGF production is 1.7 times the wild type's while the statement stands
    assert np.median(with_effects.parameters["vm"]) / np.median(
        plain.parameters["vm"]
    ) == pytest.approx(1.7, rel=0.05)
    assert {e.statement for e in without.population.effects} == {"", "C30", "C34"}


def test_without_c29_immunity_knows_nothing_of_pd_l1() -> None:
    whole = trial.read("impower150")
    without, _ = trial.ablate(whole, ["C29"])
    told = [
        np.corrcoef(np.log(p.parameters["kI"]), np.log(p.parameters["L1"]))[0, 1]
        for p in (drawn(whole), drawn(without))
    ]
    # 0.5 in the document; its standard error at 400 pairs is 0.04
    assert told[0] > 0.38
    # 400 pairs: the standard error of a correlation of 0 is 0.05
    assert abs(told[1]) < 0.15


@pytest.mark.slow
def test_without_c32_nobody_has_toxicity() -> None:
    without, model = trial.ablate(trial.read("impower150"), ["C32"])
    result = trial.run(without, seed=1, patients=20, model=model)
    assert np.isinf(result.columns["first_toxicity"]).all()


def test_an_emergent_or_unknown_statement_is_refused() -> None:
    whole = trial.read("impower150")
    with pytest.raises(InvalidArgument, match="C15 is emergent"):
        trial.ablate(whole, ["C15"])
    with pytest.raises(UnknownName, match="C99"):
        trial.ablate(whole, ["C99"])
