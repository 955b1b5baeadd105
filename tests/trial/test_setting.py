"""Settings: numbers of one replicate in place of a trial's own."""

from __future__ import annotations

import numpy as np
import pytest
from tests.trial import toy

from normoxia import trial
from normoxia.errors import InvalidArgument, UnknownName
from normoxia.trial import runner
from normoxia.trial.setting import ParameterSet, known_names


def test_a_setting_reaches_population_and_clinic() -> None:
    protocol = trial.read("impower150")
    changed = ParameterSet(
        {
            "gnet": 0.01,
            "gnet.spread": 0.5,
            "kI|egfr=mutant": 0.4,
            "pd_l1~kI": 0.2,
            "clinic.death_hazard": 0.002,
            "clinic.death|egfr=mutant": 0.8,
            "w|egfr=mutant": 0.1,
        }
    ).on(protocol)
    typical = {t.parameter: t for t in changed.population.typical}
    assert (typical["gnet"].value, typical["gnet"].spread) == (0.01, 0.5)
    effects = {(e.target, str(e.when)): e for e in changed.population.effects}
    assert effects["kI", "egfr mutant"].times == 0.4
    assert effects["w", "egfr mutant"].shift == 0.1
    assert changed.population.correlations[0].value == 0.2
    assert changed.clinic.death_hazard == 0.002
    assert [f.times for f in changed.clinic.death_factors if "egfr" in str(f.when)] == [0.8]
    assert protocol.clinic.death_hazard != 0.002


def test_names_that_are_not_there_are_refused_with_those_that_are() -> None:
    protocol = trial.read("impower150")
    for name in ("clinic.deth_hazard", "kI|egfr=mutnt", "kI~kC", "clinic.death|line=9"):
        with pytest.raises(UnknownName):
            ParameterSet({name: 1.0}).on(protocol)


def test_known_names_are_all_taken() -> None:
    protocol = trial.read("impower150")
    names = known_names(protocol, runner.compose(protocol))
    assert {
        "gnet",
        "gnet.spread",
        "k_D",
        "kI|egfr=mutant",
        "pd_l1~kI",
        "clinic.death|ecog=1",
    } <= set(names)
    ParameterSet({name: 0.5 for name in names}).on(protocol)


def test_settings_equal_to_the_trials_own_change_nothing() -> None:
    plain = toy.result(patients=12, replicates=2)
    hazard = toy.protocol().clinic.death_hazard
    same = trial.run(
        toy.protocol(),
        seed=5,
        patients=12,
        replicates=2,
        model=toy.model(),
        settings=[ParameterSet({"clinic.death_hazard": hazard})] * 2,
    )
    assert same.to_bytes() == plain.to_bytes()


def test_each_replicate_is_run_under_its_own_setting() -> None:
    hazards = [1e-9, 1.0]
    found = trial.run(
        toy.protocol(),
        seed=5,
        patients=12,
        replicates=2,
        model=toy.model(),
        settings=[ParameterSet({"clinic.death_hazard": hazard}) for hazard in hazards],
    )
    died = np.isfinite(found.columns["death"])
    replicate = found.columns["replicate"]
    # a hazard of a day's length kills everybody; one of 1e-9 nobody but by toxicity
    assert died[replicate == 1].mean() > 0.95
    assert (found.columns["death"] < found.columns["toxic_death"])[replicate == 0].sum() == 0


def test_one_setting_is_asked_for_each_replicate() -> None:
    with pytest.raises(InvalidArgument, match="settings"):
        trial.run(
            toy.protocol(),
            seed=1,
            patients=2,
            replicates=2,
            model=toy.model(),
            settings=[ParameterSet({})],
        )
