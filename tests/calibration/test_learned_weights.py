"""Predictions kept for runs: written, read back, refused where they belong to another ensemble, and used by a run."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from tests.calibration.test_combined import replicates

from normoxia import documents
from normoxia.calibration import combined, learned_weights
from normoxia.calibration.learned_weights import LeftOutPredictions
from normoxia.calibration.scoring import classes, lock
from normoxia.calibration.scoring.choice import BY_CLASS, COMBINED, choose
from normoxia.calibration.scoring.components import ComponentPrediction
from normoxia.calibration.scoring.registry_evidence import LatentPrediction
from normoxia.calibration.scoring.scoreboard import scoreboard
from normoxia.calibration.scoring.scores import NormalPredictive
from normoxia.errors import InvalidDocument
from normoxia.outcome import Endpoint

LOCK = lock.read()
MEDIANS = {o.target: 0.5 * o.y for o in LOCK.contrasts}


def shipped(way: str = BY_CLASS) -> LeftOutPredictions:
    return LeftOutPredictions(
        ensemble="e" * 64, lock=LOCK.digest, ways=dict.fromkeys(Endpoint, way), medians=MEDIANS
    )


def test_what_validation_writes_is_read_back() -> None:
    predictions = {t: NormalPredictive(m, 0.02) for t, m in MEDIANS.items()}
    board = scoreboard(
        LOCK,
        {"mechanism": predictions},
        baselines={},
        choices=choose(LOCK, predictions, predictions),
    )
    text = learned_weights.text_of(board, "e" * 64)
    found = learned_weights.parse(documents.parse(text, "left-out"))
    assert (found.ensemble, found.lock) == ("e" * 64, LOCK.digest)
    assert set(found.medians) == set(MEDIANS)
    assert all(found.medians[t] == pytest.approx(m, abs=6e-5) for t, m in MEDIANS.items())
    assert found.way(Endpoint.OS) == BY_CLASS
    with pytest.raises(InvalidDocument, match="not scored"):
        learned_weights.parse(documents.parse(text.replace("study: OAK", "study: NOAK"), "x"))


def test_they_serve_their_own_ensemble_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learned_weights, "read", shipped)
    assert learned_weights.of_ensemble("e" * 64) is not None
    assert learned_weights.of_ensemble("f" * 64) is None
    monkeypatch.setattr(learned_weights, "read", lambda: replace(shipped(), lock="0"))
    assert learned_weights.of_ensemble("e" * 64) is None
    monkeypatch.setattr(learned_weights, "read", lambda: None)
    assert learned_weights.of_ensemble("e" * 64) is None


def test_a_run_takes_the_class_mean_and_the_mechanisms_share() -> None:
    """The regression's own prediction at the replicates' middle, without the trial's study, with the error of the middle."""
    known = shipped()
    answer = ComponentPrediction(LatentPrediction(-0.2, 0.01, 0.01), "x", classes.ICI_ADDED, "OAK")
    mechanism = replicates(-0.5, 0.03, 0.01, n=50)
    found = combined.combine_learned(mechanism, known, answer)
    regression = known.regression(Endpoint.OS).without("OAK")
    beta = regression.beta.median
    law = regression.predict(classes.ICI_ADDED, -0.5, math.sqrt(0.01 + beta**2 * 0.03 / 50))
    assert np.log([found.value, found.low, found.high]) == pytest.approx(
        [law.median, *law.interval(0.95)]
    )
    # half of what is published is what the mechanism says, so its differences are worth about twice themselves
    assert beta > 1.0
    weaker = combined.combine_learned(replicates(-0.2, 0.03, 0.01, n=50), known, answer)
    assert weaker.value > found.value


def test_half_and_half_where_the_lock_chose_it() -> None:
    assert shipped(COMBINED).way(Endpoint.PFS) == COMBINED
    assert (
        LeftOutPredictions(ensemble="", lock="", ways={}, medians={}).way(Endpoint.OS) == COMBINED
    )
