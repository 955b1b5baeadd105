"""A small calibration from seed to ensemble, as a user would run it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from normoxia.calibration import calibrate as verb
from normoxia.calibration.fitting import ensemble, hyperparameters
from normoxia.calibration.fitting.emulated import Emulated
from normoxia.errors import InvalidArgument, UnknownName


def test_a_plan_without_points_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="at least one point"):
        verb.calibrate(verb.Plan(1, points=()), tmp_path / "none")


def test_a_folder_of_another_plan_is_refused(tmp_path: Path) -> None:
    verb._begin(verb.SMALL, tmp_path, resume=False)
    with pytest.raises(InvalidArgument, match="--resume"):
        verb._begin(verb.SMALL, tmp_path, resume=False)
    with pytest.raises(InvalidArgument, match="another plan"):
        verb._begin(verb.Plan(seed=2), tmp_path, resume=True)
    with pytest.raises(InvalidArgument, match="no calibration to resume"):
        verb._begin(verb.SMALL, tmp_path / "empty", resume=True)


def test_a_misspelt_number_is_refused_before_any_work() -> None:
    space = hyperparameters.read()
    verb._check_names(space)
    misspelt = replace(space.parameters[0], name="gnett")
    with pytest.raises(UnknownName, match='did you mean "gnet"'):
        verb._check_names(replace(space, parameters=(misspelt, *space.parameters[1:])))


@pytest.mark.slow
def test_a_small_calibration_gives_an_ensemble_and_resumes_to_the_same(tmp_path: Path) -> None:
    found = verb.calibrate(verb.SMALL, tmp_path, workers=2)
    assert found.n_draws == verb.DRAWS
    assert found.manifest["studies"] == list(verb.SMALL.studies)
    assert set(Emulated.read(tmp_path / verb.EMULATED).figures) == set(verb.SMALL.studies)
    # the evidence of four trials moves something: the prior's means are 0
    means = found.states[:, : len(found.space.parameters)].mean(axis=0)
    assert np.abs(means).max() > 5 / np.sqrt(found.n_draws)
    # resumed from its chunks it is the same, to the byte
    assert verb.calibrate(verb.SMALL, tmp_path, workers=1, resume=True).digest == found.digest
    assert ensemble.read(tmp_path / verb.ENSEMBLE).digest == found.digest
