"""Clinical numbers of each patient's own, and what a weaker later blockade changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.trial import toy

from normoxia.pharmacology.drug import TOXICITY_GROUPS
from normoxia.trial import runner
from normoxia.trial.conduct import clinical, toxicity
from normoxia.trial.making import from_study
from normoxia.trial.setting import ParameterSet


def test_every_group_of_toxicity_has_a_factor_of_the_clinic() -> None:
    clinic = replace(toy.protocol().clinic, ascertainment=0.5, toxicity_docetaxel=3.0)
    found = toxicity.factors(clinic)
    assert set(found) == {"", *TOXICITY_GROUPS}
    assert found["docetaxel"] == 1.5
    assert found[""] == 0.5


def test_numbers_of_groups_join_in_order() -> None:
    bench = runner.prepare(toy.protocol())
    chunk = runner.Chunk("", ((0, 0, 2), (1, 0, 3)))
    settings = [
        ParameterSet({"clinic.later_blockade": x, "clinic.ascertainment": 2 * x})
        for x in (0.25, 0.5)
    ]
    population, numbers = runner._enrolled(bench, chunk, 1, settings, np.zeros(5))
    assert population.n_patients == 5
    assert numbers.later_blockade.tolist() == [0.25] * 2 + [0.5] * 3
    assert numbers.toxicity[""].tolist() == [0.5] * 2 + [1.0] * 3
    last = numbers.take(np.array([4]))
    assert last.later_blockade.tolist() == [0.5]
    assert clinical.joined([last, last]).mortality.hazard.shape == (2,)


@pytest.mark.slow
def test_a_weaker_later_blockade_changes_those_who_cross_over_and_nobody_else() -> None:
    trial = from_study.preferred("KEYNOTE-024").with_patients(40)
    found = {
        left: runner.run(
            trial, seed=4, settings=[ParameterSet({"clinic.later_blockade": left, "kI": 0.004})]
        )
        for left in (0.0, 1.0)
    }
    none, full = found[0.0], found[1.0]
    column = {
        name: (none.columns[name], full.columns[name])
        for name in ("death", "next_line", "next_start")
    }
    control = none.columns["arm"] == 1
    crossed = control & (column["next_line"][1] == 0)
    assert crossed.sum() > 5
    for name in ("next_line", "next_start"):
        assert np.array_equal(column[name][0][~crossed], column[name][1][~crossed])
    assert np.array_equal(column["death"][0][~crossed], column["death"][1][~crossed])
    assert (column["death"][0][crossed] <= column["death"][1][crossed]).mean() > 0.9
    assert (column["death"][0][crossed] < column["death"][1][crossed]).any()
