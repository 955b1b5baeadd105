"""The shipped ensemble as settings of new trials, and what a changed document is answered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from normoxia import library
from normoxia.calibration.fitting import ensemble
from normoxia.calibration.scoring import attempts
from normoxia.errors import InvalidDocument


@pytest.fixture(scope="module")
def shipped() -> ensemble.Ensemble:
    return ensemble.read()


def test_settings_name_every_number_and_differ_by_draw(shipped: ensemble.Ensemble) -> None:
    one, other = shipped.settings(2, seed=1)
    assert set(one.values) >= {p.name for p in shipped.space.parameters}
    assert one.values["kI"] != other.values["kI"]
    assert shipped.settings(2, seed=1) == (one, other)
    # the first replicates do not depend on how many follow
    assert shipped.settings(5, seed=1)[:2] == (one, other)


def test_a_trial_has_a_shift_of_its_own_beside_the_draw(shipped: ensemble.Ensemble) -> None:
    n = shipped.n_draws
    growth = shipped.space.coordinate("gnet")
    parameter = shipped.space.parameters[growth]
    drawn = shipped.states[:, growth]
    shifted = np.array(
        [parameter.standard(np.array(s.values["gnet"])) for s in shipped.settings(n, seed=3)]
    )
    shift = (shifted - drawn) * parameter.sd
    spread = shipped.layout.spread(shipped.states, "gnet")
    # standardised shifts are standard normal: mean and variance of n of them within four standard errors
    assert abs((shift / spread).mean()) < 4 / np.sqrt(n)
    assert abs((shift / spread).var() - 1) < 4 * np.sqrt(2 / n)
    single = np.array(
        [
            parameter.standard(np.array(s.values["gnet"]))
            for s in shipped.settings(n, seed=3, single_arm=True)
        ]
    )
    assert ((single - drawn) * parameter.sd).std() > shift.std()


def test_a_document_reads_back_as_written(shipped: ensemble.Ensemble, tmp_path: Path) -> None:
    text = ensemble.document(shipped.space, shipped.states, shipped.manifest)
    (tmp_path / "again.yaml").write_text(text, encoding="utf-8")
    again = ensemble.read(tmp_path / "again.yaml")
    assert np.array_equal(again.states, shipped.states)
    assert again.manifest == shipped.manifest


def test_an_ensemble_of_other_hyperparameters_is_refused(tmp_path: Path) -> None:
    text = library.path("calibrations", "nsclc").read_text(encoding="utf-8")
    line = next(row for row in text.splitlines() if row.startswith("space_sha256"))
    (tmp_path / "other.yaml").write_text(text.replace(line, "space_sha256: abc"), encoding="utf-8")
    with pytest.raises(InvalidDocument, match="other hyperparameters"):
        ensemble.read(tmp_path / "other.yaml")


def test_attempts_are_told_in_both_languages_and_one_is_kept() -> None:
    tried = attempts.read()
    assert all({"en", "zh"} <= set(one.description) for one in tried)
    assert sum(one.kept for one in tried) == 1
